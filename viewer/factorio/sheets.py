"""Reads an installation's PNG files and lays their frames into pictures."""

from __future__ import annotations

import math
import struct
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viewer.atlas import SHEET_SIDE, Picture, Pixels, premultiplied
from viewer.factorio.book import Frames
from viewer.factorio.installation import Installation
from viewer.factorio.sprites import PIXELS_PER_TILE, Stamp

LARGEST_FILE = 2**26
"""Pixels: 8192 × 8192, larger than any of the game's."""
LARGEST_PICTURE = SHEET_SIDE - 64
LARGEST_SET = 2**24
"""Pixels of all frames of one thing."""
KEPT_BYTES = 256_000_000
SHADOW = 0.5
"""How dark a shadow is."""
MARK, MARK_TILES = (255, 0, 220, 210), 0.25
PNG, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


def fault(path: Path | None) -> str | None:
    """Why a file can't be a picture: "missing", "no PNG", "truncated" or "N × N pixels"; None if it seems to be one."""
    if path is None:
        return "missing"
    try:
        with path.open("rb") as file:
            head = file.read(24)
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 12))
            tail = file.read()
    except OSError:
        return "missing"
    if len(head) < 24 or not head.startswith(PNG) or head[12:16] != b"IHDR":
        return "no PNG"
    width, height = struct.unpack(">II", head[16:24])
    if not 0 < width * height <= LARGEST_FILE:
        return f"{width} × {height} pixels"
    return None if tail.endswith(PNG_END) else "truncated"


class Sheets:
    """The files of an installation, as they are needed. faults: what was wrong with which, as it is found."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.faults: dict[str, str] = {}
        self._open: OrderedDict[str, Image.Image | None] = OrderedDict()

    def image(self, name: str) -> Image.Image | None:
        """A file's picture, RGBA; None, and a fault, if there is none."""
        if name not in self._open:
            self._open[name] = self._read(name)
            sizes = [i.width * i.height * 4 if i is not None else 0 for i in self._open.values()]
            while sum(sizes) > KEPT_BYTES and len(sizes) > 1:
                self._open.popitem(last=False)
                sizes.pop(0)
        self._open.move_to_end(name)
        return self._open[name]

    def _read(self, name: str) -> Image.Image | None:
        path = self.installation.file(name)
        why = fault(path)
        if why is None and path is not None:
            try:
                with Image.open(path) as image:
                    return image.convert("RGBA")
            except (OSError, SyntaxError, ValueError, struct.error) as error:
                why = f"damaged: {error}"
        self.faults[name] = why or "missing"
        return None

    def pictures(self, listed: Iterable[tuple[str, Frames]]) -> Iterator[Picture]:
        """Pictures laid of their stamps, in their order; frames of one thing are of one size."""
        for name, (scale, frames) in listed:
            laid, x, y, scale = self._lay(frames, scale)
            for number, pixels in enumerate(laid):
                called = f"{name}/{number}" if len(laid) > 1 else name
                yield Picture(called, pixels, scale, x, y)

    def _lay(self, frames: list[tuple[Stamp, ...]], scale: float) -> tuple[list[Pixels], float, float, float]:
        """Frames as pixels; where their middle lies in tiles; their pixels per tile, which are fewer if they would be too large."""
        boxes = np.array([_extent(s) for stamps in frames for s in stamps])
        left, top = boxes[:, :2].min(axis=0)
        right, bottom = boxes[:, 2:].max(axis=0)
        wide, high = float(right - left), float(bottom - top)
        while max(wide, high) * scale > LARGEST_PICTURE or wide * high * scale**2 * len(frames) > LARGEST_SET:
            scale /= 2
        shape = (math.ceil(high * scale) + 1, math.ceil(wide * scale) + 1)
        laid = []
        for stamps in frames:
            canvas = np.zeros((*shape, 4), np.uint8)
            for stamp in stamps:
                pixels = self._pixels(stamp, scale)
                box = _extent(stamp)
                _over(canvas, pixels, round((box[0] - left) * scale), round((box[1] - top) * scale))
            laid.append(canvas)
        # Cut to what is to be seen in any of them.
        seen = np.max([frame[..., 3] for frame in laid], axis=0)
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        a, b = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 1)
        c, d = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, 1)
        x, y = float(left + (c + d) / 2 / scale), float(top + (a + b) / 2 / scale)
        return [frame[a:b, c:d].copy() for frame in laid], x, y, scale

    def _pixels(self, stamp: Stamp, scale: float) -> Pixels:
        """A stamp's pixels at so many per tile, premultiplied."""
        file, left, top, width, height, own, _, _, tint, how = stamp
        wide, high = (max(1, round(side * own * scale / PIXELS_PER_TILE)) for side in (width, height))
        image = self.image(file)
        if image is not None and (left + width > image.width or top + height > image.height):
            self.faults[file] = (
                f"{image.width} × {image.height} pixels, {left + width} × {top + height} are needed"
            )
            image = None
        if image is None:
            # Light and shadow may be missing; what stands there has to be marked.
            return _mark(wide, high, scale) if how == "" else np.zeros((high, wide, 4), np.uint8)
        part = image.crop((left, top, left + width, top + height))
        if (wide, high) != part.size:
            filtered = Image.Resampling.BOX if wide < width else Image.Resampling.BILINEAR
            part = part.convert("RGBa").resize((wide, high), filtered)
            pixels = np.frombuffer(part.tobytes(), np.uint8).reshape(high, wide, 4).copy()
        else:
            pixels = premultiplied(part)
        if how == "shadow":
            pixels[..., :3] = 0
            pixels[..., 3] = pixels[..., 3] * SHADOW
            return pixels
        if tint != (1, 1, 1, 1):
            # Tints are premultiplied too, in the game.
            pixels = (pixels * np.array(tint, np.float32)).astype(np.uint8)
            pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:])
        if how == "add":
            # What adds light covers as much as it shines, as quads only lie over each other.
            pixels[..., 3] = pixels[..., :3].max(axis=2)
        return pixels


