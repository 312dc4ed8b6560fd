"""Paints the ground in square pages that are kept: what never moves is painted once for each level of detail."""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viewer.art.ground import DECOR, IS_PAVED, IS_WATER, KINDS, NUMBERS, PERIOD, STYLES, UNSEEN
from viewer.art.noise import seamless
from viewer.art.ores import NAMES, ORES, RICHNESS, VARIANTS
from viewer.atlas import Atlas, Pixels
from viewer.blitter import PAD, Blitter, Frame
from viewer.display_list import CHUNK, Ground
from viewer.view import View

PAGE = 512
"""Pixels along a side of a page."""
FINEST, COARSEST = 64.0, 1 / 16
"""Pixels per tile of the most and the least detailed pages."""
SHARPNESS = 0.75
"""How many pixels of a page there must at least be for one on the screen."""
FLAT_SCALE = 4
"""At so few pixels per tile a tile is of one colour."""
BLOCK_SCALE = 2
"""At so few pixels per tile a page shows what stands there as coloured blocks."""
KEPT_PAGES = 96
"""Of which each takes a megabyte."""
BORDER = 2
"""Tiles around a page that have a say in how its edge looks."""
WANDER_TILES = 0.33
"""How far the border between two natural kinds of ground strays from the tiles' edges."""
MACRO_TILES = 256
SHALLOW, FOAM, WET = (0.40, 0.57, 0.55), (0.80, 0.86, 0.82), (0.62, 0.55, 0.44)


def page_scale(scale: float) -> float:
    """Pixels per tile of the pages for a picture of `scale` pixels per tile."""
    wanted = 2.0 ** math.ceil(math.log2(scale * SHARPNESS))
    return min(FINEST, max(COARSEST, wanted))


def detailed(scale: float) -> bool:
    """Whether entities are to be drawn at so many pixels per tile; if not, the ground shows them as blocks."""
    return page_scale(scale) > BLOCK_SCALE


@dataclass(frozen=True, eq=False)
class Page:
    """A painted square: its north-west corner and side in tiles; uint8[PAGE, PAGE, RGBA]; another one when repainted."""

    x: float
    y: float
    tiles: float
    pixels: Pixels


