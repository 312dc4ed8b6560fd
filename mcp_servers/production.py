"""How much a world makes and uses up in a minute, from what it had made each time somebody looked."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping

from runtime.world_life import WorldDetails

TICKS_PER_MINUTE = 3600
SHORTEST_TICKS = 300
"""Over less time than that a rate would be chance."""


class Production:
    """The rates of one world, over the last minute of game time or a little more; safe to use from any thread."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, dict[str, float], dict[str, float]]] = deque()
        self._lock = threading.Lock()

    def see(self, details: WorldDetails) -> None:
        """Take note of what has been made and used up by now."""
        with self._lock:
            if self._seen and details.tick < self._seen[-1][0]:
                # The world has gone back to an earlier state.
                self._seen.clear()
            if not self._seen or details.tick > self._seen[-1][0]:
                self._seen.append((details.tick, details.produced, details.consumed))
            while len(self._seen) > 2 and self._seen[-1][0] - self._seen[1][0] >= TICKS_PER_MINUTE:
                self._seen.popleft()

    def per_minute(self) -> tuple[dict[str, float], dict[str, float]]:
        """Items and fluids made, and used up, in a minute of game time; those with none are left out."""
        with self._lock:
            if len(self._seen) < 2:
                return {}, {}
            (first, made_before, used_before), (last, made, used) = self._seen[0], self._seen[-1]
        ticks = last - first
        if ticks < SHORTEST_TICKS:
            return {}, {}
        return _rates(made_before, made, ticks), _rates(used_before, used, ticks)


def _rates(before: Mapping[str, float], after: Mapping[str, float], ticks: int) -> dict[str, float]:
    rates = {
        name: round((count - before.get(name, 0)) * TICKS_PER_MINUTE / ticks, 1)
        for name, count in after.items()
    }
    return {name: rate for name, rate in sorted(rates.items(), key=lambda pair: -pair[1]) if rate > 0}
