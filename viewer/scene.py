"""What is known of a part of a world: a snapshot, then what has changed, and where everything is in between."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.engine import prototypes
from viewer.arms import Arms
from viewer.art.ground import kind_of
from viewer.art.ores import ore_code
from viewer.belt_items import BELTS, BeltItems
from viewer.display_list import CHUNK, GroundChunk
from viewer.marks import BADGES
from viewer.view import View

BORDER_TILES = 5
"""What stands so far outside a picture may reach into it: half of a rocket silo."""
MOST_TILED = 256
"""Chunks of which a world tells the tiles at once."""
STALE_TILED = 16
"""Of so many chunks the tiles are asked for again in one look."""
TILES_AGAIN = 8
"""Looks after which the tiles of another chunk are asked for again, where changes aren't told."""
AHEAD_SECONDS = 0.5
"""Nothing is shown to move on without news for longer."""
EASE_SECONDS = 0.2
"""In which a clock that turns out to be wrong is set right."""
MOVERS = frozenset(
    {"artillery-wagon", "car", "cargo-pod", "cargo-wagon", "character", "combat-robot", "construction-robot",
     "fluid-wagon", "locomotive", "logistic-robot", "rocket-silo-rocket", "spider-vehicle", "unit"}
)  # fmt: skip
WORKING = frozenset({"", "working", "normal", "low_power", "charging", "discharging"})
"""Statuses with which things move and glow."""
STRIDE = 2.0
"""Tiles; what has gone farther between two looks was put there and did not walk."""

Place = tuple[int, int]  # of a chunk: (x, y)
Rect = tuple[int, int, int, int]  # chunks: left, top, right, bottom; the latter two are outside
NOWHERE: Rect = (0, 0, 0, 0)


class Eyes(Protocol):
    """What a scene needs of a world. Both raise what the connection raises when the world is gone."""

    def scene_changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        """See `runtime.engine.scene.Scenes.changes`; and `speed` and `paused` of the world."""

    def scene_tiles(self, rect: Rect) -> dict[str, Any]:
        """See `runtime.engine.scene.tiles`."""


class Thing:
    """One entity: `more` is by type what `Scenes.changes` says, with words for the numbers of names."""

    __slots__ = ("direction", "key", "more", "name", "since", "status", "type", "x", "y")

    def __init__(
        self, key: int, name: str, x: float, y: float, direction: int, status: str, more: tuple[Any, ...]
    ) -> None:
        self.key, self.name, self.x, self.y = key, name, x, y
        self.direction, self.status, self.more = direction, status, more
        self.since = 0.0  # the tick from which on `more` has been so, as far as is known
        proto = prototypes.load().entity.get(name)
        self.type = proto.type if proto is not None else ""

    def looks_like(self, other: Thing) -> bool:
        """Whether both look the same where they stand."""
        return (self.name, self.x, self.y, self.direction, self.more, _mood(self)) == (
            other.name, other.x, other.y, other.direction, other.more, _mood(other)
        )  # fmt: skip

    @property
    def shape(self) -> str:
        """Of a belt: "straight", "left" or "right"; of an underground one "input" or "output"."""
        return str(self.more[0]) if self.more else ""


def _mood(thing: Thing) -> tuple[bool, str | None, bool]:
    """What is to be seen of a status: whether it moves, its badge, and whether it smokes."""
    status = thing.status
    return (
        status in WORKING and thing.type != "inserter", BADGES.get(status), status in ("working", "low_power")
    )  # fmt: skip


class Mover:
    """Something that goes about: where it was at the last two looks."""

    __slots__ = ("thing", "tick", "vx", "vy")

    def __init__(self, thing: Thing, tick: float) -> None:
        self.thing, self.tick = thing, tick
        self.vx = self.vy = 0.0

    def goes_on(self, thing: Thing, tick: float) -> None:
        """It has been seen again, perhaps elsewhere."""
        ticks = tick - self.tick
        dx, dy = thing.x - self.thing.x, thing.y - self.thing.y
        walked = ticks > 0 and math.hypot(dx, dy) < max(STRIDE, 0.4 * ticks)
        self.vx, self.vy = (dx / ticks, dy / ticks) if walked else (0.0, 0.0)
        self.thing, self.tick = thing, tick

    def at(self, tick: float, most: float) -> tuple[float, float]:
        """Where it is, going on as it did for `most` ticks at most."""
        past = min(max(0.0, tick - self.tick), most)
        return self.thing.x + self.vx * past, self.thing.y + self.vy * past


class ChunkScene:
    """What stands in a chunk. `version` is another number whenever anything of `things` has changed."""

    __slots__ = ("movers", "ores", "silos", "things", "tiles", "version")

    def __init__(self) -> None:
        self.things: dict[int, Thing] = {}
        self.movers: dict[int, Thing] = {}  # those of them that go about
        self.silos: dict[int, Thing] = {}
        self.tiles: NDArray[np.uint8] | None = None
        self.ores: NDArray[np.uint8] = np.zeros((CHUNK, CHUNK), np.uint8)
        self.version = 0


