"""The gateway: pages, pictures, the API and its events, and the way to the worlds' MCP servers.

Its event loop only moves bytes. Whatever waits for a world, draws, or reads the database runs on a thread.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, get_type_hints

import anyio
import anyio.to_thread
from pydantic import create_model
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp
from typing_extensions import TypedDict

from runtime.event_log import Event
from runtime.managed_world import ManagedWorld
from runtime.world_life import Status, WorldDetails, WorldSummary, WorldUnavailable
from viewer.camera import Camera
from viewer.chart import Point, game_time, points, score_chart, short
from viewer.openapi import openapi_route, operation

HERE = Path(__file__).parent
EVENT_SECONDS = 1.0
"""How often a page is told what changed."""
PICTURE_THREADS = 2
TRANSCRIPT_LENGTH = 30
CHART_SAMPLES = 2000
DEFAULT_SAMPLES, MAX_SAMPLES = 1000, 10_000


class SampleRow(Protocol):
    """One stored sample of a world's scores."""

    tick: int
    production_score: float
    automated_score: float
    time: datetime


class Samples(Protocol):
    """Where stored samples are read."""

    def samples(self, world: str, limit: int = ...) -> Sequence[SampleRow]: ...


class SampleInApi(TypedDict):
    """A stored sample as the API has it; `time` is ISO 8601."""

    time: str
    tick: int
    production_score: float
    automated_score: float


_inside: Any = {
    name: (kind, ...) for row in (WorldSummary, WorldDetails) for name, kind in get_type_hints(row).items()
}
WorldInside: Any = create_model("WorldInside", **_inside)
"""A world as `GET /api/worlds/NAME` has it."""


RunOf = Callable[[str], Mapping[str, Any] | None]
"""A world's newest recorded run: agent, model, steps, tokens, cached_share, dollars, outcome, said."""


def gateway(
    worlds: Mapping[str, ManagedWorld],
    samples: Samples,
    mcp: ASGIApp,
    camera: Camera,
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]] | None = None,
    more: Sequence[BaseRoute] = (),
    run_of: RunOf | None = None,
    ice_servers: Sequence[Mapping[str, Any]] = (),
) -> Starlette:
    """Make the gateway's application.

    Args:
        worlds: the fleet by name; may change while the gateway runs.
        samples: the database of scores.
        mcp: serves `/worlds/{name}/mcp`.
        camera: takes the pictures.
        lifespan: what runs as long as the gateway does.
        more: routes of others, such as those for runs.
        run_of: the newest run in a world that its player records, for its page.
        ice_servers: what pages are told of STUN and TURN servers, as browsers write them.
    """
    pages = Gateway(worlds, samples, camera, run_of or (lambda _world: None))
    pages.templates.env.globals["ice_servers"] = list(ice_servers)
    app = Starlette(
        routes=[
            Route("/", pages.front),
            Route("/worlds/{name}", pages.world),
            Route("/worlds/{name}/mcp", mcp),
            Route("/worlds/{name}/screenshot.{form}", pages.screenshot),
            Route("/api/worlds", pages.api_worlds),
            Route("/api/worlds/{name}", pages.api_world),
            Route("/api/worlds/{name}/samples", pages.api_samples),
            Route("/api/events", pages.events),
            Route("/healthz", pages.healthz),
            *more,
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        exception_handlers={HTTPException: _plain_error, WorldUnavailable: _unavailable},
        lifespan=lifespan,
    )
    app.routes.append(openapi_route(app.routes))
    return app


async def _plain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, headers=error.headers)


async def _unavailable(request: Request, error: Exception) -> Response:
    retry = {"Retry-After": "2"}
    return await _plain_error(request, HTTPException(503, str(error), headers=retry))


