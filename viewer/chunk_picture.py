"""What is drawn of a chunk: worked out when it changes, and kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.engine import prototypes
from viewer import marks
from viewer.art.icons import FLUIDS
from viewer.atlas import Atlas
from viewer.display_list import CHUNK, Order, tint
from viewer.figures import ITEM_SIZE, PART, Figures, Parts
from viewer.launch import DOORS_OPEN
from viewer.night import LIGHT, SHINING
from viewer.scene import MOVERS, WORKING, ChunkScene, Thing

NOT_DRAWN = frozenset(
    {"arrow", "beam", "deconstructible-tile-proxy", "explosion", "fire", "highlight-box", "item-request-proxy",
     "particle-source", "projectile", "rocket-silo-rocket-shadow", "smoke-with-trigger", "speech-bubble", "sticker", "stream"}
)  # fmt: skip
JOINED = {"wall": "wall", "gate": "wall", "heat-pipe": "heat", "heat-interface": "heat"}
"""Types that are drawn as joined to those of their family beside them."""
MAKERS = frozenset({"assembling-machine", "furnace", "rocket-silo"})
TURRETS = frozenset({"ammo-turret", "artillery-turret", "electric-turret", "fluid-turret", "turret"})
GHOST_TILE = tint(0.55, 0.75, 1.0, 0.4)
SIDES = ((0, -1), (1, 0), (0, 1), (-1, 0))
VARIANTS = 16
STEAMING = frozenset({"steam-engine", "steam-turbine"})
POINT = np.dtype(
    [("x", "<f8"), ("y", "<f8"), ("w", "<f4"), ("cell", "<i4"), ("tint", "<u4"), ("seed", "<i8")]
)
"""A mark at a place: w, its size in tiles."""
AREA = np.dtype([("x", "<f8"), ("y", "<f8"), ("w", "<f4"), ("h", "<f4"), ("tint", "<u4")])
SUPPLIED = tint(0.25, 0.6, 1.0, 0.24)
WITHOUT, SHORT = tint(1.0, 0.25, 0.2, 0.45), tint(1.0, 0.75, 0.2, 0.4)

Joints = frozenset[tuple[str, int, int]]


class ChunkPicture:
    """What is drawn of a chunk, in arrays.

    parts: of PART. depth: of each part how far south its entity stands. badges, icons, smoke: of POINT, of the layers
    status and alt and of chimneys at work. stations: x, y and name of each. lights: of LIGHT, what
    shines at night. areas, fluids: of AREA, of the layers power and fluids. wires: [count, 4], from x, y to x, y.
    """

    __slots__ = (
        "areas",
        "badges",
        "depth",
        "fluids",
        "icons",
        "lights",
        "parts",
        "smoke",
        "stations",
        "wires",
    )

    def __init__(
        self, figures: Figures, chunk: ChunkScene, joints: Joints, find: Callable[[int], Thing | None]
    ) -> None:
        atlas = figures.atlas
        parts: list[Parts] = []
        where: list[tuple[float, float]] = []
        badges: list[Any] = []
        icons: list[Any] = []
        smoke: list[Any] = []
        areas: list[Any] = []
        fluids: list[Any] = []
        wires: list[Any] = []
        lights: list[Any] = []
        stations: list[tuple[float, float, str]] = []
        for t in chunk.things.values():
            if t.type in MOVERS or t.type in NOT_DRAWN:
                continue
            parts.append(_parts(figures, t, joints))
            where.append((t.x, t.y))
            badge = marks.BADGES.get(t.status)
            if badge is not None:
                # Beside the icon of what it makes, where there is one.
                aside = min(size_of(t)) * 0.3 if t.type in MAKERS and t.more and t.more[0] else 0.0
                badges.append((t.x + aside, t.y - aside, 0.9, atlas.cell(f"badge/{badge}"), 0, t.key))
                if badge == "no-power":
                    areas.append((t.x, t.y, *size_of(t), WITHOUT))
                elif badge == "low-power":
                    areas.append((t.x, t.y, *size_of(t), SHORT))
            if t.type in MAKERS and t.more[0]:
                icons.append((t.x, t.y, min(size_of(t)) * 0.42, icon_of(atlas, t.more[0]), 0, t.key))
            elif t.type == "entity-ghost":
                icons.append((t.x, t.y, 0.7, atlas.find(f"item/{t.more[0]}"), 0, t.key))
            elif t.type == "electric-pole":
                reach = 2 * float(_raw(t.name).get("supply_area_distance", 0))
                areas.append((t.x, t.y, reach, reach, SUPPLIED))
                wires.extend(_wires(figures, t, find))
            elif t.type == "train-stop":
                stations.append((t.x, t.y, t.more[0] if t.more else ""))
            elif len(t.more) == 3 and t.more[1]:
                colour = FLUIDS.get(t.more[1], (0.5, 0.5, 0.5))
                fluids.append((t.x, t.y, *size_of(t), tint(*colour, 0.25 + 0.6 * t.more[2] / 8)))
                if t.type == "storage-tank" or (math.floor(t.x) + math.floor(t.y)) % 6 == 0:
                    icons.append(
                        (t.x, t.y, min(size_of(t)) * 0.6, atlas.find(f"fluid/{t.more[1]}"), 1, t.key)
                    )
            if t.name in SHINING and t.status in WORKING:
                lights.append((t.x, t.y, SHINING[t.name]))
            chimney = figures.chimney(t.name, t.direction // 4 % 4)
            if t.status in ("working", "low_power") and chimney is not None:
                colour_of = marks.STEAM if t.name in STEAMING else marks.SMOKE
                smoke.append((t.x + chimney[0], t.y + chimney[1], 0, 0, colour_of, t.key))
        self.stations = stations
        self.parts = _laid(parts, where)
        self.depth = np.array(
            [y for (_, y), part in zip(where, parts, strict=True) for _ in part], np.float64
        )
        self.badges, self.icons, self.smoke = (_points(rows) for rows in (badges, icons, smoke))
        self.areas, self.fluids = np.array(areas, AREA), np.array(fluids, AREA)
        self.lights = np.array(lights, LIGHT)
        self.wires = np.array(wires, np.float64).reshape(-1, 4)


def _points(rows: list[Any]) -> NDArray[Any]:
    return np.array(rows, POINT)


def _laid(parts: list[Parts], where: list[tuple[float, float]]) -> Parts:
    """Parts of entities, each where its entity stands."""
    if not parts:
        return np.zeros(0, PART)
    # Many small arrays of fields: numpy's own concatenation would compare their types again and again.
    rows: Parts = np.frombuffer(bytearray().join([part.data for part in parts]), PART)
    counts = [len(part) for part in parts]
    x, y = np.array(where, np.float64).T
    rows["x"] += np.repeat(x, counts)
    rows["y"] += np.repeat(y, counts)
    # Belts move in step; what turns and glows does not.
    rows["phase"] = np.where(rows["frames"] > 1, 0, np.repeat((x * 7.13 + y * 3.71) % 1, counts))
    return rows


def joints_of(chunk: ChunkScene) -> Joints:
    """Where something stands that others of its family join: family, and tile."""
    return frozenset(
        (JOINED[t.type], math.floor(t.x), math.floor(t.y)) for t in chunk.things.values() if t.type in JOINED
    )


def _parts(figures: Figures, t: Thing, joints: Joints) -> Parts:
    kind, more = t.type, t.more
    working = t.status in WORKING
    if kind == "entity-ghost":
        w, h = _size(more[0], t.direction)
        return figures.entity(more[0], more[1], t.direction, w, h, ghost=True)
    if kind == "tile-ghost":
        return figures.part("white", 0, 0, Order.DECAL, size=(1, 1), tint=GHOST_TILE)
    if kind == "item-entity":
        name = f"item/{more[0]}"
        name = name if name in figures.atlas.names else "unknown"
        return figures.part(name, 0, 0, Order.DECAL, size=(ITEM_SIZE, ITEM_SIZE))
    if kind in ("transport-belt", "underground-belt"):
        return figures.entity(t.name, kind, t.direction, shape=more[0])
    if kind == "cliff":
        return figures.entity(t.name, kind, shape=more[0], variant=_variant(t))
    if kind in JOINED:
        x, y = math.floor(t.x), math.floor(t.y)
        mask = sum(1 << n for n, (dx, dy) in enumerate(SIDES) if (JOINED[kind], x + dx, y + dy) in joints)
        shape = "open" if kind == "gate" and more and more[0] else ""
        return figures.entity(t.name, kind, t.direction, mask=mask, working=working, shape=shape)
    if len(more) == 3:
        colour = FLUIDS.get(more[1])
        fluid = tint(*colour) if colour is not None else 0
        return figures.entity(t.name, kind, t.direction, *size_of(t), mask=more[0], fluid=fluid)
    if kind == "rocket-silo":
        shape = "doorless" if figures.sliding_doors else "open" if more[1] in DOORS_OPEN else ""
        return figures.entity(t.name, kind, t.direction, *size_of(t), shape=shape, working=working)
    if kind in TURRETS:
        turn = more[0] / 64 if more and more[0] >= 0 else -1.0
        return figures.entity(t.name, kind, t.direction, *size_of(t), working=working, turn=turn)
    if kind in ("tree", "simple-entity", "resource", "fish"):
        return figures.entity(t.name, kind, variant=_variant(t))
    if kind == "inserter":
        return figures.entity(t.name, kind, t.direction)
    return figures.entity(t.name, kind, t.direction, *size_of(t), working=working)


def _variant(t: Thing) -> int:
    return (int(t.x * 7.3) ^ int(t.y * 13.7)) % VARIANTS


def _wires(
    figures: Figures, t: Thing, find: Callable[[int], Thing | None]
) -> Iterable[tuple[float, float, float, float]]:
    """A pole's wires to poles with greater keys, each wire once; also to those that are not here to draw it."""
    for key in t.more[0] or ():
        other = find(key)
        if other is not None and key > t.key:
            (x, y), (end_x, end_y) = figures.pole_top(t.name), figures.pole_top(other.name)
            yield t.x + x, t.y + y, other.x + end_x, other.y + end_y


