"""How long a frame takes: everything in view moves, and most belts are full."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.bench import Measurement, scene, screenshot
from viewer import marks
from viewer.art.ground import NUMBERS
from viewer.atlas import Atlas, our_atlas
from viewer.display_list import CHUNK, DisplayList, GroundChunk, Order, Quads
from viewer.figures import ITEM_SIZE, ITEMS_FROM, Figures, Parts, animate
from viewer.renderers import NAMES, Renderer, renderer
from viewer.renderers.gpu import NoAdapter
from viewer.view import PIXELS_PER_TILE, View

COUNTS = (5000, 20_000)
FRAMES, WARM_UP = 40, 5
BLOCK_WIDTH, BLOCK_HEIGHT = 6, 9
"""Tiles of a piece of factory, of which as many as are needed stand side by side."""
ITEMS = ("iron-ore", "copper-ore", "coal", "iron-plate", "electronic-circuit", "iron-gear-wheel")
PER_BELT = 4


class Factory:
    """So many entities or a few more, around (0, 0): two belts between which furnaces, assemblers and pipes stand."""

    def __init__(self, atlas: Atlas, count: int) -> None:
        self.atlas, self.figures = atlas, Figures(atlas)
        block = self._block()
        blocks = math.ceil(count / len(block))
        # As wide and high as the picture.
        self.columns = math.ceil(math.sqrt(blocks * 16 / 9 * BLOCK_HEIGHT / BLOCK_WIDTH))
        self.rows = math.ceil(blocks / self.columns)
        self.count = self.rows * self.columns * len(block)
        row, column = np.divmod(np.arange(self.rows * self.columns), self.columns)
        self.x = (column - self.columns / 2) * BLOCK_WIDTH
        self.y = (row - self.rows / 2) * BLOCK_HEIGHT
        rows = []
        for name, kind, x, y, direction in block:
            figure = self.figures.entity(name, kind, direction, mask=10)
            for part in figure:
                rows.append(self._everywhere(part, x, y))
        self.parts = np.concatenate(rows)
        belts = [(x, y) for _, kind, x, y, _ in block if kind == "transport-belt"]
        self.inserters = [(x, y) for _, kind, x, y, _ in block if kind == "inserter"]
        self.furnaces = [(x, y) for _, kind, x, y, _ in block if kind == "furnace"]
        self.belts = self._spread(belts)
        self.arms = self._spread(self.inserters)
        self.smoking = self._spread(self.furnaces)

    def _everywhere(self, part: Any, x: float, y: float) -> Parts:
        rows = np.repeat(part.reshape(1), len(self.x))
        rows["x"] += self.x + x
        rows["y"] += self.y + y
        rows["phase"] = np.where(rows["frames"] > 1, 0, (self.x * 7 + self.y * 3) % 1)
        return rows

    def _spread(self, places: list[tuple[float, float]]) -> tuple[NDArray[Any], NDArray[Any]]:
        xs, ys = np.array(places, float).T
        return (self.x[:, None] + xs).ravel(), (self.y[:, None] + ys).ravel()

    @staticmethod
    def _block() -> list[tuple[str, str, float, float, int]]:
        out: list[tuple[str, str, float, float, int]] = []
        for i in range(BLOCK_WIDTH):
            out.append(("transport-belt", "transport-belt", i + 0.5, 0.5, 4))
            out.append(("fast-transport-belt", "transport-belt", i + 0.5, 5.5, 12))
        for i in range(3):
            out.append(("inserter", "inserter", 2 * i + 0.5, 1.5, 0))
            out.append(("fast-inserter", "inserter", 2 * i + 0.5, 4.5, 0))
            out.append(("stone-furnace", "furnace", 2 * i + 1.0, 3.0, 0))
        out.append(("assembling-machine-2", "assembling-machine", 1.5, 7.5, 0))
        out.append(("medium-electric-pole", "electric-pole", 3.5, 6.5, 0))
        out += [("pipe", "pipe", x + 0.5, 8.5, 0) for x in (3, 4, 5)]
        out.append(("long-handed-inserter", "inserter", 4.5, 6.5, 8))
        return out

    def frame(self, tick: float, scale: float) -> Quads:
        """All of it at a tick, at so many pixels per tile."""
        rows = [animate(self.parts, tick, scale)]
        x, y = self.arms
        swing = math.tau * (tick / 70 + (x * 0.37 + y * 0.11) % 1)
        iron = np.full(len(x), self.atlas.cell("item/iron-plate"))
        held = np.where(np.sin(swing) > 0, iron, -1)
        rows.append(
            self.figures.arms("inserter", x, y, x + np.sin(swing) * 0.9, y + np.cos(swing) * 0.9, held, scale)
        )
        rows.append(
            marks.smoke(self.atlas, *self.smoking, np.arange(len(self.smoking[0])), tick, scale=scale)
        )
        if scale >= ITEMS_FROM:
            rows.append(self._items(tick))
        return np.concatenate(rows)

    def _items(self, tick: float) -> Quads:
        x, y = self.belts
        count = len(x)
        rows = marks.blank(self.atlas, count * PER_BELT, f"item/{ITEMS[0]}", Order.ITEM)
        cells = np.array([self.atlas.cell(f"item/{name}") for name in ITEMS])
        for i in range(PER_BELT):
            part = rows[i * count : (i + 1) * count]
            along = (i // 2 / (PER_BELT // 2) + tick / 32) % 1
            part["x"] = x - 0.5 + along
            part["y"] = y + (0.23 if i % 2 else -0.23)
            part["cell"] = cells[(np.arange(count) + i) % len(cells)]
        rows["w"] = rows["h"] = ITEM_SIZE
        return rows


def grass(columns: int, rows: int) -> dict[tuple[int, int], GroundChunk]:
    """Chunks of grass, with a little dirt, around (0, 0)."""
    out = {}
    for column in range(-columns, columns):
        for row in range(-rows, rows):
            tiles = np.full((CHUNK, CHUNK), NUMBERS["grass-1"], np.uint8)
            tiles[4:12, 8:20] = NUMBERS["dirt-4"]
            out[column, row] = GroundChunk(tiles)
    return out


def measure() -> Iterator[Measurement]:
    """What `renderers`, `scene` and `screenshot` measure."""
    yield from renderers()
    yield from scene.measure()
    yield from screenshot.measure()


def renderers(counts: tuple[int, ...] = COUNTS, frames: int = FRAMES) -> Iterator[Measurement]:
    """`render.COUNT.RENDERER`: the median in milliseconds, for each renderer that this machine has."""
    for name in NAMES:
        try:
            drawing = renderer(name, our_atlas())
        except NoAdapter:
            continue
        try:
            for count in counts:
                yield Measurement(
                    f"render.{count}.{name}", round(_milliseconds(drawing, count, frames), 2), "ms"
                )
        finally:
            drawing.close()


def _milliseconds(drawing: Renderer, count: int, frames: int) -> float:
    factory = Factory(our_atlas(), count)
    zoom = min(1280 / (factory.columns * BLOCK_WIDTH), 720 / (factory.rows * BLOCK_HEIGHT)) / PIXELS_PER_TILE
    view = View(0, 0, zoom)
    ground = grass(10, 6)
    taken = []
    for number in range(frames + WARM_UP):
        began = time.perf_counter()
        drawing.draw(DisplayList(factory.frame(number * 2.0, view.scale), ground), view)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[WARM_UP:]) * 1000
