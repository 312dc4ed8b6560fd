"""Scenes: what there is to see of a world, and what of it has changed since somebody last looked.

Nothing is noted down while the world runs. Whoever looks has the chunks in view compared with what was last told of them,
so a world at which nobody looks does nothing. `runtime/scene.lua` gives the same answer on Factorio itself.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable
from itertools import groupby, pairwise
from typing import Any

from runtime.engine.entity import Entity
from runtime.engine.scene_rows import Row, arm_row, key_at, row_of
from runtime.engine.surface import CHUNK, Surface
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.electricity import ElectricPole
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.lanes import Lane
from runtime.engine.systems.mining import Resource
from runtime.engine.systems.splitters import Splitter
from runtime.engine.world import World

Rect = tuple[int, int, int, int]  # chunks: left, top, right, bottom; the latter two are outside
Place = tuple[int, int]  # of a chunk: (x, y)

FEW_CHUNKS = 1024  # a look at more tells only of those that there are
MOST_TILED = 256  # of which tiles are told at once
KEPT_CHUNKS = 8192
TOMBSTONES = 1000  # a chunk that has lost more is told whole
ROUNDS = 10  # looks in which all that changes seldom is compared
# Statuses with which an arm stays where it is.
STOPPED = frozenset({"no_power", "no_fuel", "disabled_by_script", "not_plugged_in_electric_network"})
# What changes by itself, beside arms and what lies on belts; all else is compared in turns.
LIVE = frozenset(
    {"accumulator", "ammo-turret", "artillery-turret", "artillery-wagon", "assembling-machine", "beacon", "boiler",
     "burner-generator", "car", "cargo-pod", "cargo-wagon", "character", "combat-robot", "construction-robot",
     "electric-turret", "fluid-turret", "fluid-wagon", "furnace", "fusion-generator", "fusion-reactor", "gate",
     "generator", "lab", "lamp", "locomotive", "logistic-robot", "mining-drill", "offshore-pump", "pump", "radar",
     "reactor", "roboport", "rocket-silo", "rocket-silo-rocket", "spider-vehicle", "turret", "unit"}
)  # fmt: skip


class _Arm:
    """An inserter, and what its arm was last told to do."""

    __slots__ = ("began", "entity", "held", "path", "stopped", "version")

    def __init__(self, entity: Inserter, stopped: bool, version: int) -> None:
        self.entity = entity
        self.see(stopped, version)

    def see(self, stopped: bool, version: int) -> None:
        """Note what it is about now."""
        e = self.entity
        self.path, self.began, self.held, self.stopped = e.path, e.began, e.held, stopped
        self.version = version


class _Lane:
    """A lane, and what was last seen on it. `pieces`: (chunk x, chunk y, id, line, low, high) from front to back."""

    __slots__ = ("counts", "heads", "holds", "inside", "lane", "names", "open", "pieces", "rect", "version")

    def __init__(self, lane: Lane, version: int) -> None:
        self.lane = lane
        self.version = version
        self.pieces = _pieces(lane)
        self.rect: Rect | None = None  # that `inside` and `open` are about
        self.inside: list[tuple[int, int, int, int]] = []
        self.open = False  # something may come in from outside
        self._see()

    def _see(self) -> None:
        lane = self.lane
        self.heads, self.counts = lane.heads[:], lane.counts[:]
        self.names, self.holds = lane.names[:], lane.holds[:]

    def look(self, version: int) -> None:
        """Note what has happened to it beside moving on."""
        lane = self.lane
        if (
            lane.heads != self.heads or lane.counts != self.counts or lane.names != self.names
            or lane.holds != self.holds
        ):  # fmt: skip
            self.version = version
            self._see()

    def fit(self, rect: Rect) -> None:
        """Know what of it lies in a rectangle of chunks."""
        if self.rect != rect:
            left, top, right, bottom = self.rect = rect
            inside = [left <= x < right and top <= y < bottom for x, y, *_ in self.pieces]
            self.inside = [p[2:] for p, within in zip(self.pieces, inside, strict=True) if within]
            self.open = any(a and not b for a, b in pairwise(inside))


class _Chunk:
    """What was last told of a chunk: rows by key, and when."""

    __slots__ = (
        "arms", "belts", "born", "end", "gone", "lanes", "live", "members", "ores", "poles", "rows", "slow",
        "told", "versions", "wired",
    )  # fmt: skip

    def __init__(self, version: int) -> None:
        self.born = self.told = version  # first looked at; last changed
        self.end = (0, -1)
        self.members: dict[int, tuple[Entity, int]] = {}  # order -> entity, key
        self.rows: dict[int, Row] = {}
        self.versions: dict[int, int] = {}
        self.gone: list[tuple[int, int]] = []  # version, key
        self.live: dict[int, Entity] = {}
        self.slow: dict[int, Entity] = {}
        self.poles: dict[int, Entity] = {}
        self.wired = (0, -1)  # which poles there were in the world when it was asked how these are wired
        self.arms: dict[int, _Arm] = {}
        self.belts: dict[
            int, list[Any]
        ] = {}  # key -> belt or splitter, (the first half of) it, the lanes over it
        self.lanes: list[_Lane] = []
        self.ores: dict[int, tuple[Resource, int, int]] = {}  # key -> resource, level, version


class Scenes:
    """What of a world was told to those who look at it.

    An answer holds whole chunks at first, and then what has changed since a `version` of the same `epoch`; see `changes`.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.epoch = int.from_bytes(os.urandom(4), "big")
        self.version = 0
        self._chunks: dict[Place, _Chunk] = {}
        self._lanes: dict[int, _Lane] = {}
        self._turn = 0

    def changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        """What there is to see in a rectangle of chunks, as far as it isn't known.

        Args:
            rect: what is looked at; of more than `FEW_CHUNKS`, only those that there are.
            known: the part of which all is known up to the version `since` of `epoch`.

        Returns:
            `epoch`, `version`, `tick`; `tiles`, a number that changes when a script or hand has changed tiles; `names`,
            which all names below are places in;
            `chunks`: `[x, y, whole, gone, rows, arms, ores]`. whole: 1 if nothing else is in the chunk. gone: keys.
            rows: `[key, name, x, y, direction, status or -1, …]` and by type the shape of a belt, a machine's recipe, a
            silo's recipe and stage, a pole's wires as keys, a pipe's or tank's sides, fluid and level in eighths, a
            ghost's name and type, a cliff's orientation, an item's name, whether a character walks, a station's name,
            whether a gate opens or is open, where a turret aims in 64ths of a turn or -1, a vehicle's heading in 64ths.
            arms: `[key, hand x, y, goal x, y, item or -1]`, in hundredths of a tile from the inserter.
            ores: `[x, y, name, level]`, amounts from 2 ** level on; level -1: gone.
            `lines`: `[key, line, name, place, …]`: what lies on a transport line, in 1/256 tile from its end.
        """
        self.version = version = self.version + 1
        if epoch != self.epoch:
            since = 0
        names = _Names()
        chunks: list[list[Any]] = []
        lanes: dict[int, tuple[_Lane, bool]] = {}
        places = self._places(rect)
        wired = _end_of(self.world.surface.by_type.get("electric-pole"))
        turns = max(1, len(places) // ROUNDS)
        first = self._turn % max(1, len(places))
        self._turn += turns
        for number, place in enumerate(places):
            chunk = self._chunks.get(place)
            fresh = chunk is None
            if chunk is None:
                chunk = self._chunks[place] = _Chunk(version)
            self._look(chunk, place, version, fresh or (number - first) % len(places) < turns, wired)
            x, y = place
            new = not (since and known[0] <= x < known[2] and known[1] <= y < known[3]) or chunk.born > since
            told = self._tell(chunk, place, 0 if new else since, names)
            if told is not None:
                chunks.append(told)
            for lane in chunk.lanes:
                before = lanes.get(id(lane))
                lanes[id(lane)] = (lane, new or (before is not None and before[1]))
        lines: list[list[Any]] = []
        for lane, new in lanes.values():
            lane.fit(rect)
            lane.look(version)
            if new or lane.version > since or (lane.open and lane.names):
                self._tell_lane(lane, not new, lines, names)
        self._forget()
        return {
            "epoch": self.epoch, "version": version, "tick": self.world.tick,
            "tiles": len(self.world.surface.changed_tiles), "names": names.names, "chunks": chunks, "lines": lines,
        }  # fmt: skip

    def _places(self, rect: Rect) -> list[Place]:
        left, top, right, bottom = rect
        if (right - left) * (bottom - top) <= FEW_CHUNKS:
            return [(x, y) for y in range(top, bottom) for x in range(left, right)]
        there = self.world.surface.chunk_places()
        return [place for place in there if left <= place[0] < right and top <= place[1] < bottom]

    def _forget(self) -> None:
        """Don't keep what nobody has looked at for long, nor lanes that are no more."""
        while len(self._chunks) > KEPT_CHUNKS:
            del self._chunks[next(iter(self._chunks))]
        if len(self._lanes) > 256 and self._turn % 64 == 0:
            self._lanes = {key: lane for key, lane in self._lanes.items() if not lane.lane.gone}

    # --- looking -----------------------------------------------------------------------------------------------

    def _look(self, chunk: _Chunk, place: Place, version: int, closely: bool, wired: tuple[int, int]) -> None:
        """Compare a chunk with what is known of it. closely: also what changes seldom."""
        there = self.world.surface.chunks.get((place[1], place[0]))
        end = _end_of(there)
        if end != chunk.end or (closely and there and there.keys() != chunk.members.keys()):
            chunk.end = end
            closely = True
            self._count(chunk, there or {}, version)
        for key, entity in chunk.live.items():
            _note(chunk, key, row_of(key, entity), version)
        for key, arm in chunk.arms.items():
            e = arm.entity
            status = e.status()
            if status != chunk.rows[key][5] or e.direction != chunk.rows[key][4]:
                _note(chunk, key, row_of(key, e), version)
            stopped = status in STOPPED
            if arm.path is not e.path or arm.began != e.began or arm.held != e.held or arm.stopped != stopped:
                arm.see(stopped, version)
                chunk.told = version
        rebuilt = False
        for belts in chunk.belts.values():
            if belts[1].lanes is not belts[2]:
                belts[2] = belts[1].lanes
                rebuilt = True
        if rebuilt:
            self._find_lanes(chunk, version)
        if rebuilt or closely:
            for key, belts in chunk.belts.items():
                _note(chunk, key, row_of(key, belts[0]), version)
        if closely:
            if chunk.wired != wired:
                chunk.wired = wired
                for key, entity in chunk.poles.items():
                    _note(chunk, key, row_of(key, entity), version)
            for key, entity in chunk.slow.items():
                _note(chunk, key, row_of(key, entity), version)
            for key, (ore, level, _) in chunk.ores.items():
                now = ore.amount.bit_length() - 1
                if level >= 0 and now != level:
                    chunk.ores[key] = (ore, now, version)
                    chunk.told = version

    def _count(self, chunk: _Chunk, there: dict[int, Entity], version: int) -> None:
        """Entities have come or gone."""
        members = chunk.members
        for order in [order for order in members if order not in there]:
            entity, key = members.pop(order)
            chunk.told = version
            if key in chunk.ores:
                chunk.ores[key] = (chunk.ores[key][0], -1, version)
                continue
            for kind in (
                chunk.rows,
                chunk.versions,
                chunk.live,
                chunk.slow,
                chunk.poles,
                chunk.arms,
                chunk.belts,
            ):
                kind.pop(key, None)
            chunk.gone.append((version, key))
        if len(chunk.gone) > TOMBSTONES:
            chunk.gone.clear()
            chunk.born = version
        for order, entity in there.items():
            if order not in members:
                key = entity.unit_number or key_at(entity.x, entity.y)
                members[order] = (entity, key)
                self._add(chunk, key, entity, version)
        self._find_lanes(chunk, version)

    def _add(self, chunk: _Chunk, key: int, entity: Entity, version: int) -> None:
        if isinstance(entity, Resource) and not entity.proto.raw.get("infinite"):
            chunk.ores[key] = (entity, entity.amount.bit_length() - 1, version)
            chunk.told = version
            return
        _note(chunk, key, row_of(key, entity), version)
        if isinstance(entity, Inserter):
            chunk.arms[key] = _Arm(entity, entity.status() in STOPPED, version)
        elif isinstance(entity, (TransportBelt, Splitter)):
            belt = _belts_of(entity)[0]
            chunk.belts[key] = [entity, belt, belt.lanes]
        elif isinstance(entity, ElectricPole):
            chunk.poles[key] = entity
        elif entity.type in LIVE:
            chunk.live[key] = entity
        elif entity.unit_number:
            chunk.slow[key] = entity

    def _find_lanes(self, chunk: _Chunk, version: int) -> None:
        """The lanes that run over a chunk's belts."""
        found: dict[int, _Lane] = {}
        for entity, _, _ in chunk.belts.values():
            for half in _belts_of(entity):
                for lane in half.lanes:
                    known = self._lanes.get(id(lane))
                    if known is None or known.lane is not lane:
                        known = self._lanes[id(lane)] = _Lane(lane, version)
                    found[id(lane)] = known
        chunk.lanes = list(found.values())

    # --- telling -----------------------------------------------------------------------------------------------

    def _tell(self, chunk: _Chunk, place: Place, since: int, names: _Names) -> list[Any] | None:
        """A chunk as it is, or what of it has changed since a version; None if nothing has."""
        if since and chunk.told <= since:
            return None
        gone = [key for version, key in chunk.gone if version > since] if since else []
        versions = chunk.versions
        rows = [names.spell(row) for key, row in chunk.rows.items() if versions[key] > since]
        arms = [
            names.spell((key, *arm_row(arm.entity, arm.stopped)))
            for key, arm in chunk.arms.items()
            if arm.version > since
        ]
        ores = [
            [ore.x, ore.y, names.number(ore.name), level]
            for ore, level, version in chunk.ores.values()
            if version > since and (since or level >= 0)
        ]
        return [*place, 0 if since else 1, gone, rows, arms, ores]

    def _tell_lane(self, lane: _Lane, empty: bool, lines: list[list[Any]], names: _Names) -> None:
        """What lies on a lane now. empty: also where nothing does."""
        places = lane.lane.places(self.world.tick)
        items = lane.lane.names
        for key, line, low, high in lane.inside:
            first = bisect_left(places, low)
            stop = bisect_left(places, high, first)
            if stop > first or empty:
                row: list[Any] = [key, line]
                for n in range(first, stop):
                    row.append(names.number(items[n]))
                    row.append(places[n] - low)
                lines.append(row)


class _Names:
    """The names in one answer, by number."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of a name."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
        return number

    def spell(self, row: Row) -> list[Any]:
        """A row with numbers for its names, -1 for none."""
        number = self.number
        return [number(v) if type(v) is str else -1 if v is None else v for v in row]


def tiles(world: World, rect: Rect) -> dict[str, Any]:
    """The tiles of chunks: `names`, and `chunks`: `[x, y, count, name, count, name, …]` row by row."""
    names = _Names()
    surface = world.surface
    changed = {(x // CHUNK, y // CHUNK) for x, y in surface.changed_tiles}
    chunks: list[list[Any]] = []
    left, top, right, bottom = rect
    for y in range(top, bottom):
        for x in range(left, right):
            row: list[Any] = [x, y]
            for name, same in groupby(_tile_names(surface, x, y, (x, y) in changed)):
                row += (sum(1 for _ in same), names.number(name))
            chunks.append(row)
    return {"names": names.names, "chunks": chunks}


def _tile_names(surface: Surface, x: int, y: int, changed: bool) -> Iterable[str]:
    """The tiles of a chunk, row by row."""
    if surface.land is not None and not changed:
        return surface.land.names_in((x, y))
    columns = range(x * CHUNK, x * CHUNK + CHUNK)
    return [surface.tile(tx, ty) for ty in range(y * CHUNK, y * CHUNK + CHUNK) for tx in columns]


def read_rect(words: list[str], most: int = 1 << 62) -> Rect:
    """A rectangle of chunks from four words. Raises ValueError for one that can't be looked at."""
    left, top, right, bottom = (int(word) for word in words)
    inside = -40_000 <= left < right <= 40_000 and -40_000 <= top < bottom <= 40_000
    if not inside or (right - left) * (bottom - top) > most:
        raise ValueError
    return left, top, right, bottom


def _pieces(lane: Lane) -> list[tuple[int, int, int, int, int, int]]:
    out = []
    n = lane.number
    for belt in lane.belts:
        whole = belt.whole
        x, y = int(whole.x // CHUNK), int(whole.y // CHUNK)
        low, high = belt.offsets[n], belt.offsets[n] + belt.lengths[n]
        line = n + 1
        if isinstance(whole, Splitter):
            line += 2 * next(i for i, half in enumerate(whole.halves) if half is belt)
        elif belt.hidden:
            out.append((x, y, whole.unit_number, line + 2, low, low + belt.hidden))
            low += belt.hidden
        out.append((x, y, whole.unit_number, line, low, high))
    return out


def _belts_of(entity: Any) -> list[TransportBelt]:
    """A belt, or the halves of a splitter."""
    return list(entity.halves) if isinstance(entity, Splitter) else [entity]


def _end_of(index: dict[int, Entity] | None) -> tuple[int, int]:
    """How many entities an index holds, and the last one's order: as good as always another when some have come or gone."""
    return (len(index), next(reversed(index))) if index else (0, -1)


def _note(chunk: _Chunk, key: int, row: Row, version: int) -> None:
    if chunk.rows.get(key) != row:
        chunk.rows[key] = row
        chunk.versions[key] = chunk.told = version