def _extent(stamp: Stamp) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in tiles."""
    _, _, _, width, height, scale, x, y, _, _ = stamp
    half_w, half_h = width * scale / PIXELS_PER_TILE / 2, height * scale / PIXELS_PER_TILE / 2
    return x - half_w, y - half_h, x + half_w, y + half_h


def _over(canvas: Pixels, pixels: Pixels, x: int, y: int) -> None:
    """Lay premultiplied pixels over others."""
    height, width = pixels.shape[:2]
    x, y = max(0, min(x, canvas.shape[1] - width)), max(0, min(y, canvas.shape[0] - height))
    under = canvas[y : y + height, x : x + width]
    above = pixels[: under.shape[0], : under.shape[1]]
    rest = 255 - above[..., 3:].astype(np.uint16)
    under[...] = np.minimum(above + under * rest // 255, 255)


def _mark(width: int, height: int, scale: float) -> Pixels:
    """What stands for a picture that there isn't: a chequered box."""
    y, x = np.mgrid[0:height, 0:width] / (MARK_TILES * scale)
    dark: NDArray[Any] = (np.floor(x) + np.floor(y)) % 2 > 0
    straight = np.full((height, width, 4), MARK, np.uint8)
    straight[dark, :3] = 0
    return premultiplied(Image.fromarray(straight))


def tile_squares(sheets: Sheets, name: str, left: int, top: int, count: int, side: int) -> list[Pixels]:
    """Squares of a strip, `side` pixels each; one marked square if the file can't be read or is too small."""
    image = sheets.image(name)
    if image is not None and (left + side > image.width or top + side > image.height):
        sheets.faults[name] = (
            f"{image.width} × {image.height} pixels, {left + side} × {top + side} are needed"
        )
        image = None
    if image is None:
        return [_mark(side, side, 64)]
    across = max(1, (image.width - left) // side)
    places = [(left + i % across * side, top + i // across * side) for i in range(count)]
    return [
        premultiplied(image.crop((x, y, x + side, y + side))) for x, y in places if y + side <= image.height
    ]
