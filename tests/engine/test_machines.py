"""Drills, furnaces and hands, by the figures measured on the real game."""

from __future__ import annotations

import pickle

import pytest

from runtime.engine.maps import default_lab_scenario
from runtime.engine.placing import can_place, place, snapped
from runtime.engine.prototypes import load
from runtime.engine.systems.character import Character
from runtime.engine.systems.containers import Container
from runtime.engine.systems.crafting import Furnace
from runtime.engine.systems.mining import MiningDrill, Resource
from runtime.engine.world import World


@pytest.fixture
def world() -> World:
    return default_lab_scenario(1)


def drill_at(world: World, x: float, y: float, direction: int = 4) -> MiningDrill:
    drill = world.create("burner-mining-drill", x, y, direction, world.forces["player"])
    assert isinstance(drill, MiningDrill)
    return drill


def chest_at(world: World, x: float, y: float, name: str = "wooden-chest") -> Container:
    chest = world.create(name, x, y, 0, world.forces["player"])
    assert isinstance(chest, Container)
    return chest


def furnace_at(world: World, name: str = "stone-furnace") -> Furnace:
    furnace = world.create(name, 30, 0, 0, world.forces["player"])
    assert isinstance(furnace, Furnace)
    return furnace


def character_at(world: World, x: float, y: float) -> Character:
    character = world.create("character", x, y, 0, world.forces["player"])
    assert isinstance(character, Character)
    return character


def changes(world: World, until: int, count: object) -> list[int]:
    """The ticks at which a count rises."""
    ticks, last = [], 0
    for tick in range(world.tick + 1, until + 1):
        world.advance(tick)
        now = count()  # type: ignore[operator]
        if now != last:
            ticks.append(tick)
            last = now
    return ticks


def test_a_burner_drill_fills_a_chest_first_at_243_and_then_every_240_ticks(world: World) -> None:
    drill, chest = drill_at(world, 17, 72), chest_at(world, 18.5, 71.5)
    assert drill.status() == "no_fuel"
    drill.insert("coal", 5)
    assert changes(world, 1000, chest.chest.count) == [243, 483, 723, 963]
    assert drill.status() == "working"


def test_a_drill_whose_belt_is_full_keeps_one_item_and_goes_on_when_there_is_room(world: World) -> None:
    drill = drill_at(world, 17, 72)
    world.create("transport-belt", 18.5, 71.5, 0, world.forces["player"])
    drill.insert("coal", 5)
    mined = world.forces["player"].items.input
    assert changes(world, 1400, lambda: mined.get("iron-ore", 0)) == [243, 483, 723, 963]
    assert drill.status() == "waiting_for_space_in_destination"
    burnt = drill.burner.remaining if drill.burner else 0
    world.advance(1500)
    assert drill.burner is not None
    assert drill.burner.remaining == burnt  # a blocked drill burns nothing
    world.create("transport-belt", 18.5, 70.5, 0, world.forces["player"])
    world.advance(1501)
    assert drill.status() == "working"
    assert changes(world, 2461, lambda: mined["iron-ore"] - 4) == [1741, 1981, 2221, 2461]


def test_a_drill_stops_without_fuel_and_goes_on_with_the_work_it_had_done(world: World) -> None:
    drill, chest = drill_at(world, 17, 72), chest_at(world, 18.5, 71.5)
    drill.insert("wood", 1)  # 2 MJ at 150 kW: 800 ticks
    world.advance(2000)
    assert drill.status() == "no_fuel"
    assert chest.chest.count() == 3
    assert 0 < drill.progress < 1
    drill.insert("coal", 1)
    before = drill.progress
    assert changes(world, 2300, lambda: chest.chest.count() - 3)[0] == pytest.approx(
        2000 + 240 * (1 - before), abs=3
    )


def test_a_drill_takes_the_resources_under_it_in_turn_until_they_are_gone(world: World) -> None:
    drill, chest = drill_at(world, 17, 72), chest_at(world, 18.5, 71.5)
    for resource in list(drill.resources):
        resource.amount = 2
    drill.insert("coal", 5)
    world.advance(8 * 240 + 100)
    assert chest.chest.contents() == {"iron-ore": 8}
    assert drill.status() == "no_minable_resources"
    assert not [e for e in world.surface.within((16.1, 71.1, 17.9, 72.9)) if isinstance(e, Resource)]


