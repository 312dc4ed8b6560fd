"""Random factories: nothing is lost or made of nothing, and they come out the same however they are built and watched."""

from __future__ import annotations

import operator
import random
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.engine.entity import Entity
from runtime.engine.prototypes import joules, load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.scene import Scenes
from runtime.engine.systems.crafting import CraftingMachine
from runtime.engine.systems.electricity import ONE, UNITS, Accumulator
from runtime.engine.systems.fluids import FLUID
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.labs import Lab
from runtime.engine.systems.mining import MiningDrill
from runtime.engine.systems.plans import plan_of
from runtime.engine.systems.steam import Boiler
from runtime.engine.views import look
from runtime.engine.world import World
from tests.engine import random_factories as rf
from tests.engine.random_factories import Factory, factories

WAITS = st.lists(st.integers(1, 500), min_size=2, max_size=3)


def quick(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )


# --- nothing is lost -----------------------------------------------------------------------------------------------


def energy_lost(world: World) -> float:
    """What panels and engines gave that consumers did not get and accumulators don't hold, joules."""
    lost = 0.0
    for network in rf.networks(world):
        lost += sum(e for name, e in network.production().items() if name != "accumulator")
        lost -= sum(network.consumption().values())
    accumulators = world.surface.by_type.get("accumulator", {}).values()
    return lost - sum(e.stored for e in accumulators if isinstance(e, Accumulator)) / UNITS


@quick(20)
@given(factories(), WAITS)
def test_items_fluids_and_energy_are_conserved(factory: Factory, waits: list[int]) -> None:
    world = rf.build(factory)
    items, fluids = rf.items(world), rf.fluids(world)
    for wait in waits:
        world.advance(world.tick + wait)
        change = rf.items(world)
        change.subtract(items)
        change.subtract(rf.booked(world))
        assert not any(change.values()), change
        change = rf.fluids(world)
        change.subtract(fluids)
        change.subtract(rf.fluids_booked(world))
        assert not any(change.values()), change
        # Satisfaction is cut to a `ONE`th: less than that share of what all ask for, here never 10 MW, goes in a tick.
        assert -0.01 <= energy_lost(world) <= 0.01 + world.tick * 10e6 / 60 / ONE


def burners(world: World) -> list[Any]:
    """What burns fuel."""
    return [e for e in rf.standing(world) if getattr(e, "burner", None) is not None]


def fuel_energy(entity: Any) -> float:
    """What its fuel still gives, joules."""
    entity.burner.settle(entity.world.tick)
    slots = entity.burner.inventory.contents().items()
    held = entity.burner.remaining + (entity.buffer if isinstance(entity, Inserter) else 0.0)
    return float(held + sum(load().item[n].fuel_value * count for n, count in slots))


def most(entity: Any) -> float:
    """The most that it takes of its fuel in a tick, joules."""
    if isinstance(entity, Boiler):
        return entity.consumption
    if isinstance(entity, Inserter):
        raw = entity.proto.raw
        turn, stretch = raw["rotation_speed"], raw["extension_speed"]
        return float(turn * joules(raw["energy_per_rotation"]) + stretch * joules(raw["energy_per_movement"]))
    return float(entity.usage())


@quick(20)
@given(factories(), st.integers(0, 2000))
def test_fuel_gives_its_energy_to_work_alone(factory: Factory, wait: int) -> None:
    world = rf.build(factory)
    world.advance(wait)
    watched = burners(world)
    least = load().item["wood"].fuel_value  # in a tick fuel comes, if at all, in multiples of this
    taken = dict.fromkeys(watched, 0.0)
    for tick in range(1, 61):
        before = [(fuel_energy(e), e.status(), getattr(e, "progress", None)) for e in watched]
        world.advance(world.tick + 1)
        for entity, (energy, status, progress) in zip(watched, before, strict=True):
            used = (energy - fuel_energy(entity) + 0.01) % least - 0.01
            taken[entity] += used
            # An arm may pay for a swing when it ends; of the last fuel, what doesn't last a tick goes unused.
            late = 80 if isinstance(entity, Inserter) else 1
            assert taken[entity] <= most(entity) * (tick + late) + 0.01 * tick, (entity, taken[entity])
            if isinstance(entity, (CraftingMachine, MiningDrill)):
                if status == entity.status() == "working" and progress != entity.progress:
                    assert used >= most(entity) - 0.01, (entity, used)
                elif "working" not in (status, entity.status()) and progress == entity.progress:
                    assert used <= 0.01, (entity, used, status)


@quick(20)
@given(factories(), st.integers(1, 400), st.lists(st.integers(0, 1 << 16), min_size=1, max_size=12))
def test_whatever_is_mined_gives_what_was_in_it(factory: Factory, wait: int, which: list[int]) -> None:
    """And the rest of the factory goes on and loses nothing."""
    world = rf.build(factory)
    for number in which:
        world.advance(world.tick + wait)
        there = rf.standing(world)
        entity = there[number % len(there)]
        before = rf.items(world)
        mined = entity.mined_items()
        waiting = entity._holding if isinstance(entity, MiningDrill) else []  # goes with the drill
        world.destroy(entity)
        before.subtract(name for name in waiting)
        for name, count in mined:
            before[name] -= count
        before.subtract(rf.items(world))
        assert not any(before.values()), (entity, before)


