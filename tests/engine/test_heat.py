"""Reactors, heat pipes, exchangers and turbines, by the prototypes and by what players have measured of heat pipes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.engine.entity import Entity
from runtime.engine.maps import lab
from runtime.engine.prototypes import joules, load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.systems.electricity import UNITS, units
from runtime.engine.systems.fluids import DEGREE, FLUID
from runtime.engine.systems.heat import Heat, HeatPipe, Reactor
from runtime.engine.systems.steam import Boiler, Generator
from runtime.engine.world import World
from tests.engine.test_belts import NORTH, WEST, build, new_world
from tests.engine.test_fluids import segment, steam_plant

CELL = "uranium-fuel-cell"


def reactor_at(world: World, x: float, y: float, cells: int = 5) -> Reactor:
    made = build(world, "nuclear-reactor", x, y)
    assert isinstance(made, Reactor)
    made.insert(CELL, cells)
    return made


def line(world: World, x: float, y: float, count: int) -> list[HeatPipe]:
    made = [build(world, "heat-pipe", x + i, y) for i in range(count)]
    assert all(isinstance(p, HeatPipe) for p in made)
    return made  # type: ignore[return-value]


def joules_in(heats: list[Heat]) -> float:
    [h.temperature for h in heats]
    return sum(h.amount for h in heats) / UNITS


def network(entity: Any) -> list[Heat]:
    return list(entity.heat.network.heats)


def watts(entity: str) -> float:
    raw = load().entity[entity].raw
    return 60 * joules(raw.get("consumption") or raw["energy_consumption"])


def test_a_cell_burns_for_its_energy_over_the_reactors_consumption() -> None:
    world = new_world()
    reactor = reactor_at(world, 0.5, 0.5, cells=2)
    assert reactor.burner is not None
    ticks = round(load().item[CELL].fuel_value / watts("nuclear-reactor") * 60)
    assert ticks == 12_000
    world.advance(1)
    assert reactor.status() == "working"
    assert reactor.burner.inventory.count() == 1
    world.advance(ticks)
    assert reactor.burner.burnt.is_empty()
    world.advance(ticks + 2)
    assert reactor.burner.burnt.contents() == {"depleted-uranium-fuel-cell": 1}
    assert reactor.burner.inventory.count() == 0
    world.advance(2 * ticks + 2)
    assert reactor.burner.burnt.contents() == {"depleted-uranium-fuel-cell": 2}
    assert reactor.status() == "no_fuel"
    assert list(reactor.offer()) == ["depleted-uranium-fuel-cell"]
    items = world.forces["player"].items
    assert items.output[CELL] == 2
    assert items.input["depleted-uranium-fuel-cell"] == 2


def test_a_reactor_alone_gets_as_hot_as_it_can_and_burns_on() -> None:
    world = new_world()
    reactor = reactor_at(world, 0.5, 0.5, cells=3)
    raw = load().entity["nuclear-reactor"].raw["heat_buffer"]
    world.advance(1 + 6000)
    per_degree = joules(raw["specific_heat"])
    assert reactor.heat.temperature == pytest.approx(15 + watts("nuclear-reactor") * 100 / per_degree)
    world.advance(20_000)
    assert reactor.heat.temperature == pytest.approx(raw["max_temperature"], abs=1e-3)
    assert reactor.heat.temperature <= raw["max_temperature"]
    assert reactor.status() == "working"
    world.advance(40_000)
    assert reactor.status() == "no_fuel"
    assert reactor.heat.temperature == pytest.approx(raw["max_temperature"], abs=1e-3)


def test_a_full_burnt_slot_stops_it() -> None:
    world = new_world()
    reactor = reactor_at(world, 0.5, 0.5, cells=1)
    assert reactor.burner is not None
    reactor.burner.burnt.insert("depleted-uranium-fuel-cell", 1000)
    reactor.insert(CELL, 1)
    world.advance(13_000)
    assert reactor.status() == "full_burnt_result_output"
    assert reactor.burner.inventory.count() == 1
    reactor.take("depleted-uranium-fuel-cell", 1)
    world.advance(13_010)
    assert reactor.status() == "working"


def test_neighbours_add_their_bonus_while_both_burn() -> None:
    world = new_world()
    bonus = load().entity["nuclear-reactor"].raw["neighbour_bonus"]
    one, other = reactor_at(world, 0.5, 0.5), reactor_at(world, 5.5, 0.5, cells=0)
    aside = reactor_at(world, 0.5 + 2, 5.5)  # touches both, but not side to side
    world.advance(2)
    assert [r.neighbour_bonus for r in (one, other, aside)] == [0, bonus, 0]
    assert one.heat.given == aside.heat.given == round(watts("nuclear-reactor") / 60 * UNITS)
    assert other.heat.given == 0
    other.insert(CELL, 1)
    world.advance(10)
    assert one.heat.given == other.heat.given == round((1 + bonus) * watts("nuclear-reactor") / 60 * UNITS)
    world.destroy(other)
    world.advance(11)
    assert one.neighbour_bonus == 0
    assert one.heat.given == aside.heat.given


def test_four_reactors_in_a_square() -> None:
    world = new_world()
    four = [reactor_at(world, x, y) for x in (0.5, 5.5) for y in (0.5, 5.5)]
    world.advance(2)
    assert sum(r.heat.given for r in four) * 60 / UNITS == pytest.approx(480e6)
    world.advance(1 + 600)
    assert joules_in(network(four[0])) == pytest.approx(4 * 15 * 10e6 + 480e6 * 10, rel=0.01)


@pytest.mark.parametrize("exchangers", [1, 2, 3])
def test_a_line_of_pipes_loses_1_degree_and_a_15th_of_the_megawatts_a_piece(exchangers: int) -> None:
    """(5gamers.com and the game's players: a drop of 1 + P / 15 for P MW.)"""
    world, reactor, pipes, made, _ = plant(exchangers, radars=240)
    for entity in (reactor, *pipes, *made):
        entity.heat.set_temperature(990)
    world.advance(9_000)  # the reactor is as hot as it gets, and nothing changes any more
    flow = sum(e.heat.drawn for e in made if e.heat is not None) * 60 / UNITS / 1e6
    assert flow == pytest.approx(10 * exchangers, rel=1e-3)
    drops = [a.heat.temperature - b.heat.temperature for a, b in pairwise(pipes[:9])]
    assert drops == pytest.approx([1 + flow / 15] * 8, rel=1e-2)


def plant(
    exchangers: int, radars: int, length: int = 12, cells: int = 5
) -> tuple[World, Reactor, Any, Any, Any]:
    """A reactor, a line of heat pipes, and exchangers at its far end; each with two turbines to its north. Water for all."""
    world = new_world()
    reactor = reactor_at(world, 0.5, 0.5, cells)
    pipes = line(world, 3.5, 0.5, length + 4 * exchangers)
    made, turbines = [], []
    start = 3.5 + length + 1
    for i in range(exchangers):
        x = start + 4 * i
        build(world, "pipe", x - 2, -0.5)
        made.append(build(world, "heat-exchanger", x, -1.0, NORTH))
        turbines += [build(world, "steam-turbine", x, y, NORTH) for y in (-4.5, -9.5)]
    build(world, "offshore-pump", start - 3, -0.5, WEST)
    for i in range(1 + exchangers // 3):
        build(world, "substation", start + 3 + 16 * i, -14)
    world.surface.always_day = True
    for _ in range(radars):
        build(world, "radar", start + 3.5, -18.5)  # all in one place: nothing minds
    return world, reactor, pipes, made, turbines


def test_exchangers_make_500_degree_steam_of_10_megawatts_for_two_turbines() -> None:
    exchanger, turbine = (load().entity[n].raw for n in ("heat-exchanger", "steam-turbine"))
    world, reactor, pipes, (made,), (first, second) = plant(1, radars=50)
    assert isinstance(made, Boiler)
    assert isinstance(first, Generator)
    assert segment(second) is segment(first)
    world.advance(100)
    assert made.status() == "low_temperature"
    assert made.heat is not None
    assert made.heat.temperature < exchanger["energy_source"]["min_working_temperature"]
    for entity in (reactor, *pipes, made):
        entity.heat.set_temperature(600)
    world.advance(400)
    assert made.status() == "working"
    per_unit = 0.2e3 * (exchanger["target_temperature"] - 15)
    assert made.flow * 60 / FLUID == pytest.approx(10e6 / per_unit)
    assert made.drawn * 10 == pytest.approx(made.flow, rel=1e-6)  # ten steam of one water
    assert segment(first).temperature == exchanger["target_temperature"]
    # A turbine is 5.82 MW at 60 steam a second; an exchanger's 10 MW run 1.72 of them.
    assert first.max_output * 60 == turbine["fluid_usage_per_tick"] * 60 * per_unit == pytest.approx(5.82e6)
    outputs = [t.output * 60 / UNITS for t in (first, second)]  # type: ignore[attr-defined]
    assert sum(outputs) == pytest.approx(10e6, rel=1e-3)


def test_heat_that_does_not_suffice_is_shared_out_and_nothing_is_lost() -> None:
    world, reactor, pipes, made, turbines = plant(5, radars=240)
    for entity in (reactor, *pipes, *made):
        entity.heat.set_temperature(530)
    world.advance(24_000)
    before = joules_in(network(reactor))
    drawn = steam_made(world)
    world.advance(30_000)
    used = (steam_made(world) - drawn) * 0.2e3 * 485
    assert joules_in(network(reactor)) - before == pytest.approx(
        40e6 * 100 - used, abs=400
    )  # steam is counted by 512ths
    # Five exchangers ask for 50 MW, the reactor gives 40: the far one is cold, or the last ones are held at 500 °C.
    assert used / 100 == pytest.approx(40e6, rel=0.02)
    assert all(e.heat.temperature > 499.9 for e in made[:4])
    assert sum(e.flow for e in made) * 60 / FLUID == pytest.approx(40e6 / (0.2e3 * 485), rel=0.02)
    assert sum(t.output for t in turbines) * 60 / UNITS == pytest.approx(40e6, rel=0.02)


def steam_made(world: World) -> float:
    flows = world.forces["player"].fluids
    flows.settle()
    return float(flows.input["steam"])


def test_a_network_that_has_settled_costs_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world, reactor, pipes, made, _ = plant(1, radars=6)
    for entity in (reactor, *pipes, *made):
        entity.heat.set_temperature(995)
    world.advance(6_000)
    assert reactor.heat.temperature == pytest.approx(1000, abs=1e-3)
    events = 0
    net = reactor.heat.network
    assert net is not None
    happens = type(net).on_event

    def counted(self: Any, world: World, tick: int) -> None:
        nonlocal events
        events += 1
        happens(self, world, tick)

    monkeypatch.setattr(type(net), "on_event", counted)
    world.advance(11_000)
    assert events < 60
    cold = new_world()
    line(cold, 0.5, 0.5, 50)
    cold.advance(10)
    assert cold.next_event_tick() is None


def test_engines_take_no_more_from_hotter_steam_and_turbines_less_from_colder() -> None:
    engine, turbine = (load().entity[n].raw for n in ("steam-engine", "steam-turbine"))
    for name, degrees, watts_made in (
        ("steam-engine", 500, 900e3),
        ("steam-engine", 165, 900e3),
        ("steam-turbine", 500, 5.82e6),
        ("steam-turbine", 165, 1.8e6),
        ("steam-turbine", 99, 0.0),
    ):
        world = new_world()
        made = build(world, name, 0.5, 0.5, NORTH)
        tank = build(world, "storage-tank", -0.5, 4.5)  # opens to the north at (-1.5, 2.5)
        world.destroy(tank)
        tank = build(world, "storage-tank", 1.5, 4.5)  # opens to the north at (0.5, 2.5)
        build(world, "substation", 4, 0)
        for _ in range(40):
            build(world, "electric-furnace", 7.5, 0.5).insert("iron-ore", 50)
        tank.boxes[0].put("steam", 10_000, degrees)  # type: ignore[attr-defined]
        world.advance(100)
        assert isinstance(made, Generator)
        assert segment(made).temperature == degrees
        assert made.output * 60 / UNITS == pytest.approx(watts_made, rel=1e-4)
        usage = (engine if name == "steam-engine" else turbine)["fluid_usage_per_tick"]
        assert made.drawn / FLUID == pytest.approx(usage if watts_made else 0, rel=1e-4)


def build_all(order: int) -> tuple[World, list[Entity]]:
    world = new_world()
    things = [("nuclear-reactor", 0.5, 0.5, NORTH), *(("heat-pipe", 3.5 + i, 0.5, NORTH) for i in range(10)),
              ("heat-exchanger", 8.5, -1.0, NORTH), ("heat-exchanger", 12.5, -1.0, NORTH), ("pipe", 10.5, -0.5, NORTH),
              ("offshore-pump", 6.5, -0.5, WEST), ("steam-turbine", 8.5, -4.5, NORTH),
              ("steam-turbine", 12.5, -4.5, NORTH), ("substation", 16, -6, NORTH),
              ("electric-furnace", 20.5, -10.5, NORTH), ("electric-furnace", 20.5, -6.5, NORTH)]  # fmt: skip
    made = [build(world, *thing) for thing in things[::order]]
    for entity in made:
        if isinstance(entity, Reactor):
            entity.insert(CELL, 1)
        if entity.name == "electric-furnace":
            entity.insert("iron-ore", 40)
        if hasattr(entity, "heat") and isinstance(entity.heat, Heat):
            entity.heat.set_temperature(470)
    return world, made


def outcome(made: list[Entity]) -> list[Any]:
    rows = []
    for e in made:
        heat = getattr(e, "heat", None)
        if isinstance(heat, Heat):
            rows.append((e.name, e.x, heat.temperature, getattr(e, "flow", 0)))
        elif e.name == "electric-furnace":
            rows.append((e.name, e.y, getattr(e, "products_finished", 0), 0))
    return sorted(rows)


def test_nothing_depends_on_order_or_on_looking() -> None:
    (one, a), (other, b), (looked, c) = build_all(1), build_all(-1), build_all(1)
    for tick in range(1, 3000, 3):
        looked.advance(tick)
        outcome(c)
        [e.status() for e in c]
        if tick % 50 == 0:
            state_hash(looked, {}, [])
    for world in (one, other, looked):
        world.advance(3000)
    assert outcome(a) == outcome(b) == outcome(c)
    assert outcome(a)[-1][2] > 500 or outcome(a)[2][2] > 470
    assert state_hash(one, {}, []) == state_hash(looked, {}, [])


def test_saved_and_loaded() -> None:
    world, _ = build_all(1)
    world.advance(777)
    world.surface.tile_at, world.natural_resources = lab.tile_at, lab.resources
    again = loads(dumps(Save(world, {}, [], 1.0, False, 0, ""))).world
    world.advance(3000)
    again.advance(3000)
    assert state_hash(world, {}, []) == state_hash(again, {}, [])


def test_taking_a_pipe_out_parts_the_network() -> None:
    world = new_world()
    reactor = reactor_at(world, 0.5, 0.5)
    pipes = line(world, 3.5, 0.5, 10)
    world.advance(600)
    total = joules_in(network(reactor))
    gone = pipes[4].heat.temperature
    world.destroy(pipes[4])
    near, far = network(reactor), network(pipes[9])
    assert (len(near), len(far)) == (5, 5)
    assert joules_in(near) + joules_in(far) + gone * 1e6 == pytest.approx(total)
    warm = pipes[9].heat.temperature
    world.advance(4000)
    assert pipes[9].heat.temperature <= warm + 10
    pipes[4] = line(world, 7.5, 0.5, 1)[0]
    world.advance(8000)
    assert len(network(reactor)) == 11
    assert pipes[9].heat.temperature > warm + 20


def test_boilers_and_exchangers_into_one_pipe_mix_their_steam() -> None:
    world = new_world()
    _, boiler, engines = steam_plant(world, engines=1)
    assert boiler.steam is not None
    tank = build(world, "storage-tank", engines[0].x + 4, 1.5, NORTH)
    assert segment(tank) is boiler.steam
    boiler.steam.add("steam", 1000 * FLUID, 500 * DEGREE)
    before = boiler.steam.amount * boiler.steam.warmth
    world.advance(600)
    steam = boiler.steam
    assert 165 < steam.temperature < 500
    # No load: all that came is there, and its heat.
    came = steam.now() - 1000 * FLUID
    assert steam.heat == pytest.approx(before + came * 165 * DEGREE, rel=1e-6)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 2**12 - 1), min_size=12, max_size=12),
    st.lists(st.floats(15, 900), min_size=3, max_size=3),
    st.randoms(use_true_random=False),
)
def test_heat_is_neither_lost_nor_made_whatever_the_order(
    rows: list[int], degrees: list[float], random: Any
) -> None:
    """Random fields of pipes with two reactors beside them, one of which burns."""
    things = [("heat-pipe", x + 0.5, y + 0.5) for y in range(12) for x in range(12) if rows[y] >> x & 1]
    reactors = [("nuclear-reactor", -2.5, 2.5), ("nuclear-reactor", -2.5, 7.5)]
    other = [*things, *reactors]
    random.shuffle(other)
    seen = []
    for order in ([*things, *reactors], other):
        world = new_world()
        made = {(e.x, e.y): e for e in (build(world, *thing) for thing in order)}
        for i, (place, entity) in enumerate(sorted(made.items())):
            entity.heat.set_temperature(degrees[i % 3])  # type: ignore[attr-defined]
            if place == (-2.5, 2.5):
                entity.insert(CELL, 1)
        heats = [made[place].heat for place in sorted(made)]  # type: ignore[attr-defined]
        before = sum(h.amount for h in heats)
        for tick in (10, 100, 400):
            world.advance(tick)
            [h.temperature for h in heats]
            # The fuel is lit on the first tick.
            assert sum(h.amount for h in heats) == before + (tick - 1) * units(watts("nuclear-reactor") / 60)
            assert all(15 <= h.temperature <= 1000 for h in heats)
        seen.append([h.amount for h in heats])
    assert seen[0] == seen[1]