def test_mining_productivity_adds_items(world: World) -> None:
    world.forces["player"].research_all()
    drill, chest = drill_at(world, 17, 72), chest_at(world, 18.5, 71.5)
    drill.insert("coal", 5)
    world.advance(3 + 240 * 5)
    bonus = world.forces["player"].mining_drill_productivity_bonus
    assert bonus > 0
    assert chest.chest.count() == int(5 * (1 + bonus) + 1e-9)


def test_a_drill_feeds_a_furnace_below_it(world: World) -> None:
    drill = drill_at(world, 17, 72, 8)
    furnace = world.create("stone-furnace", 17, 74, 0, world.forces["player"])
    assert isinstance(furnace, Furnace)
    drill.insert("coal", 5)
    furnace.insert("coal", 5)
    world.advance(243 + 200)
    assert furnace.output.contents() == {"iron-plate": 1}


@pytest.mark.parametrize(("name", "ticks"), [("stone-furnace", 192), ("steel-furnace", 96)])
def test_a_plate_takes_3_2_seconds_or_half_of_that(world: World, name: str, ticks: int) -> None:
    furnace = furnace_at(world, name)
    furnace.insert("coal", 1)
    furnace.insert("iron-ore", 3)
    # A cold furnace begins on the second tick; a warm one goes on without a pause.
    assert changes(world, 700, furnace.output.count) == [2 + ticks, 2 + 2 * ticks, 2 + 3 * ticks]
    assert furnace.burner is not None
    assert furnace.burner.remaining == pytest.approx(4_000_000 - 3 * ticks * 1500)
    assert furnace.status() == "no_ingredients"


def test_a_furnace_takes_ingredients_when_a_craft_begins(world: World) -> None:
    furnace = furnace_at(world)
    furnace.insert("coal", 1)
    furnace.insert("iron-ore", 2)
    world.advance(world.tick + 2)
    assert furnace.input.contents() == {"iron-ore": 1}
    assert furnace.takes("iron-ore")
    assert not furnace.takes("copper-ore")
    furnace.insert("iron-ore", 1)
    assert not furnace.takes("iron-ore")  # an inserter brings no third
    assert furnace.insertable("iron-ore") == 48  # a hand may


def test_coal_into_a_fuel_slot_stops_at_five(world: World) -> None:
    furnace = furnace_at(world)
    furnace.insert("coal", 5)
    assert not furnace.takes("coal")
    assert furnace.insertable("coal") == 45


def test_a_furnace_stands_while_its_result_slot_is_full(world: World) -> None:
    furnace = furnace_at(world)
    furnace.output.insert("iron-plate", 100)
    furnace.insert("coal", 1)
    furnace.insert("iron-ore", 1)
    world.advance(1000)
    assert furnace.status() == "full_output"
    furnace.output.remove("iron-plate", 1)
    world.advance(1300)
    assert furnace.output.count() == 100


def test_hand_crafting_makes_intermediates_first(world: World) -> None:
    character = character_at(world, 0, 0)
    character.insert("iron-plate", 5)
    recipe = load().recipe["transport-belt"]
    assert character.crafting.begin(recipe, 1) == 1
    # What the gear wheel and the belts use is taken when queued. A gear wheel (0.5 s) and then the belts (0.5 s).
    assert character.main.contents() == {"iron-plate": 2}
    world.advance(59)
    assert character.main.contents() == {"iron-plate": 2}
    world.advance(60)
    assert character.main.contents() == {"iron-plate": 2, "transport-belt": 2}
    items = world.forces["player"].items
    assert items.input_by_hand["transport-belt"] == 2
    assert items.output_by_hand == {"iron-plate": 3, "iron-gear-wheel": 1}
    assert character.crafting.begin(load().recipe["stone-furnace"], 1) == 0


