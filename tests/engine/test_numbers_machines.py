"""The rows on machines of the page of numbers: computed from the prototypes, measured in a running world."""

from __future__ import annotations

import itertools

import pytest

from runtime.engine.entity import Entity
from runtime.engine.prototypes import joules, load
from runtime.engine.systems.containers import Container
from runtime.engine.systems.crafting import AssemblingMachine, Furnace
from runtime.engine.systems.effects import WHOLE, module_effects
from runtime.engine.systems.electricity import UNITS
from runtime.engine.systems.fluids import FLUID
from runtime.engine.systems.mining import MiningDrill
from runtime.engine.world import World
from tests.engine.test_modules import build, powered

PLAIN_CRAFTERS = {
    "assembling-machine-1": 0.5,
    "assembling-machine-2": 0.75,
    "assembling-machine-3": 1.25,
    "stone-furnace": 1,
    "steel-furnace": 2,
    "electric-furnace": 2,
    "chemical-plant": 1,
    "oil-refinery": 1,
    "centrifuge": 1,
}


def ore(world: World, name: str, x: float, y: float, radius: int = 1, amount: int = 100_000) -> None:
    for dx, dy in itertools.product(range(-radius, radius + 1), repeat=2):
        world.create(name, x + dx, y + dy, 0, world.forces["neutral"], amount=amount)


