"""The ground that a factory is planned on: what is built where, and what may still be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from runtime.engine.entity import tiles_of, turned
from runtime.engine.maps import lab
from runtime.engine.prototypes import load

Cell = tuple[int, int]  # a tile, by its left top corner
NORTH, EAST, SOUTH, WEST = 0, 4, 8, 12
STEPS = {NORTH: (0, -1), EAST: (1, 0), SOUTH: (0, 1), WEST: (-1, 0)}
WIDEST_TREE = 1  # tiles around a tree or a rock that are left alone


@dataclass(frozen=True)
class Piece:
    """One entity to build: its position in tiles, and what is set on it."""

    name: str
    x: float
    y: float
    direction: int = NORTH
    recipe: str | None = None
    tunnel: str | None = None
    """ "input" or "output" of an underground belt."""

    def moved(self, dx: int, dy: int) -> Piece:
        """The same elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def cells(self) -> list[Cell]:
        """The tiles that it covers."""
        left, top, right, bottom = turned(load().entity[self.name].collision_box, self.direction)
        return list(tiles_of(self.x + left, self.y + top, self.x + right, self.y + bottom))


@dataclass
class Ground:
    """Which tiles are taken, and by what kind of thing.

    kept: tiles before a port, which only its routes may use; the port's tile. wet: the fluid of the pipe on a tile.
    ends, tunnels: of undergrounds of a kind, by tile and whether they run north and south.
    """

    taken: set[Cell] = field(default_factory=set)
    kept: dict[Cell, Cell] = field(default_factory=dict)
    ends: set[tuple[Cell, bool, str]] = field(default_factory=set)
    tunnels: set[tuple[Cell, bool, str]] = field(default_factory=set)
    wet: dict[Cell, str] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)

    @classmethod
    def lab(cls) -> Ground:
        """The lab map's, with its trees and rocks."""
        ground = cls()
        for _, x, y in (*lab.trees(), *lab.rocks()):
            left, top = math.floor(x) - WIDEST_TREE, math.floor(y) - WIDEST_TREE
            side = range(2 * WIDEST_TREE + 1)
            ground.taken.update((left + i, top + j) for i in side for j in side)
        return ground

    def copy(self) -> Ground:
        """The same ground, to try something on."""
        return replace(
            self, taken=set(self.taken), kept=dict(self.kept), ends=set(self.ends), tunnels=set(self.tunnels),
            wet=dict(self.wet), pieces=list(self.pieces),
        )  # fmt: skip

    def free(self, cell: Cell, ports: tuple[Cell, ...] = ()) -> bool:
        """Whether something may be built on a tile, by a route between ports or by anybody."""
        if cell in self.taken:
            return False
        keeper = self.kept.get(cell)
        return (keeper is None or keeper in ports) and "water" not in lab.tile_at(*cell)

    def put(self, pieces: Iterable[Piece]) -> None:
        """Build these."""
        for piece in pieces:
            self.pieces.append(piece)
            self.taken.update(piece.cells())

    def dig(self, kind: str, start: Cell, end: Cell) -> None:
        """Remember an underground of a kind between two tiles in a line."""
        vertical = start[0] == end[0]
        between = cells_between(start, end)
        self.ends.update((c, vertical, kind) for c in (start, end))
        self.tunnels.update((c, vertical, kind) for c in between)

    def may_dig(self, kind: str, start: Cell, end: Cell) -> bool:
        """Whether an underground here would pair with itself and part no other."""
        vertical = start[0] == end[0]
        if (start, vertical, kind) in self.tunnels or (end, vertical, kind) in self.tunnels:
            return False
        return all((c, vertical, kind) not in self.ends for c in (start, *cells_between(start, end), end))

    def dry(self, cell: Cell, fluid: str) -> bool:
        """Whether a plain pipe here would touch no other fluid's."""
        x, y = cell
        around = ((x, y - 1), (x + 1, y), (x, y + 1), (x - 1, y))
        return all(self.wet.get(c, fluid) == fluid for c in around)


def cells_between(start: Cell, end: Cell) -> list[Cell]:
    """The tiles between two in a line, without them."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
    return [(x0 + dx * n, y0 + dy * n) for n in range(1, abs(x1 - x0) + abs(y1 - y0))]
