"""Where items on belts are between two looks at a world: they move on until they meet what stands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runtime.engine import prototypes

if TYPE_CHECKING:
    from viewer.scene import Thing

TILE, SPACING = 256, 64
"""Places are in so many parts of a tile; items lie so far apart at least."""
CURVE_OUTER, CURVE_INNER = 295, 106
RADIUS_OUTER, RADIUS_INNER = 188 / TILE, 67 / TILE
"""A curve's lanes: how long they are, and how far from the corner."""
LANE_OFFSET = 60 / TILE
CHAIN = 1 << 26
"""Between the fronts of two chains; none is so long."""
BELTS = frozenset({"transport-belt", "underground-belt", "splitter"})
STEPS = {0: (0, -1), 4: (1, 0), 8: (0, 1), 12: (-1, 0)}

Piece = tuple[int, int]  # key of a belt, number of its transport line


class BeltItems:
    """Items on the belts of an area.

    Belts are strung into chains, as items go from one onto the next. A place is told from the front of its chain, on an
    axis on which all chains lie one after the other, so that they can be moved at once.
    """

    def __init__(self) -> None:
        self.tick = 0.0
        self.places: NDArray[np.float64] = np.zeros(0)
        self.names: NDArray[np.int32] = np.zeros(0, np.int32)
        """Numbers in `words`."""
        self.words: list[str] = []
        self._numbers: dict[str, int] = {}
        self._pieces: dict[Piece, int] = {}
        self._starts: NDArray[np.float64] = np.zeros(0)  # of pieces, rising
        self._chains: NDArray[np.float64] = np.zeros(0)  # a piece's chain's front
        self._open: NDArray[np.bool_] = np.zeros(0, bool)  # its chain's items run out of what is known
        self._speeds: NDArray[np.float64] = np.zeros(0)
        self._shape: dict[str, NDArray[Any]] = {}

    def clear(self) -> None:
        """Forget all."""
        self.__init__()  # type: ignore[misc]

    # --- belts -------------------------------------------------------------------------------------------------

    def string(self, belts: Iterable[Thing], tick: float, edge: Any) -> None:
        """Belts have come, gone or turned: string them anew. What lies on those that are still there stays there.

        edge: whether nothing is known of a tile, `(x, y) -> bool`.
        """
        kept = self._by_piece(tick)
        pieces, following, open_ends = _connect(belts, edge)
        order, starts, chains = _lay_out(pieces, following)
        self._pieces = {piece: n for n, piece in enumerate(order)}
        self._starts = np.array(starts, np.float64)
        self._chains = np.array(chains, np.float64)
        self._speeds = np.array([pieces[p]["speed"] for p in order], np.float64)
        ends = {chain for p, chain in zip(order, chains, strict=True) if p in open_ends}
        self._open = np.array([chain in ends for chain in chains], bool)
        self._shape = {
            name: np.array([pieces[p][name] for p in order], np.float64)
            for name in ("x", "y", "dx", "dy", "side", "inward", "length", "radius", "low", "high")
        }
        self.tick = tick
        places: list[NDArray[Any]] = []
        names: list[NDArray[Any]] = []
        for piece, (there, what) in kept.items():
            number = self._pieces.get(piece)
            if number is not None:
                places.append(there + self._starts[number])
                names.append(what)
        self._set(places, names)

    def _by_piece(self, tick: float) -> dict[Piece, tuple[NDArray[Any], NDArray[Any]]]:
        places, piece, kept = self._moved(tick)
        if not len(places):
            return {}
        order = list(self._pieces)
        names = self.names[kept]
        found, firsts = np.unique(piece, return_index=True)
        out = {}
        for n, first, stop in zip(found, firsts, [*firsts[1:], len(piece)], strict=True):
            out[order[n]] = (places[first:stop] - self._starts[n], names[first:stop])
        return out

    def _set(self, places: list[NDArray[Any]], names: list[NDArray[Any]]) -> None:
        if not places:
            self.places, self.names = np.zeros(0), np.zeros(0, np.int32)
            return
        all_places, all_names = np.concatenate(places), np.concatenate(names)
        order = np.argsort(all_places, kind="stable")
        self.places, self.names = all_places[order], all_names[order]

    # --- items -------------------------------------------------------------------------------------------------

    def number(self, name: str) -> int:
        """An item's number in `words`."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.words)
            self.words.append(name)
        return number

    def lay(self, lines: Iterable[list[int]], names: list[str], tick: float) -> None:
        """What lies on some lines at a tick, as `/scene-changes` tells it; the others' items have moved on since."""
        places, piece, kept = self._moved(tick)
        mine = self.names[kept]
        self.tick = tick
        numbers = (
            np.array([self.number(name) for name in names], np.int32) if names else np.zeros(0, np.int32)
        )
        touched: list[int] = []
        counts: list[int] = []
        new_places: list[int] = []
        new_names: list[int] = []
        for line in lines:
            number = self._pieces.get((line[0], line[1]))
            if number is not None:
                touched.append(number)
                new_names += line[2::2]
                new_places += line[3::2]
                counts.append(len(line) // 2 - 1)
        if not touched:
            self.places, self.names = places, mine
            return
        replaced = np.zeros(len(self._starts) + 1, bool)
        replaced[touched] = True
        stays = ~replaced[piece]
        starts = np.repeat(self._starts[touched], counts)
        self._set(
            [places[stays], starts + np.array(new_places, np.float64)],
            [mine[stays], numbers[np.array(new_names, np.intp)]],
        )

    def _moved(self, tick: float) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
        """Places at a tick, the pieces that they are on, and which of the items that are."""
        if not len(self.places) or not len(self._starts):
            nothing = np.zeros(0, np.intp)
            return np.zeros(0), nothing, nothing
        old = np.searchsorted(self._starts, self.places, "right") - 1
        base = self._chains[old]
        # The number of each item in its chain, the front one's being 0.
        firsts = np.flatnonzero(np.diff(base, prepend=-1))
        within = np.arange(len(base)) - np.repeat(firsts, np.diff(firsts, append=len(base)))
        free = np.where(self._open[old], base - CHAIN / 4, base)
        packed = np.maximum(
            self.places - self._speeds[old] * max(0.0, tick - self.tick) - SPACING * within, free
        )
        packed = np.maximum.accumulate(packed)
        places = np.minimum(packed + SPACING * within, self.places)
        kept = np.flatnonzero(places >= base)
        places = places[kept]
        return places, np.searchsorted(self._starts, places, "right") - 1, kept

    def at(self, tick: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
        """x, y and name (a number in `words`) of all items that are to be seen at a tick, in tiles."""
        places, piece, kept = self._moved(tick)
        names = self.names[kept]
        if not len(places):
            return places, places, names
        place = places - self._starts[piece]
        shape = self._shape
        seen = (place >= shape["low"][piece]) & (place < shape["high"][piece])
        place, piece, names = place[seen], piece[seen], names[seen]
        x, y, dx, dy = (shape[name][piece] for name in ("x", "y", "dx", "dy"))
        side, inward, radius = shape["side"][piece], shape["inward"][piece], shape["radius"][piece]
        angle = place / shape["length"][piece] * (math.pi / 2)
        straight = inward == 0
        along = np.where(straight, 0.5 - place / TILE, 0.5 - radius * np.sin(angle))
        across = np.where(straight, side, inward * (0.5 - radius * np.cos(angle)))
        # Left of travel is (dy, -dx).
        return x + along * dx + across * dy, y + along * dy - across * dx, names


def _connect(
    belts: Iterable[Thing], edge: Any
) -> tuple[dict[Piece, dict[str, float]], dict[Piece, Piece], set[Piece]]:
    """The pieces of all lines, which goes onto which, and those whose items leave what is known."""
    things = list(belts)
    grid: dict[tuple[int, int], Thing] = {}
    for t in things:
        if t.type == "splitter":
            dx, dy = STEPS[t.direction]
            for across in (-0.5, 0.5):
                grid[math.floor(t.x - dy * across), math.floor(t.y + dx * across)] = t
        else:
            grid[math.floor(t.x), math.floor(t.y)] = t
    pieces: dict[Piece, dict[str, float]] = {}
    following: dict[Piece, Piece] = {}
    open_ends: set[Piece] = set()

    def add(t: Thing, line: int, x: float, y: float, lane: int, length: float = TILE, low: float = 0, high: float = TILE,
            inward: float = 0) -> None:  # fmt: skip
        dx, dy = STEPS[t.direction]
        pieces[t.key, line] = {
            "speed": _speed(t.name), "x": x, "y": y, "dx": dx, "dy": dy,
            "side": LANE_OFFSET if lane == 1 else -LANE_OFFSET, "inward": inward, "length": length,
            "radius": RADIUS_OUTER if length == CURVE_OUTER else RADIUS_INNER, "low": low, "high": high,
        }  # fmt: skip

    def onto(t: Thing, x: int, y: int, lane: int) -> Piece | None:
        """The line that goes on from what heads for a tile, if it goes on in line."""
        dx, dy = STEPS[t.direction]
        ahead = grid.get((x + dx, y + dy))
        if ahead is None:
            return None
        turn = (ahead.direction - t.direction) % 16
        if ahead.type == "transport-belt":
            wanted = {"straight": 0, "right": 4, "left": 12}[ahead.shape]
            return (ahead.key, lane) if turn == wanted else None
        if turn:
            return None
        if ahead.type == "underground-belt":
            return (ahead.key, lane) if ahead.shape == "input" else None
        return (ahead.key, (0 if _is_left(ahead, x + dx, y + dy) else 2) + lane)

    for t in things:
        dx, dy = STEPS[t.direction]
        cell = (math.floor(t.x), math.floor(t.y))
        for lane in (1, 2):
            if t.type == "transport-belt":
                length: float = TILE
                if t.shape in ("left", "right"):
                    length = CURVE_OUTER if (t.shape == "right") == (lane == 1) else CURVE_INNER
                inward = {"straight": 0, "right": -1, "left": 1}[t.shape]
                add(t, lane, t.x, t.y, lane, length, 0, length, inward)
                ends = [(lane, cell)]
            elif t.type == "splitter":
                ends = []
                for half, across in enumerate((-0.5, 0.5)):
                    x, y = t.x - dy * across, t.y + dx * across
                    add(t, 2 * half + lane, x - dx / 2, y - dy / 2, lane, TILE / 2, 0, TILE / 2)
                    add(t, 4 + 2 * half + lane, x, y, lane, TILE / 2, 0, TILE / 2)
                    following[t.key, 2 * half + lane] = (t.key, 4 + 2 * half + lane)
                    ends.append((4 + 2 * half + lane, (math.floor(x), math.floor(y))))
            elif t.shape == "input":
                add(t, lane, t.x, t.y, lane, TILE, TILE / 2, TILE)
                ends = []
                far = _exit_of(t, grid, cell)
                if far is not None:
                    other, distance = far
                    add(t, lane + 2, t.x, t.y, lane, TILE * (distance - 1), 0, 0)
                    following[t.key, lane] = (t.key, lane + 2)
                    following[t.key, lane + 2] = (other.key, lane)
            else:
                add(t, lane, t.x, t.y, lane, TILE, 0, TILE / 2)
                ends = [(lane, cell)]
            for line, (x, y) in ends:
                ahead = onto(t, x, y, lane)
                if ahead is not None:
                    following[t.key, line] = ahead
                elif edge(x + dx, y + dy):
                    open_ends.add((t.key, line))
    return pieces, {a: b for a, b in following.items() if b in pieces}, open_ends


def _is_left(splitter: Thing, x: int, y: int) -> bool:
    dx, dy = STEPS[splitter.direction]
    return (x, y) == (math.floor(splitter.x + dy * 0.5), math.floor(splitter.y - dx * 0.5))


def _exit_of(
    t: Thing, grid: Mapping[tuple[int, int], Thing], cell: tuple[int, int]
) -> tuple[Thing, int] | None:
    """The other end of a tunnel, and how many tiles away it is."""
    dx, dy = STEPS[t.direction]
    proto = prototypes.load().entity.get(t.name)
    for distance in range(1, int(proto.raw.get("max_distance", 5) if proto is not None else 5) + 1):
        other = grid.get((cell[0] + dx * distance, cell[1] + dy * distance))
        if other is not None and other.name == t.name and other.direction == t.direction:
            return (other, distance) if other.shape == "output" else None
    return None


def _speed(name: str) -> float:
    proto = prototypes.load().entity.get(name)
    return round(float(proto.raw.get("speed", 0.03125)) * TILE) if proto is not None else 8


def _lay_out(
    pieces: Mapping[Piece, Mapping[str, float]], following: Mapping[Piece, Piece]
) -> tuple[list[Piece], list[float], list[float]]:
    """Pieces chain by chain, front to back: where each begins, and where its chain does."""
    behind: dict[Piece, Piece] = {}
    for piece, ahead in following.items():
        behind.setdefault(ahead, piece)
    order: list[Piece] = []
    starts: list[float] = []
    chains: list[float] = []
    left = set(pieces)
    fronts = [p for p in pieces if p not in following or behind.get(following[p]) != p]
    base = 0.0
    # What is left over after chains with a front are loops, which begin anywhere.
    for front in (*fronts, *pieces):
        if front not in left:
            continue
        at = base
        one: Piece | None = front
        while one is not None and one in left:
            left.discard(one)
            order.append(one)
            starts.append(at)
            chains.append(base)
            at += pieces[one]["length"]
            one = behind.get(one)
        base += CHAIN
    return order, starts, chains
