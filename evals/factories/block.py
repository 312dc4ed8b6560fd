"""Blocks: a row of machines that do one thing, with the belts and pipes beside it. Planned around the origin, then moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from evals.factories.ground import EAST, NORTH, STEPS, WEST, Cell, Ground, Piece
from evals.factories.router import Port

LEAD = 2  # tiles before a port that are kept for its route
MARGIN = 1  # tiles around a block that are left free


class Strip(NamedTuple):
    """A belt or a line of pipes through a block: the tiles `left` to `right` of row `y`, for one item or fluid."""

    tag: str
    y: int
    left: int
    right: int


@dataclass
class Block:
    """What one row is made of.

    name: of its recipe, or what it is. products: what it makes. belts: item -> its belt, which flows east.
    pipes: the lines of pipes of fluids. mergers: items that join a belt from the side, and the port at which they do.
    tunnels: its undergrounds. anchor: a pole that a wire from elsewhere can reach, its position.
    """

    name: str
    products: frozenset[str]
    pieces: list[Piece] = field(default_factory=list)
    belts: dict[str, Strip] = field(default_factory=dict)
    pipes: list[Strip] = field(default_factory=list)
    mergers: dict[str, Port] = field(default_factory=dict)
    tunnels: list[tuple[str, Cell, Cell]] = field(default_factory=list)
    anchor: tuple[float, float] | None = None

    def add(self, name: str, x: float, y: float, direction: int = NORTH, recipe: str | None = None) -> None:
        """Put a piece in."""
        self.pieces.append(Piece(name, x, y, direction, recipe))

    def pole(self, x: float, y: float) -> None:
        """Put in a big pole for the wire that comes from elsewhere."""
        self.add("big-electric-pole", x, y)
        self.anchor = (x, y)

    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the tiles that it covers, with its belts but for the start of a shared one."""
        cells = [c for p in self.pieces for c in p.cells()]
        shared = {"+".join(self.mergers)}
        for strip in (*(s for s in self.belts.values() if s.tag not in shared), *self.pipes):
            cells += [(strip.left, strip.y), (strip.right, strip.y)]
        xs, ys = [c[0] for c in cells], [c[1] for c in cells]
        return min(xs), min(ys), max(xs), max(ys)

    def moved(self, dx: int, dy: int) -> Block:
        """The same elsewhere."""

        def strip(s: Strip) -> Strip:
            return Strip(s.tag, s.y + dy, s.left + dx, s.right + dx)

        def cell(c: Cell) -> Cell:
            return c[0] + dx, c[1] + dy

        return Block(
            self.name,
            self.products,
            [p.moved(dx, dy) for p in self.pieces],
            {tag: strip(s) for tag, s in self.belts.items()},
            [strip(s) for s in self.pipes],
            {tag: Port(cell(p.cell), p.direction) for tag, p in self.mergers.items()},
            [(kind, cell(a), cell(b)) for kind, a, b in self.tunnels],
            (self.anchor[0] + dx, self.anchor[1] + dy) if self.anchor else None,
        )

    def makes(self, tag: str) -> bool:
        """Whether it makes an item or a fluid."""
        return tag in self.products

    def entry(self, tag: str) -> Port:
        """Where an item comes in."""
        if tag in self.mergers:
            return self.mergers[tag]
        strip = self.belts[tag]
        return Port((strip.left - 1, strip.y), EAST)

    def exit(self, tag: str) -> Port:
        """Where an item goes on to the next block."""
        strip = self.belts[tag]
        return Port((strip.right + 1, strip.y), EAST)

    def settle(self, ground: Ground) -> None:
        """Take the ground that it stands on, and keep the ways to its ports for those who come there."""
        left, top, right, bottom = self.bounds()
        ground.put(self.pieces)
        wide = range(left - MARGIN, right + MARGIN + 1)
        high = range(top - MARGIN, bottom + MARGIN + 1)
        ground.taken.update((x, y) for x in wide for y in high)
        for kind, start, end in self.tunnels:
            ground.dig(kind, start, end)
        for strip in self.belts.values():
            ground.taken.update((x, strip.y) for x in range(strip.left, strip.right + 1))
        for port in self.ports():
            dx, dy = STEPS[port.direction]
            for n in range(LEAD):
                cell = (port.cell[0] + n * dx, port.cell[1] + n * dy)
                ground.taken.discard(cell)
                ground.kept[cell] = port.cell
        for strip in self.pipes:
            for x in range(strip.left - LEAD, strip.right + LEAD + 1):
                ground.wet[(x, strip.y)] = strip.tag

    def ports(self) -> list[Port]:
        """All tiles at which routes can begin or end, each with the direction away from the block."""
        strips = [s for s in (*self.belts.values(), *self.pipes) if s.tag not in self.mergers]
        found = [end for strip in strips for end in ends_of(strip)]
        return found + [Port(p.cell, (p.direction + 8) % 16) for p in self.mergers.values()]


def belt_pieces(strip: Strip, name: str) -> list[Piece]:
    """The belt of a block, when it is known how fast it has to be."""
    return [Piece(name, x + 0.5, strip.y + 0.5, EAST) for x in range(strip.left, strip.right + 1)]


def ends_of(strip: Strip) -> tuple[Port, Port]:
    """Both ends of a line of pipes, as ports out of it."""
    return Port((strip.left - 1, strip.y), WEST), Port((strip.right + 1, strip.y), EAST)
