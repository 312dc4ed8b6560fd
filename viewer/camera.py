"""Pictures of worlds on demand: asks a world for its scene and has it drawn, at most once a second each."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from viewer.picture import Scene, View, png

FRESH_SECONDS = 1.0
"""A picture this young is given again instead of drawn anew, however many people watch."""
KEPT_PICTURES = 64
BORDER_TILES = 3
"""What stands just outside the view may reach into it: half of the largest machine."""
DEFAULT_ZOOM = 0.5
DEFAULT_SIZE = (1280, 720)


class Filmed(Protocol):
    """What the camera needs of a world."""

    @property
    def name(self) -> str: ...

    def scene(self, x0: float, y0: float, x1: float, y1: float) -> Scene:
        """The scene of an area in tiles; waits for the world."""

    def focus(self) -> tuple[float, float]:
        """Where to look when nobody says: the character."""


@dataclass(frozen=True)
class Shot:
    """A finished picture and what it shows: see `View`; `tick` is the world's."""

    png: bytes
    tick: int
    x: float
    y: float
    zoom: float
    width: int
    height: int


class Camera:
    """Takes pictures of worlds; safe to use from any thread, and meant to be used off the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shots: OrderedDict[tuple[str, View], tuple[float, Shot]] = OrderedDict()
        self._lock = threading.Lock()
        # Drawing holds the interpreter; one picture at a time leaves the rest of the process room.
        self._drawing = threading.Lock()

    def __call__(
        self,
        world: Filmed,
        x: float | None = None,
        y: float | None = None,
        zoom: float | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> Shot:
        """Take a picture; see `View` for units and limits, what is None is chosen.

        Raises:
            ValueError: a value can't be drawn; the message says which and what would do.
        """
        focus = world.focus() if x is None or y is None else (0.0, 0.0)
        view = View(
            x=focus[0] if x is None else x,
            y=focus[1] if y is None else y,
            zoom=DEFAULT_ZOOM if zoom is None else zoom,
            width=DEFAULT_SIZE[0] if width is None else width,
            height=DEFAULT_SIZE[1] if height is None else height,
        )
        key = (world.name, view)
        with self._drawing:
            with self._lock:
                taken, shot = self._shots.get(key, (float("-inf"), None))
            if shot is None or self._clock() - taken > FRESH_SECONDS:
                shot = self._take(world, view)
                with self._lock:
                    self._shots[key] = (self._clock(), shot)
                    self._shots.move_to_end(key)
                    while len(self._shots) > KEPT_PICTURES:
                        self._shots.popitem(last=False)
        return shot

    def _take(self, world: Filmed, view: View) -> Shot:
        x0, y0, x1, y1 = view.area
        scene = world.scene(x0 - BORDER_TILES, y0 - BORDER_TILES, x1 + BORDER_TILES, y1 + BORDER_TILES)
        return Shot(png(scene, view), scene["tick"], view.x, view.y, view.zoom, view.width, view.height)