def chest_under(world: World, drill: Entity) -> Container:
    assert isinstance(drill, MiningDrill)
    x, y = drill.drop_position()
    chest = build(world, "steel-chest", x // 1 + 0.5, y // 1 + 0.5)
    assert isinstance(chest, Container)
    return chest


def machine(world: World, name: str, recipe: str, x: float = 4.5, y: float = 4.5) -> AssemblingMachine:
    made = build(world, name, x, y)
    assert isinstance(made, AssemblingMachine)
    made.set_recipe(load().recipe[recipe])
    return made


# --- mining --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["electric-mining-drill", "burner-mining-drill"])
@pytest.mark.parametrize("resource", ["iron-ore", "copper-ore", "coal", "stone"])
@pytest.mark.parametrize("productivity", [0, 0.3])
def test_mining(name: str, resource: str, productivity: float) -> None:
    world = powered()
    force = world.forces["player"]
    force.mining_drill_productivity_bonus = productivity
    ore(world, resource, 4.5, 4.5, 2)
    drill = build(world, name, 4.5, 4.5)
    drill.insert("coal", 50)
    chest = chest_under(world, drill)
    proto, mined = drill.proto, load().entity[resource]
    rate = proto.raw["mining_speed"] * (1 + productivity) / mined.mining_time  # per second
    world.advance(600)
    before = chest.chest.count()
    world.advance(600 + 80 * 60)
    assert chest.chest.count() - before == pytest.approx(80 * rate, abs=1.01)
    assert rate == pytest.approx(
        {"electric-mining-drill": 0.5, "burner-mining-drill": 0.25}[name] * (1 + productivity)
    )


def test_a_pumpjack_pumps_ten_times_its_yield() -> None:
    world = powered()
    well = world.create("crude-oil", 4.5, 4.5, 0, world.forces["neutral"], amount=450_000)
    jack = build(world, "pumpjack", 4.5, 4.5)
    assert isinstance(jack, MiningDrill)
    raw = well.proto.raw
    made = world.forces["player"].fluids.input
    world.advance(66)
    first = made["crude-oil"]
    assert first == pytest.approx(10 * 450_000 / raw["normal"], rel=0.001)
    well.amount = raw["minimum"]  # type: ignore[attr-defined]
    box = jack.boxes[0]
    box.put(None, 0)
    world.advance(126)
    before = made["crude-oil"]
    box.put(None, 0)
    world.advance(126 + 240)
    assert (made["crude-oil"] - before) / 4 == pytest.approx(10 * 0.2, rel=0.01)  # the floor


def test_a_pumpjack_takes_modules() -> None:
    world = powered()
    world.create("crude-oil", 4.5, 4.5, 0, world.forces["neutral"], amount=300_000)
    jack = build(world, "pumpjack", 4.5, 4.5)
    assert isinstance(jack, MiningDrill)
    assert jack.insert("speed-module", 1) == 1
    assert jack.insert("productivity-module", 1) == 1
    made = world.forces["player"].fluids.input
    for _ in range(62):
        world.advance(world.tick + 60)
        jack.boxes[0].put(None, 0)
    assert made["crude-oil"] / 62 == pytest.approx(10 * 1.15 * 1.04, rel=0.02)


def test_uranium_is_mined_with_a_tenth_of_its_fluid_amount() -> None:
    world = powered()
    force = world.forces["player"]
    ore(world, "uranium-ore", 4.5, 4.5, 2)
    drill = build(world, "electric-mining-drill", 4.5, 4.5)
    assert isinstance(drill, MiningDrill)
    chest = chest_under(world, drill)
    world.advance(300)
    assert drill.status() == "missing_required_fluid"
    force.set_researched("uranium-mining", True)
    assert chest.chest.count() == 0
    pipe = build(world, "pipe", 6.5, 4.5)
    pipe.boxes[0].put("sulfuric-acid", 100)  # type: ignore[attr-defined]
    minable = load().entity["uranium-ore"].raw["minable"]
    world.advance(world.tick + 3 + 10 * 60 * minable["mining_time"] * 2)
    assert drill.status() == "working"
    assert chest.chest.contents() == {"uranium-ore": 10}
    assert force.fluids.output["sulfuric-acid"] == pytest.approx(11 * minable["fluid_amount"] / 10)


def test_drills_hand_acid_on_to_each_other() -> None:
    world = powered()
    world.forces["player"].mining_with_fluid = 1
    drills = []
    for x in (-3.5, -0.5, 2.5):
        ore(world, "uranium-ore", x, 4.5)
        drill = build(world, "electric-mining-drill", x, 4.5)
        assert isinstance(drill, MiningDrill)
        drills.append(drill)
    pipe = build(world, "pipe", 4.5, 4.5)
    pipe.boxes[0].put("sulfuric-acid", 100)  # type: ignore[attr-defined]
    world.advance(20)
    assert [d.status() for d in drills] == ["working"] * 3
    world.destroy(drills[1])
    held = sum(b.content()[1] for d in (drills[0], drills[2]) for b in d.boxes) + pipe.boxes[0].content()[1]  # type: ignore[attr-defined]
    assert held == pytest.approx((100 - 3) * FLUID * 500 / 700, rel=0.01)
    drills[2].rotate_to(4)
    assert len(drills[2].boxes) == 1
    for name in ("electric-mining-drill", "pipe"):
        for entity in list(world.surface.by_name[name].values()):
            world.destroy(entity)
    world.advance(100)


# --- crafting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLAIN_CRAFTERS)
def test_crafting_speeds(name: str) -> None:
    assert load().entity[name].raw["crafting_speed"] == PLAIN_CRAFTERS[name]


@pytest.mark.parametrize(
    ("name", "recipe", "feed"),
    [
        ("assembling-machine-1", "iron-gear-wheel", {"iron-plate": 100}),
        ("assembling-machine-2", "electronic-circuit", {"iron-plate": 30, "copper-cable": 90}),
        ("assembling-machine-3", "automation-science-pack", {"copper-plate": 20, "iron-gear-wheel": 20}),
        ("assembling-machine-2", "pipe", {"iron-plate": 100}),
        ("centrifuge", "nuclear-fuel-reprocessing", {"depleted-uranium-fuel-cell": 25}),
    ],
)
def test_a_craft_takes_its_energy_over_the_speed(name: str, recipe: str, feed: dict[str, int]) -> None:
    world = powered()
    made = machine(world, name, recipe)
    for item, count in feed.items():
        assert made.insert(item, count) == count
    seen: list[int] = []
    done = 0
    while len(seen) < 4:
        world.advance(world.tick + 1)
        if made.products_finished != done:
            done = made.products_finished
            seen.append(world.tick)
    ticks = load().recipe[recipe].energy * 60 / PLAIN_CRAFTERS[name]
    assert seen[-1] - seen[0] == pytest.approx(3 * ticks, abs=1)


@pytest.mark.parametrize(
    ("name", "item", "product", "seconds"),
    [
        ("stone-furnace", "iron-ore", "iron-plate", 3.2),
        ("steel-furnace", "copper-ore", "copper-plate", 1.6),
        ("electric-furnace", "iron-ore", "iron-plate", 1.6),
        ("stone-furnace", "iron-plate", "steel-plate", 16),
        ("steel-furnace", "iron-plate", "steel-plate", 8),
        ("electric-furnace", "stone", "stone-brick", 1.6),
    ],
)
def test_plates(name: str, item: str, product: str, seconds: float) -> None:
    world = powered()
    world.forces["player"].enable_all_recipes()
    furnace = build(world, name, 4.5, 4.5)
    assert isinstance(furnace, Furnace)
    furnace.insert("coal", 5)
    furnace.insert(item, 50)
    world.advance(2 + round(seconds * 60 * 3))
    assert furnace.output.contents() == {product: 3}
    world.advance(2 + round(seconds * 60 * 4) - 1)
    assert furnace.output.contents() == {product: 3 if name != "electric-furnace" else 4}


# --- what is drawn -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kilowatts"),
    [
        ("assembling-machine-1", 75), ("assembling-machine-2", 150), ("assembling-machine-3", 375),
        ("electric-furnace", 180), ("electric-mining-drill", 90), ("lab", 60), ("beacon", 480), ("rocket-silo", 250),
        ("chemical-plant", 210), ("oil-refinery", 420), ("centrifuge", 350), ("pumpjack", 90),
    ],
)  # fmt: skip
def test_consumption(name: str, kilowatts: int) -> None:
    proto = load().entity[name]
    assert proto.energy_usage * 60 == pytest.approx(kilowatts * 1000)
    if name in ("beacon", "electric-furnace"):
        world = powered()
        machine_ = build(world, name, 4.5, 4.5)
        idle = proto.energy_usage / 30
        power = machine_.power  # type: ignore[attr-defined]
        if name == "beacon":
            assert power.rate / UNITS == pytest.approx(proto.energy_usage + idle)
            return
        assert power.rate / UNITS == pytest.approx(idle)
        machine_.insert("iron-ore", 10)
        world.advance(5)
        assert power.rate / UNITS == pytest.approx(proto.energy_usage + idle)


