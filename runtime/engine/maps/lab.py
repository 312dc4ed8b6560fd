"""The lab map, `default_lab_scenario`: 1,000 × 1,000 tiles of laboratory floor with solid rectangles of ore.

Where ore and oil lie is what FLE's tests take as given. Lakes, forests and rocks are ours: they keep to where
those tests build nothing. Everything here is a pure function of the position.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

LEFT, TOP, RIGHT, BOTTOM = -500, -500, 500, 500  # tiles; right and bottom are the first outside

ORE_AMOUNT = 10_000
OIL_AMOUNT = 300_000
# Name, centres of the left top and the right bottom tile.
ORE_FIELDS = (
    ("coal", 15.5, -3.5, 38.5, 20.5),
    ("stone", -70.5, -3.5, -46.5, 20.5),
    ("iron-ore", 15.5, 70.5, 38.5, 95.5),
    ("copper-ore", -70.5, 70.5, -46.5, 95.5),
)
# Left well, columns. Wells stand as far apart as pumpjacks are wide, in the middle of tiles, as they do.
OIL_FIELDS = ((17.5, 7), (-71.5, 9))
OIL_ROWS = (40.5, 43.5, 46.5, 49.5)
WELL_SPACING = 3.0

PATH_SPACING, PATH_WIDTH = 64, 2  # tiles; the concrete between the squares


class Ellipse(NamedTuple):
    """Middle (the corner between four tiles) and half axes, tiles."""

    x: int
    y: int
    half_width: int
    half_height: int

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """(y, left, right) of each row of tiles whose middles are inside; right is the first outside."""
        for dy in range(-self.half_height, self.half_height):
            # Twice the distances, to stay with whole numbers: (dx/a)² + (dy/b)² < 1 for the tile's middle.
            inside = (2 * self.half_height) ** 2 - (2 * dy + 1) ** 2
            half = math.isqrt(inside * self.half_width**2 // (2 * self.half_height) ** 2)
            if half:
                yield self.y + dy, self.x - half, self.x + half


# The pond's four straight shores take an offshore pump each; a hundred pipes reach from it to the origin. Its southern
# corners are square: FLE puts a pump beside the nearest water, at a corner on the eastern or western shore, and its
# tests build boilers and engines away from the water there, and above those.
POND_CUTS = (5, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
POND_ROWS = tuple((-64 + row, -19 + cut, -4 - cut) for row, cut in enumerate(POND_CUTS))
POND_DEEP = Ellipse(-11, -57, 3, 2)
LAKES = (
    Ellipse(-150, -130, 34, 24),
    Ellipse(-172, -112, 20, 22),
    Ellipse(120, -170, 40, 26),
    Ellipse(150, -158, 22, 24),
    Ellipse(-210, 60, 26, 40),
    Ellipse(-222, 100, 30, 22),
    Ellipse(-330, -320, 60, 44),
    Ellipse(340, -340, 52, 48),
    Ellipse(390, 400, 46, 38),
    Ellipse(-350, 340, 56, 42),
)
SHALLOWS = 5  # tiles between a lake's shore and its deep water


class Wood(NamedTuple):
    """A rectangle of trees of one kind; one place in `sparseness` stays empty, or none if that is 0."""

    tree: str
    left: int
    top: int
    columns: int
    rows: int
    sparseness: int


# Every other row of tiles is a lane, and a tile that has no tree in it is free as a whole: whoever walks to a tree can
# stand beside it. The nearest tree has 100 wood within 10 tiles of it.
ROW_SPACING = 2  # tiles
WOODS = (
    Wood("tree-04", -42, -42, 16, 8, 0),  # within 50 tiles of the origin, for whoever starts with bare hands
    Wood("tree-02", -112, -72, 21, 8, 4),
    Wood("tree-01", 62, -96, 24, 7, 4),
    Wood("tree-03", -140, 20, 15, 12, 4),
    Wood("tree-05", -120, 150, 21, 10, 4),
    Wood("tree-09", -260, -180, 33, 10, 3),
    Wood("tree-04", 220, -120, 27, 10, 3),
    Wood("tree-02", 300, 300, 24, 14, 3),
    Wood("tree-01", -300, 200, 27, 12, 3),
)
ROCKS = (
    (-96.0, -40.0), (-104.0, -34.0), (-99.0, -28.0), (88.0, -60.0), (96.0, -66.0), (90.0, -74.0),
    (-118.0, 60.0), (-124.0, 68.0), (-116.0, 76.0), (-240.0, -60.0), (-236.0, -70.0), (-90.0, 140.0),
    (180.0, -90.0), (188.0, -84.0), (300.0, 120.0), (308.0, 128.0), (-180.0, 220.0), (-188.0, 226.0),
)  # fmt: skip


def tile_at(x: int, y: int) -> str:
    """The name of the tile whose left top corner is (x, y); `out-of-map` beyond the border."""
    if not (LEFT <= x < RIGHT and TOP <= y < BOTTOM):
        return "out-of-map"
    water = _water().get((x, y))
    if water is not None:
        return water
    if x % PATH_SPACING < PATH_WIDTH or y % PATH_SPACING < PATH_WIDTH:
        return "concrete"
    return "lab-dark-2" if (x + y) % 2 else "lab-dark-1"


def resources() -> Iterator[tuple[str, float, float, int]]:
    """(prototype, x, y, amount) of ore and wells by rising y, then x: the order in which searches find."""
    yield from sorted(
        [*_ores(), *_wells()],
        key=lambda resource: (resource[2], resource[1]),
    )


def trees() -> Iterator[tuple[str, float, float]]:
    """(prototype, x, y) of trees by rising y, then x."""
    yield from sorted(
        (tree for wood in WOODS for tree in _planted(wood)), key=lambda tree: (tree[2], tree[1])
    )


def rocks() -> Iterator[tuple[str, float, float]]:
    """(prototype, x, y) of rocks by rising y, then x."""
    yield from (("big-rock", x, y) for x, y in sorted(ROCKS, key=lambda rock: (rock[1], rock[0])))


@cache
def _water() -> dict[tuple[int, int], str]:
    shallow = [*POND_ROWS, *(row for lake in LAKES for row in lake.rows())]
    shrunk = [
        Ellipse(lake.x, lake.y, lake.half_width - SHALLOWS, lake.half_height - SHALLOWS) for lake in LAKES
    ]
    deep = [row for middle in (POND_DEEP, *shrunk) for row in middle.rows()]
    water = {(x, y): "water" for y, left, right in shallow for x in range(left, right)}
    water.update({(x, y): "deepwater" for y, left, right in deep for x in range(left, right)})
    return water


def _ores() -> Iterator[tuple[str, float, float, int]]:
    for name, left, top, right, bottom in ORE_FIELDS:
        for row in range(int(bottom - top) + 1):
            for column in range(int(right - left) + 1):
                yield name, left + column, top + row, ORE_AMOUNT


def _wells() -> Iterator[tuple[str, float, float, int]]:
    for left, columns in OIL_FIELDS:
        for y in OIL_ROWS:
            for column in range(columns):
                yield "crude-oil", left + column * WELL_SPACING, y, OIL_AMOUNT


def _planted(wood: Wood) -> Iterator[tuple[str, float, float]]:
    for row in range(wood.rows):
        for column in range(wood.columns):
            x, y = wood.left + column, wood.top + row * ROW_SPACING
            chance = _scatter(2 * x, 2 * y)
            if wood.sparseness and chance % wood.sparseness == 0:
                continue
            # Out of line by up to 1/16 of a tile: exact in the game's 1/256, and no trunk leaves its tile.
            yield wood.tree, x + 0.5 + ((chance >> 8) % 3 - 1) / 16, y + 0.5 + ((chance >> 16) % 3 - 1) / 16


def _scatter(x: int, y: int) -> int:
    """A number of 32 bits that looks random and depends on the position alone."""
    mixed = (x * 0x9E3779B1 ^ y * 0x85EBCA77) & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 15) * 0x2C1B3C6D & 0xFFFFFFFF
    return mixed ^ mixed >> 13
