"""`claudetorio bench`: that it measures and how it reports, never how fast anything is."""

from __future__ import annotations

import json
import subprocess
import sys

from evals.bench import machine, render

CLAUDETORIO = [sys.executable, "-m", "harness.cli"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CLAUDETORIO, "bench", *arguments], capture_output=True, text=True, timeout=110)


def test_start_reports_its_three_numbers() -> None:
    done = run("start", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["bench"] == "start"
    assert report["machine"]["cores"] >= 1
    assert [result["name"] for result in report["results"]] == ["start.world", "start.ready", "start.program"]
    assert all(result["value"] > 0 and result["unit"] == "s" for result in report["results"])


def test_sim_reports_speed_and_memory_of_factories_that_work() -> None:
    done = run("sim.cells.1", "--json")
    assert done.returncode == 0, done.stderr
    names = [result["name"] for result in json.loads(done.stdout)["results"]]
    # Where `make compile` was run it measures what that made, too.
    assert [name for name in names if "compiled" not in name] == ["sim.cells.1", "sim.cells.1.memory"]


def test_an_unknown_case_is_one_sentence() -> None:
    done = run("sim.nothing")
    assert done.returncode == 2
    assert done.stderr.startswith("claudetorio bench: there is no sim.nothing: try idle, cells.1, ")
    assert done.stderr.count("\n") == 1


def test_an_unknown_benchmark_is_one_sentence() -> None:
    done = run("nothing")
    assert done.returncode == 2
    names = "start, sim, tools, player, mcp, render, viewport"
    assert done.stderr == f"claudetorio bench: there is no benchmark 'nothing': try {names}.\n"


def test_render_reports_every_renderer_of_this_machine() -> None:
    names = [found.name for found in render.renderers(counts=(50,), frames=2)]
    expected = ["render.50.gpu"] if render_has_adapter() else []
    assert names == [*expected, "render.50.numpy"]


def render_has_adapter() -> bool:
    return machine()["adapter"] is not None
