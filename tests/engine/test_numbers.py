"""The page of numbers, row by row: which tests hold the world to it, and those that no other file has."""

from __future__ import annotations

import ast
import itertools
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runtime.engine.entity import Entity
from runtime.engine.maps import lab
from runtime.engine.placing import can_place
from runtime.engine.prototypes import joules, load
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.character import Character
from runtime.engine.systems.electricity import UNITS, Accumulator, ElectricPole
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.mining import MiningDrill
from runtime.engine.world import World
from tests.engine.test_belts import EAST, NORTH, SOUTH, STEP, build, line, new_world, places
from tests.engine.test_inserters import chest_to_chest, mains

# Row of the page -> the tests that hold it, as file (without `test_`) and name; `here` is this file.
ROWS: dict[str, tuple[str, ...]] = {
    "mining": ("numbers_machines:mining", "machines:mining_productivity_adds_items", "modules:drills_take_modules"),
    "burner drill, first item at 243": (
        "burner_machines:burner_drill_mines_every_240_ticks",
        "machines:a_burner_drill_fills_a_chest_first_at_243_and_then_every_240_ticks",
        "here:a_burner_drill_beside_a_belt",
    ),
    "blocked drill": ("burner_machines:blocked_drill_keeps_one_item", "here:a_blocked_drill_stands"),
    "pumpjack": ("numbers_machines:a_pumpjack_pumps_ten_times_its_yield", "fluids:pumpjack"),
    "crafting": (
        "numbers_machines:crafting_speeds",
        "numbers_machines:a_craft_takes_its_energy_over_the_speed",
        "modules:speed_modules_make_a_machine_faster_without_losing_fractions_of_ticks",
    ),
    "plate": ("numbers_machines:plates", "burner_machines:stone_furnace_timing"),
    "inserter, chest to chest": ("inserters:chest_to_chest", "here:items_a_second_from_chest_to_chest"),
    "a waiting inserter": ("inserters:a_waiting_inserter_acts_on_the_next_tick",),
    "burner inserter's fuel": (
        "inserters:energy_of_a_cycle",
        "inserters:built_with_a_quarter_of_a_wood_and_a_retracted_hand",
        "inserters:it_keeps_fuel_that_it_moves_for_itself",
        "here:a_burner_inserter_pays_for_turns_and_tiles_and_not_for_waiting",
    ),
    "inserter's fill limits": (
        "inserters:fill_limits_of_a_furnace_are_checked_before_picking_up",
        "numbers_machines:insertion_limits",
    ),
    "belt speed": ("belts:speeds", "belts:throughput_of_both_lanes", "here:chests_to_belt_to_chests"),
    "belt spacing": ("belts:items_move_and_cross_belts_without_delay", "here:a_belt_holds_eight"),
    "belt curve": ("belts:curve",),
    "side-loading": ("belts:one_item_side_loads", "here:both_lanes_of_a_feed_join_the_near_lane"),
    "inserter onto a belt": (
        "inserters:drops_on_the_far_lane_until_it_is_full", "belts:drop_point_decides_lane_and_place",
    ),
    "underground belts": ("undergrounds:reach",),
    "power": (
        "fluids:one_boiler_runs_two_engines",
        "fluids:one_pump_for_200_boilers_and_400_engines",
        "fluids:pump_gives_1200_a_second",
        "heat:exchangers_make_500_degree_steam_of_10_megawatts_for_two_turbines",
        "here:what_makes_power",
    ),
    "solar and storage": (
        "electricity:a_solar_panel_gives_42_kilowatts_over_a_day",
        "electricity:accumulators",
        "here:a_panel_at_noon_and_over_a_day",
        "here:an_accumulator_is_full_at_5_megajoules",
    ),
    "consumption": ("numbers_machines:consumption", "here:drain_is_a_thirtieth_where_it_is_not_given"),
    "low power": ("electricity:speed_is_satisfaction", "electricity:inserters_slow_down_with_their_network"),
    "fuel": ("numbers_machines:fuel", "burner_machines:furnace_burns_90_kw"),
    "poles": ("here:poles_supply_and_wire",),
    "fluids": ("fluids:pipes_share_one_level", "fluids:a_pipeline_extends_320_tiles", "here:volumes"),
    "research": (
        "technologies:time_is_unit_time_times_count_over_labs", "technologies:bonuses_of_speed_count_at_once",
    ),
    "modules": (
        "numbers_machines:modules",
        "modules:modules_change_what_is_drawn",
        "modules:productivity_adds_products_that_take_nothing",
    ),
    "beacon": ("numbers_machines:beacons", "modules:beacons_count_as_the_root_of_their_number"),
    "character": (
        "character:what_the_prototype_gives_it",
        "character:mining_ore_takes_120_ticks",
        "character:reach_is_to_the_box",
        "here:a_character_runs_015_cut_to_256ths",
        "here:a_character_mines_within_2_7",
    ),
    "hand-crafting": (
        "character:each_recipe_takes_its_time_at_speed_one", "character:intermediates_of_all_crafts_come_first",
    ),
    "lab map: ground and border": (
        "lab_map:the_border_is_out_of_map", "lab_map:the_floor_is_a_checkerboard_with_paths",
    ),
    "lab map: fields": ("lab_map:ore_fields_are_solid_rectangles", "here:fields_of_the_lab", "here:fields_of_oil"),
    "lab map: what FLE's tests take as given": (
        "lab_map:searches_find_the_coal_that_fles_tests_expect",
        "lab_map:the_ground_of_fles_tests_is_free",
        "here:what_fles_tests_build_first",
    ),
    "lab map: lakes and trees": (
        "lab_map:the_nearest_pond_takes_a_pump_on_each_side",
        "lab_map:wood_is_within_reach_of_bare_hands",
        "here:water_is_near",
    ),
    "open_world": (
        "open_world:another_process_makes_the_same",
        "open_world:the_seed_is_44340_unless_another_is_asked_for",
        "open_world:it_does_not_matter_in_which_order_chunks_are_generated",
        "open_world:starting_patches",
        "open_world:richness_grows_with_the_distance",
        "open_world:water_is_near_and_its_shore_has_room",
        "open_world:cliffs_run_on_from_piece_to_piece",
    ),
}  # fmt: skip


