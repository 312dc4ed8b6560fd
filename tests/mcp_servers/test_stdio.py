"""`claudetorio mcp` between a client's pipes and a running gateway."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import mcp_types
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError

from tests.harness.program import CLAUDETORIO, up

MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])


def over_stdio(address: str, *arguments: str, token: str = "") -> Any:
    command, *first = CLAUDETORIO
    return stdio_client(
        StdioServerParameters(
            command=command,
            args=[*first, "mcp", *arguments, "--url", address],
            env={"CLAUDETORIO_TOKEN": token},
        )
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
async def test_progress_prompts_and_resources_come_through(address: str, mode: Any) -> None:
    said: list[str | None] = []

    async def progress(_done: float, _total: float | None, message: str | None) -> None:
        said.append(message)

    async with Client(over_stdio(address, "world-1"), mode=mode) as client:
        code = "for number in range(3):\n    print('line', number)\n    sleep(5)"
        await client.call_tool("run_program", {"code": code}, progress_callback=progress)
        assert [line for line in said if line and line.startswith("line")] == ["line 0", "line 1", "line 2"]
        play = await client.get_prompt("play")
        assert play.messages
        read = await client.read_resource("factorio://recipes/iron-gear-wheel")
        assert "iron-plate" in read.contents[0].text
        with pytest.raises(MCPError, match="iron-gear-wheel"):
            await client.read_resource("factorio://recipes/iron-gear-weel")


async def test_what_changed_is_told(address: str) -> None:
    uri = "factorio://inventory"
    async with Client(over_stdio(address, "world-1")) as client:
        await client.call_tool("run_program", {"code": "spot = nearest(Resource.Coal)\nmove_to(spot)"})
        async with client.listen(resource_subscriptions=[uri]) as events:
            await client.call_tool("run_program", {"code": "harvest_resource(spot, 1)"})
            with anyio.fail_after(20):
                event = await anext(aiter(events))
        assert str(event.uri) == uri


@pytest.mark.filterwarnings("ignore:resources/:mcp.shared.exceptions.MCPDeprecationWarning")
async def test_what_changed_is_told_in_the_older_era(address: str) -> None:
    uri = "factorio://inventory"
    told = anyio.Event()

    async def hear(message: Any) -> None:
        if isinstance(message, mcp_types.ResourceUpdatedNotification) and str(message.params.uri) == uri:
            told.set()

    async with Client(over_stdio(address, "world-1"), mode="legacy", message_handler=hear) as client:
        await client.call_tool("run_program", {"code": "spot = nearest(Resource.Coal)\nmove_to(spot)"})
        await client.subscribe_resource(uri)
        await client.call_tool("run_program", {"code": "harvest_resource(spot, 1)"})
        with anyio.fail_after(20):
            await told.wait()


async def test_few_tools_the_fleet_and_a_token(address: str) -> None:
    async with Client(over_stdio(address, "world-1", "--tools", "program")) as few:
        assert len((await few.list_tools()).tools) < 8
    async with Client(over_stdio(address)) as fleet:
        taken = await fleet.call_tool("take_over", {"name": "world-1", "player": "Ada"})
        assert taken.structured_content is not None
        token = taken.structured_content["token"]
        try:
            async with Client(over_stdio(address, "world-1")) as other:
                assert (await other.call_tool("run_program", {"code": "1"})).is_error
            async with Client(over_stdio(address, "world-1", token=token)) as player:
                assert not (await player.call_tool("run_program", {"code": "1"})).is_error
        finally:
            await fleet.call_tool("give_back", {"name": "world-1", "token": token})


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


@pytest.mark.filterwarnings("ignore:resources/:mcp.shared.exceptions.MCPDeprecationWarning")
async def test_a_gateway_that_comes_back_is_found_again(tmp_path: Path) -> None:
    uri = "factorio://inventory"
    told = anyio.Event()

    async def hear(message: Any) -> None:
        if isinstance(message, mcp_types.ResourceUpdatedNotification) and str(message.params.uri) == uri:
            told.set()

    with up(tmp_path, "--worlds", "1", "--agent", "none") as (process, address):
        async with (
            Client(over_stdio(address, "world-1")) as client,
            Client(over_stdio(address, "world-1"), mode="legacy") as older,
            Client(over_stdio(address, "world-1"), mode="legacy", message_handler=hear) as listener,
        ):
            assert not (await older.call_tool("score", {})).is_error
            await listener.subscribe_resource(uri)
            process.kill()
            await anyio.to_thread.run_sync(process.wait)
            for away in (client, older):
                with pytest.raises(MCPError, match="no gateway at"):
                    await away.call_tool("score", {})
            port = address.rpartition(":")[2]
            with up(tmp_path, "--worlds", "1", "--agent", "none", "--port", port):
                assert not (await client.call_tool("score", {})).is_error
                # Who only listens is told again, too: of things that happen once it is there.
                code = "spot = nearest(Resource.Coal)\nmove_to(spot)\nharvest_resource(spot, 1)"
                with anyio.fail_after(30):
                    while not told.is_set():
                        assert not (await client.call_tool("run_program", {"code": code})).is_error
                assert not (await older.call_tool("score", {})).is_error
                assert (await older.list_prompts()).prompts
