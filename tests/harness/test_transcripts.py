"""Runs over the gateway's HTTP API, and databases of older forms."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import Session, SQLModel, select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from harness.run_api import LARGEST_BODY_BYTES, run_routes
from harness.scores import ScoreBook
from harness.tables import Run, Sample
from harness.transcripts import Transcripts

OLD = """
create table world (name varchar not null primary key, engine varchar not null, scenario varchar not null,
    created datetime not null);
create table run (id integer not null primary key, world varchar not null references world (name),
    agent varchar not null, started datetime not null, ended datetime, outcome varchar);
create table sample (id integer not null primary key, world varchar not null references world (name),
    run integer references run (id), tick integer not null, production_score float not null,
    automated_score float not null, time datetime not null);
create index ix_run_world on run (world);
create index ix_sample_world on sample (world);
create index ix_sample_time on sample (time);
insert into world values ('w', 'factorio-embedded', 'default_lab_scenario', '2026-11-01 10:00:00.000000');
insert into run values (1, 'w', 'scripted', '2026-11-01 10:00:00.000000', null, null);
insert into sample values (1, 'w', 1, 600, 12.5, 3.0, '2026-11-01 10:01:00.000000');
"""
"""A data folder's database of the time before transcripts."""


@pytest.fixture
def book(tmp_path: Path) -> Iterator[ScoreBook]:
    book = ScoreBook(f"sqlite:///{tmp_path / 'scores.db'}")
    book.world_seen("w", "factorio-embedded", "default_lab_scenario")
    yield book
    book.close()


@pytest.fixture
def http(book: ScoreBook) -> Iterator[httpx.Client]:
    with TestClient(Starlette(routes=run_routes(Transcripts(book)))) as client:
        yield client


def post(http: Any, path: str, **body: Any) -> dict[str, Any]:
    answer = http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()
    return row


def test_an_older_database_opens_and_has_the_present_form(tmp_path: Path) -> None:
    path = tmp_path / "scores.db"
    with sqlite3.connect(path) as old:
        old.executescript(OLD)
    old.close()
    for _ in range(2):
        book = ScoreBook(f"sqlite:///{path}")
        with book.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
        assert [(s.tick, s.production_score) for s in book.samples("w")] == [(600, 12.5)]
        assert [(r.agent, r.dollars, r.model) for r in book.runs("w")] == [("scripted", 0, None)]
        book.close()


def test_a_run_is_recorded_and_what_is_sent_twice_is_there_once(http: Any) -> None:
    run = post(http, "/api/worlds/w/runs", agent="claude", model="m")
    at = f"/api/runs/{run['id']}"
    begun = {"number": 0, "role": "user", "content": [{"type": "text", "text": "Play."}]}
    spent = {
        "input_tokens": 10,
        "cached_tokens": 80,
        "written_tokens": 10,
        "output_tokens": 5,
        "dollars": 0.5,
    }
    call = {"type": "tool_use", "id": "t1", "name": "observe", "input": {}}
    for _ in range(2):
        post(http, f"{at}/messages", **begun)
        post(http, f"{at}/messages", number=1, role="assistant", content=[call], **spent)
        post(http, f"{at}/calls", id="t1", message=1, name="observe", arguments={})
    open_call = http.get(f"{at}/messages?after=0").json()[0]["calls"][0]
    assert (open_call["ended"], open_call["result"]) == (None, None)
    for words in ("first", "second"):
        post(http, f"{at}/calls/t1", result=[{"type": "text", "text": words}], cursor="c-1")
    messages = http.get(f"{at}/messages").json()
    assert [m["role"] for m in messages] == ["user", "assistant"]
    assert [c["result"][0]["text"] for c in messages[1]["calls"]] == ["first"]
    again = post(http, "/api/worlds/w/runs", agent="claude", model="m")
    assert (again["id"], again["messages"], again["steps"]) == (run["id"], 2, 1)
    assert (again["dollars"], again["tokens"], again["cached_share"]) == (0.5, 105, 0.8)


def test_the_conversation_is_what_came_since_it_last_began_anew(http: Any) -> None:
    run = post(http, "/api/worlds/w/runs", agent="claude", model="m")
    for number, fresh in enumerate([False, False, True, False]):
        content = [{"type": "text", "text": str(number)}]
        post(
            http, f"/api/runs/{run['id']}/messages", number=number, role="user", content=content, fresh=fresh
        )
    shown = http.get(f"/api/runs/{run['id']}/conversation").json()
    assert [m["number"] for m in shown] == [2, 3]


