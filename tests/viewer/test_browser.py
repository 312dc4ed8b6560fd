"""The page of a world in Debian's Chromium, above the running program."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from mcp import Client
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
        with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none") as (process, address):
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
        await call(client, "run_program", code=code)


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


def test_without_webrtc_there_are_pictures(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.add_init_script("delete window.RTCPeerConnection")
    page.goto(f"{site.address}/worlds/world-1")
    page.wait_for_function("() => picture.naturalWidth === 1280", timeout=WAIT_MS)
    assert page.evaluate("video.hidden")
    until(lambda: not site.viewports(), 10)
    page.close()
