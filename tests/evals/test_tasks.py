"""`claudetorio eval`, run as a user runs it: a real world, the real player, FLE's verdict."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CLAUDETORIO = [sys.executable, "-m", "harness.cli"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CLAUDETORIO, "eval", *arguments], capture_output=True, text=True, timeout=240)


@pytest.mark.parametrize("task", ["iron_plate_throughput", "automation_science_pack_throughput"])
def test_the_built_in_player_passes(task: str) -> None:
    done = run(task, "--agent", "scripted", "--trials", "1", "--speed", "40", "--json")
    assert done.returncode == 0, done.stderr
    (trial,) = json.loads(done.stdout)["trials"]
    assert list(trial) == [
        "task",
        "agent",
        "passed",
        "throughput",
        "quota",
        "steps",
        "game_seconds",
        "error",
    ]
    assert (trial["task"], trial["agent"], trial["passed"]) == (task, "scripted", True)
    assert trial["throughput"] >= trial["quota"] == 16
    assert 0 < trial["steps"] <= 64
    assert trial["game_seconds"] > 60
    assert trial["error"] is None


def test_an_unknown_task_could_not_run() -> None:
    done = run("no_such_task", "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "no throughput task 'no_such_task'" in done.stderr
    assert "iron_ore_throughput" in done.stderr


def test_a_task_that_the_player_cannot_do_fails() -> None:
    done = run("logistics_science_pack_throughput", "--speed", "20", "--json")
    assert done.returncode == 1, done.stderr
    (trial,) = json.loads(done.stdout)["trials"]
    assert not trial["passed"]
    assert trial["throughput"] == 0
    assert trial["error"] is not None


def test_an_unknown_agent_could_not_run() -> None:
    done = run("iron_ore_throughput", "--agent", "nobody")
    assert done.returncode == 2
    assert "no agent 'nobody'" in done.stderr
