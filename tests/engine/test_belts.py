"""Belts against what was measured on Factorio 2.0.60 (divagr18/FactorioGym, docs/sim-logistics.md)."""

from __future__ import annotations

import random

import pytest

from runtime.engine.entity import Entity
from runtime.engine.prototypes import load
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.world import World
from tests.engine.test_placing import put

NORTH, EAST, SOUTH, WEST = 0, 4, 8, 12
STEP = {NORTH: (0, -1), EAST: (1, 0), SOUTH: (0, 1), WEST: (-1, 0)}


def new_world() -> World:
    return World(tile_at=lambda x, y: "lab-dark-1", seed=1)


def build(world: World, name: str, x: float, y: float, direction: int = NORTH) -> Entity:
    return world.create(name, x, y, direction, world.forces["player"])


def line(
    world: World, x: int, y: int, direction: int, count: int, name: str = "transport-belt"
) -> list[TransportBelt]:
    dx, dy = STEP[direction]
    belts = [build(world, name, x + 0.5 + dx * i, y + 0.5 + dy * i, direction) for i in range(count)]
    assert all(isinstance(b, TransportBelt) for b in belts)
    return belts  # type: ignore[return-value]


def places(belt: Entity, lane: int) -> list[int]:
    assert isinstance(belt, TransportBelt)
    return [round(place * 256) for _, place in belt.lane_contents(lane)]


def test_items_move_and_cross_belts_without_delay() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 10)
    accepted = []
    for tick in range(48):
        world.advance(tick)
        if belts[0].insert_at_back(1, "iron-plate"):
            accepted.append(tick)
        if tick == 0:
            assert places(belts[0], 1) == [248]
        if tick == 31:
            assert places(belts[0], 1)[0] == 0
        if tick == 32:
            assert places(belts[1], 1) == [248]
    assert accepted == [0, 8, 16, 24, 32, 40]
    world.advance(318)
    assert places(belts[9], 1)[0] == 8
    world.advance(319)
    assert places(belts[9], 1)[0] == 0
    world.advance(400)
    assert places(belts[9], 1) == [0, 64, 128, 192]
    assert places(belts[8], 1) == [0, 64]
    assert places(belts[9], 2) == []


def test_nothing_happens_while_items_move() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 50)
    for belt in belts[:20]:
        belt.insert("iron-plate", 8)
    assert world.next_event_tick() is None


@pytest.mark.parametrize(
    ("first", "then", "shape", "outer", "inner"),
    [(EAST, SOUTH, "right", 1, 2), (EAST, NORTH, "left", 2, 1), (SOUTH, WEST, "right", 1, 2), (NORTH, WEST, "left", 2, 1)],
)  # fmt: skip
def test_curve(first: int, then: int, shape: str, outer: int, inner: int) -> None:
    world = new_world()
    before = line(world, 0, 0, first, 4)
    dx, dy = STEP[first]
    after = line(world, 4 * dx, 4 * dy, then, 4)
    turn = after[0]
    assert turn.shape() == shape
    assert (round(turn.line_length(outer) * 256), round(turn.line_length(inner) * 256)) == (295, 106)
    assert before[0].insert_at_back(1, "iron-plate")
    assert before[0].insert_at_back(2, "iron-plate")
    world.advance(128)
    assert places(turn, outer) == [287]
    assert places(turn, inner) == [98]
    world.advance(140)
    assert places(turn, inner) == [2]
    world.advance(141)
    assert places(after[1], inner) == [250]
    world.advance(163)
    assert places(turn, outer) == [7]
    world.advance(164)
    assert places(after[1], outer) == [255]
    world.advance(236)
    assert places(after[3], inner) != [0]
    world.advance(237)
    assert places(after[3], inner) == [0]
    world.advance(259)
    assert places(after[3], outer) != [0]
    world.advance(260)
    assert places(after[3], outer) == [0]


