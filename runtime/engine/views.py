"""What others see of a world without touching it: its statistics, and what a picture needs."""

from __future__ import annotations

import math
from typing import Any

from runtime.engine.entity import Entity
from runtime.engine.surface import Area
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.character import Character
from runtime.engine.systems.crafting import CraftingMachine
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.mining import Resource
from runtime.engine.systems.splitters import Splitter
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


def scene(world: World, area: Area) -> dict[str, Any]:
    """What stands in an area, for a picture. Lengths in tiles; tiles as rectangles `[name, x, y, width, height]`."""
    left, top, right, bottom = area
    resources: list[list[Any]] = []
    entities: list[dict[str, Any]] = []
    characters: list[dict[str, Any]] = []
    for e in world.surface.within(area):
        if isinstance(e, Resource):
            resources.append([e.name, e.x, e.y, e.amount])
        elif isinstance(e, Character):
            characters.append(
                {"x": e.x, "y": e.y, "d": e.direction, "name": "character", "color": list(e.color)}
            )
        else:
            entities.append(_entity(e))
    return {
        "tick": world.tick,
        "area": [left, top, right, bottom],
        "tiles": _tiles(world, math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)),
        "resources": resources,
        "entities": entities,
        "characters": characters,
    }


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


def _entity(e: Entity) -> dict[str, Any]:
    width, height = e.proto.tile_width, e.proto.tile_height
    if e.direction % 8 == 4:
        width, height = height, width
    shown: dict[str, Any] = {
        "n": e.name,
        "t": e.type,
        "x": e.x,
        "y": e.y,
        "d": e.direction,
        "w": width,
        "h": height,
        "s": e.status(),
    }
    if isinstance(e, TransportBelt):
        shown["shape"] = e.shape()
        shown["items"] = [list(item) for item in e.item_positions()]
    elif isinstance(e, Splitter):
        shown["items"] = [list(item) for item in e.item_positions()]
    elif isinstance(e, Inserter):
        shown["hand"] = [*e.hand_position(), e.held]
    elif isinstance(e, CraftingMachine):
        recipe = e.crafting or e.next_recipe()
        shown["recipe"] = recipe.name if recipe is not None else None
    return shown


def _tiles(world: World, left: int, top: int, right: int, bottom: int) -> list[list[Any]]:
    """Rectangles of equal tiles: runs along x, joined downwards where they agree."""
    done: list[list[Any]] = []
    open_runs: dict[tuple[int, int, str], list[Any]] = {}
    tile = world.surface.tile
    for y in range(top, bottom):
        runs: dict[tuple[int, int, str], list[Any]] = {}
        x = left
        while x < right:
            name, start = tile(x, y), x
            while x < right and tile(x, y) == name:
                x += 1
            key = (start, x, name)
            above = open_runs.get(key)
            if above is not None:
                above[4] += 1
                runs[key] = above
            else:
                runs[key] = [name, start, y, x - start, 1]
                done.append(runs[key])
        open_runs = runs
    return done
