"""A run of Claude's that is killed anywhere goes on where it was, and does nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness import claude
from tests.fakes.anthropic_api import AnthropicApi, Asked, Reply, text, tool
from tests.harness.claude_player import FURNACE, Game, crafting, until
from tests.harness.program import up

STONE = 150
LONG = FURNACE + "\nsleep(600)"
"""A program that has done its part long before it ends."""


Process = subprocess.Popen[str]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, str]]:
    with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none", "--speed", "100") as (
        process,
        address,
    ):
        Game(address, Path()).gather(STONE)
        yield process, address


@pytest.fixture
def game(fleet: tuple[Process, str], tmp_path: Path) -> Iterator[Game]:
    game = Game(fleet[1], tmp_path)
    yield game
    game.over()


def kill(player: Process) -> None:
    player.kill()
    player.wait()


def begun(game: Game) -> bool:
    return any(not call["ended"] for call in game.calls(game.run()["id"]))


def told(asked: Asked) -> list[dict[str, Any]]:
    """The results that the model was told, in order."""
    return asked.blocks("tool_result")


def test_killed_while_a_reply_comes_it_asks_again(game: Game) -> None:
    made, hold = game.furnaces(), threading.Event()
    replies = [Reply([text("I think and think."), crafting()], hold=hold, hold_at=5), Reply([crafting()])]
    with AnthropicApi(replies) as api:
        with game.player(api) as player:
            api.wait_for(1)
            kill(player)
        hold.set()
        game.play(api, budget_steps=2)
    assert game.furnaces() == made + 1
    assert api.requests[1].body["messages"] == api.requests[0].body["messages"]


def test_killed_before_a_call_is_sent_it_makes_the_call(game: Game) -> None:
    """What a player leaves that was killed when its reply was recorded, and the second call was not yet begun."""
    made, run, calls = game.furnaces(), game.run(), [crafting(), crafting()]
    at = f"/api/runs/{run['id']}"
    game.post(f"{at}/messages", number=0, role="user", content=[text("Play.")])
    game.post(f"{at}/messages", number=1, role="assistant", content=calls, stop_reason="tool_use")
    done = [text("made before the kill")]
    game.post(f"{at}/calls", id=calls[0]["id"], message=1, name="run_program", arguments=calls[0]["input"])
    game.post(f"{at}/calls/{calls[0]['id']}", result=done)
    with AnthropicApi() as api:
        game.play(api, budget_steps=2)
    assert game.furnaces() == made + 1
    first, second = told(api.requests[0])
    assert first["content"] == done
    assert not second.get("is_error")


def test_killed_while_a_call_runs_it_does_not_make_it_again_nor_those_after_it(game: Game) -> None:
    made = game.furnaces()
    replies = [Reply([tool("run_program", code=LONG, timeout_s=60), crafting()]), Reply([crafting()])]
    with AnthropicApi(replies) as api:
        with game.player(api) as player:
            until(lambda: game.furnaces() == made + 1)
            kill(player)
        game.play(api, budget_steps=3)
    assert game.furnaces() == made + 2
    interrupted, not_made = told(api.requests[1])
    assert interrupted["is_error"]
    assert "look before you repeat" in interrupted["content"][0]["text"]
    assert not_made["is_error"]
    assert "not made" in not_made["content"][0]["text"]
    rows = game.calls(game.run()["id"])
    assert [call["is_error"] for call in rows] == [True, True, False]


def test_killed_again_after_an_interrupted_call_was_told_of_it_makes_no_call_that_was_to_follow(
    game: Game,
) -> None:
    made, run, calls = game.furnaces(), game.run(), [crafting(), crafting()]
    at = f"/api/runs/{run['id']}"
    game.post(f"{at}/messages", number=0, role="user", content=[text("Play.")])
    game.post(f"{at}/messages", number=1, role="assistant", content=calls, stop_reason="tool_use")
    game.post(f"{at}/calls", id=calls[0]["id"], message=1, name="run_program", arguments=calls[0]["input"])
    game.post(f"{at}/calls/{calls[0]['id']}", result=[text(claude.INTERRUPTED)], is_error=True)
    with AnthropicApi() as api:
        game.play(api, budget_steps=2)
    assert game.furnaces() == made
    assert "not made" in str(told(api.requests[0])[1]["content"])


def test_killed_after_a_call_it_does_not_make_it_again(game: Game) -> None:
    made, hold = game.furnaces(), threading.Event()
    with AnthropicApi(
        [Reply([crafting()]), Reply([text("Well.")], hold=hold), Reply([text("Well.")])]
    ) as api:
        with game.player(api) as player:
            api.wait_for(2)
            kill(player)
        hold.set()
        game.play(api, budget_steps=2)
    assert game.furnaces() == made + 1
    assert api.requests[2].body["messages"] == api.requests[1].body["messages"]


def test_killed_again_and_again_each_call_happens_once_or_was_told_to_be_interrupted(game: Game) -> None:
    """Kills at random moments; the world tells how often things really happened."""
    chance, made = random.Random(7), game.furnaces()
    with AnthropicApi(lambda _asked: Reply([crafting(), crafting()])) as api:
        for _ in range(3):
            seen = len(api.requests)
            with game.player(api) as player:
                api.wait_for(seen + 1 + chance.randrange(3))
                # A moment after the request: in the reply, between rows, or in a call.
                time.sleep(chance.random() * 0.2)
                kill(player)
        game.play(api, budget_steps=game.run()["steps"] + 1)
    calls = game.calls(game.run()["id"])
    happened = [c for c in calls if not c["is_error"]]
    interrupted = [c for c in calls if c["is_error"] and "restarted" in c["result"][0]["text"]]
    assert len(happened) > 3
    assert len({c["id"] for c in calls}) == len(calls)
    assert len(happened) <= game.furnaces() - made <= len(happened) + len(interrupted)


def parts_of(process: Process, name: str) -> list[psutil.Process]:
    """The processes that a fleet has started whose command has this in it."""
    family = psutil.Process(process.pid).children(recursive=True)
    return [p for p in family if any(name in part for part in p.cmdline())]


def test_a_world_killed_in_the_middle_of_a_call_is_waited_for(fleet: tuple[Process, str], game: Game) -> None:
    made = game.furnaces()
    replies = [Reply([tool("run_program", code=LONG, timeout_s=60)]), Reply([crafting()])]
    with AnthropicApi(replies) as api, game.player(api, budget_steps=3) as player:
        until(lambda: game.furnaces() == made + 1)
        (world,) = parts_of(fleet[0], "factorio-embedded")
        world.kill()
        said, _ = player.communicate(timeout=60)
    assert player.returncode == 0, said
    assert game.furnaces() == made + 2
    first, second = told(api.requests[2])
    assert "error" in str(first["content"])
    assert not second.get("is_error")


def test_the_fleet_starts_a_killed_player_again_and_a_killed_gateway_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it as a user runs it: `claudetorio up` with a key in the environment."""
    hold = threading.Event()
    replies = [
        Reply([tool("run_program", code="print(1)")]),
        Reply([tool("run_program", code="print(2)\nsleep(3000)")]),
        Reply([tool("run_program", code="print(3)")], hold=hold),
        Reply([tool("run_program", code="print(4)")]),
    ]
    arguments = ["--worlds", "1", "--speed", "10"]
    with AnthropicApi(replies) as api:
        for name, value in api.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CLAUDETORIO_BUDGET_STEPS", "5")
        with up(tmp_path, *arguments) as (process, address):
            game = Game(address, tmp_path)
            assert game.get("/api/worlds")[0]["agent"] == "claude"
            until(lambda: len(api.requests) == 2 and begun(game))
            # The gateway dies in the middle of a call, and its player with it.
            players = parts_of(process, "harness.claude")
            process.kill()
            psutil.wait_procs(players, timeout=10)
        with up(tmp_path, *arguments) as (process, address):
            game = Game(address, tmp_path)
            api.wait_for(3)
            assert told(api.requests[2])[1]["is_error"]
            # The player dies while it waits for a reply, and is started again.
            (player,) = parts_of(process, "harness.claude")
            os.kill(player.pid, signal.SIGKILL)
            api.wait_for(4)
            hold.set()
            until(lambda: game.run()["ended"])
            run = game.run()
            calls = game.calls(run["id"])
            assert [c["result"][0]["text"].count("restarted") for c in calls] == [0, 1, 0]
            # Its budget is spent: it is not started again.
            ends = "the player claude ended (exit code 0)"
            until(lambda: ends in {c["text"] for c in game.call("observe", since="0-0-0")["changes"]})
            assert not parts_of(process, "harness.claude")
            assert game.get("/api/leaderboard")["all_time"][0]["model"] == "claude-opus-5-5"