def test_what_can_not_be_recorded_is_refused_in_words(http: Any) -> None:
    run = post(http, "/api/worlds/w/runs", agent="claude", model="m")
    at = f"/api/runs/{run['id']}"
    said = {"number": 0, "role": "user", "content": []}
    post(http, f"{at}/messages", **said)
    for path, body, status, words in [
        ("/api/worlds/none/runs", {"agent": "claude", "model": "m"}, 404, "no world 'none'"),
        ("/api/runs/77/messages", said, 404, "no run 77"),
        (f"{at}/calls/none", {"result": []}, 404, "no call 'none'"),
        (f"{at}/messages", {**said, "content": [{"type": "image"}]}, 409, "somebody else plays it"),
        (f"{at}/messages", {**said, "content": [{}]}, 400, "a block has a type"),
        (f"{at}/messages", {**said, "content": [{"type": "text"}]}, 400, "a string under 'text'"),
        (f"{at}/messages", {**said, "output_tokens": 10**30}, 400, "output_tokens"),
        (f"/api/runs/{10**30}/messages", said, 404, "no such run"),
        (f"{at}/messages", {**said, "number": 5}, 409, "gap"),
        (f"{at}/messages", {**said, "role": "king"}, 400, "role"),
        (f"{at}/messages", [], 400, "the body"),
    ]:
        answer = http.post(path, json=body)
        assert (answer.status_code, words in answer.text) == (status, True), answer.text
    large = b"[" + b" " * LARGEST_BODY_BYTES
    json = {"content-type": "application/json"}
    assert http.post(f"{at}/messages", content=large, headers=json).status_code == 413
    assert http.post(f"{at}/messages", content="{}").status_code == 400
    post(http, f"{at}/outcome", outcome="failed: no luck")
    assert http.post(f"{at}/messages", json={**said, "number": 1}).status_code == 409


def test_a_run_goes_on_after_the_gateway_and_after_a_larger_budget_but_not_after_its_end(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'scores.db'}"
    ids = []
    for _ in range(2):
        book = ScoreBook(url)
        book.world_seen("w", "factorio-embedded", "default_lab_scenario")
        ids.append(Transcripts(book).open("w", "claude", "m")["id"])
        book.close()
    assert ids == [1, 1]
    book = ScoreBook(url)
    transcripts = Transcripts(book)
    transcripts.conclude(1, "budget: all of it")
    spent = transcripts.open("w", "claude", "m")
    assert (spent["id"], spent["outcome"]) == (1, "budget: all of it")
    assert transcripts.conclude(1, None)["ended"] is None
    transcripts.conclude(1, "failed: for good")
    assert transcripts.open("w", "claude", "m")["id"] == 2
    transcripts.conclude(2, "budget: all of it")
    book.world_gone("w", "reset")
    assert transcripts.open("w", "claude", "m")["id"] == 3
    assert [transcripts.run(run)["outcome"] for run in (1, 2, 3)] == ["failed: for good", "reset", None]
    book.close()


def test_the_leaderboard_ranks_what_was_gained(book: ScoreBook, http: Any) -> None:
    book.world_seen("v", "factorio-embedded", "default_lab_scenario")
    book.run_started("w", "scripted")
    book.sampled("w", 600, 100, 50)
    book.run_ended("w", "signal 9")
    run = post(http, "/api/worlds/w/runs", agent="claude", model="m")
    book.sampled("w", 1200, 130, 120)
    book.run_started("v", "scripted")
    book.sampled("v", 60, 1, 0)
    book.ask(lambda _session: None)
    board = http.get("/api/leaderboard").json()
    assert [(row["agent"], row["automated_score"]) for row in board["all_time"]] == [
        ("claude", 70),
        ("scripted", 50),
    ]
    assert [(row["world"], row["run"], row["production_score"]) for row in board["live"]] == [
        ("w", run["id"], 30),
        ("v", 3, 1),
    ]
    with Session(book.engine) as session:
        assert [s.run for s in session.exec(select(Sample))] == [1, run["id"], 3]
        assert [r.model for r in session.exec(select(Run))] == [None, "m", None]