class Scene:
    """What is known of a part of a world. For one thread at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._version = 0
        self._changed_tiles = 0
        self._looks = 0
        self._counter = 0
        self._seen_at = 0.0
        self.clear()

    def clear(self) -> None:
        """Forget all: what comes next is another world, or the same one from an earlier save."""
        self.epoch = 0
        self._version = 0
        self.known: Rect = NOWHERE
        self.tick = 0.0
        self.speed = 1.0
        self.paused = False
        self.darkness = 0.0
        self._off = 0.0
        self.chunks: dict[Place, ChunkScene] = {}
        self.ground: dict[Place, GroundChunk] = {}
        self.items = BeltItems()
        self.arms = Arms()
        self.movers: dict[int, Mover] = {}
        self.agents: dict[int, str] = {}  # key of a character -> whose it is
        self._restring = False
        self._stale: dict[Place, None] = {}  # chunks whose tiles may have changed

    # --- looking -----------------------------------------------------------------------------------------------

    def look(self, eyes: Eyes, view: View) -> None:
        """Bring what is known of a view to the present.

        Raises:
            Whatever the world raises when it is gone; what is known stays as it was then.
        """
        rect = chunks_in(view)
        answer = eyes.scene_changes(rect, self.epoch, self._version, self.known if self._version else rect)
        self.apply(answer, rect)
        for part in self._tiles_wanted(rect):
            self.apply_tiles(eyes.scene_tiles(part))

    def apply(self, answer: Mapping[str, Any], rect: Rect) -> None:
        """Take in what `/scene-changes` said of some chunks."""
        now = self._clock()
        if answer["epoch"] != self.epoch:
            self.clear()
            self.epoch = answer["epoch"]
        expected = self.now()
        tick = float(answer["tick"])
        self.speed, self.paused = float(answer.get("speed", 1)), bool(answer.get("paused"))
        first = self._version == 0
        self._off = 0.0 if first or abs(expected - tick) > 60 * self.speed + 30 else expected - tick
        self.tick, self._seen_at = tick, now
        self._version = answer["version"]
        if answer["tiles"] != self._changed_tiles and not first:
            self._stale = dict.fromkeys(self.chunks)
        self._changed_tiles = answer["tiles"]
        self._drop_outside(rect)
        self.known = rect
        self.darkness = float(answer.get("darkness", 0))
        self.agents = dict(answer.get("agents") or ())
        names: list[str] = answer["names"]
        for told in answer["chunks"] or ():
            self._take_in(told, names)
        self._follow()
        if self._restring:
            self._restring = False
            belts = [t for c in self.chunks.values() for t in c.things.values() if t.type in BELTS]
            self.items.string(belts, tick, self._unknown)
        self.items.lay(answer["lines"] or (), names, tick)
        self._looks += 1

    def _unknown(self, x: int, y: int) -> bool:
        left, top, right, bottom = self.known
        return not (left <= x // CHUNK < right and top <= y // CHUNK < bottom)

    def _drop_outside(self, rect: Rect) -> None:
        """What is not looked at any more is not kept up to date either."""
        left, top, right, bottom = rect
        for place in [p for p in self.chunks if not (left <= p[0] < right and top <= p[1] < bottom)]:
            for key in list(self.chunks[place].things):
                self._remove(self.chunks[place], key)
            del self.chunks[place]
            self.ground.pop(place, None)
        if rect != self.known:
            self._restring = True  # other ends are open

    def _take_in(self, told: list[Any], names: list[str]) -> None:
        x, y, whole, gone, rows, arms, ores = told
        chunk = self.chunks.get((x, y))
        if chunk is None:
            chunk = self.chunks[x, y] = ChunkScene()
        if whole:
            new = {row[0] for row in rows or ()}
            gone = [key for key in chunk.things if key not in new]
            chunk.ores = np.zeros((CHUNK, CHUNK), np.uint8)
        changed = bool(whole)
        for key in gone or ():
            changed |= key not in chunk.movers
            self._remove(chunk, key)
        for row in rows or ():
            changed |= self._put(chunk, thing_of(row, names))
        for row in arms or ():
            thing = chunk.things[row[0]]
            held = self.items.number(names[row[5]]) if row[5] >= 0 else -1
            self.arms.put(thing.key, thing.name, thing.x, thing.y, row[1:5], held, self.tick)
        if ores:
            chunk.ores = chunk.ores.copy()
            for ore_x, ore_y, name, level in ores:
                code = ore_code(names[name], 1.4 * 2**level) if level >= 0 else 0
                chunk.ores[int(ore_y // 1) % CHUNK, int(ore_x // 1) % CHUNK] = code
        if changed:
            self._counter += 1
            chunk.version = self._counter
        if (ores or whole) and chunk.tiles is not None:
            self._lay_ground((x, y), chunk)

    def _remove(self, chunk: ChunkScene, key: int) -> None:
        thing = chunk.things.pop(key, None)
        chunk.movers.pop(key, None)
        chunk.silos.pop(key, None)
        if thing is None:
            return
        if thing.type in BELTS:
            self._restring = True
        elif thing.type == "inserter":
            self.arms.remove(key)

    def _put(self, chunk: ChunkScene, thing: Thing) -> bool:
        """A thing has come or changed; whether that is to be seen in the picture of its chunk."""
        old = chunk.things.get(thing.key)
        chunk.things[thing.key] = thing
        same = old is not None and thing.looks_like(old)
        thing.since = old.since if old is not None and old.more == thing.more else self.tick
        if thing.type == "rocket-silo":
            chunk.silos[thing.key] = thing
        if thing.type in MOVERS:
            chunk.movers[thing.key] = thing
            return False
        if thing.type in BELTS and not same:
            self._restring = True
        return not same

    def _follow(self) -> None:
        """See where all that goes about is now."""
        before, self.movers = self.movers, {}
        for chunk in self.chunks.values():
            for key, thing in chunk.movers.items():
                mover = self.movers[key] = before.get(key) or Mover(thing, self.tick)
                mover.goes_on(thing, self.tick)

    # --- tiles -------------------------------------------------------------------------------------------------

    def _tiles_wanted(self, rect: Rect) -> Iterator[Rect]:
        """Parts of a rectangle whose tiles have to be asked for."""
        missing = {place for place, chunk in self.chunks.items() if chunk.tiles is None}
        if not missing and not self._stale and self._looks % TILES_AGAIN == 0:
            places = list(self.chunks)
            self._stale = dict.fromkeys(
                places[self._looks // TILES_AGAIN % len(places) :][:1] if places else ()
            )
        for place in list(self._stale)[:STALE_TILED]:
            del self._stale[place]
            if place in self.chunks:
                missing.add(place)
        while missing:
            left, top = min(missing, key=lambda p: (p[1], p[0]))
            right = left + 1
            while (right, top) in missing and right - left < MOST_TILED:
                right += 1
            bottom = top + 1
            while (bottom - top + 1) * (right - left) <= MOST_TILED and all(
                (x, bottom) in missing for x in range(left, right)
            ):
                bottom += 1
            missing -= {(x, y) for x in range(left, right) for y in range(top, bottom)}
            yield left, top, right, bottom

    def apply_tiles(self, answer: Mapping[str, Any]) -> None:
        """Take in what `/scene-tiles` said."""
        kinds = np.array([kind_of(name) for name in answer["names"]], np.uint8)
        for x, y, *runs in answer["chunks"]:
            chunk = self.chunks.get((x, y))
            if chunk is None:
                continue
            tiles = np.repeat(kinds[runs[1::2]], runs[::2]).reshape(CHUNK, CHUNK)
            if chunk.tiles is None or not np.array_equal(tiles, chunk.tiles):
                chunk.tiles = tiles
                self._lay_ground((x, y), chunk)

    def _lay_ground(self, place: Place, chunk: ChunkScene) -> None:
        assert chunk.tiles is not None
        ores = chunk.ores if chunk.ores.any() else None
        self.ground[place] = GroundChunk(chunk.tiles, ores)

    # --- time --------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """The tick that it is by now, as far as can be known: it runs evenly between looks."""
        past = self._clock() - self._seen_at
        run = 0.0 if self.paused else min(past, AHEAD_SECONDS) * 60 * self.speed
        return self.tick + run + self._off * max(0.0, 1 - past / EASE_SECONDS)

    @property
    def ahead_ticks(self) -> float:
        """For how many ticks things go on without news."""
        return AHEAD_SECONDS * 60 * self.speed


def thing_of(row: list[Any], names: list[str]) -> Thing:
    """A thing from a row of `/scene-changes`."""
    key, name, x, y, direction, status, *more = row
    thing = Thing(key, names[name], x, y, direction, names[status] if status >= 0 else "", ())
    words = WORDS.get(thing.type, ())
    thing.more = tuple((names[v] if v >= 0 else "") if n in words else v for n, v in enumerate(more))
    return thing


WORDS: dict[str, tuple[int, ...]] = {
    "transport-belt": (0,), "underground-belt": (0,), "assembling-machine": (0,), "furnace": (0,), "rocket-silo": (0, 1),
    "pipe": (1,), "pipe-to-ground": (1,), "storage-tank": (1,), "infinity-pipe": (1,), "entity-ghost": (0, 1),
    "tile-ghost": (0, 1), "cliff": (0,), "item-entity": (0,), "train-stop": (0,),
}  # fmt: skip
"""Type -> which of the values after a row's status are names."""


def chunks_in(view: View) -> Rect:
    """The chunks of which something may be seen in a view."""
    west, north, east, south = view.area
    return (
        math.floor((west - BORDER_TILES) / CHUNK), math.floor((north - BORDER_TILES) / CHUNK),
        math.floor((east + BORDER_TILES) / CHUNK) + 1, math.floor((south + BORDER_TILES) / CHUNK) + 1,
    )  # fmt: skip