def test_fuel() -> None:
    items, entities = load().item, load().entity
    assert (items["coal"].fuel_value, items["wood"].fuel_value) == (4e6, 2e6)
    assert entities["stone-furnace"].energy_usage * 60 == joules("90kJ")
    assert entities["burner-mining-drill"].energy_usage * 60 == joules("150kJ")
    world = powered()
    furnace = build(world, "stone-furnace", 4, 4)
    assert isinstance(furnace, Furnace)
    furnace.insert("wood", 1)
    furnace.insert("iron-ore", 50)
    world.advance(20_000)
    assert furnace.products_finished == int(2e6 / (90_000 * 3.2))


# --- modules and beacons -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "effects"),
    [
        ("speed-module", {"speed": 20, "consumption": 50}),
        ("speed-module-2", {"speed": 30, "consumption": 60}),
        ("speed-module-3", {"speed": 50, "consumption": 70}),
        ("productivity-module", {"productivity": 4, "speed": -5, "consumption": 40}),
        ("productivity-module-2", {"productivity": 6, "speed": -10, "consumption": 60}),
        ("productivity-module-3", {"productivity": 10, "speed": -15, "consumption": 80}),
        ("efficiency-module", {"consumption": -30}),
        ("efficiency-module-2", {"consumption": -40}),
        ("efficiency-module-3", {"consumption": -50}),
    ],
)
def test_modules(module: str, effects: dict[str, int]) -> None:
    found = {
        k: v * 100 // WHOLE
        for k, v in module_effects(module)
        if k in ("speed", "productivity", "consumption")
    }
    assert found == effects


def test_beacons() -> None:
    raw = load().entity["beacon"].raw
    assert raw["module_slots"] == 2
    assert raw["distribution_effectivity"] == 1.5
    assert all(raw["profile"][n - 1] * n == pytest.approx(n**0.5, rel=0.01) for n in range(1, 101))


