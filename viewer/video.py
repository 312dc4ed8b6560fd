"""What a viewport films: a world's pictures as they are now, from wherever the action is."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, Protocol

import numpy as np

from runtime.rcon_client import WorldClient, WorldGone, WorldRefused
from runtime.scene_client import Rect
from runtime.world_eyes import WorldEyes
from viewer.action import Action
from viewer.art_source import art_source
from viewer.atlas import Atlas, Pixels
from viewer.display_list import DisplayList
from viewer.drawing import Drawing
from viewer.renderers import Renderer
from viewer.renderers.gpu import DeviceLost, GpuRenderer, NoAdapter, choose_adapter, is_software
from viewer.renderers.numpy_ import NumpyRenderer
from viewer.scene import Scene
from viewer.view import View

LOOK_SECONDS = 0.1
"""Between two looks at a world; in between, everything goes on as the scene knows it will."""
AIM_SECONDS = 1.0
"""How often it is asked where the action is."""
GLIDE_SECONDS = 0.5
"""In which the picture goes most of the way to there."""
FIRST_LOOK_SECONDS = 2.0
AGAIN_SECONDS = 0.5
ASK_FOR_GPU_AT = 60
"""Frames after which there is time for that."""
ZOOM = 0.5
ANSWER_SECONDS = 10.0
CODE_BITS = 48
CODE_SIDE = 16
"""Pixels along a side of one bit of a time code."""


class Follows(Enum):
    """What a camera goes after."""

    ACTION = 1
    PLAYER = 2
    NOTHING = 3


class FrameSource(Protocol):
    """What can be filmed. `frame` is called from one thread, between `begin` and `end`."""

    def begin(self) -> None:
        """Somebody watches from now on."""

    def frame(self) -> Pixels:
        """The picture as it is now: uint8[height, width, RGBA]."""

    def end(self) -> None:
        """Nobody watches any more; nothing may be done until `begin`."""


class WorldFilm:
    """Pictures of a world from above its factory, or its player while there is none.

    The world is asked on a thread of its own, so that one that takes its time to answer doesn't hold up the pictures.

    Args:
        width, height: of the pictures, in pixels.
        on_lost: is told, on that thread, that the world doesn't answer; `find` may say where it is now.
        place: as for `aim`; else the camera follows the action.
    """

    def __init__(
        self,
        width: int,
        height: int,
        on_lost: Callable[[], None],
        place: tuple[float | None, float | None, float] | None = None,
    ) -> None:
        self._follows = Follows.ACTION
        self._view = View(0.0, 0.0, ZOOM, width, height)
        self._on_lost = on_lost
        self._lock = threading.Lock()
        self._scene = Scene()
        self._eyes: WorldEyes | None = None
        self._aim: tuple[float, float] | None = None
        self._action = Action()
        self._on_player = False
        self._glided = 0.0
        self._over = threading.Event()
        self._looked = threading.Event()
        self._found = threading.Event()
        self._aimed = threading.Event()  # it is to be asked at once where to look
        self._tools: tuple[Drawing, Renderer] | None = None
        self._making = threading.Lock()
        self._better: Renderer | None = None
        self._taken = 0
        if place is not None:
            self.aim(place)

    def find(self, host: str, port: int, password: str) -> None:
        """Look at the world that answers there from now on."""
        old, self._eyes = self._eyes, WorldEyes(WorldClient(host, port, password, ANSWER_SECONDS))
        if old is not None:
            old.close()

    def wait_for_place(self, seconds: float) -> tuple[float, float, float] | None:
        """Where the camera is, once it has found out; None if it takes longer."""
        return self.place if self._found.wait(seconds) else None

    @property
    def place(self) -> tuple[float, float, float]:
        """x, y and zoom of where the camera is."""
        return self._view.x, self._view.y, self._view.zoom

    def aim(self, place: tuple[float | None, float | None, float]) -> None:
        """Have the camera stay at x and y, or without them follow the player, with a zoom."""
        x, y, zoom = place
        with self._lock:
            view = self._view
            if x is None or y is None:
                self._follows, x, y = Follows.PLAYER, view.x, view.y
                self._aimed.set()
            else:
                self._follows, self._aim = Follows.NOTHING, None
                self._found.set()
            self._view = View(x, y, zoom, view.width, view.height, view.layers)

    def warm_up(self) -> None:
        """Have what the first picture would wait for."""
        with self._making:
            if self._tools is None:
                art = art_source()
                self._tools = (Drawing(art.atlas, art.figures), NumpyRenderer(art.atlas))

    def begin(self) -> None:
        """Begin to look at the world."""
        self._over, self._looked = threading.Event(), threading.Event()
        threading.Thread(target=self._look, args=(self._over, self._looked), name="look", daemon=True).start()

    def end(self) -> None:
        """Stop looking; does not wait for an answer that is on its way."""
        self._over.set()

    def frame(self) -> Pixels:
        """The world as it is by now."""
        self.warm_up()
        assert self._tools is not None
        drawing, renderer = self._tools
        if not self._scene.chunks:
            self._looked.wait(FIRST_LOOK_SECONDS)
        self._taken += 1
        if self._taken == ASK_FOR_GPU_AT:
            threading.Thread(target=self._find_gpu, args=(drawing.atlas,), name="gpu", daemon=True).start()
        if self._better is not None:
            renderer, self._better = self._better, None
            self._tools = (drawing, renderer)
        with self._lock:
            self._glide()
            view = self._view
            shown = drawing.display_list(self._scene, view, self._scene.now())
        return renderer.draw(shown, view)

    def _find_gpu(self, atlas: Atlas) -> None:
        """Have a GPU draw, where there is a real one. Software ones take longer than NumPy.

        A GPU takes a second to be found and longer to be made ready; that long NumPy draws.
        """
        try:
            if is_software(choose_adapter()):
                return
            better = GpuRenderer(atlas)
            better.draw(DisplayList(), self._view)
        except (NoAdapter, DeviceLost):
            return
        self._better = better

    def _glide(self) -> None:
        now = time.monotonic()
        passed, self._glided = now - self._glided, now
        if self._aim is None:
            return
        view, (x, y) = self._view, self._player() or self._aim
        left = math.exp(-passed / GLIDE_SECONDS)
        if math.hypot(x - view.x, y - view.y) * view.scale * left < 1:  # less than a pixel
            left = 0.0
        x, y = x + (view.x - x) * left, y + (view.y - y) * left
        self._view = View(x, y, view.zoom, view.width, view.height, view.layers)

    def _player(self) -> tuple[float, float] | None:
        """Where the player is who is followed, if they are in the picture."""
        movers = self._scene.movers
        agent = next((movers[key] for key in self._scene.agents if key in movers), None)
        if agent is None or not self._on_player:
            return None
        return agent.at(self._scene.now(), self._scene.ahead_ticks)

    def _look(self, over: threading.Event, looked: threading.Event) -> None:
        aimed = -math.inf
        while not over.is_set():
            began = time.monotonic()
            eyes = self._eyes
            pause = LOOK_SECONDS
            try:
                if eyes is not None:
                    if self._aimed.is_set() or began - aimed > AIM_SECONDS:
                        self._aimed.clear()
                        self._take_aim(eyes)
                        aimed = began
                    with self._lock:
                        self._scene.look(_Unlocked(eyes, self._lock, over), self._view)
                    looked.set()
            except _Over:
                return
            except (WorldGone, WorldRefused):
                self._on_lost()
                pause = AGAIN_SECONDS
            over.wait(max(0.0, began + pause - time.monotonic()))

    def _take_aim(self, eyes: WorldEyes) -> None:
        follows = self._follows
        if follows is Follows.NOTHING:
            return
        player = eyes.position()
        if follows is Follows.ACTION:
            aim = self._action.see(player, eyes.squares(), time.monotonic())
        else:
            aim = player or eyes.factory() or (0.0, 0.0)
        with self._lock:
            if self._follows is not follows:  # it was aimed elsewhere meanwhile
                return
            first, self._aim = self._aim is None, aim
            self._on_player = follows is Follows.PLAYER or self._action.follows_player
            if first:
                view = self._view
                self._view = View(*aim, view.zoom, view.width, view.height, view.layers)
        self._found.set()


class _Over(Exception):
    """Nobody watches any more, and perhaps somebody again, with another thread that looks."""


class _Unlocked:
    """Eyes that let others at the scene while the world is asked: a scene is whole whenever it asks something."""

    def __init__(self, eyes: WorldEyes, lock: threading.Lock, over: threading.Event) -> None:
        self._eyes = eyes
        self._lock = lock
        self._over = over

    def scene_changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        with self._released():
            return self._eyes.scene_changes(rect, epoch, since, known)

    def scene_tiles(self, rect: Rect) -> dict[str, Any]:
        with self._released():
            return self._eyes.scene_tiles(rect)

    @contextmanager
    def _released(self) -> Iterator[None]:
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
        if self._over.is_set():
            raise _Over


class TimeCoded:
    """A source whose pictures say when they were begun: see `write_time`."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source

    def begin(self) -> None:
        self._source.begin()

    def end(self) -> None:
        self._source.end()

    def frame(self) -> Pixels:
        began = time.time()
        pixels = self._source.frame()
        write_time(pixels, began)
        return pixels


def write_time(pixels: Pixels, seconds: float) -> None:
    """Put milliseconds since 1970 into the top left corner: 48 squares in three rows, the lowest bit first, white for 1."""
    bits = (int(seconds * 1000) >> np.arange(CODE_BITS)) & 1
    squares = (bits.reshape(3, -1) * 255).astype(np.uint8).repeat(CODE_SIDE, 0).repeat(CODE_SIDE, 1)
    pixels[: squares.shape[0], : squares.shape[1], :3] = squares[..., None]
