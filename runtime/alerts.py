"""Machines that stop, and those that go on again: which of it is news."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

CLEAR_SECONDS = 20.0
"""A trouble is over when it was away for so long: a furnace that runs empty every few seconds is told of once."""
_ALERT = re.compile(r"^(?:(\d+) of )?([\w-]+).*: ([^:]*)$")


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
        for alert in alerts:
            match = _ALERT.match(alert)
            assert match is not None, alert
            number, kind, why = match.groups()
            here[kind, why] = count = int(number or 1)
            trouble = self._troubles.setdefault((kind, why), _Trouble(0, now))
            if count > trouble.count:
                told.append(alert)
                trouble.count = count
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
