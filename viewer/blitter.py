"""Lays pictures of the atlas over pixels in memory, many at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viewer.atlas import LEVELS, Atlas, Pixels
from viewer.display_list import WHITE

PAD = 64
"""Pixels of room around a frame, so that small sprites that reach over its edge need no clipping."""
SMALL = PAD
"""A sprite whose sides are no longer is laid pixel by pixel with many others, a larger one by itself."""
HUGE = 512
"""Pixels along a side from which a sprite isn't kept: only what is to be seen of it is made, each time."""
ANGLES = 128
"""Steps in a turn: a sprite is kept for each in which it was drawn."""
BLOCK = 1 << 16
"""Pixels laid at once, so that what is worked on stays in the processor's cache."""
POOL_PIXELS, POOL_SPRITES = 24_000_000, 200_000
"""How much is kept before all is forgotten."""

VEIL = 224
"""A sprite that is nowhere as opaque as this is a shadow, smoke or a glow."""

Ints = NDArray[np.int64]
Words = NDArray[np.uint32]
ODD, EVEN = np.uint32(0xFF00FF00), np.uint32(0x00FF00FF)


Blend = Callable[["Frame", Ints, Words], None]


class Frame:
    """Pixels to paint on, with room around them. `words` are RGBA, flat; `stride` of them make a row."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.stride = width + 2 * PAD
        self.words: Words = np.zeros((height + 2 * PAD) * self.stride, np.uint32)
        self.pixels: Pixels = self.words.view(np.uint8).reshape(height + 2 * PAD, self.stride, 4)
        self.inside: Pixels = self.pixels[PAD : PAD + height, PAD : PAD + width]
        self.claims: NDArray[np.int32] = np.zeros(len(self.words), np.int32)


class Sprites:
    """Pictures in the size, angle and tint in which they were asked for, as lists of pixels that are to be seen.

    Of sprite i, `offset[first[i] : first[i] + solid[i]]` are the places of its opaque pixels from its top left corner,
    and the next `thin[i]` those of the translucent ones; `word` holds their colours.
    """

    def __init__(self, atlas: Atlas, stride: int) -> None:
        self.atlas, self.stride = atlas, stride
        self.number: dict[tuple[int, int, int, int, int], int] = {}
        self.large: dict[int, Pixels] = {}
        self.large_pixels = 0
        self.offset: Ints = np.zeros(1 << 20, np.int64)
        self.word: Words = np.zeros(1 << 20, np.uint32)
        self.used = 0
        self._rows: list[tuple[int, int, int, int, int, int]] = []
        self._table: Ints = np.zeros((0, 6), np.int64)

    def get(self, cell: int, width: int, height: int, angle: int, tint: int) -> int:
        """The number of a sprite, made if there is none yet. width, height: in pixels, before it is turned."""
        key = (cell, width, height, angle, tint)
        number = self.number.get(key)
        if number is None:
            number = self.number[key] = len(self._rows)
            self._make(number, self.pixels(*key))
        return number

    @property
    def full(self) -> bool:
        """Whether it is time to begin anew."""
        return self.used + self.large_pixels > POOL_PIXELS or len(self._rows) > POOL_SPRITES

    def table(self) -> Ints:
        """For each sprite: first, solid, thin, width, height, whether it is a veil; a large one has no lists."""
        if len(self._table) != len(self._rows):
            self._table = np.array(self._rows, np.int64)
        return self._table

    def pixels(self, cell: int, width: int, height: int, angle: int, tint: int) -> Pixels:
        """The picture scaled, then turned by `angle` of ANGLES, then tinted."""
        image = _image(self.atlas, cell, width, height)
        if image.size != (width, height):
            smaller = width < image.width or height < image.height
            image = image.resize(
                (width, height), Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
            )
        if angle:
            image = _turned(image, angle / ANGLES)
        out = np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, image.width, 4)
        return _tinted(out, tint)

    def _make(self, number: int, pixels: Pixels) -> None:
        height, width = pixels.shape[:2]
        if width > SMALL or height > SMALL:
            self.large[number] = pixels
            self.large_pixels += width * height
            self._rows.append((0, 0, 0, width, height, 0))
            return
        alpha = pixels[..., 3]
        ys, xs = np.nonzero(alpha == 255)
        thin_ys, thin_xs = np.nonzero((alpha > 0) & (alpha < 255))
        solid, thin = len(ys), len(thin_ys)
        while self.used + solid + thin > len(self.offset):
            self.offset = np.concatenate((self.offset, np.zeros_like(self.offset)))
            self.word = np.concatenate((self.word, np.zeros_like(self.word)))
        words = np.ascontiguousarray(pixels).view(np.uint32)[..., 0]
        here = slice(self.used, self.used + solid)
        self.offset[here], self.word[here] = ys * self.stride + xs, words[ys, xs]
        here = slice(self.used + solid, self.used + solid + thin)
        self.offset[here], self.word[here] = thin_ys * self.stride + thin_xs, words[thin_ys, thin_xs]
        veil = int(alpha.max(initial=0)) < VEIL
        self._rows.append((self.used, solid, thin, width, height, int(veil)))
        self.used += solid + thin


def _image(atlas: Atlas, cell: int, width: float, height: float) -> Image.Image:
    """The picture at the level of detail that suits a size in pixels."""
    row = atlas.cells[cell]
    level = 0
    while (
        level + 1 < LEVELS
        and int(row["width"]) >> (level + 1) >= width
        and int(row["height"]) >> (level + 1) >= height
    ):
        level += 1
    source = np.ascontiguousarray(atlas.picture(cell, level))
    return Image.frombytes("RGBa", (source.shape[1], source.shape[0]), source.tobytes())


def _tinted(pixels: Pixels, tint: int) -> Pixels:
    if tint != WHITE:
        r, g, b, a = (tint >> shift & 255 for shift in (0, 8, 16, 24))
        factors = np.array((r * a / 255, g * a / 255, b * a / 255, a), np.float32) / 255
        pixels = (pixels * factors + 0.5).astype(np.uint8)
    # Rounding must not make a colour brighter than its alpha: blending would carry into the next channel.
    return np.minimum(pixels, pixels[..., 3:])


def _turned(image: Image.Image, turns: float) -> Image.Image:
    """An image turned clockwise about its middle, on a surface just large enough."""
    cos, sin = math.cos(math.tau * turns), math.sin(math.tau * turns)
    w = math.ceil(abs(image.width * cos) + abs(image.height * sin) - 1e-6) + 1
    h = math.ceil(abs(image.width * sin) + abs(image.height * cos) - 1e-6) + 1
    # Where each pixel of the result comes from.
    a, b, d, e = cos, sin, -sin, cos
    c = image.width / 2 - a * w / 2 - b * h / 2
    f = image.height / 2 - d * w / 2 - e * h / 2
    # A border of nothing, so that edges that were cut straight come out smooth.
    room = Image.new(image.mode, (image.width + 2, image.height + 2))
    room.paste(image, (1, 1))
    return room.transform(
        (w, h), Image.Transform.AFFINE, (a, b, c + 1, d, e, f + 1), Image.Resampling.BILINEAR
    )


class Blitter:
    """Paints sprites of one atlas onto frames of one width."""

    def __init__(self, atlas: Atlas, stride: int) -> None:
        self.sprites = Sprites(atlas, stride)

    def paint(
        self, frame: Frame, x: NDArray[Any], y: NDArray[Any], sprite: Ints, wanted: NDArray[np.bool_],
        begin: int, end: int,
    ) -> None:  # fmt: skip
        """Lay those of the rows from `begin` to `end` that are wanted, opaque pixels before translucent ones.

        x, y: their middles, in pixels of the frame. sprite: their numbers (`Sprites.get`).
        """
        x, y = x[begin:end], y[begin:end]
        rows = self.sprites.table()[sprite[begin:end]]
        width, height = rows[:, 3], rows[:, 4]
        left = np.rint(x - width / 2).astype(np.int64)
        top = np.rint(y - height / 2).astype(np.int64)
        # What can't be seen is left out, so that no index leaves the frame's padding.
        seen = wanted[begin:end] & (left > -width) & (left < frame.width)
        seen &= (top > -height) & (top < frame.height)
        large = (width > SMALL) | (height > SMALL)
        for i in np.flatnonzero(seen & large):
            _lay(frame, self.sprites.large[int(sprite[begin + i])], int(left[i]), int(top[i]))
        chosen = np.flatnonzero(seen & ~large)
        if len(chosen):
            base = (top[chosen] + PAD) * frame.stride + left[chosen] + PAD
            first, solid, thin = rows[chosen, 0], rows[chosen, 1], rows[chosen, 2]
            self._scatter(frame, base, first, solid, None)
            # Where the soft edges of two things meet the later one's will do; veils must add up.
            veil = rows[chosen, 5] != 0
            self._scatter(frame, base, first + solid, np.where(veil, 0, thin), _blend)
            if veil.any():
                self._scatter(frame, base, first + solid, np.where(veil, thin, 0), _blend_each)

    def _scatter(self, frame: Frame, base: Ints, first: Ints, count: Ints, blend: Blend | None) -> None:
        ends = np.cumsum(count)
        begin = done = 0
        while begin < len(base):
            end = max(begin + 1, int(np.searchsorted(ends, done + BLOCK, "right")))
            part = slice(begin, end)
            lengths = count[part]
            total = int(ends[end - 1]) - done
            if total:
                shift = np.repeat(first[part] - (ends[part] - lengths - done), lengths)
                index = np.arange(total) + shift
                places = self.sprites.offset[index] + np.repeat(base[part], lengths)
                colours = self.sprites.word[index]
                if blend is None:
                    frame.words[places] = colours
                else:
                    blend(frame, places, colours)
            begin, done = end, int(ends[end - 1])


def _blend(frame: Frame, places: Ints, colours: Words) -> None:
    """Lay translucent pixels, no two of which should fall on one place."""
    frame.words[places] = _over(colours, frame.words[places])


def _blend_each(frame: Frame, places: Ints, colours: Words) -> None:
    """Lay translucent pixels; where several fall on one place, each gets its turn."""
    words, claims = frame.words, frame.claims
    order = np.arange(len(places), dtype=np.int32)
    while True:
        # Whoever comes first at a place writes its number last, and so wins it.
        claims[places[::-1]] = order[::-1]
        first = claims[places] == order
        if first.all():
            words[places] = _over(colours, words[places])
            return
        mine = places[first]
        words[mine] = _over(colours[first], words[mine])
        later = ~first
        places, colours, order = places[later], colours[later], order[later]


def _over(above: Words, below: Words) -> Words:
    """Premultiplied colours laid over others, two channels at a time."""
    alpha = above >> np.uint32(24)
    keep = np.uint32(256) - alpha - (alpha >> np.uint32(7))
    even = ((below & EVEN) * keep >> np.uint32(8)) & EVEN
    odd = ((below >> np.uint32(8)) & EVEN) * keep & ODD
    out: Words = above + even + odd
    return out


def _lay(frame: Frame, pixels: Pixels, left: int, top: int) -> None:
    """Lay one large sprite, cut at the frame's edges."""
    height, width = pixels.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, frame.width), min(top + height, frame.height)
    if x0 >= x1 or y0 >= y1:
        return
    above = np.ascontiguousarray(pixels[y0 - top : y1 - top, x0 - left : x1 - left]).view(np.uint32)[..., 0]
    rows = frame.words.reshape(-1, frame.stride)[y0 + PAD : y1 + PAD, x0 + PAD : x1 + PAD]
    rows[...] = _over(above, rows)


