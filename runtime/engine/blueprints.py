"""Blueprints: what they copy from a world, what they plan in one, and what that costs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from runtime.engine.blueprint_settings import apply_settings, requested, settings_of
from runtime.engine.blueprint_strings import COPPER, BlueprintError, Values, placers, tile_placers
from runtime.engine.entity import Entity, turned, turned_point
from runtime.engine.placing import faced, snapped
from runtime.engine.prototypes import Box, EntityPrototype, load
from runtime.engine.systems.electricity import ElectricPole
from runtime.engine.systems.ghosts import EntityGhost, Planned, blocked, plan_entity, plan_tile

if TYPE_CHECKING:
    from runtime.engine.force import Force
    from runtime.engine.world import World

MOST_TILES = 1_000_000  # that one blueprint may copy
TRAIN = frozenset({"locomotive", "cargo-wagon", "fluid-wagon", "artillery-wagon"})


def cost(data: Values) -> dict[str, int]:
    """Item -> how many a blueprint takes to build, what it asks to be put in included."""
    counts: Counter[str] = Counter()
    for entity in data.get("entities", ()):
        counts[placers()[entity["name"]]] += 1
        counts.update(requested(entity.get("items", [])))
    for tile in data.get("tiles", ()):
        counts[tile_placers()[tile["name"]]] += 1
    return dict(counts)


# --- copying ---------------------------------------------------------------------------------------------------


def capture(
    world: World,
    area: Box,
    force: Force,
    *,
    entities: bool = True,
    tiles: bool = False,
    modules: bool = True,
    trains: bool = False,
) -> tuple[Values, dict[int, Entity]]:
    """A blueprint of what a force has in an area, and its entities by their number in it."""
    found = (
        [e for e in world.surface.within(area) if e.force is force and _copied(e, trains)] if entities else []
    )
    places = _paved(world, area) if tiles or not found else []
    box = _bounds([(_proto(e), e.x, e.y, e.direction) for e in found], [(x, y) for x, y, _ in places])
    if box is None:
        return {}, {}
    grid = _grid(_proto(e) for e in found)
    ox = math.floor((box[0] + box[2]) / 2 / grid) * grid
    oy = math.floor((box[1] + box[3]) / 2 / grid) * grid
    rows: list[Values] = []
    for number, e in enumerate(found, 1):
        row: Values = {
            "entity_number": number,
            "name": e.ghost_name if isinstance(e, Planned) else e.name,
            "position": {"x": e.x - ox, "y": e.y - oy},
        }
        if e.direction:
            row["direction"] = e.direction
        settings = dict(e.settings) if isinstance(e, Planned) else settings_of(e)
        if not modules:
            settings.pop("items", None)
        rows.append({**row, **settings})
    data: Values = {}
    if rows:
        data["entities"] = rows
        wires = _wires(found)
        if wires:
            data["wires"] = wires
    if places:
        data["tiles"] = [{"position": {"x": x - ox, "y": y - oy}, "name": n} for x, y, n in places]
    return data, dict(enumerate(found, 1))


def _proto(entity: Entity) -> EntityPrototype:
    return entity.inner if isinstance(entity, EntityGhost) else entity.proto


def _copied(entity: Entity, trains: bool) -> bool:
    if isinstance(entity, EntityGhost):
        return True
    return entity.name in placers() and entity.type != "car" and (trains or entity.type not in TRAIN)


def _paved(world: World, area: Box) -> list[tuple[int, int, str]]:
    left, top, right, bottom = area
    if (right - left) * (bottom - top) > MOST_TILES:
        raise BlueprintError(f"the area is larger than {MOST_TILES} tiles")
    paving = tile_placers()
    return [
        (x, y, name)
        for y in range(math.floor(top), math.ceil(bottom))
        for x in range(math.floor(left), math.ceil(right))
        if (name := world.surface.tile(x, y)) in paving
    ]


def _wires(found: list[Entity]) -> list[list[int]]:
    numbers = {id(e): i for i, e in enumerate(found, 1)}
    pairs = set()
    for e in found:
        if isinstance(e, ElectricPole):
            for other in e.wired():
                if id(other) in numbers:
                    a, b = sorted((numbers[id(e)], numbers[id(other)]))
                    pairs.add((a, b))
    return [[a, COPPER, b, COPPER] for a, b in sorted(pairs)]


def _bounds(
    entities: Iterable[tuple[EntityPrototype, float, float, int]], tiles: Iterable[tuple[int, int]]
) -> Box | None:
    """The box around the tiles that entities and tiles take up."""
    boxes = [(x, y, x + 1, y + 1) for x, y in tiles]
    for proto, x, y, direction in entities:
        w, h = proto.tile_width / 2, proto.tile_height / 2
        left, top, right, bottom = turned((-w, -h, w, h), direction)
        boxes.append((x + left, y + top, x + right, y + bottom))  # type: ignore[arg-type]
    if not boxes:
        return None
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )


def _grid(protos: Iterable[EntityPrototype]) -> int:
    """The grid that a blueprint's place keeps to: 2 tiles with rails in it, else 1."""
    return max((int(p.raw.get("build_grid_size", 1)) for p in protos), default=1)


