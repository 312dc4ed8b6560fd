"""Characters: walking, mining and crafting by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.engine.entity import Entity
from runtime.engine.game import Game
from runtime.engine.lua.control import BONUSES
from runtime.engine.prototypes import load
from runtime.engine.systems.character import Character
from runtime.engine.world import World


def new_world() -> World:
    return World(tile_at=lambda x, y: "lab-dark-1", seed=1)


def build(world: World, name: str, x: float, y: float, direction: int = 0) -> Entity:
    return world.create(name, x, y, direction, world.forces["player"])


def character_at(world: World, x: float = 0.0, y: float = 0.0) -> Character:
    made = build(world, "character", x, y)
    assert isinstance(made, Character)
    return made


def test_walks_015_tiles_a_tick() -> None:
    world = new_world()
    character = character_at(world)
    character.walking.set(True, 4)
    world.advance(100)
    assert character.x == pytest.approx(15.0, abs=0.5)
    assert character.y == 0
    character.walking.set(False, 4)
    at = character.x
    world.advance(200)
    assert character.x == at


def test_walls_stop_a_walker() -> None:
    world = new_world()
    character = character_at(world)
    build(world, "stone-furnace", 5, 0)
    character.walking.set(True, 4)
    world.advance(300)
    assert character.x < 4.3


def test_mining_ore_takes_120_ticks() -> None:
    world = new_world()
    ore = world.create("iron-ore", 1.5, 0.5, 0, world.forces["neutral"], amount=3)
    character = character_at(world)
    character.mining.start(1.5, 0.5)
    gained = []
    while world.tick < 500:
        before = character.main.count("iron-ore")
        world.advance(world.tick + 1)
        if character.main.count("iron-ore") > before:
            gained.append(world.tick)
    assert gained == [121, 241, 361]
    assert not ore.valid
    assert character.mining.position is None
    assert world.forces["player"].items.input["iron-ore"] == 3


def test_ore_out_of_reach_is_not_mined() -> None:
    world = new_world()
    world.create("iron-ore", 3.5, 0.5, 0, world.forces["neutral"], amount=3)
    character = character_at(world)
    character.mining.start(3.5, 0.5)
    world.advance(300)
    assert character.main.is_empty()


def test_crafting_takes_ingredients_when_queued() -> None:
    world = new_world()
    character = character_at(world)
    character.main.insert("iron-plate", 5)
    gear = load().recipe["iron-gear-wheel"]
    assert character.crafting.begin(gear, 5) == 2
    assert character.main.contents() == {"iron-plate": 1}
    assert character.crafting.begin(gear, 1) == 0
    world.advance(30)
    assert character.main.count("iron-gear-wheel") == 1
    world.advance(60)
    assert character.main.contents() == {"iron-plate": 1, "iron-gear-wheel": 2}
    assert character.crafting.size() == 0


def test_crafting_a_belt_makes_its_gear_first() -> None:
    world = new_world()
    character = character_at(world)
    character.main.insert("iron-plate", 3)
    assert character.crafting.begin(load().recipe["transport-belt"], 1) == 1
    assert character.crafting.size() == 2
    assert character.main.is_empty()
    world.advance(59)
    assert character.main.is_empty()
    world.advance(60)
    assert character.main.contents() == {"transport-belt": 2}
    items = world.forces["player"].items
    assert (items.input["iron-gear-wheel"], items.input["transport-belt"]) == (1, 2)
    assert (items.output["iron-gear-wheel"], items.output["iron-plate"]) == (1, 3)


def test_what_intermediates_leave_over_is_kept() -> None:
    world = new_world()
    character = character_at(world)
    character.main.insert("iron-plate", 1)
    character.main.insert("copper-plate", 2)
    world.forces["player"].recipes_enabled |= {"copper-cable", "electronic-circuit"}
    # Three cables from two crafts of two: one is left over.
    assert character.crafting.begin(load().recipe["electronic-circuit"], 1) == 1
    world.advance(200)
    assert character.main.contents() == {"copper-cable": 1, "electronic-circuit": 1}


def test_reach_is_to_the_box() -> None:
    world = new_world()
    character = character_at(world)
    near, far = build(world, "stone-furnace", 10, 0), build(world, "stone-furnace", 12, 0)
    assert character.can_reach(near)
    assert not character.can_reach(far)


# --- its numbers -----------------------------------------------------------------------------------------------------


def test_what_the_prototype_gives_it() -> None:
    character = character_at(new_world())
    assert character.running_speed == 0.15
    assert character.mining_speed == 0.5
    assert (character.reach, character.build_distance) == (10, 10)
    assert character.resource_reach == 2.7
    assert (len(character.main), len(character.guns), len(character.ammo), len(character.armor)) == (
        80,
        3,
        3,
        1,
    )
    assert (character.health, len(character.trash)) == (250, 0)


@pytest.mark.parametrize("bonus", [0.5, 1.0])
def test_bonuses_of_force_and_character_add_up(bonus: float) -> None:
    world = new_world()
    force, character = world.forces["player"], character_at(world)
    force.character_running_speed_modifier = bonus
    character.set_bonus("running_speed_modifier", 0.5)
    assert character.running_speed == pytest.approx(0.15 * (1.5 + bonus))
    force.character_reach_distance_bonus = 5
    character.set_bonus("reach_distance_bonus", 2)
    assert character.reach == 17
    force.character_resource_reach_distance_bonus = 3
    assert character.resource_reach == pytest.approx(5.7)
    force.manual_mining_speed_modifier = bonus
    assert character.mining_speed == pytest.approx(0.5 * (1 + bonus))


def test_it_walks_faster_on_concrete() -> None:
    paved = load().raw["tile"]["concrete"]["walking_speed_modifier"]
    world = World(tile_at=lambda x, y: "concrete", seed=1)
    character = character_at(world)
    character.walking.set(True, 4)
    world.advance(100)
    assert character.x == pytest.approx(100 * 0.15 * paved, abs=0.5)


def test_steel_axe_halves_the_time_at_once() -> None:
    world = new_world()
    world.create("iron-ore", 1.5, 0.5, 0, world.forces["neutral"], amount=3)
    character = character_at(world)
    character.mining.start(1.5, 0.5)
    world.advance(61)  # half of the first one
    world.forces["player"].manual_mining_speed_modifier = 1
    world.advance(90)
    assert character.main.count("iron-ore") == 0
    world.advance(92)
    assert character.main.count("iron-ore") == 1
    world.advance(152)
    assert character.main.count("iron-ore") == 2


def test_what_needs_a_fluid_is_not_mined_by_hand() -> None:
    world = new_world()
    world.create("uranium-ore", 1.5, 0.5, 0, world.forces["neutral"], amount=3)
    character = character_at(world)
    character.mining.start(1.5, 0.5)
    world.advance(1000)
    assert character.main.is_empty()


def test_mining_by_hand_pulls_triggers() -> None:
    world = new_world()
    force, character = world.forces["player"], character_at(world)
    seen = []
    force.awaits_mining = frozenset({"iron-ore"})
    world.listener = lambda name, data: seen.append(name)
    world.create("iron-ore", 1.5, 0.5, 0, world.forces["neutral"], amount=3)
    character.mining.start(1.5, 0.5)
    world.advance(200)
    assert seen == []  # nothing waits for ore in the base game
    assert character.main.count("iron-ore") == 1


# --- what it carries ---------------------------------------------------------------------------------------------------


def test_slots_come_and_go_with_bonuses_and_armour() -> None:
    world = new_world()
    force, character = world.forces["player"], character_at(world)
    force.set_researched("toolbelt", True)
    assert len(character.main) == 90
    assert character.insert("modular-armor", 1) == 1
    assert character.armor.contents() == {"modular-armor": 1}
    assert len(character.main) == 90 + load().item["modular-armor"].raw["inventory_size_bonus"]
    assert character.main.insert("iron-plate", 100 * 100) == 100 * 100
    character.armor.clear()
    assert len(character.main) == 90
    lying = list(world.surface.by_type["item-entity"].values())
    assert sum(e.count for e in lying) == 10 * 100  # type: ignore[attr-defined]
    force.set_researched("logistic-robotics", True)
    assert len(character.trash) == 30


def test_guns_and_their_ammunition_are_put_on() -> None:
    character = character_at(new_world())
    assert character.insert("firearm-magazine", 10) == 10
    assert character.main.count("firearm-magazine") == 10  # there is no gun for it yet
    assert character.insert("submachine-gun", 1) == 1
    assert character.insert("firearm-magazine", 10) == 10
    assert (character.guns.contents(), character.ammo.contents()) == (
        {"submachine-gun": 1},
        {"firearm-magazine": 10},
    )
    assert character.insert("shotgun-shell", 10) == 10
    assert character.ammo.count("shotgun-shell") == 0
    assert not character.guns.can_insert("iron-plate")
    assert not character.armor.can_insert("pistol")


def test_health_comes_back_when_nothing_hurts() -> None:
    world = new_world()
    character = character_at(world)
    raw = character.proto.raw
    character.health -= 100
    world.advance(raw["ticks_to_stay_in_combat"])
    assert character.health == 150
    world.advance(world.tick + 100)
    assert character.health == pytest.approx(150 + 100 * raw["healing_per_tick"])
    character.health -= 50
    world.advance(world.tick + 500)
    assert character.health == pytest.approx(100 + 100 * raw["healing_per_tick"])
    world.advance(world.tick + 5000)
    assert character.health == character.max_health == 250
    world.forces["player"].character_health_bonus = 50
    world.advance(world.tick + 5000)
    assert character.health == 300


# --- crafting by hand --------------------------------------------------------------------------------------------------


def plates(world: World, count: int) -> Character:
    character = character_at(world)
    character.main.insert("iron-plate", count)
    return character


def queue(character: Character) -> list[tuple[str, int]]:
    return [(recipe.name, crafts) for recipe, crafts in character.crafting.entries()]


def test_intermediates_of_all_crafts_come_first() -> None:
    world = new_world()
    character = plates(world, 100)
    assert character.crafting.begin(load().recipe["transport-belt"], 5) == 5
    assert queue(character) == [("iron-gear-wheel", 5), ("transport-belt", 5)]
    assert character.main.count("iron-plate") == 100 - 15
    assert character.crafting.begin(load().recipe["transport-belt"], 100) == 28
    world.advance(30 * 66)
    assert character.main.contents() == {"iron-plate": 1, "transport-belt": 66}
    assert character.crafting.entries() == []


def test_each_recipe_takes_its_time_at_speed_one() -> None:
    for name in (
        "iron-gear-wheel",
        "pipe",
        "stone-furnace",
        "iron-chest",
        "wooden-chest",
        "burner-mining-drill",
    ):
        world = new_world()
        world.forces["player"].enable_all_recipes()
        character, recipe = character_at(world), load().recipe[name]
        for i in recipe.ingredients:
            character.main.insert(i.name, int(i.amount))
        assert character.crafting.begin(recipe, 1) == 1
        world.advance(int(recipe.energy * 60) - 1)
        assert character.main.count(name) == 0
        world.advance(int(recipe.energy * 60))
        assert character.main.count(name) == recipe.products[0].amount


def test_speed_counts_at_once() -> None:
    world = new_world()
    character = plates(world, 4)
    character.crafting.begin(load().recipe["iron-gear-wheel"], 2)
    world.advance(15)
    assert character.crafting.progress == 0.5
    character.set_bonus("crafting_speed_modifier", 0.5)
    world.forces["player"].manual_crafting_speed_modifier = 0.5
    world.advance(22)
    assert character.main.count("iron-gear-wheel") == 0
    world.advance(23)
    assert character.main.count("iron-gear-wheel") == 1
    world.advance(38)
    assert character.main.count("iron-gear-wheel") == 2


def test_a_full_inventory_holds_the_queue_up() -> None:
    world = new_world()
    character = plates(world, 4)
    character.crafting.begin(load().recipe["iron-gear-wheel"], 2)
    assert character.main.insert("wood", 80 * 100) == 80 * 100
    world.advance(500)
    assert (character.crafting.size(), character.crafting.progress) == (2, 1.0)
    character.main.remove("wood", 100)
    world.advance(501)
    assert character.main.count("iron-gear-wheel") == 1
    world.advance(600)
    assert character.main.count("iron-gear-wheel") == 2


def test_what_is_cancelled_comes_back() -> None:
    world = new_world()
    character = plates(world, 30)
    character.crafting.begin(load().recipe["transport-belt"], 10)
    world.advance(75)  # two gears are made, the third is half done
    character.crafting.cancel(1, 4)
    assert queue(character) == [("iron-gear-wheel", 4), ("transport-belt", 6)]
    # What is made is not unmade: two gears are used by those that are left.
    assert character.main.contents() == {"iron-plate": 12 + 4 - 4}
    character.crafting.cancel(0, 1)
    assert queue(character)[-1] == ("transport-belt", 4)
    character.crafting.cancel_all()
    assert character.main.contents() == {"iron-plate": 26, "iron-gear-wheel": 2}
    items = world.forces["player"].items
    assert (items.output["iron-plate"], items.input["iron-gear-wheel"]) == (4, 2)
    with pytest.raises(IndexError):
        character.crafting.cancel(0, 1)
    world.advance(1000)
    assert character.main.contents() == {"iron-plate": 26, "iron-gear-wheel": 2}


@given(
    st.lists(
        st.tuples(st.sampled_from(("begin", "cancel", "wait")), st.integers(1, 60), st.integers(0, 5)),
        max_size=12,
    )
)
@settings(max_examples=30, deadline=None)
def test_nothing_is_lost_whatever_is_queued_and_cancelled(steps: list[tuple[str, int, int]]) -> None:
    world = new_world()
    character = plates(world, 200)
    recipes = [
        load().recipe[n]
        for n in ("transport-belt", "iron-gear-wheel", "pipe", "iron-chest", "burner-inserter")
    ]
    for what, number, which in steps:
        if what == "begin":
            character.crafting.begin(recipes[which % len(recipes)], number)
        elif what == "cancel" and character.crafting.entries():
            character.crafting.cancel(which % len(character.crafting.entries()), number)
        else:
            world.advance(world.tick + 7 * number)
    character.crafting.cancel_all()
    worth = {
        "iron-plate": 1,
        "iron-gear-wheel": 2,
        "pipe": 1,
        "iron-chest": 8,
        "transport-belt": 1.5,
        "burner-inserter": 3,
    }
    assert sum(worth[n] * c for n, c in character.main.contents().items()) == 200


def test_what_scripts_forbid_is_not_crafted() -> None:
    world = new_world()
    character = plates(world, 10)
    world.forces["player"].hand_crafting_disabled.add("iron-gear-wheel")
    assert character.crafting.begin(load().recipe["iron-gear-wheel"], 1) == 0
    assert character.crafting.begin(load().recipe["transport-belt"], 1) == 0
    assert character.crafting.begin(load().recipe["steel-plate"], 1) == 0  # furnaces only


# --- from Lua ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def game() -> Iterator[Game]:
    made = Game(None, 1, None, None, lambda line: None)
    yield made
    made.close()


def test_from_lua(game: Game) -> None:
    def ask(code: str) -> Any:
        return json.loads(game.command(f"/sc rcon.print(helpers.table_to_json((function() {code} end)()))"))

    assert ask(
        """game.tick_paused = true
        local c = game.surfaces[1].create_entity{name = 'character', position = {0, 0}, force = 'player'}
        storage.c = c
        c.insert{name = 'iron-plate', count = 10}
        return {c.get_craftable_count('iron-gear-wheel'), c.get_craftable_count('transport-belt'),
          c.begin_crafting{recipe = 'transport-belt', count = 9}, c.crafting_queue_size, #c.crafting_queue}"""
    ) == [5, 3, 3, 6, 2]
    assert ask(
        """local c = storage.c c.cancel_crafting{index = 2, count = 1}
        return {c.crafting_queue_size, c.get_item_count('iron-plate')}"""
    ) == [4, 4]
    names = [f"character_{name}" for name in BONUSES]
    wanted = ", ".join(f"'{n}'" for n in names)
    assert ask(
        f"""local c, seen = storage.c, {{}}
        for i, n in pairs({{{wanted}}}) do c[n] = i end
        for i, n in pairs({{{wanted}}}) do seen[i] = c[n] end
        return seen"""
    ) == list(range(1, len(names) + 1))
    place = {name: i for i, name in enumerate(BONUSES, 1)}
    seen = ask(
        """local c = storage.c
        return {c.reach_distance, c.build_distance, c.resource_reach_distance, c.drop_item_distance, c.item_pickup_distance,
          c.loot_pickup_distance, c.character_running_speed, #c.get_main_inventory(), c.max_health}"""
    )
    assert seen == pytest.approx(
        [
            10 + place["reach_distance_bonus"], 10 + place["build_distance_bonus"],
            2.7 + place["resource_reach_distance_bonus"], 10 + place["item_drop_distance_bonus"],
            1 + place["item_pickup_distance_bonus"], 2 + place["loot_pickup_distance_bonus"],
            seen[6], 80 + place["inventory_slots_bonus"], 250 + place["health_bonus"],
        ]
    )  # fmt: skip
    answer = game.command("/sc storage.c.cancel_crafting{index = 9, count = 1}")
    assert "Index out of bounds" in answer
    answer = game.command(
        "/sc game.surfaces[1].create_entity{name = 'iron-chest', position = {5, 5}, force = 'player'}.character_health_bonus = 1"
    )
    assert "can only be used on characters" in answer
