"""The page of a world in Debian's Chromium, above the running program."""

from __future__ import annotations

import asyncio
import base64
import io
import math
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest
from mcp import Client
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.harness.program import up
from tests.mcp_servers.conftest import call
from tests.viewer.browser import FRAMES, chromium
from tests.viewer.test_gateway import until
from tests.viewer.test_whep import Site

WAIT_MS = 20_000
BRIGHTNESS = """() => {
    const canvas = new OffscreenCanvas(16, 16), context = canvas.getContext("2d");
    context.drawImage(video, 632, 352, 16, 16, 0, 0, 16, 16);
    const { data } = context.getImageData(0, 0, 16, 16);
    return data.reduce((sum, value, i) => (i % 4 < 3 ? sum + value : sum), 0) / (data.length * 0.75);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAUDETORIO_VIEWPORT_DRAIN_SECONDS", "3")
        with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none", "--viewports", "2") as (
            process,
            address,
        ):
            yield Site(process.pid, address)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    page = browser.new_page()
    page.requested = []  # type: ignore[attr-defined]
    page.on("request", lambda request: page.requested.append(request.url))  # type: ignore[attr-defined]
    page.goto(f"{site.address}/worlds/world-1", wait_until="commit")
    yield page
    page.close()


async def run_program(site: Site, code: str) -> None:
    async with Client(f"{site.address}/worlds/world-1/mcp") as client:
        done = await call(client, "run_program", code=code)
        assert done["ok"], done


def plays(page: Page, frames: int = 1) -> None:
    """Wait until the page shows video, and so many frames of it have been decoded."""
    page.wait_for_function(
        f"() => video && !video.hidden && {FRAMES} >= {frames}", polling=50, timeout=WAIT_MS
    )


def test_frames_are_decoded_and_change_and_nothing_comes_from_elsewhere(page: Page, site: Site) -> None:
    plays(page, 3)
    assert page.evaluate("[video.videoWidth, video.videoHeight]") == [1280, 720]
    # The camera follows the player from where light paths cross to dark coal.
    assert page.evaluate(BRIGHTNESS) > 90
    with ThreadPoolExecutor() as elsewhere:
        elsewhere.submit(asyncio.run, run_program(site, "move_to(Position(x=28, y=9))")).result(30)
    page.wait_for_function(f"() => ({BRIGHTNESS})() < 70", polling=100, timeout=WAIT_MS)
    urls = page.requested  # type: ignore[attr-defined]
    assert urls
    assert all(url.startswith((site.address, "blob:", "data:")) for url in urls)


def test_two_viewers_share_one_encode_and_the_last_to_leave_ends_it(
    page: Page, browser: Browser, site: Site
) -> None:
    plays(page)
    second = browser.new_page()
    second.goto(f"{site.address}/worlds/world-1", wait_until="commit")
    plays(second, 5)
    plays(page, page.evaluate(FRAMES) + 5)
    assert len(site.viewports()) == 1
    world = httpx.get(f"{site.address}/api/worlds/world-1").json()
    assert world["viewers"] == 2
    second.close()
    page.goto("about:blank")
    until(lambda: not site.viewports(), 10)
    assert httpx.get(f"{site.address}/api/worlds/world-1").json()["viewers"] == 0


def test_a_viewport_that_is_killed_is_replaced_and_the_page_goes_on(page: Page, site: Site) -> None:
    plays(page, 3)
    (viewport,) = site.viewports()
    os.kill(viewport.pid, signal.SIGKILL)
    page.wait_for_function("() => video.hidden", polling=20, timeout=WAIT_MS)
    plays(page, 3)
    (other,) = site.viewports()
    assert other.pid != viewport.pid


def drag(page: Page, right: float, down: float) -> None:
    """Move the camera by so many tiles, by the mouse."""
    scale = page.evaluate("async () => 32 * (await placeNow())[2] * picture.clientWidth / 1280")
    box = page.locator("#picture").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.wait_for_timeout(200)
    page.mouse.move(x - right * scale, y - down * scale, steps=4)
    page.mouse.up()


def test_who_drags_the_picture_has_a_camera_of_their_own_until_they_follow_again(
    page: Page, browser: Browser, site: Site
) -> None:
    other = browser.new_page()
    other.goto(f"{site.address}/worlds/world-1", wait_until="commit")
    plays(other, 3)
    plays(page, 3)
    x, y, zoom = page.evaluate("videoPlace()")
    drag(page, 9, -5)
    page.wait_for_function("() => videoFollows()", polling=50, timeout=WAIT_MS)
    plays(page, 3)
    assert page.evaluate("videoPlace()") == pytest.approx([x + 9, y - 5, zoom], abs=0.5)
    assert other.evaluate("videoPlace()") == pytest.approx([x, y, zoom], abs=0.5)
    assert len(site.viewports()) == 2
    # Now it follows the hand at once.
    drag(page, -4, 3)
    page.locator("figure.picture").press("+")

    def followed() -> bool:
        now_x, _, now_zoom = page.evaluate("videoPlace()")
        return bool(abs(now_x - (x + 5)) < 0.5 and now_zoom > zoom)

    until(followed, 10)
    # There are two viewports, and both are in use: the next one moves within the shared picture.
    third = browser.new_page()
    third.goto(f"{site.address}/worlds/world-1", wait_until="commit")
    plays(third, 3)
    other.locator("figure.picture").press("+")
    other.wait_for_function(
        "() => video.style.transform.includes('scale(1.25)')", polling=50, timeout=WAIT_MS
    )
    assert "shared picture" in other.locator("#queue").inner_text()
    page.get_by_role("button", name="follow the action").click()
    plays(page, 3)
    until(lambda: len(site.viewports()) == 1, 10)
    assert page.evaluate("videoPlace()") == third.evaluate("videoPlace()")
    other.close()
    third.close()


def test_without_webrtc_there_are_pictures(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.add_init_script("delete window.RTCPeerConnection")
    page.goto(f"{site.address}/worlds/world-1")
    page.wait_for_function("() => picture.naturalWidth === 1280", timeout=WAIT_MS)
    assert page.evaluate("video.hidden")
    until(lambda: not site.viewports(), 10)
    page.close()


FRAME = """() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [1280, 720];
    canvas.getContext("2d").drawImage(video, 0, 0);
    return canvas.toDataURL("image/png").split(",")[1];
}"""
MARKER = """
stone = nearest(Resource.Stone)
move_to(stone)
harvest_resource(stone, 15)
craft_item(Prototype.StoneFurnace, 3)
move_to(Position(x=30, y=-30))
for x, y in ((30, -33), (32, -33), (30, -35)):
    place_entity(Prototype.StoneFurnace, Direction.UP, Position(x=x, y=y))
