"""A model of a thing seen from above: shapes with a colour and a height, lit by one soft light from the north-west.

Every picture is made here, so that all have the same light, the same depth of shadow and the same edges. Lengths
are in tiles; x points east and y south of the middle, as the thing looks when it faces north.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from viewer.atlas import Picture, Pixels

Colour = tuple[float, float, float]
Point = tuple[float, float]
Field = NDArray[np.floating[Any]]

SCALE = 64
"""Pixels per tile of a finished picture, as large as they are at zoom 2."""
OVER = 2
"""Drawn so many times larger, then averaged."""
SHADOW_SCALE = 16
_BRIGHT = math.sqrt(0.48**2 + 0.62**2 + 0.95**2)
LIGHT = (-0.48 / _BRIGHT, -0.62 / _BRIGHT, 0.95 / _BRIGHT)
"""Where the light comes from, of length 1: east, south, up."""
_HALF = math.hypot(LIGHT[0], LIGHT[1], LIGHT[2] + 1)
BETWEEN = (LIGHT[0] / _HALF, LIGHT[1] / _HALF, (LIGHT[2] + 1) / _HALF)
"""Half way between the light and the eye: what faces there shines."""
SUN = (0.42, 0.5)
"""How far a shadow falls for each tile of height, east and south."""
SHADOW_STRENGTH = 0.55


def rgb(text: str) -> Colour:
    """A colour from "#rrggbb"."""
    return (int(text[1:3], 16) / 255, int(text[3:5], 16) / 255, int(text[5:7], 16) / 255)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """So much of `b` in `a`."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def dark(colour: Colour, by: float = 0.3) -> Colour:
    """The colour, so much nearer to a cool black."""
    return mix(colour, (0.05, 0.055, 0.075), by)


def light(colour: Colour, by: float = 0.3) -> Colour:
    """The colour, so much nearer to a warm white."""
    return mix(colour, (1.0, 0.98, 0.93), by)


def blur(field: Field, radius: float) -> Field:
    """Three box filters, near enough to a Gaussian of that radius in pixels."""
    size = max(1, round(radius))
    out = field
    for axis in (0, 1):
        n = field.shape[axis]
        for _ in range(3):
            pad = [(0, 0)] * out.ndim
            pad[axis] = (size, size)
            wide = np.pad(out, pad, mode="edge")
            if size < 3:
                parts = [wide[(slice(None),) * axis + (slice(i, i + n),)] for i in range(2 * size + 1)]
                out = sum(parts[1:], start=parts[0])
            else:
                sums = np.cumsum(wide, axis=axis, dtype=np.float32)
                first = sums[(slice(None),) * axis + (slice(2 * size, 2 * size + 1),)]
                rest = (
                    sums[(slice(None),) * axis + (slice(2 * size + 1, None),)]
                    - sums[(slice(None),) * axis + (slice(None, n - 1),)]
                )
                out = np.concatenate((first, rest), axis=axis)
            out = out / np.float32(2 * size + 1)
    return out


