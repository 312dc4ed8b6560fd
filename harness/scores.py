"""The database, which outlives every process: worlds, runs and samples of their scores.

One `ScoreBook` writes, on a thread of its own; anyone may read.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, create_engine, select

from harness.migrations import upgrade
from harness.tables import Run, Sample, World, now
from harness.usage import BUDGET

log = structlog.get_logger()

BUSY_MILLISECONDS = 10_000
"""How long SQLite waits for another process's lock before it gives up."""


T = TypeVar("T")


class ScoreBook:
    """The database: one writer thread, readers on any thread.

    Args:
        url: an SQLAlchemy URL; SQLite is opened in WAL mode, so that readers never wait for the writer.

    Raises:
        SQLAlchemyError: the database can't be opened or its tables can't be made.
    """

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
        upgrade(self.engine)
        self.playing: dict[str, int] = {}
        """The runs that are played now, by world; touched by the writer's thread alone."""
        self._queue: queue.SimpleQueue[Callable[[Session], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="scores", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the open runs that can't go on another time, write what is waiting, and stop."""

        def end_runs(session: Session) -> None:
            for world, run in list(self.playing.items()):
                if (row := session.get(Run, run)) and row.model is None:
                    self._end_run(session, world, "stopped")

        self._queue.put(end_runs)
        self._queue.put(None)
        self._thread.join()
        self.engine.dispose()

    def world_seen(self, name: str, engine: str, scenario: str) -> None:
        """Note that a world exists; runs that a crash left open end here, if they can't go on."""

        def write(session: Session) -> None:
            if session.get(World, name) is None:
                session.add(World(name=name, engine=engine, scenario=scenario))
            lost = select(Run).where(Run.world == name, col(Run.ended).is_(None), col(Run.model).is_(None))
            for run in session.exec(lost):
                run.ended, run.outcome = now(), "lost"
                session.add(run)

        self._queue.put(write)

    def world_gone(self, name: str, outcome: str) -> None:
        """Note that a world was reset or removed: the runs that outlive their players end with it."""

        def write(session: Session) -> None:
            own = select(Run).where(Run.world == name, col(Run.model).is_not(None))
            for run in session.exec(
                own.where(col(Run.outcome).is_(None) | col(Run.outcome).startswith(BUDGET))
            ):
                run.ended, run.outcome = run.ended or now(), outcome
                session.add(run)
                if self.playing.get(name) == run.id:
                    del self.playing[name]

        self._queue.put(write)

    def run_started(self, world: str, agent: str) -> None:
        """Note that an agent starts to play a world."""

        def write(session: Session) -> None:
            self.new_run(session, world, agent)

        self._queue.put(write)

    def new_run(self, session: Session, world: str, agent: str, model: str | None = None) -> Run:
        """Add a run and make it the one that is played; on the writer's thread."""
        run = Run(world=world, agent=agent, model=model)
        newest = select(Sample).where(Sample.world == world).order_by(col(Sample.id).desc()).limit(1)
        if before := session.exec(newest).first():
            run.tick_before, run.tick = before.tick, before.tick
            run.score_before, run.production_score = before.production_score, before.production_score
            run.automated_before, run.automated_score = before.automated_score, before.automated_score
        session.add(run)
        session.flush()
        assert run.id is not None
        self.playing[world] = run.id
        return run

    def run_ended(self, world: str, outcome: str) -> None:
        """Note how the present run of a world ended; without one, nothing."""

        self._queue.put(lambda session: self._end_run(session, world, outcome))

    def _end_run(self, session: Session, world: str, outcome: str) -> None:
        run = session.get(Run, self.playing.pop(world, 0))
        if run is not None:
            run.ended, run.outcome = now(), outcome
            session.add(run)

    def sampled(self, world: str, tick: int, production_score: float, automated_score: float) -> None:
        """Add one sample, belonging to the present run of the world if there is one."""
        time = now()

        def write(session: Session) -> None:
            run = session.get(Run, self.playing.get(world, 0))
            if run is not None:
                if tick < run.tick_before:  # the samples before were of another world of this name
                    run.tick_before, run.score_before, run.automated_before = 0, 0.0, 0.0
                run.tick, run.production_score, run.automated_score = tick, production_score, automated_score
                session.add(run)
            session.add(
                Sample(
                    world=world,
                    run=run.id if run else None,
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

    def ask(self, work: Callable[[Session], T]) -> T:
        """Do something on the writer's thread; what it returned, once that is in the database.

        Raises:
            SQLAlchemyError: it could not be written, and nothing of it was.
        """
        answer: Future[T] = Future()

        def write(session: Session) -> None:
            try:
                result = work(session)
                session.commit()
            except Exception as error:  # handed on to whoever asked
                session.rollback()
                answer.set_exception(error)
            else:
                answer.set_result(result)

        if not self._thread.is_alive():
            raise RuntimeError("the database is closed")
        self._queue.put(write)
        return answer.result()

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
    cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged row outlives a power cut too
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.close()
