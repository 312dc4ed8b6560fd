"""What a picture of a scene shows: everything in a view at a tick, as a display list."""

from __future__ import annotations

import math
from collections import OrderedDict
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.engine import prototypes
from viewer import launch, marks
from viewer.atlas import Atlas
from viewer.chunk_picture import AREA, POINT, SUPPLIED, ChunkPicture, Joints, blocks, joints_of
from viewer.display_list import DisplayList, GroundChunk, Order, Quads, quads
from viewer.figures import ITEM_SIZE, ITEMS_FROM, PART, Figures, Parts, animate
from viewer.ground import detailed
from viewer.night import LIGHT, SHINING, Lights
from viewer.scene import BORDER_TILES, ChunkScene, Mover, Place, Scene, Thing, chunks_in
from viewer.view import View

KEPT_PICTURES = 4096
ARMS_FROM = 5.0
SMOKE_FROM_SCALE = 5.0
WIRES_FROM = 4.0
"""Pixels per tile from which on these are drawn."""
LEAST_ICON, MOST_ICON = 14.0, 2.5
"""Pixels that an icon measures at least, however far away, and tiles that it may grow to for that."""
BADGES_FROM = 1.5
VIVID, BRIGHT = 2.2, 1.15
"""By so much what players build is more colourful and brighter than its picture where it is only a block, far away."""