# --- nothing overlaps, and everything says the truth ---------------------------------------------------------------


def standing_free(entity: Entity) -> None:
    """Nothing stands where it stands."""
    itself = partial(operator.is_, entity)
    place = entity.world.surface.obstacle(entity.proto, entity.x, entity.y, entity.direction, itself)
    assert not isinstance(place, Entity), (entity, place)


def truth_of_power(entity: Any, status: str) -> None:
    power = getattr(entity, "power", None)
    if power is None:
        assert status not in ("no_power", "low_power")
    elif status == "no_power":
        assert power.satisfaction == 0
    elif status == "low_power":
        assert 0 < power.satisfaction < ONE


def truth(entity: Entity) -> None:
    """What an entity says of itself is so."""
    status = entity.status()
    if status is None:
        return
    truth_of_power(entity, status)
    if isinstance(entity, CraftingMachine):
        truth_of_machine(entity, status)
    elif isinstance(entity, MiningDrill):
        if status in ("working", "low_power"):
            assert entity.resources
        elif status == "waiting_for_space_in_destination":
            assert entity._holding
        elif status == "no_minable_resources":
            assert not entity.resources
        elif status == "no_fuel":
            assert entity.burner is not None
            assert entity.burner.inventory.is_empty()
    elif isinstance(entity, Inserter):
        if status == "waiting_for_source_items":
            assert entity.held is None
        elif status == "waiting_for_space_in_destination":
            assert entity.held is not None
    elif isinstance(entity, Lab):
        tech = entity.force.current_research
        if status == "missing_science_packs":
            assert tech is not None
            assert any(entity.packs.count(n) < c for n, c in tech.proto.unit_ingredients)
        elif status == "no_research_in_progress":
            assert tech is None


def truth_of_machine(machine: CraftingMachine, status: str) -> None:
    recipe = machine.crafting or machine.next_recipe()
    plan = plan_of(recipe.name) if recipe is not None else None
    if status in ("working", "low_power"):
        # At work, or about to be: a machine that has all it needs begins a tick or two later.
        assert machine.crafting is not None or machine.key > 0
    elif status == "full_output":
        assert plan is not None
        full = not plan.has_room(machine.output)
        boxes = {b.filter: b for b in machine.boxes if b.kind == "output"}
        spilling = any(
            boxes[p.name].amount + p.amount * FLUID > boxes[p.name].capacity for p in plan.fluids_out
        )
        assert full or spilling
    elif status in ("item_ingredient_shortage", "no_ingredients"):
        assert plan is None or not plan.has_items(machine.input)
    elif status == "fluid_ingredient_shortage":
        assert plan is not None
        held = {b.filter: b.amount for b in machine.boxes if b.kind == "input"}
        assert any(held.get(i.name, 0) < i.amount * FLUID for i in plan.fluids_in)
    elif status == "no_fuel":
        assert machine.burner is not None
        assert machine.burner.inventory.is_empty()
    elif status == "no_recipe":
        assert machine.recipe is None


@quick(20)
@given(factories(), WAITS)
def test_nothing_overlaps_and_statuses_are_true(factory: Factory, waits: list[int]) -> None:
    world = rf.build(factory)
    for wait in waits:
        world.advance(world.tick + wait)
        for entity in rf.standing(world):
            standing_free(entity)
            truth(entity)
        before = {id(e): (e.status(), e.progress, e.products_finished) for e in machines(world)}
        world.advance(world.tick + 5)
        for machine in machines(world):
            status, progress, finished = before[id(machine)]
            if status == machine.status() == "working":
                assert (machine.progress, machine.products_finished) != (progress, finished)


def machines(world: World) -> list[CraftingMachine]:
    return [e for e in rf.standing(world) if isinstance(e, CraftingMachine)]


# --- the same however it is built and watched ----------------------------------------------------------------------


def again(world: World) -> World:
    """The world as it is after a save and a restart."""
    return loads(dumps(Save(world, {}, [], 1.0, False, 0, ""))).world


@quick(8)
@given(factories(), WAITS, st.integers(20, 97))
def test_looking_and_saving_change_nothing(factory: Factory, waits: list[int], step: int) -> None:
    rare, often = rf.build(factory), rf.build(factory)
    for wait in waits:
        scenes = Scenes(often)
        rare.advance(rare.tick + wait)
        while often.tick < rare.tick:
            often.advance(min(rare.tick, often.tick + step))
            rf.seen(often)
            scenes.changes((-1, -1, 1, 1), scenes.epoch, scenes.version, (-1, -1, 1, 1))
            look(often, None, {"no_power"})
        assert rf.seen(rare) == rf.seen(often)
        assert state_hash(rare, {}, []) == state_hash(often, {}, [])
        often = again(often)


@quick(20)
@given(factories(), WAITS, st.integers(0, 1 << 32))
def test_the_order_of_building_does_not_matter(factory: Factory, waits: list[int], seed: int) -> None:
    order = list(range(len(factory.things)))
    random.Random(seed).shuffle(order)
    one, other = rf.build(factory), rf.build(factory, order)
    for wait in waits:
        one.advance(one.tick + wait)
        other.advance(other.tick + wait)
        assert rf.seen(one) == rf.seen(other)
