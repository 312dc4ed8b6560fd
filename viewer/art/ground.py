"""Textures of the ground, each of which repeats after 16 tiles."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.art.noise import seamless
from viewer.art.relief import LIGHT, Colour, Relief, rgb
from viewer.atlas import Picture

PERIOD = 16
"""Tiles after which a texture repeats."""
TEXTURE_SCALE = 32
"""Pixels per tile of a texture."""
SIDE = PERIOD * TEXTURE_SCALE

# name: (style, colour)
KINDS: dict[str, tuple[str, Colour]] = {
    "out-of-map": ("void", rgb("#121316")),
    "tile-unknown": ("void", rgb("#3a3238")),
    "grass-1": ("grass", rgb("#626d3c")),
    "grass-2": ("grass", rgb("#6d7341")),
    "grass-3": ("grass", rgb("#767646")),
    "grass-4": ("grass", rgb("#827d4d")),
    "dirt-1": ("dirt", rgb("#96815c")),
    "dirt-2": ("dirt", rgb("#8b7552")),
    "dirt-3": ("dirt", rgb("#846d4b")),
    "dirt-4": ("dirt", rgb("#7a6344")),
    "dirt-5": ("dirt", rgb("#725c40")),
    "dirt-6": ("dirt", rgb("#6a553b")),
    "dirt-7": ("dirt", rgb("#624f38")),
    "dry-dirt": ("dirt", rgb("#9a8763")),
    "sand-1": ("sand", rgb("#b8a679")),
    "sand-2": ("sand", rgb("#ab976e")),
    "sand-3": ("sand", rgb("#a08a65")),
    "red-desert-0": ("dirt", rgb("#8c6f4f")),
    "red-desert-1": ("dirt", rgb("#947253")),
    "red-desert-2": ("dirt", rgb("#946c50")),
    "red-desert-3": ("dirt", rgb("#9b7456")),
    "nuclear-ground": ("dirt", rgb("#4b4540")),
    "landfill": ("dirt", rgb("#6b5a3c")),
    "water": ("water", rgb("#356f80")),
    "deepwater": ("water", rgb("#26566b")),
    "water-green": ("water", rgb("#4c6b4a")),
    "deepwater-green": ("water", rgb("#3a563d")),
    "water-shallow": ("water", rgb("#5f8a86")),
    "water-mud": ("water", rgb("#6e6a4c")),
    "water-wube": ("water", rgb("#356f80")),
    "stone-path": ("cobbles", rgb("#8d877b")),
    "concrete": ("slabs", rgb("#7f8184")),
    "hazard-concrete-left": ("hazard-left", rgb("#7f8184")),
    "hazard-concrete-right": ("hazard-right", rgb("#7f8184")),
    "refined-concrete": ("refined", rgb("#6e7278")),
    "refined-hazard-concrete-left": ("hazard-left", rgb("#6e7278")),
    "refined-hazard-concrete-right": ("hazard-right", rgb("#6e7278")),
    "red-refined-concrete": ("refined", rgb("#8c4038")),
    "green-refined-concrete": ("refined", rgb("#4b7d45")),
    "blue-refined-concrete": ("refined", rgb("#3f6a96")),
    "orange-refined-concrete": ("refined", rgb("#a06f43")),
    "yellow-refined-concrete": ("refined", rgb("#a5934c")),
    "pink-refined-concrete": ("refined", rgb("#a86a7e")),
    "purple-refined-concrete": ("refined", rgb("#69517f")),
    "black-refined-concrete": ("refined", rgb("#2c2e32")),
    "brown-refined-concrete": ("refined", rgb("#6a4d36")),
    "cyan-refined-concrete": ("refined", rgb("#458a8c")),
    "acid-refined-concrete": ("refined", rgb("#7f9450")),
    "lab-dark-1": ("lab", rgb("#4a4f55")),
    "lab-dark-2": ("lab", rgb("#555b61")),
    "lab-white": ("lab", rgb("#c3c5c4")),
    "tutorial-grid": ("lab", rgb("#6c6f6a")),
}
"""Every kind of ground there is, in the order of its number."""
NUMBERS = {name: number for number, name in enumerate(KINDS)}
UNSEEN, UNKNOWN = NUMBERS["out-of-map"], NUMBERS["tile-unknown"]
STYLES = tuple(style for style, _ in KINDS.values())
IS_WATER = np.array([style == "water" for style in STYLES])
IS_PAVED = np.array([style not in ("water", "grass", "dirt", "sand") for style in STYLES])
"""Whether its border follows the tiles' edges."""
DECOR = {"grass": 10, "dirt": 6, "sand": 5}
"""How many small things there are that lie about on each style of ground."""