@cache
def icon_of(atlas: Atlas, recipe: str) -> int:
    """The picture that stands for a recipe: its own, or its first product's."""
    names = [f"item/{recipe}", f"fluid/{recipe}"]
    proto = prototypes.load().recipe.get(recipe)
    for product in proto.products if proto is not None else ():
        names += [f"item/{product.name}", f"fluid/{product.name}"]
    return atlas.find(*names)


@cache
def _size(name: str, direction: int) -> tuple[float, float]:
    """Tiles that an entity covers as it stands."""
    proto = prototypes.load().entity.get(name)
    if proto is None:
        return (1.0, 1.0)
    size = (float(proto.tile_width), float(proto.tile_height))
    return size[::-1] if direction // 4 % 2 else size


def size_of(t: Thing) -> tuple[float, float]:
    """Tiles that an entity covers as it stands."""
    return _size(t.name, t.direction)


def _raw(name: str) -> dict[str, Any]:
    proto = prototypes.load().entity.get(name)
    return proto.raw if proto is not None else {}


def blocks(
    chunk: ChunkScene, place: tuple[int, int], colour: Callable[[str], tuple[int, int, int, int]]
) -> NDArray[np.uint8]:
    """What stands in a chunk as coloured blocks: RGBA by row and column."""
    out = np.zeros((CHUNK, CHUNK, 4), np.uint8)
    left, top = place[0] * CHUNK, place[1] * CHUNK
    for t in chunk.things.values():
        if t.type in MOVERS or t.type in NOT_DRAWN or t.type == "item-entity":
            continue
        w, h = size_of(t)
        x0, y0 = round(t.x - w / 2 - left), round(t.y - h / 2 - top)
        out[max(y0, 0) : max(0, round(y0 + h)), max(x0, 0) : max(0, round(x0 + w))] = colour(t.name)
    return out
