"""What the built-in player builds, in which order: the whole factory in open play, or just what a goal takes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from harness.factory import FIRST_COAL_DRILLS, HALF_WIDTH, SPACING, Feed, chest_line, fits
from harness.pieces import RED, Patch, Piece, Step, belts, size_of, tiles
from harness.power import Plant, wire
from harness.workshop import BLOCK_ROWS, CIRCUIT, GEAR, Block

PLATES = {"iron-ore": "iron-plate", "copper-ore": "copper-plate"}
MADE = (GEAR, CIRCUIT, RED)
"""What the workshop makes for a goal."""
CELL_PER_SECOND = 0.25
"""What a burner drill digs, and the furnace below it smelts."""
RESERVE = 1.5
"""How much more than a goal asks for its cells yield."""
BLOCKS, BOILERS = 6, 4


class Hopeless(Exception):
    """There is nothing that this player can do here; the message says why."""


class Site:
    """The map as surveyed: its patches by the names of what lies there. Raises Hopeless if they don't fit."""

    def __init__(self, patches: Mapping[str, Patch]) -> None:
        if "coal" not in patches or "iron-ore" not in patches:
            raise Hopeless("there is no coal or no iron ore in reach")
        self.coal, self.iron = patches["coal"], patches["iron-ore"]
        self.copper, self.stone, self.water = (patches.get(name) for name in ("copper-ore", "stone", "water"))
        if not fits(self.coal, self.iron):
            raise Hopeless("the patches don't lie as on the lab map, coal above iron ore")

    def chest_line(self) -> list[Step]:
        """What the player lives from."""
        return chest_line(self.coal, self.iron, self.copper, self.stone)

    @property
    def row(self) -> int:
        """The row in which iron and copper plates go to the spine: below both patches and the run between them."""
        bottoms = [patch.bottom for patch in (self.iron, self.copper) if patch]
        return max(bottoms) + 3

    def iron_feed(self, number: int, chest: bool = False) -> Feed:
        """A run past iron, the first one east of that with the chests."""
        column = max(self.coal.left, self.iron.left) + HALF_WIDTH + SPACING * (number + 1)
        return Feed("iron-ore", column, self.iron, self.coal, -1, chest)

    def copper_feed(self, chest: bool = False) -> Feed:
        """A run past copper, west of the run with the chests. Raises Hopeless."""
        if not self.copper or self.copper.right >= self.coal.left - SPACING:
            raise Hopeless("there is no copper ore west of the coal")
        return Feed("copper-ore", self.copper.right - HALF_WIDTH - SPACING, self.copper, self.coal, 1, chest)