class Drawing:
    """Makes display lists; keeps what doesn't change from one to the next. For one thread at a time."""

    def __init__(self, atlas: Atlas, figures: Figures | None = None) -> None:
        self.atlas = atlas
        self.figures = figures or Figures(atlas)
        self._pictures: OrderedDict[tuple[int, Place], tuple[Any, ChunkPicture]] = OrderedDict()
        self._joints: dict[tuple[int, Place], tuple[int, Joints]] = {}
        self._blocks: OrderedDict[tuple[int, Place], tuple[Any, GroundChunk]] = OrderedDict()
        self._all: tuple[Any, Parts, dict[str, NDArray[Any]]] = (None, np.zeros(0, PART), {})
        self._colour = cache(self._mean_colour)
        self._held: list[ChunkPicture] = []

    def display_list(self, scene: Scene, view: View, tick: float) -> DisplayList:
        """Everything in a view at a tick, which may lie between two whole ones."""
        scale = view.scale
        if not detailed(scale):
            return DisplayList(
                self._far(scene, view, tick), self._blocky(scene), *self._night(scene, view, tick)
            )
        parts, marked = self._standing(scene, view)
        rows = [animate(_inside(parts, view), tick, scale)]
        if scale >= ARMS_FROM:
            rows.extend(self._arms(scene, view, tick))
        if scale >= ITEMS_FROM:
            rows.append(self._items(scene, view, tick))
        rows.extend(animate(part, tick, scale) for part in self._movers(scene, view, tick))
        for chunk in scene.chunks.values():
            for silo in chunk.silos.values():
                rows.extend(launch.exhaust(self.atlas, silo, tick, scale))
                if self.figures.sliding_doors:
                    rows.extend(animate(part, tick, scale) for part in launch.doors(self.figures, silo, tick))
        smoking = _inside(marked["smoke"], view)
        if scale >= SMOKE_FROM_SCALE:
            for colour in np.unique(smoking["tint"]):
                some = smoking[smoking["tint"] == colour]
                rows.append(
                    marks.smoke(self.atlas, some["x"], some["y"], some["seed"], tick, int(colour), scale)
                )
        if "names" in view.layers:
            rows.extend(self._players(scene, view, tick))
            rows.extend(
                marks.station(self.atlas, x, y, name, scale)
                for picture in self._held
                for x, y, name in picture.stations
            )
        rows.extend(self._layers(view, marked, tick))
        return DisplayList(np.concatenate(rows), scene.ground, *self._night(scene, view, tick))

    def _night(self, scene: Scene, view: View, tick: float) -> tuple[float, Lights]:
        """How dark it is, and what shines."""
        if "night" not in view.layers or scene.darkness <= 0:
            return 0.0, np.zeros(0, LIGHT)
        walking = [
            (*m.at(tick, scene.ahead_ticks), SHINING[m.thing.name])
            for m in scene.movers.values()
            if m.thing.name in SHINING
        ]
        lights = np.array(walking, LIGHT)
        if view.scale >= BADGES_FROM:  # of a whole map it would take long, for a glimmer
            _, marked = self._standing(scene, view)
            lights = np.concatenate((_inside(marked["lights"], view, max(SHINING.values())), lights))
        return scene.darkness, lights

    # --- what stands -------------------------------------------------------------------------------------------

    def _standing(self, scene: Scene, view: View) -> tuple[Parts, dict[str, NDArray[Any]]]:
        """The parts of all that stands in the chunks in view, and what is marked there."""
        left, top, right, bottom = chunks_in(view)
        places = [p for p in scene.chunks if left <= p[0] < right and top <= p[1] < bottom]
        pictures = [self._picture(scene, place) for place in places]
        key = tuple(map(id, pictures))
        if self._all[0] != key:
            parts = np.concatenate([np.zeros(0, PART), *(p.parts for p in pictures)])
            if self.figures.upright:
                parts = parts[
                    np.argsort(np.concatenate([np.zeros(0), *(p.depth for p in pictures)]), kind="stable")
                ]
            marked = {
                name: np.concatenate([getattr(p, name) for p in (*pictures, _NOTHING)])
                for name in ("badges", "icons", "smoke", "areas", "fluids", "wires", "lights")
            }
            # The pictures are held, so that no other can come to have the same id.
            self._all = (key, parts, marked)
            self._held = pictures
        return self._all[1], self._all[2]

    def _picture(self, scene: Scene, place: Place) -> ChunkPicture:
        chunk = scene.chunks[place]
        joints = self._joints_at(scene, place, chunk)
        if joints:
            around = [(place[0] + dx, place[1] + dy) for dx, dy in ((0, -1), (1, 0), (0, 1), (-1, 0))]
            joints = joints.union(
                *(self._joints_at(scene, p, scene.chunks[p]) for p in around if p in scene.chunks)
            )
        signature = (chunk, chunk.version, joints)
        known = self._pictures.get((scene.epoch, place))
        if known is None or known[0] != signature:
            picture = ChunkPicture(self.figures, chunk, joints, lambda key: _find(scene, place, key))
            known = self._pictures[scene.epoch, place] = (signature, picture)
        self._pictures.move_to_end((scene.epoch, place))
        while len(self._pictures) > KEPT_PICTURES:
            self._pictures.popitem(last=False)
        return known[1]

    def _joints_at(self, scene: Scene, place: Place, chunk: ChunkScene) -> Joints:
        known = self._joints.get((scene.epoch, place))
        if known is None or known[0] != chunk.version:
            if len(self._joints) > KEPT_PICTURES:
                self._joints.clear()
            known = self._joints[scene.epoch, place] = (chunk.version, joints_of(chunk))
        return known[1]

    # --- what moves --------------------------------------------------------------------------------------------

    def _arms(self, scene: Scene, view: View, tick: float) -> list[Quads]:
        rows, x, y = scene.arms.at(tick)
        seen = _within(rows["x"], rows["y"], view)
        rows, x, y = rows[seen], x[seen], y[seen]
        cells = self._cells(scene)
        held = np.where(rows["held"] >= 0, cells[rows["held"]], -1)
        out = []
        for number in np.unique(rows["kind"]):
            some = rows["kind"] == number
            name = scene.arms.kinds[number]
            one = rows[some]
            out.append(self.figures.arms(name, one["x"], one["y"], x[some], y[some], held[some]))
        return out

    def _items(self, scene: Scene, view: View, tick: float) -> Quads:
        x, y, names = scene.items.at(tick)
        seen = _within(x, y, view)
        x, y, names = x[seen], y[seen], names[seen]
        rows = marks.blank(self.atlas, len(x), "unknown", Order.ITEM)
        rows["x"], rows["y"], rows["w"], rows["h"] = x, y, ITEM_SIZE, ITEM_SIZE
        rows["cell"] = self._cells(scene)[names]
        return rows

    def _cells(self, scene: Scene) -> NDArray[np.int64]:
        """The pictures of items by their number in the scene."""
        return np.array([self.atlas.find(f"item/{word}") for word in scene.items.words] or [0], np.int64)

    def _movers(self, scene: Scene, view: View, tick: float) -> list[Parts]:
        out = []
        silos = {(t.x, t.y): t for c in scene.chunks.values() for t in c.silos.values()}
        for mover in scene.movers.values():
            t = mover.thing
            x, y = mover.at(tick, scene.ahead_ticks)
            west, north, east, south = view.area
            if not (
                west - BORDER_TILES < x < east + BORDER_TILES
                and north - BORDER_TILES < y < south + BORDER_TILES
            ):
                continue
            rows = self._mover(t, mover).copy()
            silo = silos.get((t.x, t.y)) if t.type == "rocket-silo-rocket" else None
            if silo is not None:
                rows = launch.rocket(rows, silo, tick)
            rows["x"] += x
            rows["y"] += y
            out.append(rows)
        return out

    def _mover(self, t: Thing, mover: Mover) -> Parts:
        if t.type == "character":
            walks = bool(t.more[0]) or mover.vx != 0 or mover.vy != 0
            direction = t.direction
            if mover.vx or mover.vy:
                direction = round(math.atan2(mover.vx, -mover.vy) / math.tau * 16) % 16
            return self.figures.entity(t.name, t.type, direction, shape="walking" if walks else "")
        return self.figures.entity(t.name, t.type, t.direction, turn=(t.more[0] if t.more else 0) / 64)

    def _players(self, scene: Scene, view: View, tick: float) -> list[Quads]:
        """Rings around characters, so that they are found, and whose they are."""
        who = [m for m in scene.movers.values() if m.thing.type == "character"]
        return [
            marks.player(
                self.atlas, *m.at(tick, scene.ahead_ticks), scene.agents.get(m.thing.key, ""), view.scale
            )
            for m in who
        ]

    # --- layers ------------------------------------------------------------------------------------------------

    def _layers(self, view: View, marked: dict[str, NDArray[Any]], tick: float) -> list[Quads]:
        scale, layers = view.scale, view.layers
        rows: list[Quads] = []
        wires = marked["wires"]
        if scale >= WIRES_FROM and len(wires):
            seen = _within(wires[:, 0], wires[:, 1], view, 32) | _within(wires[:, 2], wires[:, 3], view, 32)
            ax, ay, bx, by = wires[seen].T
            rows.append(marks.wires(self.atlas, ax, ay, bx, by, least=1.2 / scale))
        if "power" in layers:
            areas = _inside(marked["areas"], view, 16)
            supplied = areas["tint"] == SUPPLIED
            rows.append(self._areas(areas[supplied], Order.DECAL + 1))
            rows.append(self._areas(areas[~supplied], Order.OVERLAY))
        if "fluids" in layers:
            rows.append(self._areas(_inside(marked["fluids"], view), Order.OVERLAY))
        icons = _inside(marked["icons"], view)
        if "alt" in layers:
            rows.append(self._icons(icons[icons["tint"] == 0], scale))
        if "fluids" in layers:
            rows.append(self._icons(icons[icons["tint"] == 1], scale))
        if "status" in layers:
            rows.append(self._badges(_inside(marked["badges"], view), scale, tick))
        if "grid" in layers:
            rows.append(marks.grid(self.atlas, view))
        return rows

    def _icons(self, points: NDArray[Any], scale: float) -> Quads:
        size = np.maximum(points["w"], min(LEAST_ICON / scale, MOST_ICON))
        return marks.icons(self.atlas, points["x"], points["y"], points["cell"], size)

    def _badges(self, points: NDArray[Any], scale: float, tick: float) -> Quads:
        return marks.badges(self.atlas, points["x"], points["y"], points["cell"], scale, tick)

    def _areas(self, areas: NDArray[Any], order: int) -> Quads:
        return marks.boxes(self.atlas, areas["x"], areas["y"], areas["w"], areas["h"], areas["tint"], order)

    # --- far away ----------------------------------------------------------------------------------------------

    def _far(self, scene: Scene, view: View, tick: float) -> Quads:
        """Where things are only blocks: who goes about, as dots, and the layers that still say something."""
        scale = view.scale
        rows = [quads(0), *self._players(scene, view, tick)]
        if "status" in view.layers and scale >= BADGES_FROM:
            _, marked = self._standing(scene, view)
            rows.append(self._badges(_inside(marked["badges"], view), scale, tick))
        if "grid" in view.layers:
            rows.append(marks.grid(self.atlas, view))
        return np.concatenate(rows)

    def _blocky(self, scene: Scene) -> dict[Place, GroundChunk]:
        out = {}
        for place, ground in scene.ground.items():
            chunk = scene.chunks[place]
            signature = (chunk, ground, chunk.version)
            known = self._blocks.get((scene.epoch, place))
            if known is None or known[0] != signature:
                over = blocks(chunk, place, self._colour)
                known = self._blocks[scene.epoch, place] = (
                    signature, GroundChunk(ground.tiles, ground.ores, over),
                )  # fmt: skip
            self._blocks.move_to_end((scene.epoch, place))
            out[place] = known[1]
        while len(self._blocks) > max(KEPT_PICTURES, len(out)):
            self._blocks.popitem(last=False)
        return out

    def _mean_colour(self, name: str) -> tuple[int, int, int, int]:
        """The colour of an entity from far away."""
        cell = self.atlas.find(
            f"{name}/0",
            f"{name}/0/0",
            f"{name}/straight/1/0",
            f"{name}/in/0",
            f"{name}/15",
            f"ore/{name}/0",
            name,
            f"item/{name}",
        )
        pixels = self.atlas.picture(cell, 3).reshape(-1, 4).astype(np.float64)
        alpha = max(1.0, pixels[:, 3].sum())
        mean = pixels[:, :3].sum(axis=0) / alpha * 255
        proto = prototypes.load().entity.get(name)
        if proto is not None and "player-creation" in proto.flags:
            # Most is of metal, and would be lost on the ground.
            mean = np.clip(mean.mean() + (mean - mean.mean()) * VIVID, 0, 255) * BRIGHT
        red, green, blue = mean
        return (round(min(red, 255)), round(min(green, 255)), round(min(blue, 255)), 255)


class _Nothing:
    """The marks of no chunk."""

    badges = icons = smoke = np.zeros(0, POINT)
    areas = fluids = np.zeros(0, AREA)
    wires = np.zeros((0, 4))
    lights = np.zeros(0, LIGHT)


_NOTHING = _Nothing()


def _find(scene: Scene, place: Place, key: int) -> Thing | None:
    """A thing in a chunk or one of those around it."""
    for dx, dy in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)):
        chunk = scene.chunks.get((place[0] + dx, place[1] + dy))
        if chunk is not None and key in chunk.things:
            return chunk.things[key]
    return None


def _within(x: NDArray[Any], y: NDArray[Any], view: View, border: float = BORDER_TILES) -> NDArray[np.bool_]:
    west, north, east, south = view.area
    seen: NDArray[np.bool_] = (
        (x > west - border) & (x < east + border) & (y > north - border) & (y < south + border)
    )
    return seen


def _inside(rows: NDArray[Any], view: View, border: float = BORDER_TILES) -> NDArray[Any]:
    """Those of some rows that may be seen in a view."""
    seen = _within(rows["x"], rows["y"], view, border)
    return rows if seen.all() else rows[seen]
