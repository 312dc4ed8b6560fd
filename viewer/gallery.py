"""Contact sheets of all art: every entity in every direction, every icon, every kind of ground."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from runtime.engine import prototypes
from viewer import marks
from viewer.art.ground import KINDS, NUMBERS
from viewer.art.ores import NAMES, ore_code
from viewer.art_source import art_source
from viewer.atlas import Atlas
from viewer.display_list import CHUNK, DisplayList, GroundChunk, Order, Quads, tint
from viewer.figures import Figures, Parts, animate
from viewer.renderers import Renderer, best_renderer
from viewer.view import PIXELS_PER_TILE, View

FOLDER = Path("build") / "gallery"
WIDTH_TILES = 60
LABEL = tint(0.95, 0.95, 0.9)
TYPES = (
    "transport-belt", "underground-belt", "splitter", "loader", "inserter", "mining-drill", "furnace",
    "assembling-machine", "lab", "rocket-silo", "rocket-silo-rocket", "pipe", "pipe-to-ground", "pump", "offshore-pump",
    "storage-tank", "valve", "boiler", "generator", "heat-pipe", "reactor", "solar-panel", "accumulator",
    "electric-pole", "power-switch", "lamp", "container", "logistic-container", "infinity-container", "radar", "beacon",
    "roboport", "arithmetic-combinator", "decider-combinator", "selector-combinator", "constant-combinator",
    "display-panel", "programmable-speaker", "cargo-landing-pad", "wall", "gate", "ammo-turret", "electric-turret",
    "fluid-turret", "artillery-turret", "land-mine", "turret", "unit", "unit-spawner", "straight-rail",
    "half-diagonal-rail", "curved-rail-a", "curved-rail-b", "train-stop", "rail-signal", "rail-chain-signal",
    "locomotive", "cargo-wagon", "fluid-wagon", "artillery-wagon", "car", "spider-vehicle", "construction-robot",
    "logistic-robot", "character", "tree", "simple-entity", "cliff", "fish",
)  # fmt: skip
SHAPES = {
    "transport-belt": ("straight", "left", "right"),
    "underground-belt": ("input", "output"),
    "character": ("", "walking"),
    "rocket-silo": ("", "open"),
}
ONE_SIDED = frozenset(
    {"container", "logistic-container", "furnace", "lab", "solar-panel", "accumulator", "reactor"}
)
MASKED = frozenset({"pipe", "heat-pipe", "wall"})
VARIED = frozenset({"tree", "simple-entity", "cliff"})


@dataclass(frozen=True)
class Specimen:
    """One thing on a sheet: its parts around (0, 0), the tiles that it takes up, and what it is called."""

    name: str
    parts: Parts
    width: float
    height: float


def specimens(figures: Figures) -> Iterator[Specimen]:
    """Every entity of the game that players meet, in all the ways it can stand."""
    entities = prototypes.load().entity
    for kind in TYPES:
        for name, proto in sorted(entities.items()):
            if proto.type != kind or name.startswith(("parameter-", "factorio-logo")):
                continue
            last: Parts | None = None
            width, height = float(proto.tile_width), float(proto.tile_height)
            for shape in SHAPES.get(kind, ("",)):
                if kind in MASKED:
                    ways = [{"mask": mask} for mask in range(16)]
                elif kind in VARIED:
                    ways = [{"variant": i} for i in range(3)]
                elif kind == "character" or kind.endswith(("-rail", "-rail-a", "-rail-b")):
                    ways = [{"direction": d} for d in range(0, 16, 2)]
                else:
                    ways = [{"direction": d} for d in ((0,) if kind in ONE_SIDED else (0, 4, 8, 12))]
                for way in ways:
                    direction = way.get("direction", 0)
                    w, h = (height, width) if direction % 8 == 4 else (width, height)
                    parts = figures.entity(name, kind, direction, w, h, shape=shape, **{
                        k: v for k, v in way.items() if k != "direction"
                    })  # fmt: skip
                    if last is None or not np.array_equal(parts, last):
                        yield Specimen(name, parts, *_extent(parts))
                    last = parts


def _extent(parts: Parts) -> tuple[float, float]:
    seen = parts[(parts["order"] != Order.SHADOW) & (parts["order"] != Order.TREE_SHADOW)]
    width, height = ((np.abs(seen[at]) * 2 + seen[side]).max() for at, side in (("x", "w"), ("y", "h")))
    return max(1.0, float(width)), max(1.0, float(height))


def sheet(atlas: Atlas, things: list[Specimen], tick: float) -> tuple[Quads, float]:
    """All things in rows, from (0, 0) on, with their names; and how many tiles high that is."""
    rows: list[Quads] = []
    x = y = high = 0.0
    said = ""
    for thing in things:
        written = marks.text(atlas, 0, 0, thing.name if thing.name != said else "", 0.42, LABEL, 0)
        # As wide as its name, where that is the wider.
        wide = max(thing.width + 0.8, float((written["x"] + written["w"] / 2).max(initial=0)) + 0.4)
        if x + wide > WIDTH_TILES:
            x, y, high = 0.0, y + high, 0.0
        quads = animate(thing.parts, tick)
        quads["x"] += x + wide / 2
        quads["y"] += y + thing.height / 2 + 0.5
        rows.append(quads)
        if thing.name != said:
            written["x"] += x + 0.2
            written["y"] = y + thing.height + 1.05
            rows.append(written)
            said = thing.name
        x += wide
        high = max(high, thing.height + 1.6)
    return np.concatenate(rows), y + high


def floor(width: float, height: float, name: str) -> dict[tuple[int, int], GroundChunk]:
    """Chunks of one kind of ground."""
    chunk = GroundChunk(np.full((CHUNK, CHUNK), NUMBERS[name], np.uint8))
    return {
        (c, r): chunk for c in range(-1, int(width // CHUNK) + 2) for r in range(-1, int(height // CHUNK) + 2)
    }


def save(
    renderer: Renderer, path: Path, listed: DisplayList, width: float, height: float, zoom: float
) -> None:
    """Draw an area from (0, 0) on and write it as PNG."""
    scale = zoom * PIXELS_PER_TILE
    view = View(width / 2, height / 2, zoom, round(width * scale), min(3840, round(height * scale)))
    Image.fromarray(renderer.draw(listed, view)[..., :3].copy()).save(path, compress_level=1)


def icons(atlas: Atlas) -> tuple[Quads, float]:
    """Every icon in rows, and how many tiles high that is."""
    names = [name for name in atlas.names if name.startswith(("item/", "fluid/", "badge/"))]
    rows = marks.blank(atlas, len(names), "white", Order.ICON)
    across = WIDTH_TILES // 2
    rows["cell"] = [atlas.cell(name) for name in names]
    rows["x"], rows["y"] = np.arange(len(names)) % across * 2 + 1, np.arange(len(names)) // across * 2 + 1
    rows["w"] = rows["h"] = 1.5
    return rows, 2.0 * -(-len(names) // across)


def grounds() -> dict[tuple[int, int], GroundChunk]:
    """Each kind of ground, 7 tiles wide and 7 high, with a strip of each ore from poor to rich below."""
    side, across = 7, 8
    tiles = np.full((CHUNK * 3, CHUNK * 2), NUMBERS["grass-1"], np.uint8)
    ores = np.zeros_like(tiles)
    for number, name in enumerate(KINDS):
        row, column = divmod(number, across)
        tiles[row * side : row * side + side, column * side : column * side + side] = NUMBERS[name]
    top = side * -(-len(KINDS) // across) + 1
    for kind, name in enumerate(NAMES[:-1]):
        for column in range(56):
            ores[top + kind * 5 : top + kind * 5 + 4, column] = ore_code(name, 5 * 2 ** (column / 5.5))
    out = {}
    for c, r in itertools.product(range(2), range(3)):
        part = slice(r * CHUNK, r * CHUNK + CHUNK), slice(c * CHUNK, c * CHUNK + CHUNK)
        out[c, r] = GroundChunk(tiles[part], ores[part])
    return out


def main() -> None:
    """Write build/gallery/*.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zoom", type=float, default=1.0)
    parser.add_argument("--to", type=Path, default=FOLDER)
    given = parser.parse_args()
    given.to.mkdir(parents=True, exist_ok=True)
    art = art_source()
    atlas = art.atlas
    renderer = best_renderer(atlas)
    things = list(specimens(art.figures))
    page: list[Specimen] = []
    number = 0
    limit = 3840 / given.zoom / PIXELS_PER_TILE
    for i, thing in enumerate(things):
        page.append(thing)
        full = i + 1 == len(things) or sheet(atlas, [*page, things[i + 1]], 0)[1] > min(limit, 60)
        if full:
            number += 1
            quads, height = sheet(atlas, page, 90)
            listed = DisplayList(quads, floor(WIDTH_TILES, height, "grass-2"))
            save(renderer, given.to / f"entities-{number}.png", listed, WIDTH_TILES, height, given.zoom)
            page = []
    quads, height = icons(atlas)
    listed = DisplayList(quads, floor(WIDTH_TILES, height, "lab-dark-1"))
    save(renderer, given.to / "icons.png", listed, WIDTH_TILES, height, given.zoom)
    save(renderer, given.to / "ground.png", DisplayList(ground=grounds()), 56, 75, given.zoom)
    print(f"{number + 2} pictures in {given.to}, drawn by {renderer.name} ({renderer.adapter})")


if __name__ == "__main__":
    main()
