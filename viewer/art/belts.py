"""Belts, undergrounds and splitters in three speeds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.art.palette import DARK, GUNMETAL, IRON, TIERS
from viewer.art.relief import Colour, Relief, dark, light, mix, rgb
from viewer.atlas import Picture

FRAMES = 16
"""Pictures in which a belt moves on by half a tile."""
SHAPES = ("straight", "left", "right")
RUBBER = rgb("#4a4640")
RAIL = rgb("#716e69")
HALF_WIDTH = 0.44
HEIGHT = 0.10


def pictures() -> Iterator[Picture]:
    """ "NAME/SHAPE/QUARTER/FRAME" of belts; "NAME/in|out/QUARTER" are the hoods of undergrounds; "splitter/QUARTER"."""
    for prefix, accent in TIERS.items():
        for shape in SHAPES:
            for quarter in range(4):
                for frame in range(FRAMES):
                    name = f"{prefix}transport-belt/{shape}/{quarter}/{frame}"
                    yield _belt(name, shape, quarter, frame / FRAMES, accent)
        for quarter in range(4):
            for way in ("in", "out"):
                hood = _hood(quarter, way, accent)
                yield hood.picture(f"{prefix}underground-belt/{way}/{quarter}")
                yield hood.shadow(f"{prefix}underground-belt/{way}/{quarter}/shadow")
            body = _splitter(quarter, accent)
            yield body.picture(f"{prefix}splitter/{quarter}")
            yield body.shadow(f"{prefix}splitter/{quarter}/shadow")


def _belt(name: str, shape: str, quarter: int, phase: float, accent: Colour) -> Picture:
    model = Relief(1, 1, quarter / 4, margin=0)
    x = model.east * model.cos + model.south * model.sin
    y = model.south * model.cos - model.east * model.sin
    x, y = np.broadcast_arrays(x, y)
    along: NDArray[Any]
    if shape == "straight":
        along, across = 0.5 - y, x
    else:
        # It turns about a corner: belts that turn right come in from the right.
        side = 1 if shape == "right" else -1
        away_x, away_y = 0.5 - x * side, y + 0.5
        radius = np.hypot(away_x, away_y)
        # From the side, where away_x is nought, to the north, where away_y is.
        along = np.arctan2(away_x, np.maximum(away_y, 1e-6)) / (math.pi / 2)
        across = (0.5 - radius) * side
    _surface(model, along - phase * 0.5, across, accent)
    return _whole(model, name)


def _surface(model: Relief, s: NDArray[Any], t: NDArray[Any], accent: Colour) -> None:
    """Rubber slats between two rails, with arrows that point downstream. `s` in tiles of travel, `t` across."""
    soft = model.fine
    edge = np.abs(t) - HALF_WIDTH
    inside = np.clip(0.5 - edge * soft, 0, 1)[..., None]
    slat = s * 8 % 1
    gap = np.clip((0.10 - np.minimum(slat, 1 - slat)) * soft / 8 + 0.5, 0, 1)
    rubber = np.array(RUBBER, np.float32) * (1 - 0.3 * gap[..., None]) * (1 + 0.04 * np.cos(t * 7)[..., None])
    # An arrow each half tile.
    tip = (s * 2 + np.abs(t) * 1.25) % 1
    arrow = np.clip((0.14 - np.abs(tip - 0.5)) * soft / 2 + 0.5, 0, 1)
    arrow *= np.clip((0.27 - np.abs(t)) * soft + 0.5, 0, 1)
    rubber += (np.array(accent, np.float32) * 0.92 - rubber) * (arrow * 0.9)[..., None]
    rail = np.array(mix(RAIL, accent, 0.30), np.float32)
    model.colour[...] = rail + (rubber - rail) * inside
    groove = np.clip((np.abs(t) - (HALF_WIDTH - 0.05)) * soft, 0, 1)[..., None] * inside
    model.colour *= 1 - 0.42 * groove
    model.alpha[...] = np.clip(0.5 + (0.5 - np.abs(t)) * soft, 0, 1)
    model.height[...] = np.where(edge > 0, HEIGHT + 0.05, HEIGHT - 0.012 * gap)
    model.gloss[...] = 0.08 + 0.15 * (edge > 0)


def _whole(model: Relief, name: str) -> Picture:
    """The picture uncut: belts must fill their tile to its edges."""
    pixels = model.pixels()
    return Picture(name, pixels, model.scale)


def _hood(quarter: int, way: str, accent: Colour) -> Relief:
    """Over the half of the tile where the belt is under the ground; what faces north goes in there or comes out."""
    model = Relief(1, 1, quarter / 4, margin=0.1)
    side = -1 if way == "in" else 1  # the covered half is ahead of what goes in, behind what comes out
    near, far = 0.02 * side, 0.5 * side
    y0, y1 = min(near, far), max(near, far)
    model.box(-0.5, y0, 0.5, y1, mix(GUNMETAL, accent, 0.35), 0.34, 0.05, 0.07)
    model.box(-0.42, y0 + 0.07, 0.42, y1 - 0.07, mix(IRON, accent, 0.62), 0.38, 0.05, 0.04)
    # The mouth: the belt runs into the dark.
    mouth = near - 0.14 * side
    model.box(-0.40, min(near, mouth), 0.40, max(near, mouth), rgb("#15161a"), 0.12, 0.02, 0)
    model.rod((-0.44, near), (-0.44, mouth), 0.12, dark(accent, 0.25), 0.36)
    model.rod((0.44, near), (0.44, mouth), 0.12, dark(accent, 0.25), 0.36)
    tip = 0.30 * side
    point = -0.075
    model.poly(
        [(-0.17, tip + 0.05), (0, tip + point), (0.17, tip + 0.05), (0.17, tip + 0.12), (0, tip + 0.01), (-0.17, tip + 0.12)],
        light(accent, 0.25), None,
    )  # fmt: skip
    return model.grain(0.02)


def _splitter(quarter: int, accent: Colour) -> Relief:
    """Two tiles wide; the belts show at both of its ends."""
    model = Relief(2, 1, quarter / 4, margin=0.1)
    model.box(-0.98, -0.26, 0.98, 0.26, mix(GUNMETAL, accent, 0.3), 0.34, 0.10, 0.08)
    model.box(-0.90, -0.18, 0.90, 0.18, mix(IRON, accent, 0.68), 0.40, 0.08, 0.05)
    model.box(-0.16, -0.20, 0.16, 0.20, DARK, 0.44, 0.06, 0.04)
    for x in (-0.53, 0.53):
        model.poly([(x - 0.13, 0.07), (x, -0.09), (x + 0.13, 0.07)], light(accent, 0.35), None)
        model.bolts([(x - 0.27, 0), (x + 0.27, 0)], IRON, 0.41, 0.03)
    model.disc(0, 0, 0.075, light(accent, 0.1), 0.46, dome=0.05, gloss=0.5)
    return model.grain(0.02)
