"""WHEP: how players of video begin and end to watch a world, over plain HTTP.

POST an offer to `/worlds/NAME/whep`; the answer comes with the `Location` of what PATCH adds candidates to and DELETE ends.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from runtime.managed_world import ManagedWorld
from runtime.world_life import WorldUnavailable
from viewer.app import no_world, viewer_of
from viewer.leases import NoLease
from viewer.pool import NoneFree, Place, Pool, PoolFull
from viewer.view import MAP_EDGE, MAX_ZOOM
from viewer.viewport_process import Refused, ViewportGone

SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
LONGEST_BODY = 64 * 1024
RETRY_SECONDS = 2
FARTHEST_ZOOM = 0.02
"""A film that shows more than 2,000 tiles from west to east has more to draw in each picture than there is time for."""
REFUSALS = {"bad": 400, "gone": 404, "many": 503}

Handler = Callable[[Request], Awaitable[Response]]


class Aim(BaseModel):
    """Where a camera is to be: x and y in tiles, or neither for at the player; zoom as in a screenshot."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    x: float | None = Field(default=None, ge=-MAP_EDGE, le=MAP_EDGE)
    y: float | None = Field(default=None, ge=-MAP_EDGE, le=MAP_EDGE)
    zoom: float = Field(ge=FARTHEST_ZOOM, le=MAX_ZOOM)

    @property
    def place(self) -> Place:
        """As the pool takes it."""
        return (self.x, self.y, self.zoom)


class _BadRequest(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Whep:
    """The routes of WHEP."""

    def __init__(self, worlds: Mapping[str, ManagedWorld], pool: Pool) -> None:
        self._worlds = worlds
        self._pool = pool

    def routes(self) -> list[BaseRoute]:
        """For the gateway."""
        return [
            Route("/worlds/{name}/whep", _answered(self.endpoint), methods=["POST", "OPTIONS"]),
            Route("/worlds/{name}/whep/{viewer}/camera", _answered(self.camera), methods=["GET", "PUT"]),
            Route(
                "/worlds/{name}/whep/{viewer}",
                _answered(self.session),
                methods=["PATCH", "DELETE", "OPTIONS"],
            ),
        ]

    async def endpoint(self, request: Request) -> Response:
        """POST an offer: 201, the answer, and where the session is. 503 with a position while all viewports are in use.

        With `?camera=own` the video is of a camera of this viewer's own, which begins as `Aim` has it if that is given
        (`&x=…&y=…&zoom=…`); 503 without a position when none is free.
        """
        if request.method == "OPTIONS":
            return self._options("POST, OPTIONS", {"Accept-Post": SDP})
        world = self._world(request)
        offer = await _body(request, SDP)
        own, place = _camera(request)
        lease, answer = await self._pool.offer(world, offer, viewer_of(request), own, place)
        headers = {"Location": f"/worlds/{world}/whep/{lease.name}", "ETag": f'"{lease.name}"'}
        response = Response(answer, 201, headers, SDP)
        self._add_links(response)
        return response

    async def session(self, request: Request) -> Response:
        """PATCH adds candidates, DELETE ends it."""
        if request.method == "OPTIONS":
            return self._options("PATCH, DELETE, OPTIONS", {"Accept-Patch": FRAGMENT})
        world, viewer = self._world(request), request.path_params["viewer"]
        if request.method == "DELETE":
            await self._pool.end(world, viewer)
            return Response(status_code=200)
        await self._pool.trickle(world, viewer, await _body(request, FRAGMENT))
        return Response(status_code=204)

    async def camera(self, request: Request) -> Response:
        """GET where the camera is, `{"x", "y", "zoom"}`: tiles, and as in a screenshot. PUT moves a camera of one's own.

        Without `x` and `y` that one follows the player.
        """
        world, viewer = self._world(request), request.path_params["viewer"]
        if request.method == "PUT":
            aim = _aim(await _body(request, "application/json"))
            await self._pool.aim(world, viewer, aim.place)
        x, y, zoom = await self._pool.place(world, viewer)
        return JSONResponse({"x": x, "y": y, "zoom": zoom})

    def _world(self, request: Request) -> str:
        name: str = request.path_params["name"]
        if name not in self._worlds:
            raise _BadRequest(404, no_world(name))
        return name

    def _options(self, methods: str, headers: dict[str, str]) -> Response:
        allowed = {
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": "Content-Type, If-Match, Authorization",
            "Allow": methods,
        }
        response = Response(status_code=204, headers=headers | allowed)
        self._add_links(response)
        return response

    def _add_links(self, response: Response) -> None:
        for server in self._pool.ice_servers:
            urls = server["urls"] if isinstance(server["urls"], list) else [server["urls"]]
            for url in urls:
                link = f'<{url}>; rel="ice-server"'
                if "username" in server:
                    link += f'; username="{server["username"]}"; credential="{server["credential"]}"; credential-type="password"'
                response.headers.append("Link", link)


def _answered(handler: Handler) -> Handler:
    """With what goes wrong said in JSON, and with what browsers need who play it on another site of ours."""

    async def endpoint(request: Request) -> Response:
        try:
            response = await handler(request)
        except _BadRequest as error:
            response = _error(error.status, error)
        except NoLease as error:
            response = _error(404, error)
        except Refused as error:
            response = _error(REFUSALS[error.kind], error)
        except NoneFree as error:
            response = _error(503, error)
        except PoolFull as error:
            response = _error(503, error, position=error.position)
        except (ViewportGone, WorldUnavailable) as error:
            response = _error(503, error)
        # Pages of other sites are refused before they come here.
        origin = request.headers.get("Origin")
        if origin is not None:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "Location, Link, ETag, Retry-After"
            response.headers["Vary"] = "Origin"
        return response

    return endpoint


def _camera(request: Request) -> tuple[bool, Place | None]:
    """Whether a camera of one's own is asked for, and where. Raises _BadRequest."""
    query = request.query_params
    camera = query.get("camera", "shared")
    if camera not in ("shared", "own"):
        raise _BadRequest(400, f"There is no camera {camera[:60]!r}: shared and own are.")
    given = {name: query[name] for name in Aim.model_fields if name in query}
    return camera == "own", _aim(json.dumps(given)).place if given else None


def _aim(body: str) -> Aim:
    """Raises _BadRequest."""
    try:
        return Aim.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "The body"
        raise _BadRequest(400, f"{where}: {first['msg']}. Give zoom, and x and y in tiles.") from error


def _error(status: int, error: Exception, **more: Any) -> Response:
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    return JSONResponse({"error": str(error), **more}, status, headers)


async def _body(request: Request, kind: str) -> str:
    """The body of a request, of a type. Raises _BadRequest."""
    given = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if given != kind:
        raise _BadRequest(415, f"The body is {given[:80] or 'of no type'!r}; it must be {kind}.")
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST_BODY:
                raise _BadRequest(413, f"The body is longer than {LONGEST_BODY} bytes.")
    except ClientDisconnect as error:
        raise _BadRequest(400, "The body broke off.") from error
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise _BadRequest(400, f"The body is not UTF-8: {error}.") from error