class GroundPainter:
    """Paints pages and keeps the newest. Not safe to use from two threads at once."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        self._pages: OrderedDict[tuple[float, int, int, int], Page] = OrderedDict()
        self._textures: dict[tuple[int, float], NDArray[np.uint32]] = {}
        self._noise = [seamless(PERIOD * 32, 60, 9, seed) for seed in (31, 32)]
        self._scaled: dict[float, list[NDArray[Any]]] = {}
        self._macro = seamless(MACRO_TILES // 2, 40, 5, 33)
        self._frame = Frame(PAGE, PAGE)
        self._blitter = Blitter(atlas, self._frame.stride)
        self._means = np.array([self._mean(f"ground/{name}") for name in KINDS], np.float32)
        ores = [self._mean(f"ore/{name}/{RICHNESS - 1}/0") for name in NAMES if name != "crude-oil"]
        self._ore_means = np.array([*ores, ORES["crude-oil"]], np.float32)

    def pages(self, ground: Ground, view: View) -> list[Page]:
        """The pages that cover a view."""
        out = []
        scale = page_scale(view.scale)
        tiles = PAGE / scale
        west, north, east, south = view.area
        rows = range(math.floor(north / tiles), math.floor(south / tiles) + 1)
        columns = range(math.floor(west / tiles), math.floor(east / tiles) + 1)
        for row, column in itertools.product(rows, columns):
            key = (scale, column, row, self._signature(ground, column * tiles, row * tiles, tiles))
            page = self._pages.get(key)
            if page is None:
                pixels = self._paint(ground, scale, column, row)
                page = self._pages[key] = Page(column * tiles, row * tiles, tiles, pixels)
            self._pages.move_to_end(key)
            out.append(page)
        while len(self._pages) > max(KEPT_PAGES, len(out)):
            self._pages.popitem(last=False)
        return out

    # --- what is there -----------------------------------------------------------------------------------

    @staticmethod
    def _chunks(ground: Ground, x: float, y: float, tiles: float) -> Iterator[tuple[int, int]]:
        """The chunks that there are in a square with its border."""
        x0, x1 = math.floor((x - BORDER) / CHUNK), math.floor((x + tiles + BORDER - 1) / CHUNK)
        y0, y1 = math.floor((y - BORDER) / CHUNK), math.floor((y + tiles + BORDER - 1) / CHUNK)
        if (x1 - x0 + 1) * (y1 - y0 + 1) > len(ground):
            yield from (k for k in ground if x0 <= k[0] <= x1 and y0 <= k[1] <= y1)
        else:
            places = itertools.product(range(x0, x1 + 1), range(y0, y1 + 1))
            yield from (k for k in places if k in ground)

    def _signature(self, ground: Ground, x: float, y: float, tiles: float) -> int:
        # Chunks come in any sequence, so their numbers are summed.
        return sum(hash((key, ground[key].serial)) for key in self._chunks(ground, x, y, tiles))

    def _gather(self, ground: Ground, x: int, y: int, side: int, step: int, what: str) -> NDArray[np.uint8]:
        """One of a chunk's arrays over a square of `side` samples, each `step` tiles from the next."""
        shape = (side, side, 4) if what == "blocks" else (side, side)
        out = np.full(shape, UNSEEN if what == "tiles" else 0, np.uint8)
        per = CHUNK // step
        for column, row in self._chunks(ground, x + BORDER, y + BORDER, side * step):
            data = getattr(ground[column, row], what)
            if data is None:
                continue
            data = data[::step, ::step]
            left, top = (column * CHUNK - x) // step, (row * CHUNK - y) // step
            x0, x1 = max(left, 0), min(left + per, side)
            y0, y1 = max(top, 0), min(top + per, side)
            if x0 < x1 and y0 < y1:
                out[y0:y1, x0:x1] = data[y0 - top : y1 - top, x0 - left : x1 - left]
        return out

    # --- painting ----------------------------------------------------------------------------------------

    def _paint(self, ground: Ground, scale: float, column: int, row: int) -> Pixels:
        if scale <= FLAT_SCALE:
            return self._paint_far(ground, scale, column, row)
        tiles = round(PAGE / scale)
        x, y = column * tiles, row * tiles
        kinds = self._gather(ground, x - BORDER, y - BORDER, tiles + 2 * BORDER, 1, "tiles")
        words = self._surface(kinds, scale, column, row)
        pixels = words.view(np.uint8).reshape(PAGE, PAGE, 4)
        self._shade(pixels, x, y, tiles)
        self._frame.inside[...] = pixels
        ores = self._gather(ground, x - BORDER, y - BORDER, tiles + 2 * BORDER, 1, "ores")
        self._strew(kinds, ores, scale, x, y)
        return self._frame.inside.copy()

    def _surface(self, kinds: NDArray[np.uint8], scale: float, column: int, row: int) -> NDArray[np.uint32]:
        """The textures of the kinds, each up to its border."""
        period = round(PERIOD * scale)
        rows = (np.arange(PAGE) + row * PAGE) % period
        columns = (np.arange(PAGE) + column * PAGE) % period
        inner = kinds[BORDER:-BORDER, BORDER:-BORDER]
        if (kinds == inner[0, 0]).all():
            return self._texture(int(inner[0, 0]), scale)[rows[:, None], columns]
        wander = self._wander(scale)
        east = wander[0][rows[:, None], columns]
        south = wander[1][rows[:, None], columns]
        # Texture by texture would cost a pass each: all are picked at once from a stack of those that occur.
        present = np.unique(kinds)
        extra = [NUMBERS["water"]] if IS_WATER[present].any() else []
        listed = [*present.tolist(), *[k for k in extra if k not in present]]
        place = np.zeros(256, np.intp)
        place[listed] = np.arange(len(listed))
        stack = np.stack([self._texture(k, scale) for k in listed])
        at = (np.arange(PAGE, dtype=np.float32) + 0.5) / np.float32(scale) + BORDER
        exact = at.astype(np.intp)
        strayed_x = (at + east * WANDER_TILES).astype(np.intp)
        strayed_y = (at[:, None] + south * WANDER_TILES).astype(np.intp)

        def pick(which: NDArray[np.uint8]) -> NDArray[np.uint8]:
            strayed = which[strayed_y, strayed_x]
            if not IS_PAVED[listed].any():
                return strayed
            true = which[exact[:, None], exact]
            return np.where(IS_PAVED[true] | IS_PAVED[strayed], true, strayed)

        wet = IS_WATER[kinds]
        if not wet.any():
            return np.asarray(stack[place[pick(kinds)], rows[:, None], columns])
        land = stack[place[pick(_spread(kinds, wet, NUMBERS["water"]))], rows[:, None], columns]
        if not (~wet).any():
            return np.asarray(land)
        sea_kinds = _spread(kinds, ~wet, NUMBERS["water"])
        sea = stack[place[pick(sea_kinds)], rows[:, None], columns]
        return self._shore(land, sea, wet, scale, east)

    def _shore(
        self, land: NDArray[np.uint32], sea: NDArray[np.uint32], wet: NDArray[np.bool_], scale: float,
        stray: NDArray[Any],
    ) -> NDArray[np.uint32]:  # fmt: skip
        """Water over land: wet ground, foam, shallows, then the deep."""
        level = _smooth(wet, scale) + stray * 0.10
        deep = np.clip((_smooth(_mean5(wet), scale) - 0.45) * 2.2 + stray * 0.06, 0, 1)[..., None]
        dry = land.view(np.uint8).reshape(PAGE, PAGE, 4).astype(np.float32)
        water = sea.view(np.uint8).reshape(PAGE, PAGE, 4).astype(np.float32)
        water[..., :3] += (np.array(SHALLOW, np.float32) * 255 - water[..., :3]) * (1 - deep) * 0.55
        damp = np.clip((level - 0.18) / 0.3, 0, 1)[..., None]
        dry[..., :3] *= 1 - damp * (1 - np.array(WET, np.float32) * 1.25)
        # One pixel of softness at any scale.
        edge = np.clip((level - 0.5) * scale * 0.5 + 0.5, 0, 1)[..., None]
        out = dry + (water - dry) * edge
        foam = np.clip(1 - np.abs(level - 0.555) / 0.05, 0, 1)[..., None] * 0.5
        out[..., :3] += (np.array(FOAM, np.float32) * 255 - out[..., :3]) * foam
        out[..., 3] = 255
        return np.ascontiguousarray(out.astype(np.uint8)).view(np.uint32)[..., 0]

    def _shade(self, pixels: Pixels, x: float, y: float, tiles: float) -> None:
        """Lighter and darker regions, so that the eye sees no repetition."""
        side = self._macro.shape[0]
        left, top, wide = x / 2, y / 2, tiles / 2
        x0, y0 = math.floor(left) - 1, math.floor(top) - 1
        count = math.ceil(wide) + 4
        window = self._macro[np.arange(y0, y0 + count)[:, None] % side, np.arange(x0, x0 + count) % side]
        box = (left - x0, top - y0, left - x0 + wide, top - y0 + wide)
        field = Image.fromarray(window).resize((PAGE, PAGE), Image.Resampling.BICUBIC, box)
        factor = (128 * (1 + 0.05 * np.asarray(field))).astype(np.uint16)[..., None]
        pixels[..., :3] = np.minimum(pixels[..., :3] * factor >> 7, 255)

    def _strew(self, kinds: NDArray[np.uint8], ores: NDArray[np.uint8], scale: float, x: int, y: int) -> None:
        """Lay ore, and tufts and pebbles where there is none, onto the frame."""
        rows: NDArray[Any]
        rows, columns = np.mgrid[: kinds.shape[0], : kinds.shape[1]]
        tile_x, tile_y = columns + (x - BORDER), rows + (y - BORDER)
        chance = _chance(tile_x, tile_y)
        cells = np.full(kinds.shape, -1)
        if ores.any():
            table = np.full((256, VARIANTS), -1)
            for kind, rich in itertools.product(range(len(NAMES) - 1), range(RICHNESS)):
                for variant in range(VARIANTS):
                    name = f"ore/{NAMES[kind]}/{rich}/{variant}"
                    table[1 + kind * RICHNESS + rich, variant] = self.atlas.cell(name)
            cells = table[ores, chance % VARIANTS]
        if scale >= 16:
            for style, count in DECOR.items():
                of_style = np.array([s == style for s in STYLES])[kinds]
                lucky = of_style & (ores == 0) & (chance % 100 < (7 if style == "grass" else 4))
                first = np.array([self.atlas.cell(f"decor/{style}/{i}") for i in range(count)])
                cells = np.where(lucky, first[chance // 100 % count], cells)
        here = cells >= 0
        if not here.any():
            return
        chosen = cells[here]
        shown = self.atlas.cells[chosen]
        jitter = (chance[here] % 64 / 64 - 0.5) * np.where(ores[here] > 0, 0.3, 0.7)
        px = (columns[here] - BORDER + 0.5 + shown["dx"] + jitter) * scale
        py = (rows[here] - BORDER + 0.5 + shown["dy"] - jitter) * scale
        size = np.ceil(np.stack((shown["w"], shown["h"]), axis=1) * scale).astype(int)
        keys, number = np.unique(chosen, return_inverse=True)
        sizes = {int(c): (int(s[0]), int(s[1])) for c, s in zip(chosen, size, strict=True)}
        get = self._blitter.sprites.get
        sprites = np.array([get(int(c), *sizes[int(c)], 0, 0xFFFFFFFF) for c in keys], np.int64)
        self._blitter.paint(self._frame, px, py, sprites[number], np.ones(len(px), bool), 0, len(px))

    def _paint_far(self, ground: Ground, scale: float, column: int, row: int) -> Pixels:
        """The page as a map: one colour for each tile, or for the first of several."""
        step = max(1, round(1 / scale))
        each = max(1, round(scale))
        side = PAGE // each
        tiles = side * step
        x, y = column * tiles, row * tiles
        kinds = self._gather(ground, x, y, side, step, "tiles")
        colour = self._means[kinds]
        ores = self._gather(ground, x, y, side, step, "ores").astype(int)
        if ores.any():
            share = np.where(ores > 0, 0.45 + 0.55 * ((ores - 1) % RICHNESS) / (RICHNESS - 1), 0)
            stones = self._ore_means[np.maximum(ores - 1, 0) // RICHNESS]
            colour = colour + (stones - colour) * share[..., None]
        small = np.full((side, side, 4), 255, np.uint8)
        small[..., :3] = np.clip(colour * 255, 0, 255)
        blocks = self._gather(ground, x, y, side, step, "blocks").astype(np.uint16)
        if scale <= BLOCK_SCALE and blocks.any():
            over = blocks[..., 3:]
            small[..., :3] = (blocks[..., :3] * over + small[..., :3] * (255 - over)) // 255
        pixels = np.ascontiguousarray(small.repeat(each, 0).repeat(each, 1))
        self._shade(pixels, x, y, tiles)
        return pixels

    # --- what is painted with ----------------------------------------------------------------------------

    def _mean(self, name: str) -> NDArray[Any]:
        pixels = self.atlas.picture(self.atlas.cell(name), 4).astype(np.float32)
        weight = max(float(pixels[..., 3].sum()), 1.0)
        return np.asarray(pixels[..., :3].sum(axis=(0, 1)) / weight)

    def _texture(self, kind: int, scale: float) -> NDArray[np.uint32]:
        found = self._textures.get((kind, scale))
        if found is None:
            name = tuple(KINDS)[kind]
            level = {64.0: 0, 32.0: 0, 16.0: 1, 8.0: 2}[scale]
            pixels = np.ascontiguousarray(self.atlas.picture(self.atlas.cell(f"ground/{name}"), level))
            if scale == FINEST:
                pixels = np.stack([_doubled(pixels[..., i]) for i in range(4)], axis=2).astype(np.uint8)
            found = np.ascontiguousarray(pixels).view(np.uint32)[..., 0]
            self._textures[kind, scale] = found
        return found

    def _wander(self, scale: float) -> list[NDArray[Any]]:
        found = self._scaled.get(scale)
        if found is None:
            if scale == FINEST:
                found = [_doubled(n) for n in self._noise]
            else:
                step = round(32 / scale)
                found = [n[::step, ::step] for n in self._noise]
            found = [np.clip(n, -BORDER * 2, BORDER * 2) for n in found]
            self._scaled[scale] = found
        return found


def _chance(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """A number from 0 to 65,535 for each tile, always the same and unlike its neighbours'."""
    mixed = (x.astype(np.uint32) * np.uint32(0x9E3779B1)) ^ (y.astype(np.uint32) * np.uint32(0x85EBCA77))
    for _ in range(2):
        mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(0xC2B2AE3D)
    return (mixed >> np.uint32(16)).astype(np.int64)


def _doubled(field: NDArray[Any]) -> NDArray[Any]:
    """A seamless field at twice the size."""
    wrapped = np.pad(field.astype(np.float32), 2, mode="wrap")
    h, w = field.shape
    image = Image.fromarray(wrapped).resize((2 * w, 2 * h), Image.Resampling.BILINEAR, (2, 2, w + 2, h + 2))
    return np.asarray(image)


def _smooth(mask: NDArray[Any], scale: float) -> NDArray[Any]:
    """A mask of tiles with their border as a smooth field of the page's pixels."""
    side = mask.shape[0]
    image = Image.fromarray(mask.astype(np.float32))
    box = (BORDER, BORDER, side - BORDER, side - BORDER)
    return np.asarray(image.resize((PAGE, PAGE), Image.Resampling.BICUBIC, box))


def _mean5(mask: NDArray[np.bool_]) -> NDArray[Any]:
    """The mean over five by five tiles."""
    padded = np.pad(mask.astype(np.float32), 2, mode="edge")
    h, w = mask.shape
    return np.asarray(sum(padded[i : i + h, j : j + w] for i in range(5) for j in range(5)) / 25)


def _spread(kinds: NDArray[np.uint8], gone: NDArray[np.bool_], otherwise: int) -> NDArray[np.uint8]:
    """The kinds with those that are gone replaced by what lies beside them, two tiles far."""
    out, missing = kinds.copy(), gone.copy()
    for _ in range(2):
        known = out.copy()
        filled = missing.copy()
        for axis, by in ((0, 1), (0, -1), (1, 1), (1, -1)):
            beside, lacks = np.roll(out, by, axis), np.roll(missing, by, axis)
            take = filled & ~lacks
            known[take] = beside[take]
            filled &= ~take
        out, missing = known, filled
    if not missing.all():
        values, counts = np.unique(out[~missing], return_counts=True)
        out[missing] = values[np.argmax(counts)]
    else:
        out[missing] = otherwise
    return out


assert (
    PAD >= 64
)  # ore and tufts on a page's border reach over its edge by less than a tile at the finest scale
