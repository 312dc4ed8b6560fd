"""The state of play in few words: what is much is summed up, what is long is cut, and what is cut is counted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from mcp_servers.cursor import Cursor, news
from mcp_servers.production import Production
from mcp_servers.results import Observation
from runtime.alerts import Alert
from runtime.look import PROBLEMS
from runtime.managed_world import ManagedWorld
from runtime.tool_arguments import GROUP_OF
from runtime.world_life import Look, WorldDetails

Value = TypeVar("Value")
TICKS_PER_SECOND = 60
WORKING = ("working", "normal")
CONNECTORS = frozenset(GROUP_OF)
"""What stands still and is never in trouble: only how much of it there is matters."""
INVENTORY_CHARACTERS, MACHINES_CHARACTERS, RATES_CHARACTERS = 240, 480, 110
"""How long the JSON of each part may be. All of it together stays under 600 tokens of three characters;
`since` with any other tool tells what happened in full, the caller's own calls too."""
REASONS_SHOWN = 3
CHANGES_SHOWN, CHANGE_CHARACTERS = 3, 60
MESSAGES_SHOWN, MESSAGE_CHARACTERS = 2, 100
ACTIVITY_CHARACTERS = 60
TOLD_ELSEWHERE = ("tool", "program", "message")
"""Kinds of events that are no changes here: what the caller itself did, as a rule, and what is under `messages`."""


def observation(
    world: ManagedWorld, look: Look, details: WorldDetails, production: Production, seen: Cursor | None
) -> Observation:
    """What `observe` answers: see `Observation`."""
    inventory, items_left = _fit(details.inventory, _most(details.inventory), INVENTORY_CHARACTERS)
    stopped: dict[str, list[Alert]] = {}
    for alert in map(Alert.read, details.alerts):
        stopped.setdefault(alert.kind, []).append(alert)
    machines = {
        name: _condition(count, details.statuses.get(name, {}), stopped.get(name, []))
        for name, count in details.entities.items()
    }
    order = sorted(
        machines, key=lambda name: (name not in stopped, name in CONNECTORS, -details.entities[name])
    )
    machines, kinds_left = _fit(machines, order, MACHINES_CHARACTERS)
    made, _ = production.per_minute()
    made, rates_left = _fit(made, made, RATES_CHARACTERS)
    left = {
        "kinds of items": items_left,
        "kinds of machines": kinds_left,
        "items made": rates_left,
    }
    fields = news(world, seen, look.scores.production_score, without=TOLD_ELSEWHERE, shown=CHANGES_SHOWN)
    for change in fields.get("changes", ()):
        change.text = _cut(change.text, CHANGE_CHARACTERS)
    return Observation(
        **fields,
        tick=look.scores.tick,
        production_score=round(look.scores.production_score, 1),
        automated_score=round(look.scores.automated_score, 1),
        game_seconds=round(look.scores.tick / TICKS_PER_SECOND, 1),
        speed=look.speed,
        activity=_cut(look.activity, ACTIVITY_CHARACTERS),
        position=details.position,
        inventory=inventory,
        machines=machines,
        produced_per_minute=made,
        research=_research(details),
        player=world.claims.holder,
        messages=_messages(world, seen),
        more=", ".join(f"{count} more {what}" for what, count in left.items() if count) or None,
    )


def _messages(world: ManagedWorld, seen: Cursor | None) -> list[str]:
    """The newest messages, of those that the caller hasn't seen."""
    new = (
        reversed(world.events.newest(MESSAGES_SHOWN, "message"))
        if seen is None
        else [event for event in world.events.since(seen.events).events if event.kind == "message"]
    )
    return [_cut(event.text, MESSAGE_CHARACTERS) for event in list(new)[-MESSAGES_SHOWN:]]


def _research(details: WorldDetails) -> str | None:
    return f"{details.research}: {details.research_progress:.0%}" if details.research else None


def _condition(count: int, statuses: Mapping[str, int], stopped: list[Alert]) -> str:
    """How machines of a kind are doing: `12: 2 no fuel, first at (3, 4), 9 working, 1 waiting for source items`."""
    parts = [
        f"{alert.count} {alert.why}{'' if alert.count == 1 else ', first'} at {alert.place}"
        for alert in sorted(stopped, key=lambda alert: -alert.count)[:REASONS_SHOWN]
    ]
    working = sum(statuses.get(status, 0) for status in WORKING)
    parts += [f"{working} working"] if working else []
    others = (status for status in statuses if status not in WORKING and status not in PROBLEMS)
    parts += [f"{statuses[status]} {status.replace('_', ' ')}" for status in others]
    if set(statuses) <= {"normal"} or not parts:
        return str(count)
    return parts[0] if len(parts) == 1 else f"{count}: {', '.join(parts)}"


def _most(counts: Mapping[str, float]) -> list[str]:
    return sorted(counts, key=lambda name: -counts[name])


def _fit(values: Mapping[str, Value], order: Iterable[str], characters: int) -> tuple[dict[str, Value], int]:
    """Those of the values that fit, in that order, and how many don't."""
    kept: dict[str, Value] = {}
    for name in order:
        characters -= len(json.dumps({name: values[name]}))
        if characters < 0:
            break
        kept[name] = values[name]
    return kept, len(values) - len(kept)


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def status(world: ManagedWorld, look: Look, details: WorldDetails) -> dict[str, Any]:
    """All of it, uncut: what the status resource holds."""
    return {
        "name": world.name,
        "tick": look.scores.tick,
        "production_score": look.scores.production_score,
        "automated_score": look.scores.automated_score,
        "speed": look.speed,
        "activity": look.activity,
        "player": world.claims.holder,
        "position": details.position,
        "inventory": details.inventory,
        "entities": details.entities,
        "statuses": details.statuses,
        "produced": details.produced,
        "consumed": details.consumed,
        "research": details.research,
        "alerts": details.alerts,
        "cursor": str(Cursor(world.events.cursor, look.scores.production_score)),
    }
