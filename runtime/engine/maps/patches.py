"""Where patches of resources, the first lake, the first wood and nests lie on a generated map."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from runtime.engine.maps.noise import chance, scatter
from runtime.engine.maps.settings import MapGenSettings

START_RADIUS = 150.0  # tiles; the starting area, where nothing but the starting patches is
FADE_IN = 300.0  # tiles from there to where patches have what they should
DOUBLES = 1300.0  # tiles in which, farther out, patches get once more as rich
FAR = 450.0  # tiles from which on they do
LARGEST = 64.0  # radius of a patch, tiles
STARTING_AMOUNT = 20_000  # of each unit of density and frequency in a starting patch
NEST_CELL = 192  # tiles; a square of that side has at most one base of nests in it
LARGEST_BASE = 40.0  # tiles


class Kind(NamedTuple):
    """A resource, as the game's map generator describes it (figures of Factorio 2.0's `resource-autoplace`).

    `density`: of what a map has in all, by tile. `spots`: patches in a square kilometre. `smallest`, `largest`: what a
    patch has of its share. `spread`, `start_spread`: the radius of a patch is this times the third root of what is in
    it; `start_spread` is 0 where there is no starting patch. `cell`: tiles between wells, 1 for ore.
    """

    name: str
    density: float
    spots: float
    smallest: float
    largest: float
    spread: float
    start_spread: float
    cell: int = 1
    more: int = 0  # that each well has at least
    beyond: float = 1.2  # radii of the starting area within which there is none but a starting patch


# There are half as many patches again as in the game, with two thirds in each, and they are wider: FLE looks no farther
# than 500 tiles.
KINDS = (
    Kind("iron-ore", 10.0, 3.75, 0.25, 2.0, 0.16, 0.26),
    Kind("copper-ore", 8.0, 3.75, 0.25, 2.0, 0.16, 0.25),
    Kind("coal", 8.0, 3.75, 0.25, 2.0, 0.15, 0.24),
    Kind("stone", 4.0, 3.75, 0.25, 2.0, 0.15, 0.25),
    Kind("uranium-ore", 0.9, 1.9, 2.0, 4.0, 0.13, 0.0, beyond=2.2),
    Kind("crude-oil", 8.2, 2.7, 0.7, 1.3, 0.13, 0.0, cell=6, more=220_000),
)
WELL_SHARE = 48  # tiles of a patch of oil that share a well
FIRST_OIL = (165.0, 200.0, 22.0, 2_000.0)  # nearest, farthest, radius in tiles; peak


class Patch(NamedTuple):
    """A round patch; `peak` is what a tile in its middle has."""

    kind: Kind
    x: float
    y: float
    radius: float
    peak: float


class Spot(NamedTuple):
    """A circle, tiles."""

    x: float
    y: float
    radius: float


class Patches:
    """All patches of a map, found by place."""

    def __init__(self, settings: MapGenSettings) -> None:
        self.settings = settings
        self.seed = settings.seed
        self.start = START_RADIUS * settings.starting_area
        self._cells: dict[tuple[str, int, int], Patch | None] = {}
        self._bases: dict[tuple[int, int], Spot | None] = {}
        angles = self._angles()
        self.lake = self._near_start(angles[0], 1, 58.0, 72.0, 17.0)
        self.wood = self._near_start(angles[5], 2, 60.0, 80.0, 20.0)
        self.first = self._first(angles)

    def _angles(self) -> list[float]:
        """Six directions around the origin, in an order of the seed's own: lake, four ores, wood."""
        turn = chance(self.seed, 11, 0)
        places = sorted(range(1, 5), key=lambda n: scatter(self.seed, 12, n))
        # The wood is across from the lake, and the ores on both sides.
        slots = [0, *({1: 1, 2: 2, 3: 4, 4: 5}[n] for n in places), 3]
        return [turn + slot / 6 for slot in slots]

    def _near_start(self, angle: float, salt: int, nearest: float, farthest: float, radius: float) -> Spot:
        away = nearest + (farthest - nearest) * chance(self.seed, 13, salt)
        x, y = _around(angle)
        return Spot(round(x * away), round(y * away), radius)

    def _first(self, angles: list[float]) -> list[Patch]:
        """The starting patches, and the first oil a little farther out."""
        found = []
        for number, kind in enumerate(k for k in KINDS if k.start_spread):
            control = self.settings.control(kind.name)
            if control.size <= 0:
                continue
            amount = STARTING_AMOUNT * kind.density * (control.frequency + 1) * control.size
            radius = kind.start_spread * _third_root(amount)
            spot = self._near_start(angles[1 + number], 3 + number, 55.0, 80.0, radius)
            found.append(Patch(kind, spot.x, spot.y, radius, 3 * amount / (math.pi * radius * radius)))
        oil = next(k for k in KINDS if k.name == "crude-oil")
        if self.settings.control(oil.name).size > 0:
            nearest, farthest, radius, peak = FIRST_OIL
            spot = self._near_start(chance(self.seed, 14, 0), 9, nearest, farthest, radius)
            found.append(Patch(oil, spot.x, spot.y, radius, peak))
        return found

    def near(self, left: float, top: float, right: float, bottom: float) -> list[Patch]:
        """The patches that may reach into a rectangle; where two overlap, the first has the tile."""
        found = [p for p in self.first if _touches(p.x, p.y, 1.5 * p.radius, left, top, right, bottom)]
        margin = 1.5 * LARGEST
        for kind in KINDS:
            control = self.settings.control(kind.name)
            if control.size <= 0:
                continue
            side = 1000.0 / math.sqrt(kind.spots * control.frequency)
            for y in range(math.floor((top - margin) / side), math.floor((bottom + margin) / side) + 1):
                for x in range(math.floor((left - margin) / side), math.floor((right + margin) / side) + 1):
                    key = (kind.name, x, y)
                    if key not in self._cells:
                        self._cells[key] = self._patch(kind, side, x, y)
                    patch = self._cells[key]
                    if patch is not None and _touches(
                        patch.x, patch.y, 1.5 * patch.radius, left, top, right, bottom
                    ):
                        found.append(patch)
        return found

    def _patch(self, kind: Kind, side: float, column: int, row: int) -> Patch | None:
        """The patch of one square of `side` tiles, None in the starting area."""
        seed = self.seed + 101 * (1 + KINDS.index(kind))
        x = math.floor((column + chance(seed, 4 * column, row)) * side)
        y = math.floor((row + chance(seed, 4 * column + 1, row)) * side)
        away = math.hypot(x, y)
        if away < self.start * kind.beyond:
            return None
        control = self.settings.control(kind.name)
        part = kind.smallest + (kind.largest - kind.smallest) * chance(seed, 4 * column + 2, row)
        fade = min(1.0, (away - self.start) / FADE_IN)
        growth = 1.0 + max(0.0, away - FAR) / DOUBLES
        amount = kind.density * 1e6 / kind.spots / 1.5 * part * fade * growth * control.size
        radius = min(kind.spread * _third_root(amount), LARGEST)
        if radius < 3:
            return None
        # What a patch has is less near the start; past that its tiles get richer, not only more.
        return Patch(kind, x, y, radius, 3 * amount / (math.pi * radius * radius))

    def bases(self, left: float, top: float, right: float, bottom: float) -> Iterator[Spot]:
        """The bases of nests that may reach into a rectangle."""
        margin = LARGEST_BASE
        for row in range(
            math.floor((top - margin) / NEST_CELL), math.floor((bottom + margin) / NEST_CELL) + 1
        ):
            for column in range(
                math.floor((left - margin) / NEST_CELL), math.floor((right + margin) / NEST_CELL) + 1
            ):
                key = (column, row)
                if key not in self._bases:
                    self._bases[key] = self._base(column, row)
                base = self._bases[key]
                if base is not None and _touches(base.x, base.y, base.radius, left, top, right, bottom):
                    yield base

    def _base(self, column: int, row: int) -> Spot | None:
        control = self.settings.control("enemy-base")
        seed = self.seed + 9001
        x = math.floor((column + chance(seed, 4 * column, row)) * NEST_CELL)
        y = math.floor((row + chance(seed, 4 * column + 1, row)) * NEST_CELL)
        beyond = math.hypot(x, y) - 2 * self.start
        likely = min(0.6, 0.15 + beyond / 2500) * control.frequency
        if beyond < 0 or control.size <= 0 or chance(seed, 4 * column + 2, row) >= likely:
            return None
        return Spot(x, y, min(LARGEST_BASE, (9 + beyond / 100) * math.sqrt(control.size)))


def _touches(x: float, y: float, radius: float, left: float, top: float, right: float, bottom: float) -> bool:
    return left - radius < x < right + radius and top - radius < y < bottom + radius


def _third_root(value: float) -> float:
    return float(round(value ** (1 / 3), 6))


def _around(turn: float) -> tuple[float, float]:
    """A point on the unit circle, rounded so that it is the same on every machine."""
    return round(math.cos(turn * 2 * math.pi), 6), round(math.sin(turn * 2 * math.pi), 6)