class Gateway:
    """The gateway's routes. See `gateway` for the arguments."""

    def __init__(
        self, worlds: Mapping[str, ManagedWorld], samples: Samples, camera: Camera, run_of: RunOf
    ) -> None:
        self.worlds = worlds
        self.samples = samples
        self.camera = camera
        self.run_of = run_of
        self.picture_limiter = anyio.CapacityLimiter(PICTURE_THREADS)
        self.templates = Jinja2Templates(directory=HERE / "templates")
        self.templates.env.filters.update(
            short=short,
            points=points,
            game_time=game_time,
            clock=_clock,
            words=lambda name: name.replace("-", " "),
        )

    # --- pages -------------------------------------------------------------------------------------------

    async def front(self, request: Request) -> Response:
        """All worlds, live."""
        worlds = [world.summary() for world in list(self.worlds.values())]
        return self.templates.TemplateResponse(request, "front.html", {"worlds": worlds})

    async def world(self, request: Request) -> Response:
        """One world: picture, scores, inventory, statistics, what the player has done."""
        world = self._find(request)
        rows = await anyio.to_thread.run_sync(lambda: self.samples.samples(world.name, CHART_SAMPLES))
        run = await anyio.to_thread.run_sync(lambda: self.run_of(world.name))
        summary = world.summary()
        history = [Point(r.tick, r.production_score, r.automated_score) for r in rows]
        if not history or summary.tick > history[-1].tick:
            history.append(Point(summary.tick, summary.score, summary.automated_score))
        chart = score_chart(history)
        context = {
            "world": summary,
            "details": world.details(),
            "chart": chart,
            "run": run,
            "programs": world.events.newest(TRANSCRIPT_LENGTH),
            "mcp_url": str(request.url.replace(path=f"/worlds/{world.name}/mcp", query="")),
        }
        return self.templates.TemplateResponse(request, "world.html", context)

    async def screenshot(self, request: Request) -> Response:
        """The world's picture, as PNG or WebP: `x`, `y` and `zoom`, or `area=WEST,NORTH,EAST,SOUTH`; `width`, `height`;
        `layers=alt,grid,…`. Bad values are answered with 400 and what would be right.
        """
        world = self._find(request)
        query = request.query_params
        try:
            x, y, zoom = (_number(query.get(name), name) for name in ("x", "y", "zoom"))
            width, height = (_whole(query.get(name), name) for name in ("width", "height"))
            area, layers = _area(query.get("area")), query.get("layers")
            shown = None if layers is None else [layer for layer in layers.split(",") if layer]
            form = request.path_params["form"]
            shot = await anyio.to_thread.run_sync(
                lambda: self.camera(world, x, y, zoom, width, height, area=area, layers=shown, form=form),
                limiter=self.picture_limiter,
            )
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        headers = {
            "Cache-Control": "no-store",
            "X-Tick": str(shot.tick),
            "X-View": f"{shot.x:g} {shot.y:g} {shot.zoom:g}",
        }
        return Response(shot.image, media_type=shot.mime_type, headers=headers)

    # --- API ---------------------------------------------------------------------------------------------

    @operation(list[WorldSummary])
    async def api_worlds(self, _request: Request) -> Response:
        """`GET /api/worlds`: the summaries of all worlds."""
        return JSONResponse([asdict(world.summary()) for world in list(self.worlds.values())])

    @operation(WorldInside)
    async def api_world(self, request: Request) -> Response:
        """`GET /api/worlds/NAME`: the summary of one world and what is known of its inside."""
        world = self._find(request)
        return JSONResponse(asdict(world.summary()) | asdict(world.details()))

    @operation(list[SampleInApi], limit=int | None)
    async def api_samples(self, request: Request) -> Response:
        """`GET /api/worlds/NAME/samples?limit=`: the stored samples, oldest first."""
        world = self._find(request)
        try:
            given = _whole(request.query_params.get("limit"), "limit")
            limit = DEFAULT_SAMPLES if given is None else given
            if not 1 <= limit <= MAX_SAMPLES:
                raise ValueError(f"limit is {limit}; it must be between 1 and {MAX_SAMPLES}")
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        rows = await anyio.to_thread.run_sync(lambda: self.samples.samples(world.name, limit))
        return JSONResponse(
            [
                {
                    "time": row.time.replace(tzinfo=UTC).isoformat(),
                    "tick": row.tick,
                    "production_score": row.production_score,
                    "automated_score": row.automated_score,
                }
                for row in rows
            ]
        )

    @operation(media="text/event-stream", world=str | None, viewer=str | None)
    async def events(self, request: Request) -> Response:
        """`GET /api/events?world=&viewer=`: server-sent events.

        `world` carries a summary, first of every world and then of each that changed; `activity` carries
        what happened in one: `{world, cursor, time, tick, kind, text}`. Who names a world is its viewer,
        and counts once if it gives the name that it gave for its video.
        """
        name = request.query_params.get("world")
        if name is None:
            return EventSourceResponse(self._events(list(self.worlds.values())))
        world = self.worlds.get(name)
        if world is None:
            raise HTTPException(404, no_world(name))
        return EventSourceResponse(self._watched(world, viewer_of(request)))

    async def _watched(self, world: ManagedWorld, viewer: str | None) -> AsyncIterator[dict[str, str]]:
        with world.viewed(viewer):
            async for message in self._events([world]):
                yield message

    async def _events(self, worlds: Sequence[ManagedWorld]) -> AsyncIterator[dict[str, str]]:
        sent: dict[str, Any] = {}
        cursors = {world.name: world.events.cursor for world in worlds}
        while True:
            for world in worlds:
                summary = world.summary()
                if sent.get(world.name) != summary:
                    sent[world.name] = summary
                    yield {"event": "world", "data": json.dumps(asdict(summary))}
                changes = world.events.since(cursors[world.name])
                cursors[world.name] = changes.cursor
                for event in changes.events:
                    yield {"event": "activity", "data": json.dumps(_activity(world.name, event))}
            await asyncio.sleep(EVENT_SECONDS)

    async def healthz(self, _request: Request) -> Response:
        """200 once every world that is to run answers, else 503 and which ones don't."""
        missing = {
            world.name: world.summary().status
            for world in list(self.worlds.values())
            if world.summary().status != Status.RUNNING and not world.plan.stopped
        }
        if missing:
            return JSONResponse({"ok": False, "worlds": missing}, 503)
        return JSONResponse({"ok": True})

    def _find(self, request: Request) -> ManagedWorld:
        name = request.path_params["name"]
        world = self.worlds.get(name)
        if world is None:
            raise HTTPException(404, no_world(name))
        return world


