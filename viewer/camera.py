"""Pictures of worlds on demand: looks at a world and has what is there drawn, the same picture at most once a second."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from viewer.art_source import art_is_ready, art_source
from viewer.atlas import Pixels
from viewer.drawing import Drawing
from viewer.png import png
from viewer.renderers import Renderer, best_renderer
from viewer.scene import Eyes, Scene
from viewer.view import LAYERS, MAX_SIDE, MIN_SIDE, PIXELS_PER_TILE, View, check_layers

FRESH_SECONDS = 1.0
"""A picture this young is given again instead of drawn anew, however many people watch."""
KEPT_PICTURES = 64
KEPT_SCENES = 8
DEFAULT_ZOOM = 0.5
DEFAULT_SIZE = (1280, 720)
DEFAULT_LAYERS = frozenset({"status", "names"})
FORMATS = {"png": "image/png", "webp": "image/webp"}

Area = tuple[float, float, float, float]
Wanted = tuple[object, ...]


class Filmed(Eyes, Protocol):
    """What the camera needs of a world."""

    @property
    def name(self) -> str: ...

    def position(self) -> tuple[float, float] | None:
        """Where the character is."""

    def factory(self) -> tuple[float, float] | None:
        """Where most machines stand together."""


@dataclass(frozen=True)
class Shot:
    """A finished picture and what it shows: see `View`; `tick` is the world's, `image` a file of `mime_type`."""

    image: bytes
    mime_type: str
    tick: int
    x: float
    y: float
    zoom: float
    width: int
    height: int
    layers: tuple[str, ...]


class Camera:
    """Takes pictures of worlds; safe to use from any thread, and meant to be used off the event loop.

    Args:
        make_renderer: makes what draws, when the first picture is taken.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        make_renderer: Callable[[], Renderer] = best_renderer,
    ) -> None:
        self._clock = clock
        self._make_renderer = make_renderer
        self._shots: OrderedDict[Wanted, tuple[float, Shot]] = OrderedDict()
        self._scenes: OrderedDict[str, Scene] = OrderedDict()
        self._taking: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        # Drawing holds the interpreter; one picture at a time leaves the rest of the process room.
        self._drawing_lock = threading.Lock()
        self._tools: tuple[Drawing, Renderer] | None = None

    def __call__(
        self,
        world: Filmed,
        x: float | None = None,
        y: float | None = None,
        zoom: float | None = None,
        width: int | None = None,
        height: int | None = None,
        *,
        area: Area | None = None,
        layers: Iterable[str] | None = None,
        form: str = "png",
    ) -> Shot:
        """Take a picture; see `View` for units and limits.

        Without x or y it follows the character; without zoom as well it shows where most machines are. With an area (west,
        north, east, south) it shows that, as large as it fits.

        Raises:
            ValueError: a value can't be drawn; the message says which and what would do.
        """
        shown = DEFAULT_LAYERS if layers is None else check_layers(layers)
        if form not in FORMATS:
            raise ValueError(f"there is no format {form!r}; there are {', '.join(FORMATS)}")
        wanted = (world.name, x, y, zoom, width, height, area, shown, form)
        with self._lock:
            taking = self._taking.setdefault(world.name, threading.Lock())
        # Who asks for the same while it is being taken gets it too.
        with taking:
            taken, shot = self._shots.get(wanted, (float("-inf"), None))
            if shot is None or self._clock() - taken > FRESH_SECONDS:
                size = (
                    DEFAULT_SIZE[0] if width is None else width,
                    DEFAULT_SIZE[1] if height is None else height,
                )
                view = (
                    _view_of(area, size, shown)
                    if area is not None
                    else self._view(world, x, y, zoom, size, shown)
                )
                shot = self._take(world, view, form)
                with self._lock:
                    self._shots[wanted] = (self._clock(), shot)
                    self._shots.move_to_end(wanted)
                    while len(self._shots) > KEPT_PICTURES:
                        self._shots.popitem(last=False)
        return shot

    def warm_up(self) -> None:
        """Have what the first picture would wait for: art is made once, by a process of its own."""
        if not art_is_ready():
            subprocess.run(
                [sys.executable, "-c", "from viewer.art_source import art_source; art_source()"], check=True
            )

    def close(self) -> None:
        """Give back what draws."""
        with self._drawing_lock:
            if self._tools is not None:
                self._tools[1].close()

    def _get_tools(self) -> tuple[Drawing, Renderer]:
        if self._tools is None:
            art = art_source()
            self._tools = (Drawing(art.atlas, art.figures), self._make_renderer())
        return self._tools

    def _view(
        self,
        world: Filmed,
        x: float | None,
        y: float | None,
        zoom: float | None,
        size: tuple[int, int],
        layers: frozenset[str],
    ) -> View:
        # What can't be drawn is refused before the world is asked.
        View(x or 0.0, y or 0.0, DEFAULT_ZOOM if zoom is None else zoom, *size, layers)
        place = None
        if x is None and y is None and zoom is None:
            place = world.factory()
        if place is None and (x is None or y is None):
            place = world.position()
        place = place or (0.0, 0.0)
        return View(
            place[0] if x is None else x,
            place[1] if y is None else y,
            DEFAULT_ZOOM if zoom is None else zoom,
            *size,
            layers,
        )

    def _scene(self, world: Filmed) -> Scene:
        with self._lock:
            scene = self._scenes.setdefault(world.name, Scene())
            self._scenes.move_to_end(world.name)
            while len(self._scenes) > KEPT_SCENES:
                self._scenes.popitem(last=False)
        return scene

    def _take(self, world: Filmed, view: View, form: str) -> Shot:
        scene = self._scene(world)
        scene.look(world, view)
        tick = scene.tick
        with self._drawing_lock:
            drawing, renderer = self._get_tools()
            pixels = renderer.draw(drawing.display_list(scene, view, tick), view)
            image = encoded(pixels, form)
        return Shot(
            image, FORMATS[form], int(tick), view.x, view.y, view.zoom, view.width, view.height,
            tuple(layer for layer in LAYERS if layer in view.layers),
        )  # fmt: skip


def encoded(pixels: Pixels, form: str) -> bytes:
    """A frame as a file of one of `FORMATS`."""
    if form == "png":
        return png(pixels)
    out = io.BytesIO()
    Image.fromarray(pixels[..., :3]).save(out, "WEBP", quality=85, method=0)
    return out.getvalue()


def _view_of(area: Area, size: tuple[int, int], layers: frozenset[str]) -> View:
    """The view that just holds an area. Raises ValueError."""
    west, north, east, south = area
    if not (west < east and north < south):
        raise ValueError(
            f"area is {area}; it must be west, north, east, south, in tiles, east and south the greater"
        )
    width, height = size
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        return View(0, 0, 1, width, height)  # says what is wrong with it
    zoom = min(width / (east - west), height / (south - north)) / PIXELS_PER_TILE
    return View((west + east) / 2, (north + south) / 2, zoom, width, height, layers)
