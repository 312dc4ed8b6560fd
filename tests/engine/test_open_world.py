"""The endless map: a pure function of its seed, with what a game needs at the start, generated where somebody comes."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from runtime.engine import save as saves
from runtime.engine.errors import StartError
from runtime.engine.game import Game
from runtime.engine.maps import SCENARIOS
from runtime.engine.maps.block import CHUNK, Thing
from runtime.engine.maps.open import OpenLand
from runtime.engine.maps.patches import Patches
from runtime.engine.maps.settings import MapGenSettings, read_settings
from runtime.engine.prototypes import load
from runtime.world_process import WorldProcess

SEEDS = (44340, 1, 2)
ORES = ("iron-ore", "copper-ore", "coal", "stone")
REGION = [(x, y) for y in range(-1, 6) for x in range(6, 10)]


def quiet(line: str) -> None:
    """A log that keeps nothing."""


@pytest.fixture(scope="module")
def begun() -> bytes:
    """A save of a new world."""
    game = Game("open_world", None, None, None, quiet)
    return game._save()


@pytest.fixture
def game(begun: bytes, tmp_path: Path) -> Game:
    (tmp_path / "begun").write_bytes(begun)
    made = Game(None, None, None, tmp_path / "begun", quiet)
    made.command("/sc game.tick_paused = true s = game.surfaces[1] f = 'player'")
    return made


@pytest.fixture(scope="module")
def lands() -> dict[int, dict[tuple[int, int], list[Thing]]]:
    """What stands within 8 chunks of the origin, by seed and chunk."""
    found = {}
    for seed in SEEDS:
        land = OpenLand(MapGenSettings(seed))
        found[seed] = {(x, y): land.things((x, y)) for y in range(-8, 8) for x in range(-8, 8)}
    return found


def lua(game: Game, code: str) -> str:
    """What a script prints."""
    return game.command(f"/sc {code}").strip()


def steps(game: Game, ticks: int) -> None:
    """Run exactly so many ticks."""
    game._run_to(game.world.tick + ticks)
    game.clock.anchor(game.world.tick)


def digest(land: OpenLand, chunks: list[tuple[int, int]]) -> str:
    """A hash of the things and tiles of chunks, asked for in that order."""
    rows = {}
    for x, y in chunks:
        things = land.things((x, y))
        land.generated.add((x, y))
        corners = [land.tile_at(x * CHUNK + i, y * CHUNK + j) for j in range(CHUNK) for i in range(CHUNK)]
        rows[x, y] = [things, corners]
    return hashlib.sha256(repr(sorted(rows.items())).encode()).hexdigest()


# --- a pure function -----------------------------------------------------------------------------------------------


def test_it_does_not_matter_in_which_order_chunks_are_generated() -> None:
    one = digest(OpenLand(MapGenSettings(5)), REGION)
    assert digest(OpenLand(MapGenSettings(5)), REGION[::-1]) == one
    assert digest(OpenLand(MapGenSettings(5)), sorted(REGION, key=lambda c: hash(c) % 17)) == one
    assert digest(OpenLand(MapGenSettings(6)), REGION) != one


def test_another_process_makes_the_same() -> None:
    program = "from tests.engine.test_open_world import *; print(digest(OpenLand(MapGenSettings(5)), REGION[10:20]))"
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert other.stdout.strip() == digest(OpenLand(MapGenSettings(5)), REGION[10:20])


def test_worlds_that_met_the_same_chunks_in_another_order_are_the_same(begun: bytes) -> None:
    hashes = []
    for order in (1, -1):
        world = saves.loads(begun).world
        for x, y in [(9, 9), (-12, 3), (10, 9), (0, -11)][::order]:
            world.surface.generate(x, y, 1)
        hashes.append(saves.state_hash(world, {}, []))
    assert hashes[0] == hashes[1]


def test_the_seed_is_44340_unless_another_is_asked_for(game: Game) -> None:
    assert SCENARIOS["open_world"].seed == game.world.seed == 44340
    assert Game("open_world", 9, None, None, quiet).world.seed == 9


# --- what is there -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_starting_patches(lands: dict[int, dict[tuple[int, int], list[Thing]]], seed: int) -> None:
    things = [thing for there in lands[seed].values() for thing in there]
    entity = load().entity
    for name in ORES:
        near = [t for t in things if t.name == name and math.hypot(t.x, t.y) < 150]
        assert 60_000 < sum(t.amount for t in near) < 1_000_000, name
        assert 150 < len(near) < 2000, name
    wells = [t for t in things if t.name == "crude-oil" and math.hypot(t.x, t.y) < 300]
    assert len(wells) >= 6
    assert all(t.amount >= 220_000 for t in wells)
    for one in wells:
        assert all(max(abs(one.x - t.x), abs(one.y - t.y)) >= 3 for t in wells if t is not one)
    trees = [t for t in things if entity[t.name].type == "tree" and math.hypot(t.x, t.y) < 150]
    assert len(trees) > 100
    assert len({t.name for t in trees}) > 2
    assert not any(t.name == "uranium-ore" for t in things if math.hypot(t.x, t.y) < 200)


@pytest.mark.parametrize("seed", SEEDS)
def test_water_is_near_and_its_shore_has_room(seed: int) -> None:
    land = OpenLand(MapGenSettings(seed))
    land.generated = {(x, y) for y in range(-5, 5) for x in range(-5, 5)}
    water = land.tiles_named({"water", "deepwater"}, -160, -160, 160, 160)
    nearest = min(water, key=lambda tile: math.hypot(*tile))
    assert 30 < math.hypot(*nearest) < 150
    assert {land.tile_at(*tile) for tile in water} == {"water", "deepwater"}
    taken = {
        (math.floor(t.x), math.floor(t.y)) for c in sorted(land.generated) for t in land.things(c)
    } | set(water)
    x, y = nearest
    free = sum((i, j) not in taken for j in range(y - 12, y + 13) for i in range(x - 12, x + 13))
    assert free > 200


def test_where_one_begins_is_free(lands: dict[int, dict[tuple[int, int], list[Thing]]]) -> None:
    for there in lands.values():
        assert not [t for things in there.values() for t in things if math.hypot(t.x, t.y) < 15]


def test_nothing_overlaps(game: Game) -> None:
    surface = game.world.surface
    for name in ("iron-ore", "tree-01", "big-rock"):
        for e in list(surface.by_name[name].values())[:300]:
            tile = surface.tile(math.floor(e.x), math.floor(e.y))
            assert load().tile_layers[tile].isdisjoint({"water_tile", "out_of_map"})
    for kind in ("tree", "simple-entity"):
        for e in list(surface.by_type[kind].values())[:500]:
            others = [
                o
                for o in surface.within((e.left, e.top, e.right, e.bottom))
                if o is not e and o.type != "cliff"
            ]
            assert not others, (e, others)


def test_every_name_is_one_of_the_games(lands: dict[int, dict[tuple[int, int], list[Thing]]]) -> None:
    names = {t.name for there in lands.values() for things in there.values() for t in things}
    assert names <= load().entity.keys()
    assert {"cliff", "big-rock", "crude-oil", *ORES} <= names


def test_cliffs_run_on_from_piece_to_piece(lands: dict[int, dict[tuple[int, int], list[Thing]]]) -> None:
    aside = {"north": (0, -4), "east": (4, 0), "south": (0, 4), "west": (-4, 0)}
    across = {"north": "south", "south": "north", "east": "west", "west": "east"}
    joined = 0
    for there in lands.values():
        cliffs = {(t.x, t.y): t.orientation for things in there.values() for t in things if t.name == "cliff"}
        for (x, y), orientation in cliffs.items():
            begin, end = orientation.split("-to-")
            if end != "none":
                following = cliffs.get((x + aside[end][0], y + aside[end][1]))
                # It goes on, unless beyond the map's edge, or where two lines meet.
                if following is not None:
                    assert following.split("-to-")[0] == across[end]
                    joined += 1
            assert begin != end
    assert joined > 100


def test_richness_grows_with_the_distance() -> None:
    patches = Patches(MapGenSettings(44340))
    peaks: dict[str, list[float]] = {}
    for name, near, far in (("near", 0, 700), ("middle", 2500, 3200), ("far", 9000, 9700)):
        found = [p for p in patches.near(near, -350, far, 350) if p.kind.name == "iron-ore"]
        peaks[name] = [p.peak for p in found]
    means = [sum(p) / len(p) for p in peaks.values()]
    assert means[0] < means[1] < means[2]


def test_settings_of_the_map() -> None:
    few = read_settings(3, {
        "width": 200, "height": 128, "peaceful_mode": False,
        "autoplace_controls": {
            "coal": {"size": 0}, "stone": {"richness": 2, "frequency": 1, "size": 1}, "water": {"size": 0},
        },
    })  # fmt: skip
    assert few.control("iron-ore").size == 1
    land, usual = OpenLand(few), OpenLand(MapGenSettings(3))
    chunks = [(x, y) for y in range(-4, 4) for x in range(-4, 4)]
    ours, theirs = ([t for c in chunks for t in made.things(c)] for made in (land, usual))
    assert all(abs(t.x) < 100 and abs(t.y) < 64 for t in ours)
    names = Counter(t.name for t in ours)
    assert not names["coal"]
    stone = [{(t.x, t.y): t.amount for t in things if t.name == "stone"} for things in (ours, theirs)]
    assert all(abs(amount - 2 * stone[1][place]) <= 1 for place, amount in stone[0].items())
    land.generated = set(chunks)
    assert land.tile_at(100, 0) == land.tile_at(0, -65) == "out-of-map"
    assert land.tile_at(99, 0) != "out-of-map"
    with pytest.raises(StartError, match="coal's size"):
        read_settings(3, {"autoplace_controls": {"coal": {"size": "big"}}})


# --- in a world ----------------------------------------------------------------------------------------------------


def test_chunks_are_generated_where_a_script_asks(game: Game) -> None:
    assert lua(game, "rcon.print(s.is_chunk_generated{0, 0})") == "true"
    assert lua(game, "rcon.print(s.is_chunk_generated{20, 20})") == "false"
    place = "{656, 656}"
    assert lua(game, f"rcon.print(s.get_tile({place}).name)") == "out-of-map"
    assert lua(game, "rcon.print(s.count_entities_filtered{area = {{560, 560}, {750, 750}}})") == "0"
    assert (
        lua(game, f"rcon.print(s.can_place_entity{{name = 'iron-chest', position = {place}, force = f}})")
        == "false"
    )
    lua(game, f"s.request_to_generate_chunks({place}, 2) s.force_generate_chunk_requests()")
    assert lua(game, "rcon.print(s.is_chunk_generated{22, 22})") == "true"
    assert lua(game, "rcon.print(s.is_chunk_generated{23, 20})") == "false"
    assert lua(game, f"rcon.print(s.get_tile({place}).name)") != "out-of-map"
    assert int(lua(game, "rcon.print(s.count_entities_filtered{area = {{560, 560}, {750, 750}}})")) > 0
    count = int(lua(game, "local n = 0 for c in s.get_chunks() do n = n + 1 end rcon.print(n)"))
    assert count == 15 * 15 + 5 * 5
    assert "most" in lua(game, "s.request_to_generate_chunks({0, 0}, 1000)")


def test_a_search_for_tiles_heeds_what_scripts_laid(game: Game) -> None:
    area = "{{-120, -120}, {120, 120}}"
    search = f"s.find_tiles_filtered{{area = {area}, name = 'water'}}"
    before = int(lua(game, f"rcon.print(#{search})"))
    assert before == int(lua(game, f"rcon.print(#s.find_tiles_filtered{{position = {{0, 0}}, radius = 170, name = 'water', "
                                   f"limit = {before}}})"))  # fmt: skip
    lua(game, f"local w = {search}[1].position s.set_tiles{{{{name = 'landfill', position = w}}}}")
    assert int(lua(game, f"rcon.print(#{search})")) == before - 1
    lua(game, "s.set_tiles{{name = 'water', position = {3, 3}}}")
    assert int(lua(game, f"rcon.print(#{search})")) == before
    ordered = lua(
        game,
        f"local last = -1e9 for i, t in ipairs({search}) do "
        "local place = t.position.y * 1e6 + t.position.x if place <= last then rcon.print(i) end last = place end",
    )
    assert ordered == ""


def test_a_character_walks_through_land_that_was_not_there(game: Game) -> None:
    lua(game, "c = s.create_entity{name = 'character', position = {0, 0}, force = f}")
    character = next(iter(game.world.surface.by_type["character"].values()))
    # East, and around what stands in the way; the land is always there already.
    for turn in range(60):
        if character.x >= 300:
            break
        lua(game, "c.walking_state = {walking = true, direction = defines.direction.east}")
        before = character.x
        steps(game, 60)
        if character.x - before < 1:  # something is in its way
            side = "south" if (turn // 8) % 2 else "north"
            lua(game, f"c.walking_state = {{walking = true, direction = defines.direction.{side}}}")
            steps(game, 30)
        chunk_x, chunk_y = math.floor(character.x / CHUNK), math.floor(character.y / CHUNK)
        assert all(
            game.world.surface.has_chunk(chunk_x + i, chunk_y + j) for j in range(-3, 4) for i in range(-3, 4)
        )
    assert character.x >= 300
    lua(game, "c.teleport{-900, 900}")
    assert game.world.surface.has_chunk(-29 - 3, 28 + 3)


def test_a_drill_mines_the_first_iron(game: Game) -> None:
    mined = lua(game, """
        local ore = s.find_entities_filtered{name = 'iron-ore'}
        local best, d = nil, 1e9
        for _, e in pairs(ore) do
            local away = (e.position.x ^ 2 + e.position.y ^ 2)
            local here = {name = 'burner-mining-drill', position = e.position, force = f}
            if away < d and s.can_place_entity(here) then best, d = e, away end
        end
        local drill = s.create_entity{name = 'burner-mining-drill', position = best.position, force = f}
        drill.insert{name = 'coal', count = 5}
        chest = s.create_entity{name = 'wooden-chest', position = drill.drop_position, force = f}
        rcon.print(drill.position.x)""")  # fmt: skip
    assert float(mined)
    steps(game, 1200)
    assert 3 <= int(lua(game, "rcon.print(chest.get_item_count('iron-ore'))")) <= 6


def test_a_world_is_saved_and_goes_on_the_same(game: Game, tmp_path: Path) -> None:
    lua(game, "c = s.create_entity{name = 'character', position = {0, 0}, force = f} "
              "for _, e in pairs(s.find_entities_filtered{type = 'tree', limit = 7}) do e.destroy() end "
              "s.find_entities_filtered{name = 'coal', limit = 1}[1].amount = 5 "
              "s.find_entities_filtered{type = 'tree', limit = 1}[1].health = 7 "
              "s.set_tiles{{name = 'water', position = {3, 3}}}")  # fmt: skip
    game.save_to(tmp_path / "middle")
    again = Game(None, None, None, tmp_path / "middle", quiet)
    assert again.state_hash() == game.state_hash()
    for each in (game, again):
        each.command("/sc c = game.surfaces[1].find_entities_filtered{name = 'character'}[1] "
                     "c.walking_state = {walking = true, direction = defines.direction.south}")  # fmt: skip
        steps(each, 1500)
        each.command("/sc game.surfaces[1].request_to_generate_chunks({500, 0}, 1)")
    assert len(again.world.surface.land.generated) > 15 * 15 + 9  # type: ignore[union-attr]
    assert again.state_hash() == game.state_hash()
    # What no one asks for at first is worked out again from the seed.
    assert again.world.surface.tile(-200, -200) == game.world.surface.tile(-200, -200)


def test_cliffs_say_how_they_run_and_stand_in_the_way(game: Game) -> None:
    found = lua(game, "local e = s.find_entities_filtered{type = 'cliff', limit = 1}[1] "
                      "rcon.print(e.cliff_orientation .. ' ' .. e.position.x .. ' ' .. e.position.y)")  # fmt: skip
    orientation, x, y = found.split()
    assert f"{orientation.replace('-', '_')}" in load().raw["cliff"]["cliff"]["orientations"]
    place = f"{{{float(x):g}, {float(y):g}}}"
    free = f"rcon.print(s.can_place_entity{{name = 'iron-chest', position = {place}, force = f}})"
    assert lua(game, free) == "false"


def test_resources_come_back(game: Game) -> None:
    count = "rcon.print(#s.find_entities_filtered{name = 'stone'})"
    before = lua(game, count)
    lua(game, "for _, e in pairs(s.find_entities_filtered{name = 'stone'}) do e.destroy() end")
    assert lua(game, count) == "0"
    lua(game, "s.regenerate_entity{'stone'}")
    assert lua(game, count) == before


def test_nests_are_there_unless_it_is_peaceful() -> None:
    counts = []
    for peaceful in (True, False):
        game = Game("open_world", 3, None, None, quiet, {"peaceful_mode": peaceful})
        lua(game, "s = game.surfaces[1] s.request_to_generate_chunks({800, 0}, 4)")
        assert lua(game, "rcon.print(s.peaceful_mode)") == str(peaceful).lower()
        found = lua(
            game, "rcon.print(s.count_entities_filtered{type = {'unit-spawner', 'turret'}, force = 'enemy'})"
        )
        counts.append(int(found))
        near = lua(
            game,
            "rcon.print(s.count_entities_filtered{type = 'unit-spawner', position = {0, 0}, radius = 250})",
        )
        assert near == "0"
    assert counts[0] == 0
    assert counts[1] > 3


# --- as a program --------------------------------------------------------------------------------------------------


def test_fle_plays_a_save_of_it(tmp_path: Path) -> None:
    save, settings = tmp_path / "save", tmp_path / "settings.json"
    settings.write_text(
        json.dumps({"width": 960, "height": 896, "autoplace_controls": {"trees": {"size": 0.8}}})
    )
    made = subprocess.run(
        [Path(sys.executable).with_name("factorio-embedded"), "--start-server-load-scenario", "open_world",
         "--create", save, "--map-gen-settings", settings],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "saved" in made.stdout
    program = """
