"""Leases: who watches what, and until when it is believed without being heard of again."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

MEDIA_SECONDS = 15.0
"""For a viewer with video: its viewport says every two seconds that it is there, and not before it has connected."""
AGENT_SECONDS = 60.0
"""For one without, such as an agent, which has to say so itself."""


class NoLease(LookupError):
    """There is no such lease, or not any more."""


@dataclass
class Lease:
    """One viewer of one world. slot: which viewport it is served by, see `Pool.slots`."""

    name: str
    world: str
    slot: str
    seconds: float
    until: float


class Leases:
    """All leases; `ended` is called with each that ends, however it does."""

    def __init__(self, ended: Callable[[Lease], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._ended = ended
        self._clock = clock
        self._leases: dict[str, Lease] = {}

    def take(self, world: str, slot: str, seconds: float) -> Lease:
        """A new lease, which lapses after so many seconds without being renewed."""
        lease = Lease(secrets.token_urlsafe(12), world, slot, seconds, self._clock() + seconds)
        self._leases[lease.name] = lease
        return lease

    def find(self, name: str, world: str) -> Lease:
        """The lease of that name on a world. Raises NoLease."""
        lease = self._leases.get(name)
        if lease is None or lease.world != world:
            raise NoLease(
                f"There is no viewer {name[:80]!r} of world {world!r}; it may have been away for too long."
            )
        return lease

    def renew(self, name: str, world: str) -> None:
        """Heard of again. Raises NoLease."""
        lease = self.find(name, world)
        lease.until = self._clock() + lease.seconds

    def end(self, name: str) -> None:
        """Given back; nothing happens if it is gone already."""
        lease = self._leases.pop(name, None)
        if lease is not None:
            self._ended(lease)

    def lapse(self) -> None:
        """End those that have not been heard of for too long."""
        now = self._clock()
        for name in [lease.name for lease in self._leases.values() if lease.until < now]:
            self.end(name)

    def of(self, world: str) -> list[Lease]:
        """All leases on a world."""
        return [lease for lease in self._leases.values() if lease.world == world]

    def served_by(self, slot: str) -> list[Lease]:
        """All leases on a viewport."""
        return [lease for lease in self._leases.values() if lease.slot == slot]
