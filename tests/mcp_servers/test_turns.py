"""Programs that are watched while they run, cancelled, and waited for."""

from __future__ import annotations

import threading
import time
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client

from mcp_servers.turn import Turns
from tests.mcp_servers.conftest import call

ENDLESS = "print('begun')\nwhile True:\n    sleep(1)"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_progress_tells_what_a_program_prints(address: str, mode: Any) -> None:
    told: list[tuple[float, str | None]] = []

    async def progress(done: float, _total: float | None, message: str | None) -> None:
        told.append((done, message))

    async with Client(f"{address}/worlds/world-1/mcp", mode=mode) as client:
        code = "for i in range(3):\n    print('line', i)\n    sleep(2)"
        answer = await client.call_tool("run_program", {"code": code}, progress_callback=progress)
    assert answer.structured_content is not None
    assert [message for _, message in told] == ["line 0", "line 1", "line 2"]
    times = [done for done, _ in told]
    assert times == sorted(times)
    # While it ran, and not at its end: two game seconds lie between the lines.
    assert times[2] - times[0] > 0.2


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_who_cancels_a_call_ends_the_program(address: str, mode: Any) -> None:
    begun = anyio.Event()

    async def progress(_done: float, _total: float | None, _message: str | None) -> None:
        begun.set()

    async with Client(f"{address}/worlds/world-1/mcp", mode=mode) as client:
        await call(client, "run_program", code="kept = 41")
        async with anyio.create_task_group() as group:

            async def play() -> None:
                await client.call_tool(
                    "run_program", {"code": ENDLESS, "timeout_s": 300}, progress_callback=progress
                )

            group.start_soon(play)
            with anyio.fail_after(20):
                await begun.wait()
            group.cancel_scope.cancel()
        start = time.monotonic()
        after = await call(client, "run_program", code="print(kept + 1)")
        assert after["output"] == "42\n"
        assert time.monotonic() - start < 10


async def test_a_call_waits_for_the_one_before(address: str) -> None:
    order: list[str] = []
    async with Client(f"{address}/worlds/world-1/mcp") as client:

        async def play(name: str, seconds: int) -> None:
            await call(client, "sleep", seconds=seconds)
            order.append(name)

        async with anyio.create_task_group() as group:
            group.start_soon(play, "first", 20)
            await anyio.sleep(0.3)
            group.start_soon(play, "second", 1)
            # Looking waits for nobody.
            start = time.monotonic()
            await call(client, "observe")
            assert time.monotonic() - start < 1.5
    assert order == ["first", "second"]


async def test_what_is_cancelled_before_it_begins_holds_up_nobody() -> None:
    stop = threading.Event()
    turns = Turns(stop.set)
    for steps in range(12):
        stop.clear()
        async with anyio.create_task_group() as group:
            group.start_soon(turns.take, stop.wait)
            for _ in range(steps):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        with anyio.fail_after(10):
            assert await turns.take(list) == []
