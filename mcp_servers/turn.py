"""Whose turn it is to act in a world: one call at a time, and a call that is cancelled ends what it does there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

T = TypeVar("T")
WAIT_SECONDS = 30.0
"""How long a call waits for its turn before it is told that the world is busy."""
CANCEL_AGAIN_SECONDS = 3.0


class Busy(ValueError):
    """Another call has been acting for long; the message says what to do."""


class Turns:
    """The turns of one world.

    Args:
        cancel: ends what goes on in the world; called again until it has ended.
    """

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._cancel = cancel
        self._lock = anyio.Lock()
        # A thread of its own: who waits for another's program can't take the threads that pages need.
        self._limiter = anyio.CapacityLimiter(1)

    async def take(self, work: Callable[[], T]) -> T:
        """Do `work` on a thread when it is this call's turn. Raises Busy, and what `work` raises."""
        try:
            with anyio.fail_after(WAIT_SECONDS):
                await self._lock.acquire()
        except TimeoutError:
            raise Busy(
                "Another call still acts in this world: try again when it has ended, or look."
            ) from None
        try:
            return await self._do(work)
        finally:
            self._lock.release()

    async def _do(self, work: Callable[[], T]) -> T:
        ended = threading.Event()
        decided = threading.Lock()  # the thread takes it and begins, or who cancels does, and it never begins

        def until_ended() -> T:
            if not decided.acquire(blocking=False):
                raise Busy("It was cancelled before it began.")
            try:
                return work()
            finally:
                ended.set()

        try:
            return await anyio.to_thread.run_sync(until_ended, abandon_on_cancel=True, limiter=self._limiter)
        except anyio.get_cancelled_exc_class():
            if not decided.acquire(blocking=False):
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(self._end, ended)
            raise

    def _end(self, ended: threading.Event) -> None:
        self._cancel()
        # It may not have begun when it was cancelled. Not too soon: what has ended makes ready for the next.
        while not ended.wait(CANCEL_AGAIN_SECONDS):
            self._cancel()
