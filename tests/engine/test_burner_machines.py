"""Drills and furnaces against what was measured on Factorio 2.0.60 and what follows from the prototypes."""

from __future__ import annotations

import itertools

import pytest

from runtime.engine.entity import Entity
from runtime.engine.systems.crafting import Furnace
from runtime.engine.systems.mining import MiningDrill, Resource
from runtime.engine.world import World


def new_world() -> World:
    return World(tile_at=lambda x, y: "lab-dark-1", seed=1)


def build(world: World, name: str, x: float, y: float, direction: int = 0) -> Entity:
    return world.create(name, x, y, direction, world.forces["player"])


def ore(world: World, name: str, amount: int, *places: tuple[float, float]) -> list[Resource]:
    made = [world.create(name, x, y, 0, world.forces["neutral"], amount=amount) for x, y in places]
    return [r for r in made if isinstance(r, Resource)]


FOUR = ((-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5))


def drill_over_chest(world: World, amount: int = 1000) -> tuple[MiningDrill, Entity]:
    """A burner drill that faces south, and a chest where its items fall."""
    ore(world, "iron-ore", amount, *FOUR)
    drill = build(world, "burner-mining-drill", 0, 0, 8)
    assert isinstance(drill, MiningDrill)
    x, y = drill.drop_position()
    chest = build(world, "wooden-chest", x // 1 + 0.5, y // 1 + 0.5)
    return drill, chest


def arrivals(world: World, chest: Entity, item: str, until: int) -> list[int]:
    """The ticks at which a chest's count of an item rose."""
    found: list[int] = []
    inventory = next(iter(chest.inventories().values()))
    while world.tick < until:
        before = inventory.count(item)
        world.advance(world.tick + 1)
        if inventory.count(item) > before:
            found.append(world.tick)
    return found


def test_burner_drill_mines_every_240_ticks() -> None:
    world = new_world()
    drill, chest = drill_over_chest(world)
    world.advance(100)
    assert drill.status() == "no_fuel"
    drill.insert("coal", 5)
    assert [t - 100 for t in arrivals(world, chest, "iron-ore", 1200)] == [243, 483, 723, 963]
    assert drill.status() == "working"


def test_drill_runs_out_of_fuel_and_goes_on() -> None:
    world = new_world()
    drill, chest = drill_over_chest(world)
    drill.insert("wood", 1)
    # 2 MJ at 150 kW: 800 ticks of work, so three items and a third of the fourth.
    world.advance(2000)
    assert chest.inventories()[1].count("iron-ore") == 3
    assert drill.status() == "no_fuel"
    assert drill.progress == pytest.approx(1 / 3, abs=0.02)
    drill.insert("wood", 1)
    first = arrivals(world, chest, "iron-ore", 2400)[0] - 2000
    assert 158 <= first <= 164


def test_drill_takes_from_its_ores_in_turn_and_depletes_them() -> None:
    world = new_world()
    drill, chest = drill_over_chest(world, amount=2)
    drill.insert("coal", 5)
    world.advance(243 + 3 * 240)
    assert [r.amount for r in world.surface.by_name["iron-ore"].values()] == [1, 1, 1, 1]  # type: ignore[attr-defined]
    world.advance(243 + 7 * 240)
    assert chest.inventories()[1].count("iron-ore") == 8
    assert not world.surface.by_name["iron-ore"]
    assert drill.status() == "no_minable_resources"
    world.advance(10_000)
    assert chest.inventories()[1].count("iron-ore") == 8


def test_two_drills_share_the_last_ore() -> None:
    world = new_world()
    ore(world, "iron-ore", 3, (0.5, 0.5))
    left = build(world, "burner-mining-drill", 0, 0, 0)
    right = build(world, "burner-mining-drill", 2, 2, 8)
    assert isinstance(left, MiningDrill)
    assert isinstance(right, MiningDrill)
    assert left.target is not None
    assert right.target is None
    assert right.status() == "no_minable_resources"
    left.insert("coal", 5)
    world.advance(5000)
    assert left.status() != "working"


def test_blocked_drill_keeps_one_item() -> None:
    world = new_world()
    drill, chest = drill_over_chest(world)
    chest.insert("stone", 16 * 50)
    drill.insert("coal", 5)
    world.advance(1000)
    assert drill.status() == "waiting_for_space_in_destination"
    assert world.forces["player"].items.input["iron-ore"] == 1
    chest.inventories()[1].remove("stone", 50)
    world.advance(1001)
    assert chest.inventories()[1].count("iron-ore") == 1
    assert drill.status() == "working"
    assert len(arrivals(world, chest, "iron-ore", 1300)) == 1


def test_electric_drill_has_no_power() -> None:
    world = new_world()
    ore(world, "iron-ore", 100, *FOUR)
    drill = build(world, "electric-mining-drill", 0.5, 0.5)
    world.advance(1000)
    assert drill.status() == "no_power"


def furnace_in(world: World, ores: int, coal: int) -> Furnace:
    furnace = build(world, "stone-furnace", 0, 0)
    assert isinstance(furnace, Furnace)
    furnace.insert("iron-ore", ores)
    furnace.insert("coal", coal)
    return furnace


def outputs(world: World, furnace: Furnace, item: str, until: int) -> list[int]:
    found = []
    while world.tick < until:
        before = furnace.output.count(item)
        world.advance(world.tick + 1)
        if furnace.output.count(item) > before:
            found.append(world.tick)
    return found


def test_stone_furnace_timing() -> None:
    world = new_world()
    furnace = furnace_in(world, 4, 1)
    assert outputs(world, furnace, "iron-plate", 1000) == [194, 386, 578, 770]
    assert furnace.status() == "no_ingredients"
    assert furnace.products_finished == 4


def test_furnace_burns_90_kw() -> None:
    world = new_world()
    furnace = furnace_in(world, 50, 1)
    world.advance(10_000)
    # 4 MJ at 1,500 J per tick: 2,666 ticks of work, which are 13 plates and most of another.
    assert furnace.output.count("iron-plate") == 13
    assert furnace.status() == "no_fuel"
    assert furnace.input.count("iron-ore") == 50 - 14
    furnace.insert("coal", 1)
    world.advance(20_000)
    assert furnace.output.count("iron-plate") == 27


def test_furnace_stops_when_its_output_is_full() -> None:
    world = new_world()
    furnace = furnace_in(world, 50, 20)
    furnace.output.insert("iron-plate", 100)
    world.advance(1000)
    assert furnace.status() == "full_output"
    furnace.output.remove("iron-plate", 1)
    world.advance(1300)
    assert furnace.output.count("iron-plate") == 100


def test_limits_on_what_inserters_bring() -> None:
    world = new_world()
    furnace = build(world, "stone-furnace", 0, 0)
    assert furnace.takes("iron-ore")
    furnace.insert("iron-ore", 1)
    assert furnace.takes("iron-ore")
    furnace.insert("iron-ore", 1)
    assert not furnace.takes("iron-ore")
    assert not furnace.takes("copper-ore")
    furnace.insert("coal", 4)
    world.advance(1)
    assert furnace.takes("coal")
    furnace.insert("coal", 2)
    assert not furnace.takes("coal")
    assert furnace.insert("iron-plate", 5) == 0  # another recipe's ingredient, while ore is in


def test_steel_furnace_is_twice_as_fast() -> None:
    world = new_world()
    furnace = build(world, "steel-furnace", 0, 0)
    assert isinstance(furnace, Furnace)
    furnace.insert("iron-ore", 3)
    furnace.insert("coal", 1)
    times = outputs(world, furnace, "iron-plate", 500)
    assert [b - a for a, b in itertools.pairwise(times)] == [96, 96]


def test_mined_furnace_and_chest_give_what_is_in_them() -> None:
    world = new_world()
    furnace = furnace_in(world, 3, 2)
    assert dict(furnace.mined_items()) == {"coal": 2, "iron-ore": 3}
    chest = build(world, "iron-chest", 5.5, 5.5)
    for name in ("coal", "iron-plate", "stone"):
        chest.insert(name, 7)
    assert chest.mined_items() == [("coal", 7), ("iron-plate", 7), ("stone", 7)]
