"""One block of a generated map: its tiles, and what stands on it from the beginning. A pure function of settings and place."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from runtime.engine.maps.noise import Grid, Noise, chance, chances, scatter
from runtime.engine.maps.patches import WELL_SHARE, Patch, Patches
from runtime.engine.maps.settings import MapGenSettings

CHUNK = 32
SIDE = 4  # chunks on a side of a block
BLOCK = CHUNK * SIDE
CLIFF = 4  # tiles on a side of the squares that have a cliff each
CLEARING = 25.0  # tiles around the origin in which nothing stands in one's way
TREE = 2  # tiles on a side of the squares that have at most one tree each
NEST = 8  # the same for nests and worms

TILES = (
    "water", "deepwater", "out-of-map",
    "sand-3", "sand-2", "sand-1", "dirt-2", "dirt-4", "grass-4", "grass-2", "grass-1",
    "dirt-1", "dirt-3", "dry-dirt", "dirt-5", "dirt-6", "grass-4", "grass-3", "grass-1",
    "red-desert-3", "red-desert-2", "red-desert-1", "red-desert-0", "dirt-7", "grass-4", "grass-3", "grass-1",
)  # fmt: skip
WATER, DEEP, OUTSIDE, GROUND = 0, 1, 2, 3
MOISTURES = (-0.3, -0.22, -0.15, -0.08, -0.01, 0.1, 0.2)  # between the eight grounds of a row
DRYNESSES = (-0.06, 0.1)  # between the three rows
DEEPER = 0.09  # of the level of water, below which it is deep

# Trees by how moist it is; the last ones stand in deserts.
WOODS = (
    ("tree-02", "tree-04", "tree-05", "tree-03"),
    ("tree-01", "tree-09", "tree-07", "tree-02-red"),
    ("tree-08", "tree-06", "tree-09-brown", "tree-08-red"),
    ("tree-06-brown", "tree-08-brown", "dry-tree", "dead-grey-trunk"),
    ("dry-hairy-tree", "dead-tree-desert", "dead-dry-hairy-tree", "dry-tree"),
)
WIDE_TREES = ("dead-", "dry-")  # begin the names of those that are wider than a tile
WORMS = ("small-worm-turret", "medium-worm-turret", "big-worm-turret", "behemoth-worm-turret")
WORM_STEP = 500.0  # tiles in which the next larger kind of worm comes in


class Thing(NamedTuple):
    """What stands in a chunk from the beginning: a resource with its amount, a cliff with its orientation, all else."""

    name: str
    x: float
    y: float
    amount: int = 0
    orientation: str = ""


class Terrain:
    """The fields of noise of a map, and its patches."""

    def __init__(self, settings: MapGenSettings) -> None:
        self.settings = settings
        self.patches = Patches(settings)
        seed = settings.seed
        water = settings.control("water")
        self.half_width, self.half_height = settings.width / 2, settings.height / 2
        wide = 1 / water.frequency
        self.elevation = Noise(
            seed, ((280 * wide, 1.0), (130 * wide, 0.5), (60 * wide, 0.3), (28, 0.14), (13, 0.07))
        )
        # How far the land lies above water where the noise is 0; without a size there is none but the first lake.
        self.shore = 0.42 / math.sqrt(water.size) if water.size > 0 else 9.0
        self.moisture = Noise(seed + 1, ((330, 1.0), (110, 0.4), (35, 0.2), (11, 0.12)))
        self.dryness = Noise(seed + 2, ((280, 1.0), (70, 0.3), (14, 0.1)))
        trees = settings.control("trees")
        self.forest = Noise(seed + 3, ((150 / trees.frequency, 1.0), (55, 0.55), (20, 0.35)))
        self.sorts = Noise(seed + 4, ((120, 1.0), (30, 0.4)))
        self.ragged = Noise(seed + 5, ((26, 1.0), (10, 0.5)))
        cliffs = settings.control("nauvis_cliff")
        self.steps = Noise(seed + 6, ((210 / cliffs.frequency, 1.0), (80, 0.35), (36, 0.15)))
        self.gaps = Noise(seed + 7, ((170, 1.0), (26, 0.8)))


class Block:
    """One block while it is worked out. Arrays have y first."""

    def __init__(self, terrain: Terrain, x0: int, y0: int) -> None:
        self.terrain, self.x0, self.y0 = terrain, x0, y0
        self.seed = terrain.settings.seed
        self.patches = terrain.patches.near(x0, y0, x0 + BLOCK, y0 + BLOCK)
        self.bases = list(terrain.patches.bases(x0, y0, x0 + BLOCK, y0 + BLOCK))
        self.things: list[Thing] = []
        xs, ys = _axis(x0, BLOCK), _axis(y0, BLOCK)
        self.xs, self.ys = xs, ys
        self.ragged = terrain.ragged.grid(x0 + 0.5, y0 + 0.5, BLOCK)
        self.level = self._level(x0 + 0.5, y0 + 0.5, BLOCK, 1.0, self.ragged)
        self.moisture = self._moisture(x0 + 0.5, y0 + 0.5, BLOCK, 1.0)
        self.inside = (np.abs(xs) < terrain.half_width)[None, :] & (np.abs(ys) < terrain.half_height)[:, None]
        self.ground = self._tiles()
        # Where nothing more may stand.
        self.taken = (self.level < 0) | ~self.inside
        self._ores()
        self._wells()
        self._cliffs()
        self._rocks()
        self._nests()
        self._trees()

    def by_chunk(self) -> dict[tuple[int, int], list[Thing]]:
        """The things by chunk, in the order in which they are placed."""
        left, top = self.x0 // CHUNK, self.y0 // CHUNK
        found: dict[tuple[int, int], list[Thing]] = {
            (left + x, top + y): [] for y in range(SIDE) for x in range(SIDE)
        }
        for thing in self.things:
            found[(math.floor(thing.x) >> 5, math.floor(thing.y) >> 5)].append(thing)
        for there in found.values():
            there.sort(key=lambda thing: (not thing.amount, thing.y, thing.x))
        return found

    # --- ground ------------------------------------------------------------------------------------------------

    def _level(self, x: float, y: float, count: int, step: float, ragged: Grid) -> Grid:
        """How high the land lies above the water, at places `step` tiles apart."""
        terrain, patches = self.terrain, self.terrain.patches
        xs, ys = x + np.arange(count) * step, y + np.arange(count) * step
        level = terrain.elevation.grid(x, y, count, step) + terrain.shore
        if abs(x) < 600 and abs(y) < 600:
            start = _away(xs, ys, 0, 0) / (patches.start * 1.7)
            level = level + 0.8 * np.maximum(0.0, 1.0 - start)
            lake = patches.lake
            level = np.minimum(level, (_away(xs, ys, lake.x, lake.y) / lake.radius - 1) * 0.4 + ragged * 0.3)
        return level

    def _moisture(self, x: float, y: float, count: int, step: float) -> Grid:
        moisture = self.terrain.moisture.grid(x, y, count, step)
        if abs(x) < 600 and abs(y) < 600:
            xs, ys = x + np.arange(count) * step, y + np.arange(count) * step
            moisture = moisture + 0.2 * np.maximum(0.0, 1.0 - _away(xs, ys, 0, 0) / 220.0)
        return moisture

    def _tiles(self) -> npt.NDArray[np.uint8]:
        dryness = self.terrain.dryness.grid(self.x0 + 0.5, self.y0 + 0.5, BLOCK)
        rows = np.searchsorted(DRYNESSES, dryness)
        # The ground by the water is a little drier, the beach.
        columns = np.searchsorted(MOISTURES, self.moisture - 0.25 * (self.level < 0.018))
        ground = (GROUND + rows * (len(MOISTURES) + 1) + columns).astype(np.uint8)
        ground[self.level < 0] = WATER
        ground[self.level < -DEEPER] = DEEP
        ground[~self.inside] = OUTSIDE
        return ground

    # --- resources ---------------------------------------------------------------------------------------------

    def _window(self, x: float, y: float, radius: float) -> tuple[slice, slice] | None:
        """The part of the block within a square around a place: rows, columns; None if there is none."""
        x, y = x - self.x0, y - self.y0
        left, right = max(0, math.floor(x - radius)), min(BLOCK, math.ceil(x + radius) + 1)
        top, bottom = max(0, math.floor(y - radius)), min(BLOCK, math.ceil(y + radius) + 1)
        return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None

    def _cone(self, patch: Patch, window: tuple[slice, slice]) -> Grid:
        """What each tile has of a patch: most in the middle, nothing beyond its ragged edge."""
        away = _away(self.xs[window[1]], self.ys[window[0]], patch.x, patch.y)
        return patch.peak * (1.0 - away / (patch.radius * (1.0 + 0.7 * self.ragged[window])))

    def _ores(self) -> None:
        for patch in self.patches:
            window = self._window(patch.x, patch.y, 1.5 * patch.radius)
            if patch.kind.cell > 1 or window is None:
                continue
            cone = self._cone(patch, window)
            richness = self.terrain.settings.control(patch.kind.name).richness
            there = (cone > 0.03 * patch.peak) & ~self.taken[window]
            self.taken[window] |= there
            for row, column in zip(*(part.tolist() for part in np.nonzero(there)), strict=True):
                x, y = self.x0 + window[1].start + column, self.y0 + window[0].start + row
                amount = max(1, int(cone[row, column] * richness))
                self.things.append(Thing(patch.kind.name, x + 0.5, y + 0.5, amount))

    def _wells(self) -> None:
        for patch in self.patches:
            kind, cell = patch.kind, patch.kind.cell
            window = self._window(patch.x, patch.y, 1.5 * patch.radius)
            if cell == 1 or window is None:
                continue
            cone = self._cone(patch, window)
            richness = self.terrain.settings.control(kind.name).richness
            left, top = self.x0 + window[1].start, self.y0 + window[0].start
            for j in range(top // cell, (top + cone.shape[0]) // cell + 1):
                for i in range(left // cell, (left + cone.shape[1]) // cell + 1):
                    pick = scatter(self.seed + 21, i, j)
                    if pick % WELL_SHARE >= cell * cell:
                        continue
                    # Within its square, so that pumpjacks fit everywhere.
                    x, y = i * cell + 1 + (pick >> 8) % (cell - 2), j * cell + 1 + (pick >> 16) % (cell - 2)
                    row, column = y - top, x - left
                    inside = 0 <= row < cone.shape[0] and 0 <= column < cone.shape[1]
                    if inside and cone[row, column] > 0 and self._free(x - 1, y - 1, x + 2, y + 2):
                        amount = int((kind.more + WELL_SHARE * cone[row, column]) * richness)
                        self.things.append(Thing(kind.name, x + 0.5, y + 0.5, amount))
                        self._take(x - 1, y - 1, x + 2, y + 2)

    def _free(self, left: int, top: int, right: int, bottom: int) -> bool:
        """Whether nothing stands on a rectangle of tiles, as far as it is in the block."""
        part = self.taken[
            max(0, top - self.y0) : max(0, bottom - self.y0), max(0, left - self.x0) : max(0, right - self.x0)
        ]
        return not part.any()

    def _take(self, left: int, top: int, right: int, bottom: int) -> None:
        self.taken[
            max(0, top - self.y0) : max(0, bottom - self.y0), max(0, left - self.x0) : max(0, right - self.x0)
        ] = True

    # --- cliffs ------------------------------------------------------------------------------------------------

    def _cliffs(self) -> None:
        """Cliffs run along lines of one height, with gaps, on a grid of squares; each joins two sides of its square.

        Which squares' sides are crossed follows from their corners alone, so cliffs meet from chunk to chunk.
        """
        size = self.terrain.settings.control("nauvis_cliff").size
        if size <= 0:
            return
        x, y = float(self.x0 - CLIFF), float(self.y0 - CLIFF)
        count = BLOCK // CLIFF + 3  # corners, with one square more on each side
        high = self.terrain.steps.grid(x, y, count, CLIFF) > 0.1
        if high.all() or not high.any():
            return
        solid = self.terrain.gaps.grid(x, y, count, CLIFF) > 0.12 / size - 0.06
        solid &= self._level(x, y, count, CLIFF, self.terrain.ragged.grid(x, y, count, CLIFF)) > 0.06
        xs, ys = x + np.arange(count) * CLIFF, y + np.arange(count) * CLIFF
        solid &= _away(xs, ys, 0, 0) > self.terrain.patches.start
        solid &= (np.abs(xs) < self.terrain.half_width - CLIFF)[None, :]
        solid &= (np.abs(ys) < self.terrain.half_height - CLIFF)[:, None]
        for patch in self.patches:
            solid &= _away(xs, ys, patch.x, patch.y) > 1.6 * patch.radius + 6
        for base in self.bases:
            solid &= _away(xs, ys, base.x, base.y) > base.radius + 6
        across, down = high[:, :-1] != high[:, 1:], high[:-1] != high[1:]
        crossed = across[:-1] | across[1:] | down[:, :-1]
        for row, column in zip(*(part.tolist() for part in np.nonzero(crossed)), strict=True):
            orientation = _orientation(
                [(bool(high[row + j, column + i]), bool(solid[row + j, column + i])) for j, i in _CORNERS]
            )
            if orientation is None:
                continue
            left, top = int(x) + column * CLIFF, int(y) + row * CLIFF
            self._take(left - 1, top - 1, left + CLIFF + 1, top + CLIFF + 1)
            if 0 < row < count - 2 and 0 < column < count - 2:
                self.things.append(Thing("cliff", left + 2, top + 2.5, orientation=orientation))

    # --- rocks, nests and trees --------------------------------------------------------------------------------

    def _rocks(self) -> None:
        control = self.terrain.settings.control("rocks")
        cell, likely = 16, 0.05 * control.frequency * control.size
        for j in range(BLOCK // cell):
            for i in range(BLOCK // cell):
                column, row = self.x0 // cell + i, self.y0 // cell + j
                if chance(self.seed + 31, column, row) >= likely:
                    continue
                pick = scatter(self.seed + 32, column, row)
                x, y = column * cell + 3 + pick % 10, row * cell + 3 + (pick >> 8) % 10
                if math.hypot(x, y) > CLEARING and self._free(x - 3, y - 3, x + 3, y + 3):
                    dry = self.moisture[y - self.y0, x - self.x0] < MOISTURES[2]
                    name = "big-sand-rock" if dry else ("big-rock", "huge-rock")[pick >> 20 & 1]
                    self.things.append(Thing(name, float(x), float(y)))
                    self._take(x - 3, y - 3, x + 3, y + 3)

    def _nests(self) -> None:
        for base in self.bases:
            reach = math.ceil(base.radius)
            for j in range((int(base.y) - reach) // NEST, (int(base.y) + reach) // NEST + 1):
                for i in range((int(base.x) - reach) // NEST, (int(base.x) + reach) // NEST + 1):
                    pick = scatter(self.seed + 41, i, j)
                    x, y = i * NEST + 3 + pick % 3, j * NEST + 3 + (pick >> 4) % 3
                    inside = self.x0 <= x < self.x0 + BLOCK and self.y0 <= y < self.y0 + BLOCK
                    away = math.hypot(x - base.x, y - base.y)
                    if not inside or away > base.radius or not self._free(x - 3, y - 3, x + 4, y + 4):
                        continue
                    kind = (pick >> 8) % 10
                    # Nests in the middle, worms around them; every tenth place is empty.
                    if kind < 6 and away < max(8.0, 0.75 * base.radius):
                        name = "biter-spawner" if kind < 4 else "spitter-spawner"
                    elif kind < 9:
                        size = math.hypot(x, y) / WORM_STEP * (0.4 + 0.6 * (pick >> 12 & 255) / 256)
                        name = WORMS[min(len(WORMS) - 1, int(size))]
                    else:
                        continue
                    self.things.append(Thing(name, x + 0.5, y + 0.5))
                    self._take(x - 3, y - 3, x + 4, y + 4)

    def _trees(self) -> None:
        control = self.terrain.settings.control("trees")
        if control.size <= 0:
            return
        count = BLOCK // TREE
        left, top = self.x0 + TREE / 2, self.y0 + TREE / 2
        xs, ys = left + np.arange(count) * TREE, top + np.arange(count) * TREE
        moisture = self.moisture[::TREE, ::TREE]
        forest = self.terrain.forest.grid(left, top, count, TREE) + 0.45 * np.minimum(moisture, 0.3)
        forest = forest - 0.2 / math.sqrt(control.size)
        if abs(left) < 600 and abs(top) < 600:
            # Not where one begins; but the first wood is never far.
            start = _away(xs, ys, 0, 0)
            forest = forest - 0.35 * np.maximum(0.0, 1.0 - start / 130.0)
            wood = self.terrain.patches.wood
            forest = np.maximum(forest, 0.5 * (1.0 - _away(xs, ys, wood.x, wood.y) / wood.radius))
            forest = forest - 9.0 * (start < CLEARING)
        for base in self.bases:
            forest = forest - 9.0 * (_away(xs, ys, base.x, base.y) < base.radius + 4)
        likely = np.minimum(forest * 1.6, 0.55)
        # Here and there one stands alone.
        likely = np.maximum(likely, 0.004 * (forest > -0.6))
        column, row = self.x0 // TREE, self.y0 // TREE
        there = chances(self.seed + 51, column, row, count) < likely
        # A tree keeps a tile from all else.
        near = self.taken.copy()
        for shifted, other in ((near[1:], self.taken[:-1]), (near[:-1], self.taken[1:])):
            shifted |= other
        down = near.copy()
        near[:, 1:] |= down[:, :-1]
        near[:, :-1] |= down[:, 1:]
        blocked = near.reshape(count, TREE, count, TREE).any(axis=(1, 3))
        there &= ~blocked
        sorts = self.terrain.sorts.grid(left, top, count, TREE)
        wet = np.searchsorted((-0.2, -0.08, 0.04, 0.18), moisture)
        for j, i in zip(*(part.tolist() for part in np.nonzero(there)), strict=True):
            pick = scatter(self.seed + 52, column + i, row + j)
            woods = WOODS[len(WOODS) - 1 - int(wet[j, i])]
            # Of one sort over some distance, with some others among them.
            which = int((float(sorts[j, i]) + 0.5) * len(woods)) if pick % 8 else (pick >> 3) % len(woods)
            name = woods[min(max(which, 0), len(woods) - 1)]
            x, y = self.x0 + i * TREE, self.y0 + j * TREE
            if name.startswith(WIDE_TREES):
                self.things.append(Thing(name, x + 1.0, y + 1.0))
                continue
            # In one of the square's tiles, out of its middle by up to 1/16, so that the others are free as a whole: else
            # paths that FLE asks for, which are a tile wide, would end nowhere beside a tree.
            x, y = x + (pick >> 8 & 1), y + (pick >> 9 & 1)
            aside = ((pick >> 10) % 3 - 1) / 16, ((pick >> 16) % 3 - 1) / 16
            self.things.append(Thing(name, x + 0.5 + aside[0], y + 0.5 + aside[1]))


# Row and column of a square's corners, clockwise from the north-west.
_CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))
_SIDES = ("north", "east", "south", "west")  # the side from each corner to the next


def _orientation(corners: list[tuple[bool, bool]]) -> str | None:
    """How a cliff runs through a square, by its corners: (high, may have a cliff), clockwise. High ground is on its left.

    A side that the line crosses where there may be no cliff is where the cliff ends.
    """
    sides = [n for n in range(4) if corners[n][0] != corners[(n + 1) % 4][0]]
    if len(sides) != 2:
        return None
    # Who comes in over a side has its second corner on the left.
    begin, end = sides if corners[(sides[0] + 1) % 4][0] else sides[::-1]
    names = [
        _SIDES[side] if corners[side][1] and corners[(side + 1) % 4][1] else "none" for side in (begin, end)
    ]
    return None if names == ["none", "none"] else "-to-".join(names)


def _axis(start: int, count: int) -> Grid:
    """The middles of a row of tiles."""
    return start + 0.5 + np.arange(count)


def _away(xs: Grid, ys: Grid, x: float, y: float) -> Grid:
    """How far places are from one."""
    found: Grid = np.sqrt(((xs - x) ** 2)[None, :] + ((ys - y) ** 2)[:, None])
    return found
