"""Blocks that stand where the map wants them, or that are the same in every factory: mines, wells, pump, panels, stores."""

from __future__ import annotations

import math

from evals.factories.block import Block, Strip
from evals.factories.ground import NORTH, SOUTH
from evals.factories.row import NEAR, POLE
from runtime.engine.maps import lab
from runtime.engine.prototypes import joules, load

DRILL, WELL_DRILL, PANEL = "electric-mining-drill", "pumpjack", "solar-panel"
DRILL_SPACING, MINE_HEIGHT = 4, 7  # tiles from drill to drill along a belt, and from belt to belt
PANEL_COLUMNS, PANEL_ROWS = 6, 3  # above and below the substation that serves them
TICKS_PER_SECOND = 60


class TooMuch(Exception):
    """More is asked for than there is room for on a field of ore or on a belt."""


def mines(ore: str, rate: float) -> list[Block]:
    """Lines of drills on both sides of a belt, as many as `rate` ore per second take."""
    _, left, top, right, bottom = next(f for f in lab.ORE_FIELDS if f[0] == ore)
    resource, drill = load().entity[ore], load().entity[DRILL]
    per_drill = drill.raw["mining_speed"] / resource.mining_time
    left_tile, width = math.floor(left), math.floor(right) - math.floor(left) + 1
    # The last line's lower drills may stand beyond the edge: they reach a tile farther than they are wide.
    columns, lines = width // DRILL_SPACING, (math.floor(bottom) - math.floor(top) + 1 - 4) // MINE_HEIGHT + 1
    count = max(1, math.ceil(rate / per_drill / 2 - 1e-9))  # pairs
    if count > columns * lines:
        raise TooMuch(f"the field of {ore} has no room for drills that give {rate:g} a second")
    blocks = []
    for line in range(lines):
        pairs = min(columns, count - line * columns)
        if pairs > 0:
            blocks.append(_mine(ore, pairs).moved(left_tile + 1, math.floor(top) + 3 + line * MINE_HEIGHT))
    return blocks


def _mine(ore: str, pairs: int) -> Block:
    block = Block(ore, frozenset((ore,)))
    for i in range(pairs):
        x = i * DRILL_SPACING + 0.5
        block.add(DRILL, x, -1.5, SOUTH)
        block.add(DRILL, x, 2.5, NORTH)
    for n in range(1 + pairs // 2):
        block.add(POLE, n * 2 * DRILL_SPACING - 1.5, -1.5)
    block.pole(-3, -2)
    block.belts[ore] = Strip(ore, 0, -1, (pairs - 1) * DRILL_SPACING + 2)
    return block


def wells(rate: float) -> Block:
    """Pumpjacks on the upper row of the wells in the east, as many as `rate` crude oil per second take."""
    left, columns = lab.OIL_FIELDS[0]
    crude, drill = load().entity["crude-oil"], load().entity[WELL_DRILL]
    share = lab.OIL_AMOUNT / crude.raw["normal"]
    each = crude.products[0].amount * share * drill.raw["mining_speed"] / crude.mining_time
    count = max(1, math.ceil(rate / each - 1e-9))
    if count > columns:
        raise TooMuch(f"there are too few wells for {rate:g} crude oil a second")
    joint = drill.raw["output_fluid_box"]["pipe_connections"][0]["positions"][0]
    block = Block("crude-oil", frozenset(("crude-oil",)))
    spacing = int(lab.WELL_SPACING)
    for i in range(count):
        block.add(WELL_DRILL, i * spacing + 0.5, 0.5)
    line = Strip("crude-oil", int(joint[1]) - 1, 0, (count - 1) * spacing + int(joint[0]))
    for i in range(count):
        block.add(POLE, i * spacing + 0.5, line.y - 0.5)
    block.pole(-3, line.y)
    for x in range(line.left, line.right + 1):
        block.add("pipe", x + 0.5, line.y + 0.5)
    block.pipes.append(line)
    return block.moved(math.floor(left), math.floor(lab.OIL_ROWS[0]))


def water() -> Block:
    """An offshore pump on the southern shore of the pond, and the pipe before it."""
    y, left, right = lab.POND_ROWS[-1]
    block = Block("water", frozenset(("water",)))
    block.add("offshore-pump", 0.5, 0.5, NORTH)
    block.add("pipe", 0.5, 1.5)
    block.pipes.append(Strip("water", 1, 0, 0))
    return block.moved((left + right) // 2, y + 1)


def panels(rows: int = PANEL_ROWS) -> Block:
    """A substation with so many rows of solar panels above and below, at most as many as it serves."""
    block = Block(PANEL, frozenset())
    middle = PANEL_COLUMNS * 3 // 2
    block.add("substation", middle, 1)
    block.pole(middle + 3, 1)
    for column in range(PANEL_COLUMNS):
        for row in range(rows):
            block.add(PANEL, column * 3 + 1.5, -1.5 - row * 3)
            block.add(PANEL, column * 3 + 1.5, 3.5 + row * 3)
    return block


def panels_power() -> float:
    """Watts that one block of panels gives by day."""
    return 2 * PANEL_COLUMNS * PANEL_ROWS * joules(load().entity[PANEL].raw["production"]) * TICKS_PER_SECOND


def chests(item: str, count: int = 3) -> Block:
    """Where a factory's product goes: chests along its belt."""
    block = Block(f"store of {item}", frozenset())
    for i in range(count):
        block.add(NEAR, i + 0.5, -0.5, SOUTH)
        block.add("steel-chest", i + 0.5, -1.5)
        block.add(NEAR, i + 0.5, 1.5, NORTH)
        block.add("steel-chest", i + 0.5, 2.5)
    block.add(POLE, -0.5, -0.5)
    block.pole(-2, -1)
    block.belts[item] = Strip(item, 0, -3, count - 1)
    return block


def tank(fluid: str) -> Block:
    """Where a factory's fluid goes: a storage tank."""
    block = Block(f"store of {fluid}", frozenset())
    joint = next(
        c
        for c in load().entity["storage-tank"].raw["fluid_box"]["pipe_connections"]
        if c["direction"] == NORTH
    )
    x, y = joint["position"]
    block.add("storage-tank", 0.5, 0.5)
    line = Strip(fluid, y - 1, x - 1, x + 1)
    for at in range(line.left, line.right + 1):
        block.add("pipe", at + 0.5, line.y + 0.5)
    block.pipes.append(line)
    return block