@pytest.mark.parametrize("phase", range(8))
@pytest.mark.parametrize(
    ("feed_direction", "feed_lane", "main_lane", "entry"),
    [(NORTH, 1, 2, 180), (NORTH, 2, 2, 59), (SOUTH, 2, 1, 180), (SOUTH, 1, 1, 59)],
)
def test_one_item_side_loads(
    phase: int, feed_direction: int, feed_lane: int, main_lane: int, entry: int
) -> None:
    world = new_world()
    main = line(world, 0, 0, EAST, 5)
    dy = STEP[feed_direction][1]
    feed = line(world, 2, -4 * dy, feed_direction, 4)
    assert main[2].shape() == "straight"
    assert feed[3].insert_at(feed_lane, 0.5 + phase / 256, "iron-plate")
    assert places(feed[3], feed_lane) == [120 + phase]
    world.advance(15)
    assert places(feed[3], feed_lane) == [phase]
    world.advance(16)
    assert places(feed[3], feed_lane) == []
    assert places(main[2], main_lane) == [entry + phase]


def test_feed_waits_for_a_gap() -> None:
    world = new_world()
    main = line(world, 0, 0, EAST, 3)
    feed = line(world, 2, 4, NORTH, 4)
    for belt in feed:
        belt.insert("copper-plate", 8)
    world.advance(400)
    # The near lane of the last main belt fills, from the feed's entry point forward; then everything stands.
    assert places(main[2], 2) == [0, 64, 128, 192]
    on_feed = sum(len(places(b, lane)) for b in feed for lane in (1, 2))
    on_main = sum(len(places(b, 2)) for b in main)
    assert (on_feed + on_main, on_main) == (32, 4)
    assert places(feed[3], 1) == [0, 64, 128, 192]
    assert world.next_event_tick() is None
    assert main[2].remove_from(2, "copper-plate", 1) == 1
    world.advance(world.tick + 40)
    assert len(places(main[2], 2)) == 4
    assert world.next_event_tick() is None


def test_side_fed_belts_keep_their_shape_when_a_belt_is_behind() -> None:
    world = new_world()
    target = line(world, 0, 0, EAST, 2)[0]
    line(world, 0, 1, NORTH, 1)
    assert target.shape() == "right"
    line(world, -1, 0, EAST, 1)
    assert target.shape() == "straight"


def test_fed_from_both_sides_stays_straight() -> None:
    world = new_world()
    target = line(world, 0, 0, EAST, 2)[0]
    line(world, 0, 1, NORTH, 1)
    assert target.shape() == "right"
    line(world, 0, -1, SOUTH, 1)
    assert target.shape() == "straight"
    assert len(target.inputs()) == 2


def test_head_on_belts_do_not_connect() -> None:
    world = new_world()
    left = line(world, 0, 0, EAST, 1)[0]
    right = line(world, 1, 0, WEST, 1)[0]
    assert left.outputs() == []
    assert right.inputs() == []
    left.insert_at(1, 0.5, "iron-plate")
    world.advance(100)
    assert places(left, 1) == [0]


def test_drops_block_and_go_on() -> None:
    world = new_world()
    belt = line(world, 0, 0, EAST, 1)[0]
    seen = []
    for tick in range(0, 400, 100):
        world.advance(tick)
        seen.append(world.belts.drop(belt, 0.5, 0.3, "iron-ore", tick))
    assert seen == [True, True, True, False]
    assert places(belt, 1) == [0, 64, 128]
    # Extended: on the next tick the item ahead has moved on by one step, and the drop lands right behind it.
    line(world, 1, 0, EAST, 2)
    world.advance(301)
    assert world.belts.drop(belt, 0.5, 0.3, "iron-ore", 301)
    assert places(belt, 1) == [56, 120, 184]


@pytest.mark.parametrize(("direction", "lane", "first"), [(EAST, 2, 120), (WEST, 1, 120), (SOUTH, 2, 69)])
def test_drop_point_decides_lane_and_place(direction: int, lane: int, first: int) -> None:
    world = new_world()
    belt = line(world, 0, 1, direction, 1)[0]
    assert world.belts.drop(belt, 0.5, 0.5 + 1.19921875, "iron-plate", 0)
    assert places(belt, lane) == [first]


