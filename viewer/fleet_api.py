"""The gateway's HTTP API for the fleet: worlds that come and go, their saves and their agents.

    POST   /api/worlds?name=NEW            a new world; with a save as body, the world of that save
    DELETE /api/worlds/NAME                remove it, with all that is kept of it
    GET    /api/worlds/NAME/save           a save taken now
    POST   /api/worlds/NAME/copy?to=NEW    a world like it, from a save taken now
    POST   /api/worlds/NAME/reset          begin it anew (also: stop, start)
    POST   /api/worlds/NAME/agent?do=start&agent=claude    (also: pause, resume, stop)
    POST   /api/worlds/NAME/messages       {text, sender}: tell its agent something

What can't be done is answered with 409 and why, a world that isn't there with 404.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

import anyio
import anyio.to_thread
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from runtime.managed_world import ManagedWorld
from runtime.supervisor import FleetError, Supervisor
from runtime.world_life import WorldSummary
from viewer.bodies import read_json
from viewer.openapi import BYTES, operation

LARGEST_SAVE_BYTES = 256 * 1024 * 1024
LARGEST_MESSAGE_BYTES = 64 * 1024
CHUNK_BYTES = 1 << 20
DEFAULT_SCENARIO = "default_lab_scenario"
Deed = Literal["start", "pause", "resume", "stop"]


class Telling(BaseModel):
    """What somebody tells a world's agent."""

    text: str = Field(min_length=1, max_length=4000)
    sender: str = Field(default="a person", min_length=1, max_length=100)


def fleet_routes(fleet: Supervisor, default_speed: float) -> list[BaseRoute]:
    """The routes, for the gateway to serve; new worlds have the default speed unless told otherwise."""
    api = FleetApi(fleet, default_speed)
    return [
        Route("/api/worlds", api.create, methods=["POST"]),
        Route("/api/worlds/{name}", api.remove, methods=["DELETE"]),
        Route("/api/worlds/{name}/save", api.save),
        Route("/api/worlds/{name}/copy", api.copy, methods=["POST"]),
        Route("/api/worlds/{name}/reset", api.reset, methods=["POST"]),
        Route("/api/worlds/{name}/stop", api.stop, methods=["POST"]),
        Route("/api/worlds/{name}/start", api.start, methods=["POST"]),
        Route("/api/worlds/{name}/agent", api.agent, methods=["POST"]),
        Route("/api/worlds/{name}/messages", api.tell, methods=["POST"]),
    ]


