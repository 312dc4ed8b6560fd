"""What every entity is drawn with: which pictures, in which state, one over the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from viewer.display_list import Order
from viewer.factorio.sprites import Colour, Stamp, Strip

MOST_SHOWN = 16
"""Frames of an animation that are kept; of longer ones evenly spaced ones are taken. Belts keep all."""
COARSE_FROM = 9
"""Frames of an animation from which on it is kept at half the resolution."""

Frames = tuple[float, list[tuple[Stamp, ...]]]  # pixels per tile, and what each is laid of
Paving = tuple[str, int, int, int, int, float, float, Colour]
"""A strip of squares of a kind of tile: file; left and top, pixels; tiles along a side; how many; scale; probability; tint."""
Row = tuple[str, int, int, float, float, int, int, float, float]
"""A part of a look: its first picture; order; frames; frames a tick; how much it flickers; whether it is only there
while the entity works (1), or only while it doesn't (2); whether it is tinted by the fluid in it, and there only with one;
how far it is moved, x and y in tiles."""
Look = list[Row]
ALWAYS, WORKING, IDLE = 0, 1, 2


@dataclasses.dataclass
class Book:
    """Everything that is known to be drawn. Plain data.

    pictures: by name, in the order of their numbers; several frames of one are called "NAME/0" … looks: by entity, then by
    state ("straight/1", "mask/5", …), which `viewer.factorio.figures` asks for. grounds: by kind of tile, what it is paved
    with. chimneys: by entity, and quarter that it faces, where smoke comes out; pole_tops: where wires hang; in tiles. odd: what
    was wrong with prototypes that couldn't be read; such things are drawn as our own.
    """

    pictures: dict[str, Frames] = dataclasses.field(default_factory=dict)
    looks: dict[str, dict[str, Look]] = dataclasses.field(default_factory=dict)
    grounds: dict[str, list[Paving]] = dataclasses.field(default_factory=dict)
    chimneys: dict[str, list[tuple[float, float]]] = dataclasses.field(default_factory=dict)
    pole_tops: dict[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    odd: dict[str, str] = dataclasses.field(default_factory=dict)
    same: dict[Any, str] = dataclasses.field(default_factory=dict)

    def files(self) -> set[str]:
        """All files that anything is made of."""
        laid = {stamp[0] for _, frames in self.pictures.values() for stamps in frames for stamp in stamps}
        return laid | {paving[0] for listed in self.grounds.values() for paving in listed}

    def picture(self, name: str, strips: Iterable[Strip], scale: float = 64, frame: int = 0) -> None:
        """One picture under a name of its own, shadows and all."""
        stamps = tuple(strip.stamp(frame) for strip in strips)
        if stamps:
            self.pictures[name] = (scale, [stamps])

    def look(
        self, entity: str, state: str, strips: Iterable[Strip], order: int = Order.BODY, *, speed: float | None = None,
        most: int = MOST_SHOWN, flicker: float = 0, when: int = ALWAYS, fluid: bool = False, still: bool = False,
        shadow: int = Order.SHADOW, scale: float = 64, at: tuple[float, float] = (0.0, 0.0),
    ) -> None:  # fmt: skip
        """Add layers to how an entity looks in a state.

        Args:
            speed: frames a tick; what the layers say if None. most: frames to keep. still: only the first of them.
            shadow: at which order the layers lie that are shadows. at: how far all are moved.
        """
        listed = list(strips)
        rows = self.looks.setdefault(entity, {}).setdefault(state, [])
        shadows = [s for s in listed if s.how == "shadow"]
        if shadows:
            name = self._frames([tuple(s.stamp(0) for s in shadows)], "/shadow", scale / 2)
            rows.append((name, int(shadow), 1, 0.0, 0.0, when, 0, *at))
        bodies = [s for s in listed if s.how != "shadow"]
        if not bodies:
            return
        length = 1 if still else max(len(s.frames) for s in bodies)
        shown = min(length, most)
        longest = max(bodies, key=lambda s: len(s.frames))
        rate = (longest.speed if speed is None else speed) * shown / length if shown > 1 else 0.0
        frames = [tuple(s.stamp(i * length // shown) for s in bodies) for i in range(shown)]
        coarse = shown >= COARSE_FROM and order != Order.BELT
        name = self._frames(frames, "", scale / 2 if coarse else scale)
        rows.append((name, int(order), shown, rate, flicker, when, int(fluid), *at))

    def _frames(self, frames: list[tuple[Stamp, ...]], ending: str, scale: float) -> str:
        """The name of the first of some pictures, which are kept once however often they are asked for."""
        key = (tuple(frames), scale)
        if key not in self.same:
            stem = f"factorio/{len(self.same)}{ending}"
            self.pictures[stem] = (scale, frames)
            self.same[key] = stem if len(frames) == 1 else f"{stem}/0"
        return self.same[key]
