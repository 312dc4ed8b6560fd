"""The page of a run, over a real database that the run API writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from harness.run_api import run_routes
from harness.scores import ScoreBook
from harness.transcripts import Transcripts
from viewer.run_pages import MESSAGES_SHOWN, run_pages

TASKS = {"gears": "Make gears & <more>."}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[ScoreBook]:
    book = ScoreBook(f"sqlite:///{tmp_path / 'scores.db'}")
    book.world_seen("w", "factorio-embedded", "default_lab_scenario")
    yield book
    book.close()


@pytest.fixture
def http(book: ScoreBook) -> Iterator[Any]:
    transcripts = Transcripts(book)
    routes = [*run_routes(transcripts), *run_pages(transcripts, TASKS)]
    with TestClient(Starlette(routes=routes)) as client:
        yield client


def post(http: Any, path: str, **body: Any) -> Any:
    answer = http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_run_is_shown_with_what_was_said_and_done(http: Any) -> None:
    run = post(http, "/api/worlds/w/runs", agent="claude", model="a-model")["id"]
    said = [{"type": "thinking", "thinking": "Hmm."}, {"type": "text", "text": "<script>alert(1)</script>"}]
    post(http, f"/api/runs/{run}/messages", number=0, role="assistant", content=said, dollars=1.25)
    for call, result in (("c1", [{"type": "text", "text": "a drill stands"}]), ("c2", None)):
        post(http, f"/api/runs/{run}/calls", id=call, message=0, name="observe", arguments={"since": "x-1-0"})
        if result is not None:
            post(http, f"/api/runs/{run}/calls/{call}", result=result)
    page = http.get(f"/runs/{run}").text
    for shown in (
        "a-model",
        "/worlds/w",
        "playing",
        "$1.25",
        "Hmm.",
        "since: x-1-0",
        "a drill stands",
        "no result yet",
    ):
        assert shown in page, shown
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    post(http, f"/api/runs/{run}/outcome", outcome="the budget is spent")
    assert "the budget is spent" in http.get(f"/runs/{run}").text


def test_a_long_run_is_shown_in_parts(http: Any) -> None:
    run = post(http, "/api/worlds/w/runs", agent="claude", model="m")["id"]
    for number in range(MESSAGES_SHOWN + 3):
        content = [{"type": "text", "text": f"word {number}."}]
        post(http, f"/api/runs/{run}/messages", number=number, role="user", content=content)
    newest, oldest = http.get(f"/runs/{run}").text, http.get(f"/runs/{run}?from=0").text
    assert ("word 2." in newest, f"word {MESSAGES_SHOWN + 2}." in newest) == (False, True)
    assert ("word 0." in oldest, f"word {MESSAGES_SHOWN}." in oldest) == (True, False)
    assert "?from=0" in newest
    assert f"?from={MESSAGES_SHOWN}" in oldest
    assert "No messages here" in http.get(f"/runs/{run}?from=999999999").text


def test_what_is_no_run_or_no_message_is_said(http: Any) -> None:
    for path, status in (
        ("/runs/7", 404),
        (f"/runs/{10**30}", 404),
        ("/runs/x", 404),
        ("/runs/7?from=-1", 400),
    ):
        assert http.get(path).status_code == status, path


def test_the_page_of_evals_has_the_tasks_and_says_that_no_reports_are_kept(http: Any) -> None:
    page = http.get("/evals").text
    assert "Make gears &amp; &lt;more&gt;." in page
    assert "No reports are kept here" in page