"""
REACH = 12
"""Pixels to all sides of where it should be in which the marker is looked for."""


def picture_of(data: bytes) -> Any:
    """A picture as float[height, width, RGB]."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.float32)


def is_there(page: Page, marker: Any, x: float, y: float) -> bool:
    """Whether the page's video shows the marker where in the world it stands, within two pixels."""
    frame = picture_of(base64.b64decode(page.evaluate(FRAME)))
    at_x, at_y, zoom = page.evaluate("videoPlace()")
    height, width, _ = marker.shape
    left = round((x - at_x) * 32 * zoom + 640 - width / 2)
    top = round((y - at_y) * 32 * zoom + 360 - height / 2)

    def error(right: int, down: int) -> float:
        part = frame[top + down : top + down + height, left + right : left + right + width]
        return math.inf if part.shape != marker.shape else float(((part - marker) ** 2).mean())

    offsets = [(i, j) for i in range(-REACH, REACH + 1) for j in range(-REACH, REACH + 1)]
    right, down = best = min(offsets, key=lambda offset: error(*offset))
    return max(abs(right), abs(down)) <= 2 and error(*best) < 0.2 * marker.var()


def test_what_is_built_is_found_in_the_picture_and_moves_with_the_hand(page: Page, site: Site) -> None:
    plays(page, 3)
    with ThreadPoolExecutor() as elsewhere:
        elsewhere.submit(asyncio.run, run_program(site, MARKER)).result(60)
    x, y = 31, -34
    # The shared camera goes where something is built.
    until(lambda: math.dist(page.evaluate("videoPlace()")[:2], (x, y)) < 3, 20)
    seen = httpx.get(f"{site.address}/worlds/world-1/screenshot.png?x={x}&y={y}&zoom=0.5&width=96&height=96")
    marker = picture_of(seen.content)
    assert marker.std() > 20
    until(lambda: is_there(page, marker, x, y), 10)
    drag(page, 8, 4)
    page.wait_for_function("() => videoFollows()", polling=50, timeout=WAIT_MS)
    plays(page, 3)
    until(lambda: is_there(page, marker, x, y), 10)
    at_x, at_y, _ = page.evaluate("videoPlace()")
    assert (x - at_x, y - at_y) == pytest.approx((-8, -4), abs=4)


def test_a_clip_plays(page: Page, site: Site) -> None:
    plays(page, 30)
    page.evaluate(
        """() => {
            window.clip = document.createElement("video");
            Object.assign(clip, { muted: true, src: "/worlds/world-1/clip.mp4?last=2" });
            document.body.append(clip);
            clip.play();
        }"""
    )
    page.wait_for_function("() => clip.ended || clip.error", polling=50, timeout=WAIT_MS)
    assert page.evaluate("clip.error?.message ?? ''") == ""
    assert page.evaluate("[clip.videoWidth, clip.videoHeight]") == [1280, 720]
    assert 0.3 < page.evaluate("clip.duration") < 2.2
    assert page.evaluate("clip.getVideoPlaybackQuality().totalVideoFrames") > 2


def test_two_fingers_zoom(page: Page, site: Site) -> None:
    plays(page, 3)
    _, _, zoom = page.evaluate("videoPlace()")
    box = page.locator("#picture").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    hand = page.context.new_cdp_session(page)

    def touch(kind: str, *apart: float) -> None:
        points = [{"x": x + side * by, "y": y, "id": side} for by in apart for side in (0, 1)]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 50)

    def nearer() -> bool:
        touch("touchMove", 99)
        touch("touchMove", 100)
        place = page.evaluate("videoPlace()")
        return page.evaluate("videoFollows()") and place and place[2] == pytest.approx(2 * zoom, rel=0.1)

    until(nearer, 10)
    touch("touchEnd")