def no_world(name: str) -> str:
    return f"There is no world {name!r}. /api/worlds lists them."


def viewer_of(request: Request) -> str | None:
    """By what name one who watches wants to be counted once, though it asks for several things."""
    return request.query_params.get("viewer", "")[:64] or None


def _activity(world: str, event: Event) -> dict[str, Any]:
    return {
        "world": world,
        "cursor": event.cursor,
        "time": event.time,
        "tick": event.tick,
        "kind": event.kind,
        "text": event.text,
    }


def _number(text: str | None, name: str) -> float | None:
    if text is None or text == "":
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{name} is {text!r}; it must be a number") from error
    if not math.isfinite(value):
        raise ValueError(f"{name} is {text!r}; it must be a finite number")
    return value


def _area(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None or text == "":
        return None
    sides = [_number(side, "area") for side in text.split(",", 4)]
    if len(sides) != 4 or None in sides:
        raise ValueError(f"area is {text[:60]!r}; it must be WEST,NORTH,EAST,SOUTH in tiles")
    west, north, east, south = (side for side in sides if side is not None)
    return west, north, east, south


def _whole(text: str | None, name: str) -> int | None:
    if text is None or text == "":
        return None
    # int() alone takes "1_000" and Arabic digits too, and is slow on a megabyte of them.
    if not text.isascii() or not text.lstrip("-").isdigit() or len(text) > 9:
        raise ValueError(f"{name} is {text[:40]!r}; it must be a whole number")
    return int(text)


def _clock(time: float) -> str:
    return datetime.fromtimestamp(time).strftime("%H:%M:%S")
