"""Pictures that can't be drawn, asked for over MCP and HTTP, of a real world: a clear sentence, never a hung process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client

from tests.harness.program import up

ENDS_IN_SECONDS = 30.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """Its process, and where it answers; world-1 is its only world."""
    with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none") as (process, address):
        yield process.pid, address


@pytest.fixture
def address(program: tuple[int, str]) -> str:
    return program[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"x": "Infinity", "y": 0}, "x"),
        ({"x": 1e300, "y": 0}, "x"),
        ({"x": 0, "y": "NaN"}, "y"),
        ({"zoom": 0}, "zoom"),
        ({"width": 0}, "width"),
        ({"width": 100_000, "height": 100_000}, "between 16 and 3840"),
        ({"height": -1}, "height"),
        ({"layers": ["x-ray"]}, "there is no layer 'x-ray'; there are alt"),
        ({"area": [0, 0, 0, 0]}, "area"),
    ],
)
async def test_what_cannot_be_drawn_is_said(address: str, arguments: dict[str, Any], says: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        answer = await client.call_tool("screenshot", arguments)
        assert answer.is_error
        text = answer.content[0].text
        assert says in text
        assert len(text) < 300
        assert "Traceback" not in text
    query = {key: ",".join(map(str, v)) if isinstance(v, list) else v for key, v in arguments.items()}
    async with httpx.AsyncClient(timeout=30) as http:
        answered = await http.get(f"{address}/worlds/world-1/screenshot.png", params=query)
        assert answered.status_code == 400
        assert says in answered.text
        assert "Traceback" not in answered.text
        assert (await http.get(f"{address}/worlds/world-1/screenshot.png?width=64")).status_code == 200


async def test_a_world_that_is_killed_while_it_is_looked_at(program: tuple[int, str]) -> None:
    pid, address = program
    url = f"{address}/worlds/world-1/screenshot.png?x=500&y=500&zoom=0.05"
    world = world_of(pid)
    answers: dict[str, Any] = {}
    async with Client(f"{address}/worlds/world-1/mcp") as client, httpx.AsyncClient(timeout=90) as http:

        async def over_http() -> None:
            answers["http"] = await http.get(url)

        async def over_mcp() -> None:
            answers["mcp"] = await client.call_tool("screenshot", {"x": -500, "y": 500, "zoom": 0.05})

        os.kill(world, signal.SIGSTOP)
        with anyio.fail_after(ENDS_IN_SECONDS):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(over_http)
                tasks.start_soon(over_mcp)
                while not waits_for_answer(world):
                    await anyio.sleep(0.05)
                os.kill(world, signal.SIGKILL)
        assert answers["http"].status_code == 503
        assert answers["mcp"].is_error
        for text in (answers["http"].text, answers["mcp"].content[0].text):
            assert "Traceback" not in text
            assert "world" in text
            assert len(text) < 300
        # It is started anew, and looked at again.
        with anyio.fail_after(ENDS_IN_SECONDS):
            while (await http.get(url)).status_code != 200:
                await anyio.sleep(0.1)


def world_of(program: int) -> int:
    """The process of the one world of a program."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == program and any(b"factorio-embedded" in w or b"runtime.engine" in w for w in words):
                return int(folder.name)
    raise AssertionError("there is no world")


def waits_for_answer(world: int) -> bool:
    """Whether something that a process was sent over a socket has not been read by it yet."""
    inodes = {
        os.readlink(link).removeprefix("socket:[").rstrip("]")
        for link in Path(f"/proc/{world}/fd").iterdir()
        if os.readlink(link).startswith("socket:")
    }
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[9] in inodes and int(row[4].partition(":")[2], 16) > 0 for row in rows)