@cache
def names_in(name: str) -> set[str]:
    path = Path(__file__) if name == "here" else Path(__file__).with_name(f"test_{name}.py")
    return {n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_its_tests(row: str) -> None:
    for reference in ROWS[row]:
        file, name = reference.split(":")
        assert f"test_{name}" in names_in(file), reference


# --- mining --------------------------------------------------------------------------------------------------------


def drill_over_ore(world: World) -> MiningDrill:
    for x, y in itertools.product((-0.5, 0.5), repeat=2):
        world.create("iron-ore", x, y, 0, world.forces["neutral"], amount=1000)
    drill = build(world, "burner-mining-drill", 0, 0, NORTH)
    assert isinstance(drill, MiningDrill)
    return drill


def lying(belts: list[TransportBelt]) -> int:
    return sum(len(belt.lane_contents(lane)) for belt in belts for lane in (1, 2))


def test_a_burner_drill_beside_a_belt() -> None:
    world = new_world()
    drill = drill_over_ore(world)
    belts = line(world, -1, -2, EAST, 40)
    world.advance(1000)
    drill.insert("coal", 5)
    seen: list[int] = []
    for tick in range(1001, 1001 + 243 + 4 * 240):
        before = world.forces["player"].items.input["iron-ore"]
        world.advance(tick)
        if world.forces["player"].items.input["iron-ore"] > before:
            assert lying(belts) == len(seen) + 1  # it is on the belt at once
            seen.append(tick - 1000)
    assert seen == [243, 483, 723, 963, 1203]


def test_a_blocked_drill_stands() -> None:
    world = new_world()
    drill = drill_over_ore(world)
    belt = line(world, -1, -2, EAST, 1)[0]
    drill.insert("coal", 5)
    world.advance(5000)
    assert drill.status() == "waiting_for_space_in_destination"
    assert world.forces["player"].items.input["iron-ore"] == lying([belt]) + 1
    assert drill.burner is not None
    drill.burner.settle(world.tick)
    progress, fuel = drill.progress, drill.burner.remaining
    world.advance(9000)
    drill.burner.settle(world.tick)
    assert (drill.progress, drill.burner.remaining) == (progress, fuel)
    belt.remove("iron-ore", 1)
    world.advance(9002)
    assert drill.status() == "working"


# --- inserters -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ticks", "rate", "reach"),
    [
        ("burner-inserter", 76, 0.789, 1), ("inserter", 70, 0.857, 1), ("long-handed-inserter", 50, 1.2, 2),
        ("fast-inserter", 24, 2.5, 1), ("bulk-inserter", 24, 2.5, 1),
    ],
)  # fmt: skip
def test_items_a_second_from_chest_to_chest(name: str, ticks: int, rate: float, reach: int) -> None:
    world, source, ins, target = chest_to_chest(name, reach=reach)
    source.insert("iron-plate", 1000)
    mains(world)
    ins.insert("coal", 5)
    assert 2 * math.floor(0.5 / ins.proto.raw["rotation_speed"]) == ticks
    world.advance(200)
    before = target.inventories()[1].count()
    world.advance(200 + 100 * ticks)
    assert target.inventories()[1].count() - before == 100
    assert 60 / ticks == pytest.approx(rate, abs=0.001)