def test_a_fully_compressed_moving_lane_takes_no_drop() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 20)
    for belt in belts[:6]:
        assert belt.insert("iron-plate", 4) == 4
    world.advance(4)
    assert not world.belts.drop(belts[4], 4.5, 0.3, "copper-plate", 4)
    assert world.belts.drop(belts[8], 8.5, 0.3, "copper-plate", 4)


def test_squeezing_in_holds_up_what_is_behind() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 4)
    assert belts[0].insert_at(1, 0.625, "iron-plate")  # reads 152
    assert places(belts[0], 1) == [152]
    assert world.belts.drop(belts[0], 0.5, 0.3, "copper-plate", 0)
    assert places(belts[0], 1) == [120, 152]
    world.advance(4)
    assert places(belts[0], 1) == [88, 152]
    world.advance(6)
    assert places(belts[0], 1) == [72, 136]
    world.advance(300)
    assert places(belts[3], 1) == [0, 64]


def test_removing_an_item_lets_the_rest_follow() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 2)
    for belt in belts:
        belt.insert("iron-plate", 4)
    world.advance(50)
    assert places(belts[1], 1) == [0, 64, 128, 192]
    assert belts[1].remove_from(1, "iron-plate", 1) == 1
    assert places(belts[1], 1) == [64, 128, 192]
    world.advance(51)
    assert places(belts[1], 1) == [56, 120, 184, 248]
    world.advance(58)
    assert places(belts[1], 1) == [0, 64, 128, 192]


