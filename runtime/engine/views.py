"""What others see of a world without touching it: statistics, and the state of play."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import Entity
from runtime.engine.systems.character import Character
from runtime.engine.world import World


def statistics(world: World) -> dict[str, Any]:
    """Production of the player's force since the statistics were cleared: `input` is made, `output` is used."""
    force = world.forces["player"]
    force.fluids.settle()
    return {
        "tick": world.tick,
        **{
            kind: {
                "input": flows.input, "output": flows.output,
                "input_by_hand": flows.input_by_hand, "output_by_hand": flows.output_by_hand,
            }
            for kind, flows in (("items", force.items), ("fluids", force.fluids))
        },
    }  # fmt: skip


def look(world: World, character: Entity | None, problems: set[str]) -> dict[str, Any]:
    """What a picture and the statistics don't say: the character, what was built, what stands still and why, research.

    `problems`: the statuses (names in `defines.entity_status`) that count as standing still.
    """
    force = world.forces["player"]
    counts: dict[str, int] = {}
    statuses: dict[str, dict[str, int]] = {}
    stuck: dict[tuple[str, str], dict[str, Any]] = {}
    for e in world.surface.all_of(world.surface.by_type, list(world.surface.by_type)):
        if e.force is not force or isinstance(e, Character):
            continue
        counts[e.name] = counts.get(e.name, 0) + 1
        status = e.status()
        if status is not None:
            kind = statuses.setdefault(e.name, {})
            kind[status] = kind.get(status, 0) + 1
        if status in problems:
            row = stuck.setdefault(
                (e.name, status), {"name": e.name, "problem": status, "x": e.x, "y": e.y, "count": 0}
            )
            row["count"] += 1
    current = force.current_research
    held = character.main.contents() if isinstance(character, Character) else {}
    return {
        "tick": world.tick,
        "position": None if character is None else {"x": character.x, "y": character.y},
        "inventory": [{"name": n, "count": c} for n, c in held.items()],
        "entities": counts,
        "statuses": statuses,
        "problems": list(stuck.values()),
        "research": None if current is None else current.name,
        "research_progress": 0 if current is None else force.research_progress,
        "deaths": force.kills.output.get("character", 0),
        "technologies": [n for n, t in force.technologies.items() if t.researched],
    }
