"""Where a client's knowledge of a world ends, and what has happened since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from mcp_servers.results import Change
from runtime.event_log import Event
from runtime.managed_world import ManagedWorld

CHANGES_SHOWN = 100
OFTEN = ("alert", "status", "tool")


@dataclass(frozen=True)
class Cursor:
    """A place in a world's events, and the production score there.

    Clients keep it, so the server keeps nothing for them; to them it is opaque.
    """

    events: str
    score: float

    def __str__(self) -> str:
        return f"{self.events}-{self.score:.0f}"

    @classmethod
    def parse(cls, text: str, world: ManagedWorld) -> Cursor:
        """Read a cursor that a client passed back. Raises ValueError."""
        events, _, score = text.rpartition("-")
        # A score is below zero when more was used up than made: such as after inserting given fuel.
        events, score = (events[:-1], f"-{score}") if events.endswith("-") else (events, score)
        if not (score.removeprefix("-").isdecimal() and len(score) < 20):
            raise _no_cursor(text)
        try:
            world.events.since(events)
        except ValueError:
            raise _no_cursor(text) from None
        return cls(events, float(score))


def news(
    world: ManagedWorld,
    seen: Cursor | None,
    score: float,
    own: Collection[int] = (),
    without: Collection[str] = (),
    shown: int = CHANGES_SHOWN,
) -> dict[str, Any]:
    """The fields of `Result` that say what happened after `seen`; without it only the cursor.

    Args:
        world: where.
        seen: what the client knows.
        score: the production score now.
        own: numbers of events that the client itself has just made and knows of.
        without: kinds of events that are left out.
        shown: at most so many, the newest, and of those that happen often the fewest.
    """
    changes = world.events.since(seen.events if seen else None)
    fields: dict[str, Any] = {"cursor": str(Cursor(changes.cursor, score))}
    if seen is None:
        return fields
    events = [event for event in changes.events if event.number not in own and event.kind not in without]
    # Machines stop often; a death or research that is done must not be crowded out by that.
    rarest_last = sorted(events, key=lambda event: event.kind not in OFTEN)
    kept = sorted(rarest_last[-shown:], key=lambda event: event.number)
    fields["changes"] = [_change(event) for event in kept]
    fields["score_change"] = round(score - seen.score)
    if changes.missed or len(events) > shown:
        fields["missed"] = True
    return fields


def _no_cursor(text: str) -> ValueError:
    return ValueError(
        f"since is {text[:60]!r}, which is not the cursor of an earlier result: pass one, or leave it out."
    )


def _change(event: Event) -> Change:
    return Change(tick=event.tick, kind=event.kind, text=event.text)