@pytest.mark.parametrize(
    ("name", "speed"), [("transport-belt", 8), ("fast-transport-belt", 16), ("express-transport-belt", 24)]
)
def test_speeds(name: str, speed: int) -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 8, name)
    belts[0].insert_at(1, 0.75, "iron-plate")
    assert places(belts[0], 1) == [192 - speed]
    arrival = -(-(192 - speed + 7 * 256) // speed)
    world.advance(arrival - 1)
    assert places(belts[7], 1)[0] > 0
    world.advance(arrival)
    assert places(belts[7], 1) == [0]


def test_throughput_between_belts_of_different_speed() -> None:
    world = new_world()
    slow = line(world, 0, 0, EAST, 4)
    line(world, 4, 0, EAST, 4, "fast-transport-belt")
    for belt in slow:
        belt.insert("iron-plate", 8)
    world.advance(200)
    fast = [e for e in world.surface.by_name["fast-transport-belt"].values() if isinstance(e, TransportBelt)]
    assert sum(len(places(b, 1)) for b in fast) == 16
    assert all(places(b, 1) == [] for b in slow)
    assert places(fast[3], 1) == [0, 64, 128, 192]


def test_a_loop_keeps_its_items_moving() -> None:
    world = new_world()
    corners = [(0, 0, EAST), (1, 0, SOUTH), (1, 1, WEST), (0, 1, NORTH)]
    belts = [line(world, x, y, d, 1)[0] for x, y, d in corners]
    assert {b.shape() for b in belts} == {"right"}
    belts[0].insert_at(1, 0.5, "iron-plate")
    seen = set()
    for tick in range(0, 600, 7):
        world.advance(tick)
        seen.add(next(i for i, b in enumerate(belts) if places(b, 1)))
        assert sum(len(places(b, 1)) for b in belts) == 1
    assert seen == {0, 1, 2, 3}


@pytest.mark.parametrize("items", [3, 30, 70])
def test_full_loops_turn(items: int) -> None:
    world = new_world()
    ring = [
        line(world, 0, 0, EAST, 3),
        line(world, 3, 0, SOUTH, 3),
        line(world, 3, 3, WEST, 3),
        line(world, 0, 3, NORTH, 3),
    ]
    belts = [b for side in ring for b in side]
    rng = random.Random(1)
    put = 0
    for _ in range(1000):
        world.advance(world.tick + 3)
        if put < items:
            put += rng.choice(belts).insert_at(rng.choice([1, 2]), rng.random(), "iron-plate")
    belts[0].remove("iron-plate", 1)
    assert belts[0].insert("copper-plate", 1) == 1
    seen: set[int] = set()
    for _ in range(400):
        world.advance(world.tick + 5)
        seen.update(i for i, b in enumerate(belts) if "copper-plate" in b.offer())
        assert sum(len(places(b, lane)) for b in belts for lane in (1, 2)) in (put, put + 1)
    assert seen == set(range(12))


def test_rotating_keeps_items_and_their_share_of_the_way() -> None:
    world = new_world()
    line(world, 0, 0, EAST, 1)
    turn = line(world, 1, 0, SOUTH, 1)[0]
    turn.insert_at(1, 200 / 256, "iron-plate")
    turn.insert_at(2, 50 / 256, "copper-plate")
    assert (places(turn, 1), places(turn, 2)) == ([192], [42])
    turn.rotate_to(EAST)
    assert turn.shape() == "straight"
    assert (places(turn, 1), places(turn, 2)) == ([192 * 255 // 295], [42 * 255 // 106])


def test_removed_belts_give_their_items() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 3)
    belts[1].insert_at(2, 0.5, "copper-plate")
    belts[1].insert_at(1, 0.25, "iron-plate")
    belts[1].insert_at(1, 0.75, "coal")
    belts[2].insert_at(1, 0.5, "stone")
    assert belts[1].mined_items() == [("iron-plate", 1), ("coal", 1), ("copper-plate", 1)]
    world.destroy(belts[1])
    world.advance(50)
    assert places(belts[2], 1) == [0]
    assert belts[0].outputs() == []
    assert belts[2].inputs() == []


@pytest.mark.parametrize("seed", range(12))
def test_items_are_neither_lost_nor_overlapping(seed: int) -> None:
    """Belts built, turned, removed, loaded and unloaded at random: every item is somewhere, in order, once."""
    rng = random.Random(seed)
    world = new_world()
    count = 0
    cells: dict[tuple[int, int], TransportBelt] = {}
    for _ in range(300):
        world.advance(world.tick + rng.randrange(1, 20))
        x, y = rng.randrange(5), rng.randrange(5)
        belt = cells.get((x, y))
        what = rng.random()
        if belt is None:
            name = rng.choice(["transport-belt", "fast-transport-belt"])
            cells[(x, y)] = line(world, x, y, rng.choice([NORTH, EAST, SOUTH, WEST]), 1, name)[0]
        elif what < 0.1:
            count -= len(belt.mined_items())
            world.destroy(cells.pop((x, y)))
        elif what < 0.2:
            belt.rotate_to(rng.choice([NORTH, EAST, SOUTH, WEST]))
        elif what < 0.8:
            count += belt.insert_at(rng.choice([1, 2]), rng.random() * 0.99, "iron-plate")
        else:
            count -= belt.remove("iron-plate", 1)
        total = 0
        for b in cells.values():
            for lane in (1, 2):
                here = places(b, lane)
                total += len(here)
                assert here == sorted(here)
                assert all(0 <= p < b.lengths[lane - 1] for p in here)
        assert total == count


@pytest.mark.parametrize("seed", range(6))
def test_looking_changes_nothing(seed: int) -> None:
    def run(look: bool) -> list[object]:
        rng = random.Random(seed)
        world = new_world()
        cells: dict[tuple[int, int], TransportBelt] = {}
        for _ in range(150):
            target = world.tick + rng.randrange(1, 30)
            while look and world.tick < target - 1:
                world.advance(world.tick + 1)
                for b in cells.values():
                    b.state()
                    b.item_positions()
                    b.can_insert_at_back(1)
            world.advance(target)
            x, y = rng.randrange(4), rng.randrange(4)
            belt = cells.get((x, y))
            if belt is None:
                cells[(x, y)] = line(world, x, y, rng.choice([NORTH, EAST, SOUTH, WEST]), 1)[0]
            elif rng.random() < 0.7:
                belt.insert_at(rng.choice([1, 2]), rng.random() * 0.99, "iron-plate")
            else:
                belt.remove("iron-plate", 1)
        return [b.state() for b in cells.values()]

    assert run(False) == run(True)


def test_speeds_come_from_the_prototypes() -> None:
    world = new_world()
    for name, proto in load().entity.items():
        if proto.type == "transport-belt":
            belt = build(world, name, 0.5, 0.5, EAST)
            assert isinstance(belt, TransportBelt)
            assert belt.speed == round(proto.raw["speed"] * 256)
            world.destroy(belt)


@pytest.mark.parametrize("curved", [False, True])
def test_a_faster_belt_over_one_keeps_what_is_on_it(curved: bool) -> None:
    world = new_world()
    before = line(world, 0, 0, EAST, 3)
    if curved:
        line(world, 3, 0, SOUTH, 1)
    row = [*before, *line(world, 3, 1 if curved else 0, SOUTH if curved else EAST, 3)]
    for belt in row:
        belt.insert("iron-plate", 3)
    world.advance(19)
    belt = next(b for b in world.belts.grid.values() if b.cell == (3, 0))
    was = [places(belt, lane) for lane in (1, 2)]
    assert any(was)
    better = put(world, "fast-transport-belt", belt.x, belt.y, belt.direction, fast=True)
    assert isinstance(better, TransportBelt)
    assert [places(better, lane) for lane in (1, 2)] == was
    assert better.shape() == ("right" if curved else "straight")
    assert not belt.valid
    total = 18
    world.advance(500)
    assert sum(len(places(b, lane)) for b in world.belts.grid.values() for lane in (1, 2)) == total
    assert "item-entity" not in world.surface.by_type


def test_belts_are_not_built_over_what_is_no_belt() -> None:
    world = new_world()
    build(world, "wooden-chest", 0.5, 0.5)
    assert put(world, "transport-belt", 0.5, 0.5, EAST, fast=True) is None
    belt = put(world, "transport-belt", 1.5, 0.5, EAST)
    assert belt is not None
    assert put(world, "transport-belt", 1.5, 0.5, EAST, fast=True) is None
    assert put(world, "transport-belt", 1.5, 0.5, SOUTH, fast=True) is belt


@pytest.mark.parametrize(
    ("name", "per_second"),
    [("transport-belt", 15), ("fast-transport-belt", 30), ("express-transport-belt", 45)],
)
def test_throughput_of_both_lanes(name: str, per_second: int) -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 70, name)
    for belt in belts[:30]:
        for lane in (1, 2):
            for place in (64, 128, 192, 256):
                assert belt.insert_at(lane, place / 256, "iron-plate")
    ticks = 80
    world.advance(ticks)
    passed = sum(len(places(b, lane)) for b in belts[30:] for lane in (1, 2))
    assert abs(passed - per_second * ticks / 60) <= 2


def test_rings_of_belts_of_different_speed_keep_their_items() -> None:
    world = new_world()
    names = ["transport-belt", "fast-transport-belt", "express-transport-belt"]
    corners = [(0, 0, EAST), (3, 0, SOUTH), (3, 3, WEST), (0, 3, NORTH)]
    belts = [b for i, (x, y, d) in enumerate(corners) for b in line(world, x, y, d, 3, names[i % 3])]
    put_on = sum(b.insert("coal", 4) for b in belts[:9])
    seen = set()
    for _ in range(300):
        world.advance(world.tick + 11)
        assert sum(len(places(b, lane)) for b in belts for lane in (1, 2)) == put_on
        seen.add(tuple(len(places(b, 1)) for b in belts))
    assert len(seen) > 20


def test_a_gap_made_while_waiting_for_another_is_used() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 60)
    for belt in belts[:20]:
        for place in (64, 128, 192, 256):
            assert belt.insert_at(1, place / 256, "iron-plate")
    world.advance(8)
    waiter = build(world, "burner-inserter", 15.5, 1.5, SOUTH)
    chest = build(world, "wooden-chest", 15.5, 2.5)
    chest.insert("stone", 1)
    while waiter.status() != "waiting_for_space_in_destination":
        world.advance(world.tick + 1)
        assert world.tick < 100
    # Over a full lane it would have to wait until all of it has gone by.
    upstream = next(b for b in belts if b.cell == (12, 0))
    assert upstream.remove_from(1, "iron-plate", 1) == 1
    world.advance(world.tick + 3 * 32 + 16)
    assert sum(n == "stone" for b in belts for n, _ in b.lane_contents(1)) == 1