# --- planning --------------------------------------------------------------------------------------------------


def build(
    world: World,
    data: Values,
    x: float,
    y: float,
    direction: int,
    force: Force,
    *,
    forced: bool,
    everything: bool = False,
) -> list[Planned]:
    """Plan a blueprint around a place, turned; the ghosts, in the blueprint's order.

    Without `forced` nothing is planned if anything is in the way of anything; with it, what can't stand is left out,
    and trees and rocks stand in nobody's way; with `everything` nothing does. What stands there already takes on
    the blueprint's settings and has no ghost.
    """  # fmt: skip
    rows = [(r, load().entity[r["name"]]) for r in data.get("entities", ())]
    tiles = [(t["name"], t["position"]["x"], t["position"]["y"]) for t in data.get("tiles", ())]
    box = _bounds(
        [(p, r["position"]["x"], r["position"]["y"], r.get("direction", 0)) for r, p in rows],
        [(tx, ty) for _, tx, ty in tiles],
    )
    if box is None:
        return []
    dx, dy = _shift(data, turned(box, direction), x, y, _grid(p for _, p in rows))
    places = []
    for row, proto in rows:
        px, py = turned_point(row["position"]["x"], row["position"]["y"], direction)
        facing = faced(proto, (row.get("direction", 0) + direction) % 16)
        places.append((row, proto, *snapped(proto, px + dx, py + dy, facing), facing))
    standing = {id(row): _same(world, proto, px, py) for row, proto, px, py, _ in places}
    free = {
        id(row): everything
        or standing[id(row)] is not None
        or not blocked(world, proto, px, py, facing, not forced)
        for row, proto, px, py, facing in places
    }
    if not forced and not all(free.values()):
        return []
    made: list[Planned] = []
    for row, proto, px, py, facing in places:
        settings = {
            k: v for k, v in row.items() if k not in ("entity_number", "name", "position", "direction")
        }
        there = standing[id(row)]
        if there is not None:
            if there.direction != facing:
                there.rotate_to(facing)
            apply_settings(there, settings)
        elif free[id(row)]:
            made.append(plan_entity(world, proto, px, py, facing, force, settings))
    for name, tx, ty in tiles:
        cx, cy = turned_point(tx + 0.5, ty + 0.5, direction)
        at = (math.floor(cx + dx), math.floor(cy + dy))
        if world.surface.tile(*at) != name:
            made.append(plan_tile(world, name, *at, force))
    return made


def _same(world: World, proto: EntityPrototype, x: float, y: float) -> Entity | None:
    return next((e for e in world.surface.at(x, y) if e.name == proto.name and (e.x, e.y) == (x, y)), None)


def _shift(data: Values, box: Box, x: float, y: float, grid: int) -> tuple[float, float]:
    """How far a blueprint's own coordinates are moved: its middle comes to (x, y), or its grid onto the map's."""
    cell = data.get("snap-to-grid")
    if isinstance(cell, dict) and data.get("absolute-snapping"):
        offset = data.get("position-relative-to-grid")
        width, height = max(1, int(cell.get("x", 1))), max(1, int(cell.get("y", 1)))
        left, top = (offset.get("x", 0), offset.get("y", 0)) if isinstance(offset, dict) else (0, 0)
        return (math.floor((x - left) / width) * width + left, math.floor((y - top) / height) * height + top)
    return _middle(box[0], box[2], x, grid), _middle(box[1], box[3], y, grid)


def _middle(low: float, high: float, target: float, grid: int) -> float:
    size = math.ceil(high - low)
    snapped_target = math.floor(target) + 0.5 if size % 2 else math.floor(target + 0.5)
    return math.floor((snapped_target - (low + high) / 2) / grid + 0.5) * grid


def default_icons(data: Values) -> list[Values]:
    """The icons that the game gives a blueprint of its own accord: the items that take most of its room."""
    room: Counter[str] = Counter()
    for row in data.get("entities", ()):
        proto = load().entity[row["name"]]
        room[placers()[row["name"]]] += proto.tile_width * proto.tile_height
    for tile in data.get("tiles", ()):
        room[tile_placers()[tile["name"]]] += 0 if data.get("entities") else 1
    names = [n for n, count in sorted(room.items(), key=lambda pair: (-pair[1], pair[0])) if count][:4]
    return [{"signal": {"name": n}, "index": i} for i, n in enumerate(names, 1)]
