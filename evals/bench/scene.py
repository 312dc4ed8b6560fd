"""What it costs a world to be looked at: a factory of 10,000 entities at its usual speed, and who watches it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from evals.bench import Measurement, factories
from evals.bench.sim import step
from evals.served_world import CouldNotRun
from runtime.rcon_client import WorldClient
from runtime.scene_client import SceneClient
from runtime.world_process import WorldProcess
from viewer.scene import Scene
from viewer.view import View

CELLS = 625
"""16 entities each."""
WARM_UP_TICKS = 4000
SECONDS = 8.0
WATCHERS = (
    ("render.scene", View(0, 280, 1), 10.0),
    ("render.scene.map", View(0, 280, 1280 / 420 / 32), 2.0),
)
"""What is measured, what is looked at, and how often a second."""


class Eyes:
    """How a scene looks at a world."""

    def __init__(self, world: WorldClient) -> None:
        self._reader = SceneClient(world)
        self.scene_changes, self.scene_tiles = self._reader.changes, self._reader.tiles


def measure() -> Iterator[Measurement]:
    """`render.scene` (a picture of 1280 × 720 at zoom 1, ten looks a second) and `render.scene.map` (all of the factory, two):
    the share of a core that the engine spends on them, over what it spends on the factory itself.
    """
    with (
        tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder,
        WorldProcess.start(name="bench", log_path=Path(folder) / "world.log") as process,
        process.client() as world,
    ):
        answer = world.command(factories.CELLS.format(count=CELLS, watts=CELLS * 150_000))
        if answer != str(16 * CELLS):
            raise CouldNotRun(f"render.scene: {answer[:200]} entities stand where {16 * CELLS} should")
        if complaint := world.command(factories.COAL):
            raise CouldNotRun(complaint)
        step(world, WARM_UP_TICKS)
        world.command("/silent-command game.tick_paused = false game.speed = 1")
        alone = _share(process.pid, None, None, 1.0)
        for name, view, rate in WATCHERS:
            watched = _share(process.pid, Eyes(world), view, rate)
            yield Measurement(name, round(max(0.0, watched - alone), 2), "%")


def _share(pid: int, eyes: Eyes | None, view: View | None, rate: float) -> float:
    """The share of a core that a process takes while it is looked at so many times a second, in percent."""
    scene = Scene()
    if eyes is not None and view is not None:
        scene.look(eyes, view)  # the snapshot is taken once
    began, spent = time.perf_counter(), _cpu_seconds(pid)
    looks = 0
    while (past := time.perf_counter() - began) < SECONDS:
        if past * rate >= looks:
            looks += 1
            if eyes is not None and view is not None:
                scene.look(eyes, view)
        else:
            time.sleep(min(0.005, 1 / rate))
    return (_cpu_seconds(pid) - spent) / (time.perf_counter() - began) * 100


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