def test_a_burner_inserter_pays_for_turns_and_tiles_and_not_for_waiting() -> None:
    raw = load().entity["burner-inserter"].raw
    assert joules(raw["energy_per_rotation"]) == joules(raw["energy_per_movement"]) == 50_000
    world, source, ins, target = chest_to_chest()
    ins.insert("coal", 1)
    world.advance(200)
    source.inventories()[1].clear()
    world.advance(400)
    burner = ins.burner
    assert burner is not None

    def energy() -> float:
        ins.settle()
        return burner.remaining + 4e6 * burner.inventory.count()

    before = energy()
    world.advance(4000)
    assert energy() == before
    moved = target.inventories()[1].count()
    source.insert("iron-plate", 10)
    world.advance(5000)
    assert target.inventories()[1].count() == moved + 10
    # Half a turn each way, and each way as many tiles as the hand is farther out at the drop than at the pickup.
    assert before - energy() == pytest.approx(10 * 66_900, abs=2_560)


# --- belts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arms", "per_second"),
    [("transport-belt", 20, 15), ("fast-transport-belt", 40, 30), ("express-transport-belt", 60, 45)],
)
def test_chests_to_belt_to_chests(name: str, arms: int, per_second: int) -> None:
    """More arms than it takes fill a belt at its beginning; as many take off what it brings."""
    world = new_world()
    world.surface.always_day = True
    build(world, "substation", -15, 0)
    half, between = arms // 2, 10
    for x in range(0, arms + between, 16):
        for y in (-7, 7):
            build(world, "substation", x, y)
    for i in range(60):
        build(world, "solar-panel", -22.5 - 3 * (i // 10), -14.5 + 3 * (i % 10))
    build(world, "substation", -28, 0)
    line(world, 0, 0, EAST, arms + between, name)
    sinks = []
    for i, side in itertools.product(range(half), (-1, 1)):
        source = build(world, "steel-chest", i + 0.5, 0.5 + 2 * side)
        source.insert("iron-plate", 4800)
        build(world, "fast-inserter", i + 0.5, 0.5 + side, SOUTH if side > 0 else NORTH)
        there = i + half + between + 0.5
        build(world, "fast-inserter", there, 0.5 + side, NORTH if side > 0 else SOUTH)
        sinks.append(build(world, "steel-chest", there, 0.5 + 2 * side))
    world.advance(800)
    before = sum(c.inventories()[1].count() for c in sinks)
    world.advance(2000)
    assert sum(c.inventories()[1].count() for c in sinks) - before == pytest.approx(20 * per_second, rel=0.02)


def test_a_belt_holds_eight() -> None:
    belt = line(new_world(), 0, 0, EAST, 1)[0]
    assert belt.insert("iron-plate", 100) == 8
    assert places(belt, 1) == places(belt, 2) == [0, 64, 128, 192]


@pytest.mark.parametrize(("direction", "near"), [(NORTH, 2), (SOUTH, 1)])
def test_both_lanes_of_a_feed_join_the_near_lane(direction: int, near: int) -> None:
    world = new_world()
    main = line(world, 0, 0, EAST, 6)
    dy = STEP[direction][1]
    feed = line(world, 2, -4 * dy, direction, 4)
    for belt in feed:
        belt.insert("coal", 2)
    world.advance(600)
    on = {lane: sum(len(places(b, lane)) for b in main) for lane in (1, 2)}
    assert on == {near: 8, 3 - near: 0}


# --- electricity ---------------------------------------------------------------------------------------------------


def test_what_makes_power() -> None:
    entities = load().entity
    boiler, engine, turbine = (entities[n] for n in ("boiler", "steam-engine", "steam-turbine"))
    assert joules(boiler.raw["energy_consumption"]) * 60 == 1_800_000
    steam, water = load().raw["fluid"]["steam"], load().raw["fluid"]["water"]
    heat = joules(steam["heat_capacity"])
    assert joules(water["heat_capacity"]) == 10 * heat  # a unit of water is ten of steam

    def power(proto: Any) -> float:
        raw = proto.raw
        degrees = raw["maximum_temperature"] - steam["default_temperature"]
        return float(raw["fluid_usage_per_tick"] * degrees * heat * raw["effectivity"] * 60)

    assert 60 * (boiler.raw["target_temperature"] - 15) * heat == 1_800_000
    assert (engine.raw["fluid_usage_per_tick"], turbine.raw["fluid_usage_per_tick"]) == (0.5, 1)
    assert (engine.raw["maximum_temperature"], turbine.raw["maximum_temperature"]) == (165, 500)
    assert power(engine) == 900_000
    assert power(turbine) == 5_820_000


def furnaces(world: World, count: int) -> list[Entity]:
    """Electric furnaces with so much to smelt that they draw all the time, about the pole at the origin."""
    made = []
    for i in range(count):
        made.append(build(world, "electric-furnace", -4.5 + 3 * (i % 4), 3.5 + 3 * (i // 4)))
        made[-1].insert("iron-ore", 50)
    return made


def test_a_panel_at_noon_and_over_a_day() -> None:
    world = new_world()
    build(world, "substation", 0, 0)
    panel = build(world, "solar-panel", -4.5, -4.5)
    assert panel.proto.raw["production"] == "60kW"
    build(world, "beacon", 4.5, -4.5)  # asks for far more than that, always
    pole = world.surface.by_type["electric-pole"]
    (substation,) = pole.values()
    assert isinstance(substation, ElectricPole)
    network = substation.network
    assert network is not None
    world.advance(1)
    first = network.production()["solar-panel"]
    world.advance(601)
    assert network.production()["solar-panel"] - first == pytest.approx(600_000)
    world.advance(25_201)
    assert (network.production()["solar-panel"] - first) / 420 == pytest.approx(42_000, rel=1e-3)
    world.surface.always_day = True
    network.touch()
    world.advance(25_201 + 61)
    before = network.production()["solar-panel"]
    world.advance(world.tick + 12_600)
    assert (network.production()["solar-panel"] - before) / 210 == pytest.approx(60_000)


def test_an_accumulator_is_full_at_5_megajoules() -> None:
    world = new_world()
    world.surface.always_day = True
    build(world, "substation", 0, 0)
    store = build(world, "accumulator", 4, 4)
    assert isinstance(store, Accumulator)
    for i in range(10):
        build(world, "solar-panel", -4.5 - 3 * (i % 2), -7.5 + 3 * (i // 2))
    seconds = 5_000 / 300
    world.advance(int(seconds * 60) - 5)
    assert store.status() == "charging"
    world.advance(int(seconds * 60) + 5)
    assert store.status() == "fully_charged"
    assert store.stored == 5_000_000 * UNITS
    for panel in list(world.surface.by_type["solar-panel"].values()):
        world.destroy(panel)
    start = world.tick
    loaded = furnaces(world, 4)
    world.advance(start + 60)
    assert store.status() == "discharging"
    assert 5_000_000 - store.stored / UNITS == pytest.approx(300_000, rel=0.02)
    assert loaded[0].status() == "low_power"
    world.advance(start + int(seconds * 60) + 70)
    assert store.stored == 0


def test_drain_is_a_thirtieth_where_it_is_not_given() -> None:
    world = new_world()
    for i, name in enumerate(("assembling-machine-1", "electric-furnace", "lab", "inserter")):
        proto = load().entity[name]
        entity: Any = build(world, name, 20.5 * i, 0.5)
        given = (proto.energy_source or {}).get("drain")
        wanted = joules(given) if given is not None else proto.energy_usage / 30
        assert entity.power.rate / UNITS == pytest.approx(wanted), name


@pytest.mark.parametrize(
    ("name", "supply", "wire"),
    [
        ("small-electric-pole", 2.5, 7.5), ("medium-electric-pole", 3.5, 9), ("big-electric-pole", 2, 32),
        ("substation", 9, 18),
    ],
)  # fmt: skip
def test_poles_supply_and_wire(name: str, supply: float, wire: float) -> None:
    world = new_world()
    middle = load().entity[name].tile_width / 2 % 1
    pole = build(world, name, middle, middle)
    assert isinstance(pole, ElectricPole)
    assert (pole.supply, pole.reach) == (supply, wire)
    # A lamp-sized consumer on each tile in the row: those whose tile is in the square are supplied.
    for i in range(2, 14):
        ins = build(world, "inserter", i + 0.5, 0.5)
        assert isinstance(ins, Inserter)
        assert ins.power is not None
        assert (ins.power.network is not None) == (i < middle + supply), i
    for step in range(2, 34):
        other = build(world, name, middle, middle + step)
        assert isinstance(other, ElectricPole)
        assert (other.network is pole.network) == (step <= wire), step
        world.destroy(other)


# --- fluids --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "volume"), [("pipe", 100), ("pipe-to-ground", 100), ("storage-tank", 25_000)]
)
def test_volumes(name: str, volume: int) -> None:
    entity: Any = build(new_world(), name, 0.5, 0.5)
    entity.boxes[0].put("water", 1e6)
    assert entity.boxes[0].held() == ("water", volume, 15)


# --- the character -------------------------------------------------------------------------------------------------


def character_at(world: World, x: float, y: float) -> Character:
    found = build(world, "character", x, y)
    assert isinstance(found, Character)
    return found


def test_a_character_runs_015_cut_to_256ths() -> None:
    world = new_world()
    character = character_at(world, 0, 0)
    character.walking.set(True, EAST)
    world.advance(100)
    assert character.x == 100 * math.floor(0.15 * 256) / 256


@pytest.mark.parametrize(("distance", "mined"), [(2.69, 2), (2.71, 0)])
def test_a_character_mines_within_2_7(distance: float, mined: int) -> None:
    world = new_world()
    world.create("iron-ore", distance, 0, 0, world.forces["neutral"], amount=10)
    character = character_at(world, 0, 0)
    character.mining.start(distance, 0)
    world.advance(1 + 2 * 120)
    assert character.main.count("iron-ore") == mined


# --- the lab map ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "left", "right", "top", "bottom", "count"),
    [
        ("coal", 15.5, 38.5, -3.5, 20.5, 24 * 25),
        ("iron-ore", 15.5, 38.5, 70.5, 95.5, 24 * 26),
        ("stone", -70.5, -46.5, -3.5, 20.5, 25 * 25),
        ("copper-ore", -70.5, -46.5, 70.5, 95.5, 25 * 26),
    ],
)
def test_fields_of_the_lab(
    name: str, left: float, right: float, top: float, bottom: float, count: int
) -> None:
    found = [(x, y, amount) for n, x, y, amount in lab.resources() if n == name]
    assert len(found) == len({(x, y) for x, y, _ in found}) == count
    assert {amount for *_, amount in found} == {10_000}
    assert (min(x for x, _, _ in found), max(x for x, _, _ in found)) == (left, right)
    assert (min(y for _, y, _ in found), max(y for _, y, _ in found)) == (top, bottom)


def test_fields_of_oil() -> None:
    wells = [(x, y, amount) for n, x, y, amount in lab.resources() if n == "crude-oil"]
    assert len(wells) == 64
    assert {amount for *_, amount in wells} == {300_000}
    for left, right in ((17.5, 36), (-70, -48)):
        field = [(x, y) for x, y, _ in wells if left - 1.5 <= x <= right + 1.5 and 40.5 <= y <= 49.5]
        assert field
        # The page's own places can't be those of 64 pumpjacks side by side: a tile and a half is allowed.
        assert (min(x for x, _ in field), max(x for x, _ in field)) == pytest.approx((left, right), abs=1.5)
        assert (min(y for _, y in field), max(y for _, y in field)) == (40.5, 49.5)
        wells = [w for w in wells if (w[0], w[1]) not in field]
    assert not wells
    assert not any("uranium" in name for name, *_ in lab.resources())


def test_what_fles_tests_build_first() -> None:
    world = World(lab.tile_at, 1, lab.resources)
    world.regenerate(None)
    for name, x, y in (("electric-mining-drill", 15.5, 70.5), ("pumpjack", 32.5, 49.5)):
        assert can_place(world, load().entity[name], x, y, 0, world.forces["player"], True), name
    jack = build(world, "pumpjack", 32.5, 49.5)
    assert isinstance(jack, MiningDrill)
    assert len(jack.resources) == 1
    for name, x, y in (("assembling-machine-1", 0.5, 0.5), ("rocket-silo", 255.5, 255.5)):
        assert can_place(world, load().entity[name], x, y, 0, world.forces["player"], True), name


def test_water_is_near() -> None:
    def water(x: int, y: int) -> bool:
        return lab.tile_at(x, y) in ("water", "deepwater")

    shores = [
        (x, y)
        for x, y in itertools.product(range(-200, 200, 1), repeat=2)
        if math.hypot(x, y) < 500 and water(x, y) and not water(x + 1, y)
    ]
    assert any(
        not any(water(x + 1 + i, y + j) for i, j in itertools.product(range(5), range(-1, 2)))
        for x, y in shores
    )
