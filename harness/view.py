"""What the built-in player sees of its world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.pieces import ALIKE, FACING, Piece, size_of, tiles

Place = tuple[float, float]


@dataclass(frozen=True)
class Thing:
    """Something that stands in the world. `fuel` is None for what burns none; sizes are in tiles.

    The kit's `look_around` prints the fields in this order.
    """

    name: str
    x: float
    y: float
    facing: str = "UP"
    size: Sequence[float] = (1, 1)
    status: str = "normal"
    fuel: int | None = None
    holds: Mapping[str, int] = field(default_factory=dict)
    recipe: str | None = None


@dataclass
class View:
    """What the player sees: things by their place, what it carries, and which technology is being researched."""

    things: list[Thing]
    carried: Mapping[str, int]
    researching: str | None = None

    def __post_init__(self) -> None:
        self.at = {(thing.x, thing.y): thing for thing in self.things}
        self.on_tile = {tile: thing for thing in self.things for tile in tiles(thing.x, thing.y, thing.size)}

    def stands(self, piece: Piece) -> bool:
        """Whether a piece of the plan is there as planned."""
        thing = self.at.get((piece.x, piece.y))
        if thing is None:
            return False
        if thing.name not in ALIKE.get(piece.name, (piece.name,)):
            return False
        if piece.recipe and thing.recipe != piece.recipe:
            return False
        return piece.name not in FACING or thing.facing == piece.facing

    def then(self, built: Iterable[Piece], carried: Mapping[str, int], researching: str | None) -> View:
        """What is to be seen once pieces have been put up."""
        more = [Thing(p.name, p.x, p.y, p.facing, size_of(p.name), recipe=p.recipe) for p in built]
        return View([*self.things, *more], carried, researching)

    def in_the_way(self, piece: Piece) -> list[Thing]:
        """What stands where a missing piece is to go."""
        found = (self.on_tile.get(tile) for tile in tiles(piece.x, piece.y, size_of(piece.name)))
        return list({(t.x, t.y): t for t in found if t is not None}.values())

    def holding(self, item: str) -> list[Thing]:
        """Things with some of an item, most first."""
        return sorted((t for t in self.things if t.holds.get(item)), key=lambda t: -t.holds[item])
