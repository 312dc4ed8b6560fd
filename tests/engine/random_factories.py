"""Random factories on 16 × 16 tiles of ore: blocks of machines with aisles between them, in which arms, belts, pipes and
poles are. And what can be read off them: how much of everything there is, and everything that can be seen.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from runtime.engine.entity import Entity
from runtime.engine.maps import lab
from runtime.engine.prototypes import load
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.crafting import AssemblingMachine, CraftingMachine
from runtime.engine.systems.electricity import ElectricPole, Network
from runtime.engine.systems.fluids import FLUID, Segment, boxes_of
from runtime.engine.systems.ground import ItemOnGround
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.mining import MiningDrill, Resource
from runtime.engine.systems.splitters import Splitter
from runtime.engine.world import World

BLOCKS, PITCH = 4, 4  # blocks on a side; tiles from one to the next, three and an aisle
SIZE = BLOCKS * PITCH
DIRECTIONS = (0, 4, 8, 12)
ORES = ("iron-ore", "copper-ore", "coal", "stone")
RECIPES = (
    "iron-gear-wheel", "copper-cable", "electronic-circuit", "transport-belt", "pipe", "iron-stick",
    "automation-science-pack", "inserter", "stone-furnace", "logistic-science-pack",
)  # fmt: skip
FLUID_RECIPES = ("sulfur", "plastic-bar", "sulfuric-acid", "heavy-oil-cracking")
FLUIDS = ("water", "petroleum-gas", "heavy-oil", "light-oil")
ITEMS = (
    *ORES, "iron-plate", "copper-plate", "iron-gear-wheel", "copper-cable", "electronic-circuit", "coal", "wood",
    "automation-science-pack", "logistic-science-pack", "transport-belt", "inserter", "sulfur",
)  # fmt: skip
MODULES = ("speed-module", "productivity-module", "efficiency-module-3")
ARMS = ("burner-inserter", "inserter", "fast-inserter", "long-handed-inserter", "bulk-inserter")
BELTS = ("transport-belt", "fast-transport-belt", "express-transport-belt")
MACHINES = (
    "assembling-machine-1", "assembling-machine-2", "assembling-machine-3", "electric-mining-drill", "burner-mining-drill",
    "stone-furnace", "steel-furnace", "electric-furnace", "lab", "solar-panel", "accumulator", "substation", "chemical-plant",
    "storage-tank", "beacon",
)  # fmt: skip
FILLINGS = (*MACHINES, *MACHINES, "belts", "belts", "splitter", "tunnel", "chests", "chests", "empty")
IN_AISLES = (
    *ARMS, *ARMS, "transport-belt", "fast-transport-belt", "pipe", "pipe", "small-electric-pole", "medium-electric-pole",
    "wooden-chest", "empty", "empty",
)  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """Something to be built, and the seed of what is put into it."""

    name: str
    x: float
    y: float
    direction: int
    seed: int
    kind: str = ""  # of the end of a tunnel


@dataclass(frozen=True)
class Factory:
    """What stands where, in the order of a drawing."""

    things: tuple[Thing, ...]
    ore: int
    always_day: bool
    stock: int  # how much of everything there is at first, 1 to 4


@st.composite
def factories(draw: st.DrawFn) -> Factory:
    """Blocks and aisles, with or without mains, panels and a steam engine in the north."""
    things: list[Thing] = []
    seeds = random.Random(draw(st.integers(0, 1 << 32)))

    def add(name: str, x: float, y: float, direction: int, kind: str = "") -> None:
        things.append(Thing(name, x, y, direction, seeds.getrandbits(32), kind))

    turns = st.sampled_from(DIRECTIONS)
    for row, column in itertools.product(range(BLOCKS), repeat=2):
        _fill_block(add, draw(st.sampled_from(FILLINGS)), column * PITCH, row * PITCH, draw(turns), seeds)
    for x, y in itertools.product(range(SIZE), repeat=2):
        if x % PITCH < PITCH - 1 and y % PITCH < PITCH - 1:
            continue
        name = draw(st.sampled_from(IN_AISLES))
        turn = draw(turns)
        if name in ARMS:  # across the aisle
            turn = (4 if x % PITCH == PITCH - 1 else 0) + (turn // 8) * 8
        if name != "empty":
            add(name, x + 0.5, y + 0.5, turn)
    mains = draw(st.integers(0, 3))
    if mains:
        add("substation", -1, SIZE / 2, 0)
        add("substation", SIZE + 1, SIZE / 2, 0)
    if mains > 1:
        add("electric-energy-interface", -3, SIZE, 0)  # gives all that is asked for
    for i in range(draw(st.integers(0, 8))):
        add("solar-panel", -3.5 - 3 * (i // 4), SIZE / 2 - 4.5 + 3 * (i % 4), 0)
    engines = draw(st.integers(0, 2))
    if engines:
        _steam(add, engines)
    return Factory(tuple(things), draw(st.integers(1, 60)), draw(st.booleans()), draw(st.integers(1, 4)))


def _fill_block(add: Any, what: str, x: int, y: int, direction: int, seeds: random.Random) -> None:
    """Three by three tiles from (x, y) on."""
    if what in MACHINES:
        proto = load().entity[what]
        add(what, x + proto.tile_width / 2, y + proto.tile_height / 2, direction)
        if proto.tile_width < 3:
            add(seeds.choice(("iron-chest", "pipe")), x + 2.5, y + 0.5, 0)
            add(seeds.choice(ARMS), x + 2.5, y + 1.5, direction)
            add(seeds.choice(ARMS), x + 0.5, y + 2.5, direction)
            add(seeds.choice(BELTS), x + 1.5, y + 2.5, direction)
    elif what == "belts":
        name = seeds.choice(BELTS)
        for i, j in itertools.product(range(3), repeat=2):
            add(
                name,
                x + i + 0.5,
                y + j + 0.5,
                direction if seeds.random() < 0.8 else seeds.choice(DIRECTIONS),
            )
    elif what == "splitter":
        for i, j in itertools.product(range(3), repeat=2):
            if j != 1 or i == 2:
                add("transport-belt", x + i + 0.5, y + j + 0.5, direction // 8 * 8)
        add("splitter", x + 1, y + 1.5, direction // 8 * 8)
    elif what == "tunnel":
        for i in range(3):
            ends = ("input", "output") if direction < 8 else ("output", "input")
            add("underground-belt", x + i + 0.5, y + 0.5, direction // 8 * 8, ends[1])
            add("underground-belt", x + i + 0.5, y + 2.5, direction // 8 * 8, ends[0])
            add(seeds.choice(("wooden-chest", "pipe")), x + i + 0.5, y + 1.5, 0)
    elif what == "chests":
        for i in range(3):
            add("wooden-chest", x + i + 0.5, y + 0.5, 0)
            add(seeds.choice(ARMS), x + i + 0.5, y + 1.5, direction // 8 * 8)
            add("iron-chest", x + i + 0.5, y + 2.5, 0)


def _steam(add: Any, engines: int) -> None:
    """Water, a boiler, engines and the poles between them and the mains."""
    add("offshore-pump", 0.5, -11.5, 0)
    add("pipe", 0.5, -10.5, 0)
    add("pipe", 0.5, -9.5, 0)
    add("boiler", 1.0, -7.5, 4)
    for i in range(engines):
        add("steam-engine", 4.5 + 5 * i, -7.5, 4)
    add("substation", 7, -4, 0)


def build(factory: Factory, order: list[int] | None = None) -> World:
    """The factory in a world of its own, built in the order given; what overlaps what was drawn before is left out."""
    world = World(lab.tile_at, 1, lab.resources)
    world.surface.always_day = factory.always_day
    for x, y in itertools.product(range(SIZE), repeat=2):
        name = ORES[(x // 8) + 2 * (y // 8)]
        world.create(name, x + 0.5, y + 0.5, 0, world.forces["neutral"], amount=factory.ore)
    force = world.forces["player"]
    made: list[tuple[Thing, Entity]] = []
    for i in order if order is not None else range(len(factory.things)):
        thing = factory.things[i]
        fields = {"belt_to_ground_type": thing.kind} if thing.kind else {}
        made.append((thing, world.create(thing.name, thing.x, thing.y, thing.direction, force, **fields)))
    made.sort(key=lambda pair: (pair[0].y, pair[0].x))
    for thing, entity in made:
        _stock(entity, random.Random(thing.seed), factory.stock)
    for name in ("electronics", "steam-power", "automation-science-pack"):
        force.set_researched(name, True)
    for name in ("logistics", "automation", "logistic-science-pack", "fast-inserter"):
        force.add_research(name)
    return world


def _stock(entity: Entity, rng: random.Random, stock: int) -> None:
    """Recipes, and something to begin with."""
    if isinstance(entity, AssemblingMachine):
        plant = entity.name == "chemical-plant"
        recipe = load().recipe[rng.choice(FLUID_RECIPES if plant else RECIPES)]
        entity.set_recipe(recipe)
        for ingredient in recipe.ingredients:
            if ingredient.type == "item":
                entity.insert(ingredient.name, rng.randrange(1 + 30 * stock))
        for box in boxes_of(entity):
            if box.filter is not None and box.kind == "input":
                box.put(box.filter, rng.randrange(200))
    elif entity.type == "storage-tank":
        boxes_of(entity)[0].put(rng.choice(FLUIDS), rng.randrange(1 + 300 * stock))
    elif entity.type == "lab":
        for name in ("automation-science-pack", "logistic-science-pack"):
            entity.insert(name, rng.randrange(1 + 5 * stock))
    elif entity.type in ("container", "beacon"):
        for _ in range(stock):
            entity.insert(rng.choice(MODULES if entity.type == "beacon" else ITEMS), rng.randrange(1, 60))
    elif isinstance(entity, TransportBelt):
        for _ in range(stock):
            entity.insert(rng.choice(ITEMS), rng.randrange(3))
    elif entity.type == "furnace":
        entity.insert(rng.choice(ORES), rng.randrange(1 + 10 * stock))
    elif isinstance(entity, Inserter) and rng.random() < 0.2:
        entity.filters[0] = rng.choice(ITEMS)
        entity.use_filters = True
    if entity.proto.burner:
        entity.insert(rng.choice(("coal", "wood")), rng.randrange(1 + 4 * stock))
    if rng.random() < 0.1:
        entity.insert(rng.choice(MODULES), 1)


# --- how much there is ---------------------------------------------------------------------------------------------


def standing(world: World) -> list[Entity]:
    """All that was built, by place."""
    found = world.surface.all_of(world.surface.by_type, list(world.surface.by_type))
    return sorted((e for e in found if not isinstance(e, Resource)), key=lambda e: (e.y, e.x, e.name))


def items_of(entity: Entity) -> Counter[str]:
    """What is in an entity: in its inventories, on its belts, in its hand."""
    held: Counter[str] = Counter()
    for inventory in entity.inventories().values():
        held.update(inventory.contents())
    if isinstance(entity, (TransportBelt, Splitter)):
        for belt, lane in entity.lines():
            held.update(name for name, _ in belt.lane_contents(lane))
    elif isinstance(entity, Inserter) and entity.held is not None:
        held[entity.held] += entity.held_count
    elif isinstance(entity, MiningDrill):
        held.update(entity._holding)
    elif isinstance(entity, ItemOnGround):
        held[entity.stack_name] += entity.count
    return held


def items(world: World) -> Counter[str]:
    """All items there are."""
    return sum((items_of(e) for e in standing(world)), Counter())


def booked(world: World) -> Counter[str]:
    """Items made less those used."""
    flows = world.forces["player"].items
    found = Counter(flows.input)
    found.subtract(flows.output)
    return found


def fluids(world: World) -> Counter[str]:
    """All fluid there is, in whole `FLUID`s."""
    found: Counter[str] = Counter()
    segments: dict[int, Segment] = {}
    for entity in standing(world):
        for box in boxes_of(entity):
            if box.segment is not None:
                segments[box.segment.unit_number] = box.segment
            elif box.fluid is not None:
                found[box.fluid] += box.amount
    for segment in segments.values():
        amount = segment.now()
        assert 0 <= amount <= segment.capacity
        if segment.fluid is not None:
            found[segment.fluid] += amount
    return found


def fluids_booked(world: World) -> Counter[str]:
    """Fluid made less what was used, in whole `FLUID`s."""
    flows = world.forces["player"].fluids
    flows.settle()
    found: Counter[str] = Counter()
    for sign, counts, made in ((1, flows.input, True), (-1, flows.output, False)):
        for name, count in counts.items():
            found[name] += sign * round(count * FLUID)
        for (name, of), row in flows.flows.items():
            if of == made:
                found[name] += sign * row[1]
    return found


def networks(world: World) -> list[Network]:
    """The electric networks."""
    found: dict[int, Network] = {}
    for pole in world.surface.by_type.get("electric-pole", {}).values():
        assert isinstance(pole, ElectricPole)
        assert pole.network is not None
        found[pole.network.unit_number] = pole.network
    return list(found.values())


# --- what can be seen ----------------------------------------------------------------------------------------------


def seen(world: World) -> list[Any]:
    """All that can be seen of a world, by place, without what tells entities apart that are alike."""
    rows: list[Any] = [sorted(booked(world).items()), sorted(fluids_booked(world).items())]
    force = world.forces["player"]
    rows.append([force.current_research.name if force.current_research else None, force.research_progress])
    rows += [
        [e.x, e.y, e.amount]
        for e in world.surface.all_of(world.surface.by_type, ["resource"])
        if isinstance(e, Resource)
    ]
    for e in standing(world):
        row: list[Any] = [e.name, e.x, e.y, e.direction, e.status(), sorted(items_of(e).items())]
        row.append([box.content() for box in boxes_of(e)])
        if isinstance(e, (TransportBelt, Splitter)):
            row.append([belt.lane_contents(lane) for belt, lane in e.lines()])
        elif isinstance(e, Inserter):
            row.append([e.held, e.hand_position()])
        elif isinstance(e, CraftingMachine):
            row.append(
                [e.crafting.name if e.crafting else None, e.progress, e.bonus_progress, e.products_finished]
            )
        elif isinstance(e, MiningDrill):
            row.append([e.progress, e.bonus_progress])
        rows.append(row)
    return rows
