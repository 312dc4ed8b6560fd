"""`claudetorio mcp` between a client's pipes and a running gateway."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from mcp import Client, StdioServerParameters, stdio_client

from tests.harness.program import CLAUDETORIO, up

MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])


def over_stdio(address: str, *arguments: str) -> Any:
    command, *first = CLAUDETORIO
    return stdio_client(
        StdioServerParameters(command=command, args=[*first, "mcp", *arguments, "--url", address])
    )


@MODES
async def test_a_world_is_the_same_over_stdio(address: str, mode: Any) -> None:
    async with (
        Client(over_stdio(address, "world-1"), mode=mode) as piped,
        Client(f"{address}/worlds/world-1/mcp", mode=mode) as direct,
    ):
        assert piped.instructions == direct.instructions
        assert piped.protocol_version == direct.protocol_version
        assert await piped.list_tools() == await direct.list_tools()
        assert await piped.list_resources() == await direct.list_resources()
        assert await piped.list_prompts() == await direct.list_prompts()
        ran = await piped.call_tool("run_program", {"code": "print(6 * 7)"})
        assert ran.structured_content is not None
        assert ran.structured_content["output"].strip() == "42"
        shot = await piped.call_tool("screenshot", {"width": 64, "height": 64})
        assert [block.type for block in shot.content] == ["text", "image"]


@MODES
async def test_a_call_given_up_ends_its_program(address: str, mode: Any) -> None:
    async with Client(over_stdio(address, "world-1"), mode=mode) as client:
        with anyio.move_on_after(1):
            await client.call_tool("run_program", {"code": "while True: pass", "timeout_s": 60})
        with anyio.fail_after(10):
            ran = await client.call_tool("run_program", {"code": "print('free again')"})
        assert ran.structured_content is not None
        assert ran.structured_content["output"].strip() == "free again"


def mcp(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLAUDETORIO, "mcp", *arguments], input="", capture_output=True, text=True, timeout=30, check=False
    )


def test_without_a_gateway_or_a_world_it_says_so(address: str) -> None:
    alone = mcp("world-1", "--url", "http://127.0.0.1:9")
    assert alone.returncode == 1
    assert alone.stderr.startswith("claudetorio: no gateway at http://127.0.0.1:9/worlds/world-1/mcp")
    assert "claudetorio up" in alone.stderr
    assert alone.stdout == ""
    unknown = mcp("world-7", "--url", address)
    assert unknown.returncode == 1
    assert "world-7" in unknown.stderr
    assert len(unknown.stderr.splitlines()) == 1


def test_bytes_that_are_no_message_are_answered(address: str) -> None:
    done = subprocess.run(
        [*CLAUDETORIO, "mcp", "world-1", "--url", address],
        input="{nonsense\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0
    assert '"code":-32700' in done.stdout
    assert done.stderr == ""


async def test_a_gateway_that_comes_back_is_found_again(tmp_path: Path) -> None:
    with up(tmp_path, "--worlds", "1", "--agent", "none") as (process, address):
        async with Client(over_stdio(address, "world-1")) as client:
            assert not (await client.call_tool("score", {})).is_error
            process.terminate()
            await anyio.to_thread.run_sync(process.wait)
            with pytest.raises(Exception, match="no gateway at"):
                await client.call_tool("score", {})
            port = address.rpartition(":")[2]
            with up(tmp_path, "--worlds", "1", "--agent", "none", "--port", port):
                assert not (await client.call_tool("score", {})).is_error