import sys
from fle.env import Direction, FactorioInstance, instance
from fle.env.game_types import Prototype, Resource
instance.RCON_PASSWORD = sys.argv[2]
made = FactorioInstance(address="127.0.0.1", tcp_port=int(sys.argv[1]), fast=True,
                        inventory={"burner-mining-drill": 1, "wooden-chest": 1, "coal": 20})
fle = made.namespace
for name in ("Coal", "IronOre", "CopperOre", "Stone", "Water", "Wood", "CrudeOil", "UraniumOre"):
    place = fle.nearest(getattr(Resource, name))
    print(name, place.x, place.y)
fle.move_to(fle.nearest(Resource.IronOre))
drill = fle.place_entity(Prototype.BurnerMiningDrill, position=fle.nearest(Resource.IronOre))
chest = fle.place_entity(Prototype.WoodenChest, position=drill.drop_position)
fle.insert_item(Prototype.Coal, drill, quantity=5)
fle.sleep(20)
print("mined", fle.inspect_inventory(chest)["iron-ore"])
"""
    with WorldProcess.start(name="open", save=save, log_path=tmp_path / "log") as world:
        played = subprocess.run(
            [sys.executable, "-c", program, str(world.rcon_port), world.password],
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip
    lines = dict(line.split(" ", 1) for line in played.stdout.splitlines() if " " in line)
    assert played.returncode == 0, played.stderr[-2000:]
    for name, within in (("Coal", 150), ("IronOre", 150), ("CopperOre", 150), ("Stone", 150), ("Water", 150),
                         ("Wood", 150), ("CrudeOil", 400), ("UraniumOre", 700)):  # fmt: skip
        x, y = map(float, lines[name].split())
        assert math.hypot(x, y) < within, name
    assert int(lines["mined"]) >= 3
