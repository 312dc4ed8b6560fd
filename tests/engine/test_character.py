"""Characters: walking, mining and crafting by hand."""

from __future__ import annotations

import pytest

from runtime.engine.entity import Entity
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
