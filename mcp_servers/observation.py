"""The state of play in few words: what is much is summed up, what is long is cut, and what is cut is counted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from mcp_servers.cursor import Cursor, news
from mcp_servers.production import Production
from mcp_servers.results import Observation
from runtime.look import PROBLEMS
from runtime.managed_world import ManagedWorld
from runtime.world_life import Look, WorldDetails

Value = TypeVar("Value")
TICKS_PER_SECOND = 60
WORKING = ("working", "normal")
INVENTORY_CHARACTERS, MACHINES_CHARACTERS, RATES_CHARACTERS, ALERTS_CHARACTERS = 260, 320, 130, 180
"""How long the JSON of each part may be. All of it together stays under 600 tokens of three characters;
`since` with any other tool tells what happened in full."""
CHANGES_SHOWN, CHANGE_CHARACTERS = 4, 50
MESSAGES_SHOWN, MESSAGE_CHARACTERS = 2, 120
ACTIVITY_CHARACTERS = 60


def observation(
    world: ManagedWorld, look: Look, details: WorldDetails, production: Production, seen: Cursor | None
) -> Observation:
    """What `observe` answers: see `Observation`."""
    inventory, items_left = _fit(details.inventory, _most(details.inventory), INVENTORY_CHARACTERS)
    machines = {
        name: _condition(count, details.statuses.get(name, {})) for name, count in details.entities.items()
    }
    stopped = {name: _stopped(details.statuses.get(name, {})) for name in machines}
    order = sorted(machines, key=lambda name: (-stopped[name], -details.entities[name]))
    machines, kinds_left = _fit(machines, order, MACHINES_CHARACTERS)
    made, _ = production.per_minute()
    made, rates_left = _fit(made, made, RATES_CHARACTERS)
    alerts, alerts_left = _first(details.alerts, ALERTS_CHARACTERS)
    left = {
        "kinds of items": items_left,
        "kinds of machines": kinds_left,
        "items made": rates_left,
        "alerts": alerts_left,
    }
    fields = news(world, seen, look.scores.production_score, shown=CHANGES_SHOWN)
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
        alerts=alerts,
        player=world.claims.holder,
        messages=[
            _cut(event.text, MESSAGE_CHARACTERS)
            for event in reversed(world.events.newest(MESSAGES_SHOWN, "message"))
        ],
        more=", ".join(f"{count} more {what}" for what, count in left.items() if count) or None,
    )


def _research(details: WorldDetails) -> str | None:
    return f"{details.research}: {details.research_progress:.0%}" if details.research else None


def _condition(count: int, statuses: Mapping[str, int]) -> str:
    """How machines of a kind are doing: `12: 9 working, 3 no fuel`."""
    if set(statuses) <= {"normal"}:
        return str(count)
    working = sum(statuses.get(status, 0) for status in WORKING)
    others = sorted(
        (s for s in statuses if s not in WORKING), key=lambda s: (s not in PROBLEMS, -statuses[s])
    )
    parts = [f"{working} working"] if working else []
    parts += [f"{statuses[status]} {status.replace('_', ' ')}" for status in others[:3]]
    return f"{count}: {', '.join(parts)}"


def _stopped(statuses: Mapping[str, int]) -> int:
    return sum(count for status, count in statuses.items() if status in PROBLEMS)


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


def _first(texts: Iterable[str], characters: int) -> tuple[list[str], int]:
    numbered = {str(i): text for i, text in enumerate(texts)}
    kept, left = _fit(numbered, numbered, characters)
    return list(kept.values()), left


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
