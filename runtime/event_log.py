"""What happened in a world, in order, so that a client can ask what it missed."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

KEPT = 1000
"""Events kept for clients that come back; a player asks every few seconds, a person every few minutes."""


@dataclass(frozen=True)
class Event:
    """One thing that happened: `kind` is program, alert, research or status; `time` is Unix seconds."""

    number: int
    cursor: str
    time: float
    tick: int
    kind: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """What happened after a cursor. `missed` says that older events existed and are gone."""

    cursor: str
    events: list[Event]
    missed: bool


class EventLog:
    """The newest events of a world; safe to use from any thread.

    A cursor is opaque to clients: this log's own mark and the number of the newest event they have seen. The
    mark differs from process to process, so that a cursor of an earlier one is recognised and not misread.
    """

    def __init__(self) -> None:
        self._mark = secrets.token_hex(3)
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._number = 0
        self._lock = threading.Lock()

    @property
    def cursor(self) -> str:
        """The cursor of the newest event."""
        with self._lock:
            return self._cursor(self._number)

    def add(self, kind: str, tick: int, text: str, data: dict[str, Any] | None = None) -> Event:
        """Append an event."""
        with self._lock:
            self._number += 1
            event = Event(self._number, self._cursor(self._number), time.time(), tick, kind, text, data or {})
            self._events.append(event)
            return event

    def since(self, cursor: str | None) -> Changes:
        """The events after a cursor; with None only the present cursor.

        Raises:
            ValueError: this isn't a cursor at all.
        """
        with self._lock:
            here = self._cursor(self._number)
            if cursor is None:
                return Changes(here, [], False)
            mark, _, digits = cursor.partition("-")
            if not digits.isascii() or not digits.isdigit():
                raise ValueError(f"since is {cursor[:80]!r}, which is not the cursor of an earlier result")
            number = int(digits) if mark == self._mark else 0
            events = [e for e in self._events if e.number > number]
            missed = mark != self._mark or self._number - number > len(events)
            return Changes(here, events, missed)

    def newest(self, count: int, kind: str | None = None) -> list[Event]:
        """The last events (of one kind), newest first."""
        with self._lock:
            chosen = [e for e in reversed(self._events) if kind is None or e.kind == kind]
        return chosen[:count]

    def _cursor(self, number: int) -> str:
        return f"{self._mark}-{number}"
