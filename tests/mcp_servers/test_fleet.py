"""The fleet's MCP server: worlds and agents come and go in a running gateway."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.program import up

MOST_TOKENS = 3_000
CHARACTERS_PER_TOKEN = 3
"""Fewer than there are: what is counted is more than what is paid."""
MOST_CHARACTERS = 12_000
"""Of the whole listing: annotations and the shapes of answers too."""
COAL = "coal = nearest(Resource.Coal)\nmove_to(coal)\nprint(harvest_resource(coal, 5))"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway of this module's alone, because worlds come and go."""
    options = ("--worlds", "1", "--agent", "none", "--speed", "100")
    with pytest.MonkeyPatch.context() as environment:
        for key in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
            environment.delenv(key, raising=False)
        with up(tmp_path_factory.mktemp("data"), *options) as (_, address):
            yield address


@pytest.fixture
def fleet(address: str) -> str:
    return f"{address}/mcp"


async def call(url: str, tool: str, /, **arguments: Any) -> Any:
    async with Client(url) as client:
        answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    return answer.structured_content


async def refusal(url: str, tool: str, /, **arguments: Any) -> str:
    async with Client(url) as client:
        answer = await client.call_tool(tool, arguments)
    assert answer.is_error, answer.structured_content
    text: str = answer.content[0].text
    assert 10 < len(text) < 400, text
    return text


async def running(fleet: str, name: str) -> dict[str, Any]:
    """The world, once it runs."""
    with anyio.fail_after(30):
        while True:
            worlds = (await call(fleet, "list_worlds"))["worlds"]
            [world] = [world for world in worlds if world["name"] == name]
            if world["status"] == "running":
                return dict(world)
            await anyio.sleep(0.1)


async def coal(url: str) -> int:
    return int((await call(url, "observe"))["inventory"].get("coal", 0))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_its_tools_are_cheap_and_annotated(address: str, mode: Any) -> None:
    async with Client(f"{address}/mcp", mode=mode) as client:
        listed = (await client.list_tools()).tools
        instructions = client.instructions
    assert instructions is not None
    sent = [{"name": t.name, "description": t.description, "input_schema": t.input_schema} for t in listed]
    assert len(json.dumps(sent) + instructions) / CHARACTERS_PER_TOKEN < MOST_TOKENS
    assert len(json.dumps([t.model_dump(mode="json", exclude_none=True) for t in listed])) < MOST_CHARACTERS
    for tool in listed:
        assert "Example: " in (tool.description or ""), tool.name
        assert tool.output_schema is not None, tool.name
        assert tool.annotations is not None, tool.name
    hints = {t.name: t.annotations for t in listed if t.annotations}
    assert hints["list_worlds"].read_only_hint
    assert hints["remove_world"].destructive_hint
    assert not hints["copy_world"].destructive_hint


async def test_a_world_is_made_played_copied_and_removed(fleet: str) -> None:
    made = await call(fleet, "create_world", name="mine")
    assert made["agent"] == "none"
    await running(fleet, "mine")
    assert (await call(made["url"], "run_program", code=COAL))["ok"]
    assert "already" in await refusal(fleet, "create_world", name="mine")
    copy = await call(fleet, "copy_world", name="mine", new_name="what-if")
    await running(fleet, "what-if")
    assert await coal(copy["url"]) >= 5
    await call(fleet, "reset_world", name="mine")
    await running(fleet, "mine")
    assert await coal(made["url"]) == 0
    assert await coal(copy["url"]) >= 5
    await call(fleet, "remove_world", name="what-if")
    names = [world["name"] for world in (await call(fleet, "list_worlds"))["worlds"]]
    assert "what-if" not in names
    assert httpx.post(copy["url"], json={}).status_code == 404


async def test_a_stopped_world_goes_on_where_it_was(fleet: str, address: str) -> None:
    url = f"{address}/worlds/world-1/mcp"
    assert (await call(url, "run_program", code=COAL))["ok"]
    had = await coal(url)
    stopped = await call(fleet, "stop_world", name="world-1")
    assert stopped["status"] == "stopped"
    assert httpx.get(f"{address}/api/worlds/world-1").json()["status"] == "stopped"
    await call(fleet, "start_world", name="world-1")
    await running(fleet, "world-1")
    assert await coal(url) == had


async def test_a_save_goes_out_and_comes_in_again(fleet: str, address: str) -> None:
    url = f"{address}/worlds/world-1/mcp"
    assert (await call(url, "run_program", code=COAL))["ok"]
    had = await coal(url)
    saved = await call(fleet, "save_world", name="world-1")
    file = httpx.get(saved["url"])
    assert file.status_code == 200
    assert "world-1" in file.headers["content-disposition"]
    over_http = httpx.post(f"{address}/api/worlds", params={"name": "from-http"}, content=file.content)
    assert over_http.status_code == 201, over_http.text
    await call(fleet, "create_world", name="from-mcp", save=base64.b64encode(file.content).decode())
    for name in ("from-http", "from-mcp"):
        world = await running(fleet, name)
        assert await coal(world["url"]) == had
        assert httpx.delete(f"{address}/api/worlds/{name}").status_code == 204
    broken = httpx.post(f"{address}/api/worlds", params={"name": "broken"}, content=b"no save")
    assert broken.status_code == 409, broken.text
    assert httpx.get(f"{address}/api/worlds/broken").status_code == 404


