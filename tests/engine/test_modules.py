"""Modules, beacons and what research adds, against the prototypes' numbers."""

from __future__ import annotations

import itertools

import pytest

from runtime.engine.entity import Entity
from runtime.engine.game import Game
from runtime.engine.maps import default_lab_scenario
from runtime.engine.prototypes import load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.systems.beacons import Beacon
from runtime.engine.systems.containers import Container
from runtime.engine.systems.crafting import AssemblingMachine, Furnace
from runtime.engine.systems.effects import WHOLE, Receiver
from runtime.engine.systems.electricity import UNITS
from runtime.engine.systems.labs import Lab
from runtime.engine.systems.mining import MiningDrill
from runtime.engine.world import World


def build(world: World, name: str, x: float, y: float, direction: int = 0) -> Entity:
    return world.create(name, x, y, direction, world.forces["player"])


def powered(world: World | None = None) -> World:
    """A world in full light, with a substation at the origin (which supplies ±9 tiles) and panels far to the west."""
    world = world or World(tile_at=lambda x, y: "lab-dark-1", seed=1)
    world.surface.always_day = True
    for x in range(-80, 1, 16):
        build(world, "substation", x, 0)
    for i in range(60):
        build(world, "solar-panel", -80.5 + 3 * (i // 5), -6.5 + 3 * (i % 5))
    return world


def assembler(world: World, recipe: str, *modules: str, x: float = 3.5, y: float = 3.5) -> AssemblingMachine:
    machine = build(world, "assembling-machine-3", x, y)
    assert isinstance(machine, AssemblingMachine)
    machine.set_recipe(load().recipe[recipe])
    for module in modules:
        assert machine.insert(module, 1) == 1
    return machine


def beacon(world: World, x: float, y: float, *modules: str) -> Beacon:
    made = build(world, "beacon", x, y)
    assert isinstance(made, Beacon)
    for module in modules:
        assert made.insert(module, 1) == 1
    return made


def finishes(world: World, machine: AssemblingMachine, until: int) -> list[int]:
    ticks, last = [], machine.products_finished
    while world.tick < until:
        world.advance(world.tick + 1)
        if machine.products_finished != last:
            last = machine.products_finished
            ticks.append(world.tick)
    return ticks


def effect(module: str, kind: str) -> float:
    return float(load().item[module].raw["effect"].get(kind, 0))


def test_speed_modules_make_a_machine_faster_without_losing_fractions_of_ticks() -> None:
    world = powered()
    machine = assembler(world, "iron-gear-wheel", "speed-module", "speed-module", "speed-module")
    speed = 1.25 * (1 + 3 * effect("speed-module", "speed"))
    assert machine.crafting_speed == pytest.approx(speed)
    machine.insert("iron-plate", 140)
    ticks = finishes(world, machine, 900)
    assert {b - a for a, b in itertools.pairwise(ticks)} == {15}  # 0.5 s / 2
    other = assembler(world, "iron-gear-wheel", "speed-module", x=-3.5)
    other.insert("iron-plate", 140)
    ticks = finishes(world, other, 2000)
    assert (ticks[-1] - ticks[0]) / (len(ticks) - 1) == pytest.approx(30 / (1.25 * 1.2), abs=0.02)


def test_modules_change_what_is_drawn() -> None:
    world = powered()
    machine = assembler(world, "iron-gear-wheel", "speed-module", "productivity-module")
    machine.insert("iron-plate", 100)
    world.advance(10)
    usage = load().entity["assembling-machine-3"].energy_usage
    drain = usage / 30
    factor = 1 + effect("speed-module", "consumption") + effect("productivity-module", "consumption")
    assert machine.power is not None
    assert machine.power.rate / UNITS == pytest.approx(usage * factor + drain)
    machine.modules.clear()
    assert machine.power.rate / UNITS == pytest.approx(usage + drain)
    for _ in range(4):
        machine.insert("efficiency-module-3", 1)
    assert machine.power.rate / UNITS == pytest.approx(usage * 0.2 + drain)  # not below a fifth


def test_speed_does_not_fall_below_a_fifth() -> None:
    world = powered()
    machine = assembler(world, "iron-gear-wheel", *["productivity-module-3"] * 4)
    assert machine.crafting_speed == pytest.approx(1.25 * (1 - 0.6))
    assert machine.speed >= WHOLE // 5


def test_productivity_adds_products_that_take_nothing() -> None:
    world = powered()
    machine = assembler(world, "iron-gear-wheel", *["productivity-module"] * 4)
    machine.insert("iron-plate", 100)
    world.advance(60 * 60)
    assert machine.products_finished == 50
    assert machine.output.count("iron-gear-wheel") == 50 + 8  # 4 × 4 % of 50
    assert world.forces["player"].items.input["iron-gear-wheel"] == 58
    assert world.forces["player"].items.output["iron-plate"] == 100
    assert machine.bonus_progress == pytest.approx(0)


def test_productivity_modules_go_where_a_recipe_allows_them() -> None:
    world = powered()
    machine = assembler(world, "transport-belt")
    assert machine.insert("productivity-module", 1) == 0
    assert machine.insert("speed-module", 1) == 1
    machine.set_recipe(load().recipe["iron-gear-wheel"])
    assert machine.insert("productivity-module", 2) == 2
    assert machine.set_recipe(load().recipe["transport-belt"]) == {"productivity-module": 2}
    assert machine.modules.contents() == {"speed-module": 1}
    assert machine.productivity == 0
    assert build(world, "assembling-machine-1", 0.5, -6.5).insert("speed-module", 1) == 0
    assert build(world, "stone-furnace", 4, -6).insert("speed-module", 1) == 0
    assert build(world, "electric-furnace", 7.5, -6.5).insert("productivity-module-3", 3) == 2
    one = build(world, "beacon", -6.5, 6.5)
    assert one.insert("productivity-module", 1) == 0
    assert one.insert("speed-module-3", 5) == 2
    assert one.insert("iron-plate", 1) == 0


def test_a_change_in_the_middle_of_a_craft_keeps_its_progress() -> None:
    world = powered()
    machine = assembler(world, "engine-unit")  # 10 s
    machine.insert("steel-plate", 5)
    machine.insert("iron-gear-wheel", 5)
    machine.insert("pipe", 5)
    world.advance(1 + 240)
    assert machine.progress == pytest.approx(0.5, abs=0.01)
    machine.insert("speed-module-3", 4)
    assert machine.progress == pytest.approx(0.5, abs=0.01)
    assert finishes(world, machine, 500)[0] == pytest.approx(241 + 240 / 3, abs=2)


def test_beacons_count_as_the_root_of_their_number() -> None:
    world = powered()
    machine = assembler(world, "iron-gear-wheel", x=0.5, y=4.5)
    raw = load().entity["beacon"].raw
    base = machine.speed
    beacons: list[Beacon] = []
    for n, x in enumerate((-3.5, 0.5, 3.5), 1):
        beacons.append(beacon(world, x, 0.5 - 1, "speed-module", "speed-module"))
        world.advance(world.tick + 2)
        share = raw["distribution_effectivity"] * raw["profile"][n - 1]
        assert machine.speed == base + round(n * share * 0.4 * WHOLE)
        assert n * raw["profile"][n - 1] == pytest.approx(n**0.5, abs=0.001)
    world.destroy(beacons[0])
    share = raw["distribution_effectivity"] * raw["profile"][1]
    assert machine.speed == base + round(2 * share * 0.4 * WHOLE)
    for left in beacons[1:]:
        left.modules.clear()
    assert machine.speed == base


def test_a_beacon_reaches_three_tiles_and_needs_power() -> None:
    world = powered()
    beacon(world, 3.5, 3.5, "speed-module", "speed-module")
    near = assembler(world, "iron-gear-wheel", x=-1.5, y=3.5)  # reaches over -1, which the beacon reaches
    far = assembler(world, "iron-gear-wheel", x=-2.5, y=-3.5)
    world.advance(2)
    assert near.speed > WHOLE
    assert far.speed == WHOLE
    usage = load().entity["beacon"].energy_usage * 60
    assert usage == 480_000
    for pole in list(world.surface.by_type["electric-pole"].values()):
        world.destroy(pole)
    world.advance(4)
    assert near.speed == WHOLE


def test_built_after_its_beacon_a_machine_has_its_effects() -> None:
    def made(order: int) -> int:
        world = powered()
        for step in (1, 2)[::order]:
            if step == 1:
                beacon(world, 3.5, 0.5, "speed-module-2")
            else:
                assembler(world, "iron-gear-wheel", x=3.5, y=4.5)
        world.advance(5)
        (machine,) = world.surface.by_type["assembling-machine"].values()
        assert isinstance(machine, Receiver)
        return machine.speed

    assert made(1) == made(-1) > WHOLE


def test_drills_take_modules() -> None:
    world = powered()
    for dx, dy in itertools.product((-1, 0, 1), (-1, 0, 1)):
        world.create("iron-ore", 4.5 + dx, 4.5 + dy, 0, world.forces["neutral"], amount=10_000)
    drill = build(world, "electric-mining-drill", 4.5, 4.5, 4)
    assert isinstance(drill, MiningDrill)
    x, y = drill.drop_position()
    chest = build(world, "steel-chest", x // 1 + 0.5, y // 1 + 0.5)
    assert isinstance(chest, Container)
    assert drill.insert("speed-module", 2) == 2
    assert drill.insert("productivity-module-3", 1) == 1
    world.forces["player"].mining_drill_productivity_bonus = 0.2
    speed = 0.5 * (1 + 0.4 - 0.15)
    world.advance(600)
    before = chest.chest.count()
    world.advance(600 + 60 * 200)
    assert chest.chest.count() - before == pytest.approx(200 * speed * 1.3, abs=1)
    assert world.forces["player"].items.input["iron-ore"] == chest.chest.count()


def test_labs_take_modules() -> None:
    world = powered()
    force = world.forces["player"]
    lab = build(world, "lab", 3.5, 3.5)
    assert isinstance(lab, Lab)
    assert lab.insert("speed-module", 1) == 1
    assert lab.insert("productivity-module", 1) == 1
    lab.insert("automation-science-pack", 20)
    for name in ("electronics", "steam-power", "automation-science-pack"):
        force.set_researched(name, True)
    assert force.research.add("automation")
    tech = force.current_research
    assert tech is not None
    unit, speed = tech.proto.unit_energy, 1 + 0.2 - 0.05
    world.advance(2 + round(unit * 4 / speed))
    assert force.research_progress * tech.unit_count == pytest.approx(4 * 1.04, rel=0.01)
    assert lab.packs.count() in (15, 16)


def test_a_saved_world_goes_on_the_same() -> None:
    world = powered(default_lab_scenario(1))
    machine = assembler(world, "iron-gear-wheel", "speed-module", "productivity-module")
    beacon(world, 3.5, 7.5, "speed-module-3")
    machine.insert("iron-plate", 100)
    world.advance(333)
    twin = loads(dumps(Save(world, {}, [], 1.0, False, 0, ""))).world
    for step in range(1, 40):
        world.advance(world.tick + step)
        _ = machine.progress, machine.bonus_progress, machine.status()  # looking changes nothing
    twin.advance(world.tick)
    assert state_hash(world, {}, []) == state_hash(twin, {}, [])


def test_a_recipe_that_is_unlocked_is_noticed() -> None:
    world = powered()
    furnace = build(world, "electric-furnace", 4.5, 4.5)
    assert isinstance(furnace, Furnace)
    chest = build(world, "iron-chest", 1.5, 4.5)
    chest.insert("iron-plate", 20)
    build(world, "inserter", 2.5, 4.5, 12)
    world.advance(600)
    assert furnace.input.is_empty()
    world.forces["player"].set_researched("steel-processing", True)
    world.advance(1200)
    assert not furnace.input.is_empty() or furnace.crafting is not None


def test_scripts_read_effects_and_fill_modules() -> None:
    game = Game(None, 7, None, None, lambda line: None)
    answer = game.command(
        """/sc
local s = game.surfaces[1]
local function put(name, x, y) return s.create_entity{name = name, position = {x, y}, force = "player"} end
local machine, beacon = put("assembling-machine-2", 0.5, 0.5), put("beacon", 0.5, 4.5)
local drill = put("electric-mining-drill", 17.5, 72.5)
put("substation", 4, 4); put("solar-panel", 7.5, 4.5); put("solar-panel", 7.5, 7.5)
machine.set_recipe("iron-gear-wheel")
local modules = machine.get_module_inventory()
rcon.print(modules.insert{name = "speed-module", count = 5} .. " " .. #modules .. " " .. tostring(modules.is_full()))
rcon.print(tostring(modules.can_insert("speed-module")) .. " " .. beacon.get_module_inventory().insert("iron-plate"))
rcon.print(string.format("%.3f %.2f %.2f", machine.crafting_speed, machine.speed_bonus, machine.consumption_bonus))
rcon.print(machine.productivity_bonus .. " " .. machine.bonus_progress .. " " .. machine.pollution_bonus)
rcon.print(machine.beacons_count .. " " .. #machine.get_beacons() .. " " .. #beacon.get_beacon_effect_receivers())
rcon.print(drill.bonus_mining_progress .. " " .. drill.get_inventory(defines.inventory.mining_drill_modules).insert("speed-module"))
rcon.print(serpent.line(machine.set_recipe(nil)) .. " " .. machine.get_item_count("speed-module"))
"""
    )
    assert answer.split("\n")[:7] == [
        "2 2 true",
        "false 0",
        "1.050 0.40 1.00",
        "0 0 0",
        "1 1 1",
        "0 1",
        "{} 2",
    ]