def kind_of(name: str) -> int:
    """The number of a tile's kind; unknown ones share one."""
    return NUMBERS.get(name, UNKNOWN)


@cache
def _noise(coarse: float, fine: float, seed: int, stretch: float = 1.0) -> NDArray[Any]:
    return seamless(SIDE, coarse, fine, seed, stretch)


def pictures() -> Iterator[Picture]:
    """All textures ("ground/NAME"), and what lies about ("decor/STYLE/N")."""
    for name, (style, colour) in KINDS.items():
        yield Picture(f"ground/{name}", _pixels(_texture(style, np.array(colour, np.float32))), TEXTURE_SCALE)
    yield from _decor()


def _pixels(colours: NDArray[Any]) -> NDArray[np.uint8]:
    out = np.full((*colours.shape[:2], 4), 255, np.uint8)
    out[..., :3] = (np.clip(colours, 0, 1) * 255 + 0.5).astype(np.uint8)
    return out


def _shaded(height: NDArray[Any], strength: float) -> NDArray[Any]:
    """Brightness around 1 of an uneven surface in the light of the models."""
    east = np.roll(height, -1, 1) - np.roll(height, 1, 1)
    south = np.roll(height, -1, 0) - np.roll(height, 1, 0)
    return np.asarray(1 + strength * (-east * LIGHT[0] - south * LIGHT[1]))


def _texture(style: str, colour: NDArray[Any]) -> NDArray[Any]:
    flat = np.broadcast_to(colour, (SIDE, SIDE, 3)).copy()
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / TEXTURE_SCALE
    if style == "grass":
        patches = _noise(170, 30, 1)
        blades = _noise(9, 1.6, 2, 0.45)
        yellow = np.array((0.045, 0.02, -0.03), np.float32)
        flat += np.clip(patches, -2, 2)[..., None] * yellow * 0.3
        bright = _shaded(blades, 0.055) * (1 + 0.045 * np.clip(_noise(60, 8, 3), -2, 2)) + 0.035 * blades
        return np.asarray(flat * bright[..., None])
    if style in ("dirt", "sand"):
        grit = _noise(10, 1.5, 4)
        waves = _noise(120, 18, 5) if style == "dirt" else _noise(70, 10, 6, 2.6)
        pebbles = np.clip(_noise(14, 5, 7) - 1.75, 0, 1)
        bright = _shaded(grit, 0.03) * _shaded(waves, 0.30) * (1 + 0.035 * waves) + 0.015 * grit
        if style == "dirt":
            bright = bright * _shaded(pebbles, 0.8) + pebbles * 0.10
        return np.asarray(flat * bright[..., None])
    if style == "water":
        swell = _noise(90, 22, 8, 0.7)
        ripples = _noise(26, 7, 9, 0.6)
        bright = 1 + 0.035 * swell + 0.02 * ripples
        glints = np.clip(ripples + 0.6 * swell - 2.1, 0, 1) * 0.16
        return np.asarray(flat * bright[..., None] + glints[..., None])
    if style == "cobbles":
        return np.asarray(flat * _cobbles()[..., None])
    if style == "void":
        return np.asarray(flat * (1 + 0.04 * _noise(60, 6, 12))[..., None])
    if style == "lab":
        edge = np.minimum(np.minimum(x % 1, 1 - x % 1), np.minimum(y % 1, 1 - y % 1))
        bevel = np.where((x % 1 < 0.045) | (y % 1 < 0.045), 1.07, 1.0)
        bevel = np.where((1 - x % 1 < 0.05) | (1 - y % 1 < 0.05), 0.86, bevel)
        bevel = np.where(edge < 0.018, 0.82, bevel)
        worn = 1 + 0.012 * _noise(80, 6, 13) + 0.008 * _noise(6, 1.5, 14)
        return np.asarray(flat * (bevel * worn)[..., None])
    # Concrete of several sorts.
    size = 1 if style == "slabs" else 2
    u, v = x / size % 1, y / size % 1
    joint = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v)) * size
    bright = np.where(joint < 0.03, 0.74, np.where(joint < 0.06, 0.93, 1.0))
    slab = (np.floor(x / size) * 7 + np.floor(y / size) * 13) % 5 / 5 - 0.4
    bright = bright * (1 + 0.03 * slab + 0.022 * _noise(90, 10, 15) + 0.02 * _noise(7, 1.5, 16))
    if style.startswith("hazard"):
        across = x + y if style == "hazard-left" else x - y
        band = np.clip((np.abs(across % 1 - 0.5) - 0.25) * 20 + 0.5, 0, 1)[..., None]
        flat = np.array(rgb("#c9a13a"), np.float32) * band + np.array(rgb("#33353a"), np.float32) * (1 - band)
    return np.asarray(flat * bright[..., None])


