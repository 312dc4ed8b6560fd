"""How long an agent waits for a picture: the whole call over MCP, in a world that works."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
from mcp import Client

from evals.bench import Measurement, factories
from evals.served_world import CouldNotRun, Setup, served_world

CALLS, WARM_UP = 20, 3
BETWEEN_SECONDS = 0.25
MIDDLE = (-60.0, 250.0)
"""Of the factory, half of which is to be seen in 1280 × 720 pixels."""


def measure() -> Iterator[Measurement]:
    """`render.screenshot`: the median in milliseconds. Each picture is of another place, so that none is given twice."""
    with (
        tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder,
        served_world("bench", Path(folder), Setup()) as world,
        world.process.client() as client,
    ):
        client.command(factories.SCIENCE.format())
        if complaint := client.command(factories.COAL):
            raise CouldNotRun(complaint)
        taken = anyio.run(_take, world.url)
        yield Measurement("render.screenshot", round(statistics.median(taken[WARM_UP:]), 1), "ms")


async def _take(url: str) -> list[float]:
    taken = []
    async with Client(url) as client:
        for number in range(CALLS + WARM_UP):
            place = {"x": MIDDLE[0] + number, "y": MIDDLE[1], "zoom": 0.5}
            began = time.perf_counter()
            answer = await client.call_tool("screenshot", {**place, "layers": ["status", "alt", "grid"]})
            taken.append((time.perf_counter() - began) * 1000)
            if answer.is_error:
                raise CouldNotRun(f"render.screenshot: {answer.content}")
            await anyio.sleep(BETWEEN_SECONDS)
    return taken
