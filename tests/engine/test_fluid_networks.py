"""Properties of random networks of pipes, tanks, pumps and who makes or uses fluid."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.engine.entity import Entity
from runtime.engine.force import COUNTED
from runtime.engine.prototypes import load
from runtime.engine.save import state_hash
from runtime.engine.systems.crafting import AssemblingMachine
from runtime.engine.systems.fluids import DEGREE, FLUID, Segment, boxes_of
from runtime.engine.world import World
from tests.engine.test_belts import build, new_world

SIZE = 14
SIZES = {"pipe": (1, 1), "pump": (1, 2), "storage-tank": (3, 3), "offshore-pump": (1, 2), "boiler": (3, 2),
         "steam-engine": (3, 5), "assembling-machine-2": (3, 3), "pipe-to-ground": (1, 1)}  # fmt: skip
Thing = tuple[str, float, float, int]


@st.composite
def networks(draw: st.DrawFn, assemblers: int = 3) -> list[Thing]:
    """Things that don't overlap, mostly pipes so that much is joined."""
    taken: set[tuple[int, int]] = set()
    things: list[Thing] = []
    some = st.integers(0, 3)
    counts = {"storage-tank": draw(st.integers(1, 3)), "pump": draw(st.integers(0, 6)), "offshore-pump": draw(some),
              "boiler": draw(st.integers(0, 2)), "steam-engine": draw(st.integers(0, 2)),
              "assembling-machine-2": draw(st.integers(0, assemblers)), "pipe-to-ground": draw(some)}  # fmt: skip
    for name, count in counts.items():
        for _ in range(count):
            direction = draw(st.sampled_from((0, 4, 8, 12)))
            width, height = SIZES[name] if direction % 8 == 0 else SIZES[name][::-1]
            left, top = draw(st.integers(0, SIZE - width)), draw(st.integers(0, SIZE - height))
            cells = {(left + i, top + j) for i in range(width) for j in range(height)}
            if not cells & taken:
                taken |= cells
                things.append((name, left + width / 2, top + height / 2, direction))
    for y in range(SIZE):
        bits = draw(st.integers(0, 2**SIZE - 1)) | draw(st.integers(0, 2**SIZE - 1))
        things += [
            ("pipe", x + 0.5, y + 0.5, 0) for x in range(SIZE) if bits >> x & 1 and (x, y) not in taken
        ]
    return things


