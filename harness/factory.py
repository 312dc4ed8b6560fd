"""Mines and smelters of the built-in player: belts of coal past ore, with cells along them.

A *run* is a belt that carries coal from its patch past ore. What burns coal beside it is fed from it by burner
inserters, and so are the drills that put the coal on it: nothing has to be carried. With the belt going down:

      coal drill beside the run             cell: ore drill, furnace, chest
        D D > v                               v i D D      i  burner inserter, takes coal from the belt
        D D i v                               v . D D      D  drill, lets ore fall into the furnace
                                              v i F F      F  furnace
                                              v . F F
                                              v i o        o  burner inserter, furnace to chest, itself
                                              v . C           fuelled by the one beside it

Instead of the chest there can be two belts that lead away to a *column*, a belt that collects the plates of one side.
All coal comes from the north and all plates leave to the south, so that no belt crosses another.

Tiles are named by their upper left corner, things are placed by their centre.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.pieces import BELT, BURNER, CHEST, DRILL, FURNACE, Patch, Piece, Step, belts

COAL_ROWS, CELL_ROWS = 4, 6
"""How many rows of coal drills a run has, and how many tiles a cell is long."""
HALF_WIDTH = 3
"""How far drills reach on both sides of their belt, tiles."""
SPACING = 2 * HALF_WIDTH + 2
"""From run to run: there is a column between them."""
YARD_CHESTS, YARD_ROWS = 240, 12
STARTERS, FIRST_COAL_DRILLS = 3, 3
QUARRY_COAL = 10
DIRECTIONS = {"DOWN": "DRUL", "LEFT": "LDRU", "UP": "ULDR"}
"""For each way of a belt: ahead, left hand, back and right hand of somebody who walks along it."""
NAMES = {"D": "DOWN", "R": "RIGHT", "U": "UP", "L": "LEFT"}


def fits(coal: Patch, iron: Patch) -> bool:
    """Whether the patches lie as on the lab map: coal above iron, wide enough for two runs."""
    left, right = max(coal.left, iron.left), min(coal.right, iron.right)
    return iron.top > coal.bottom and right - left >= SPACING + 2 * HALF_WIDTH


def coal_drills(x: int, y: int, way: str) -> list[tuple[Piece, ...]]:
    """Drills on both sides of a belt that begins at a tile of coal, with what brings coal to it and to them."""
    _, left, _, right = (NAMES[letter] for letter in DIRECTIONS[way])

    def at(name: str, along: float, across: float, facing: str, coal: int = 0) -> Piece:
        dx, dy = {"DOWN": (across, along), "LEFT": (-along, across), "UP": (-across, -along)}[way]
        return Piece(name, x + 0.5 + dx, y + 0.5 + dy, facing, coal)

    found: list[tuple[Piece, ...]] = []
    for n in range(0, 2 * COAL_ROWS, 2):
        found.append(
            (at(BELT, n, -1, left), at(DRILL, n + 0.5, -2.5, left, 5), at(BURNER, n + 1, -1, right, 1))
        )
        found.append(
            (at(BELT, n + 1, 1, right), at(DRILL, n + 0.5, 2.5, right, 5), at(BURNER, n, 1, left, 1))
        )
    return found


def first_row(coal: Patch) -> int:
    """Where the runs that go down from the coal patch begin."""
    return max(coal.top, coal.bottom + 1 - 2 * COAL_ROWS)


def cell(ore: str, column: int, row: int, side: int, chest: bool) -> tuple[Piece, ...]:
    """The cell on one side of a run (-1 west, 1 east). Furnace and drill come first: with coal put in by hand they
    work before the belt is there; then whatever something is let fall on, for nothing is put up on litter."""
    middle = column + 0.5
    away = "RIGHT" if side > 0 else "LEFT"
    machines = middle + 2.5 * side
    near, far = middle + side, middle + 2 * side
    if chest:
        end: tuple[Piece, ...] = (Piece(CHEST, far, row + 5.5),)
    else:
        end = (Piece(BELT, far, row + 5.5, away), Piece(BELT, far + side, row + 5.5, away))
    return (
        Piece(FURNACE, machines, row + 3, "UP", 5),
        Piece(DRILL, machines, row + 1, "DOWN", 5),
        *end,
        Piece(BURNER, far, row + 4.5, "DOWN", 1),
        Piece(BURNER, near, row + 4.5, away, 1),
        Piece(BURNER, near, row + 0.5, away, 1),
        Piece(BURNER, near, row + 2.5, away, 1),
    )


def cells(
    ore: str, column: int, patch: Patch, after: Step, *, sides: Sequence[int] = (-1, 1), chest: bool = True
) -> list[Step]:
    """The cells along a run's stretch of ore."""
    return [
        Step(cell(ore, column, row, side, chest), after, ore=ore, core=2)
        for row in range(patch.top, patch.bottom + 2 - CELL_ROWS, CELL_ROWS)
        for side in sides
    ]


