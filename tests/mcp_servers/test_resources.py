"""What of a world can be read, and subscribed to, as resources; and its prompts."""

from __future__ import annotations

import json
from typing import Any

import anyio
import mcp_types
import pytest
from mcp import Client, MCPError

from tests.mcp_servers.conftest import call


async def read(client: Client, uri: str) -> Any:
    answer = await client.read_resource(uri)
    contents = answer.contents[0]
    assert isinstance(contents, mcp_types.TextResourceContents)
    return json.loads(contents.text) if contents.mime_type == "application/json" else contents.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_every_listed_resource_can_be_read(address: str, mode: Any) -> None:
    async with Client(f"{address}/worlds/world-1/mcp", mode=mode) as client:
        listed = [str(resource.uri) for resource in (await client.list_resources()).resources]
        assert "factorio://manual/place_entity" in listed
        found = {uri: await read(client, uri) for uri in listed}
    assert all(found[uri] is not None for uri in listed)
    assert found["factorio://status"]["name"] == "world-1"
    assert "burner-mining-drill" in found["factorio://names"]["prototype"]
    assert "iron-gear-wheel" in found["factorio://recipes"]
    assert "place_entity" in found["factorio://manual/place_entity"]
    assert "shift_entity" in found["factorio://manual/shift_entity"]


async def test_entities_are_read_by_area_and_page(address: str) -> None:
    async with Client(f"{address}/worlds/world-2/mcp") as client:
        await call(client, "run_program", code=(
            "spot = nearest(Resource.Stone)\nmove_to(spot)\nharvest_resource(spot, 10)\n"
            "craft_item(Prototype.StoneFurnace, 2)\n"
            "furnace = place_entity(Prototype.StoneFurnace, Direction.UP, spot, exact=False)"
        ))  # fmt: skip
        await call(client, "run_program", code="print(furnace.position.x, furnace.position.y)")
        around = await read(client, "factorio://entities")
        stands = [thing for thing in around["entities"] if thing["name"] == "stone-furnace"]
        assert stands
        assert stands[0]["status"] == "no_fuel"
        x, y = stands[0]["position"]["x"], stands[0]["position"]["y"]
        uri = f"factorio://entities?x0={x - 1}&y0={y - 1}&x1={x + 1}&y1={y + 1}&page=0"
        near = await read(client, uri)
        assert (near["count"], near["pages"]) == (1, 1)
        far = await read(client, f"factorio://entities?x0={x + 5}&y0={y + 5}&x1={x + 6}&y1={y + 6}")
        assert far["entities"] == []
        for wrong, part in (
            ("factorio://entities?x0=1", "y0 is missing"),
            ("factorio://entities?x0=0&y0=0&x1=9999&y1=1", "at most 256"),
            ("factorio://entities?page=7", "page is 7"),
            ("factorio://entities?x0=nan&y0=0&x1=1&y1=1", "x0 is 'nan'"),
            ("factorio://recipes/iron-gear-weel", "iron-gear-wheel"),
            ("factorio://manual/plaec_entity", "no tool"),
            ("factorio://weather", "no resource"),
            ("file:///etc/passwd", "no resource"),
        ):
            with pytest.raises(MCPError, match=part):
                await client.read_resource(wrong)
        recipe = await read(client, "factorio://recipes/electronic-circuit")
        assert {"name": "copper-cable", "count": 3} in recipe["ingredients"]


async def test_a_listener_is_told_when_the_inventory_changes(address: str) -> None:
    uri = "factorio://inventory"
    async with Client(f"{address}/worlds/world-2/mcp") as client:
        spot = (await call(client, "nearest", type="coal"))["result"]
        await call(client, "move_to", position=spot)
        async with client.listen(resource_subscriptions=[uri]) as events:
            await call(client, "harvest_resource", position=spot, quantity=1)
            with anyio.fail_after(20):
                event = await anext(aiter(events))
        assert str(event.uri) == uri


@pytest.mark.filterwarnings("ignore:resources/:mcp.shared.exceptions.MCPDeprecationWarning")
async def test_a_subscriber_of_the_older_era_is_told_too(address: str) -> None:
    uri = "factorio://inventory"
    told = anyio.Event()

    async def hear(message: Any) -> None:
        if isinstance(message, mcp_types.ResourceUpdatedNotification) and str(message.params.uri) == uri:
            told.set()

    async with Client(f"{address}/worlds/world-2/mcp", mode="legacy", message_handler=hear) as client:
        spot = (await call(client, "nearest", type="coal"))["result"]
        await call(client, "move_to", position=spot)
        await client.subscribe_resource(uri)
        await call(client, "harvest_resource", position=spot, quantity=1)
        with anyio.fail_after(20):
            await told.wait()
        await client.unsubscribe_resource(uri)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_there_is_a_prompt_for_each_task(address: str, mode: Any) -> None:
    async with Client(f"{address}/worlds/world-1/mcp", mode=mode) as client:
        names = [prompt.name for prompt in (await client.list_prompts()).prompts]
        assert names[0] == "play"
        assert len(names) == 25
        assert "iron_plate_throughput" in names
        for name in names:
            prompt = await client.get_prompt(name)
            assert len(prompt.messages[0].content.text) > 200
        assert "16 iron-plate" in (await client.get_prompt("iron_plate_throughput")).messages[0].content.text
        with pytest.raises(MCPError, match="iron_plate_throughput"):
            await client.get_prompt("iron_plates_throughput")
