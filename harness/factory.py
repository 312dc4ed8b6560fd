"""The factory that the built-in player builds: what stands where, and in which order it is put up.

A *line* is a belt that carries coal from the coal patch past iron ore, and on past copper ore. What burns coal
beside it is fed from it by burner inserters, and so are the drills that put the coal on it: nothing has to be
carried. Seen from the west, with the belt going down:

      coal drill beside the line            cell: ore drill, furnace, chest
        D D > v                               v i D D      i  burner inserter, takes coal from the belt
        D D i v                               v . D D      D  drill, lets ore fall into the furnace
                                              v i F F      F  furnace
                                              v . F F
                                              v i o        o  burner inserter, furnace to chest, itself
                                              v . C           fuelled by the one beside it

Tiles are named by their upper left corner, things are placed by their centre.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DRILL, FURNACE, INSERTER, BELT, CHEST = (
    "burner-mining-drill",
    "stone-furnace",
    "burner-inserter",
    "transport-belt",
    "iron-chest",
)
CHESTS = ("iron-chest", "wooden-chest", "steel-chest")
"""Any of these will do where the plan says CHEST."""

COST: dict[str, dict[str, int]] = {
    DRILL: {"iron-plate": 9, "stone": 5},
    FURNACE: {"stone": 5},
    INSERTER: {"iron-plate": 3},
    BELT: {"iron-plate": 3},
    CHEST: {"iron-plate": 8},
}
"""What crafting one takes, down to plates and stone; belts are made in pairs."""

COAL_ROWS, CELL_ROWS = 4, 6
"""How many rows of coal drills a line has, and how many tiles a cell is long."""
HALF_WIDTH = 3
"""How far a line's drills reach on both sides of its belt, tiles."""
SPACING = 2 * HALF_WIDTH + 1
YARD_CHESTS, YARD_ROWS = 240, 12
STARTERS, FIRST_COAL_DRILLS = 3, 3


@dataclass(frozen=True)
class Piece:
    """One thing of the plan: its name in the game, its centre in tiles, where it faces, the coal it starts with."""

    name: str
    x: float
    y: float
    facing: str = "UP"
    coal: int = 0


@dataclass(frozen=True)
class Patch:
    """The tiles that a resource patch covers, both ends included."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Cell:
    """A drill, a furnace and what serves them, which come up together. `ore` is what it smelts."""

    ore: str
    core: tuple[Piece, Piece]
    """Furnace and drill: with coal put in by hand they work before the line is there."""
    service: tuple[Piece, ...]
    """Chest and inserters: whatever something is let fall on comes first, for nothing is put up on litter."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return (*self.core, *self.service)


@dataclass(frozen=True)
class Line:
    """A coal belt with everything along it, in the order in which it is built."""

    coal_drills: tuple[tuple[Piece, ...], ...]
    to_iron: tuple[Piece, ...]
    to_copper: tuple[Piece, ...]
    iron_cells: tuple[Cell, ...]
    copper_cells: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (*self.iron_cells, *self.copper_cells)

    def without(self, blocked: set[tuple[float, float]]) -> Line:
        """This line without what has a piece at a blocked (x, y). Where the belt can't go on, what lies beyond goes."""

        def free(pieces: Iterable[Piece]) -> bool:
            return not any((piece.x, piece.y) in blocked for piece in pieces)

        iron = free(self.to_iron)
        copper = iron and free(self.to_copper)
        return Line(
            coal_drills=tuple(drill for drill in self.coal_drills if free(drill)),
            to_iron=self.to_iron if iron else (),
            to_copper=self.to_copper if copper else (),
            iron_cells=tuple(cell for cell in self.iron_cells if iron and free(cell.pieces)),
            copper_cells=tuple(cell for cell in self.copper_cells if copper and free(cell.pieces)),
        )


def plan_lines(coal: Patch, iron: Patch, copper: Patch | None) -> list[Line]:
    """As many lines as fit side by side where coal lies above iron, and copper to the west of iron.

    Empty when the patches don't lie like that.
    """
    left, right = max(coal.left, iron.left), min(coal.right, iron.right)
    if iron.top <= coal.bottom:
        return []
    columns = range(left + HALF_WIDTH, right - HALF_WIDTH + 1, SPACING)
    return [_line(number, column, coal, iron, copper) for number, column in enumerate(columns)]


