"""The gateway over a real port, above worlds whose lives are stood in for."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from mcp import Client
from PIL import Image
from starlette.applications import Starlette

from harness.up import listening
from mcp_servers.dispatch import WorldDispatcher, host_protection
from mcp_servers.world import world_server
from runtime.supervisor import Supervisor
from runtime.world_life import Status
from tests.viewer.standin import NoRecords, StandInSession, launch, plan
from viewer.app import gateway
from viewer.camera import Camera

API_FIELDS = {
    "name",
    "engine",
    "scenario",
    "status",
    "tick",
    "speed",
    "agent",
    "activity",
    "score",
    "automated_score",
    "viewers",
}


class FixedSamples:
    """Two samples of every world."""

    def samples(self, world: str, limit: int = 1000) -> list[Any]:
        return [
            SimpleNamespace(
                tick=600 * i, production_score=5.0 * i, automated_score=i * 1.0, time=datetime.now(UTC)
            )
            for i in range(1, 3)
        ][-limit:]


class Site:
    """A running gateway and what is behind it."""

    def __init__(self, url: str, fleet: Supervisor) -> None:
        self.url = url
        self.fleet = fleet
        self.http = httpx.Client(base_url=url, timeout=10)

    def session(self, name: str) -> StandInSession:
        session = self.fleet.worlds[name]._session
        assert isinstance(session, StandInSession)
        return session


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    fleet = Supervisor(launch, NoRecords())
    dispatcher = WorldDispatcher(host_protection("127.0.0.1", []))
    camera = Camera()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        for name in ("north", "south"):
            fleet.add(plan(name, tmp_path))
        servers = {name: world_server(world, camera, "1.0") for name, world in fleet.worlds.items()}
        async with dispatcher.run(servers):
            yield

    app = gateway(fleet.worlds, FixedSamples(), dispatcher, camera, lifespan)
    with listening("127.0.0.1", 0) as listener:
        config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        site = Site(f"http://127.0.0.1:{listener.getsockname()[1]}", fleet)
        until(
            lambda: len(fleet.worlds) == 2 and all(w.status is Status.RUNNING for w in fleet.worlds.values())
        )
        yield site
        server.should_exit = True
        thread.join(20)
        fleet.stop()
        assert not thread.is_alive()


def until(true: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def test_the_list_of_worlds_has_exactly_the_agreed_fields(site: Site) -> None:
    worlds = site.http.get("/api/worlds").json()
    assert [w["name"] for w in worlds] == ["north", "south"]
    for world in worlds:
        assert set(world) == API_FIELDS
        assert world["status"] == "running"
        for number in ("tick", "speed", "score", "automated_score", "viewers"):
            assert isinstance(world[number], int | float)


def test_pages_show_every_world(site: Site) -> None:
    front = site.http.get("/")
    assert front.status_code == 200
    assert "north" in front.text
    assert "/worlds/south/screenshot.webp" in front.text
    page = site.http.get("/worlds/north")
    assert "placing a stone-furnace" in page.text
    assert "coal" in page.text
    assert "<polyline" in page.text
    for path in ("/static/style.css", "/static/live.js", "/static/gear.svg"):
        assert site.http.get(path).status_code == 200


def test_pages_load_nothing_from_elsewhere(site: Site) -> None:
    for path in ("/", "/worlds/north", "/static/style.css", "/static/live.js"):
        text = site.http.get(path).text.replace(site.url, "").replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text
        assert "http://" not in text


def test_program_text_is_shown_as_text(site: Site) -> None:
    site.fleet.worlds["north"].run_program("x = '<script>alert(1)</script>'", 5)
    page = site.http.get("/worlds/north").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_screenshot_is_a_png_of_the_size_asked_for(site: Site) -> None:
    answer = site.http.get("/worlds/north/screenshot.png?width=320&height=200&zoom=1&x=0&y=0")
    assert answer.headers["content-type"] == "image/png"
    assert int(answer.headers["x-tick"]) >= 0
    assert Image.open(io.BytesIO(answer.content)).size == (320, 200)
    wide = site.http.get("/worlds/north/screenshot.webp?area=-40,-10,40,10&width=400&layers=grid,alt")
    assert wide.headers["content-type"] == "image/webp"
    assert wide.headers["x-view"] == "0 0 0.15625"
    assert Image.open(io.BytesIO(wide.content)).size == (400, 720)
    assert site.http.get("/worlds/north/screenshot.gif").status_code == 400
    default = site.http.get("/worlds/north/screenshot.png")
    assert Image.open(io.BytesIO(default.content)).size == (1280, 720)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("zoom=0", "zoom is 0.0; it must be between"),
        ("zoom=nan", "zoom is 'nan'"),
        ("x=east", "x is 'east'; it must be a number"),
        ("y=1e300", "y is"),
        ("width=1e3", "width is '1e3'; it must be a whole number"),
        ("width=99999", "width is 99999; it must be between"),
        ("height=-5", "height is -5"),
        ("layers=alt,x-ray", "there is no layer 'x-ray'"),
        ("area=1,2,3", "area is '1,2,3'; it must be WEST,NORTH,EAST,SOUTH"),
        ("area=1,2,1,9", "area is (1.0, 2.0, 1.0, 9.0)"),
        ("area=0,0,1e-9,1e-9", "zoom is"),
    ],
)
def test_bad_values_of_a_screenshot_are_explained(site: Site, query: str, part: str) -> None:
    answer = site.http.get(f"/worlds/north/screenshot.png?{query}")
    assert answer.status_code == 400
    assert part in answer.text


def test_unknown_worlds_are_not_found(site: Site) -> None:
    for path in ("/worlds/west", "/worlds/west/screenshot.png", "/api/worlds/west", "/api/events?world=west"):
        answer = site.http.get(path)
        assert answer.status_code == 404
        assert "There is no world 'west'" in answer.text
    assert site.http.post("/worlds/west/mcp", json={}).status_code == 404
    assert site.http.get("/api/elsewhere").status_code == 404


def test_details_and_samples_of_one_world(site: Site) -> None:
    world = site.http.get("/api/worlds/north").json()
    assert set(world) >= API_FIELDS
    assert world["inventory"] == {"coal": 5}
    assert world["position"] == [3.0, -4.0]
    samples = site.http.get("/api/worlds/north/samples").json()
    assert [s["production_score"] for s in samples] == [5.0, 10.0]
    assert len(site.http.get("/api/worlds/north/samples?limit=1").json()) == 1
    assert site.http.get("/api/worlds/north/samples?limit=0").status_code == 400


def test_events_tell_of_every_world_and_of_what_happens(site: Site) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    with site.http.stream("GET", "/api/events") as stream:
        kind = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                seen.append((kind, json.loads(line.removeprefix("data: "))))
                if len(seen) == 2:
                    site.fleet.worlds["south"].run_program("print('hello')", 5)
                if kind == "activity":
                    break
    assert {data["name"] for kind, data in seen[:2] if kind == "world"} == {"north", "south"}
    assert seen[-1][1]["world"] == "south"
    assert seen[-1][1]["text"] == "print('hello')"


def test_watching_a_world_counts_as_viewing_it(site: Site) -> None:
    with site.http.stream("GET", "/api/events?world=north") as stream:
        lines = stream.iter_lines()  # kept: one that is collected closes the stream
        next(lines)
        assert site.fleet.worlds["north"].summary().viewers == 1
        assert site.fleet.worlds["south"].summary().viewers == 0
    until(lambda: site.fleet.worlds["north"].summary().viewers == 0)


def test_health_and_pictures_while_a_world_is_down(site: Site) -> None:
    assert site.http.get("/healthz").status_code == 200
    world = site.fleet.worlds["north"]
    world._launch = lambda plan, progress: time.sleep(1.5) or launch(plan, progress)  # type: ignore[func-returns-value]
    site.session("north").end = "it was killed"
    until(lambda: world.status is Status.RESTARTING)
    assert site.http.get("/healthz").status_code == 503
    answer = site.http.get("/worlds/north/screenshot.png")
    assert answer.status_code == 503
    assert "restarting" in answer.text
    until(lambda: world.status is Status.RUNNING)
    assert site.http.get("/healthz").status_code == 200


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_world_is_played_over_mcp(site: Site, mode: str) -> None:
    async with Client(f"{site.url}/worlds/north/mcp", mode=mode) as client:
        tools = await client.list_tools()
        assert {"run_program", "observe", "score", "screenshot"} <= {t.name for t in tools.tools}
        first = (await client.call_tool("observe", {})).structured_content
        assert first is not None
        assert first["inventory"] == {"coal": 5}
        ran = (await client.call_tool("run_program", {"code": "print(1)"})).structured_content
        assert ran is not None
        assert ran["ok"]
        assert ran["output"] == "hello\n"
        later = (await client.call_tool("observe", {"since": first["cursor"]})).structured_content
        assert later is not None
        assert later["score_change"] == 10
        score = (await client.call_tool("score", {"since": first["cursor"]})).structured_content
        assert score is not None
        assert score["production_score"] == 10
        assert [c["kind"] for c in score["changes"]] == ["program"]
        failed = (await client.call_tool("run_program", {"code": "raise"})).structured_content
        assert failed is not None
        assert (failed["ok"], failed["line"]) == (False, 1)
        picture = await client.call_tool("screenshot", {"width": 160, "height": 90})
        assert [c.type for c in picture.content] == ["text", "image"]
        assert picture.structured_content is not None
        assert picture.structured_content["width"] == 160


async def test_wrong_arguments_are_explained(site: Site) -> None:
    async with Client(f"{site.url}/worlds/north/mcp") as client:
        for tool, arguments, part in (
            ("observe", {"since": "yesterday"}, "not the cursor"),
            ("screenshot", {"zoom": 99}, "zoom is 99"),
            ("run_program", {"code": "1", "timeout_s": -1}, "timeout_s"),
        ):
            answer = await client.call_tool(tool, arguments)
            assert answer.is_error
            assert part in answer.content[0].text


async def test_a_world_that_is_down_says_so_over_mcp(site: Site) -> None:
    world = site.fleet.worlds["north"]
    world._launch = lambda plan, progress: time.sleep(1.5) or launch(plan, progress)  # type: ignore[func-returns-value]
    session = site.session("north")
    async with Client(f"{site.url}/worlds/north/mcp") as client:
        session.end = "it was killed"
        until(lambda: world.status is Status.RESTARTING)
        answer = await client.call_tool("score", {})
        assert answer.is_error
        assert "restarting" in answer.content[0].text
        until(lambda: world.status is Status.RUNNING)
        assert not (await client.call_tool("score", {})).is_error


def test_other_hosts_and_origins_are_refused(site: Site) -> None:
    path = "/worlds/north/mcp"
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert site.http.post(path, json=body, headers={"Host": "evil.example"}).status_code == 421
    assert site.http.post(path, json=body, headers={"Origin": "http://evil.example"}).status_code == 403


def test_which_hosts_are_accepted() -> None:
    allowed = host_protection("0.0.0.0", ["factory.example", "10.0.0.5:8080"]).allowed_hosts
    assert "factory.example" in allowed
    assert "factory.example:*" in allowed
    assert "10.0.0.5:8080" in allowed
    assert "0.0.0.0:*" not in allowed
    assert "[::1]:*" in host_protection("::1", []).allowed_hosts