def test_hand_mining_gives_the_first_ore_after_121_ticks_and_then_every_120(world: World) -> None:
    character = character_at(world, 14.5, 70.5)
    character.mining.start(15.5, 70.5)
    assert changes(world, 400, character.main.count) == [121, 241, 361]
    character.mining.stop()
    world.advance(1000)
    assert character.main.contents() == {"iron-ore": 3}
    resource = next(e for e in world.surface.at(15.5, 70.5) if isinstance(e, Resource))
    assert resource.amount == 10_000 - 3


def test_nothing_is_mined_out_of_reach(world: World) -> None:
    character = character_at(world, 10, 70.5)
    character.mining.start(15.5, 70.5)
    world.advance(500)
    assert not character.main.count()


def test_mining_a_chest_gives_what_was_in_it_and_then_the_chest(world: World) -> None:
    character = character_at(world, 0, 0)
    chest = chest_at(world, 2.5, 0.5)
    chest.insert("coal", 7)
    character.mining.start(2.5, 0.5)
    world.advance(60)
    assert not chest.valid
    assert list(character.main.contents().items()) == [("coal", 7), ("wooden-chest", 1)]


def test_a_character_walks_0_15_tiles_a_tick_and_stops_at_walls(world: World) -> None:
    character = character_at(world, 3, 5)  # on tiles that don't make it faster, as concrete does
    character.walking.set(True, 4)
    world.advance(10)
    assert character.x == pytest.approx(3 + 1.5, abs=0.05)
    chest_at(world, 7.5, 5.5)
    world.advance(100)
    assert character.x < 7.5 - 0.34
    character.walking.set(False, 4)
    here = character.x
    world.advance(200)
    assert character.x == here


def test_reach_is_measured_to_the_collision_box(world: World) -> None:
    character = character_at(world, 0, 0.5)
    assert character.can_reach(chest_at(world, 10.34, 0.5))
    assert not character.can_reach(chest_at(world, 10.36, 3.5))


def test_buildings_snap_to_the_grid_and_do_not_overlap(world: World) -> None:
    force = world.forces["player"]
    furnace, chest = load().entity["stone-furnace"], load().entity["wooden-chest"]
    assert snapped(furnace, 5.3, 5.6, 0) == (5, 6)
    assert snapped(chest, 5.3, 5.6, 0) == (5.5, 5.5)
    assert place(world, furnace, 5, 6, 0, force, False, {}) is not None
    assert place(world, chest, 5.5, 5.5, 0, force, False, {}) is None
    assert not can_place(world, chest, 5.5, 5.5, 0, force, manual=True)
    assert can_place(world, chest, 6.5, 5.5, 0, force, manual=True)
    character_at(world, 20.5, 5.5)
    assert not can_place(world, chest, 20.5, 5.5, 0, force, manual=True)


def test_a_hand_puts_drills_on_resources_alone(world: World) -> None:
    force, drill = world.forces["player"], load().entity["burner-mining-drill"]
    assert can_place(world, drill, 17, 72, 0, force, manual=True)
    assert not can_place(world, drill, 3, 3, 0, force, manual=True)


def test_nothing_is_built_on_water(world: World) -> None:
    from runtime.engine.maps.lab import tile_at

    water = next((x, y) for y in range(-200, 200) for x in range(-200, 200) if tile_at(x, y) == "water")
    chest = load().entity["wooden-chest"]
    assert not can_place(world, chest, water[0] + 0.5, water[1] + 0.5, 0, world.forces["player"], manual=True)


def test_a_world_pickled_in_the_middle_goes_on_the_same(world: World) -> None:
    drill, chest = drill_at(world, 17, 72), chest_at(world, 18.5, 71.5)
    drill.insert("coal", 5)
    furnace = furnace_at(world)
    furnace.insert("coal", 2)
    furnace.insert("iron-ore", 20)
    world.advance(777)
    twin: World = pickle.loads(pickle.dumps(world))
    twin.surface.restore()
    for one in (world, twin):
        one.advance(3000)
    states = [
        [e.state() for e in w.surface.all_of(w.surface.by_name, list(w.surface.by_name))]
        for w in (world, twin)
    ]
    assert states[0] == states[1]
    assert chest.chest.count() == (3000 - 3) // 240
