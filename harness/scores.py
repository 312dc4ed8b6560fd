"""Worlds, runs and samples of their scores, in a database that outlives every process.

One `ScoreBook` writes, on a thread of its own; anyone may read. A run is one start of an agent on a world.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import structlog
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, Session, SQLModel, col, create_engine, select

log = structlog.get_logger()

BUSY_MILLISECONDS = 10_000
"""How long SQLite waits for another process's lock before it gives up."""


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


class World(SQLModel, table=True):
    """A world that has existed; its name is its URL's."""

    name: str = Field(primary_key=True)
    engine: str
    scenario: str
    created: datetime = Field(default_factory=now)


class Run(SQLModel, table=True):
    """One start of an agent on a world; `ended` and `outcome` stay empty while it plays."""

    id: int | None = Field(default=None, primary_key=True)
    world: str = Field(foreign_key="world.name", index=True)
    agent: str
    started: datetime = Field(default_factory=now)
    ended: datetime | None = None
    outcome: str | None = None


class Sample(SQLModel, table=True):
    """The scores of a world at a moment.

    `production_score` values everything made since the world began, `automated_score` leaves out what was
    crafted or mined by hand.
    """

    id: int | None = Field(default=None, primary_key=True)
    world: str = Field(foreign_key="world.name", index=True)
    run: int | None = Field(default=None, foreign_key="run.id")
    tick: int
    production_score: float
    automated_score: float
    time: datetime = Field(default_factory=now, index=True)


class ScoreBook:
    """The database of scores: one writer thread, readers on any thread.

    Args:
        url: an SQLAlchemy URL; SQLite is opened in WAL mode, so that readers never wait for the writer.

    Raises:
        SQLAlchemyError: the database can't be opened or its tables can't be made.
    """

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
        SQLModel.metadata.create_all(self.engine)
        self._runs: dict[str, int] = {}
        self._queue: queue.SimpleQueue[Callable[[Session], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="scores", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every open run, write what is waiting, and stop."""

        def end_runs(session: Session) -> None:
            for world in list(self._runs):
                self._end_run(session, world, "stopped")

        self._queue.put(end_runs)
        self._queue.put(None)
        self._thread.join()
        self.engine.dispose()

    def world_seen(self, name: str, engine: str, scenario: str) -> None:
        """Note that a world exists; runs that a crash left open end here."""

        def write(session: Session) -> None:
            if session.get(World, name) is None:
                session.add(World(name=name, engine=engine, scenario=scenario))
            for run in session.exec(select(Run).where(Run.world == name, col(Run.ended).is_(None))):
                run.ended, run.outcome = now(), "lost"
                session.add(run)

        self._queue.put(write)

    def run_started(self, world: str, agent: str) -> None:
        """Note that an agent starts to play a world."""

        def write(session: Session) -> None:
            run = Run(world=world, agent=agent)
            session.add(run)
            session.commit()
            assert run.id is not None
            self._runs[world] = run.id

        self._queue.put(write)

    def run_ended(self, world: str, outcome: str) -> None:
        """Note how the present run of a world ended; without one, nothing."""

        self._queue.put(lambda session: self._end_run(session, world, outcome))

    def _end_run(self, session: Session, world: str, outcome: str) -> None:
        run = session.get(Run, self._runs.pop(world, 0))
        if run is not None:
            run.ended, run.outcome = now(), outcome
            session.add(run)

    def sampled(self, world: str, tick: int, production_score: float, automated_score: float) -> None:
        """Add one sample, belonging to the present run of the world if there is one."""
        time = now()

        def write(session: Session) -> None:
            session.add(
                Sample(
                    world=world,
                    run=self._runs.get(world),
                    tick=tick,
                    production_score=production_score,
                    automated_score=automated_score,
                    time=time,
                )
            )

        self._queue.put(write)

    def samples(self, world: str, limit: int = 1000) -> list[Sample]:
        """The newest samples of a world, oldest first."""
        with Session(self.engine) as session:
            query = select(Sample).where(Sample.world == world).order_by(col(Sample.id).desc()).limit(limit)
            return list(reversed(session.exec(query).all()))

    def runs(self, world: str, limit: int = 20) -> list[Run]:
        """The newest runs of a world, newest first."""
        with Session(self.engine) as session:
            query = select(Run).where(Run.world == world).order_by(col(Run.id).desc()).limit(limit)
            return list(session.exec(query).all())

    def _write(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                with Session(self.engine) as session:
                    work(session)
                    session.commit()
            except SQLAlchemyError:
                # A full disk must not end scoring for good: this row is lost, loudly, and the next is tried.
                log.exception("a score could not be written")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = cast(Any, connection).cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.close()
