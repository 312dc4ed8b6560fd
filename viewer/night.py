"""Night: a picture gets darker and bluer, but for what lamps, fires and machines at work light up."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from viewer.atlas import Pixels
from viewer.view import View

LIGHT = np.dtype([("x", "<f8"), ("y", "<f8"), ("w", "<f4")])
"""Something that shines: its place, and how far it does, in tiles."""
Lights = NDArray[Any]
"""An array of LIGHT."""
DARKEST = 0.85
"""How dark it gets, as the game counts it."""
MOONLIGHT = np.array((0.36, 0.41, 0.58), np.float32)
"""What is left of red, green and blue then: so much that one can still read what stands there."""
WARM = np.array((1.0, 0.93, 0.78), np.float32)
CELL = 8
"""Pixels along a side of what is lit as one; between them it is smooth."""
SHINING = {
    "small-lamp": 7.0, "stone-furnace": 3.0, "steel-furnace": 3.0, "electric-furnace": 3.5, "boiler": 3.0,
    "lab": 3.5, "beacon": 3.5, "centrifuge": 3.5, "nuclear-reactor": 6.0, "oil-refinery": 4.0, "accumulator": 2.0,
    "roboport": 4.5, "rocket-silo": 7.0, "radar": 2.5, "assembling-machine-1": 2.5, "assembling-machine-2": 2.5,
    "assembling-machine-3": 2.5, "character": 7.0, "locomotive": 7.0, "car": 6.0, "tank": 6.0, "spidertron": 8.0,
}  # fmt: skip
"""How far what works shines, tiles."""


def light_map(lights: Lights, darkness: float, view: View) -> Pixels:
    """How much light falls where: uint8[rows, columns, RGB], a row and column for each CELL pixels of a view."""
    rows, columns = -(-view.height // CELL) + 1, -(-view.width // CELL) + 1
    lit = np.zeros((rows, columns), np.float32)
    tiles = CELL / view.scale
    west, north, _, _ = view.area
    for x, y, w in zip(*(lights[name].tolist() for name in ("x", "y", "w")), strict=True):
        column, row, reach = (x - west) / tiles, (y - north) / tiles, w / tiles
        left, right = max(0, math.ceil(column - reach)), min(columns, math.floor(column + reach) + 1)
        top, bottom = max(0, math.ceil(row - reach)), min(rows, math.floor(row + reach) + 1)
        if left >= right or top >= bottom:
            continue
        across = (np.arange(left, right, dtype=np.float32) - np.float32(column)) ** 2
        down = (np.arange(top, bottom, dtype=np.float32) - np.float32(row)) ** 2
        away = (down[:, None] + across) / np.float32(reach * reach)
        lit[top:bottom, left:right] += np.square(np.maximum(1 - away, 0))
    share = min(1.0, darkness / DARKEST)
    ambient = 1 - (1 - MOONLIGHT) * np.float32(share)
    bright = ambient + (WARM - ambient) * np.minimum(lit, 1)[..., None] * np.float32(share)
    return np.asarray((bright * 255 + 0.5).astype(np.uint8))


def shade(frame: Pixels, lights: Lights, darkness: float, view: View) -> Pixels:
    """A frame as it looks at that darkness, 0 by day; uint8[height, width, RGBA] as it was, opaque."""
    if darkness <= 0:
        return frame
    colours = light_map(lights, darkness, view)
    small = Image.fromarray(np.dstack((colours, np.full_like(colours[..., :1], 255))), "RGBX")
    # A cell's light is that at its first corner; an enlarged picture has it in the cell's middle.
    box = (0.5, 0.5, 0.5 + view.width / CELL, 0.5 + view.height / CELL)
    full = small.resize((view.width, view.height), Image.Resampling.BILINEAR, box)
    seen = Image.frombuffer(
        "RGBX", (view.width, view.height), np.ascontiguousarray(frame), "raw", "RGBX", 0, 1
    )
    return np.asarray(ImageChops.multiply(seen, full))
