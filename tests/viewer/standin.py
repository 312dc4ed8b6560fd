"""A life of a world for tests of what stands above it; real worlds are played in the other tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runtime.world_life import (
    Look,
    ProgramReport,
    Scores,
    ToolReport,
    WorldDetails,
    WorldPlan,
    WorldUnavailable,
)


class StandInSession:
    """Counts ticks by the wall clock, scores a point a program, and dies when it is told to."""

    def __init__(self, plan: WorldPlan) -> None:
        self.plan = plan
        self.began = time.monotonic()
        self.points = 0.0
        self.end: str | None = None
        self.closed = threading.Event()

    def end_of_life(self) -> str | None:
        return self.end

    def scores(self) -> Scores:
        if self.end:
            raise WorldUnavailable("The world is gone.")
        return Scores(int((time.monotonic() - self.began) * 600), self.points, self.points / 2)

    def look(self) -> Look:
        return Look(self.scores(), self.plan.speed, "placing a stone-furnace")

    def details(self) -> WorldDetails:
        return WorldDetails(
            position=(3.0, -4.0),
            inventory={"coal": 5},
            entities={"stone-furnace": 1},
            produced={"iron-plate": 12.0},
        )

    def run_program(
        self, code: str, timeout_s: float, on_printed: Callable[[int, str], None] | None = None
    ) -> ProgramReport:
        self.points += 10
        error = "Exception: no such thing" if "raise" in code else None
        return ProgramReport("hello\n", error, 1 if error else None, 0.01, self.scores())

    def call_tool(self, tool: str, arguments: Mapping[str, Any], timeout_s: float) -> ToolReport:
        raise ValueError("A world that stands in has no tools.")

    def cancel(self) -> None: ...

    def position(self) -> tuple[float, float]:
        return (3.0, -4.0)

    def factory(self) -> tuple[float, float]:
        return (0.5, 0.5)

    def scene_changes(
        self, rect: tuple[int, int, int, int], epoch: int, since: int, known: tuple[int, int, int, int]
    ) -> dict[str, Any]:
        furnace = [7, 0, 0.0, 0.0, 0, 1, -1]
        character = [8, 2, 3.0, -4.0, 4, -1, 0]
        ore = [5.5, 5.5, 3, 9]
        left, top, right, bottom = rect
        inside = {(x, y) for x in range(left, right) for y in range(top, bottom)}
        rows = {(0, 0): [furnace], (0, -1): [character]}
        chunks = [
            [x, y, 1, [], rows.get((x, y), []), [], [ore] if (x, y) == (0, 0) else []] for x, y in inside
        ]
        return {
            "epoch": 1, "version": since + 1, "tick": self.scores().tick, "speed": self.plan.speed, "paused": False,
            "tiles": 0, "names": ["stone-furnace", "working", "character", "iron-ore"], "chunks": chunks, "lines": [],
        }  # fmt: skip

    def scene_tiles(self, rect: tuple[int, int, int, int]) -> dict[str, Any]:
        left, top, right, bottom = rect
        chunks = [[x, y, 1024, 0] for y in range(top, bottom) for x in range(left, right)]
        return {"names": ["lab-dark-1"], "chunks": chunks}

    def save(self, path: Path) -> None:
        path.write_bytes(b"a save")

    def close(self) -> None:
        self.closed.set()


class NoRecords:
    """Keeps nothing."""

    def world_seen(self, name: str, engine: str, scenario: str) -> None: ...
    def world_gone(self, name: str, outcome: str) -> None: ...
    def run_started(self, world: str, agent: str) -> None: ...
    def run_ended(self, world: str, outcome: str) -> None: ...
    def sampled(self, world: str, tick: int, production_score: float, automated_score: float) -> None: ...


def launch(plan: WorldPlan, progress: Callable[[str], None]) -> StandInSession:
    progress("standing in")
    return StandInSession(plan)


def plan(name: str, folder: Path) -> WorldPlan:
    return WorldPlan(name=name, data=folder / name)