def _line(number: int, column: int, coal: Patch, iron: Patch, copper: Patch | None) -> Line:
    start = max(coal.top, coal.bottom + 1 - 2 * COAL_ROWS)
    rows = range(start, coal.bottom, 2)
    coal_drills = [side(column, row) for row in rows for side in (_coal_drill_west, _coal_drill_east)]
    turn = iron.bottom + 2 + number
    down = [(column, y) for y in range(start, turn)]
    path, back = down, []
    # Lines nest: each turns one row below the one before it, and goes up one column further west.
    copper_column = copper.right - HALF_WIDTH - SPACING * number if copper else 0
    if copper and copper.left + HALF_WIDTH <= copper_column and copper.right < column - HALF_WIDTH:
        back = [(x, turn) for x in range(column, copper_column, -1)]
        back += [(copper_column, y) for y in range(turn, copper.top - 1, -1)]
    else:
        copper = None
    belts = list(_belts([*path, *back]))
    return Line(
        coal_drills=tuple(coal_drills),
        to_iron=tuple(belts[: len(path)]),
        to_copper=tuple(belts[len(path) :]),
        iron_cells=tuple(_cells("iron-ore", column, iron)),
        copper_cells=tuple(_cells("copper-ore", copper_column, copper)) if copper else (),
    )


def _belts(path: list[tuple[int, int]]) -> Iterator[Piece]:
    """Belts along neighbouring tiles, each facing the next."""
    facings = {(0, 1): "DOWN", (0, -1): "UP", (1, 0): "RIGHT", (-1, 0): "LEFT"}
    facing = "DOWN"
    for number, (x, y) in enumerate(path):
        if number + 1 < len(path):
            next_x, next_y = path[number + 1]
            facing = facings[next_x - x, next_y - y]
        yield Piece(BELT, x + 0.5, y + 0.5, facing)


def _coal_drill_west(column: int, row: int) -> tuple[Piece, ...]:
    return (
        Piece(BELT, column - 0.5, row + 0.5, "RIGHT"),
        Piece(DRILL, column - 2, row + 1, "RIGHT", 5),
        Piece(INSERTER, column - 0.5, row + 1.5, "LEFT", 1),
    )


def _coal_drill_east(column: int, row: int) -> tuple[Piece, ...]:
    return (
        Piece(BELT, column + 1.5, row + 1.5, "LEFT"),
        Piece(DRILL, column + 3, row + 1, "LEFT", 5),
        Piece(INSERTER, column + 1.5, row + 0.5, "RIGHT", 1),
    )


def _cells(ore: str, column: int, patch: Patch) -> Iterator[Cell]:
    for row in range(patch.top, patch.bottom + 2 - CELL_ROWS, CELL_ROWS):
        for side in (-1, 1):
            yield _cell(ore, column, row, side)


def _cell(ore: str, column: int, row: int, side: int) -> Cell:
    """The cell on one side of the belt (-1 west, 1 east)."""
    middle = column + 0.5
    away = "RIGHT" if side > 0 else "LEFT"
    machines = middle + 2.5 * side
    near, far = middle + side, middle + 2 * side
    return Cell(
        ore=ore,
        core=(
            Piece(FURNACE, machines, row + 3, "UP", 5),
            Piece(DRILL, machines, row + 1, "DOWN", 5),
        ),
        service=(
            Piece(CHEST, far, row + 5.5),
            Piece(INSERTER, far, row + 4.5, "DOWN", 1),
            Piece(INSERTER, near, row + 4.5, away, 1),
            Piece(INSERTER, near, row + 0.5, away, 1),
            Piece(INSERTER, near, row + 2.5, away, 1),
        ),
    )


def building_order(lines: list[Line]) -> list[list[Piece]]:
    """The plan as steps: each is of use once it is finished, and is finished before the next is begun."""
    steps: list[list[Piece]] = []
    if lines:
        # From bare hands: furnaces and drills that are fuelled by hand, until there is a line.
        steps += [list(cell.core) for cell in lines[0].iron_cells[:STARTERS]]
    for line in lines:
        first, more = line.coal_drills[:FIRST_COAL_DRILLS], line.coal_drills[FIRST_COAL_DRILLS:]
        steps += [list(drill) for drill in first]
        steps.append(list(line.to_iron))
        steps += [list(cell.pieces) for cell in line.iron_cells]
        steps += [list(drill) for drill in more]
        steps.append(list(line.to_copper))
        steps += [list(cell.pieces) for cell in line.copper_cells]
    return [step for step in steps if step]


def yard(iron: Patch) -> Iterator[Piece]:
    """Where chests for what is too much go: free ground west of the iron patch, with room to walk between."""
    for number in range(YARD_CHESTS):
        column, row = divmod(number, YARD_ROWS)
        yield Piece(CHEST, iron.left - 5.5 - 2 * column, iron.top + 0.5 + 2 * row)
