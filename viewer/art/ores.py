"""What lies in the ground: stones that grow fewer and smaller as a tile is mined out."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from viewer.art.relief import Colour, Relief, dark, light, mix, rgb
from viewer.atlas import Picture

ORES: dict[str, Colour] = {
    "iron-ore": rgb("#6f8ba3"),
    "copper-ore": rgb("#c9744a"),
    "coal": rgb("#2b2b30"),
    "stone": rgb("#b7a782"),
    "uranium-ore": rgb("#6f9438"),
    "crude-oil": rgb("#1d1822"),
}
"""Resources in the order of their numbers."""
RICHNESS = 8
"""How many pictures there are from nearly mined out to rich."""
VARIANTS = 4
FULL = 4000
"""From this amount on a tile looks as rich as can be."""
NAMES = tuple(ORES)


def ore_code(name: str, amount: float) -> int:
    """The number of a resource and its richness in `GroundChunk.ores`; unknown resources look like stone.

    Oil in the ground has no code: it is drawn as an entity ("ore/crude-oil").
    """
    kind = NAMES.index(name) if name in ORES else NAMES.index("stone")
    return 1 + RICHNESS * kind + richness(amount)


def richness(amount: float) -> int:
    """0 … 7: each step is twice the amount of the one before."""
    steps = RICHNESS - 1 + math.log2(max(amount, 1) / FULL) * 0.8
    return max(0, min(RICHNESS - 1, math.floor(steps)))


def pictures() -> Iterator[Picture]:
    """ "ore/NAME/RICHNESS/VARIANT", and "ore/crude-oil/VARIANT"."""
    for name, colour in ORES.items():
        if name == "crude-oil":
            yield from _oil()
            continue
        for variant in range(VARIANTS):
            for rich in range(RICHNESS):
                yield _stones(name, colour, variant, rich)


def _stones(name: str, colour: Colour, variant: int, rich: int) -> Picture:
    random = np.random.default_rng(100 + variant)
    model = Relief(1.3, 1.3, margin=0)
    count = (2, 4, 6, 8, 11, 14, 18, 23)[rich]
    size = 0.085 + 0.012 * rich
    if rich >= 2:
        # A stain of dust under them.
        for _ in range(5):
            x, y = random.uniform(-0.3, 0.3, 2)
            model.disc(x, y, 0.24, dark(colour, 0.45), None, opacity=0.04 + 0.02 * rich, gloss=0)
    else:
        random.uniform(-0.3, 0.3, 10)
    spots = [random.uniform(-0.52, 0.52, 2) for _ in range(23)]
    shapes = random.uniform(0, 1, (23, 12))
    for (x, y), shape in sorted(
        zip(spots[:count], shapes[:count], strict=True), key=lambda s: float(s[0][1])
    ):
        r = size * (0.75 + 0.7 * shape[0])
        corners = 6
        points = []
        for i in range(corners):
            away = r * (0.78 + 0.4 * shape[1 + i])
            turn = math.tau * (i + 0.5 * shape[7]) / corners
            points.append((x + math.cos(turn) * away, y + math.sin(turn) * away))
        tone = mix(dark(colour, 0.25), light(colour, 0.28), float(shape[8]))
        if name == "uranium-ore" and shape[9] > 0.6:
            tone = rgb("#a5d64f")
        if name == "coal" and shape[9] > 0.75:
            tone = rgb("#4a4b55")
        model.poly(points, tone, r * 1.1, bevel=r * 0.8, gloss=0.35 if name == "coal" else 0.15)
    return model.picture(f"ore/{name}/{rich}/{variant}")


def _oil() -> Iterator[Picture]:
    for variant in range(VARIANTS):
        random = np.random.default_rng(200 + variant)
        model = Relief(3, 3, margin=0, scale=32)
        for _ in range(9):
            x, y = random.normal(0, 0.45, 2)
            model.disc(x, y, random.uniform(0.25, 0.6), rgb("#16121b"), None, gloss=0.9, opacity=0.9)
        for _ in range(4):
            x, y = random.normal(0, 0.4, 2)
            r = random.uniform(0.1, 0.22)
            model.disc(x, y, r, rgb("#2c2434"), 0.02, dome=r * 0.5, gloss=0.9)
            model.disc(x, y, r, rgb("#6a5a86"), None, hole=r * 0.8, opacity=0.5)
        yield model.picture(f"ore/crude-oil/{variant}")
