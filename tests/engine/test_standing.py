"""Everything that FLE names can be built, read, turned, filled, emptied and picked up; what doesn't act yet says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fle.env.game_types import Prototype

from runtime.engine import save as saves
from runtime.engine.entity import turned
from runtime.engine.game import Game
from runtime.engine.prototypes import load
from runtime.engine.systems.standing import standing_still
from tests.engine.game_lua import lua

DOCUMENT = Path(__file__).parents[2] / "docs" / "engine.md"
ITEMS = (
    "coal", "uranium-fuel-cell", "iron-ore", "firearm-magazine", "cannon-shell", "artillery-shell", "rocket", "logistic-robot",
    "repair-pack", "automation-science-pack", "speed-module", "iron-plate",
)  # fmt: skip
# Inventory -> slots, of what holds things and does nothing with them; what FLE and scripts find in it.
HELD = {
    "car": {"fuel": 1, "car_trunk": 80, "car_ammo": 1},
    "tank": {"fuel": 2, "car_trunk": 80, "car_ammo": 3, "car_trash": 20},
    "spidertron": {"spider_trunk": 80, "spider_ammo": 4},
    "locomotive": {"fuel": 3},
    "cargo-wagon": {"cargo_wagon": 40},
    "roboport": {"roboport_robot": 7, "roboport_material": 7},
    "artillery-turret": {"artillery_turret_ammo": 1},
    "gun-turret": {"turret_ammo": 1},
    "passive-provider-chest": {"chest": 48},
}


def built_by(item: str) -> str | None:
    """The entity that an item of FLE's builds, or None."""
    proto = load().item.get(item)
    return proto.place_result if proto is not None and proto.place_result in load().entity else None


BUILDINGS = sorted({p.value[0] for p in Prototype if built_by(p.value[0]) is not None})


@pytest.fixture(scope="module")
def log() -> list[str]:
    return []


@pytest.fixture(scope="module")
def one_game(log: list[str]) -> Iterator[Game]:
    game = Game("default_lab_scenario", 1, None, None, log.append)
    game.command("/sc game.tick_paused = true s = game.surfaces[1] i = game.create_inventory(500)")
    yield game
    game.close()


@pytest.fixture
def game(one_game: Game) -> Game:
    """Rails from north to south at x = 1, and nothing else nearby."""
    one_game.command(
        """/sc for _, e in pairs(s.find_entities_filtered{area = {{-12, -22}, {12, 22}}}) do e.destroy() end
        for y = -19, 19, 2 do s.create_entity{name = 'straight-rail', position = {1, y}, force = 'player'} end i.clear()"""
    )
    return one_game


def build(game: Game, item: str, direction: int = 0, check: bool = True) -> str:
    """Build what an item places at a free place or on the rails, as `e`; its name."""
    name = built_by(item)
    assert name is not None
    place = "{1, 0}" if "joint_distance" in load().entity[name].raw else "{-6, 3}"
    where = f"name = '{name}', position = {place}, direction = {direction}, force = 'player'"
    if check:
        assert lua(game, f"s.can_place_entity{{{where}}}") is True
    assert game.command(f"/sc e = s.create_entity{{{where}}}") == ""
    assert lua(game, "e ~= nil and e.valid and e.name") == name
    return name


def test_there_is_much_to_build() -> None:
    assert len(BUILDINGS) > 75
    assert {"car", "spidertron", "rail", "heat-pipe", "gate", "locomotive", "roboport"} <= set(BUILDINGS)


@pytest.mark.parametrize("item", BUILDINGS)
def test_built_read_filled_and_picked_up(game: Game, item: str) -> None:
    name = build(game, item)
    proto = load().entity[name]
    box = lua(game, "e.bounding_box")
    x, y = lua(game, "e.position.x"), lua(game, "e.position.y")
    left, top, right, bottom = proto.collision_box
    assert (box["left_top"]["x"] - x, box["left_top"]["y"] - y) == pytest.approx((left, top))
    assert (box["right_bottom"]["x"] - x, box["right_bottom"]["y"] - y) == pytest.approx((right, bottom))
    if (
        proto.is_building
        and proto.type not in ("straight-rail", "train-stop")
        and "joint_distance" not in proto.raw
    ):
        assert ((x - proto.tile_width / 2) % 1, (y - proto.tile_height / 2) % 1) == (0, 0)
    assert lua(game, "{e.tile_width, e.tile_height}") == [proto.tile_width, proto.tile_height]
    assert (lua(game, "e.health") or 0) == proto.max_health
    assert lua(game, "e.force.name") == "player"
    assert lua(game, "e.type") == proto.type
    if proto.collision_layers and proto.fast_replaceable_group is None and proto.collides_with_itself:
        place = f"position = e.position, direction = 0, force = 'player', name = '{name}'"
        assert lua(game, f"s.can_place_entity{{{place}}}") is False
        assert lua(game, f"s.create_entity{{{place}}} == nil") is True

    put = {}
    for thing in ITEMS:
        before = lua(game, f"e.get_item_count('{thing}')")
        count = lua(game, f"e.insert{{name = '{thing}', count = 2}}")
        assert lua(game, f"e.get_item_count('{thing}')") - before == count
        if count:
            put[thing] = count
    for inventory, slots in HELD.get(item, {}).items():
        assert lua(game, f"#e.get_inventory(defines.inventory.{inventory})") == slots
        assert lua(game, f"e.get_inventory(defines.inventory.{inventory}).is_empty()") is inventory.endswith(
            "trash"
        )
    for product in proto.products:
        put[product.name] = put.get(product.name, 0) + int(product.amount)
    assert lua(game, "e.mine{inventory = i}") is True
    assert lua(game, "e.valid") is False
    held = {row["name"]: row["count"] for row in lua(game, "i.get_contents()")}
    assert held == put
    area = "{{-11, -2}, {-0.5, 8}}"
    assert lua(game, f"s.count_entities_filtered{{area = {area}}}") == 0


