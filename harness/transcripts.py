"""Runs of players that record all they do: what is said, each call of a tool, each token and dollar.

Every method that writes returns when the rows are in the database, and may be repeated: a client that got no
answer sends the same again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, func, select

from harness.scores import ScoreBook
from harness.tables import Call, Message, Run, World, now
from harness.usage import BUDGET, Usage

LONGEST_DRAFT = 20_000
"""Characters, the last, that are kept of what is being said."""
LOOKED_BACK = 20
"""So many replies are searched for the last that said something."""
Row = dict[str, Any]


class NoSuchRun(LookupError):
    """There is no such world, run or call; the message says which."""


class NotNow(ValueError):
    """The run has ended, or has gone on without this client; the message says which."""


class Transcripts:
    """The transcripts in a database."""

    def __init__(self, book: ScoreBook) -> None:
        self._book = book
        self._drafts: dict[int, str] = {}

    # --- for the player -----------------------------------------------------------------------------------

    def open(self, world: str, agent: str, model: str) -> Row:
        """The run of an agent that plays a world: its newest if that can go on, else a new one.

        A run that its budget ended is given as it is, ended: `conclude` with None reopens it.

        Raises:
            NoSuchRun: there is no such world.
        """

        def work(session: Session) -> Row:
            if session.get(World, world) is None:
                raise NoSuchRun(f"There is no world {world!r}.")
            own = select(Run).where(Run.world == world, Run.agent == agent, col(Run.model).is_not(None))
            run = session.exec(own.order_by(col(Run.id).desc()).limit(1)).first()
            if run is None or (run.ended is not None and not (run.outcome or "").startswith(BUDGET)):
                run = self._book.new_run(session, world, agent, model)
            run.model = model
            if run.ended is None:
                self._plays(run)
            return _run_row(session, run)

        return self._book.ask(work)

    def add(self, run_id: int, message: Message) -> Row:
        """Add a message, and what it cost to its run. Raises NoSuchRun, NotNow."""

        def work(session: Session) -> Row:
            run = _open_run(session, run_id)
            message.run = run_id
            there = session.get(Message, (run_id, message.number))
            if there is not None:
                if (there.role, there.content) != (message.role, message.content):
                    raise NotNow(
                        f"Run {run_id} has another message {message.number}: somebody else plays it."
                    )
                return _row(there)
            if message.number != _messages(session, run_id):
                raise NotNow(f"Message {message.number} of run {run_id} would leave a gap.")
            self._drafts.pop(run_id, None)
            session.add(message)
            run.add(message)
            run.steps += message.role == "assistant"
            return _row(message)

        return self._book.ask(work)

    def draft(self, run_id: int, text: str) -> None:
        """Show what the model is saying, if the run is played now; kept in memory until it has said it."""
        if run_id in list(self._book.playing.values()):
            self._drafts[run_id] = text[-LONGEST_DRAFT:]

    def begin(self, run_id: int, call: Call) -> Row:
        """Write down that a call is about to be sent. Raises NoSuchRun, NotNow."""

        def work(session: Session) -> Row:
            _open_run(session, run_id)
            call.run = run_id
            there = session.get(Call, (run_id, call.id))
            if there is None:
                session.add(call)
            return _row(there or call)

        return self._book.ask(work)

    def end(self, run_id: int, call_id: str, result: list[Row], is_error: bool, cursor: str | None) -> Row:
        """Write down what came of a call; what was written down first stays. Raises NoSuchRun, NotNow."""

        def work(session: Session) -> Row:
            _open_run(session, run_id)
            call = session.get(Call, (run_id, call_id))
            if call is None:
                raise NoSuchRun(f"Run {run_id} has begun no call {call_id!r}.")
            if call.ended is None:
                call.ended, call.result, call.is_error, call.cursor = now(), result, is_error, cursor
            return _row(call)

        return self._book.ask(work)

    def conclude(self, run_id: int, outcome: str | None) -> Row:
        """End a run for good, or with None reopen it. Raises NoSuchRun."""

        def work(session: Session) -> Row:
            run = _run(session, run_id)
            if outcome is None:
                run.ended, run.outcome = None, None
                self._plays(run)
            elif run.ended is None:
                run.ended, run.outcome = now(), outcome
                if self._book.playing.get(run.world) == run_id:
                    del self._book.playing[run.world]
            return _run_row(session, run)

        return self._book.ask(work)

    def _plays(self, run: Run) -> None:
        assert run.id is not None
        self._book.playing[run.world] = run.id

    # --- for everybody ------------------------------------------------------------------------------------

    def run(self, run_id: int) -> Row:
        """One run. Raises NoSuchRun."""
        with Session(self._book.engine) as session:
            return _run_row(session, _run(session, run_id)) | {"draft": self._drafts.get(run_id)}

    def newest(self, world: str) -> Row | None:
        """The newest run in a world that its player records, and what is or was last said in it (`said`)."""
        with Session(self._book.engine) as session:
            recorded = select(Run).where(Run.world == world, col(Run.model).is_not(None))
            run = session.exec(recorded.order_by(col(Run.id).desc()).limit(1)).first()
            if run is None:
                return None
            replies = select(Message.content).where(Message.run == run.id, Message.role == "assistant")
            last = session.exec(replies.order_by(col(Message.number).desc()).limit(LOOKED_BACK))
            said = self._drafts.get(run.id or 0) or next(filter(None, map(_words, last)), "")
            return _run_row(session, run) | {"said": said}

    def messages(self, run_id: int, after: int = -1, limit: int = 200) -> list[Row]:
        """The messages whose numbers come after one, oldest first, each with the calls that it asked for.

        Raises:
            NoSuchRun: there is no such run.
        """
        with Session(self._book.engine) as session:
            _run(session, run_id)
            later = select(Message).where(Message.run == run_id, Message.number > after)
            rows = [
                _row(m) | {"calls": []}
                for m in session.exec(later.order_by(col(Message.number)).limit(limit))
            ]
            if rows:
                by_number = {row["number"]: row for row in rows}
                theirs = select(Call).where(Call.run == run_id, col(Call.message).in_(by_number))
                for call in session.exec(theirs.order_by(col(Call.began))):
                    by_number[call.message]["calls"].append(_row(call))
            return rows

    def conversation(self, run_id: int) -> list[Row]:
        """The messages from where the conversation last began anew or was compacted. Raises NoSuchRun."""
        with Session(self._book.engine) as session:
            _run(session, run_id)
            begins = select(func.max(Message.number)).where(Message.run == run_id, col(Message.fresh))
            first = session.exec(begins).one()
        return self.messages(run_id, -1 if first is None else first - 1, limit=-1)

    def leaderboard(self) -> dict[str, list[Row]]:
        """What runs gained: those played now, and all of an agent and a model together; the best first."""
        with Session(self._book.engine) as session:
            runs = session.exec(select(Run).order_by(col(Run.id))).all()
            live = set(self._book.playing.values())
            playing = [_gained([run]) | {"run": run.id, "world": run.world} for run in runs if run.id in live]
            players: dict[tuple[str, str | None], list[Run]] = {}
            for run in runs:
                players.setdefault((run.agent, run.model), []).append(run)
            together = [_gained(theirs) for theirs in players.values()]
        best = {"live": playing, "all_time": together}
        return {name: sorted(rows, key=_worth, reverse=True) for name, rows in best.items()}


def _words(content: Sequence[Any]) -> str:
    """What a reply says, or else what was thought before it."""
    texts, thoughts = ([b[kind] for b in content if b["type"] == kind] for kind in ("text", "thinking"))
    return "\n".join(texts or thoughts)


def _worth(row: Row) -> tuple[float, float]:
    return row["automated_score"], row["production_score"]


def _gained(runs: list[Run]) -> Row:
    """A line of the leaderboard: the best that any of some runs gained, and what all of them took."""
    usage = Usage()
    for run in runs:
        usage.add(run)
    return {
        "agent": runs[0].agent,
        "model": runs[0].model,
        "runs": len(runs),
        "production_score": max(run.production_score - run.score_before for run in runs),
        "automated_score": max(run.automated_score - run.automated_before for run in runs),
        "ticks": sum(run.tick - run.tick_before for run in runs),
        "steps": sum(run.steps for run in runs),
        "tokens": usage.tokens,
        "cached_share": usage.cached_share,
        "dollars": round(usage.dollars, 6),
    }


def _run(session: Session, run_id: int) -> Run:
    run = session.get(Run, run_id)
    if run is None:
        raise NoSuchRun(f"There is no run {run_id}.")
    return run


def _open_run(session: Session, run_id: int) -> Run:
    run = _run(session, run_id)
    if run.ended is not None:
        raise NotNow(f"Run {run_id} has ended: {run.outcome}.")
    return run


def _messages(session: Session, run_id: int) -> int:
    count = session.exec(select(func.max(Message.number)).where(Message.run == run_id)).one()
    return 0 if count is None else count + 1


def _run_row(session: Session, run: Run) -> Row:
    session.flush()
    assert run.id is not None
    sums = {"tokens": run.tokens, "cached_share": run.cached_share}
    return _row(run) | sums | {"messages": _messages(session, run.id)}


def _row(row: SQLModel) -> Row:
    """A row as JSON has it; SQLite's times come without their zone, which is UTC."""
    return {name: _utc(value) for name, value in row.model_dump().items()}


def _utc(value: Any) -> Any:
    return value.replace(tzinfo=UTC).isoformat() if isinstance(value, datetime) else value
