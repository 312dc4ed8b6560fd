"""How the modules of this package say which pictures they make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from viewer.art.relief import Relief
from viewer.atlas import Picture

Artist = Callable[[Relief], object]


@dataclass(frozen=True)
class Sprite:
    """Pictures of one thing: `turns` of them, one for each quarter (or another share of a turn) it can face.

    They are called "NAME", or "NAME/0" … if there are several; "…/shadow" is what falls beside it.
    """

    name: str
    width: float
    height: float
    artist: Artist
    turns: int = 1
    shadow: bool = True
    grain: float = 0.025
    margin: float = 0.2
    scale: int = 64

    def pictures(self) -> Iterator[Picture]:
        """The pictures, drawn."""
        for turn in range(self.turns):
            model = Relief(self.width, self.height, turn / max(self.turns, 4), self.margin, self.scale)
            self.artist(model)
            if self.grain:
                model.grain(self.grain, 0.02)
            name = f"{self.name}/{turn}" if self.turns > 1 else self.name
            yield model.picture(name)
            if self.shadow:
                yield model.shadow(f"{name}/shadow")


def frames(
    name: str, width: float, height: float, count: int, artist: Callable[[Relief, float], object],
    turn: float = 0, margin: float = 0.2,
) -> Iterator[Picture]:  # fmt: skip
    """ "NAME/0" … of something that moves: the artist is given how far it is, 0 … 1."""
    for frame in range(count):
        model = Relief(width, height, turn, margin)
        artist(model, frame / count)
        yield model.picture(f"{name}/{frame}")
