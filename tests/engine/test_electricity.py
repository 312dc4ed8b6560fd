"""Electricity against the prototypes' numbers."""

from __future__ import annotations

import itertools

import pytest

from runtime.engine.entity import Entity
from runtime.engine.maps import lab
from runtime.engine.prototypes import load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.systems.crafting import AssemblingMachine
from runtime.engine.systems.electricity import Accumulator, ElectricPole, EnergyInterface, daylight, drain_of
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.mining import MiningDrill
from runtime.engine.world import World
from tests.engine.test_belts import NORTH, build, new_world


def powered(panels: int) -> World:
    """A world in full light: panels in the west, wired to a substation at the origin (which supplies ±9 tiles)."""
    world = new_world()
    world.surface.always_day = True
    for x in range(-48, 1, 16):
        build(world, "substation", x, 0)
    for i in range(panels):
        build(world, "solar-panel", -48.5 + 3 * (i // 3), -3.5 + 3 * (i % 3))
    return world


def assembler(
    world: World, x: float, y: float, recipe: str, name: str = "assembling-machine-1"
) -> AssemblingMachine:
    machine = build(world, name, x, y)
    assert isinstance(machine, AssemblingMachine)
    machine.set_recipe(load().recipe[recipe])
    return machine


def times_of(world: World, machine: AssemblingMachine, to: int) -> list[int]:
    seen = []
    done = machine.products_finished
    while world.tick < to:
        world.advance(world.tick + 1)
        if machine.products_finished != done:
            done = machine.products_finished
            seen.append(world.tick)
    return seen


@pytest.mark.parametrize(
    ("name", "ticks"),
    [("assembling-machine-1", 60), ("assembling-machine-2", 40), ("assembling-machine-3", 24)],
)
def test_assemblers_craft_at_their_speeds(name: str, ticks: int) -> None:
    world = powered(20)
    machine = assembler(world, 4.5, 4.5, "iron-gear-wheel", name)
    machine.insert("iron-plate", 20)
    seen = times_of(world, machine, 700)
    assert len(seen) == 10
    assert {b - a for a, b in itertools.pairwise(seen)} == {ticks}
    assert machine.status() == "item_ingredient_shortage"


def test_without_power_nothing_is_begun() -> None:
    world = powered(0)
    machine = assembler(world, 4.5, 4.5, "iron-gear-wheel")
    machine.insert("iron-plate", 4)
    world.advance(100)
    assert machine.status() == "no_power"
    assert machine.input.count("iron-plate") == 4
    for i in range(2):
        build(world, "solar-panel", -4.5, -4.5 + 3 * i)
    world.advance(300)
    assert machine.products_finished == 2


def test_speed_is_satisfaction() -> None:
    world = powered(0)
    machines = [assembler(world, -4.5 + 3 * i, 4.5, "iron-gear-wheel") for i in range(4)]
    for machine in machines:
        machine.insert("iron-plate", 40)
    for place in (-7.5, -4.5, -1.5):
        build(world, "solar-panel", place, -4.5)
    seen = times_of(world, machines[0], 1000)
    satisfaction = 180 / (4 * 77.5)
    assert seen[1] - seen[0] in (int(60 / satisfaction), int(60 / satisfaction) + 1)
    assert machines[0].status() == "low_power"


def test_drills_and_furnaces() -> None:
    world = powered(20)
    for x in range(-2, 3):
        for y in range(-2, 3):
            world.create("iron-ore", x + 4.5, y + 4.5, 0, world.forces["neutral"], amount=1000)
    drill = build(world, "electric-mining-drill", 4.5, 4.5, NORTH)
    furnace = build(world, "electric-furnace", 4.5, 1.5)
    assert isinstance(drill, MiningDrill)
    world.advance(60 * 100)
    assert drill.status() == "working"
    # 0.5 ore/s, at most 0.625 plates/s.
    assert furnace.inventories()[3].count() in (48, 49)


def test_plate_takes_96_ticks_in_an_electric_furnace() -> None:
    world = powered(20)
    furnace = build(world, "electric-furnace", 4.5, 1.5)
    furnace.insert("iron-ore", 5)
    world.advance(5 * 96 + 1)
    assert furnace.inventories()[3].count() == 5


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
    world = powered(20)
    source = build(world, "wooden-chest", 4.5, 4.5 - reach)
    target = build(world, "wooden-chest", 4.5, 4.5 + reach)
    source.insert("iron-plate", 200)
    inserter = build(world, name, 4.5, 4.5, NORTH)
    assert isinstance(inserter, Inserter)
    world.advance(2 * half * 10)
    assert target.inventories()[1].count() in (9, 10)
    assert inserter.status() == "working"


def test_inserters_slow_down_with_their_network() -> None:
    world = powered(2)
    source = build(world, "wooden-chest", 4.5, 3.5)
    target = build(world, "wooden-chest", 4.5, 5.5)
    source.insert("iron-plate", 200)
    build(world, "inserter", 4.5, 4.5, NORTH)
    build(world, "beacon", -4.5, 4.5)  # asks for 496 kW, and gets 120
    world.advance(70 * 40)
    assert target.inventories()[1].count() == pytest.approx(40 * 120 / 510, abs=1.5)
    for x in range(10):
        build(world, "solar-panel", -14.5 - 3 * x, 5.5)
    world.advance(70 * 42)
    before = target.inventories()[1].count()
    world.advance(70 * 52)
    assert target.inventories()[1].count() - before == 10


def test_poles_join_and_part() -> None:
    world = new_world()
    poles = [build(world, "small-electric-pole", 0.5 + 7 * i, 0.5) for i in range(5)]
    assert all(isinstance(p, ElectricPole) for p in poles)

    def ids() -> list[int]:
        return [p.network.id for p in poles if isinstance(p, ElectricPole) and p.network is not None]

    assert len(set(ids())) == 1
    far = build(world, "small-electric-pole", 0.5, 8.5)
    assert isinstance(far, ElectricPole)
    assert far.network is not None
    assert far.network.id == far.unit_number
    world.destroy(poles.pop(2))
    assert ids() == [poles[0].unit_number] * 2 + [poles[2].unit_number] * 2


def test_supply_area() -> None:
    world = new_world()
    build(world, "small-electric-pole", 0.5, 0.5)
    near = build(world, "electric-furnace", 3.5, 0.5)
    far = build(world, "electric-furnace", 4.5, 4.5)
    assert near.power.network is not None  # type: ignore[attr-defined]
    assert far.power.network is None  # type: ignore[attr-defined]


def test_a_solar_panel_gives_42_kilowatts_over_a_day() -> None:
    assert sum(daylight(t) for t in range(25_200)) / 25_200 == pytest.approx(0.7, abs=1e-9)


def test_accumulators() -> None:
    world = new_world()
    world.surface.always_day = True
    build(world, "substation", 0, 0)
    stores = [build(world, "accumulator", 4 + 2 * i, 4) for i in range(2)]
    panel = build(world, "solar-panel", -4.5, 4.5)
    world.advance(600)
    for store in stores:
        assert isinstance(store, Accumulator)
        assert store.stored == pytest.approx(300_000 * 60_000, rel=0.01)
        assert store.status() == "charging"
    world.destroy(panel)
    machine = assembler(world, -4.5, -4.5, "iron-gear-wheel", "assembling-machine-3")
    machine.insert("iron-plate", 100)
    world.advance(601 + 60)
    assert stores[0].status() == "discharging"
    assert machine.status() == "working"
    # 600 kJ last for 1.55 s at 387.5 kW.
    world.advance(800)
    assert machine.status() == "no_power"
    assert isinstance(stores[0], Accumulator)
    assert stores[0].stored == 0


def test_labs_research() -> None:
    world = powered(20)
    force = world.forces["player"]
    lab = build(world, "lab", 4.5, 4.5)
    world.advance(1)
    assert lab.status() == "no_research_in_progress"
    name = "logistics"
    for needed in ("electronics", "steam-power", "automation-science-pack"):
        force.set_researched(needed, True)
    tech = force.technologies[name]
    lab.insert("automation-science-pack", tech.unit_count)
    force.add_research(name)
    world.advance(1 + int(tech.proto.unit_energy) * tech.unit_count)
    assert not tech.researched
    assert lab.status() == "working"
    world.advance(int(tech.proto.unit_energy) * tech.unit_count + 3)
    assert tech.researched
    assert force.items.output["automation-science-pack"] == tech.unit_count


def build_all(order: int) -> World:
    world = powered(0)
    things = [("solar-panel", -7.5, -4.5), ("solar-panel", -4.5, -4.5), ("assembling-machine-1", 4.5, 4.5),
              ("assembling-machine-2", 4.5, 7.5), ("accumulator", -4.0, 4.0)]  # fmt: skip
    for name, x, y in things[::order]:
        made = build(world, name, x, y)
        if isinstance(made, AssemblingMachine):
            made.set_recipe(load().recipe["iron-gear-wheel"])
            made.insert("iron-plate", 50)
    return world


def produced(world: World) -> list[int]:
    return [e.products_finished for e in machines(world)]


def machines(world: World) -> list[AssemblingMachine]:
    found: list[Entity] = world.surface.all_of(world.surface.by_type, ["assembling-machine"])
    return sorted((e for e in found if isinstance(e, AssemblingMachine)), key=lambda e: e.y)


def test_nothing_depends_on_order_or_on_looking() -> None:
    one, other = build_all(1), build_all(-1)
    looked = build_all(1)
    for tick in range(1, 1500):
        looked.advance(tick)
        state_hash(looked, {}, [])
        [m.status() for m in machines(looked)]
    one.advance(1499)
    other.advance(1499)
    assert produced(one) == produced(other) == produced(looked)
    assert sum(produced(one)) > 10
    assert state_hash(one, {}, []) == state_hash(looked, {}, [])


def test_saved_and_loaded() -> None:
    world = build_all(1)
    world.advance(333)
    world.surface.tile_at, world.natural_resources = lab.tile_at, lab.resources
    again = loads(dumps(Save(world, {}, [], 1.0, False, 0, ""))).world
    world.advance(2000)
    again.advance(2000)
    assert state_hash(world, {}, []) == state_hash(again, {}, [])


def test_an_electric_energy_interface_gives_what_it_is_set_to() -> None:
    world = powered(0)
    machine = assembler(world, 4.5, 4.5, "iron-gear-wheel")
    machine.insert("iron-plate", 8)
    source = build(world, "electric-energy-interface", -4, -4)
    assert isinstance(source, EnergyInterface)
    assert times_of(world, machine, 130) == [61, 121]
    assert machine.power is not None
    source.set_production((machine.proto.energy_usage + drain_of(machine.proto)) / 2)
    assert times_of(world, machine, 500) == [232, 352]  # 51 of 60 ticks were left
    assert machine.status() == "item_ingredient_shortage"
