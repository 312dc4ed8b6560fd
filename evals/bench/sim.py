"""How fast a world's time passes, over RCON on a real world process with FLE attached.

Time is stepped exactly: `game.ticks_to_run` at a speed that the wall clock never bounds.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evals.bench import Measurement, factories
from evals.served_world import CouldNotRun
from runtime.compiled import VARIABLE, build_folder
from runtime.host import Host
from runtime.rcon_client import WorldClient
from runtime.world_process import WorldProcess

IDLE_TICKS = 60_000_000
ROUND_TICKS = 120_000
"""Coal is added between rounds of at most so many ticks; a slot of it lasts a little longer."""
ENDLESS_SPEED = 1e9
POLL_SECONDS = 0.001
STEP_SECONDS = 600.0


@dataclass(frozen=True)
class Case:
    """A factory, and what it makes per second once it has run for `warm_up` ticks: item -> from, to."""

    lua: str
    entities: int
    makes: dict[str, tuple[float, float]]
    ticks: int
    warm_up: int = 12_000


def _about(rate: float) -> tuple[float, float]:
    return 0.98 * rate, 1.02 * rate


def _cells(count: int, ticks: int, watts: int = 150_000, rate: tuple[float, float] = _about(0.3125)) -> Case:
    return Case(
        factories.CELLS.format(count=count, watts=count * watts),
        16 * count,
        {"iron-plate": (count * rate[0], count * rate[1])},
        ticks,
    )


CASES = {
    "cells.1": _cells(1, 600_000),
    "cells.10": _cells(10, 240_000),
    "cells.100": _cells(100, 120_000),
    "cells.1000": _cells(1000, 12_000),
    "bus": Case(factories.BUS.format(), 614, {"iron-plate": _about(24 * 0.3125)}, 120_000),
    # A drill draws 90 kW, and the inserters of a cell 25 kW at such a pace: so all work at half their speed, or near it.
    "brownout": _cells(100, 120_000, watts=57_000, rate=(0.22, 0.28)),
    "oil": Case(factories.OIL.format(), 167, {"plastic-bar": _about(5 * 45 / 5 / 20 * 2)}, 120_000),
    "science": Case(
        factories.SCIENCE.format(),
        1560,
        {"automation-science-pack": _about(10 / 10), "logistic-science-pack": _about(10 / 12)},
        60_000,
        36_000,
    ),
}


def measure(only: str = "") -> Iterator[Measurement]:
    """sim.idle: nothing is built; sim.cells.N: N cells work; and so on for `CASES`. In ticks per second, with the memory.

    Where `make compile` was run, each is measured twice: in plain Python and `.compiled`.

    Args:
        only: a case, such as `cells.100`, or the beginning of some.
    """
    chosen = [name for name in ("idle", *CASES) if not only or f"{name}.".startswith(f"{only}.")]
    if not chosen:
        raise CouldNotRun(f"there is no sim.{only}: try idle, {', '.join(CASES)}")
    for name in chosen:
        for suffix in ("", ".compiled") if build_folder().is_dir() else ("",):
            with _world(compiled=bool(suffix)) as (process, world):
                speed = (
                    IDLE_TICKS / step(world, IDLE_TICKS) if name == "idle" else _run(world, name, CASES[name])
                )
                yield Measurement(f"sim.{name}{suffix}", round(speed), "ticks/s")
                yield Measurement(f"sim.{name}{suffix}.memory", _megabytes(process.pid), "MB")


def _run(world: WorldClient, name: str, case: Case) -> float:
    """Build a case's factory and let it run; its ticks per second."""
    answer = world.command(case.lua)
    if answer != str(case.entities):
        raise CouldNotRun(f"sim.{name}: {answer} entities stand where {case.entities} should")
    _fuel(world)
    step(world, case.warm_up)
    before = _made(world)
    began = world.tick()
    seconds = 0.0
    left = case.ticks
    while left:
        _fuel(world)
        ticks = min(left, ROUND_TICKS)
        seconds += step(world, ticks)
        left -= ticks
    after = _made(world)
    minutes = (world.tick() - began) / 60
    for item, (low, high) in case.makes.items():
        rate = (after.get(item, 0) - before.get(item, 0)) / minutes
        if not low <= rate <= high:
            raise CouldNotRun(
                f"sim.{name} makes {rate:.4g} {item} a second and not {low:.4g} to {high:.4g}: it is not at work"
            )
    return case.ticks / seconds


@contextmanager
def _world(compiled: bool) -> Iterator[tuple[WorldProcess, WorldClient]]:
    os.environ[VARIABLE] = "1" if compiled else "0"
    with (
        tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder,
        WorldProcess.start(name="bench", log_path=Path(folder) / "world.log") as process,
        process.client() as world,
    ):
        host = Host(process.client(), "bench", password=process.password)
        try:
            host.create()
            host.attach()
            yield process, world
        finally:
            host.close()


def step(world: WorldClient, ticks: int) -> float:
    """Run exactly so many ticks as fast as they go; the wall seconds that took. The world is paused afterwards."""
    world.command("/silent-command game.tick_paused = true")
    goal = world.tick() + ticks
    began = time.perf_counter()
    world.command(f"/silent-command game.speed = {ENDLESS_SPEED:.0f}; game.ticks_to_run = {ticks}")
    while (now := world.tick()) < goal:
        if time.perf_counter() - began > STEP_SECONDS:
            raise CouldNotRun(f"{now - goal + ticks} of {ticks} ticks have passed in {STEP_SECONDS:g} s")
        time.sleep(POLL_SECONDS)
    return time.perf_counter() - began


def _fuel(world: WorldClient) -> None:
    if complaint := world.command(factories.COAL):
        raise CouldNotRun(complaint)


def _made(world: WorldClient) -> dict[str, float]:
    made: dict[str, float] = world.statistics()["items"]["input"]
    return made


def _megabytes(pid: int) -> float:
    """The memory that a process has in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise CouldNotRun(f"process {pid} has no VmRSS")