def lay_huge(frame: Frame, atlas: Atlas, quad: Any, x: float, y: float, scale: float) -> None:
    """Lay one quad with its middle at x, y, in pixels of the frame; of it only what is to be seen is made."""
    width, height = float(quad["w"]) * scale, float(quad["h"]) * scale
    image = _image(atlas, int(quad["cell"]), width, height)
    cos, sin = math.cos(math.tau * quad["angle"]), math.sin(math.tau * quad["angle"])
    half_w = (abs(width * cos) + abs(height * sin)) / 2
    half_h = (abs(width * sin) + abs(height * cos)) / 2
    x0, x1 = max(math.floor(x - half_w), 0), min(math.ceil(x + half_w), frame.width)
    y0, y1 = max(math.floor(y - half_h), 0), min(math.ceil(y + half_h), frame.height)
    if x0 >= x1 or y0 >= y1:
        return
    # From pixels of the frame to those of the picture, which has a border of nothing around it.
    kx, ky = image.width / width, image.height / height
    a, b, d, e = cos * kx, sin * kx, -sin * ky, cos * ky
    c = image.width / 2 + a * (x0 - x) + b * (y0 - y) + 1
    f = image.height / 2 + d * (x0 - x) + e * (y0 - y) + 1
    room = Image.new(image.mode, (image.width + 2, image.height + 2))
    room.paste(image, (1, 1))
    part = room.transform(
        (x1 - x0, y1 - y0), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
    )
    pixels = np.frombuffer(part.tobytes(), np.uint8).reshape(y1 - y0, x1 - x0, 4)
    _lay(frame, _tinted(pixels, int(quad["tint"])), x0, y0)
