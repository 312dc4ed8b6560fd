"""All pictures in one texture, with smaller copies of it for what is far away."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runtime.engine.cache import cache_dir

Pixels = NDArray[np.uint8]
"""[height, width, RGBA], alpha premultiplied: what filtering and blending need."""

SHEET_SIDE = 2048
LEVELS = 5
"""Of detail: each is half as large as the one before."""
GAP = 16
"""Pixels between cells, so that the smallest level still has one between them; cells begin at multiples of it."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture to go into an atlas.

    pixels: premultiplied RGBA. scale: pixels per tile. dx, dy: where its middle is to lie, seen from the point
    that it is drawn at, in tiles. A "ground/…" is never drawn as a quad, only by who paints the ground.
    """

    name: str
    pixels: Pixels
    scale: float
    dx: float = 0.0
    dy: float = 0.0

    @property
    def is_texture(self) -> bool:
        """Whether it is for the ground alone."""
        return self.name.startswith("ground/")


CELL = np.dtype(
    [
        ("sheet", "<u4"),
        ("left", "<u4"),
        ("top", "<u4"),
        ("width", "<u4"),
        ("height", "<u4"),
        ("w", "<f4"),
        ("h", "<f4"),
        ("dx", "<f4"),
        ("dy", "<f4"),
    ]
)
"""Where a picture lies on which sheet, in pixels; its size and the offset of its middle in tiles."""


class Atlas:
    """The pictures by number.

    levels: level by level, uint8[sheets, side, side, 4], premultiplied. cells: an array of CELL. drawn_sheets: so many
    come first that hold what is drawn as quads; the others hold textures.
    """

    def __init__(self, levels: list[Pixels], cells: NDArray[Any], names: Mapping[str, int]) -> None:
        self.levels = levels
        self.cells = cells
        self.names = names
        textures = [number for name, number in names.items() if name.startswith("ground/")]
        self.drawn_sheets = min((int(cells["sheet"][n]) for n in textures), default=len(levels[0]))

    def cell(self, name: str) -> int:
        """The number of a picture. Raises KeyError if there is none of that name."""
        return self.names[name]

    def find(self, *names: str) -> int:
        """The number of the first of these pictures that there is; that of "unknown" if there is none of them."""
        for name in names:
            if (number := self.names.get(name)) is not None:
                return number
        return self.names["unknown"]

    def picture(self, cell: int, level: int = 0) -> Pixels:
        """A cell's pixels, premultiplied, at a level of detail; at least one."""
        row = self.cells[cell]
        left, top = int(row["left"]) >> level, int(row["top"]) >> level
        right = left + max(1, int(row["width"]) >> level)
        bottom = top + max(1, int(row["height"]) >> level)
        return self.levels[level][int(row["sheet"]), top:bottom, left:right]

    @classmethod
    def build(cls, pictures: Iterable[Picture]) -> Atlas:
        """Lay pictures out on sheets; they are numbered as they come. Raises ValueError for one that is larger than a sheet."""
        numbered = list(enumerate(pictures))
        numbered.sort(key=lambda p: (p[1].is_texture, -p[1].pixels.shape[0], -p[1].pixels.shape[1]))
        cells = np.zeros(len(numbered), CELL)
        sheets: list[Pixels] = []
        x = y = row_height = SHEET_SIDE
        names = {}
        drawn = len(numbered)
        for number, picture in numbered:
            height, width = picture.pixels.shape[:2]
            wide, high = (-(-side // GAP) * GAP + GAP for side in (width, height))
            if max(wide, high) > SHEET_SIDE:
                raise ValueError(f"picture {picture.name} is {width} × {height} pixels, larger than a sheet")
            if picture.is_texture and drawn == len(numbered):
                drawn = len(sheets)
                x = y = row_height = SHEET_SIDE
            if x + wide > SHEET_SIDE:
                x, y = 0, y + row_height
                row_height = high
            if y + row_height > SHEET_SIDE:
                sheets.append(np.zeros((SHEET_SIDE, SHEET_SIDE, 4), np.uint8))
                x, y, row_height = 0, 0, high
            sheets[-1][y : y + height, x : x + width] = picture.pixels
            _smear(sheets[-1], x, y, width, height, wide, high)
            cells[number] = (
                len(sheets) - 1,
                x,
                y,
                width,
                height,
                width / picture.scale,
                height / picture.scale,
                picture.dx,
                picture.dy,
            )
            names[picture.name] = number
            x += wide
        levels = [np.stack(sheets)]
        for _ in range(LEVELS - 1):
            levels.append(np.stack([np.asarray(Image.fromarray(fine).reduce(2)) for fine in levels[-1]]))
        return cls(levels, cells, names)

    def save(self, folder: Path) -> None:
        """Write the atlas into a folder, which must not exist yet; it appears whole or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=folder.name))
        try:
            for level, pixels in enumerate(self.levels):
                np.save(temporary / f"level{level}.npy", pixels)
            np.save(temporary / "cells.npy", self.cells)
            (temporary / "names.json").write_text(json.dumps(dict(self.names)))
            # Another process may have been quicker; its atlas is as good.
            with contextlib.suppress(OSError):
                os.rename(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path) -> Atlas:
        """The atlas in a folder, mapped into memory, so that processes share it. Raises OSError or ValueError."""
        levels = [np.load(folder / f"level{level}.npy", mmap_mode="r") for level in range(LEVELS)]
        return cls(levels, np.load(folder / "cells.npy"), json.loads((folder / "names.json").read_text()))


def _smear(sheet: Pixels, x: int, y: int, width: int, height: int, wide: int, high: int) -> None:
    """Repeat a cell's last pixels into the gap beyond it, so that tiles laid side by side show no seam."""
    sheet[y : y + height, x + width : x + wide - GAP // 2] = sheet[y : y + height, x + width - 1 : x + width]
    sheet[y + height : y + high - GAP // 2, x : x + wide - GAP // 2] = sheet[
        y + height - 1 : y + height, x : x + wide - GAP // 2
    ]
    if x:
        sheet[y : y + height, x - GAP // 4 : x] = sheet[y : y + height, x : x + 1]
    if y:
        sheet[y - GAP // 4 : y, x : x + width] = sheet[y : y + 1, x : x + width]


def cached_atlas(kind: str, version: str, make: Callable[[], Iterable[Picture]]) -> Atlas:
    """The atlas that was built of `make()`, this time or in an earlier process with the same `version`.

    It is kept in the user's cache folder, of each kind only the newest.
    """
    folder = cache_dir() / f"atlas-{kind}-{version}"
    unreadable = (OSError, ValueError, EOFError)
    with contextlib.suppress(*unreadable):
        return Atlas.load(folder)
    try:
        with _one_at_a_time(folder.parent / f"atlas-{kind}.lock"):
            # Another process may have made it while this one waited; if it can't be read it is damaged.
            with contextlib.suppress(*unreadable):
                return Atlas.load(folder)
            for old in folder.parent.glob(f"atlas-{kind}-*"):
                shutil.rmtree(old, ignore_errors=True)
            Atlas.build(make()).save(folder)
            return Atlas.load(folder)
    except OSError:
        return Atlas.build(make())  # a read-only home is no reason not to draw


@contextlib.contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Wait until no other process is at it: drawing everything takes a while."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


_ours: Atlas | None = None


def our_atlas() -> Atlas:
    """The atlas of our own art, drawn anew when the code that draws it has changed."""
    global _ours
    if _ours is None:
        from viewer import art

        _ours = cached_atlas("ours", _our_version(), art.pictures)
    return _ours


def our_atlas_is_drawn() -> bool:
    """Whether our own art lies ready; if not, `our_atlas` takes some ten seconds."""
    return (cache_dir() / f"atlas-ours-{_our_version()}").is_dir()


def _our_version() -> str:
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for source in (*sorted((here / "art").glob("*.py")), here / "atlas.py"):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def premultiplied(image: Image.Image) -> Pixels:
    """An image's pixels, its colours multiplied by its alpha."""
    straight = np.asarray(image.convert("RGBA"))
    out = straight.copy()
    alpha = straight[..., 3:].astype(np.uint16)
    out[..., :3] = (straight[..., :3] * alpha + 127) // 255
    return out
