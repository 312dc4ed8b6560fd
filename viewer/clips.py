"""Clips: films of a few seconds of a world, as MP4 files that browsers play."""

from __future__ import annotations

import asyncio
import math
import secrets
import shutil
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from runtime.managed_world import ManagedWorld
from runtime.world_life import WorldUnavailable
from viewer.app import no_world
from viewer.leases import AGENT_SECONDS, Lease, NoLease
from viewer.pool import Pool, PoolFull
from viewer.ring import MOST_SECONDS
from viewer.viewport_process import ANSWER_SECONDS, Refused, ViewportGone

T = TypeVar("T")
KEPT = 16
"""Clips that are kept, the newest."""
AT_ONCE = 2
"""So many are taken at a time."""
BUSY_SECONDS = 2


class Busy(Exception):
    """As many clips are being taken as may be at once."""


@dataclass(frozen=True)
class Clip:
    """A finished clip: `path` on the gateway, its length, and its size in bytes."""

    path: str
    seconds: float
    bytes: int


class Clips:
    """Takes clips and keeps the newest. For the event loop alone.

    Args:
        worlds: the fleet by name; may change.
        pool: films them.
        folder: for the files; what was in it is deleted.
    """

    def __init__(self, worlds: Mapping[str, ManagedWorld], pool: Pool, folder: Path) -> None:
        self._worlds = worlds
        self._pool = pool
        self._folder = folder
        self._kept: list[Path] = []
        self._taking = 0
        shutil.rmtree(folder, ignore_errors=True)

    def routes(self) -> list[BaseRoute]:
        """For the gateway."""
        return [
            Route("/worlds/{name}/clip.mp4", self.now),
            Route("/worlds/{name}/clips/{file}", self.file),
        ]

    async def take(self, world: str, last: float | None, following: float | None) -> Clip:
        """A clip of so many seconds until now, or of those to come, which takes as long.

        Raises:
            ValueError: not just one of both is given, or it is no number of seconds from above 0 to `MOST_SECONDS`.
            Busy: others are being taken.
            Refused (kind "unseen"): nobody watched in that time.
            PoolFull, ViewportGone, WorldUnavailable.
        """
        if (last is None) == (following is None):
            raise ValueError("Give either last or next: seconds until now, or from now on.")
        for name, seconds in (("last", last), ("next", following)):
            if seconds is not None and not (math.isfinite(seconds) and 0 < seconds <= MOST_SECONDS):
                raise ValueError(
                    f"{name} is {seconds:g}; it must be above 0 and at most {MOST_SECONDS:g} seconds."
                )
        if self._taking >= AT_ONCE:
            raise Busy(f"{AT_ONCE} clips are being taken; ask again in a few seconds.")
        self._taking += 1
        try:
            return await self._take(world, last, following)
        finally:
            self._taking -= 1

    async def _take(self, world: str, last: float | None, following: float | None) -> Clip:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{secrets.token_urlsafe(12)}.mp4"
        try:
            if last is not None:
                if world not in self._pool.slots:
                    raise Refused(
                        "unseen",
                        f"Nobody watches {world}, so there is no film of it; ask for the next seconds.",
                    )
                seconds = await self._pool.ask(world, "clip", ANSWER_SECONDS, path=str(path), last=last)
            else:
                assert following is not None
                seconds = await self._film(world, path, following)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._kept.append(path)
        while len(self._kept) > KEPT:
            self._kept.pop(0).unlink(missing_ok=True)
        return Clip(f"/worlds/{world}/clips/{path.name}", seconds, path.stat().st_size)

    async def _film(self, world: str, path: Path, seconds: float) -> float:
        """Watch as an agent does for so long."""
        lease = self._pool.lease(world)
        try:
            within = seconds + ANSWER_SECONDS
            assert within < AGENT_SECONDS
            return float(await self._pool.ask(world, "clip", within, path=str(path), following=seconds))
        finally:
            self._pool.leases.end(lease.name)

    async def now(self, request: Request) -> Response:
        """`GET /worlds/NAME/clip.mp4?last=10` or `?next=10`: the clip, once it is taken."""
        name = request.path_params["name"]
        if name not in self._worlds:
            return JSONResponse({"error": no_world(name)}, 404)
        try:
            last, following = (_seconds(request, key) for key in ("last", "next"))
            clip = await self.take(name, last, following)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        except Refused as error:
            return JSONResponse({"error": str(error)}, 404 if error.kind == "unseen" else 503)
        except PoolFull as error:
            return _later(error, position=error.position)
        except (Busy, ViewportGone, WorldUnavailable) as error:
            return _later(error)
        return _file(self._folder / Path(clip.path).name, name)

    async def file(self, request: Request) -> Response:
        """`GET /worlds/NAME/clips/FILE`: a clip that was taken not long ago."""
        path = self._folder / request.path_params["file"]
        if path not in self._kept:
            return JSONResponse({"error": f"This clip is not kept any more; the newest {KEPT} are."}, 404)
        return _file(path, request.path_params["name"])


def _file(path: Path, world: str) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="{world}.mp4"'}
    return FileResponse(path, media_type="video/mp4", headers=headers)


def _later(error: Exception, **more: int) -> Response:
    return JSONResponse({"error": str(error), **more}, 503, {"Retry-After": str(BUSY_SECONDS)})


def _seconds(request: Request, name: str) -> float | None:
    """Raises ValueError."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"{name} is {text[:40]!r}; it must be a number of seconds.") from error


class ThreadedViewports:
    """The pool and its clips as the MCP servers have them: for threads, on an event loop elsewhere.

    Methods raise ValueError with a sentence, or WorldUnavailable.
    """

    def __init__(self, pool: Pool, clips: Clips, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._clips = clips
        self._loop = loop

    def open(self, world: str, lease: str | None) -> Lease:
        """A lease on a world's video: a new one, or that one again for its full time."""

        async def opened() -> Lease:
            if lease is None:
                return self._pool.lease(world)
            self._pool.leases.renew(lease, world)
            return self._pool.leases.find(lease, world)

        return self._run(opened())

    def place(self, world: str) -> tuple[float, float, float] | None:
        """x, y and zoom of what is filmed of a world that somebody watches, once that is known; None if it takes long."""

        async def place() -> tuple[float, float, float] | None:
            found = await self._pool.ask(world, "found", ANSWER_SECONDS)
            return None if found is None else (found[0], found[1], found[2])

        return self._run(place())

    def close(self, world: str, lease: str) -> None:
        """End a lease."""
        self._run(self._pool.end(world, lease))

    def clip(self, world: str, last: float | None, following: float | None) -> Clip:
        """See `Clips.take`."""
        return self._run(self._clips.take(world, last, following))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except (Busy, NoLease, PoolFull, Refused, ViewportGone) as error:
            raise ValueError(str(error)) from error
