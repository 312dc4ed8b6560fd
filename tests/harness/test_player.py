"""The built-in player in a real world, over MCP, as `claudetorio up` starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evals.served_world import ServedWorld, Setup, served_world
from harness.player import Goal

FURNISHED = {
    "coal": 300,
    "burner-mining-drill": 12,
    "stone-furnace": 10,
    "burner-inserter": 40,
    "transport-belt": 150,
    "wooden-chest": 8,
}
SECONDS = 60.0


@contextmanager
def playing(world: ServedWorld, *more: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "harness.player", "--url", world.url, *more]
    player = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield player
    finally:
        player.kill()
        player.communicate()


def wait_for(world: ServedWorld, made: str, count: float) -> None:
    deadline = time.monotonic() + SECONDS
    while world.host.score().produced.get(made, 0) < count:
        assert time.monotonic() < deadline, f"no {count} {made}: {world.host.observe()}"
        time.sleep(0.1)


def test_plays_from_bare_hands_and_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    with served_world("bare", tmp_path, Setup(speed=100)) as world:
        with playing(world):
            wait_for(world, "burner-mining-drill", 1)
        world.host.cancel()
        with playing(world):
            wait_for(world, "burner-mining-drill", 3)
            wait_for(world, "iron-plate", 60)
        assert world.host.score().automated_score > 0


def test_reaches_a_goal_with_obstacles_in_its_way(tmp_path: Path) -> None:
    with served_world("goal", tmp_path, Setup(FURNISHED | {"pipe": 3}, speed=50)) as world:
        littered = world.host.run_program(
            "move_to(Position(x=16, y=70))\n"
            "for y in (71.5, 73.5, 77.5):\n"
            "    place_entity(Prototype.Pipe, Direction.UP, Position(x=15.5, y=y))\n"
        )
        assert littered.error is None
        with playing(world, "--goal", "iron-plate=16/60") as player:
            said, _ = player.communicate(timeout=SECONDS)
        assert player.returncode == 0, said
        assert "clearing away pipe" in said


def test_a_world_that_is_away_is_waited_for() -> None:
    command = [sys.executable, "-m", "harness.player", "--url", "http://127.0.0.1:9/worlds/none/mcp"]
    player = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert player.stdout is not None
        assert "the world is away" in player.stdout.readline()
        assert "the world is away" in player.stdout.readline()
        assert player.poll() is None
    finally:
        player.kill()
        player.communicate()


def test_goals_are_read() -> None:
    assert Goal.parse("iron-plate=16/60") == Goal("iron-plate", 16, 60)
    for wrong in ("iron-plate", "iron-plate=x/60", "rocket=1/60"):
        with pytest.raises(ValueError, match=r"rocket|could not convert"):
            Goal.parse(wrong)
