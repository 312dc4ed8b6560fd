"""Rows of machines: their inserters, belts on both sides, and pipes that dive under those belts."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from evals.factories.block import Block, Strip
from evals.factories.demand import Stage
from evals.factories.ground import EAST, NORTH, SOUTH, WEST
from evals.factories.router import Port
from runtime.engine.prototypes import EntityPrototype, Raw, RecipePrototype, load

LONGEST = 8  # machines in a row
MERGER_SPACE = 4  # tiles by which a belt that two items share begins before the others
POLE, ANCHOR_SPACE = "medium-electric-pole", 4
NEAR, FAR = "fast-inserter", "long-handed-inserter"


class Joint(NamedTuple):
    """Where a machine joins a pipe: the offset of the tile outside it, and on which side (-1 north, 1 south)."""

    fluid: str
    dx: int
    side: int


class Shape(NamedTuple):
    """Where the machines of a row stand: `half` of one is on each side of its middle tile; the first's is at x = 0."""

    half: int
    machines: int

    @property
    def pitch(self) -> int:
        """Tiles from machine to machine: one stays free for poles."""
        return 2 * self.half + 2

    @property
    def middles(self) -> list[int]:
        """The machines' middle tiles."""
        return [i * self.pitch for i in range(self.machines)]

    @property
    def left(self) -> int:
        """The first tile of belts and pipes."""
        return -self.half - 1 - ANCHOR_SPACE

    @property
    def right(self) -> int:
        """The last tile of belts and pipes."""
        return self.middles[-1] + self.half + 1


def rows(stage: Stage) -> list[Block]:
    """The rows that a stage takes."""
    count = stage.machines
    parts = -(-count // LONGEST)
    sizes = [count // parts + (n < count % parts) for n in range(parts)]
    return [row(stage.machine, stage.recipe, size, -1 if n % 2 else 1) for n, size in enumerate(sizes)]


def row(machine: str, recipe: RecipePrototype, count: int, flip: int = 1) -> Block:
    """A row of `count` machines. Ingredients come in from the west, products leave to the east.

    flip: -1 for belts on the other side each, so that two rows in a line fill both lanes of their belt of products.
    """
    proto = load().entity[machine]
    shape = Shape(proto.tile_width // 2, count)
    block = Block(recipe.name, frozenset(p.name for p in recipe.products))
    joints = _joints(proto, recipe)
    for x in shape.middles:
        set_recipe = recipe.name if proto.type == "assembling-machine" else None
        block.add(machine, x + 0.5, 0.5, NORTH, set_recipe)
    _power(block, shape)
    for side in (-1, 1):
        for n, joint in enumerate(j for j in joints if j.side == side):
            _plumb(block, shape, joint, n)
    _carry(block, shape, recipe, joints, (1, -1) if flip < 0 else (-1, 1))
    return block


def _joints(proto: EntityPrototype, recipe: RecipePrototype) -> list[Joint]:
    """The joints of a recipe's fluids, as the game chooses among the machine's boxes."""
    boxes: list[Raw] = [b for b in proto.raw.get("fluid_boxes") or () if isinstance(b, dict)]
    found = []
    for kind, fluids in (("input", recipe.raw.get("ingredients")), ("output", recipe.raw.get("results"))):
        free = [b for b in boxes if b.get("production_type") == kind]
        for row in fluids or ():
            if row["type"] != "fluid":
                continue
            index = row.get("fluidbox_index")
            same = [b for b in boxes if b.get("production_type") == kind]
            box = same[index - 1] if index else free[0]
            free.remove(box)
            x, y = box["pipe_connections"][0]["position"]
            found.append(Joint(row["name"], int(x), 1 if y > 0 else -1))
    return found


def _power(block: Block, shape: Shape) -> None:
    """Poles in the gaps between machines, every second one where they reach two machines."""
    block.pole(-shape.half - 3, 0)
    at_once = 2 if 2 * shape.pitch <= load().entity[POLE].raw["maximum_wire_distance"] else 1
    reached, x = 0, -shape.half - 1
    while reached < shape.machines:
        block.add(POLE, x + 0.5, 0.5)
        reached += at_once if reached else 1
        x += at_once * shape.pitch


def _plumb(block: Block, shape: Shape, joint: Joint, n: int) -> None:
    """The line of pipes for a joint, the nth on its side, and from it an underground pipe to each machine."""
    near, out = shape.half + 1, shape.half + 4 + 2 * n
    towards, away = (SOUTH, NORTH) if joint.side < 0 else (NORTH, SOUTH)
    xs = [x + joint.dx for x in shape.middles]
    for x in xs:
        block.add("pipe-to-ground", x + 0.5, joint.side * near + 0.5, towards)
        block.add("pipe-to-ground", x + 0.5, joint.side * out + 0.5, away)
        block.tunnels.append(("pipe-to-ground", (x, joint.side * near), (x, joint.side * out)))
    line = Strip(joint.fluid, joint.side * (out + 1), shape.left, shape.right)
    block.pipes.append(line)
    _dive(block, line, [line.left, *xs, line.right])


def _dive(block: Block, line: Strip, surface: list[int]) -> None:
    """The pipes of a line: on the surface where others join it, and underground between, where they hold less."""
    y = line.y + 0.5
    for x in surface:
        block.add("pipe", x + 0.5, y)
    for before, after in pairwise(surface):
        start, end = before + 1, after - 1
        if end > start:
            block.add("pipe-to-ground", start + 0.5, y, WEST)
            block.add("pipe-to-ground", end + 0.5, y, EAST)
            block.tunnels.append(("pipe-to-ground", (start, line.y), (end, line.y)))
        elif end == start:
            block.add("pipe", start + 0.5, y)


def _carry(
    block: Block, shape: Shape, recipe: RecipePrototype, joints: list[Joint], sides: tuple[int, int]
) -> None:
    """Belts along both sides and inserters between them and the machines: what moves most gets the nearest belt.

    Where there are more items than room for belts, the two ingredients that move least share one, a lane each.
    """
    inputs = sorted((i.amount, i.name) for i in recipe.ingredients if i.type == "item")
    outputs = {p.name: p.amount for p in recipe.products if p.type == "item"}
    places = [(distance, side) for distance in (1, 2) for side in sides]
    shared: list[str] = []
    if len(inputs) + len(outputs) > len(places):
        shared = [name for _, name in inputs[:2]]
        inputs = inputs[2:]
    names = [name for _, name in sorted([*inputs, *((amount, name) for name, amount in outputs.items())])][
        ::-1
    ]
    if shared:
        names.append("+".join(shared))
    used = {side: {j.dx for j in joints if j.side == side} for side in sides}
    for name, (distance, side) in zip(names, places, strict=False):
        slot = next(dx for dx in (-1, 0, 1) if dx not in used[side])
        used[side].add(slot)
        # An inserter faces what it picks from.
        outward, inward = (NORTH, SOUTH) if side < 0 else (SOUTH, NORTH)
        for x in shape.middles:
            arm = NEAR if distance == 1 else FAR
            facing = inward if name in outputs else outward
            block.add(arm, x + slot + 0.5, side * (shape.half + 1) + 0.5, facing)
        y = side * (shape.half + 1 + distance)
        block.belts[name] = Strip(name, y, shape.left, shape.right)
    if shared:
        _, y, left, right = block.belts[name]
        start = left - MERGER_SPACE
        block.belts[name] = Strip(name, y, start, right)
        block.mergers = {shared[0]: Port((start, y - 1), SOUTH), shared[1]: Port((start, y + 1), NORTH)}