def _cobbles() -> NDArray[Any]:
    """Brightness of rounded stones laid irregularly, four to a tile."""
    random = np.random.default_rng(17)
    cells = PERIOD * 2
    step = SIDE // cells
    jitter = random.uniform(-0.28, 0.28, (cells, cells, 2))
    tone = random.uniform(-0.09, 0.09, (cells, cells))
    y, x = np.mgrid[0:SIDE, 0:SIDE] / step
    first = np.full((SIDE, SIDE), 9.0)
    second = np.full((SIDE, SIDE), 9.0)
    shade = np.zeros((SIDE, SIDE))
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            cy, cx = (np.floor(y) + dy).astype(int), (np.floor(x) + dx).astype(int)
            j = jitter[cy % cells, cx % cells]
            away = np.hypot(cx + 0.5 + j[..., 0] - x, cy + 0.5 + j[..., 1] - y)
            nearer = away < first
            second = np.where(nearer, first, np.minimum(second, away))
            shade = np.where(nearer, tone[cy % cells, cx % cells], shade)
            first = np.where(nearer, away, first)
    crack = np.clip((second - first) / 0.22, 0, 1)
    stones = np.sqrt(np.clip(crack, 0, 1))
    bright = (0.62 + 0.38 * stones) * (1 + shade) * _shaded(stones, 0.35)
    return np.asarray(bright * (1 + 0.02 * _noise(6, 1.5, 18)), np.float32)


def _decor() -> Iterator[Picture]:
    random = np.random.default_rng(23)
    for i in range(DECOR["grass"]):
        tuft = Relief(1.1, 1.1, scale=TEXTURE_SCALE)
        colour = rgb(("#56682f", "#7f8742", "#6c7a38", "#8e8a4e")[i % 4])
        if i >= 8:  # flowers
            petal = rgb(("#d8c46a", "#cfd2d8")[i % 2])
            for _ in range(7):
                x, y = random.uniform(-0.4, 0.4, 2)
                tuft.disc(x, y, 0.05, petal, 0.08, dome=0.03)
        else:
            for _ in range(16):
                x, y = random.normal(0, 0.16, 2)
                turn = random.uniform(0, math.tau)
                length = random.uniform(0.12, 0.3)
                tip = (x + math.cos(turn) * length, y + math.sin(turn) * length)
                tone = random.uniform(0.85, 1.2)
                tuft.rod(
                    (x, y),
                    tip,
                    0.055,
                    (colour[0] * tone, colour[1] * tone, colour[2] * tone),
                    0.12,
                    end=0.012,
                )
        yield tuft.picture(f"decor/grass/{i}")
    for style, tones in (("dirt", ("#8d8170", "#6f6353")), ("sand", ("#a79674", "#c9b78c"))):
        for i in range(DECOR[style]):
            stones = Relief(1.1, 1.1, scale=TEXTURE_SCALE)
            for _ in range(2 + i):
                x, y = random.uniform(-0.38, 0.38, 2)
                r = random.uniform(0.03, 0.11)
                stones.disc(x, y, r, rgb(tones[i % 2]), 0.03, dome=r * 0.8, gloss=0.1)
            yield stones.picture(f"decor/{style}/{i}")
