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


Wanted = tuple[str, float | None, float | None, float | None, int | None, int | None]


class Filmed(Protocol):
    """What the camera needs of a world."""

    @property
    def name(self) -> str: ...

    def scene(self, x0: float, y0: float, x1: float, y1: float) -> Scene:
        """The scene of an area in tiles; waits for the world."""

    def position(self) -> tuple[float, float] | None:
        """Where the character is."""

    def factory(self) -> tuple[float, float] | None:
        """Where most machines stand together."""


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
        self._shots: OrderedDict[Wanted, tuple[float, Shot]] = OrderedDict()
        self._taking: dict[str, threading.Lock] = {}
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
        """Take a picture; see `View` for units and limits.

        Without x or y it follows the character; without zoom as well it shows where most machines are.

        Raises:
            ValueError: a value can't be drawn; the message says which and what would do.
        """
        wanted = (world.name, x, y, zoom, width, height)
        with self._lock:
            taking = self._taking.setdefault(world.name, threading.Lock())
        # Who asks for the same while it is being taken gets it too.
        with taking:
            taken, shot = self._shots.get(wanted, (float("-inf"), None))
            if shot is None or self._clock() - taken > FRESH_SECONDS:
                shot = self._take(world, self._view(world, x, y, zoom, width, height))
                with self._lock:
                    self._shots[wanted] = (self._clock(), shot)
                    self._shots.move_to_end(wanted)
                    while len(self._shots) > KEPT_PICTURES:
                        self._shots.popitem(last=False)
        return shot

    def _view(
        self,
        world: Filmed,
        x: float | None,
        y: float | None,
        zoom: float | None,
        width: int | None,
        height: int | None,
    ) -> View:
        size = (DEFAULT_SIZE[0] if width is None else width, DEFAULT_SIZE[1] if height is None else height)
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
        )

    def _take(self, world: Filmed, view: View) -> Shot:
        x0, y0, x1, y1 = view.area
        scene = world.scene(x0 - BORDER_TILES, y0 - BORDER_TILES, x1 + BORDER_TILES, y1 + BORDER_TILES)
        with self._drawing:
            picture = png(scene, view)
        return Shot(picture, scene["tick"], view.x, view.y, view.zoom, view.width, view.height)
