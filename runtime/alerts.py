"""Machines that stop, and those that go on again: which of it is news."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

CLEAR_SECONDS = 20.0
"""A trouble is over when it was away for so long: a furnace that runs empty every few seconds is told of once."""
_ALERT = re.compile(r"^(?:(\d+) of )?([\w-]+).* at (\(.*\)): ([^:]*)$")


@dataclass(frozen=True)
class Alert:
    """Machines of a kind that stand still for one reason, and where the first is: `(1, 2)`."""

    count: int
    kind: str
    place: str
    why: str

    @classmethod
    def read(cls, text: str) -> Alert:
        """What an alert of `runtime.look.Details.alerts` says."""
        match = _ALERT.match(text)
        assert match is not None, text
        count, kind, place, why = match.groups()
        return cls(int(count or 1), kind, place, why)


@dataclass
class _Trouble:
    """Machines of a kind that stand still for one reason. count: those that were told of; seen: when there were so
    many last."""

    count: int
    seen: float


class Alerts:
    """What is told of the alerts of a world, which are there anew at each look (`runtime.look.Details.alerts`).

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._troubles: dict[tuple[str, str], _Trouble] = {}

    def news(self, alerts: Iterable[str]) -> list[str]:
        """What stopped since the last look, or has been going again for a while.

        More machines of a kind that stand still for the same reason are news; which of them, isn't.
        """
        now = self._clock()
        told: list[str] = []
        here: dict[tuple[str, str], int] = {}
        for text in alerts:
            alert = Alert.read(text)
            here[alert.kind, alert.why] = alert.count
            trouble = self._troubles.setdefault((alert.kind, alert.why), _Trouble(0, now))
            if alert.count > trouble.count:
                told.append(text)
                trouble.count = alert.count
        for (kind, why), trouble in list(self._troubles.items()):
            count = here.get((kind, why), 0)
            if count == trouble.count:
                trouble.seen = now
            elif now - trouble.seen > CLEAR_SECONDS:
                trouble.count, trouble.seen = count, now
                if count == 0:
                    del self._troubles[kind, why]
                    told.append(f"{kind}: {why} is over")
        return told