# --- what inserters and hands bring --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "recipe", "item", "limit"),
    [
        # amount × (crafts in 1.166 s, rounded up, + 1), at least 2 and at most 100 crafts
        ("assembling-machine-1", "iron-gear-wheel", "iron-plate", 2 * 3),
        ("assembling-machine-3", "iron-gear-wheel", "iron-plate", 2 * 4),
        ("assembling-machine-1", "engine-unit", "pipe", 2 * 2),
        ("assembling-machine-2", "electronic-circuit", "copper-cable", 3 * 3),
    ],
)
def test_insertion_limits(name: str, recipe: str, item: str, limit: int) -> None:
    world = powered()
    made = machine(world, name, recipe)
    made.active = False
    brought = 0
    while made.takes(item):
        brought += made.insert(item, 1)
    assert brought == limit


def test_by_hand_more_than_a_stack_goes_in() -> None:
    world = World(tile_at=lambda x, y: "lab-dark-1", seed=1)
    made = machine(world, "assembling-machine-1", "iron-gear-wheel")
    assert made.insert("iron-plate", 1000) == 148
    assert made.output.insert("iron-gear-wheel", 1000) == 100
    assert made.status() == "no_power"


# --- chance --------------------------------------------------------------------------------------------------------


def test_uranium_processing_gives_by_chance_and_the_same_again() -> None:
    def run() -> dict[str, int]:
        world = powered()
        made = machine(world, "centrifuge", "uranium-processing")
        for _ in range(60):
            made.insert("uranium-ore", 50)
            world.advance(world.tick + 12 * 60 * 5)
            for name in ("uranium-235", "uranium-238"):
                made.take(name, 100)
        return dict(world.forces["player"].items.input)

    first = run()
    assert first == run()
    crafts = 300
    assert first["uranium-238"] == pytest.approx(0.993 * crafts, abs=4)
    assert 0 <= first.get("uranium-235", 0) < 12


def test_kovarex_counts_what_it_adds() -> None:
    world = powered()
    made = machine(world, "centrifuge", "kovarex-enrichment-process")
    made.insert("uranium-235", 40)
    made.insert("uranium-238", 5)
    world.advance(60 * 60 + 2)
    assert made.output.contents() == {"uranium-235": 41, "uranium-238": 2}
    items = world.forces["player"].items
    assert (items.input["uranium-235"], items.input["uranium-238"]) == (1, 0)
    assert (items.output["uranium-235"], items.output["uranium-238"]) == (0, 3)


def test_kovarex_with_productivity_gives_one_more_and_not_41() -> None:
    world = powered()
    made = machine(world, "centrifuge", "kovarex-enrichment-process")
    made.insert("productivity-module-3", 2)
    made.bonus = WHOLE - made.productivity
    made.insert("uranium-235", 40)
    made.insert("uranium-238", 5)
    world.advance(round(60 * 60 / 0.7) + 3)
    assert made.output.contents() == {"uranium-235": 42, "uranium-238": 2}


def test_products_that_find_no_room_are_kept() -> None:
    world = powered()
    made = machine(world, "assembling-machine-2", "iron-gear-wheel")
    made.output.insert("iron-gear-wheel", 100)
    made.insert("iron-plate", 10)
    world.advance(500)
    assert made.status() == "full_output"
    assert made.products_finished == 0
    assert made.input.count("iron-plate") == 8
    made.take("iron-gear-wheel", 1)
    world.advance(502)
    assert made.products_finished == 1
    assert made.status() == "working"


def test_a_drill_fills_a_furnace_beyond_what_inserters_bring() -> None:
    world = powered()
    ore(world, "stone", 4.5, 4.5, 2)
    drill = build(world, "electric-mining-drill", 4.5, 4.5)
    assert isinstance(drill, MiningDrill)
    x, y = drill.drop_position()
    furnace = build(world, "stone-furnace", x // 1 + 1, y // 1)
    assert isinstance(furnace, Furnace)
    world.advance(60 * 60 * 5)
    assert furnace.input.contents() == {"stone": 50 + 64}
    assert drill.status() == "waiting_for_space_in_destination"
    furnace.insert("wood", 1)
    world.advance(world.tick + 5)
    assert furnace.input.count("stone") <= 50 + 64
    assert drill.status() == "working"
    assert not furnace.takes("stone")
