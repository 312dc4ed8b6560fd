"""What MCP costs: what HTTP and MCP add to a typed call, and how many calls a fleet answers in a second.

Acting is a good half of the calls, at the usual speed: the game time that it costs is waited for, and counts.

The calls are made as anybody's client makes them, by the SDK's `Client` over streamable HTTP. Clients share this process,
the fleet runs in another, and all of it shares the machine's cores.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from mcp import Client

from evals.bench import Measurement
from evals.served_world import CouldNotRun, Setup, end_fork_server, served_world

Call = tuple[str, dict[str, Any]]

ROUNDS = 60
WARM_UP = 4
WORLDS = 20
FLEET_SECONDS = 20.0
PLACE = {"x": 2.5, "y": 2.5}
LOOKS: tuple[Call, ...] = (
    ("inspect_inventory", {}),
    ("nearest", {"type": "iron-ore"}),
    ("get_entities", {"position": PLACE, "radius": 20}),
    ("get_prototype_recipe", {"prototype": "iron-gear-wheel"}),
    ("can_place_entity", {"entity": "wooden-chest", "position": PLACE}),
)
ACTS: tuple[Call, ...] = (
    ("place_entity", {"entity": "wooden-chest", "position": PLACE}),
    ("insert_item", {"entity": "wood", "target": PLACE, "quantity": 1}),
    ("extract_item", {"entity": "wood", "source": PLACE, "quantity": 1}),
    ("pickup_entity", {"entity": "wooden-chest", "position": PLACE}),
    ("move_to", {"position": {"x": 3.5, "y": 4.5}}),
    ("move_to", {"position": {"x": 1.5, "y": 4.5}}),
)
"""What leaves the world as it was, but for the time that it takes."""
MIX = tuple(call for pair in itertools.zip_longest(ACTS, LOOKS) for call in pair if call is not None)
"""What each client asks of its world in turn: it acts and looks by turns."""
BEGIN = """
move_to(nearest(Resource.Wood))
harvest_resource(nearest(Resource.Wood), 6)
craft_item(Prototype.WoodenChest, 1)
move_to(Position(x=1.5, y=4.5))
"""
"""The program by which each comes by what it plays with."""


def measure() -> Iterator[Measurement]:
    """`mcp.call.overhead` in ms, `mcp.fleet.calls` in calls per second, and what belongs to them."""
    with tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder:
        with _world(Path(folder) / "bench") as world:
            within, over = asyncio.run(_overhead(world))
        yield Measurement("mcp.call.within", round(statistics.mean(within), 2), "ms")
        yield Measurement(
            "mcp.call.overhead", round(statistics.mean(over) - statistics.mean(within), 2), "ms"
        )
        with _fleet(Path(folder) / "fleet") as (process, address):
            latencies, seconds = asyncio.run(_ask_all(address))
            parts = [process, *process.children(recursive=True)]
            memory = sum(part.memory_full_info().pss for part in parts)
        yield Measurement("mcp.fleet.calls", round(len(latencies) / seconds, 1), "calls/s")
        yield Measurement("mcp.fleet.p50", round(statistics.median(latencies) * 1000, 1), "ms")
        yield Measurement("mcp.fleet.p95", round(statistics.quantiles(latencies, n=20)[-1] * 1000, 1), "ms")
        yield Measurement("mcp.fleet.memory", round(memory / 1e6), "MB")


@contextmanager
def _world(folder: Path) -> Iterator[Connection]:
    """A served world in a process of its own, which sends its URL and then, when asked, how long a call within it took.

    In one process client and server would wait for each other's threads, which is no part of what MCP costs.
    """
    here, there = Pipe()
    process = get_context("spawn").Process(target=_serve, args=(there, folder))
    process.start()
    try:
        yield here
    finally:
        here.close()
        there.close()
        process.join()


def _serve(asked: Connection, folder: Path) -> None:
    with served_world("bench", folder, Setup(inventory={"wooden-chest": 1, "wood": 1})) as world:
        asked.send(world.url)
        with suppress(EOFError):
            while True:
                tool, arguments = asked.recv()
                began = time.perf_counter()
                world.managed.call_tool(tool, arguments)
                asked.send(time.perf_counter() - began)
    end_fork_server()


async def _overhead(world: Connection) -> tuple[list[float], list[float]]:
    """For each call of MIX the median milliseconds when it is made in the world's process, and over MCP; by turns."""
    within: list[list[float]] = [[] for _ in MIX]
    over: list[list[float]] = [[] for _ in MIX]
    async with Client(world.recv()) as client:
        for number in range(ROUNDS + WARM_UP):
            for call, seconds in zip(MIX, within, strict=True):
                world.send(call)
                seconds.append(world.recv())
            for call, seconds in zip(MIX, over, strict=True):
                began = time.perf_counter()
                await _call(client, *call)
                seconds.append(time.perf_counter() - began)
            if number < WARM_UP:  # the first ones start what is started when it is needed
                for seconds in (*within, *over):
                    seconds.clear()
    return _medians(within), _medians(over)


def _medians(seconds: list[list[float]]) -> list[float]:
    return [statistics.median(each) * 1000 for each in seconds]


async def _call(client: Client, tool: str, arguments: dict[str, Any]) -> None:
    answer = await client.call_tool(tool, arguments)
    if answer.is_error:
        raise CouldNotRun(f"{tool}: {answer.content}")


@contextmanager
def _fleet(data: Path) -> Iterator[tuple[psutil.Process, str]]:
    """`claudetorio up` with WORLDS worlds that nobody plays; its process and its address."""
    command = [sys.executable, "-m", "harness.cli", "up", "--port", "0", "--data", str(data)]
    command += ["--worlds", str(WORLDS), "--agent", "none"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = next((line for line in process.stderr if line.startswith("Watch ")), None)
            if line is None:
                raise CouldNotRun(f"the fleet did not start: exit code {process.wait()}")
            yield psutil.Process(process.pid), line.split()[1].rstrip(":")
        finally:
            process.terminate()


async def _ask_all(address: str) -> tuple[list[float], float]:
    """A client for each world, all at once for FLEET_SECONDS: how long each call took, and for how long they asked."""
    latencies: list[float] = []

    async def ask(client: Client, until: float) -> None:
        for tool, arguments in itertools.cycle(MIX):
            began = time.perf_counter()
            if began > until:
                return
            await _call(client, tool, arguments)
            latencies.append(time.perf_counter() - began)

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(Client(f"{address}/worlds/world-{number + 1}/mcp"))
            for number in range(WORLDS)
        ]
        for client in clients:
            await _call(client, "run_program", {"code": BEGIN})
            for tool, arguments in MIX:
                await _call(client, tool, arguments)
        latencies.clear()
        began = time.perf_counter()
        await asyncio.gather(*(ask(client, began + FLEET_SECONDS) for client in clients))
        return latencies, time.perf_counter() - began
