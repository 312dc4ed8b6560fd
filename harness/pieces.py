"""What the built-in player puts up: the things it knows, what they cost, and where each is to stand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

DRILL, FURNACE, BURNER, BELT, CHEST = (
    "burner-mining-drill",
    "stone-furnace",
    "burner-inserter",
    "transport-belt",
    "iron-chest",
)
INSERTER, ASSEMBLER, POLE, LAB = "inserter", "assembling-machine-1", "small-electric-pole", "lab"
PUMP, PIPE, BOILER, ENGINE = "offshore-pump", "pipe", "boiler", "steam-engine"
RED = "automation-science-pack"

ALIKE: dict[str, tuple[str, ...]] = {
    CHEST: (CHEST, "wooden-chest", "steel-chest"),
    ASSEMBLER: (ASSEMBLER, "assembling-machine-2", "assembling-machine-3"),
    POLE: (POLE, "medium-electric-pole"),
}
"""What will do where the plan names the first of them."""

COST: dict[str, dict[str, int]] = {
    DRILL: {"iron-plate": 9, "stone": 5},
    FURNACE: {"stone": 5},
    BURNER: {"iron-plate": 3},
    BELT: {"iron-plate": 3},
    CHEST: {"iron-plate": 8},
    INSERTER: {"iron-plate": 4, "copper-plate": 2},
    ASSEMBLER: {"iron-plate": 22, "copper-plate": 5},
    POLE: {"wood": 1, "copper-plate": 1},
    LAB: {"iron-plate": 36, "copper-plate": 15},
    PUMP: {"iron-plate": 7},
    PIPE: {"iron-plate": 1},
    BOILER: {"iron-plate": 4, "stone": 5},
    ENGINE: {"iron-plate": 31},
    RED: {"iron-plate": 2, "copper-plate": 1},
}
"""What crafting one takes, down to what is dug, felled or smelted."""
PAIRS = (BELT, POLE)
"""These are crafted two at a time, for the cost of both."""
INGREDIENTS = (FURNACE, PIPE, BELT, INSERTER)
"""What goes into other things: crafted after those, which would use it up."""
SIZES = {DRILL: (2, 2), FURNACE: (2, 2), ASSEMBLER: (3, 3), LAB: (3, 3), BOILER: (3, 2), ENGINE: (3, 5)}
"""Width and height of what is larger than a tile, in tiles, as it is put up here."""
FACING = (DRILL, BURNER, INSERTER, BELT, PUMP, BOILER)
"""What works only if it faces as planned."""


@dataclass(frozen=True)
class Piece:
    """One thing of the plan: its name in the game, its centre in tiles, where it faces, the coal it starts with.

    recipe: of an assembling machine. An inserter faces the way in which it moves things.
    """

    name: str
    x: float
    y: float
    facing: str = "UP"
    coal: int = 0
    recipe: str | None = None


@dataclass(frozen=True)
class Patch:
    """The tiles that ore or water covers, both ends included."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, eq=False)
class Step:
    """Pieces that are of use once all of them stand, and are put up before the next step is begun.

    after: a step without which this one is of no use. technology: what it takes.
    ore: what its cell smelts. core: how many pieces of it, the first ones, work without a belt, fuelled by hand.
    """

    pieces: tuple[Piece, ...]
    after: Step | None = None
    technology: str | None = None
    ore: str | None = None
    core: int = 0


def size_of(name: str) -> tuple[int, int]:
    """The size of a planned thing, or of one like it, tiles."""
    planned = next((planned for planned, alike in ALIKE.items() if name in alike), name)
    return SIZES.get(planned, (1, 1))


def tiles(x: float, y: float, size: Sequence[float]) -> Iterator[tuple[int, int]]:
    """The tiles under a thing with its centre at (x, y)."""
    left, top = math.floor(x - size[0] / 2 + 0.01), math.floor(y - size[1] / 2 + 0.01)
    for column in range(left, left + max(1, round(size[0]))):
        for row in range(top, top + max(1, round(size[1]))):
            yield column, row


def belts(*corners: tuple[int, int]) -> tuple[Piece, ...]:
    """Belts from tile to tile, each facing the next. The last corner is not part of it: it is what they lead to."""
    found = []
    for (x, y), (to_x, to_y) in pairwise(corners):
        dx, dy = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
        facing = {(0, 1): "DOWN", (0, -1): "UP", (1, 0): "RIGHT", (-1, 0): "LEFT"}[dx, dy]
        for n in range(abs(to_x - x) + abs(to_y - y)):
            found.append(Piece(BELT, x + n * dx + 0.5, y + n * dy + 0.5, facing))
    return tuple(found)
