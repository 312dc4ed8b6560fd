"""All pages in Chromium, as people with different eyes, hands and screens meet them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.harness.program import up
from tests.viewer.browser import chromium

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "scripted") as (_, address):
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def opened(context: BrowserContext, address: str, path: str, size: dict[str, int]) -> tuple[Page, list[str]]:
    """A page that is there, and what went wrong in it."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda r: wrong.append(r.url) if not r.url.startswith((address, "blob:", "data:")) else None,
    )
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(address + path)
    page.wait_for_function("() => connection.dataset.state === 'live'")
    return page, wrong


PATHS = ("/", "/worlds/world-1", "/leaderboard", "/evals", "/runs/1")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_no_serious_fault_and_nothing_goes_wrong(
    context: BrowserContext, address: str, path: str, size: dict[str, int]
) -> None:
    page, wrong = opened(context, address, path, size)
    if path == "/worlds/world-1":
        page.wait_for_function("() => !video.hidden", timeout=20_000)
    found = Axe().run(page)["violations"]
    serious = [
        (fault["id"], fault["help"], [node["html"][:200] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert not serious
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    assert not wrong


def test_all_that_can_be_used_is_reached_by_keyboard_and_seen_to_be(
    context: BrowserContext, address: str
) -> None:
    page, _ = opened(context, address, "/worlds/world-1", DESK)
    reached = set()
    for _step in range(60):
        page.keyboard.press("Tab")
        where = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.tagName, e.textContent.trim().slice(0, 30), s.outlineStyle]; })()"
        )
        if where[0] != "BODY":
            assert where[2] != "none", where
            reached.add((where[0], where[1]))
    names = {name for _tag, name in reached}
    assert names >= {"Skip to the content", "Leaderboard", "−", "+", "follow the action", "follow the player"}
    assert "FIGURE" in {tag for tag, _name in reached}


def test_who_wants_no_motion_has_none(browser: Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page, _ = opened(context, address, "/worlds/world-1", DESK)
    page.wait_for_function("() => document.querySelector('.changed')", timeout=20_000)
    assert page.evaluate("getComputedStyle(document.querySelector('.changed')).animationName") == "none"
    context.close()


def test_the_leaderboard_has_who_plays(context: BrowserContext, address: str) -> None:
    rows = httpx.get(f"{address}/api/leaderboard").json()
    page, _ = opened(context, address, "/leaderboard", DESK)
    assert page.locator("#live tbody tr").count() == len(rows["live"]) == 1
    assert "scripted" in page.locator("#all-time").inner_text()
    page.locator("#live a", has_text="world-1").click()
    page.wait_for_url(f"{address}/worlds/world-1")
