"""Blueprints and ghosts: through Lua, as scripts use them, and in the string format that other programs read."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from draftsman.blueprintable import Blueprint

from runtime.engine import save
from runtime.engine.game import Game
from runtime.engine.systems.containers import Container

SETUP = """
s = game.surfaces[1]; f = game.forces.player
slots = game.create_inventory(10)
bp = slots[1]; bp.set_stack("blueprint")
function put(name, x, y, direction, more)
  local params = {name = name, position = {x, y}, direction = direction, force = f}
  for k, v in pairs(more or {}) do params[k] = v end
  return s.create_entity(params)
end
function copy(left, top, right, bottom, more)
  local params = {surface = s, force = f, area = {{left, top}, {right, bottom}}}
  for k, v in pairs(more or {}) do params[k] = v end
  return bp.create_blueprint(params)
end
function plan(x, y, more)
  local params = {surface = s, force = f, position = {x, y}}
  for k, v in pairs(more or {}) do params[k] = v end
  return bp.build_blueprint(params)
end
function revive_all(ghosts)
  local made = {}
  for i, ghost in ipairs(ghosts) do local _, entity = ghost.revive(); made[i] = entity end
  return made
end
"""


class World:
    """A game, and what Lua answers in it."""

    def __init__(self) -> None:
        self.game = Game("default_lab_scenario", 1, None, None, lambda line: None)
        self.run(SETUP)

    def run(self, code: str) -> str:
        return self.game.command(f"/sc {code}").strip()

    def value(self, code: str) -> Any:
        """What a function body returns, by way of JSON."""
        answer = self.run(f"local v = (function() {code} end)() rcon.print(helpers.table_to_json({{v = v}}))")
        assert answer.startswith("{"), answer
        return json.loads(answer).get("v")


@pytest.fixture
def world() -> World:
    return World()


def packed(data: dict[str, Any]) -> str:
    return "0" + base64.b64encode(zlib.compress(json.dumps(data).encode(), 9)).decode()


def unpacked(text: str) -> Any:
    assert text[0] == "0"
    return json.loads(zlib.decompress(base64.b64decode(text[1:])))


def test_everything_that_a_blueprint_keeps_comes_back_when_its_ghosts_are_revived(world: World) -> None:
    world.run("""
      put("assembling-machine-2", 10.5, 10.5, 0, {recipe = "iron-gear-wheel"})
        .get_module_inventory().insert{name = "speed-module", count = 2}
      put("underground-belt", 14.5, 10.5, 4, {type = "output"})
      local i = put("fast-inserter", 12.5, 10.5, 4); i.use_filters = true; i.set_filter(1, "iron-plate")
      put("iron-chest", 14.5, 12.5).get_inventory(1).set_bar(11)
      local sp = put("splitter", 17.5, 11, 4)
      sp.splitter_input_priority = "left"; sp.splitter_output_priority = "right"; sp.splitter_filter = "coal"
      copied = copy(5, 5, 20, 20)
    """)
    assert world.value("return #copied") == 5
    assert world.value("bp.label = 'mine' return slots[2].import_stack(bp.export_stack())") == 0
    assert world.value("bp = slots[2] return {bp.label, bp.is_blueprint, bp.is_blueprint_setup()}") == [
        "mine",
        True,
        True,
    ]
    world.run("ghosts = plan(60, 60)")
    assert world.value("local n = {} for i, g in ipairs(ghosts) do n[i] = g.ghost_name end return n") == [
        "assembling-machine-2", "underground-belt", "fast-inserter", "iron-chest", "splitter",
    ]  # fmt: skip
    assert world.value("return ghosts[1].item_requests") == [
        {"name": "speed-module", "count": 2, "quality": "normal"}
    ]
    assert world.value("return {ghosts[1].get_recipe().name, ghosts[1].ghost_prototype.name, ghosts[1].ghost_type}") == [
        "iron-gear-wheel", "assembling-machine-2", "assembling-machine",
    ]  # fmt: skip
    world.run("made = revive_all(ghosts)")
    assert world.value("return made[1].get_recipe().name") == "iron-gear-wheel"
    assert world.value("return made[2].belt_to_ground_type") == "output"
    assert world.value("return {made[3].use_filters, made[3].get_filter(1).name}") == [True, "iron-plate"]
    assert world.value("return made[4].get_inventory(1).get_bar()") == 11
    assert world.value(
        "return {made[5].splitter_input_priority, made[5].splitter_output_priority, made[5].splitter_filter.name}"
    ) == ["left", "right", "coal"]
    assert world.value("return s.count_entities_filtered{name = 'entity-ghost'}") == 0
    # Their places to each other are as they were.
    assert world.value(
        "return {made[2].position.x - made[1].position.x, made[4].position.y - made[1].position.y}"
    ) == [4, 2]


def test_what_was_planned_with_modules_asks_for_them(world: World) -> None:
    world.run("""
      put("assembling-machine-2", 10.5, 10.5, 0, {recipe = "pipe"}).get_module_inventory().insert{name = "speed-module"}
      copy(5, 5, 20, 20)
      _, machine, proxy = plan(60, 60)[1].revive()
    """)
    assert world.value("return proxy.item_requests") == [
        {"name": "speed-module", "count": 1, "quality": "normal"}
    ]
    assert world.value("return proxy.proxy_target == machine")
    assert world.value("machine.destroy() return proxy.valid") is False
    assert (
        world.value(
            "copy(5, 5, 20, 20, {include_modules = false}) return bp.get_blueprint_entities()[1].items"
        )
        is None
    )


def test_a_blueprint_turns(world: World) -> None:
    world.run("""
      put("transport-belt", 10.5, 10.5, 0)
      put("transport-belt", 10.5, 9.5, 4)
      put("stone-furnace", 12, 10)
      copy(5, 5, 20, 20)
      made = revive_all(plan(60.5, 60.5, {direction = defines.direction.east}))
    """)
    assert world.value("return {made[1].direction, made[2].direction, made[3].direction}") == [4, 8, 0]
    offsets = world.value("""
      local o, p = made[1].position, {}
      for i, e in ipairs(made) do p[i] = {e.position.x - o.x, e.position.y - o.y} end
      return p""")
    assert offsets == [[0, 0], [1, 0], [0.5, 1.5]]


def test_nothing_is_planned_if_something_is_in_the_way_unless_it_is_forced(world: World) -> None:
    world.run(
        "put('iron-chest', 10.5, 10.5) put('iron-chest', 12.5, 10.5) copy(5, 5, 20, 20) put('steel-chest', 60.5, 60.5)"
    )
    assert world.value("return #plan(61.5, 60.5)") == 0
    assert world.value("return #plan(61.5, 60.5, {build_mode = defines.build_mode.forced})") == 1
    assert world.value("return s.find_entities_filtered{ghost_name = 'iron-chest'}[1].position.x") == 62.5
    # A blueprint over its own original plans nothing, but passes its settings on.
    world.run("s.find_entity('iron-chest', {10.5, 10.5}).get_inventory(1).set_bar(4)")
    assert world.value("return #plan(11.5, 10.5)") == 0
    assert world.value("return s.find_entity('iron-chest', {10.5, 10.5}).get_inventory(1).get_bar()") == 33


def test_a_ghost_goes_when_something_is_built_there_and_stays_while_the_way_is_blocked(world: World) -> None:
    world.run("""
      ghost = put("entity-ghost", 30.5, 30.5, 0, {inner_name = "wooden-chest"})
      other = put("entity-ghost", 32.5, 30.5, 0, {inner_name = "wooden-chest"})
      put("iron-chest", 30.5, 30.5)
    """)
    assert world.value("return {ghost.valid, other.valid}") == [False, True]
    world.run(
        "s.create_entity{name = 'item-on-ground', position = {32.5, 30.5}, stack = {name = 'coal', count = 3}}"
    )
    assert world.value("local c, e = other.revive() return {c, e.name}") == [{"coal": 3}, "wooden-chest"]
    world.run(
        "third = put('entity-ghost', 40.5, 30.5, 0, {inner_name = 'stone-furnace'}) put('tree-01', 40, 30)"
    )
    assert world.value("return third.revive() == nil and third.valid") is True


def test_tiles_are_copied_planned_and_laid(world: World) -> None:
    world.run("""
      s.set_tiles({{name = "refined-concrete", position = {300, 300}}, {name = "stone-path", position = {301, 300}}})
      copy(300, 300, 301.5, 300.5)
      ghosts = plan(320, 320)
    """)
    assert world.value("return {#ghosts, ghosts[1].name, ghosts[1].ghost_name}") == [
        2,
        "tile-ghost",
        "refined-concrete",
    ]
    assert (
        world.value("local p = ghosts[2].position revive_all(ghosts) return s.get_tile(p.x, p.y).name")
        == "stone-path"
    )
    assert world.value("return bp.cost_to_build") == [
        {"name": "refined-concrete", "count": 1, "quality": "normal"}, {"name": "stone-brick", "count": 1, "quality": "normal"},
    ]  # fmt: skip


def test_draftsman_reads_our_strings_and_we_read_its(world: World) -> None:
    world.run("""
      put("assembling-machine-2", 10.5, 10.5, 0, {recipe = "pipe"}).get_module_inventory().insert{name = "speed-module"}
      put("medium-electric-pole", 13.5, 10.5) put("medium-electric-pole", 18.5, 10.5)
      copy(5, 5, 20, 20) bp.label = "theirs"
    """)
    theirs = Blueprint.from_string(world.value("return bp.export_stack()"))
    assert theirs.label == "theirs"
    assert [e.name for e in theirs.entities] == [
        "assembling-machine-2",
        "medium-electric-pole",
        "medium-electric-pole",
    ]
    assert theirs.entities[0].recipe == "pipe"
    assert len(theirs.wires) == 1
    ours = Blueprint()
    ours.entities.append("assembling-machine-2", tile_position=(0, 0), recipe="iron-stick")
    ours.entities[-1].request_modules("speed-module", (0, 1))
    ours.entities.append("inserter", tile_position=(3, 0), direction=4)
    assert world.value(f"return bp.import_stack('{ours.to_string()}')") == 0
    assert world.value("return bp.cost_to_build") == [
        {"name": "assembling-machine-2", "count": 1, "quality": "normal"},
        {"name": "speed-module", "count": 2, "quality": "normal"},
        {"name": "inserter", "count": 1, "quality": "normal"},
    ]
    assert world.value("return #revive_all(plan(60, 60))") == 2


def test_a_string_of_version_1_is_read_as_the_game_migrates_it(world: World) -> None:
    old = {
        "blueprint": {
            "item": "blueprint",
            "version": 281479277379584,  # 1.1.110
            "entities": [
                {"entity_number": 1, "name": "filter-inserter", "position": {"x": 0.5, "y": 0.5}, "direction": 2,
                 "filters": [{"index": 1, "name": "empty-barrel"}]},
                {"entity_number": 2, "name": "electric-mining-drill", "position": {"x": 4.5, "y": 0.5}, "direction": 4,
                 "items": {"effectivity-module": 2}},
                {"entity_number": 3, "name": "stack-inserter", "position": {"x": 7.5, "y": 0.5}},
                {"entity_number": 4, "name": "small-electric-pole", "position": {"x": 8.5, "y": 0.5}, "neighbours": [5]},
                {"entity_number": 5, "name": "small-electric-pole", "position": {"x": 9.5, "y": 0.5}, "neighbours": [4]},
            ],
        }
    }  # fmt: skip
    assert world.value(f"return bp.import_stack('{packed(old)}')") == 0
    inserter, drill, bulk, pole, _ = world.value("return bp.get_blueprint_entities()")
    assert (inserter["name"], inserter["direction"], inserter["use_filters"]) == ("fast-inserter", 4, True)
    assert inserter["filters"][0]["name"] == "barrel"
    assert drill["direction"] == 8
    assert drill["items"] == [
        {"id": {"name": "efficiency-module"},
         "items": {"in_inventory": [{"inventory": 2, "stack": 0}, {"inventory": 2, "stack": 1}]}}
    ]  # fmt: skip
    assert bulk["name"] == "bulk-inserter"
    assert pole["wires"] == [[4, 5, 5, 5]]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("BLHA", 1),
        ("", 1),
        ("0", 1),
        ("0AAAA", 1),
        (packed({"nothing": {}}), 1),
        (packed({"blueprint": {"entities": 5}}), 1),
        (packed({"blueprint": {"entities": [{"name": "iron-chest", "position": {"x": "a", "y": 0}}]}}), 1),
        (packed({"blueprint": {"entities": [{"name": "iron-chest", "position": {"x": 1e300, "y": 0}}]}}), 1),
        (packed({"blueprint": {"item": "blueprint"}}), 0),
        (packed({"blueprint": {"entities": [{"name": "no-such-thing", "position": {"x": 0, "y": 0}}]}}), -1),
    ],
)
def test_what_is_no_blueprint_is_refused_and_what_is_unknown_is_left_out(
    world: World, text: str, answer: int
) -> None:
    assert world.value(f"return bp.import_stack('{text}')") == answer


def test_a_book_keeps_its_pages(world: World) -> None:
    page = {
        "item": "blueprint",
        "label": "chest",
        "entities": [{"entity_number": 1, "name": "iron-chest", "position": {"x": 0.5, "y": 0.5}}],
    }
    pages = [{"index": 0, "blueprint": page}, {"index": 1, "blueprint_book": {"blueprints": []}}]
    book = {
        "blueprint_book": {"item": "blueprint-book", "label": "all", "active_index": 1, "blueprints": pages}
    }
    assert world.value(f"return slots[3].import_stack('{packed(book)}')") == 0
    world.run("pages = slots[3].get_inventory(defines.inventory.item_main)")
    assert world.value(
        "return {slots[3].is_blueprint_book, slots[3].label, slots[3].active_index, #pages}"
    ) == [True, "all", 2, 2]
    assert world.value("return {pages[1].label, pages[1].get_blueprint_entity_count(), pages[2].name}") == [
        "chest",
        1,
        "blueprint-book",
    ]
    again = unpacked(world.value("return slots[3].export_stack()"))["blueprint_book"]
    assert again["blueprints"][0]["blueprint"]["entities"] == page["entities"]
    assert (again["label"], again["active_index"]) == ("all", 1)
    # A copy is a copy.
    world.run("slots[4].set_stack(slots[3]) pages[1].clear_blueprint()")
    assert (
        world.value(
            "return slots[4].get_inventory(defines.inventory.item_main)[1].get_blueprint_entity_count()"
        )
        == 1
    )


def test_entities_and_tiles_can_be_set(world: World) -> None:
    world.run("""
      bp.set_blueprint_entities{
        {entity_number = 1, name = "iron-chest", position = {x = 0.5, y = 0.5}, tags = {a = 1}},
        {entity_number = 2, name = "small-electric-pole", position = {2.5, 0.5}},
        {entity_number = 3, name = "small-electric-pole", position = {4.5, 0.5}, wires = {{2, 5, 3, 5}}},
      }
      bp.set_blueprint_tiles{{name = "concrete", position = {x = 0, y = 0}}}
    """)
    assert world.value("return {bp.get_blueprint_entity_count(), #bp.get_blueprint_tiles()}") == [3, 1]
    assert world.value(
        "return {bp.get_blueprint_entity_tag(1, 'a'), bp.get_blueprint_entities()[2].wires[1][3]}"
    ) == [1, 3]
    assert world.value("return plan(60, 60)[1].tags") == {"a": 1}
    assert "Unknown entity name: iron-ore" in world.run(
        "bp.set_blueprint_entities{{name = 'iron-ore', position = {0, 0}}}"
    )
    assert "can only be used on blueprints" in world.run(
        "slots[5].set_stack('coal') slots[5].get_blueprint_entities()"
    )
    assert world.value("bp.clear_blueprint() return bp.is_blueprint_setup()") is False


def test_a_blueprint_on_the_ground_or_in_a_hand_is_kept(world: World) -> None:
    world.run("""
      put("iron-chest", 10.5, 10.5) copy(5, 5, 20, 20)
      pile = s.create_entity{name = "item-on-ground", position = {3, 3}, stack = "blueprint"}
      pile.stack.import_stack(bp.export_stack())
      who = put("character", 0, 0)
      who.cursor_stack.set_stack(pile.stack)
      pile.stack.clear()
    """)
    assert world.value("return {pile.valid, who.cursor_stack.get_blueprint_entity_count()}") == [False, 1]
    world.run(
        "who.get_main_inventory().insert(who.cursor_stack) who.cursor_stack.clear() who.get_main_inventory().sort_and_merge()"
    )
    assert world.value(
        "return {who.cursor_stack.valid_for_read, who.get_main_inventory()[1].is_blueprint_setup()}"
    ) == [False, True]


def test_ghosts_and_blueprints_outlive_a_save(world: World) -> None:
    world.run(
        "put('iron-chest', 10.5, 10.5) copy(5, 5, 20, 20) plan(60, 60) s.find_entity('iron-chest', {10.5, 10.5}).insert(bp)"
    )
    held = world.game.world
    again = save.loads(save.dumps(save.Save(held, {}, [], 1.0, False, 0, "x"))).world
    assert save.state_hash(again, {}, []) == save.state_hash(held, {}, [])
    chest = next(e for e in again.surface.all_of(again.surface.by_name, ["iron-chest"]))
    assert isinstance(chest, Container)
    assert chest.chest.extra[0]["blueprint"]["entities"][0]["name"] == "iron-chest"
    assert len(again.surface.by_name["entity-ghost"]) == 1
