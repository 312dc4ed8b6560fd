"""What is drawn over the world: badges, wires, letters, smoke, marks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from viewer.art.inserters import centred
from viewer.art.palette import BLACK, WHITE
from viewer.art.relief import Colour, Relief, blur, rgb
from viewer.atlas import Picture, premultiplied

PUFFS = 4
GLYPHS = "".join(chr(code) for code in range(33, 127)) + "°×…–"
GLYPH_PIXELS = 40
"""Height of a line of letters in the atlas."""
GLYPH_EDGE = 4 / GLYPH_PIXELS
"""Of a letter's picture, on each side beyond its advance, as a share of a line's height."""
INK, EDGE = (255, 255, 255, 255), (18, 18, 22, 235)


def pictures() -> Iterator[Picture]:
    """ "badge/WHY", "white", "wire", "plate", "ring", "puff/N", "spark", "glyph/LETTER", "glyph-edge/LETTER"."""
    for why, (plate, artist) in BADGES.items():
        badge = Relief(1, 1, margin=0)
        _plate(badge, plate)
        artist(badge)
        yield centred(badge, f"badge/{why}")
    white = np.full((16, 16, 4), 255, np.uint8)
    yield Picture("white", white, 16)
    yield Picture("wire", _wire(), 32)
    under = Relief(1, 1, margin=0)
    under.box(-0.46, -0.46, 0.46, 0.46, rgb("#15161a"), None, 0.16, glow=1, opacity=0.62)
    yield centred(under, "plate")
    ring = Relief(2, 2, margin=0)
    ring.disc(0, 0, 0.82, WHITE, None, hole=0.74, glow=1)
    yield centred(ring, "ring")
    for i in range(PUFFS):
        yield Picture(f"puff/{i}", _puff(i), 32)
    spark = Relief(1, 1, margin=0, scale=32)
    for r, a in ((0.48, 0.15), (0.34, 0.3), (0.2, 0.6), (0.1, 1.0)):
        spark.disc(0, 0, r, WHITE, None, glow=1, opacity=a)
    yield centred(spark, "spark")
    yield from _glyphs()


def _plate(m: Relief, colour: Colour) -> None:
    m.poly([(0, -0.48), (0.50, 0.42), (-0.50, 0.42)], rgb("#15161a"), None, glow=1)
    m.poly([(0, -0.36), (0.39, 0.35), (-0.39, 0.35)], colour, None, glow=1)


def _bolt(m: Relief) -> None:
    m.poly(
        [(0.06, -0.22), (-0.14, 0.11), (-0.01, 0.11), (-0.07, 0.32), (0.15, 0.0), (0.02, 0.0)],
        BLACK,
        None,
        glow=1,
    )


def _flame(m: Relief) -> None:
    m.poly(
        [(0, -0.2), (0.12, 0.02), (0.15, 0.16), (0.08, 0.29), (-0.08, 0.29), (-0.15, 0.16), (-0.09, 0.02)],
        BLACK,
        None,
        glow=1,
    )
    m.disc(0, 0.2, 0.055, rgb("#ef6a4a"), None, glow=1)


def _empty(m: Relief) -> None:
    m.box(-0.15, 0.02, 0.15, 0.30, BLACK, None, 0.03, glow=1)
    m.box(-0.09, 0.02, 0.09, 0.24, rgb("#f0c04a"), None, 0.02, glow=1)
    m.poly([(-0.08, -0.13), (0.08, -0.13), (0, 0.0)], BLACK, None, glow=1)


def _full(m: Relief) -> None:
    m.box(-0.15, 0.08, 0.15, 0.30, BLACK, None, 0.03, glow=1)
    m.poly([(-0.09, 0.0), (0.09, 0.0), (0, -0.15)], BLACK, None, glow=1)


def _question(m: Relief) -> None:
    m.text(0, 0.10, "?", 0.5, BLACK, 1)


def _bang(m: Relief) -> None:
    m.box(-0.04, -0.14, 0.04, 0.14, BLACK, None, 0.03, glow=1)
    m.disc(0, 0.25, 0.05, BLACK, None, glow=1)


def _drop(m: Relief) -> None:
    m.poly(
        [(0, -0.2), (0.13, 0.08), (0.12, 0.2), (0, 0.28), (-0.12, 0.2), (-0.13, 0.08)], BLACK, None, glow=1
    )


BADGES: dict[str, tuple[Colour, Callable[[Relief], object]]] = {
    "no-power": (rgb("#ef5a44"), _bolt),
    "low-power": (rgb("#f0c04a"), _bolt),
    "no-fuel": (rgb("#ef6a4a"), _flame),
    "no-ingredients": (rgb("#f0c04a"), _empty),
    "output-full": (rgb("#e9e4d4"), _full),
    "no-recipe": (rgb("#9ec7e8"), _question),
    "no-fluid": (rgb("#7fb8e6"), _drop),
    "problem": (rgb("#f0c04a"), _bang),
}


def _wire() -> NDArray[np.uint8]:
    """A line from west to east, to be stretched: soft at its sides."""
    out = np.zeros((8, 32, 4), np.uint8)
    for row, alpha in enumerate((0, 60, 200, 255, 255, 200, 60, 0)):
        out[row] = alpha
    return out


def _puff(seed: int) -> NDArray[np.uint8]:
    """A white cloud, to be tinted and made larger as it rises."""
    random = np.random.default_rng(seed)
    side = 48
    y, x = np.mgrid[0:side, 0:side] / side - 0.5
    field = np.zeros((side, side), np.float32)
    for _ in range(9):
        cx, cy = random.uniform(-0.16, 0.16, 2)
        r = random.uniform(0.12, 0.22)
        field = np.maximum(field, np.clip(1.4 - np.hypot(x - cx, y - cy) / r, 0, 1).astype(np.float32))
    field = np.asarray(blur(field, 2) * np.clip(2.6 - 5.4 * np.hypot(x, y), 0, 1))
    shade = np.clip(1.0 - 0.22 * (x + y + 0.5), 0.6, 1)
    out = np.zeros((side, side, 4), np.float32)
    out[..., 3] = field * 235
    out[..., :3] = (shade * field * 235)[..., None]
    return np.asarray(np.minimum(out, out[..., 3:]).astype(np.uint8))


def _glyphs() -> Iterator[Picture]:
    """White letters, each as wide as it advances and its edge on both sides; and a dark edge around each, to lie beneath."""
    font = ImageFont.load_default(30)
    side = round(GLYPH_EDGE * GLYPH_PIXELS)
    for letter in GLYPHS:
        size = (math.ceil(font.getlength(letter)) + 1 + 2 * side, GLYPH_PIXELS)
        place = (side, GLYPH_PIXELS - 11)
        for name, colour, stroke in (("glyph", INK, 0.8), ("glyph-edge", EDGE, 4.5)):
            image = Image.new("RGBA", size)
            pen = ImageDraw.Draw(image)
            pen.text(place, letter, colour, font, anchor="ls", stroke_width=stroke, stroke_fill=colour)
            yield Picture(f"{name}/{letter}", premultiplied(image), GLYPH_PIXELS)
