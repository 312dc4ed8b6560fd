"""The database of scores."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session, select

from harness.scores import Run, ScoreBook, World


def test_rows_survive_restarts_and_every_start_of_an_agent_is_a_run(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'scores.db'}"
    book = ScoreBook(url)
    book.world_seen("w", "factorio-embedded", "default_lab_scenario")
    book.run_started("w", "scripted")
    book.sampled("w", 600, 12.5, 3.0)
    book.run_ended("w", "signal 9")
    book.run_started("w", "scripted")
    book.sampled("w", 1200, 20.0, 5.0)
    book.close()

    again = ScoreBook(url)
    again.world_seen("w", "factorio-embedded", "default_lab_scenario")
    again.run_started("w", "claude")
    again.sampled("w", 1800, 30.0, 6.0)
    again.close()

    book = ScoreBook(url)
    samples = book.samples("w")
    assert [(s.tick, s.production_score, s.automated_score) for s in samples] == [
        (600, 12.5, 3.0),
        (1200, 20.0, 5.0),
        (1800, 30.0, 6.0),
    ]
    assert [s.tick for s in book.samples("w", limit=2)] == [1200, 1800]
    assert book.samples("elsewhere") == []
    runs = book.runs("w")
    assert [(r.agent, r.outcome) for r in runs] == [
        ("claude", "stopped"),
        ("scripted", "stopped"),
        ("scripted", "signal 9"),
    ]
    assert [s.run for s in samples] == [r.id for r in reversed(runs)]
    with Session(book.engine) as session:
        assert [w.name for w in session.exec(select(World))] == ["w"]
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    book.close()


def test_a_run_that_a_crash_left_open_is_ended(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'scores.db'}"
    book = ScoreBook(url)
    book.world_seen("w", "factorio-embedded", "default_lab_scenario")
    book.close()
    with Session(book.engine) as session:
        session.add(Run(world="w", agent="scripted"))
        session.commit()
    book = ScoreBook(url)
    book.world_seen("w", "factorio-embedded", "default_lab_scenario")
    book.close()
    assert [r.outcome for r in ScoreBook(url).runs("w")] == ["lost"]
