"""Live video and clips over MCP: on a world's server and on the fleet's."""

from __future__ import annotations

import base64
import io
from typing import Any

import av
import httpx
import pytest
from mcp import Client
from mcp_types import CallToolResult, ImageContent, ResourceLink
from PIL import Image

from tests.mcp_servers.conftest import refusal

FLEET: tuple[str, Any] = ("/mcp", {"name": "world-2"})
WORLD: tuple[str, Any] = ("/worlds/world-2/mcp", {})


async def answer(client: Client, tool: str, arguments: dict[str, Any]) -> CallToolResult:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result


@pytest.mark.parametrize("server", [WORLD, FLEET])
async def test_an_agent_opens_a_viewport_and_takes_films(address: str, server: tuple[str, Any]) -> None:
    path, who = server
    viewers = f"{address}/api/worlds/world-2"
    async with Client(address + path) as client, httpx.AsyncClient() as http:
        opened = await answer(client, "open_viewport", who)
        told = opened.structured_content
        assert told is not None
        assert (told["watch"], told["whep"]) == (
            f"{address}/worlds/world-2",
            f"{address}/worlds/world-2/whep",
        )
        assert told["expires_seconds"] == 60
        (image,) = [part for part in opened.content if isinstance(part, ImageContent)]
        picture = Image.open(io.BytesIO(base64.b64decode(image.data)))
        assert picture.size == (1280, 720)
        assert (await http.get(viewers)).json()["viewers"] == 1

        # It is filmed as long as the lease lasts, so there is a film of what was.
        await answer(client, "clip", {**who, "next": 1.0})
        again = await answer(client, "open_viewport", {**who, "lease": told["lease"]})
        assert again.structured_content is not None
        assert again.structured_content["lease"] == told["lease"]
        made = await answer(client, "clip", {**who, "last": 1.0})
        (link,) = [part for part in made.content if isinstance(part, ResourceLink)]
        clip = made.structured_content
        assert clip is not None
        assert (link.uri, link.mime_type, link.size) == (clip["url"], "video/mp4", clip["bytes"])
        film = await http.get(link.uri)
        assert film.headers["content-type"] == "video/mp4"
        assert len(film.content) == clip["bytes"]
        shown = decoded(film.content)
        assert 0.3 < clip["seconds"] <= 1.0
        assert (shown[-1].width, shown[-1].height) == (1280, 720)
        assert shown[-1].to_ndarray(format="gray").std() > 5

        closed = await answer(client, "close_viewport", {**who, "lease": told["lease"]})
        assert closed.structured_content is not None
        assert closed.structured_content["closed"] == told["lease"]
        assert (await http.get(viewers)).json()["viewers"] == 0
        assert (await client.call_tool("close_viewport", {**who, "lease": told["lease"]})).is_error


async def test_a_clip_comes_over_http_too(address: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        film = await http.get("/worlds/world-1/clip.mp4?next=1")
        assert film.status_code == 200, film.text
        assert film.headers["content-type"] == "video/mp4"
        assert len(decoded(film.content)) > 2
        for query, status, part in (
            ("?last=1&next=1", 400, "either last or next"),
            ("", 400, "either last or next"),
            ("?next=nan", 400, "at most 30"),
            ("?last=inf", 400, "at most 30"),
            ("?next=31", 400, "at most 30"),
            ("?next=-1", 400, "above 0"),
            ("?next=soon", 400, "number of seconds"),
        ):
            refused = await http.get(f"/worlds/world-1/clip.mp4{query}")
            assert refused.status_code == status, query
            assert part in refused.json()["error"], query
        assert (await http.get("/worlds/nowhere/clip.mp4?next=1")).status_code == 404
        assert (await http.get("/worlds/world-1/clips/..%2fclaudetorio.db")).status_code == 404


async def test_what_nobody_watched_is_not_filmed(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        assert "30" in await refusal(client, "clip", next=1e9)
        assert "last or next" in await refusal(client, "clip")
        assert "viewer" in await refusal(client, "open_viewport", lease="nobody's")


def decoded(film: bytes) -> list[Any]:
    """The pictures of an MP4 file of H264."""
    with av.open(io.BytesIO(film), "r") as file:
        assert file.streams.video[0].codec_context.name == "h264"
        return list(file.decode(video=0))
