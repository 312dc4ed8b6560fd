"""Inserters against what was measured on Factorio 2.0.60 (divagr18/FactorioGym, docs/sim-logistics.md)."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from runtime.engine.entity import Entity
from runtime.engine.prototypes import joules
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.electricity import drain_of
from runtime.engine.systems.ground import ItemOnGround
from runtime.engine.systems.inserters import Inserter
from runtime.engine.world import World
from tests.engine.test_belts import EAST, NORTH, SOUTH, WEST, build, line, new_world, places


def tile_at(x: int, y: int) -> str:
    return "lab-dark-1"


def inserter(world: World, x: float, y: float, direction: int, name: str = "burner-inserter") -> Inserter:
    found = build(world, name, x, y, direction)
    assert isinstance(found, Inserter)
    return found


def mains(world: World) -> None:
    """Power enough for what stands around the origin."""
    world.surface.always_day = True
    build(world, "substation", 6, 0)
    for y in range(-6, 9, 3):
        build(world, "solar-panel", 10.5, y + 0.5)


def chest_to_chest(
    name: str = "burner-inserter", item: str = "iron-plate", reach: int = 1
) -> tuple[World, Entity, Inserter, Entity]:
    world = new_world()
    source = build(world, "wooden-chest", 0.5, 0.5 - reach)
    target = build(world, "wooden-chest", 0.5, 0.5 + reach)
    source.insert(item, 200)
    return world, source, inserter(world, 0.5, 0.5, NORTH, name), target


def hand(
    world: World, ins: Inserter, to: int, before_each: Callable[[int], Any] = lambda tick: None
) -> list[int]:
    """The ticks at which the hand fills, then empties, and so on."""
    seen: list[int] = []
    held = ins.held
    while world.tick < to:
        world.advance(world.tick + 1)
        before_each(world.tick)
        if ins.held != held:
            held = ins.held
            seen.append(world.tick)
    return seen


def test_geometry() -> None:
    world = new_world()
    ins = inserter(world, 160.5, 130.5, NORTH)
    assert ins.pickup_position() == (160.5, 129.5)
    assert ins.drop_position() == (160.5, 131.69921875)
    ins.rotate_to(EAST)
    assert ins.pickup_position() == (161.5, 130.5)
    assert ins.drop_position() == (160.5 - 1.19921875, 130.5)


def test_built_with_a_quarter_of_a_wood_and_a_retracted_hand() -> None:
    world = new_world()
    ins = inserter(world, 0.5, 0.5, NORTH)
    assert ins.burner is not None
    assert (ins.burner.burning, ins.burner.remaining) == ("wood", 500_000)
    assert ins.burner.inventory.is_empty()
    assert ins.hand_position() == (0.5, 0.5 - 0.7)


def test_chest_to_chest() -> None:
    world, _, ins, target = chest_to_chest()
    assert hand(world, ins, 130) == [9, 47, 85, 123]
    assert target.inventories()[1].count() == 2


def test_energy_of_a_cycle() -> None:
    world, _, ins, _ = chest_to_chest()
    assert ins.burner is not None
    world.advance(1)
    assert ins.burner.remaining == 500_000 - 2560
    world.advance(85)
    before = ins.burner.remaining
    world.advance(90)
    ins.settle()
    assert before - ins.burner.remaining == 5 * 2400
    world.advance(123)
    assert before - ins.burner.remaining == 33_450
    world.advance(161)
    assert before - ins.burner.remaining == 66_900


@pytest.mark.parametrize(
    ("name", "half", "reach"),
    [
        ("inserter", 35, 1),
        ("fast-inserter", 12, 1),
        ("long-handed-inserter", 25, 2),
        ("bulk-inserter", 12, 1),
    ],
)
def test_electric_inserters_swing_in_their_time(name: str, half: int, reach: int) -> None:
    world, _, ins, _ = chest_to_chest(name, reach=reach)
    mains(world)
    seen = hand(world, ins, 300)
    assert [b - a for a, b in itertools.pairwise(seen)] == [half] * (len(seen) - 1)
    assert ins.power is not None
    assert ins.power.network is not None
    assert ins.power.network.consumption()[name] > 0


def test_without_power_nothing_moves() -> None:
    world, _, ins, target = chest_to_chest("inserter")
    world.advance(200)
    assert ins.status() == "no_power"
    assert target.inventories()[1].is_empty()


def test_fuel_is_lit_when_due_and_runs_out() -> None:
    world, _, ins, target = chest_to_chest()
    assert ins.burner is not None
    ins.insert("wood", 1)
    world.advance(550)
    assert ins.burner.inventory.count() == 1
    world.advance(551)
    assert ins.burner.inventory.count() == 0
    assert ins.burner.remaining == 2_000_000 - 110
    world.advance(2824)
    assert ins.status() == "working"
    world.advance(2826)
    assert ins.status() == "no_fuel"
    assert ins.held == "iron-plate"
    assert target.inventories()[1].count() == 37
    ins.insert("coal", 1)
    world.advance(2900)
    assert target.inventories()[1].count() == 38


def test_it_keeps_fuel_that_it_moves_for_itself() -> None:
    world, _, ins, target = chest_to_chest(item="coal")
    assert hand(world, ins, 110) == [9, 37, 65, 103]
    assert ins.burner is not None
    assert ins.burner.inventory.count("coal") == 1
    assert target.inventories()[1].count() == 1
    world.advance(453)
    assert ins.burner.inventory.count("coal") == 1
    world.advance(454)
    assert ins.burner.inventory.count("coal") == 0
    world.advance(490)
    assert ins.burner.inventory.count("coal") == 0
    world.advance(491)
    assert ins.burner.inventory.count("coal") == 1


@pytest.mark.parametrize(
    ("item", "delivered", "count"),
    [("iron-ore", [47, 123], 2), ("stone", [47, 123, 199, 275], 4), ("coal", None, 5), ("iron-plate", [], 0)],
)
def test_fill_limits_of_a_furnace_are_checked_before_picking_up(
    item: str, delivered: list[int] | None, count: int
) -> None:
    world = new_world()
    source = build(world, "wooden-chest", 0.5, -0.5)
    ins = inserter(world, 0.5, 0.5, NORTH)
    ins.insert("coal", 5)
    furnace = build(world, "stone-furnace", 1, 2)
    source.insert(item, 50)
    seen = hand(world, ins, 800)
    if delivered is not None:
        assert seen[1::2] == delivered
    assert ins.held is None
    assert ins.status() == "waiting_for_source_items"
    assert sum(i.count(item) for i in furnace.inventories().values()) == count


def test_a_waiting_inserter_acts_on_the_next_tick() -> None:
    world = new_world()
    source = build(world, "wooden-chest", 0.5, -0.5)
    target = build(world, "wooden-chest", 0.5, 1.5)
    ins = inserter(world, 0.5, 0.5, NORTH)
    world.advance(100)
    assert ins.status() == "waiting_for_source_items"
    assert world.next_event_tick() is None
    source.insert("stone", 1)
    assert hand(world, ins, 200) == [101, 139]
    assert target.inventories()[1].count("stone") == 1


@pytest.mark.parametrize(("direction", "lane", "first"), [(EAST, 2, 120), (WEST, 1, 120), (SOUTH, 2, 69)])
def test_drops_on_the_far_lane_until_it_is_full(direction: int, lane: int, first: int) -> None:
    full = [0, 64, 128]
    world = new_world()
    build(world, "wooden-chest", 0.5, -0.5).insert("iron-plate", 50)
    ins = inserter(world, 0.5, 0.5, NORTH)
    belt = line(world, 0, 1, direction, 1)[0]
    world.advance(46)
    assert places(belt, lane) == []
    world.advance(47)
    assert places(belt, lane) == [first]
    assert places(belt, 3 - lane) == []
    world.advance(900)
    assert places(belt, lane) == full
    assert ins.held == "iron-plate"
    assert ins.status() == "waiting_for_space_in_destination"
    assert world.next_event_tick() is None
    belt.remove("iron-plate", 1)
    world.advance(world.tick + 20)
    assert ins.status() == "working"
    assert places(belt, lane) == full


def test_picks_what_is_dropped_on_the_belt_before_it() -> None:
    # Rig `same`: an item on the far lane of the pickup belt at tick 243.
    world = new_world()
    belt = line(world, 0, 0, EAST, 1)[0]
    ins = inserter(world, 0.5, 1.5, NORTH)
    build(world, "wooden-chest", 0.5, 2.5)
    world.advance(243)
    assert belt.insert_at(1, 0.5, "iron-ore")
    assert places(belt, 1) == [120]
    assert hand(world, ins, 300) == [250, 286]


def test_picks_what_comes_from_the_belt_before() -> None:
    # Rig `tick_ins`: an item on the first of two belts at tick 243, an inserter beside the second.
    world = new_world()
    belts = line(world, 0, 0, EAST, 2)
    ins = inserter(world, 1.5, 1.5, NORTH)
    build(world, "wooden-chest", 1.5, 2.5)
    world.advance(243)
    assert belts[0].insert_at(1, 0.5, "iron-ore")
    assert hand(world, ins, 320) == [265, 300]


@pytest.mark.parametrize(("lane", "moved", "period", "since"), [(2, 40, 140, 325), (1, 38, 220, 481)])
def test_picks_from_a_moving_belt(lane: int, moved: int, period: int, since: int) -> None:
    # Rigs `flow` (near lane) and `flow2` (far lane): an item every 20 ticks.
    world = new_world()
    belts = line(world, 0, 0, EAST, 16)
    ins = inserter(world, belts[8].x, 1.5, NORTH)
    ins.insert("coal", 5)
    target = build(world, "wooden-chest", belts[8].x, 2.5)

    def feed(tick: int) -> None:
        if tick % 20 == 0:
            belts[0].insert_at_back(lane, "iron-plate")

    feed(0)
    seen = hand(world, ins, 3000, feed)
    assert target.inventories()[1].count() == moved
    picks = set(seen[::2])
    assert since in picks
    # Until the items that it leaves have piled up as far as its belt.
    assert {t + period for t in picks if since <= t < 800 - period} <= picks


def test_prefers_the_near_lane_then_what_is_farthest_upstream() -> None:
    for direction, y, near in ((NORTH, 1.5, 2), (SOUTH, -0.5, 1)):
        world = new_world()
        belt = line(world, 0, 0, EAST, 1)[0]
        for lane in (1, 2):
            for place in (0, 0.25, 0.5):
                assert belt.insert_at(lane, place, "iron-plate")
        ins = inserter(world, 0.5, y, direction)
        build(world, "wooden-chest", 0.5, 2 * y - 0.5)
        hand(world, ins, 60)
        assert places(belt, near) == [0, 64]
        assert places(belt, 3 - near) == [0, 64, 128]


def test_two_inserters_share_one_item() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 4)
    pair = [inserter(world, 2.5, 1.5, NORTH), inserter(world, 2.5, -0.5, SOUTH)]
    chests = [build(world, "wooden-chest", 2.5, 2.5), build(world, "wooden-chest", 2.5, -1.5)]
    for ins in pair:
        ins.insert("coal", 1)
    world.advance(100)
    for _ in range(10):
        belts[0].insert_at(1, 0.5, "iron-plate")
        world.advance(world.tick + 200)
    counts = [c.inventories()[1].count() for c in chests]
    assert sum(counts) + len(places(belts[3], 1)) == 10
    assert all(p.held is None for p in pair)
    assert all(p.status() == "waiting_for_source_items" for p in pair)


def test_filters() -> None:
    world, source, ins, target = chest_to_chest()
    source.insert("coal", 10)
    ins.insert("wood", 1)
    ins.use_filters = True
    ins.filters[1] = "coal"
    world.advance(500)
    assert set(target.inventories()[1].contents()) == {"coal"}


def test_filters_on_a_mixed_belt() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 3)
    ins = inserter(world, 1.5, 1.5, NORTH)
    ins.insert("coal", 5)
    ins.use_filters = True
    ins.filters[1] = "copper-plate"
    target = build(world, "wooden-chest", 1.5, 2.5)
    for _ in range(3):
        for name in ("iron-plate", "copper-plate"):
            belts[0].insert_at_back(1, name)
            world.advance(world.tick + 16)
    world.advance(1000)
    moved = target.inventories()[1].contents()
    left = [name for belt in belts for name, _ in belt.lane_contents(1)]
    assert moved.get("copper-plate", 0) + left.count("copper-plate") == 3
    assert "iron-plate" not in moved
    assert world.next_event_tick() is None


def test_full_chest_is_waited_for_with_an_item_in_the_hand() -> None:
    world, _, ins, target = chest_to_chest()
    ins.insert("coal", 5)
    chest = target.inventories()[1]
    chest.insert("iron-plate", 100 * len(chest) - 1)
    world.advance(300)
    assert chest.is_full()
    assert ins.held == "iron-plate"
    assert ins.status() == "waiting_for_space_in_destination"
    assert world.next_event_tick() is None
    chest.remove("iron-plate", 1)
    world.advance(301)
    assert ins.held is None


def test_to_and_from_the_ground() -> None:
    world = new_world()
    build(world, "wooden-chest", 0.5, -0.5).insert("iron-plate", 3)
    first = inserter(world, 0.5, 0.5, NORTH)
    world.advance(300)
    piles = list(world.surface.by_type["item-entity"].values())
    assert len(piles) == 1
    assert isinstance(piles[0], ItemOnGround)
    assert (piles[0].x, piles[0].y, piles[0].stack_name, piles[0].count) == (
        0.5,
        0.5 + 1.19921875,
        "iron-plate",
        1,
    )
    assert first.status() == "waiting_for_space_in_destination"
    build(world, "wooden-chest", 0.5, 3.5)
    inserter(world, 0.5, 2.5, NORTH)
    world.advance(1000)
    assert sum(c.inventories()[1].count() for c in world.surface.by_name["wooden-chest"].values()) == 3


def test_what_is_built_and_removed_around_it_is_noticed() -> None:
    world = new_world()
    ins = inserter(world, 0.5, 0.5, NORTH)
    world.advance(50)
    assert ins.status() == "waiting_for_source_items"
    source = build(world, "wooden-chest", 0.5, -0.5)
    source.insert("iron-plate", 2)
    target = build(world, "wooden-chest", 0.5, 1.5)
    world.advance(150)
    assert target.inventories()[1].count() == 1
    world.destroy(target)
    belt = line(world, 0, 1, EAST, 1)[0]
    world.advance(250)
    assert places(belt, 2) == [0]
    world.destroy(source)
    pickup = line(world, 0, -1, EAST, 1)[0]
    pickup.insert_at(1, 0.5, "coal")
    world.advance(400)
    assert [n for n, _ in belt.lane_contents(2)] == ["iron-plate"]
    assert ins.burner is not None
    assert ins.burner.inventory.count("coal") == 1  # for itself first


def test_the_belt_under_a_chase_goes() -> None:
    world = new_world()
    belts = line(world, 0, 0, EAST, 3)
    ins = inserter(world, 1.5, 1.5, NORTH)
    build(world, "wooden-chest", 1.5, 2.5)
    world.advance(100)
    belts[1].insert_at(1, 0.9, "iron-plate")
    world.advance(102)
    world.destroy(belts[1])
    world.advance(200)
    assert ins.held is None
    assert ins.status() == "waiting_for_source_items"
    line(world, 1, 0, EAST, 1)[0].insert_at(1, 0.5, "iron-plate")
    world.advance(300)
    assert build(world, "wooden-chest", 10.5, 0.5).inventories()[1].is_empty()
    assert sum(c.inventories()[1].count() for c in world.surface.by_name["wooden-chest"].values()) == 1


def cell(world: World, x: int, y: int, items: int) -> list[Entity]:
    """A belt line loaded with ore and coal, a furnace fed from it, and a chest for the plates."""
    belts = line(world, x, y, EAST, 6)
    feed = line(world, x + 2, y + 3, NORTH, 3)
    one = inserter(world, x + 6.5, y + 0.5, WEST)
    two = inserter(world, x + 4.5, y - 0.5, SOUTH)
    furnace = build(world, "stone-furnace", x + 8, y + 1)
    three = inserter(world, x + 9.5, y + 0.5, WEST)
    chest = build(world, "wooden-chest", x + 10.5, y + 0.5)
    spare = build(world, "wooden-chest", x + 4.5, y - 1.5)
    for belt in belts[:items]:
        belt.insert("iron-ore", 6)
    for belt in feed:
        belt.insert("coal", 3)
    return [*belts, *feed, one, two, furnace, three, chest, spare]


def look(entities: list[Entity]) -> None:
    for e in entities:
        e.status()
        e.settle()
        e.state()
        if isinstance(e, TransportBelt):
            e.item_positions()
            e.can_insert_at_back(1)
        if isinstance(e, Inserter):
            e.hand_position()


def test_looking_and_stepping_change_nothing() -> None:
    def run(step: int) -> list[Any]:
        world = new_world()
        entities = [e for i in range(4) for e in cell(world, 0, 10 * i, i + 1)]
        for stop in (137, 600, 1500, 4000):
            while world.tick < stop:
                world.advance(min(stop, world.tick + step))
                if step < 100:
                    look(entities)
            belt = entities[1]
            assert isinstance(belt, TransportBelt)
            belt.insert_at(1, 0.5, "iron-ore")
            belt.remove("coal", 1)
        return [e.state() for e in entities]

    whole = run(5000)
    assert run(1) == whole
    assert run(7) == whole


def test_a_saved_world_goes_on_as_the_other() -> None:
    world = World(tile_at=tile_at, seed=1)
    for i in range(3):
        cell(world, 0, 10 * i, i + 2)
    for stop in (50, 333, 1000):
        world.advance(stop)
        copy: World = pickle.loads(pickle.dumps(world))
        copy.surface.restore()
        world.advance(stop + 700)
        copy.advance(stop + 700)
        states = [
            [e.state() for c in sorted(w.surface.chunks) for e in w.surface.chunks[c].values()]
            for w in (world, copy)
        ]
        assert states[0] == states[1]


def test_a_long_chain_can_be_saved() -> None:
    world = World(tile_at=tile_at, seed=1)
    for i in range(600):
        build(world, "wooden-chest", 0.5, 2 * i + 0.5)
        inserter(world, 0.5, 2 * i + 1.5, NORTH)
    world.advance(100)
    pickle.loads(pickle.dumps(world))


def test_drills_fill_a_belt_and_go_on_as_it_empties() -> None:
    world = new_world()
    for x in range(8):
        for y in range(2):
            world.create("iron-ore", x + 0.5, y + 0.5, NORTH, world.forces["neutral"], amount=1000)
    drills = [build(world, "burner-mining-drill", 2 * i + 1, 1, SOUTH) for i in range(4)]
    belts = line(world, 0, 2, EAST, 8)
    for drill in drills:
        drill.insert("coal", 20)
    world.advance(242)
    assert sum(len(places(b, 1)) for b in belts) == 0
    world.advance(243)
    assert [places(belts[2 * i + 1], 1) for i in range(4)] == [[120]] * 4
    world.advance(4000)
    on_belts = sum(len(places(b, 1)) for b in belts)
    assert places(belts[7], 1) == [0, 64, 128, 192]
    assert places(belts[1], 1) == [0, 64, 128]
    assert {d.status() for d in drills} == {"waiting_for_space_in_destination"}
    take = inserter(world, 8.5, 2.5, WEST)
    take.insert("coal", 5)
    chest = build(world, "wooden-chest", 9.5, 2.5)
    world.advance(14000)
    moved = chest.inventories()[1].count("iron-ore")
    # A burner inserter's rate, since the drills bring as much.
    assert moved >= (10000 // 77) - 2
    ore = sum(e.amount for e in world.surface.by_name["iron-ore"].values())  # type: ignore[attr-defined]
    waiting = sum(d.status() == "waiting_for_space_in_destination" for d in drills)
    here = sum(len(places(b, 1)) for b in belts) + moved + (take.held is not None)
    assert 0 <= 16 * 1000 - ore - here <= 4
    assert on_belts > 20
    assert waiting < 4


@pytest.mark.parametrize("tick", [5, 20, 60, 100])
def test_switched_off_and_on(tick: int) -> None:
    world, _, ins, target = chest_to_chest()
    world.advance(tick)
    ins.active = False
    ins.wake(tick + 1)
    before = target.inventories()[1].count()
    world.advance(tick + 500)
    assert ins.status() == "disabled_by_script"
    assert target.inventories()[1].count() == before
    ins.active = True
    ins.wake(world.tick + 1)
    world.advance(world.tick + 200)
    assert target.inventories()[1].count() > before


@pytest.mark.parametrize(
    ("name", "bonus", "bulk", "most"), [("fast-inserter", 2, 5, 3), ("bulk-inserter", 2, 5, 6)]
)
def test_stack_bonuses(name: str, bonus: int, bulk: int, most: int) -> None:
    world, _, ins, target = chest_to_chest(name)
    mains(world)
    force = world.forces["player"]
    force.inserter_stack_size_bonus = bonus
    force.bulk_inserter_capacity_bonus = bulk
    seen = hand(world, ins, 100)
    assert target.inventories()[1].count() == most * len(seen[1::2])
    ins.set_override(2)
    world.advance(124)
    before = target.inventories()[1].count()
    world.advance(124 + 24)
    assert target.inventories()[1].count() == before + 2
    ins.set_override(0)
    force.bulk_inserter_capacity_bonus = force.inserter_stack_size_bonus = 0
    world.advance(124 + 48)
    before = target.inventories()[1].count()
    world.advance(124 + 72)
    assert target.inventories()[1].count() == before + 1


def test_a_hand_takes_several_from_a_belt_and_lays_them_down_one_after_another() -> None:
    world = new_world()
    mains(world)
    world.forces["player"].inserter_stack_size_bonus = 2
    belts = line(world, 0, 0, EAST, 3)
    for place in (0.0, 0.25, 0.5, 0.75):
        belts[2].insert_at(2, place, "iron-plate")
    ins = inserter(world, 2.5, 1.5, NORTH, "inserter")
    target = line(world, 2, 2, EAST, 1)[0]
    held = [0]
    while world.tick < 120:
        world.advance(world.tick + 1)
        if held[-1] != ins.held_count:
            held.append(ins.held_count)
    assert held[:7] == [0, 1, 2, 3, 2, 1, 0]
    assert len(places(target, 2)) == 3


def test_a_blacklist_leaves_what_it_names() -> None:
    world, source, ins, target = chest_to_chest()
    source.insert("coal", 10)
    ins.insert("wood", 1)
    ins.use_filters = ins.blacklist = True
    ins.filters[1] = "coal"
    world.advance(500)
    assert set(target.inventories()[1].contents()) == {"iron-plate"}


def test_onto_and_off_underground_belts() -> None:
    world = new_world()
    mains(world)
    build(world, "wooden-chest", 0.5, -0.5).insert("iron-plate", 5)
    inserter(world, 0.5, 0.5, NORTH, "fast-inserter")
    player = world.forces["player"]
    world.create("underground-belt", 0.5, 1.5, EAST, player, belt_to_ground_type="input")
    world.create("underground-belt", 3.5, 1.5, EAST, player, belt_to_ground_type="output")
    inserter(world, 3.5, 2.5, NORTH, "fast-inserter")
    chest = build(world, "wooden-chest", 3.5, 3.5)
    world.advance(600)
    assert chest.inventories()[1].count("iron-plate") == 5


def test_onto_and_off_splitters() -> None:
    world = new_world()
    mains(world)
    build(world, "wooden-chest", 0.5, -0.5).insert("iron-plate", 6)
    inserter(world, 0.5, 0.5, NORTH, "fast-inserter")
    build(world, "splitter", 0.5, 2, EAST)
    line(world, 1, 1, EAST, 1)
    build(world, "splitter", 2.5, 2, EAST)
    inserter(world, 2.5, 3.5, NORTH, "fast-inserter")
    chest = build(world, "wooden-chest", 2.5, 4.5)
    world.advance(1000)
    assert chest.inventories()[1].count("iron-plate") > 0


@pytest.mark.parametrize("name", ["inserter", "long-handed-inserter", "fast-inserter", "bulk-inserter"])
def test_energy_of_electric_swings(name: str) -> None:
    world, _, ins, target = chest_to_chest(name, reach=2 if name == "long-handed-inserter" else 1)
    mains(world)
    world.advance(6 * 200 + 100)
    power = ins.power
    assert power is not None
    assert power.network is not None
    arm = ins.arm
    there = arm.path(0.0, arm.pickup_length, 0.5, arm.drop_length)
    back = arm.path(0.5, arm.drop_length, 0.0, arm.pickup_length)
    swing = there.energy + back.energy
    # A turn, and what the arm is longer at one end; the last step of a way may be shorter than it looks.
    raw = ins.proto.raw
    way = 2 * (arm.drop_length - arm.pickup_length) * joules(raw["energy_per_movement"])
    turn = joules(raw["energy_per_rotation"])
    assert turn + way >= swing > (1 - 2 * arm.rotation) * turn
    # What the arm has moved in the last second is drawn in the next one.
    used = power.network.consumption()[name] - world.tick * drain_of(ins.proto)
    moved = target.inventories()[1].count()
    late = 120 / (there.count + back.count)
    assert (moved - 1 - late) * swing <= used <= (moved + 1) * swing
