"""A game keeps its world: journal, saves, exact steps, the state hash."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.engine import save as saves
from runtime.engine.game import Game

FACTORY = """/sc
local s, f = game.surfaces[1], 'player'
local drill = s.create_entity{name='burner-mining-drill', position={17, 72}, direction=4, force=f}
drill.insert{name='coal', count=5}
for x = 18, 22 do s.create_entity{name='transport-belt', position={x + 0.5, 71.5}, direction=4, force=f} end
local arm = s.create_entity{name='burner-inserter', position={23.5, 71.5}, direction=12, force=f}
arm.insert{name='coal', count=2}
local chest = s.create_entity{name='wooden-chest', position={24.5, 71.5}, force=f}
local c = s.create_entity{name='character', position={0, 0}, force=f}
c.insert{name='iron-plate', count=50}
c.begin_crafting{recipe='burner-inserter', count=3}
storage.agents = {c}
storage.note = {text = 'hello', numbers = {1, 2, 3}}
storage.chest = chest
"""

Make = Callable[..., Game]


def quiet(line: str) -> None:
    """A log that keeps nothing."""


@pytest.fixture
def make() -> Iterator[Make]:
    games: list[Game] = []

    def start(data: Path | None = None, save: Path | None = None, seed: int = 7) -> Game:
        game = Game(None, seed, data, save, quiet)
        games.append(game)
        return game

    yield start
    for game in games:
        game.close()


def steps(game: Game, ticks: int) -> None:
    """Run exactly so many ticks, as a client does."""
    game.command("/sc game.tick_paused = true game.speed = 1000")
    start = int(json.loads(game.command("/tick"))["tick"])
    game.command(f"/sc game.ticks_to_run = {ticks}")
    deadline = time.monotonic() + 20
    while json.loads(game.command("/tick"))["tick"] < start + ticks:
        assert time.monotonic() < deadline
        game.advance(0.05)


def ask(game: Game, lua: str) -> str:
    """What a Lua expression is, as text."""
    return game.command(f"/sc rcon.print({lua})").strip()


def test_a_paused_game_runs_exactly_the_ticks_it_is_told(make: Make) -> None:
    game = make()
    game.command("/sc game.tick_paused = true")
    before = int(ask(game, "game.tick"))
    steps(game, 137)
    assert int(ask(game, "game.tick")) == before + 137
    assert game.advance(0.01) is None  # time stands, and costs nothing
    assert int(ask(game, "game.tick")) == before + 137
    assert ask(game, "game.ticks_to_run") == "0"


def test_time_follows_the_wall_clock_times_speed(make: Make) -> None:
    game = make()
    game.command("/sc game.speed = 100")
    first, at = int(ask(game, "game.tick")), time.monotonic()
    deadline = at + 5
    while int(ask(game, "game.tick")) < first + 600 and time.monotonic() < deadline:
        game.advance(0.01)
    # 600 ticks at speed 100 are a tenth of a second; they can't have come sooner.
    assert int(ask(game, "game.tick")) >= first + 600
    assert time.monotonic() - at >= 0.09


def test_two_games_with_the_same_commands_at_the_same_ticks_are_the_same(make: Make) -> None:
    hashes = []
    for _ in range(2):
        game = make()
        game.command("/sc game.tick_paused = true")
        tick = int(ask(game, "game.tick"))
        steps(game, 100 - tick)
        game.command(FACTORY)
        steps(game, 3000)
        assert int(ask(game, "storage.chest.get_item_count('iron-ore')")) > 5
        hashes.append(game.state_hash())
    assert hashes[0] == hashes[1]


def test_looking_changes_nothing(make: Make) -> None:
    game = make()
    game.command(FACTORY)
    game.command("/sc game.tick_paused = true")
    steps(game, 500)
    before = game.command("/state-hash")
    changes = "/scene-changes -1 0 3 4 0 0"
    looks = (
        "/statistics",
        changes,
        "/scene-tiles 0 0 2 2",
        "/tick",
        "/time",
        "/look no_fuel",
    )
    for look in (*looks, "/state-hash"):
        assert game.command(look)
    assert game.command("/state-hash") == before


def test_a_journal_brings_a_world_back_tick_for_tick(make: Make, tmp_path: Path) -> None:
    game = make(tmp_path)
    game.command(FACTORY)
    steps(game, 1234)
    game.command("/sc storage.note.text = 'later' storage.agents[1].insert{name='coal', count=3}")
    steps(game, 777)
    game.command("/sc storage.note.numbers[4] = 4")
    # No close: the process is gone, and what it had journalled is all there is.
    again = make(tmp_path)
    assert again.state_hash() == game.state_hash()
    assert ask(again, "storage.note.text") == "later"
    assert ask(again, "storage.agents[1].name") == "character"
    steps(game, 600)
    steps(again, 600)
    assert again.state_hash() == game.state_hash()


def test_a_line_that_a_crash_cut_short_is_dropped(make: Make, tmp_path: Path) -> None:
    game = make(tmp_path)
    game.command("/sc game.tick_paused = true")
    game.command("/sc storage.x = 1")
    expected = game.state_hash()
    with next(tmp_path.glob("*.journal")).open("ab") as journal:
        journal.write(b'[99, "/sc storage.x = 2')
    again = make(tmp_path)
    assert ask(again, "storage.x") == "1"
    assert again.state_hash() == expected


def test_a_save_brings_back_functions_with_the_prelude_and_data_without(make: Make, tmp_path: Path) -> None:
    game = Game(None, 7, tmp_path, None, quiet)
    game.command(
        "/prelude storage.actions = storage.actions or {} storage.actions.double = function(x) return 2 * x end"
    )
    game.command("/prelude script.on_nth_tick(60, function(e) storage.count = (storage.count or 0) + 1 end)")
    game.command(FACTORY)
    steps(game, 650)
    game.close()
    again = make(tmp_path)
    assert again.state_hash() == game.state_hash()
    assert ask(again, "storage.actions.double(21)") == "42"
    assert ask(again, "storage.chest.name") == "wooden-chest"
    count = int(ask(again, "storage.count"))
    steps(again, 60)
    assert int(ask(again, "storage.count")) == count + 1


def test_a_game_whose_functions_no_prelude_brings_back_is_never_cut(make: Make, tmp_path: Path) -> None:
    game = Game(None, 7, tmp_path, None, quiet)
    game.command("/sc storage.f = function() return 'kept' end")
    game.close()
    assert ask(make(tmp_path), "storage.f()") == "kept"


def test_a_save_file_holds_the_world(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "world.save"
    game = make()
    game.command("/sc game.tick_paused = true")
    game.command(FACTORY)
    steps(game, 900)
    game.save_to(path)
    again = make(save=path)
    assert again.state_hash() == game.state_hash()
    steps(game, 300)
    steps(again, 300)
    assert again.state_hash() == game.state_hash()


def test_a_save_from_elsewhere_can_name_nothing_but_the_engine(tmp_path: Path) -> None:
    import pickle
    import zlib

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            import os

            return (os.system, ("true",))

    states = (pickle.dumps(Evil()), pickle.dumps((getattr, ("", "join"))), b"junk")
    bodies = [b'[["runtime.engine.save", "Save"]]\n' + state for state in states]
    bodies += [b'[["os", "system"]]\n', b'[["runtime.engine.save", "pickle"]]\n', b"junk"]
    for body in bodies:
        with pytest.raises(saves.SaveError):
            saves.loads(saves.MAGIC + zlib.compress(body))
    with pytest.raises(saves.SaveError):
        saves.loads(b"junk")


def test_handlers_are_called_at_their_ticks_and_their_errors_do_not_end_the_world(make: Make) -> None:
    lines: list[str] = []
    game = Game(None, 1, None, None, lines.append)
    game.command(
        "/sc script.on_event(defines.events.on_tick, function(e) storage.ticks = (storage.ticks or 0) + 1 end)"
    )
    game.command("/sc script.on_nth_tick(10, function(e) storage.last = e.tick error('oops') end)")
    game.command("/sc game.tick_paused = true")
    before = int(ask(game, "storage.ticks or 0"))
    steps(game, 100)
    assert int(ask(game, "storage.ticks")) == before + 100
    assert int(ask(game, "storage.last")) % 10 == 0
    assert any("oops" in line for line in lines)
    game.close()


def test_a_path_request_is_answered_by_an_event(make: Make) -> None:
    game = make()
    game.command(
        "/sc script.on_event(defines.events.on_script_path_request_finished, "
        "function(e) storage.path = e.path storage.id = e.id end)"
    )
    number = ask(
        game,
        "game.surfaces[1].request_path{start={0, 0}, goal={20, 10}, radius=1, force='player', "
        "bounding_box={{-0.2, -0.2}, {0.2, 0.2}}, collision_mask={layers={player=true, water_tile=true}}}",
    )
    steps(game, 5)
    assert ask(game, "storage.id") == number
    assert float(ask(game, "storage.path[#storage.path].position.x")) == pytest.approx(20, abs=1.5)


def test_unknown_commands_and_scenarios_say_so(make: Make) -> None:
    from runtime.engine.errors import StartError

    assert "Unknown command" in make().command("/nonsense")
    with pytest.raises(StartError, match="default_lab_scenario"):
        Game("no-such-map", 1, None, None, quiet)


def test_a_long_chain_of_belts_can_be_saved(tmp_path: Path) -> None:
    # Belts that side-load onto belts that side-load …: every lane refers to the next one.
    from runtime.engine.maps import default_lab_scenario

    world = default_lab_scenario(1)
    force = world.forces["player"]
    x, y = -400.5, -100.5
    for _ in range(370):
        for dx, dy, direction in ((0, 0, 4), (1, 0, 4), (2, 1, 0), (2, 0, 0), (2, -1, 4)):
            world.create("transport-belt", x + dx, y + dy, direction, force)
        x, y = x + 2, y - 1
    save = saves.Save(world, {}, [], 1.0, False, 0, "default_lab_scenario")
    again = saves.loads(saves.dumps(save)).world
    assert saves.state_hash(again, {}, []) == saves.state_hash(world, {}, [])


def test_a_table_made_of_json_keeps_the_order_of_its_keys(make: Make) -> None:
    game = make()
    game.command("""/sc local t = helpers.json_to_table('{"pipe": 1, "coal": {"b": 1, "a": 2}, "belt": 3}')
        t.zinc = 4 t.apple = 5
        local keys = {} for k in pairs(t) do table.insert(keys, k) end
        for k in pairs(t.coal) do table.insert(keys, k) end
        storage.order = table.concat(keys, ' ') storage.first = next(t)""")
    assert ask(game, "storage.order") == "pipe coal belt apple zinc b a"
    assert ask(game, "storage.first") == "pipe"


def test_a_world_that_is_a_little_late_catches_up(make: Make) -> None:
    game = make()
    game.command("/sc game.speed = 100")
    start = game.world.tick
    deadline = time.monotonic() + 20
    while game.clock.target() < start + 1200:
        assert time.monotonic() < deadline
    while game.advance(0.0) == 0.0:
        assert time.monotonic() < deadline
    assert game.world.tick >= start + 1200


def test_a_search_made_again_sees_what_came_moved_and_went(make: Make) -> None:
    game = make()
    game.command(
        "/sc s = game.surfaces[1]; function chests(area) return #s.find_entities_filtered{name = 'iron-chest', area = area} end"
    )
    left, right = "{{0, 0}, {4, 4}}", "{left_top = {x = 10, y = 0}, right_bottom = {x = 14, y = 4}}"
    both = f"chests({left}) .. chests({right})"
    assert ask(game, both) == "00"
    assert (
        ask(game, f"({both}) .. tostring(s.create_entity{{name = 'iron-chest', position = {{2, 2}}}} ~= nil)")
        == "00true"
    )
    assert ask(game, both) == "10"
    game.command(
        f"/sc chest = s.find_entities_filtered{{name = 'iron-chest', area = {left}}}[1]; found = chest.position; found.x = 99"
    )
    assert ask(game, "chest.position.x") == "2.5"
    game.command("/sc chest.teleport({12, 2})")
    assert ask(game, f"{both} .. ' ' .. chest.position.x") == "01 12.5"
    game.command(
        f"/sc for _, c in pairs(s.find_entities_filtered{{name = 'iron-chest', area = {right}}}) do c.destroy() end"
    )
    assert ask(game, f"{both} .. tostring(chest.valid)") == "00false"
    assert "invalid" in game.command("/sc rcon.print(chest.name)")


def test_defines_are_walked_in_order_and_may_be_added_to(make: Make) -> None:
    game = make()
    walk = "(function() local s = '' for k in pairs(defines.print_sound) do s = s .. k .. ' ' end return s end)()"
    assert ask(game, walk) == "never always use_player_settings"  # by their numbers
    for new in ("defines.print_sound.often = 9", "rawset(defines.print_sound, 'often', 9)"):
        game = make()
        game.command(f"/sc defines.print_sound.never = nil {new} defines.print_sound.never = 7")
        assert ask(game, walk) == "always never often use_player_settings"
    game.command("/sc table.insert(defines.flow_precision_index, 5)")
    assert ask(game, "(next(defines.flow_precision_index))") == "1"
    assert ask(game, "(function() for k in pairs(defines.flow_precision_index) do return k end end)()") == "1"


def test_what_is_kept_of_a_thing_ends_with_it(make: Make) -> None:
    game = make()
    game.command(
        "/sc belt = game.surfaces[1].create_entity{name = 'transport-belt', position = {2, 2}, force = 'player'} "
        "inventory, line, box = belt.get_inventory, belt.get_transport_line(1), belt.fluidbox "
        "function said(f, ...) return tostring(select(2, pcall(f, ...))) end"
    )
    facts = "belt.prototype.name, belt.surface.name, belt.grid, belt.burner, belt.electric_network_id, #box"
    assert (
        ask(game, "table.concat({said(inventory, 1), tostring(line.can_insert_at_back()), #box}, ' ')")
        == "nil true 0"
    )
    assert "inventory index" in ask(game, "said(inventory, 'x')")
    assert "Expected 1 argument but 2 were given" in ask(game, "said(inventory, 1, 2)")
    assert ask(game, f"table.concat({{select('#', {facts}), tostring(select(5, {facts}))}}, ' ')") == "6 nil"
    game.command("/sc was = belt.status .. ' ' .. belt.health; belt.health = 7")
    assert ask(game, "was .. ' ' .. belt.health .. ' ' .. belt.energy") == "1 150 7 0"
    assert (
        ask(
            game,
            "tostring(belt.get_transport_line(1) == line) .. tostring(belt.get_transport_line(2) == line)",
        )
        == "truefalse"
    )
    game.command("/sc belt.destroy()")
    for ask_again in (
        "inventory, 1",
        "line.can_insert_at_back",
        "function() return #box end",
        "function() return belt.grid end",
    ):
        assert "invalid" in ask(game, f"said({ask_again})")