class FleetApi:
    """The handlers; all that waits for a world is done on threads."""

    def __init__(self, fleet: Supervisor, default_speed: float) -> None:
        self._fleet = fleet
        self._default_speed = default_speed

    @operation(
        WorldSummary,
        status=201,
        body=bytes,
        body_media=BYTES,
        name=str,
        scenario=str | None,
        speed=float | None,
        agent=str | None,
    )
    async def create(self, request: Request) -> Response:
        """Make a world: a new one of the scenario, or with a save as body the world of that save."""
        query = request.query_params
        name = _given(query.get("name"), "name")
        try:
            speed = float(query.get("speed") or self._default_speed)
        except ValueError as error:
            raise HTTPException(400, f"speed is {query['speed'][:40]!r}; it must be a number") from error
        scenario, agent = query.get("scenario") or DEFAULT_SCENARIO, query.get("agent") or "none"
        with _upload() as file:
            size = await _receive(request, file)
            save = file if size else None
            return await self._do(
                lambda: self._fleet.create(name, scenario=scenario, speed=speed, save=save, agent=agent), 201
            )

    @operation(status=204)
    async def remove(self, request: Request) -> Response:
        """Remove a world, with all that is kept of it."""
        name = self._find(request).name
        await _on_thread(lambda: self._fleet.remove(name))
        return Response(status_code=204)

    @operation(media=BYTES)
    async def save(self, request: Request) -> Response:
        """Download a save of a world, taken now."""
        name = self._find(request).name
        file, size = await _on_thread(lambda: _opened(self._fleet.save(name)))
        headers = {"Content-Disposition": f'attachment; filename="{name}.save"', "Content-Length": str(size)}
        return StreamingResponse(_chunks(file), media_type=BYTES, headers=headers)

    @operation(WorldSummary, status=201, to=str)
    async def copy(self, request: Request) -> Response:
        """Make a world like another, from a save taken now."""
        name, to = self._find(request).name, _given(request.query_params.get("to"), "to")
        return await self._do(lambda: self._fleet.copy(name, to), 201)

    @operation(WorldSummary)
    async def reset(self, request: Request) -> Response:
        """Begin a world anew: what stands in it and what it scored is gone."""
        name = self._find(request).name
        return await self._do(lambda: self._fleet.reset(name))

    @operation(WorldSummary)
    async def stop(self, request: Request) -> Response:
        """Stop a world; it is kept as it is."""
        name = self._find(request).name
        return await self._do(lambda: self._fleet.stop_world(name))

    @operation(WorldSummary)
    async def start(self, request: Request) -> Response:
        """Start a stopped world where it was."""
        name = self._find(request).name
        return await self._do(lambda: self._fleet.start_world(name))

    @operation(WorldSummary, do=Deed, agent=str | None)
    async def agent(self, request: Request) -> Response:
        """Start, pause, resume or stop a world's agent."""
        name, deed = self._find(request).name, request.query_params.get("do")
        if deed is None or deed not in get_args(Deed):
            raise HTTPException(400, f"do is {(deed or '')[:40]!r}; it must be {', '.join(get_args(Deed))}")
        if deed == "start":
            agent = _given(request.query_params.get("agent"), "agent (scripted, claude)")
            return await self._do(lambda: self._fleet.start_agent(name, agent))
        deeds = {
            "pause": self._fleet.pause_agent,
            "resume": self._fleet.resume_agent,
            "stop": self._fleet.stop_agent,
        }
        return await self._do(lambda: deeds[deed](name))

    @operation(status=204, body=Telling)
    async def tell(self, request: Request) -> Response:
        """Tell a world's agent something; it reads it with what changed in the world."""
        world = self._find(request)
        given = await read_json(request, Telling, LARGEST_MESSAGE_BYTES)
        await _on_thread(lambda: world.tell(given.sender, given.text))
        return Response(status_code=204)

    async def _do(self, work: Callable[[], ManagedWorld], status: int = 200) -> Response:
        world = await _on_thread(work)
        return JSONResponse(asdict(world.summary()), status)

    def _find(self, request: Request) -> ManagedWorld:
        name = request.path_params["name"]
        world = self._fleet.worlds.get(name)
        if world is None:
            raise HTTPException(404, f"There is no world {name[:60]!r}. /api/worlds lists them.")
        return world


async def _on_thread(work: Callable[[], Any]) -> Any:
    try:
        return await anyio.to_thread.run_sync(work)
    except FleetError as error:
        raise HTTPException(409, str(error)) from error


def _opened(path: Path) -> tuple[BinaryIO, int]:
    """A file that is only there to be sent, and its size; it is gone once it is closed, however that comes about."""
    file = path.open("rb")
    shutil.rmtree(path.parent)
    return file, os.fstat(file.fileno()).st_size


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _given(value: str | None, name: str) -> str:
    if not value:
        raise HTTPException(400, f"{name} is missing: ?{name.split()[0]}=…")
    return value


@contextmanager
def _upload() -> Iterator[Path]:
    """A file for a save on its way in; gone afterwards."""
    descriptor, name = tempfile.mkstemp(suffix=".save")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


async def _receive(request: Request, file: Path) -> int:
    """Write a request's body into a file; returns its size. One that is too large is refused as soon as it is."""
    size, declared = 0, request.headers.get("content-length", "0")
    if int(declared) > LARGEST_SAVE_BYTES:
        raise _too_large()
    async with await anyio.open_file(file, "wb") as out:
        async for chunk in request.stream():
            size += len(chunk)
            if size > LARGEST_SAVE_BYTES:
                raise _too_large()
            await out.write(chunk)
    return size


def _too_large() -> HTTPException:
    return HTTPException(413, f"a save may have {LARGEST_SAVE_BYTES >> 20} MiB at most")
