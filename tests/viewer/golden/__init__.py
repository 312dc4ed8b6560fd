"""Pictures as they should be, of a factory as it was told once.

`python -m tests.viewer.golden` draws them anew, with NumPy and the GPU's renderer, after the art has changed on purpose: look
at them before you commit.
With `--record` it first builds the factory of `factory.lua` in a world and notes down what that tells of it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viewer.atlas import Pixels, our_atlas
from viewer.display_list import DisplayList
from viewer.drawing import Drawing
from viewer.renderers import NAMES, renderer
from viewer.scene import Rect, Scene, chunks_in
from viewer.view import View

FOLDER = Path(__file__).parent
TOLD = FOLDER / "factory.json.zz"
EVERYTHING = View(122, 112, 0.25, 1280, 720)
DAY, NIGHT = 0.0, 0.85
SQUARE = 4
LAUNCH_TICKS = 130
"""After which a silo's doors stand half open."""


def _view(x: float, y: float, zoom: float, *layers: str) -> View:
    return View(x, y, zoom, 256, 160, frozenset(layers))


SCENES: dict[str, tuple[View, float, float]] = {
    "factory": (_view(117, 108, 0.5, "alt", "status", "names", "grid"), DAY, 0),
    "near": (_view(114, 106, 1.0, "alt", "status"), DAY, 0),
    "power": (_view(126, 106, 0.25, "power"), DAY, 0),
    "fluids": (_view(114, 122, 0.5, "fluids"), DAY, 0),
    "far": (_view(120, 110, 0.06, "status", "names", "grid"), DAY, 0),
    "night": (_view(117, 122, 0.4, "night", "status", "names"), NIGHT, 0),
    "silo": (_view(144, 118, 0.45, "status"), DAY, LAUNCH_TICKS),
}
"""Name -> what is seen, how dark it is, and how many ticks after the factory was looked at."""


class Told:
    """Tells a scene what was recorded."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told

    def scene_changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        """All that was recorded, of the chunks in a rectangle."""
        left, top, right, bottom = rect
        chunks = [c for c in self._told["changes"]["chunks"] if left <= c[0] < right and top <= c[1] < bottom]
        changes: dict[str, Any] = self._told["changes"] | {"chunks": chunks}
        return changes

    def scene_tiles(self, rect: Rect) -> dict[str, Any]:
        """The tiles that were recorded."""
        tiles: dict[str, Any] = self._told["tiles"]
        return tiles


def display_lists() -> Iterator[tuple[str, DisplayList, View]]:
    """What each of SCENES shows."""
    told = Told(json.loads(zlib.decompress(TOLD.read_bytes())))
    drawing = Drawing(our_atlas())
    for name, (view, darkness, later) in SCENES.items():
        scene = Scene()
        scene.look(told, view)
        scene.darkness = darkness
        for chunk in scene.chunks.values():
            for thing in chunk.silos.values():
                thing.since = scene.tick
        yield name, drawing.display_list(scene, view, scene.tick + later), view


def path_of(way: str, name: str) -> Path:
    """Where the picture of a scene lies that a renderer has drawn."""
    return FOLDER / way / f"{name}.webp"


def golden(way: str, name: str) -> Pixels:
    """The picture of a scene as a renderer should draw it: uint8[height, width, RGB]."""
    return np.asarray(Image.open(path_of(way, name)).convert("RGB"))


def difference(picture: Pixels, other: Pixels) -> NDArray[np.float32]:
    """How far two pictures are apart where they are farthest, of each square of SQUARE pixels a side: 0 … 255.

    Squares are compared by the mean of each channel, so that no two adapters need to round alike.
    """
    apart = picture[..., :3].astype(np.float32) - other[..., :3].astype(np.float32)
    height, width = (side // SQUARE * SQUARE for side in apart.shape[:2])
    squares = apart[:height, :width].reshape(height // SQUARE, SQUARE, width // SQUARE, SQUARE, 3)
    return np.asarray(np.abs(squares.mean(axis=(1, 3))).max(axis=2))


def record() -> None:
    """Build the factory in a world of its own, and write down what that tells of it."""
    from runtime.scene_client import SceneClient
    from runtime.world_process import WorldProcess
    from tests.viewer.small_factory import step

    with tempfile.TemporaryDirectory() as folder:
        process = WorldProcess.start(name="golden", log_path=Path(folder) / "log", data=Path(folder) / "data")
        with process, process.client() as client:
            client.command("/silent-command game.tick_paused = true")
            answer = client.command(f"/silent-command {(FOLDER / 'factory.lua').read_text()}")
            assert answer.strip().isdigit(), answer
            step(client, 240)
            rect, eyes = chunks_in(EVERYTHING), SceneClient(client)
            told = {"changes": eyes.changes(rect, 0, 0, rect), "tiles": eyes.tiles(rect)}
    told["changes"]["epoch"] = 1
    TOLD.write_bytes(zlib.compress(json.dumps(told, separators=(",", ":")).encode(), 9))


def main() -> None:
    """Draw all pictures anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="build the factory anew first")
    if parser.parse_args().record:
        record()
    for way in NAMES:
        one = renderer(way, our_atlas())
        for name, listed, view in display_lists():
            path_of(way, name).parent.mkdir(exist_ok=True)
            picture = Image.fromarray(one.draw(listed, view)[..., :3].copy())
            picture.save(path_of(way, name), lossless=True, quality=100, method=6)
        one.close()