@pytest.mark.parametrize("item", [i for i in BUILDINGS if "direction" not in i])
def test_turned_where_it_can_be(game: Game, item: str) -> None:
    name = built_by(item)
    assert name is not None
    build(game, item, 0, check=False)
    proto = load().entity[name]
    if not lua(game, "e.supports_direction"):
        before = lua(game, "e.direction")
        assert lua(game, "e.rotate()") is False
        assert lua(game, "e.direction") == before
        return
    turns = {"splitter": 8, "underground-belt": 8}.get(proto.type, 4)
    for n in range(1, 5):
        assert lua(game, "e.rotate()") is True
        direction = lua(game, "e.direction")
        assert direction == n * turns % (8 if name == "gate" else 16)
        box = lua(game, "e.bounding_box")
        x, y = lua(game, "e.position.x"), lua(game, "e.position.y")
        left, _, _, bottom = turned(proto.collision_box, direction)
        assert (box["left_top"]["x"] - x, box["right_bottom"]["y"] - y) == pytest.approx((left, bottom))


def test_fluids_of_what_does_nothing_with_them(game: Game) -> None:
    build(game, "fluid-wagon")
    assert lua(game, "#e.fluidbox") == 1
    assert lua(game, "e.insert_fluid{name = 'crude-oil', amount = 60000}") == 50_000
    assert lua(game, "e.get_fluid_count('crude-oil')") == 50_000
    assert lua(game, "e.remove_fluid{name = 'crude-oil', amount = 20000}") == 20_000
    game.command("/sc e.clear_fluid_inside()")
    assert lua(game, "e.get_fluid_count()") == 0
    build(game, "flamethrower-turret")
    assert lua(game, "e.insert_fluid{name = 'light-oil', amount = 1000}") == 100
    # Pipes on both sides of it are one with it.
    x, y = lua(game, "e.position.x"), lua(game, "e.position.y")
    for dx in (-1.5, 1.5):
        game.command(
            f"/sc s.create_entity{{name = 'pipe', position = {{{x + dx}, {y + 1}}}, force = 'player'}}"
        )
    assert lua(
        game, "s.find_entities_filtered{name = 'pipe'}[1].get_fluid_count('light-oil')"
    ) == pytest.approx(33.3, abs=0.1)
    assert lua(
        game, "s.find_entities_filtered{name = 'pipe'}[2].get_fluid_count('light-oil')"
    ) == pytest.approx(33.3, abs=0.1)


def test_trains_stand_on_rails(game: Game) -> None:
    where = "name = 'locomotive', force = 'player', position = "
    assert lua(game, f"s.can_place_entity{{{where} {{-6, 0}}}}") is False
    assert lua(game, f"s.create_entity{{{where} {{-6, 0}}}} == nil") is True
    assert lua(game, f"s.create_entity{{{where} {{1, 0}}, direction = 4}} == nil") is True  # across
    assert lua(game, f"s.create_entity{{{where} {{1.4, 0}}, direction = 8}}.position.x") == 1
    assert lua(game, f"s.create_entity{{{where} {{1, 3}}}} == nil") is True  # into the other
    assert lua(game, f"s.create_entity{{{where} {{1, 7}}}} ~= nil") is True


def test_inserters_load_wagons_and_cars(game: Game) -> None:
    build(game, "cargo-wagon")
    game.command(
        """/sc w = e c = s.create_entity{name = 'iron-chest', position = {3.5, 0.5}, force = 'player'}
        c.insert{name = 'copper-ore', count = 7}
        n = s.create_entity{name = 'burner-inserter', position = {2.5, 0.5}, direction = 4, force = 'player'}
        n.insert('coal')"""
    )
    world = game.world
    world.advance(world.tick + 76 * 8)
    assert lua(game, "w.get_item_count('copper-ore')") == 7
    game.command("/sc n.direction = 12")
    world.advance(world.tick + 76 * 8)
    assert lua(game, "c.get_item_count('copper-ore')") >= 6


def test_what_does_not_act_says_so_once() -> None:
    lines: list[str] = []
    game = Game("default_lab_scenario", 1, None, None, lines.append)
    game.command("/sc s = game.surfaces[1]")
    for x in (0, 5):
        for name in ("radar", "car", "iron-chest", "gun-turret", "stone-wall", "pipe", "heat-pipe"):
            game.command(f"/sc s.create_entity{{name = '{name}', position = {{{x}, 0}}, force = 'player'}} ")
            game.command(f"/sc s.create_entity{{name = '{name}', position = {{{x}, 8}}, force = 'player'}} ")
            game.command(
                "/sc for _, e in pairs(s.find_entities_filtered{force = 'player'}) do e.destroy() end"
            )
    assert lines == ["radar can be placed but does not act yet", "car can be placed but does not act yet"]
    world = saves.loads(game._save()).world
    world.log = lines.append
    world.create("radar", 20, 0, 0, world.forces["player"])
    world.create("tank", 25, 0, 0, world.forces["player"])
    assert lines[2:] == ["tank can be placed but does not act yet"]


def test_the_document_lists_exactly_what_does_not_act() -> None:
    text = DOCUMENT.read_text().partition("## What stands still for now")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"`([a-z0-9-]+)`", text)) == standing_still()