def built(things: list[Thing], water: list[int]) -> tuple[World, list[Entity]]:
    """A world with these things, powered; tanks hold some water."""
    world = new_world()
    world.surface.always_day = True
    build(world, "substation", -2, 0)
    build(world, "substation", -2, 14)
    build(world, "substation", 16, 14)
    for _ in range(20):
        build(world, "solar-panel", -5.5, 0.5)  # all in one place: nothing minds
    made = [build(world, *thing) for thing in things]
    for entity in made:
        if isinstance(entity, AssemblingMachine):
            entity.set_recipe(load().recipe["water-barrel"])
            entity.insert("barrel", 10)
        elif entity.name == "boiler":
            entity.insert("coal", 5)
    tanks = sorted((e for e in made if e.name == "storage-tank"), key=lambda e: (e.x, e.y))
    for tank, amount in zip(tanks, water, strict=False):
        (box,) = boxes_of(tank)
        assert box.segment is not None
        if box.segment.takes("water"):
            box.segment.add("water", amount * FLUID // 7, 15 * DEGREE)
    return world, made


def flowed(world: World, name: str, made: bool) -> int:
    flows = world.forces["player"].fluids
    flows.settle()
    counts = flows.input if made else flows.output
    row = flows.flows.get((name, made))
    return int(counts[name] * 512) * COUNTED + (row[1] if row is not None else 0)


def amounts(made: list[Entity]) -> dict[str | None, int]:
    """Fluid -> how much there is in all."""
    found: dict[str | None, int] = {}
    segments: dict[int, Segment] = {}
    for entity in made:
        for box in boxes_of(entity):
            if box.segment is not None:
                segments[box.segment.unit_number] = box.segment
            elif box.amount:
                found[box.fluid] = found.get(box.fluid, 0) + box.amount
    for segment in segments.values():
        amount = segment.now()
        assert 0 <= amount <= segment.capacity
        if amount:
            found[segment.fluid] = found.get(segment.fluid, 0) + amount
    return found


def in_barrels(made: list[Entity]) -> int:
    return sum(
        50 * FLUID * (e.products_finished + (e.crafting is not None))
        for e in made
        if isinstance(e, AssemblingMachine)
    )


def look(made: list[Entity]) -> list[Any]:
    """What can be seen, by place."""
    rows = []
    for e in made:
        power = getattr(e, "output", 0) if e.type == "generator" else 0
        crafts = getattr(e, "products_finished", 0)
        rows.append(
            (e.x, e.y, e.name, [b.content() for b in boxes_of(e)], getattr(e, "flow", 0), power, crafts)
        )
    return sorted(rows)


QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
WATER = st.lists(st.integers(0, 90_000), min_size=3, max_size=3)


@QUICK
@given(networks(), WATER, st.lists(st.integers(1, 700), min_size=3, max_size=6))
def test_no_drop_is_lost_or_made(things: list[Thing], water: list[int], jumps: list[int]) -> None:
    world, made = built(things, water)
    before = amounts(made).get("water", 0)
    for jump in jumps:
        world.advance(world.tick + jump)
        now = amounts(made)
        water_made, water_used = flowed(world, "water", True), flowed(world, "water", False)
        assert now.get("water", 0) == before + water_made - water_used - in_barrels(made)
        assert now.get("steam", 0) == flowed(world, "steam", True) - flowed(world, "steam", False)
        assert flowed(world, "steam", True) >= water_used * 10


@QUICK
@given(networks(), WATER, st.integers(1, 900))
def test_one_jump_is_as_many_small_ones(things: list[Thing], water: list[int], until: int) -> None:
    (one, _), (many, made) = built(things, water), built(things, water)
    one.advance(until)
    for tick in range(1, until + 1, 7):
        many.advance(tick)
        look(made)
        amounts(made)
        [e.status() for e in made]
    many.advance(until)
    assert state_hash(one, {}, []) == state_hash(many, {}, [])


@QUICK
@given(networks(assemblers=1), WATER, st.randoms(use_true_random=False))
def test_it_does_not_matter_in_which_order_they_were_built(
    things: list[Thing], water: list[int], random: Any
) -> None:
    other = list(things)
    random.shuffle(other)
    (one, made), (two, again) = built(things, water), built(other, water)
    for until in (1, 10, 100, 600):
        one.advance(until)
        two.advance(until)
        assert look(made) == look(again)


# Pumps that run in circles. In the first their shares halve from round to round without end; in the second, some
# take out of the pipes that they put into.
CIRCLES: list[tuple[list[Thing], str]] = [
    (
        [("pump", 1.5, 12, 8), ("pump", 6.5, 8, 0), ("pump", 1.5, 10, 8), ("pump", 9.5, 13, 8),
         ("offshore-pump", 4, 1.5, 12)],
        """
        ..........
        .....++...
        ......+...
        ....++++..
        ....+..+..
        +++++..+..
        +......+..
        +......+..
        ++.....+++
        ......++.+
        ......+..+
        ......+..+
        ....+++...
        .++++.....
        """,
    ),
    (
        [("storage-tank", 7.5, 4.5, 12), ("pump", 0.5, 6, 8), ("pump", 4.5, 5, 8), ("pump", 5, 3.5, 4),
         ("pump", 1, 0.5, 4), ("pump", 2.5, 4, 0), ("pump", 2.5, 8, 0), ("pump", 5.5, 5, 8),
         ("offshore-pump", 3.5, 1, 0)],
        """
        ..+.+.+.+
        .+..+++++
        +++++++++
        .+.+.....
        ++.+.....
        ..++.....
        .++.+++++
        ++.+.++..
        ++.+..+.+
        """,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("machines", "pipes"), CIRCLES)
def test_pumps_in_circles_take_no_more_than_there_is_however_they_were_built(
    machines: list[Thing], pipes: str
) -> None:
    things = machines + [
        ("pipe", x + 0.5, y + 0.5, 0)
        for y, row in enumerate(pipes.split())
        for x, c in enumerate(row)
        if c == "+"
    ]
    seen = []
    for order in range(40):
        random.Random(order).shuffle(things)
        world, made = built(things, [27_583])
        before = amounts(made).get("water", 0)
        for until in (1, 2, 3, 10, 600):
            world.advance(until)
            flows = flowed(world, "water", True) - flowed(world, "water", False)
            assert amounts(made).get("water", 0) == before + flows
        seen.append(look(made))
    assert all(rows == seen[0] for rows in seen)