async def test_an_agent_is_started_paused_told_and_relieved(fleet: str, address: str) -> None:
    await call(fleet, "create_world", name="played", agent="scripted")
    world = await running(fleet, "played")
    await doing(fleet, "played")
    # Who comes to play is told how, and the agent goes on once they have played.
    assert "claim with take_over=true" in await refusal(world["url"], "run_program", code="print(1)")
    assert "claim with take_over=true" in await refusal(world["url"], "claim", player="Ada")
    token = (await call(world["url"], "claim", player="Ada", take_over=True))["token"]
    assert (await call(world["url"], "run_program", code="print(1)", token=token))["ok"]
    assert "Ada" in await refusal(world["url"], "claim", player="Bob", take_over=True)
    await call(world["url"], "release", token=token)
    await doing(fleet, "played")
    taken = await call(fleet, "take_over", name="played", player="Ada")
    assert taken["paused"]
    url = world["url"]
    assert "Ada" in await refusal(url, "run_program", code="print(1)")
    assert (await call(url, "run_program", code="print(1)", token=taken["token"]))["ok"]
    seen = await call(url, "observe")
    await call(fleet, "tell_agent", name="played", text="More labs, please.", sender="Ada")
    later = await call(url, "observe", since=seen["cursor"])
    assert later["messages"] == ["Ada: More labs, please."]
    assert "token" in await refusal(fleet, "give_back", name="played", token="guess")
    await call(fleet, "give_back", name="played", token=taken["token"])
    await doing(fleet, "played")
    assert (await call(fleet, "stop_agent", name="played"))["agent"] == "none"
    assert (await call(url, "run_program", code="print(1)"))["ok"]
    await call(fleet, "remove_world", name="played")


async def doing(fleet: str, name: str) -> None:
    """Wait until the built-in player has claimed a world, and acted after now."""
    began = (await running(fleet, name))["tick"]
    with anyio.fail_after(60):
        while True:
            world = await running(fleet, name)
            acts = world["activity"] not in ("idle", "running a program") and world["tick"] > began
            if acts and world.get("holder") == "scripted":
                return
            await anyio.sleep(0.1)


async def test_the_leaderboard_is_the_apis(fleet: str, address: str) -> None:
    run = httpx.post(f"{address}/api/worlds/world-1/runs", json={"agent": "tester", "model": "none"}).json()
    board = await call(fleet, "leaderboard")
    assert run["id"] in [line.get("run") for line in board["live"]]
    assert board.keys() == httpx.get(f"{address}/api/leaderboard").json().keys()


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("stop_world", {"name": "wrold-1"}, "world-1"),
        ("copy_world", {"name": "world-1", "new_name": "Not A Name"}, "Not A Name"),
        ("copy_world", {"name": "world-1"}, "new_name"),
        ("create_world", {"name": "x", "speed": 1e9}, "100"),
        ("create_world", {"name": "x", "save": "%%%"}, "base64"),
        ("start_agent", {"name": "world-1", "agent": "gpt"}, "claude"),
        ("start_agent", {"name": "world-1", "agent": "claude"}, "ANTHROPIC_API_KEY"),
        ("create_world", {"name": "x", "agent": "claude"}, "ANTHROPIC_API_KEY"),
        ("remove_worlds", {}, "remove_world"),
        ("list_worlds", {"extra": 1}, "extra"),
    ],
)
async def test_mistakes_are_told_in_a_sentence(
    fleet: str, tool: str, arguments: dict[str, Any], words: str
) -> None:
    assert words in await refusal(fleet, tool, **arguments)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/worlds/world-1/agent?do=start&agent=claude", "ANTHROPIC_API_KEY"),
        ("/api/worlds/world-1/agent?do=start&agent=gpt", "scripted"),
        ("/api/worlds?name=x&agent=claude", "ANTHROPIC_API_KEY"),
        ("/api/worlds/world-1/copy?to=world-1", "another name"),
    ],
)
def test_what_can_not_be_done_over_http_is_a_sentence(address: str, path: str, words: str) -> None:
    answer = httpx.post(f"{address}{path}")
    assert answer.status_code == 409, answer.text
    assert words in answer.json()["error"]
    assert httpx.get(f"{address}/api/worlds/x").status_code == 404


async def test_metrics_tell_of_worlds_and_calls(fleet: str, address: str) -> None:
    await call(fleet, "create_world", name="counted", speed=50)
    await running(fleet, "counted")
    url = f"{address}/worlds/counted/mcp"
    await call(url, "run_program", code="print(1)")
    await call(url, "observe")
    await refusal(url, "no_such_tool")
    await refusal(url, "observe", since="x")
    told = samples(httpx.get(f"{address}/metrics").text)
    world = {"world": "counted"}
    assert told["claudetorio_world_speed", *world.items()] == 50
    assert told["claudetorio_world_tick", *world.items()] > 0
    assert told["claudetorio_program_seconds_count", *world.items()] == 1
    assert told["claudetorio_worlds", ("status", "running")] >= 2
    for tool, outcome, count in (("run_program", "ok", 1), ("observe", "error", 1), ("unknown", "error", 1)):
        labels = {"outcome": outcome, "tool": tool, **world}
        assert told["claudetorio_calls_total", *labels.items()] == count
    await call(fleet, "remove_world", name="counted")
    assert "counted" not in httpx.get(f"{address}/metrics").text


def samples(text: str) -> dict[Any, float]:
    """Values by name and labels, as Prometheus reads them."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_messages_to_agents_are_bounded(address: str) -> None:
    path = f"{address}/api/worlds/world-1/messages"
    assert httpx.post(path, json={"text": "hello"}).status_code == 204
    for content, status in ((b"[", 400), (b'{"text": ""}', 400), (b" " * (1 << 20), 413)):
        answer = httpx.post(path, content=content)
        assert answer.status_code == status, answer.text
        assert len(answer.json()["error"]) > 10
