"""One player at a time: a claim and its token; and checkpoints, which the player keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.harness.program import up
from tests.mcp_servers.conftest import call, refusal


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A world of its own: a claim keeps others from playing."""
    with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none") as (_, address):
        yield f"{address}/worlds/world-1/mcp"


@asynccontextmanager
async def claimed_by_ada(url: str) -> AsyncIterator[tuple[Client, str]]:
    """A client that has claimed the world, and its token."""
    async with Client(url) as client:
        claimed = await call(client, "claim", player="Ada")
        assert claimed["lease_seconds"] > 60
        yield client, claimed["token"]
        await call(client, "release", token=claimed["token"])


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_acting_in_a_claimed_world_needs_the_token(url: str, mode: Any) -> None:
    async with claimed_by_ada(url) as (_, token), Client(url, mode=mode) as other:
        here = {"x": 1, "y": 1}
        for tool, arguments in (
            ("run_program", {"code": "print(1)"}),
            ("move_to", {"position": here}),
            ("print", {"args": "hello"}),
            ("checkpoint", {}),
            ("claim", {"player": "Bob"}),
            ("release", {}),
            ("sleep", {"seconds": 1, "token": "guess"}),
            # FLE's go there, or step aside.
            ("get_connection_amount", {"source": here, "target": {"x": 9, "y": 1}}),
            ("can_place_entity", {"entity": "lab", "position": here}),
        ):
            assert "Ada" in await refusal(other, tool, **arguments)
        # Looking is open to all.
        assert (await call(other, "observe"))["player"] == "Ada"
        await call(other, "nearest", type="coal")
        await call(other, "screenshot", width=64, height=64)
        await call(other, "list_checkpoints")
        # The token does it, as an argument or as a header.
        assert (await call(other, "run_program", code="print(1)", token=token))["output"] == "1\n"
        http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30)
        async with http, Client(streamable_http_client(url, http_client=http), mode=mode) as player:
            assert (await call(player, "sleep", seconds=1))["result"] is True


async def test_a_released_world_is_anybodys(url: str) -> None:
    async with Client(url) as client, Client(url) as other:
        token = (await call(client, "claim", player="Ada"))["token"]
        await call(client, "release", token=token)
        assert "player" not in await call(other, "observe")
        await call(other, "sleep", seconds=1)
        token = (await call(other, "claim", player="Bob"))["token"]
        assert "Bob" in await refusal(client, "sleep", seconds=1)
        await call(other, "release", token=token)


async def test_the_world_goes_back_to_a_checkpoint(url: str) -> None:
    async with claimed_by_ada(url) as (client, token):
        stone = (await call(client, "nearest", type="stone"))["result"]
        await call(client, "move_to", position=stone, token=token)
        await call(client, "run_program", code="kept = 'before'", token=token)
        kept = await call(client, "checkpoint", name="before-stone", token=token)
        assert kept["name"] == "before-stone"
        assert kept["tick"] >= (await call(client, "list_checkpoints"))["checkpoints"][0]["tick"]
        await call(client, "harvest_resource", position=stone, quantity=7, token=token)
        await call(client, "run_program", code="kept = 'after'", token=token)
        assert (await call(client, "inspect_inventory"))["result"]["stone"] >= 7
        listed = (await call(client, "list_checkpoints"))["checkpoints"]
        assert [one["name"] for one in listed] == ["before-stone"]
        back = await call(client, "restore", name="before-stone", token=token, since=kept["cursor"])
        assert "checkpoint" in {change["kind"] for change in back["changes"]}
        seen = await call(client, "observe")
        assert "stone" not in seen["inventory"]
        assert (await call(client, "run_program", code="print(kept)", token=token))["output"] == "before\n"
        assert "before-stone" in await refusal(client, "restore", name="before-ston", token=token)


async def test_a_cursor_from_before_a_restore_tells_of_it(url: str) -> None:
    async with claimed_by_ada(url) as (client, token), Client(url) as other:
        kept = await call(client, "checkpoint", name="start", token=token)
        known = await call(other, "observe")
        coal = (await call(client, "nearest", type="coal"))["result"]
        await call(client, "move_to", position=coal, token=token)
        await call(client, "harvest_resource", position=coal, quantity=4, token=token)
        later = await call(client, "observe")
        assert later["production_score"] > known["production_score"]
        await call(client, "restore", name="start", token=token)
        # Who watched, and who comes back with what they knew at either time, reads that the world went back.
        for cursor in (known["cursor"], later["cursor"]):
            seen = await call(other, "observe", since=cursor)
            assert "restored to checkpoint start" in {change["text"] for change in seen["changes"]}
            assert seen["tick"] < later["tick"]
            assert seen["inventory"] == known["inventory"]
            assert seen["production_score"] == known["production_score"]
        assert seen["score_change"] < 0
        assert seen["tick"] >= kept["tick"]
        # And plays on.
        went = await call(client, "move_to", position=coal, token=token, since=seen["cursor"])
        assert went["changes"] == []
        assert await call(client, "harvest_resource", position=coal, quantity=1, token=token)
