"""A real world, played by real MCP clients through the running program."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from mcp import Client
from PIL import Image

from tests.mcp_servers.conftest import call, refusal

OBSERVATION_CHARACTERS = 1_800
"""600 tokens, counted as three characters each."""


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_program_plays_and_its_variables_stay(address: str, mode: Any) -> None:
    async with Client(f"{address}/worlds/world-1/mcp", mode=mode) as client:
        assert client.instructions is not None
        assert "run_program" in client.instructions
        before = await call(client, "observe")
        ran = await call(
            client,
            "run_program",
            code=(
                "spot = nearest(Resource.Coal)\n"
                "move_to(spot)\n"
                "got = harvest_resource(spot, quantity=5)\n"
                "print('coal:', inspect_inventory()[Prototype.Coal])"
            ),
            since=before["cursor"],
        )
        assert ran["ok"], ran
        assert "coal:" in ran["output"]
        after = await call(client, "observe", since=ran["cursor"])
        assert after["inventory"]["coal"] >= 5
        assert after["tick"] > before["tick"]
        assert after["position"] is not None
        assert not [c for c in after["changes"] if c["kind"] == "program"]
        again = await call(client, "run_program", code="print(got)")
        assert again["output"].strip().isdigit()
        score = await call(client, "score")
        assert score["production_score"] > 0


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_model_plays_with_single_tools(address: str, mode: Any) -> None:
    """From bare hands to a smelted plate: each step uses what the one before answered."""
    async with Client(f"{address}/worlds/world-2/mcp", mode=mode) as client:
        start = await call(client, "observe")
        for resource, quantity in (("stone", 5), ("coal", 5), ("iron-ore", 5)):
            spot = (await call(client, "nearest", type=resource))["result"]
            there = (await call(client, "move_to", position=spot))["result"]
            assert abs(there["x"] - spot["x"]) + abs(there["y"] - spot["y"]) < 10
            got = (await call(client, "harvest_resource", position=spot, quantity=quantity))["result"]
            assert got >= quantity
        assert (await call(client, "craft_item", entity="stone-furnace"))["result"] == 1
        box = (
            await call(
                client,
                "nearest_buildable",
                entity="stone-furnace",
                building_box={"width": 2, "height": 2},
                center_position=there,
            )
        )["result"]
        await call(client, "move_to", position=box["left_top"])
        furnace = (await call(client, "place_entity", entity="stone-furnace", position=box["center"]))[
            "result"
        ]
        assert furnace["name"] == "stone-furnace"
        assert furnace["status"] == "no_fuel"
        # A result is as good as `{x, y, name}` to say which thing is meant.
        await call(client, "insert_item", entity="coal", target=furnace, quantity=5)
        place = {"x": furnace["position"]["x"], "y": furnace["position"]["y"]}
        full = (await call(client, "insert_item", entity="iron-ore", target=place, quantity=5))["result"]
        assert full["contents"]["fuel"] == {"coal": 5}
        await call(client, "sleep", seconds=20)
        seen = (await call(client, "get_entity", entity="stone-furnace", position=place))["result"]
        assert seen["contents"]["result"]["iron-plate"] >= 4
        assert (await call(client, "extract_item", entity="iron-plate", source=place, quantity=4))[
            "result"
        ] == 4
        assert (await call(client, "inspect_inventory"))["result"]["iron-plate"] >= 4
        assert (await call(client, "pickup_entity", entity=furnace))["result"] is True
        left = await call(client, "get_entities", entities="stone-furnace", position=place, radius=1)
        assert left["result"] == []
        end = await call(client, "observe", since=start["cursor"])
        assert end["score_change"] > 0
        assert "tool" not in {change["kind"] for change in end["changes"]}
        played = [c["text"] for c in (await call(client, "score", since=start["cursor"]))["changes"]]
        assert any("pickup_entity" in text for text in played)
        assert len(str(end)) < OBSERVATION_CHARACTERS


async def test_what_others_do_and_say_is_news(address: str) -> None:
    url = f"{address}/worlds/world-1/mcp"
    async with Client(url) as one, Client(url) as other:
        known = (await call(one, "score"))["cursor"]
        await call(other, "print", args=["iron", "first"])
        await call(other, "send_message", message="the coal is mine")
        await call(other, "sleep", seconds=1)
        await call(other, "nearest", type="coal")
        await call(other, "run_program", code="# look around\nprint(1)")
        news = await call(one, "nearest", type="stone", since=known)
        assert [change["kind"] for change in news["changes"]] == ["tool", "message", "tool", "program"]
        texts = [change["text"] for change in news["changes"]]
        assert "iron first" in texts[0]
        assert "the coal is mine" in texts[1]
        assert (await call(one, "observe"))["messages"][-1] == texts[1]
        # What a client does itself is no news to it.
        own = await call(one, "sleep", seconds=1, since=news["cursor"])
        assert own["changes"] == []


async def test_a_picture_shows_the_world(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        answer = await client.call_tool(
            "screenshot", {"x": 27, "y": 83, "zoom": 0.5, "width": 640, "height": 480}
        )
        picture = Image.open(io.BytesIO(base64.b64decode(answer.content[1].data)))
        assert (picture.size, picture.format, answer.content[1].mime_type) == (
            (640, 480),
            "WEBP",
            "image/webp",
        )
        colours = picture.convert("RGB").getcolors(1 << 20)
        assert colours is not None
        # The iron field is in it: ore is blue.
        assert sum(count for count, (r, g, b) in colours if b > r + 30 and b > 80) > 5000
        exact = (await client.call_tool("screenshot", {"width": 64, "height": 64, "format": "png"})).content[
            1
        ]
        assert exact.mime_type == "image/png"
        assert Image.open(io.BytesIO(base64.b64decode(exact.data))).format == "PNG"
        assert "png" in await refusal(client, "screenshot", format="bmp")


async def test_programs_that_fail_or_never_end_say_where(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        failed = await call(client, "run_program", code="print('so far')\nraise ValueError('no more')")
        assert not failed["ok"]
        assert failed["line"] == 2
        assert "no more" in failed["error"]
        assert "so far" in failed["output"]
        endless = await call(client, "run_program", code="x = 1\nwhile True:\n    x += 1", timeout_s=1)
        assert not endless["ok"]
        assert endless["seconds"] < 4
        assert (await call(client, "run_program", code="print('well')"))["ok"]


async def test_a_wrong_name_is_answered_with_the_nearest(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        assert "iron-ore" in await refusal(client, "nearest", type="irn-ore")
        place = {"x": 1, "y": 1}
        wrong = await refusal(client, "place_entity", entity="burner-drill", position=place)
        assert "burner-mining-drill" in wrong
        assert "automation" in await refusal(client, "set_research", technology="automaton")
        assert "place_entity" in await refusal(client, "placeentity")
        right = await client.call_tool("get_prototype_recipe", {"prototype": "Prototype.IronGearWheel"})
        assert right.structured_content is not None
        assert right.structured_content["result"]["ingredients"] == [{"name": "iron-plate", "count": 2}]


async def test_an_action_that_fails_says_what_would_work(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        here = {"x": 1, "y": 1}
        lacking = await refusal(client, "place_entity", entity="lab", position=here)
        assert "carry no lab" in lacking
        assert "electronic-circuit" in lacking
        spot = (await call(client, "nearest", type="stone"))["result"]
        await call(client, "move_to", position=spot)
        await call(client, "harvest_resource", position=spot, quantity=10)
        await call(client, "craft_item", entity="stone-furnace", quantity=2)
        far = {"x": spot["x"] + 40, "y": spot["y"]}
        assert "move_to" in await refusal(client, "place_entity", entity="stone-furnace", position=far)
        assert "move_to" in await refusal(client, "harvest_resource", position=far)
        placed = (await call(client, "place_entity", entity="stone-furnace", position=spot, exact=False))[
            "result"
        ]["position"]
        blocked = await refusal(client, "place_entity", entity="stone-furnace", position=placed)
        assert "nearest free spot" in blocked
        assert "logistic" in await refusal(client, "set_research", technology="logistics-2")
        bare = {"x": -60, "y": -60}
        assert "nearest says" in await refusal(client, "get_resource_patch", resource="coal", position=bare)
        assert "No lab of yours stands at (-60, -60)" in await refusal(
            client, "get_entity", entity="lab", position=bare
        )


async def test_observing_changes_nothing(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        first = await call(client, "score")
        for _ in range(3):
            await call(client, "observe")
            await client.call_tool("screenshot", {"width": 64, "height": 64})
        second = await call(client, "score")
        assert second["production_score"] == first["production_score"]
