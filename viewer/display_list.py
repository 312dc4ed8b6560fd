"""What a renderer draws: quads over a ground."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.night import LIGHT, Lights

QUAD = np.dtype(
    [
        ("x", "<f8"),
        ("y", "<f8"),
        ("w", "<f4"),
        ("h", "<f4"),
        ("angle", "<f4"),
        ("cell", "<u4"),
        ("tint", "<u4"),
        ("order", "<i4"),
    ]
)
"""One picture of the atlas laid on the world. x, y: its centre, w, h: its size, in tiles. angle: turned clockwise,
in turns. cell: which picture (`Atlas.cell`). tint: each channel is multiplied by it, 0xAABBGGRR (`tint()`).
order: an `Order`, or any number between two of them."""

CHUNK = 32
"""Tiles along a side of a chunk."""
WHITE = 0xFFFFFFFF

Quads = NDArray[Any]
"""An array of QUAD."""


class Order(IntEnum):
    """What lies over what, lowest first. Within one order, quads that overlap come in no particular sequence."""

    DECAL = 0
    RAIL = 5
    BELT = 10
    ITEM = 20
    HOOD = 30
    SHADOW = 40
    PIPE = 45
    BODY = 50
    MOVING = 60
    GLOW = 65
    ARM = 70
    HELD = 75
    CHARACTER_SHADOW = 80
    CHARACTER = 82
    TREE_SHADOW = 84
    TREE = 86
    WIRE_SHADOW = 88
    POLE = 90
    WIRE = 92
    SMOKE = 100
    FLYING_SHADOW = 102
    FLYING = 104
    OVERLAY = 110
    ICON = 114
    BADGE = 118
    LABEL = 120


def tint(red: float, green: float, blue: float, alpha: float = 1.0) -> int:
    """A tint from channels between 0 and 1."""
    r, g, b, a = (min(255, max(0, round(c * 255))) for c in (red, green, blue, alpha))
    return r | g << 8 | b << 16 | a << 24


def quads(count: int) -> Quads:
    """So many quads of no size, untinted, to be filled in column by column."""
    rows: Quads = np.zeros(count, QUAD)
    rows["tint"] = WHITE
    return rows


@dataclass(frozen=True, eq=False)
class GroundChunk:
    """The ground of one chunk.

    tiles: uint8[32, 32] by row and column, indices into `viewer.art.ground.KINDS` (`kind_of(name)`).
    ores: uint8[32, 32], 0 where there is none, else 1 + 8 × the resource's place in `viewer.art.ores.ORES` + its
    richness 0 … 7 (`ore_code(name, amount)`).
    blocks: uint8[32, 32, 4], RGBA that lies over the ground when a picture is not `viewer.ground.detailed`:
    what stands there, as coloured blocks; None for nothing.
    A chunk never changes: what has changed is another chunk, and is painted anew.
    """

    tiles: NDArray[np.uint8]
    ores: NDArray[np.uint8] | None = None
    blocks: NDArray[np.uint8] | None = None
    serial: int = field(default_factory=itertools.count().__next__)


Ground = Mapping[tuple[int, int], GroundChunk]
"""Chunks by their column and row: chunk (0, 0) begins at tile (0, 0). A missing one is drawn as unexplored."""


@dataclass(frozen=True, eq=False)
class DisplayList:
    """All that one picture shows. `quads` need not be sorted, nor be inside the view.

    darkness: 0 by day … `viewer.night.DARKEST`; lights: what shines then.
    """

    quads: Quads = field(default_factory=lambda: quads(0))
    ground: Ground = field(default_factory=dict)
    darkness: float = 0.0
    lights: Lights = field(default_factory=lambda: np.zeros(0, LIGHT))