def quarry(stone: Patch) -> Step:
    """Drills that let stone fall into chests; their coal is put in by hand, but that is little."""
    y = stone.bottom - 5
    return Step(
        tuple(
            piece
            for x in (stone.right - 1, stone.right - 4)
            for piece in (Piece(CHEST, x + 0.5, y + 1.5), Piece(DRILL, x, y, "DOWN", QUARRY_COAL))
        )
    )


def depot(column: int, row: int) -> Step:
    """A chest for coal from a run: to dig it takes the player two seconds a piece."""
    return Step((Piece(CHEST, column - 1.5, row + 0.5), Piece(BURNER, column - 0.5, row + 0.5, "LEFT", 1)))


def chest_line(coal: Patch, iron: Patch, copper: Patch | None, stone: Patch | None) -> list[Step]:
    """The run from which the player lives: past iron and on past copper, with chests. In the order of building."""
    column = max(coal.left, iron.left) + HALF_WIDTH
    start, turn = first_row(coal), iron.bottom + 2
    drills = [Step(drill) for drill in coal_drills(column, start, "DOWN")]
    to_iron = Step(belts((column, start), (column, turn)))
    iron_cells = cells("iron-ore", column, iron, to_iron)
    # From bare hands: furnaces and drills that are fuelled by hand, until there is a line.
    starters = [Step(step.pieces[:2], ore="iron-ore", core=2) for step in iron_cells[:STARTERS]]
    steps = [*starters, *drills[:FIRST_COAL_DRILLS], to_iron, *iron_cells[:STARTERS]]
    steps += [*drills[FIRST_COAL_DRILLS:], depot(column, coal.bottom + 4)]
    steps += [quarry(stone)] if stone else []
    steps += iron_cells[STARTERS:]
    if copper and copper.right < column - HALF_WIDTH:
        up = copper.right - HALF_WIDTH
        to_copper = Step(belts((column, turn), (up, turn), (up, copper.top - 1)), to_iron)
        steps += [to_copper, *cells("copper-ore", up, copper, to_copper)]
    return steps


class Feed:
    """A run whose plates go south by a column of belts: `drills`, `run`, `near` and `far` cells are its steps.

    towards: on which side of the run the plates are wanted (-1 west, 1 east): the cells there are `near`.
    """

    def __init__(self, ore: str, column: int, patch: Patch, coal: Patch, towards: int, chest: bool) -> None:
        start = first_row(coal)
        end = (column, patch.bottom + 1)
        self.near_column, self.far_column = (column + side * (HALF_WIDTH + 1) for side in (towards, -towards))
        if coal.left <= column <= coal.right:
            drills = coal_drills(column, start, "DOWN")
            path = belts((column, start), end)
        else:
            # From the west of the coal patch, above the runs that go down from it.
            east, row = coal.left + 2 * COAL_ROWS - 1, start - HALF_WIDTH - 2
            drills = coal_drills(east, row, "LEFT")
            path = belts((east, row), (column, row), end)
        self.drills = [Step(drill) for drill in drills]
        self.run = Step(path)
        self.near = cells(ore, column, patch, self.run, sides=(towards,), chest=chest)
        self.far = cells(ore, column, patch, self.run, sides=(-towards,), chest=chest)
        self.first_plate_row = patch.top + CELL_ROWS - 1


def yard(iron: Patch) -> Iterator[Piece]:
    """Where chests for what is too much go: free ground west of the iron patch, with room to walk between."""
    for number in range(YARD_CHESTS):
        column, row = divmod(number, YARD_ROWS)
        yield Piece(CHEST, iron.left - 5.5 - 2 * column, iron.top + 0.5 + 2 * row)
