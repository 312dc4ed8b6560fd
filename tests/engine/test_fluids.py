"""Fluids and steam power against the prototypes' numbers."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.engine.game import Game
from runtime.engine.maps import lab
from runtime.engine.placing import can_place
from runtime.engine.prototypes import load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.systems.crafting import AssemblingMachine
from runtime.engine.systems.electricity import UNITS
from runtime.engine.systems.fluids import DEGREE, FLUID, Pipe, Segment
from runtime.engine.systems.mining import MiningDrill
from runtime.engine.systems.steam import Boiler, Generator, OffshorePump
from runtime.engine.world import World
from tests.engine.test_belts import EAST, NORTH, SOUTH, WEST, build, new_world


def segment(entity: Any, box: int = 0) -> Segment:
    found = entity.boxes[box].segment
    assert isinstance(found, Segment)
    return found


def pipes(world: World, *places: tuple[float, float]) -> list[Pipe]:
    made = [build(world, "pipe", x, y) for x, y in places]
    assert all(isinstance(p, Pipe) for p in made)
    return made  # type: ignore[return-value]


def steam_plant(
    world: World, engines: int = 2, coal: int = 50
) -> tuple[OffshorePump, Boiler, list[Generator]]:
    """A pump, a boiler facing east and a row of engines; a substation supplies the engines and what is near (20, -6)."""
    # The pump's mouth is in the north, its pipe connection in the south.
    pump = build(world, "offshore-pump", 0.5, -3.5, NORTH)
    boiler = build(world, "boiler", 1.0, 0.5, EAST)
    pipes(world, (0.5, -2.5), (0.5, -1.5))
    made = [build(world, "steam-engine", 4.5 + 5 * i, 0.5, EAST) for i in range(engines)]
    build(world, "substation", 14, -6)
    build(world, "substation", 20, -6)
    boiler.insert("coal", coal)
    assert isinstance(pump, OffshorePump)
    assert isinstance(boiler, Boiler)
    assert all(isinstance(e, Generator) for e in made)
    return pump, boiler, made  # type: ignore[return-value]


def load_of(world: World, furnaces: int) -> list[Any]:
    """Electric furnaces that smelt, 186 kW each."""
    made = []
    for i in range(furnaces):
        furnace = build(world, "electric-furnace", 15.5 + 3 * (i % 4), -10.5 + 3 * (i // 4))
        furnace.insert("iron-ore", 50)
        made.append(furnace)
    return made


def test_pipes_share_one_level() -> None:
    world = new_world()
    row = pipes(world, *((x + 0.5, 0.5) for x in range(10)))
    one = segment(row[0])
    assert {segment(p).id for p in row} == {row[0].unit_number}
    assert one.capacity == 1000 * FLUID
    row[3].boxes[0].put("water", 100)
    assert row[0].boxes[0].held() == ("water", 10.0, 15)
    tank = build(world, "storage-tank", 11.5, 1.5)
    assert segment(row[0]) is segment(tank)
    assert segment(tank).capacity == 26_000 * FLUID
    world.destroy(tank)
    left = segment(row[0]).now() / FLUID
    assert left == pytest.approx(100 * 1000 / 26_000)
    world.destroy(row[4])
    assert segment(row[0]).now() + segment(row[9]).now() == pytest.approx(left * 0.9 * FLUID)
    assert segment(row[5]).id == row[5].unit_number


def test_pump_gives_1200_a_second() -> None:
    world = new_world()
    pump = build(world, "offshore-pump", 0.5, 0.5, NORTH)
    pipes(world, (0.5, 1.5))
    tank = build(world, "storage-tank", 1.5, 3.5)
    assert segment(pump) is segment(tank)
    world.advance(61)
    assert segment(tank).now() == pytest.approx(1200 * FLUID, abs=21 * FLUID)
    world.advance(3000)
    assert segment(tank).now() == segment(tank).capacity
    assert pump.status() == "working"


def test_one_boiler_runs_two_engines() -> None:
    world = new_world()
    _, boiler, engines = steam_plant(world)
    load_of(world, 12)
    world.advance(600)
    assert boiler.status() == "working"
    assert [e.output / UNITS * 60 for e in engines] == pytest.approx([900_000, 900_000], rel=1e-4)
    assert boiler.flow == pytest.approx(FLUID, rel=1e-4)
    assert boiler.drawn * 60 == pytest.approx(6 * FLUID, rel=1e-4)
    assert segment(boiler, 1).temperature == 165
    assert engines[0].status() == "working"


def test_one_pump_for_200_boilers_and_400_engines() -> None:
    proto = load().entity
    pump, boiler, engine = (proto[n].raw for n in ("offshore-pump", "boiler", "steam-engine"))
    world = new_world()
    _, made, engines = steam_plant(world)
    assert pump["pumping_speed"] * FLUID == 200 * made.most()
    assert made.most_steam == 2 * engine["fluid_usage_per_tick"] * FLUID
    assert boiler["target_temperature"] == engine["maximum_temperature"]
    assert engines[0].max_output * 60 == pytest.approx(900_000)


def test_boilers_burn_what_engines_need() -> None:
    world = new_world()
    _, boiler, engines = steam_plant(world)
    load_of(world, 2)
    world.advance(2000)
    assert boiler.burner is not None

    def energy() -> float:
        assert boiler.burner is not None
        boiler.burner.settle(world.tick)
        return boiler.burner.remaining + 4e6 * boiler.burner.inventory.count()

    assert sum(e.output for e in engines) == 2 * 186_000 * 1000
    before = energy()
    world.advance(3000)
    assert before - energy() == pytest.approx(372_000 * 1000 / 60, rel=1e-4)


def test_engine_statuses_and_lack_of_fuel() -> None:
    world = new_world()
    _, boiler, engines = steam_plant(world, coal=0)
    furnaces = load_of(world, 2)
    world.advance(10)
    assert boiler.status() == "no_fuel"
    assert engines[0].status() == "no_input_fluid"
    assert furnaces[0].status() == "no_power"
    boiler.insert("coal", 1)
    world.advance(300)
    assert furnaces[0].status() == "working"
    world.advance(6000)
    assert furnaces[0].status() == "no_power"
    assert boiler.status() == "no_fuel"


def test_too_little_power_slows_by_satisfaction() -> None:
    world = new_world()
    steam_plant(world, engines=1)
    furnaces = load_of(world, 9)
    world.advance(600)
    before = sum(f.products_finished for f in furnaces)
    world.advance(600 + 2880)
    made = sum(f.products_finished for f in furnaces) - before
    assert made == pytest.approx(9 * 2880 / 96 * 900 / (9 * 186), abs=9)
    assert furnaces[0].status() == "low_power"


def chemical_plant(recipe: str) -> tuple[World, AssemblingMachine]:
    """One with power and a recipe, at (0.5, 0.5)."""
    world = new_world()
    world.surface.always_day = True
    build(world, "substation", 8, 0)
    for i in range(6):
        build(world, "solar-panel", 12.5, -7.5 + 3 * i)
    plant = build(world, "chemical-plant", 0.5, 0.5, NORTH)
    assert isinstance(plant, AssemblingMachine)
    plant.set_recipe(load().recipe[recipe])
    return world, plant


def test_chemistry() -> None:
    world, plant = chemical_plant("plastic-bar")
    plant.insert("coal", 10)
    world.advance(10)
    assert plant.status() == "fluid_ingredient_shortage"
    (pipe,) = pipes(world, (-0.5, -1.5))
    pipe.boxes[0].put("petroleum-gas", 60)
    world.advance(10 + 60)
    assert plant.products_finished == 0
    world.advance(10 + 2 + 60)
    assert plant.products_finished == 1
    assert plant.output.count("plastic-bar") == 2
    world.advance(400)
    assert plant.products_finished == 3
    assert world.forces["player"].fluids.output["petroleum-gas"] == 60


def test_the_wrong_fluid() -> None:
    world, plant = chemical_plant("sulfur")
    left, right, out = pipes(world, (-0.5, -1.5), (1.5, -1.5), (-0.5, 2.5))
    for pipe in (left, right, out):
        pipe.boxes[0].put("crude-oil", 50)
    world.advance(100)
    assert plant.status() == "fluid_ingredient_shortage"
    plant.set_recipe(load().recipe["heavy-oil-cracking"])
    left.boxes[0].put("water", 100)
    right.boxes[0].put("heavy-oil", 100)
    world.advance(1000)
    assert plant.products_finished >= 1
    assert segment(out).fluid == "crude-oil"


def test_pumpjack() -> None:
    world = new_world()
    world.surface.always_day = True
    build(world, "substation", 4, 0)
    for i in range(3):
        build(world, "solar-panel", 8.5, -4.5 + 3 * i)
    world.create("crude-oil", 0.5, 0.5, 0, world.forces["neutral"], amount=300_000)
    jack = build(world, "pumpjack", 0.5, 0.5, NORTH)
    assert isinstance(jack, MiningDrill)
    pipes(world, (1.5, -1.5))
    tank = build(world, "storage-tank", 0.5, -3.5)
    assert segment(tank).id < tank.unit_number
    world.advance(600 + 10)
    assert jack.status() == "working"
    assert segment(tank).now() / FLUID == pytest.approx(100, rel=0.01)


def test_electric_pumps() -> None:
    world = new_world()
    world.surface.always_day = True
    build(world, "substation", 4, 0)
    build(world, "solar-panel", 8.5, 0.5)
    source = build(world, "storage-tank", 1.5, 5.5)  # opens to the north at (0.5, 3.5)
    pump = build(world, "pump", 0.5, 3.0, NORTH)
    target = build(world, "storage-tank", -0.5, 0.5)  # opens to the south at (0.5, 2.5), by the pump's mouth
    assert segment(pump, 0) is segment(source)
    assert segment(pump, 1) is segment(target)
    source.boxes[0].put("water", 2000)  # type: ignore[attr-defined]
    world.advance(11)
    assert segment(target).now() / FLUID == pytest.approx(200, abs=21)
    world.advance(200)
    assert segment(target).now() + segment(source).now() == 2000 * FLUID
    assert segment(source).now() == 0
    assert pump.status() == "no_input_fluid" or pump.status() == "full_output"


def plant(order: int) -> World:
    world = new_world()
    things = [("offshore-pump", 0.5, -3.5, NORTH), ("pipe", 0.5, -2.5, NORTH), ("pipe", 0.5, -1.5, NORTH),
              ("boiler", 1.0, 0.5, EAST), ("steam-engine", 4.5, 0.5, EAST), ("substation", 14, -6, NORTH),
              ("electric-furnace", 15.5, -10.5, NORTH), ("electric-furnace", 18.5, -10.5, NORTH),
              ("electric-furnace", 12.5, -10.5, NORTH), ("accumulator", 10, -4, NORTH),
              ("substation", 4, -6, NORTH)]  # fmt: skip
    for name, x, y, direction in things[::order]:
        made = build(world, name, x, y, direction)
        made.insert("iron-ore", 50)
        made.insert("coal", 4)
    return world


def outcome(world: World) -> list[Any]:
    found = world.surface.all_of(world.surface.by_type, ["furnace", "boiler", "accumulator"])
    return sorted(
        [e.name, e.x, getattr(e, "products_finished", 0), getattr(e, "stored", 0), getattr(e, "flow", 0)]
        for e in found
    )


def test_nothing_depends_on_order_or_on_looking() -> None:
    one, other, looked = plant(1), plant(-1), plant(1)
    for tick in range(1, 3000):
        looked.advance(tick)
        if tick % 7 == 0:
            state_hash(looked, {}, [])
            [e.status() for c in looked.surface.chunks.values() for e in c.values()]
            [e.settle() for c in looked.surface.chunks.values() for e in c.values()]
    one.advance(2999)
    other.advance(2999)
    assert outcome(one) == outcome(other) == outcome(looked)
    assert state_hash(one, {}, []) == state_hash(looked, {}, [])


def test_saved_and_loaded() -> None:
    world = plant(1)
    pipes(world, *((x + 0.5, 20.5) for x in range(400)))
    world.advance(333)
    world.surface.tile_at, world.natural_resources = lab.tile_at, lab.resources
    again = loads(dumps(Save(world, {}, [], 1.0, False, 0, ""))).world
    world.advance(3000)
    again.advance(3000)
    assert state_hash(world, {}, []) == state_hash(again, {}, [])


def test_turned_engines_part_and_join() -> None:
    world = new_world()
    engine = build(world, "steam-engine", 0.5, 0.5, NORTH)
    (pipe,) = pipes(world, (3.5, 0.5))
    assert segment(engine) is not segment(pipe)
    engine.rotate_to(EAST)
    assert segment(engine) is segment(pipe)
    engine.rotate_to(SOUTH)
    assert segment(engine) is not segment(pipe)
    engine.rotate_to(WEST)
    assert segment(engine) is segment(pipe)


def test_a_boilers_two_segments_are_told_apart() -> None:
    world = new_world()
    _, boiler, (engine,) = steam_plant(world, engines=1)
    assert segment(boiler, 0).id != segment(boiler, 1).id
    # Its steam led back to its water: one segment, which nothing may flow into.
    around = [(2.5, 3.5), (3.5, 3.5), (0.5, 2.5), (0.5, 3.5), (1.5, 3.5)]
    world.destroy(engine)
    pipes(world, *around, (2.5, 0.5), (3.5, 0.5), (3.5, 1.5), (3.5, 2.5))
    assert segment(boiler, 0) is segment(boiler, 1)
    world.advance(100)
    assert segment(boiler).now() == 0
    assert boiler.flow == 0


def powered() -> World:
    world = new_world()
    world.surface.always_day = True
    build(world, "substation", 4, 0)
    for _ in range(10):
        build(world, "solar-panel", 8.5, 0.5)
    return world


def test_underground_pipes_reach_ten_tiles() -> None:
    reach = (
        load().entity["pipe-to-ground"].raw["fluid_box"]["pipe_connections"][1]["max_underground_distance"]
    )
    assert reach == 10
    for distance in range(1, 13):
        world = new_world()
        one, other = (
            build(world, "pipe-to-ground", 0.5, 0.5, WEST),
            build(world, "pipe-to-ground", 0.5 + distance, 0.5, EAST),
        )
        assert (segment(one) is segment(other)) == (distance <= reach)
    world = new_world()
    first, last = (
        build(world, "pipe-to-ground", 0.5, 0.5, WEST),
        build(world, "pipe-to-ground", 6.5, 0.5, EAST),
    )
    between = build(world, "pipe-to-ground", 3.5, 0.5, WEST)
    assert segment(between) is segment(last)
    assert segment(first) is not segment(last)
    world.destroy(between)
    assert segment(first) is segment(last)
    across = build(world, "pipe-to-ground", 3.5, 0.5, NORTH)
    assert segment(across) is not segment(last)
    across.rotate_to(WEST)
    assert segment(first) is not segment(last)


def test_a_pump_moves_what_its_prototype_says() -> None:
    world = powered()
    pump = build(world, "pump", 0.5, 3.0, NORTH)
    assert load().entity["pump"].raw["pumping_speed"] * 60 == 1200
    source = build(world, "storage-tank", 1.5, 5.5)
    target = build(world, "storage-tank", -0.5, 0.5)
    source.boxes[0].put("water", 20_000)  # type: ignore[attr-defined]
    world.advance(5)
    before = segment(target).now()
    world.advance(5 + 600)
    assert segment(target).now() - before == 12_000 * FLUID
    assert pump.status() == "working"
    pump.active = False
    pump.wake(world.tick + 1)
    world.advance(700)
    assert pump.status() == "disabled_by_script"
    still = segment(target).now()
    world.advance(800)
    assert segment(target).now() == still


@pytest.mark.parametrize("length", [320, 321])
def test_a_pipeline_extends_320_tiles(length: int) -> None:
    assert load().raw["utility-constants"]["default"]["default_pipeline_extent"] == 320
    world = powered()
    pump = build(world, "offshore-pump", 10.5, 8.5, EAST)  # opens to the west
    row = pipes(world, *((9.5 - i, 8.5) for i in range(length - 2)))
    assert segment(pump) is segment(row[-1])
    world.advance(60)
    if length <= 320:
        assert pump.status() == "working"
        assert segment(pump).now() > 0
        return
    assert pump.status() == row[0].status() == "pipeline_overextended"
    assert segment(pump).now() == 0
    world.destroy(row[-1])
    world.advance(120)
    assert pump.status() == "working"
    assert segment(pump).now() > 0


def test_pumps_make_long_pipelines_work() -> None:
    world = powered()
    pump = build(world, "offshore-pump", 10.5, 4.5, EAST)
    near = pipes(world, *((9.5 - i, 4.5) for i in range(5)))
    far = pipes(world, *((2.5 - i, 4.5) for i in range(318)))
    middle = build(world, "pump", 4.0, 4.5, WEST)
    world.advance(100)
    assert segment(middle, 0) is segment(near[0])
    assert segment(middle, 1) is segment(far[0])
    assert middle.status() == "working"
    assert segment(far[-1]).now() > 1000 * FLUID
    assert pump.status() == "working"


def test_flows_are_counted_to_the_drop() -> None:
    world = new_world()
    _, boiler, engines = steam_plant(world)
    load_of(world, 5)
    world.advance(777)
    flows = world.forces["player"].fluids
    flows.settle()
    water = segment(boiler, 0).now() / FLUID + flows.output["water"]
    assert flows.input["water"] == pytest.approx(water, abs=0.01)
    assert flows.input["steam"] == pytest.approx(10 * flows.output["water"], abs=0.1)
    assert flows.input["steam"] == pytest.approx(
        segment(boiler, 1).now() / FLUID + flows.output["steam"], abs=0.01
    )
    assert flows.output["steam"] == pytest.approx(5 * 186_000 / 30_000 * 777 / 60, rel=0.02)
    assert engines[0].drawn == engines[1].drawn
    flows.clear()
    world.advance(778)
    flows.settle()
    assert 0 < flows.input["steam"] <= 1


def test_temperatures_mix() -> None:
    world = new_world()
    tank = build(world, "storage-tank", 0.5, 0.5)
    assert segment(tank).add("steam", 1000 * FLUID, 165 * DEGREE) == 1000 * FLUID
    segment(tank).add("steam", 3000 * FLUID, 500 * DEGREE)
    assert tank.boxes[0].held() == ("steam", 4000, (165 + 3 * 500) / 4)  # type: ignore[attr-defined]
    segment(tank).draw(2000 * FLUID)
    assert segment(tank).temperature == (165 + 3 * 500) / 4


def test_a_hand_does_not_join_different_fluids() -> None:
    world = new_world()
    left, right = build(world, "pipe", 0.5, 0.5), build(world, "pipe", 2.5, 0.5)
    force, pipe = world.forces["player"], load().entity["pipe"]
    assert can_place(world, pipe, 1.5, 0.5, NORTH, force, manual=True)
    left.boxes[0].put("water", 10)  # type: ignore[attr-defined]
    assert can_place(world, pipe, 1.5, 0.5, NORTH, force, manual=True)
    right.boxes[0].put("crude-oil", 10)  # type: ignore[attr-defined]
    assert not can_place(world, pipe, 1.5, 0.5, NORTH, force, manual=True)
    assert can_place(world, load().entity["pipe-to-ground"], 1.5, 0.5, WEST, force, manual=True)
    segment(right).empty()
    world.advance(1)
    assert can_place(world, pipe, 1.5, 0.5, NORTH, force, manual=True)


def test_what_a_script_may_do_with_fluids() -> None:
    game = Game(None, 7, None, None, lambda line: None)
    try:
        said = game.command(
            """/sc local s, f = game.surfaces[1], 'player'
            local tank = s.create_entity{name='storage-tank', position={100.5, 100.5}, force=f}
            local pipe = s.create_entity{name='pipe', position={102.5, 101.5}, force=f}
            rcon.print(tank.insert_fluid{name='steam', amount=100, temperature=165})
            rcon.print(tank.insert_fluid{name='water', amount=100})
            rcon.print(string.format('%.1f', tank.get_fluid_count('steam') + pipe.get_fluid_count()))
            rcon.print(tank.remove_fluid{name='steam', amount=50, minimum_temperature=200})
            rcon.print(tank.remove_fluid{name='steam', amount=50})
            rcon.print(string.format('%.1f', pipe.fluidbox.get_fluid_segment_contents(1).steam))
            rcon.print(string.format('%.1f', pipe.fluidbox.flush(1).steam))
            rcon.print(tank.fluids_count .. ' ' .. pipe.get_fluid_count())
            pipe.destroy()
            tank.fluidbox[1] = {name='crude-oil', amount=25000}
            rcon.print(tank.fluidbox[1].amount .. ' ' .. tank.fluidbox[1].temperature)
            tank.clear_fluid_inside()
            rcon.print(tank.get_fluid_count())
            local plant = s.create_entity{name='chemical-plant', position={110.5, 100.5}, force=f}
            plant.set_recipe('plastic-bar')
            rcon.print(plant.insert_fluid{name='water', amount=5} .. ' ' .. plant.insert_fluid{name='petroleum-gas', amount=5})
            rcon.print(plant.get_fluid_contents()['petroleum-gas'])
            rcon.print(tostring(tank.temperature))
            """
        )
    finally:
        game.close()
    assert said.split() == [
        "100",
        "0",
        "100.0",
        "0",
        "50",
        "50.0",
        "50.0",
        "0",
        "0",
        "25000",
        "25",
        "0",
        "0",
        "5",
        "5",
        "nil",
    ]


def test_the_last_drops_are_as_warm_as_the_rest() -> None:
    world = new_world()
    tank = build(world, "storage-tank", 0.5, 0.5)
    one = segment(tank)
    one.add("steam", 10_000 * FLUID + 1, 165 * DEGREE)
    one.add("steam", 7 * FLUID, 500 * DEGREE)
    warm = one.temperature
    assert 165 < warm < 166
    for tick in range(1, 100):
        world.advance(tick)
        one.draw(one.now() * 3 // 10)
    assert 0 < one.now() < FLUID
    assert one.temperature == warm
