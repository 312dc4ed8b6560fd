"""The Lua classes of prototypes, forces, research, statistics, rendering and helpers, from inside Lua."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from runtime.engine.lua.force import LuaForce
from runtime.engine.lua.helpers import LuaHelpers
from runtime.engine.lua.prototypes import LuaPrototypes
from runtime.engine.lua.rendering import LuaRendering
from runtime.engine.lua.sandbox import LuaError, Sandbox
from runtime.engine.world import World

Lua = Callable[[str], Any]


@pytest.fixture
def world() -> World:
    return World(lambda x, y: "grass-1", seed=1)


@pytest.fixture
def lua(world: World) -> Lua:
    """Runs `return …` and gives its value as plain Python."""
    sandbox = Sandbox()
    sandbox.set_global("prototypes", LuaPrototypes())
    sandbox.set_global("helpers", LuaHelpers())
    sandbox.set_global("rendering", LuaRendering(lambda: world.tick))
    sandbox.set_global("force", LuaForce.of(world.forces["player"]))
    sandbox.set_global("enemy", LuaForce.of(world.forces["enemy"]))

    def run(code: str) -> Any:
        sandbox.execute(f"answer = (function() {code} end)()")
        return sandbox.to_python(sandbox.get_global("answer"))

    return run


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("prototypes.entity['stone-furnace'].type", "furnace"),
        ("prototypes.entity['stone-furnace'].collision_box.left_top", {"x": -0.69921875, "y": -0.69921875}),
        ("prototypes.entity['stone-furnace'].crafting_categories", {"smelting": True}),
        ("prototypes.entity['stone-furnace'].get_crafting_speed()", 1),
        ("prototypes.entity['stone-furnace'].energy_usage", 1500),
        ("prototypes.entity['stone-furnace'].burner_prototype.fuel_categories", {"chemical": True}),
        ("prototypes.entity['stone-furnace'].electric_energy_source_prototype", None),
        ("prototypes.entity['stone-furnace'].next_upgrade.name", "steel-furnace"),
        ("prototypes.entity['stone-furnace'].get_inventory_size(2)", 1),
        ("prototypes.entity['stone-furnace'].resource_category", None),
        ("prototypes.entity['stone-furnace'].subgroup.name", "smelting-machine"),
        ("prototypes.entity['stone-furnace'].group.name", "production"),
        ("prototypes.entity['stone-furnace'].items_to_place_this", [{"name": "stone-furnace", "count": 1}]),
        ("prototypes.entity['assembling-machine-1'].electric_energy_source_prototype.drain", 1250 / 30),
        ("prototypes.entity['burner-mining-drill'].mining_drill_radius", 0.99),
        ("prototypes.entity['burner-mining-drill'].resource_categories", {"basic-solid": True}),
        ("prototypes.entity['transport-belt'].belt_speed", 0.03125),
        ("prototypes.entity['underground-belt'].max_underground_distance", 5),
        ("prototypes.entity['inserter'].get_inserter_rotation_speed()", 0.014),
        ("prototypes.entity['rocket-silo'].fixed_recipe", "rocket-part"),
        ("prototypes.entity['rocket-silo'].rocket_parts_required", 100),
        ("prototypes.entity['iron-ore'].resource_category", "basic-solid"),
        ("prototypes.entity['iron-ore'].infinite_resource", False),
        ("prototypes.entity['iron-ore'].mineable_properties.products[1].name", "iron-ore"),
        ("prototypes.entity['crude-oil'].mineable_properties.products[1].amount", 10),
        ("prototypes.entity['tree-01'].tree_color_count > 1", True),
        ("prototypes.entity['steam-engine'].get_max_power_output()", 15000),
        ("#prototypes.entity['boiler'].fluidbox_prototypes", 2),
        ("prototypes.entity['boiler'].fluidbox_prototypes[1].filter.name", "water"),
        ("prototypes.entity['no-such-entity']", None),
        ("prototypes.item['coal'].fuel_value", 4_000_000),
        ("prototypes.item['iron-plate'].fuel_value", 0),
        ("prototypes.item['iron-plate'].stack_size", 100),
        ("prototypes.item['iron-plate'].has_flag('not-stackable')", False),
        ("prototypes.item['iron-plate'].rocket_launch_products", {}),
        ("prototypes.item['satellite'].rocket_launch_products[1].name", "space-science-pack"),
        ("prototypes.item['stone-furnace'].place_result.type", "furnace"),
        ("prototypes.item['stone-furnace'].localised_name", ["entity-name.stone-furnace"]),
        ("prototypes.recipe['iron-gear-wheel'].energy", 0.5),
        ("prototypes.recipe['iron-gear-wheel'].ingredients[1].amount", 2),
        ("prototypes.recipe['iron-gear-wheel'].products[1].probability", 1),
        ("prototypes.recipe['iron-plate'].category", "smelting"),
        ("prototypes.recipe['coal-liquefaction'].allow_decomposition", False),
        ("prototypes.recipe['iron-gear-wheel'].subgroup.name", "intermediate-product"),
        ("prototypes.tile['water'].collision_mask.layers.water_tile", True),
        ("prototypes.tile['concrete'].items_to_place_this[1].name", "concrete"),
        ("prototypes.fluid['water'].default_temperature", 15),
        ("prototypes.technology['automation'].effects[1].recipe", "assembling-machine-1"),
        ("prototypes.technology['mining-productivity-4'].max_level", 4294967295),
        ("prototypes.entity['stone-furnace'] == prototypes.item['stone-furnace'].place_result", True),
        ("tostring(prototypes.item.coal)", "[LuaItemPrototype: coal]"),
        ("#prototypes.item > 200", True),
    ],
)  # fmt: skip
def test_prototype_members(lua: Lua, code: str, answer: Any) -> None:
    found = lua(f"return {code}")
    assert found == (pytest.approx(answer) if isinstance(answer, float) else answer)


def test_every_member_of_every_prototype_can_be_read() -> None:
    from runtime.engine.lua.prototypes import TESTS

    for cls in TESTS:
        for proto in cls.all().values():
            for getter in cls._reads.values():
                getter(proto)


def test_pairs_goes_by_the_games_order(lua: Lua) -> None:
    code = "local t = {} for name in pairs(prototypes.item) do t[#t + 1] = name end return t"
    names = lua(code)
    assert names[:3] == ["wooden-chest", "iron-chest", "steel-chest"]
    assert len(names) == lua("return #prototypes.item")


def test_filters(lua: Lua) -> None:
    code = """local t = {}
    for name in pairs(prototypes.get_entity_filtered{{filter = "type", type = "resource"}}) do t[#t + 1] = name end
    return t"""
    assert sorted(lua(code)) == ["coal", "copper-ore", "crude-oil", "iron-ore", "stone", "uranium-ore"]
    code = """return #prototypes.get_item_filtered{{filter = "fuel"}, {mode = "and", filter = "name", name = "coal"}}"""
    assert lua(code) == 1
    with pytest.raises(LuaError, match="Unknown filter: nonsense"):
        lua("return prototypes.get_item_filtered{{filter = 'nonsense'}}")


def test_what_is_not_there_raises(lua: Lua) -> None:
    with pytest.raises(LuaError, match=r"LuaEntityPrototype doesn't contain key supply_area_distance\."):
        lua("return prototypes.entity['small-electric-pole'].supply_area_distance")
    with pytest.raises(LuaError, match=r"LuaForce doesn't contain key research_queue_enabled\."):
        lua("return force.research_queue_enabled")


def test_force_research(lua: Lua) -> None:
    assert lua("return force.technologies['automation'].researched") is False
    assert lua("return force.add_research('automation')") is False
    lua("force.technologies['automation-science-pack'].researched = true")
    assert lua("return force.add_research(force.technologies.automation)") is True
    assert lua("return force.current_research.name") == "automation"
    assert lua("return force.research_queue[1].name") == "automation"
    assert lua("force.research_progress = 0.5 return force.research_progress") == 0.5
    assert lua("force.research_progress = 1 return force.current_research") is None
    assert lua("return force.recipes['assembling-machine-1'].enabled") is True
    assert lua("return force.technologies.automation.research_unit_ingredients[1].name") == (
        "automation-science-pack"
    )
    assert lua("return force.technologies.automation.prerequisites['automation-science-pack'].researched")
    assert lua("return force.technologies.automation == force.technologies.automation") is True
    with pytest.raises(LuaError, match="Unknown technology name: nonsense"):
        lua("force.add_research('nonsense')")


def test_research_all_and_reset(lua: Lua) -> None:
    lua("force.research_all_technologies()")
    assert lua("return force.technologies['rocket-silo'].researched") is True
    assert lua("return force.inserter_stack_size_bonus") == 2
    lua("force.reset()")
    assert lua("return force.technologies['rocket-silo'].researched") is False
    assert lua("return force.inserter_stack_size_bonus") == 0


def test_research_recursive(lua: Lua) -> None:
    lua("force.technologies['logistics-2'].research_recursive()")
    assert lua("return force.technologies['logistic-science-pack'].researched") is True
    assert lua("return force.technologies['rocket-silo'].researched") is False


def test_recipes_of_a_force(lua: Lua) -> None:
    assert lua("return force.recipes['iron-gear-wheel'].enabled") is True
    assert (
        lua(
            "force.recipes['iron-gear-wheel'].enabled = false return force.recipes['iron-gear-wheel'].enabled"
        )
        is False
    )
    assert lua("return enemy.recipes['iron-gear-wheel'].enabled") is True
    assert lua("return force.recipes['nonsense']") is None
    assert lua("return force.recipes['iron-plate'].products[1].name") == "iron-plate"


def test_statistics(lua: Lua, world: World) -> None:
    world.forces["player"].items.made("iron-ore", 4)
    lua(
        "stats = force.get_item_production_statistics(1) stats.on_flow('iron-ore', 2) stats.on_flow('coal', -3)"
    )
    assert lua("return stats.input_counts") == {"iron-ore": 6}
    assert lua("return stats.output_counts") == {"coal": 3}
    assert world.forces["player"].items.input_by_hand == {"iron-ore": 2}
    assert lua("stats.clear() return stats.input_counts") == {}
    with pytest.raises(LuaError, match="Unknown item name: nonsense"):
        lua("stats.on_flow('nonsense', 1)")
    with pytest.raises(LuaError, match="Unknown surface: mars"):
        lua("force.get_item_production_statistics('mars')")


def test_forces_and_the_map(lua: Lua) -> None:
    assert lua("return force.is_enemy(enemy)") is True
    lua("force.set_cease_fire('enemy', true)")
    assert lua("return force.is_enemy('enemy')") is False
    lua("force.chart(1, {{0, 0}, {10, 10}})")
    assert lua("return force.is_chunk_charted(1, {0, 0})") is True
    assert lua("return force.is_chunk_charted(1, {5, 5})") is False
    lua("force.set_spawn_position({3, 4}, 1)")
    assert lua("return force.get_spawn_position(1)") == {"x": 3, "y": 4}
    lua("force.custom_color = {1, 0.5, 0}")
    assert lua("return force.color") == {"r": 1, "g": 0.5, "b": 0, "a": 1}


def test_rendering(lua: Lua, world: World) -> None:
    lua(
        "circle = rendering.draw_circle{color = {r = 1}, radius = 0.5, target = {1, 2}, surface = 1, time_to_live = 10}"
    )
    assert lua("return circle.valid") is True
    assert lua("return circle.target.position") == {"x": 1, "y": 2}
    assert lua("circle.radius = 2 return circle.radius") == 2
    world.advance(10)
    assert lua("return circle.valid") is False
    lua("line = rendering.draw_line{color = {1, 0, 0}, width = 1, from = {0, 0}, to = {1, 1}, surface = 1}")
    assert lua("return #rendering.get_all_objects()") == 1
    with pytest.raises(LuaError, match="radius can't be used on a line"):
        lua("return line.radius")
    assert lua("rendering.clear() return line.valid") is False
    with pytest.raises(LuaError, match='Missing "radius"'):
        lua("rendering.draw_circle{color = {1, 0, 0}, target = {0, 0}, surface = 1}")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("{}", "{}"),
        ("{1, 2.5, -3}", "[1,2.5,-3]"),
        ("{a = 1, b = {true, false}, c = {}}", '{"a":1,"b":[true,false],"c":{}}'),
        ("{[1] = 'x', y = 'z'}", '{"1":"x","y":"z"}'),
        ("{'ä \"quoted\" \\n'}", '["ä \\"quoted\\" \\n"]'),
        ("{1e15, 2^53, 0.1}", "[1000000000000000,9007199254740992,0.1]"),
    ],
)
def test_table_to_json(lua: Lua, table: str, text: str) -> None:
    assert lua(f"return helpers.table_to_json({table})") == text


def test_json_there_and_back(lua: Lua) -> None:
    value = {"a": [1, 2, {"b": "c"}], "d": 0.25, "e": True}
    assert lua(f"return helpers.json_to_table([==[{json.dumps(value)}]==])") == value


@pytest.mark.parametrize("text", ["", "{", "NaN", "[1,]", "nonsense", '"\\ud800"', "[" * 100_000])
def test_what_is_not_json_is_nil(lua: Lua, text: str) -> None:
    assert lua(f"return helpers.json_to_table([==[{text}]==])") is None


def test_json_of_what_has_no_form_raises(lua: Lua) -> None:
    with pytest.raises(LuaError, match="type function"):
        lua("return helpers.table_to_json({print})")
    with pytest.raises(LuaError, match="inf"):
        lua("return helpers.table_to_json({1 / 0})")


def test_other_helpers(lua: Lua) -> None:
    assert lua("return helpers.decode_string(helpers.encode_string('factory'))") == "factory"
    assert lua("return helpers.decode_string('!')") is None
    assert lua("return helpers.direction_to_string(4)") == "east"
    assert lua("return helpers.compare_versions('2.0.9', '2.0.76')") == -1