class Factory:
    """A power plant and a workshop with their feeds: `spine` is a tile's x, `row` the y of its first tile."""

    def __init__(self, site: Site, blocks: int, boilers: int, coal_by_belt: bool) -> None:
        if not site.water:
            raise Hopeless("there is no water in reach")
        self.iron, self.copper = site.iron_feed(0), site.copper_feed()
        self.plant = Plant(site.water, site.coal, boilers, coal_by_belt)
        pole = self.plant.pole
        self.spine, self.row = pole[0] - BLOCK_WIRE, site.row
        end = self.row + 2 + BLOCK_ROWS * math.ceil(blocks / 2)
        self.iron_plates = Step(
            (*self.column(self.iron, self.spine), *belts((self.spine, self.row), (self.spine, end)))
        )
        self.copper_plates = Step(self.column(self.copper, self.spine))
        taken = [
            tile
            for step in (self.iron.run, self.copper.run, *site.chest_line())
            for piece in (*step.pieces, *self.iron_plates.pieces, *self.copper_plates.pieces)
            for tile in tiles(piece.x, piece.y, size_of(piece.name))
        ]
        self.trunk = Step(wire(pole, self.row + 1, taken), self.plant.boilers[0])
        self.blocks: list[Block] = []
        for n in range(blocks):
            after = self.blocks[n - 2].poles if n >= 2 else self.trunk
            top = self.row + 2 + BLOCK_ROWS * (n // 2)
            self.blocks.append(Block(self.spine, top, -1 if n % 2 else 1, after))

    def column(self, feed: Feed, to: int, near: bool = True) -> tuple[Piece, ...]:
        """The belts that take plates of one side of a feed down and then across to another column."""
        x = feed.near_column if near else feed.far_column
        return belts((x, feed.first_plate_row), (x, self.row), (to, self.row))


BLOCK_WIRE = 4
"""How far east of the spine the wire from the power plant comes down: where it reaches the blocks' poles."""


def open_play(site: Site) -> list[Step]:
    """The factory that grows from bare hands, without end in sight."""
    steps = site.chest_line()
    if not site.copper or not site.water:
        return steps
    factory = Factory(site, BLOCKS, BOILERS, coal_by_belt=True)
    iron, copper, plant, first = factory.iron, factory.copper, factory.plant, factory.blocks[0]
    steps += [*plant.drills[:FIRST_COAL_DRILLS], plant.belt, plant.pump, plant.boilers[0]]
    steps += [factory.trunk, first.poles, first.first_lab]
    for feed, plates in ((iron, factory.iron_plates), (copper, factory.copper_plates)):
        steps += [*feed.drills[:FIRST_COAL_DRILLS], feed.run, plates, *feed.near]
    steps += [first.gears, first.reds[1], first.red_belt, first.reds[0], *first.more_labs]
    steps += [first.belts, first.cables, first.circuits, first.inserters, first.green, first.green_to_lab]
    growth = [
        _more_plates(factory, iron, factory.spine),
        plant.drills[FIRST_COAL_DRILLS:],
        plant.boilers[1:2],
    ]
    growth += [_block(factory.blocks[1]), _more_plates(factory, copper, factory.spine)]
    second = site.iron_feed(1)
    growth += [
        # Its near column is the far one of the first.
        [*second.drills[:FIRST_COAL_DRILLS], second.run, *second.near],
        _block(factory.blocks[2]),
        plant.boilers[2:3],
        _more_plates(factory, second, second.near_column),
        _block(factory.blocks[3]),
        plant.boilers[3:4],
        _block(factory.blocks[4]),
        _block(factory.blocks[5]),
    ]
    return [*steps, *(step for steps in growth for step in steps)]


def _block(block: Block) -> list[Step]:
    return [block.poles, *block.makers()]


def _more_plates(factory: Factory, feed: Feed, to: int) -> list[Step]:
    """The other side of a feed, and coal for it."""
    far = Step(factory.column(feed, feed.near_column, near=False))
    return [*feed.drills[FIRST_COAL_DRILLS:], far, *feed.far]


def for_goal(site: Site, item: str, per_second: float) -> list[Step]:
    """What makes so many of an item. Raises Hopeless."""
    for ore, plate in PLATES.items():
        if item in (ore, plate):
            count = math.ceil(RESERVE * per_second / CELL_PER_SECOND)
            feed = site.iron_feed(-1, chest=True) if ore == "iron-ore" else site.copper_feed(chest=True)
            both = [step for pair in zip(feed.near, feed.far, strict=True) for step in pair]
            return [*feed.drills[:FIRST_COAL_DRILLS], feed.run, *both[:count]]
    factory = Factory(site, 2, 1, coal_by_belt=False)
    iron, copper, plant, blocks = factory.iron, factory.copper, factory.plant, factory.blocks
    steps = [*iron.drills[:FIRST_COAL_DRILLS], iron.run, factory.iron_plates, *iron.near]
    if item != GEAR:
        steps += [*copper.drills[:FIRST_COAL_DRILLS], copper.run, factory.copper_plates, *copper.near]
    steps += [plant.pump, plant.boilers[0], factory.trunk, blocks[0].poles]
    if item == GEAR:
        return [*steps, blocks[0].gears, blocks[0].gear_chest]
    if item == CIRCUIT:
        return [*steps, blocks[0].cables, blocks[0].circuits, blocks[0].circuit_chest]
    return [*steps, *(s for b in blocks for s in (b.poles, b.gears, *b.reds))]
