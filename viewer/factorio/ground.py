"""What the installation has for tiles, ore and icons, under the names that our own art has for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from viewer.art.ground import DECOR, KINDS, PERIOD, SIDE, TEXTURE_SCALE
from viewer.art.ores import ORES, RICHNESS
from viewer.art.ores import VARIANTS as ORE_VARIANTS
from viewer.atlas import Picture, Pixels
from viewer.factorio.book import Book, Paving
from viewer.factorio.looks import stage_variants
from viewer.factorio.sheets import Sheets, tile_squares
from viewer.factorio.sprites import PIXELS_PER_TILE, Side, Strip, colour, pair, strips

Raw = dict[str, Any]
ICON_SIDE = {"technology": 256}
"""Pixels of an icon of each kind of prototype; 64 unless it is listed."""
STREWN = {
    "grass": ("green-asterisk-mini", "green-small-grass", "green-hairy-grass", "white-desert-bush"),
    "dirt": ("tiny-rock", "small-rock"),
    "sand": ("small-sand-rock", "sand-dune-decal", "tiny-rock"),
}
"""Decoratives that lie about on each style of ground, the first that there is."""
MOST_TILES = 16


def read_ground(book: Book, raw: dict[str, dict[str, Raw]]) -> None:
    """Add tiles, ores and what lies about."""
    for name in KINDS:
        found = list(_pavings(raw.get("tile", {}).get(name, {})))
        if found:
            book.grounds[name] = found
    for name in ORES:
        proto = raw.get("resource", {}).get(name)
        stages = max(1, len((proto or {}).get("stage_counts") or ()))
        if proto is None or name == "crude-oil":
            continue
        for rich in range(RICHNESS):
            # Ours count up to the richest, the game's down to the poorest.
            variants = stage_variants(proto, round((RICHNESS - 1 - rich) / (RICHNESS - 1) * (stages - 1)))
            for variant in range(ORE_VARIANTS if variants else 0):
                strip = variants[variant % len(variants)]
                book.picture(f"ore/{name}/{rich}/{variant}", [strip])
    for style, names in STREWN.items():
        listed = [raw.get("optimized-decorative", {}).get(name) for name in names]
        value = next((d["pictures"] for d in listed if d is not None and strips(d.get("pictures"))), None)
        for number in range(DECOR[style] if value is not None else 0):
            book.picture(f"decor/{style}/{number}", strips(value, Side(variant=number)))


def _pavings(raw: Raw) -> Iterator[Paving]:
    variants = raw.get("variants")
    if not isinstance(variants, dict):
        return
    material = variants.get("material_background")
    for entry in variants.get("main") or ([material] if isinstance(material, dict) else []):
        if not isinstance(entry, dict) or not isinstance(entry.get("picture"), str):
            continue
        size: Any = variants.get("material_texture_width_in_tiles", 8) if entry is material else 1
        scale, side = entry.get("scale", 1), entry.get("size", size)
        left, top = entry.get("x", 0), entry.get("y", 0)
        good = all(isinstance(n, (int, float)) and 0 <= n < 1e5 for n in (scale, side, left, top))
        if good and 0.01 < scale <= 16 and 1 <= side <= MOST_TILES:
            count = min(max(int(entry.get("count", 1)), 1), 64)
            chance = float(entry.get("probability", 1))
            tint = colour(raw["tint"]) if "tint" in raw else (1.0, 1.0, 1.0, 1.0)
            yield entry["picture"], int(left), int(top), int(side), count, float(scale), chance, tint


def textures(book: Book, sheets: Sheets) -> Iterator[Picture]:
    """ "ground/NAME": each kind of tile, laid out at random so that it repeats as ours do."""
    for name, pavings in book.grounds.items():
        yield Picture(f"ground/{name}", _texture(pavings, sheets), TEXTURE_SCALE)


def _texture(pavings: list[Paving], sheets: Sheets) -> Pixels:
    out = np.zeros((SIDE, SIDE, 4), np.uint8)
    random = np.random.default_rng(7)
    for file, left, top, side, count, scale, chance, tint in sorted(pavings, key=lambda p: p[3]):
        pixels = round(side * PIXELS_PER_TILE / scale)
        wide = side * TEXTURE_SCALE
        squares = [_resized(s, wide) for s in tile_squares(sheets, file, left, top, count, pixels)]
        squares = [(s * np.array(tint, np.float32)).astype(np.uint8) for s in squares]
        smallest = side == min(p[3] for p in pavings)
        # The larger ones are laid over the smaller.
        for row in range(0, PERIOD - side + 1, side):
            for column in range(0, PERIOD - side + 1, side):
                if squares and (smallest or random.random() < chance):
                    y, x = row * TEXTURE_SCALE, column * TEXTURE_SCALE
                    square = squares[int(random.integers(len(squares)))]
                    out[y : y + wide, x : x + wide] = square
    out[..., 3] = 255
    return out


def _resized(pixels: Pixels, side: int) -> Pixels:
    if pixels.shape[0] == side:
        return pixels
    image = Image.fromarray(pixels, "RGBA").resize((side, side), Image.Resampling.BOX)
    return np.asarray(image).copy()


def read_icons(book: Book, raw: dict[str, dict[str, Raw]]) -> None:
    """Add "item/NAME", "fluid/NAME" and "technology/NAME", each one tile large."""
    for kind, protos in raw.items():
        for name, proto in protos.items():
            family = kind if kind in ("fluid", "technology") else "item" if "stack_size" in proto else ""
            if family:
                book.picture(f"{family}/{name}", _icon(proto, ICON_SIDE.get(kind, 64)))


def _icon(raw: Raw, expected: int) -> list[Strip]:
    layers = raw.get("icons") or [raw]
    out = []
    for layer in layers if isinstance(layers, list) else []:
        file = layer.get("icon") if isinstance(layer, dict) else None
        size = (layer.get("icon_size") or raw.get("icon_size") or 64) if isinstance(layer, dict) else 0
        if not isinstance(file, str) or not isinstance(size, int) or not 0 < size <= 1024:
            continue
        # Half of what is expected is a scale of 1: then 32 pixels are a tile. Smaller copies follow to the right.
        own = layer.get("scale")
        scale = (
            own * 64 / expected if isinstance(own, (int, float)) and 0 < own < 64 else PIXELS_PER_TILE / size
        )
        x, y = pair(layer.get("shift"))
        share = 64 / expected / PIXELS_PER_TILE
        tint = colour(layer["tint"]) if "tint" in layer else (1.0, 1.0, 1.0, 1.0)
        out.append(Strip(((file, 0, 0),), size, size, scale, x * share, y * share, tint))
    return out
