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
    half = proto.tile_width // 2
    pitch = proto.tile_width + 1
    block = Block(recipe.name, frozenset(p.name for p in recipe.products))
    set_recipe = recipe.name if proto.type == "assembling-machine" else None
    joints = _joints(proto, recipe)
    left, right = -half - 1 - ANCHOR_SPACE, (count - 1) * pitch + half + 1
    for i in range(count):
        block.add(machine, i * pitch + 0.5, 0.5, NORTH, set_recipe)
    _power(block, half, pitch, count)
    for side in (-1, 1):
        for n, joint in enumerate(j for j in joints if j.side == side):
            _plumb(block, joint, n, half, [i * pitch for i in range(count)], left, right)
    sides = (1, -1) if flip < 0 else (-1, 1)
    _carry(block, recipe, joints, half, [i * pitch for i in range(count)], left, right, sides)
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


def _power(block: Block, half: int, pitch: int, count: int) -> None:
    """Poles in the gaps between machines, every second one where they reach two machines."""
    block.pole(-half - 3, 0)
    step = 2 * pitch if pitch <= 4 else pitch
    reached = 0
    x = -half - 1
    while reached < count:
        block.add(POLE, x + 0.5, 0.5)
        reached += 1 if x < 0 or step == pitch else 2
        x += step


def _plumb(block: Block, joint: Joint, n: int, half: int, xs: list[int], left: int, right: int) -> None:
    """The line of pipes for a joint, the nth on its side, and from it an underground pipe to each machine."""
    near, out = half + 1, half + 4 + 2 * n
    towards, away = (SOUTH, NORTH) if joint.side < 0 else (NORTH, SOUTH)
    for x in (x + joint.dx for x in xs):
        block.add("pipe-to-ground", x + 0.5, joint.side * near + 0.5, towards)
        block.add("pipe-to-ground", x + 0.5, joint.side * out + 0.5, away)
        block.tunnels.append(("pipe-to-ground", (x, joint.side * near), (x, joint.side * out)))
    line = Strip(joint.fluid, joint.side * (out + 1), left, right)
    block.pipes.append(line)
    _dive(block, line, [left, *(x + joint.dx for x in xs), right])


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
    block: Block,
    recipe: RecipePrototype,
    joints: list[Joint],
    half: int,
    xs: list[int],
    left: int,
    right: int,
    sides: tuple[int, int],
) -> None:
    """Belts along both sides and inserters between them and the machines: what moves most gets the nearest belt."""
    inputs = sorted((i.amount, i.name) for i in recipe.ingredients if i.type == "item")
    outputs = [(p.amount, p.name) for p in recipe.products if p.type == "item"]
    shared: list[str] = []
    if len(inputs) + len(outputs) > 4:
        shared = [name for _, name in inputs[:2]]
        inputs = [(inputs[0][0] + inputs[1][0], "+".join(shared)), *inputs[2:]]
    items = sorted([*inputs, *outputs], reverse=True)
    used = {side: {j.dx for j in joints if j.side == side} for side in (-1, 1)}
    places = [(distance, side) for distance in (1, 2) for side in sides]
    if shared:  # it takes the room beyond the others
        items.remove(inputs[0])
        items.append(inputs[0])
    for (_, name), (distance, side) in zip(items, places, strict=False):
        slot = next(dx for dx in (-1, 0, 1) if dx not in used[side])
        used[side].add(slot)
        is_output = any(name == o for _, o in outputs)
        # An inserter faces what it picks from.
        outward, inward = (NORTH, SOUTH) if side < 0 else (SOUTH, NORTH)
        for x in xs:
            arm = NEAR if distance == 1 else FAR
            block.add(arm, x + slot + 0.5, side * (half + 1) + 0.5, inward if is_output else outward)
        y = side * (half + 1 + distance)
        if name not in (i.name for i in recipe.ingredients) and not is_output:
            start = left - MERGER_SPACE
            block.belts[name] = Strip(name, y, start, right)
            block.mergers[shared[0]] = Port((start, y - 1), SOUTH)
            block.mergers[shared[1]] = Port((start, y + 1), NORTH)
        else:
            block.belts[name] = Strip(name, y, left, right)
