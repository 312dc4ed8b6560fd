"""How game time follows the wall clock."""

from __future__ import annotations

import time

TICKS_PER_SECOND = 60


class Clock:
    """The tick that it is now: wall time times speed since an anchor, unless paused.

    A paused game runs on for `ticks_to_run` ticks and stands. None of this is part of the world: what it decides is
    at which tick a command meets the world, and that is written in the journal.
    """

    def __init__(self) -> None:
        self.speed = 1.0
        self.paused = False
        self.ticks_to_run = 0
        self._tick = 0
        self._at = time.monotonic()

    def anchor(self, tick: int) -> None:
        """Count from this tick and this moment on; what time was owed is forgiven."""
        self._reach(tick)
        self._at = time.monotonic()

    def anchor_at(self, tick: int) -> None:
        """The world has reached a tick: count from it, as of the moment at which it was due."""
        self._at += (tick - self._tick) / (TICKS_PER_SECOND * self.speed)
        self._reach(tick)

    def _reach(self, tick: int) -> None:
        if self.paused:
            self.ticks_to_run = max(0, self.ticks_to_run - (tick - self._tick))
        self._tick = tick

    def anchor_now(self, tick: int) -> None:
        """Speed, pause or ticks to run were just set at this tick: time runs from here, by the new settings."""
        self._tick = tick
        self._at = time.monotonic()

    def ticks_left(self, tick: int) -> int:
        """How many ticks a paused game still runs on, at a tick."""
        return max(0, self.ticks_to_run - (tick - self._tick)) if self.paused else 0

    def target(self) -> int:
        """The tick that it should be now."""
        passed = int((time.monotonic() - self._at) * TICKS_PER_SECOND * self.speed)
        if self.paused:
            passed = min(passed, self.ticks_to_run)
        return self._tick + passed

    def seconds_until(self, tick: int) -> float | None:
        """Wall seconds until a tick is due; None when it never will be, as things are."""
        ahead = tick - self._tick
        if self.paused and ahead > self.ticks_to_run:
            return None
        return max(0.0, self._at + ahead / (TICKS_PER_SECOND * self.speed) - time.monotonic())

    def seconds_late(self, tick: int) -> float:
        """For how many wall seconds a tick has been due."""
        return time.monotonic() - self._at - (tick - self._tick) / (TICKS_PER_SECOND * self.speed)

    @property
    def stands(self) -> bool:
        """Whether no time passes."""
        return self.paused and self.ticks_to_run == 0

    def set_speed(self, speed: float) -> None:
        """Change the speed; the owner anchors the clock at the present tick afterwards."""
        self.speed = speed

    def set_paused(self, paused: bool) -> None:
        """Pause or go on."""
        self.paused = paused
        self.ticks_to_run = 0

    def set_ticks_to_run(self, ticks: int) -> None:
        """Let a paused game run on."""
        self.ticks_to_run = ticks