def soft(field: Field, radius: float) -> Field:
    """A Gaussian blur of a field between 0 and 1, in 256 steps: much quicker than `blur`."""
    image = Image.fromarray((np.clip(field, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32) / np.float32(255)


def _moved(field: Field, dx: int, dy: int) -> Field:
    """The field moved east and south by whole pixels, nought coming in."""
    out = np.zeros_like(field)
    h, w = field.shape
    if dx < w and dy < h:
        out[dy:, dx:] = field[: h - dy, : w - dx]
    return out


def _towards(way: tuple[float, float, float], slope_x: Field, slope_y: Field) -> Field:
    """How much slopes face a way, not yet divided by their length."""
    return way[2] - slope_x * way[0] - slope_y * way[1]


def averaged(field: Field, step: int) -> Field:
    """The field so many times smaller, each value the mean of a square."""
    out = field[::step]
    for i in range(1, step):
        out = out + field[i::step]
    across = out[:, ::step]
    for i in range(1, step):
        across = across + out[:, i::step]
    return np.asarray(across * np.float32(1 / step**2))


class Relief:
    """A model being made.

    Args:
        width, height: its size in tiles as it faces north.
        turn: how far it is turned clockwise, in turns.
        margin: tiles of room around it.
        scale: pixels per tile of the finished picture.
    """

    def __init__(
        self, width: float, height: float, turn: float = 0, margin: float = 0.125, scale: float = SCALE
    ) -> None:
        self.turn, self.scale = turn, scale
        self.cos, self.sin = math.cos(math.tau * turn), math.sin(math.tau * turn)
        w = abs(width * self.cos) + abs(height * self.sin) + 2 * margin
        h = abs(width * self.sin) + abs(height * self.cos) + 2 * margin
        self.columns, self.rows = (max(2, round(side * scale - 1e-6)) * OVER for side in (w, h))
        self.fine = scale * OVER
        shape = (self.rows, self.columns)
        self.colour: Field = np.zeros((*shape, 3), np.float32)
        self.alpha: Field = np.zeros(shape, np.float32)
        self.height: Field = np.zeros(shape, np.float32)
        self.gloss: Field = np.zeros(shape, np.float32)
        self.glow: Field = np.zeros(shape, np.float32)
        self.random = np.random.default_rng(7)
        east = ((np.arange(self.columns) + 0.5 - self.columns / 2) / self.fine).astype(np.float32)
        south = ((np.arange(self.rows) + 0.5 - self.rows / 2) / self.fine).astype(np.float32)
        self.east, self.south = east[None, :], south[:, None]

    # --- where to draw -----------------------------------------------------------------------------------

    def _window(self, x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice, Field, Field]:
        """The pixels around a rectangle, and their x and y."""
        corners = [(x, y) for x in (x0, x1) for y in (y0, y1)]
        xs = [x * self.cos - y * self.sin for x, y in corners]
        ys = [x * self.sin + y * self.cos for x, y in corners]
        pad = 2 / self.fine

        def span(low: float, high: float, count: int) -> slice:
            first = math.floor((low - pad) * self.fine + count / 2)
            last = math.ceil((high + pad) * self.fine + count / 2)
            return slice(min(max(first, 0), count), min(max(last, 0), count))

        rows, columns = span(min(ys), max(ys), self.rows), span(min(xs), max(xs), self.columns)
        e, s = self.east[:, columns], self.south[rows]
        return rows, columns, e * self.cos + s * self.sin, s * self.cos - e * self.sin

    def _lay(
        self,
        rows: slice,
        columns: slice,
        distance: Field,
        colour: Colour,
        z: float | None,
        bevel: float,
        rise: Callable[[Field], Field] | None,
        gloss: float,
        glow: float,
        opacity: float,
    ) -> None:
        """Lay a shape on top: `distance` is that to its edge, negative inside, in tiles."""
        mask = np.clip(0.5 - distance * self.fine, 0, 1).astype(np.float32) * np.float32(opacity)
        if not mask.size:
            return
        for channel, share in enumerate(colour):
            plane = self.colour[rows, columns, channel]
            plane += (np.float32(share) - plane) * mask
        self.alpha[rows, columns] += (1 - self.alpha[rows, columns]) * mask
        self.gloss[rows, columns] += (np.float32(gloss) - self.gloss[rows, columns]) * mask
        self.glow[rows, columns] += (np.float32(glow) - self.glow[rows, columns]) * mask
        if z is None:
            return
        if rise is not None:
            top = np.float32(z) + rise(np.minimum(distance, 0))
        elif bevel > 0:
            inside = np.clip(-distance / bevel, 0, 1)
            top = np.float32(z) - np.float32(bevel * 0.8) * (1 - inside) ** 2
        else:
            top = np.full_like(distance, z)
        self.height[rows, columns] += (top.astype(np.float32) - self.height[rows, columns]) * mask

    # --- shapes ------------------------------------------------------------------------------------------

    def box(
        self, x0: float, y0: float, x1: float, y1: float, colour: Colour, z: float | None = None,
        radius: float = 0.06, bevel: float = 0.05, gloss: float = 0.15, glow: float = 0, opacity: float = 1,
    ) -> Relief:  # fmt: skip
        """A slab with rounded corners, its top at `z`. Without `z` it is paint on what is there."""
        rows, columns, x, y = self._window(x0, y0, x1, y1)
        radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
        qx = np.abs(x - (x0 + x1) / 2) - ((x1 - x0) / 2 - radius)
        qy = np.abs(y - (y0 + y1) / 2) - ((y1 - y0) / 2 - radius)
        d = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0) - radius
        self._lay(rows, columns, d, colour, z, bevel, None, gloss, glow, opacity)
        return self

    def disc(
        self, x: float, y: float, r: float, colour: Colour, z: float | None = None, bevel: float = 0.04,
        gloss: float = 0.15, glow: float = 0, opacity: float = 1, dome: float = 0, hole: float = 0,
    ) -> Relief:  # fmt: skip
        """A round slab; with `dome` its middle rises so much higher; with `hole` it is a ring."""
        rows, columns, px, py = self._window(x - r, y - r, x + r, y + r)
        away = np.hypot(px - x, py - y)
        d = away - r
        rise = None
        if hole:
            d = np.maximum(d, hole - away)
        elif dome:

            def rise(distance: Field) -> Field:
                return np.asarray(dome * np.sqrt(np.clip(1 - ((distance + r) / r) ** 2, 0, 1)))

        self._lay(rows, columns, d, colour, z, bevel, rise, gloss, glow, opacity)
        return self

    def rod(
        self, a: Point, b: Point, width: float, colour: Colour, z: float | None = None, round_: bool = True,
        gloss: float = 0.3, glow: float = 0, opacity: float = 1, end: float | None = None,
    ) -> Relief:  # fmt: skip
        """A bar from point to point, round like a pipe or flat; `end` is its width at `b`."""
        r = width / 2
        r2 = r if end is None else end / 2
        reach = max(r, r2)
        rows, columns, x, y = self._window(
            min(a[0], b[0]) - reach, min(a[1], b[1]) - reach, max(a[0], b[0]) + reach, max(a[1], b[1]) + reach
        )
        bx, by = b[0] - a[0], b[1] - a[1]
        along = np.clip(((x - a[0]) * bx + (y - a[1]) * by) / max(bx * bx + by * by, 1e-9), 0, 1)
        here = r + (r2 - r) * along
        d = np.hypot(x - a[0] - bx * along, y - a[1] - by * along) - here
        rise = None
        if round_:

            def rise(distance: Field) -> Field:
                return np.asarray(here * (np.sqrt(np.clip(1 - ((distance + here) / here) ** 2, 0, 1)) - 1))

        self._lay(rows, columns, d, colour, z, min(r, 0.04), rise, gloss, glow, opacity)
        return self

    def pipe(self, points: Sequence[Point], width: float, colour: Colour, z: float, **more: float) -> Relief:
        """A bent round bar through points."""
        for a, b in itertools.pairwise(points):
            self.rod(a, b, width, colour, z, **more)  # type: ignore[arg-type]
        return self

    def poly(
        self, points: Sequence[Point], colour: Colour, z: float | None = None, bevel: float = 0.05,
        gloss: float = 0.15, glow: float = 0, opacity: float = 1,
    ) -> Relief:  # fmt: skip
        """A slab with corners."""
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        rows, columns, x, y = self._window(min(xs), min(ys), max(xs), max(ys))
        nearest = np.full(x.shape, 1e9, np.float32)
        inside = np.zeros(x.shape, bool)
        for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
            ex, ey = bx - ax, by - ay
            wx, wy = x - ax, y - ay
            along = np.clip((wx * ex + wy * ey) / max(ex * ex + ey * ey, 1e-12), 0, 1)
            nearest = np.minimum(nearest, np.hypot(wx - ex * along, wy - ey * along))
            crosses = (ay > y) != (by > y)
            if ey:
                inside ^= crosses & (wx < ex * wy / ey)
        self._lay(
            rows, columns, np.where(inside, -nearest, nearest), colour, z, bevel, None, gloss, glow, opacity
        )
        return self

    def gear(
        self, x: float, y: float, r: float, colour: Colour, z: float, teeth: int = 10, phase: float = 0,
        hole: float = 0.35, gloss: float = 0.35, depth: float = 0.16,
    ) -> Relief:  # fmt: skip
        """A cog wheel; `hole` and `depth` of teeth are shares of its radius, `phase` is in turns."""
        rows, columns, px, py = self._window(x - r, y - r, x + r, y + r)
        away = np.hypot(px - x, py - y)
        wave = np.cos(teeth * (np.arctan2(py - y, px - x) - math.tau * phase))
        edge = r * (1 - depth * (0.5 - np.clip(wave * 1.6, -1, 1) * 0.5))
        d = np.maximum(away - edge, hole * r - away)
        self._lay(rows, columns, d, colour, z, 0.035, None, gloss, 0, 1)
        return self

    # --- details -----------------------------------------------------------------------------------------

    def groove(self, a: Point, b: Point, width: float = 0.025, depth: float = 0.03) -> Relief:
        """A seam between panels."""
        r = width / 2
        rows, columns, x, y = self._window(
            min(a[0], b[0]) - r, min(a[1], b[1]) - r, max(a[0], b[0]) + r, max(a[1], b[1]) + r
        )
        bx, by = b[0] - a[0], b[1] - a[1]
        along = np.clip(((x - a[0]) * bx + (y - a[1]) * by) / max(bx * bx + by * by, 1e-9), 0, 1)
        d = np.hypot(x - a[0] - bx * along, y - a[1] - by * along) - r
        mask = np.clip(0.5 - d * self.fine, 0, 1).astype(np.float32)
        self.height[rows, columns] -= mask * np.float32(depth)
        self.colour[rows, columns] *= (1 - 0.45 * mask)[..., None]
        return self

    def bolts(self, points: Sequence[Point], colour: Colour, z: float, r: float = 0.035) -> Relief:
        """Round heads."""
        for x, y in points:
            self.disc(x, y, r, colour, z, dome=r * 0.8, gloss=0.5)
        return self

    def vents(self, x0: float, y0: float, x1: float, y1: float, count: int, across: bool = True) -> Relief:
        """A row of dark slits, lying east to west if `across`."""
        for i in range(count):
            t = (i + 0.5) / count
            if across:
                y = y0 + (y1 - y0) * t
                self.groove((x0, y), (x1, y), 0.6 * (y1 - y0) / count, 0.05)
            else:
                x = x0 + (x1 - x0) * t
                self.groove((x, y0), (x, y1), 0.6 * (x1 - x0) / count, 0.05)
        return self

    def stripes(
        self, x0: float, y0: float, x1: float, y1: float, a: Colour, b: Colour, width: float = 0.14
    ) -> Relief:
        """Slanting warning stripes painted on a rectangle."""
        rows, columns, x, y = self._window(x0, y0, x1, y1)
        inside = np.maximum(np.maximum(x0 - x, x - x1), np.maximum(y0 - y, y - y1))
        self._lay(rows, columns, inside, a, None, 0, None, 0.1, 0, 1)
        wave = np.abs(((x + y) / width) % 2 - 1) - 0.5
        self._lay(rows, columns, np.maximum(inside, wave * width), b, None, 0, None, 0.1, 0, 1)
        return self

    def grain(self, amount: float = 0.05, size: float = 0.03) -> Relief:
        """Small unevenness of colour over everything, so that surfaces look like a material."""
        here = self._drawn()
        noise = self.random.uniform(0, 1, self.alpha[here].shape).astype(np.float32)
        smooth = soft(noise, max(1.0, size * self.fine)) - np.float32(0.5)
        smooth /= float(smooth.std()) + 1e-6
        self.colour[here] *= (1 + np.float32(amount) * np.clip(smooth, -2, 2))[..., None]
        return self

    def text(self, x: float, y: float, text: str, height: float, colour: Colour, glow: float = 0) -> Relief:
        """Letters painted on, `height` tiles high, never turned."""
        stencil = Image.new("L", (self.columns, self.rows))
        font = ImageFont.load_default(max(6, round(height * self.fine)))
        ImageDraw.Draw(stencil).text(
            (
                (x * self.cos - y * self.sin) * self.fine + self.columns / 2,
                (x * self.sin + y * self.cos) * self.fine + self.rows / 2,
            ),
            text,
            255,
            font,
            anchor="mm",
        )
        mask = (np.asarray(stencil) / np.float32(255)).astype(np.float32)
        self.colour += (np.asarray(colour, np.float32) - self.colour) * mask[..., None]
        self.alpha += (1 - self.alpha) * mask
        self.glow += (np.float32(glow) - self.glow) * mask
        return self

    def outline(self, width: float, colour: Colour, opacity: float) -> Relief:
        """A line around everything, so wide, beneath it."""
        around = np.clip(soft(self.alpha, width * self.fine * 0.6) * 3.2, 0, 1)
        under = np.asarray(np.clip(around * opacity, 0, 1) * (1 - self.alpha), np.float32)
        total = self.alpha + under
        share = np.divide(under, total, out=np.zeros_like(total), where=total > 0)[..., None]
        self.colour += (np.asarray(colour, np.float32) - self.colour) * share
        self.glow *= 1 - share[..., 0]
        self.alpha = np.asarray(total, np.float32)
        return self

    # --- light -------------------------------------------------------------------------------------------

    def _drawn(self) -> tuple[slice, slice]:
        """The rows and columns in which there is anything, and a little more."""
        seen = self.alpha > 0
        ys, xs = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        if not len(ys):
            return slice(0, 1), slice(0, 1)
        room = 8
        return (
            slice(max(int(ys[0]) - room, 0), int(ys[-1]) + 1 + room),
            slice(max(int(xs[0]) - room, 0), int(xs[-1]) + 1 + room),
        )

    def _lit(self, here: tuple[slice, slice]) -> Field:
        raw, alpha = self.height[here], self.alpha[here]
        height = blur(raw * alpha, 1.2) * np.float32(self.fine)
        slope_y, slope_x = np.gradient(height)
        length = np.sqrt(slope_x**2 + slope_y**2 + 1)
        facing = _towards(LIGHT, slope_x, slope_y) / length
        shine = np.clip(_towards(BETWEEN, slope_x, slope_y) / length, 0, 1)
        shine = np.square(np.square(shine))  # to the power of 28, which `**` takes ten times as long for
        shine *= np.square(shine) * np.square(np.square(shine))
        above = raw.copy()  # what stands highest on the way to the light
        highest = max(float(raw.max()), 1e-3)
        # A step for each second pixel that the longest shadow falls.
        steps = min(10, max(2, round(highest * max(SUN) * self.fine / 2)))
        for i in range(1, steps + 1):
            up = highest * i / steps
            dx, dy = round(SUN[0] * up * self.fine), round(SUN[1] * up * self.fine)
            if dx or dy:
                np.maximum(above, _moved(raw, dx, dy) - np.float32(up), out=above)
        shade = soft((above - raw) * 14, 0.03 * self.fine)
        hollow = np.clip(soft(raw / highest, 0.11 * self.fine) * highest - raw, 0, 0.16) / 0.16
        rim = np.clip(1.9 * (1 - soft(alpha, 0.055 * self.fine)), 0, 1) * alpha
        ambient = 0.46 * (1 - 0.62 * hollow)
        sun = (0.6 / LIGHT[2]) * np.clip(facing, 0, 1) * (1 - 0.72 * shade)
        bright = (ambient + sun) * (1 - 0.34 * rim)
        # Shade is a little cool and light a little warm.
        warmth = np.clip(bright - 0.8, -0.5, 0.4)
        shine *= self.gloss[here] * (1 - shade) * np.float32(0.75)
        glow = np.clip(self.glow[here], 0, 1) if self.glow[here].any() else None
        out = np.empty((*raw.shape, 3), np.float32)
        # Channel by channel, which is twice as quick as all three side by side.
        for channel, (warm, white) in enumerate(((0.10, 1.0), (0.03, 0.98), (-0.09, 0.94))):
            colour = self.colour[(*here, channel)]
            lit = colour * (bright + warmth * np.float32(warm)) + shine * np.float32(white)
            if glow is not None:
                lit = lit * (1 - glow) + colour * glow * np.float32(1.12)
            np.multiply(np.clip(lit, 0, 1), alpha, out=out[..., channel])
        return out

    def pixels(self) -> Pixels:
        """The finished picture's pixels, premultiplied."""
        here = self._drawn()
        both = np.zeros((self.rows, self.columns, 4), np.float32)
        both[(*here, slice(3))] = self._lit(here)
        both[..., 3] = self.alpha
        small = averaged(both, OVER)
        return np.asarray((small * 255 + 0.5).astype(np.uint8))

    def picture(self, name: str) -> Picture:
        """The finished picture, cut to what is to be seen."""
        return cut(name, self.pixels(), self.scale)

    def shadow(self, name: str, reach: float = 1.0) -> Picture:
        """What falls on the ground beside the thing: dark where it touches, soft and to the south-east beyond."""
        step = round(self.fine / SHADOW_SCALE)
        room = math.ceil((0.25 + float(self.height.max()) * 0.6 * reach) * SHADOW_SCALE)
        rows, columns = -(-self.rows // step), -(-self.columns // step)

        def small(field: Field) -> Field:
            full = np.zeros((rows * step, columns * step), np.float32)
            full[: self.rows, : self.columns] = field
            return np.pad(averaged(full, step), room)

        solid, height = small(self.alpha), small(self.height * self.alpha)
        cast = np.zeros_like(solid)
        highest = float(height.max())
        for i in range(13):
            up = highest * reach * i / 12
            dx, dy = round(SUN[0] * up * SHADOW_SCALE), round(SUN[1] * up * SHADOW_SCALE)
            cast = np.maximum(cast, _moved(np.clip((height - up / reach) * 12 + 0.4, 0, 1) * solid, dx, dy))
        touch = np.clip(soft(solid, 2.2) * 1.15, 0, 1)
        dim = np.clip(np.maximum(soft(cast, 1.1) * SHADOW_STRENGTH, touch * 0.42), 0, 1)
        # Nothing where it is hardly seen, nor well under the thing itself: what is transparent is quick to draw.
        dim = np.where((dim < 0.03) | (soft(1 - solid, 1.0) < 0.02), 0, dim)
        pixels = np.zeros((*dim.shape, 4), np.uint8)
        pixels[..., 3] = (dim * 255).astype(np.uint8)
        pixels[..., 2] = pixels[..., 3] // 18
        # The middle of the padded field is not the middle of the model where sizes are not whole steps.
        off_x = (columns * step - self.columns) / 2 / self.fine
        off_y = (rows * step - self.rows) / 2 / self.fine
        return cut(name, pixels, SHADOW_SCALE, off_x, off_y)


def cut(name: str, pixels: Pixels, scale: float, dx: float = 0, dy: float = 0) -> Picture:
    """A picture without the empty border around it."""
    seen = pixels[..., 3] > 1
    if not seen.any():
        return Picture(name, pixels[:1, :1], scale)
    ys, xs = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    top, bottom, left, right = int(ys[0]), int(ys[-1]) + 1, int(xs[0]), int(xs[-1]) + 1
    h, w = pixels.shape[:2]
    return Picture(
        name,
        np.ascontiguousarray(pixels[top:bottom, left:right]),
        scale,
        dx + ((left + right) / 2 - w / 2) / scale,
        dy + ((top + bottom) / 2 - h / 2) / scale,
    )
