"""Live video for agents: they have a world filmed as any other viewer, and take films of it."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from mcp_types import ResourceLink
from pydantic import BaseModel, Strict

from mcp_servers.arguments import Text
from mcp_servers.cursor import news
from mcp_servers.fleet_tools import Address, FleetTools
from mcp_servers.results import Result
from mcp_servers.tool import looks
from mcp_servers.world_tools import Call, Camera
from runtime.managed_world import ManagedWorld

Seconds = Annotated[float, Strict()]


class Lease(Protocol):
    """A viewer's."""

    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> float: ...


class Clip(Protocol):
    """A finished film."""

    @property
    def path(self) -> str:
        """On the gateway."""

    @property
    def seconds(self) -> float: ...
    @property
    def bytes(self) -> int: ...


class Viewports(Protocol):
    """What films worlds, for threads. Methods raise ValueError with a sentence, or WorldUnavailable."""

    def open(self, world: str, lease: str | None) -> Lease:
        """Have a world filmed, or go on with it."""

    def place(self, world: str) -> tuple[float, float, float] | None:
        """x, y and zoom of what is filmed, once that is known; None if it takes long."""

    def close(self, world: str, lease: str) -> None:
        """It need not be filmed any more."""

    def clip(self, world: str, last: float | None, following: float | None) -> Clip:
        """A film of so many seconds until now, or from now on, which are waited for."""


class Filmed(BaseModel):
    """watch: the page; whep: where WebRTC players send offers. It is filmed for expires_seconds more."""

    watch: str
    whep: str
    lease: str
    expires_seconds: float


class Closed(BaseModel):
    """Whose lease ended."""

    closed: str


class Film(BaseModel):
    """Where the MP4 (H264) can be had for some minutes."""

    url: str
    seconds: float
    bytes: int


class WorldFilmed(Result, Filmed):
    """See `Filmed`."""


class WorldClosed(Result, Closed):
    """See `Closed`."""


class WorldFilm(Result, Film):
    """See `Film`."""


class ViewportTools:
    """Video on a world's server."""

    def __init__(self, world: ManagedWorld, camera: Camera, viewports: Viewports) -> None:
        self._world = world
        self._camera = camera
        self._viewports = viewports

    @looks
    def open_viewport(self, call: Call, lease: Text | None = None) -> WorldFilmed:
        """Have this world filmed: where to watch live, and a picture. It ends after expires_seconds; call again with
        lease to go on.

        Example: open_viewport()
        """
        filmed, picture = _filmed(self._world, self._camera, self._viewports, call.base, lease)
        call.pictures.append(picture)
        return WorldFilmed(**self._now(call), **filmed)

    @looks
    def close_viewport(self, call: Call, lease: Text) -> WorldClosed:
        """End your lease of the video.

        Example: close_viewport(lease="…")
        """
        self._viewports.close(self._world.name, lease)
        return WorldClosed(**self._now(call), closed=lease)

    @looks
    def clip(self, call: Call, last: Seconds | None = None, next: Seconds | None = None) -> WorldFilm:
        """An MP4 of the last seconds, if somebody watched (such as by open_viewport), or of the next; 30 at most.

        Example: clip(next=10)
        """
        film, link = _film(self._viewports, self._world.name, call.base, last, next)
        call.links.append(link)
        return WorldFilm(**self._now(call), **film)

    def _now(self, call: Call) -> dict[str, Any]:
        summary = self._world.summary()
        return {**news(self._world, call.since, summary.score), "tick": summary.tick}


class FleetViewportTools:
    """Video on the fleet's server."""

    def __init__(self, fleet: FleetTools, camera: Camera, viewports: Viewports) -> None:
        self._fleet = fleet
        self._camera = camera
        self._viewports = viewports

    @looks
    def open_viewport(self, call: Address, name: Text, lease: Text | None = None) -> Filmed:
        """Have a world filmed: where to watch live, and a picture. It ends after expires_seconds; call again with
        lease to go on.

        Example: open_viewport(name="world-1")
        """
        world = self._fleet.find(name)
        filmed, picture = _filmed(world, self._camera, self._viewports, call.base, lease)
        call.pictures.append(picture)
        return Filmed(**filmed)

    @looks
    def close_viewport(self, call: Address, name: Text, lease: Text) -> Closed:
        """End your lease of a world's video.

        Example: close_viewport(name="world-1", lease="…")
        """
        self._viewports.close(self._fleet.find(name).name, lease)
        return Closed(closed=lease)

    @looks
    def clip(
        self, call: Address, name: Text, last: Seconds | None = None, next: Seconds | None = None
    ) -> Film:
        """An MP4 of a world's last seconds, if somebody watched (such as by open_viewport), or of the next; 30 at most.

        Example: clip(name="world-1", next=10)
        """
        film, link = _film(self._viewports, self._fleet.find(name).name, call.base, last, next)
        call.links.append(link)
        return Film(**film)


def _filmed(
    world: ManagedWorld, camera: Camera, viewports: Viewports, base: str, lease: str | None
) -> tuple[dict[str, Any], tuple[bytes, str]]:
    kept = viewports.open(world.name, lease)
    x, y, zoom = viewports.place(world.name) or (None, None, None)
    picture = camera(world, x, y, zoom, form="webp")
    page = f"{base}/worlds/{world.name}"
    filmed = {"watch": page, "whep": f"{page}/whep", "lease": kept.name, "expires_seconds": kept.seconds}
    return filmed, (picture.image, picture.mime_type)


def _film(
    viewports: Viewports, world: str, base: str, last: float | None, following: float | None
) -> tuple[dict[str, Any], ResourceLink]:
    clip = viewports.clip(world, last, following)
    url = base + clip.path
    film = {"url": url, "seconds": round(clip.seconds, 3), "bytes": clip.bytes}
    name = f"{world}, {clip.seconds:.0f} s"
    return film, ResourceLink(uri=url, name=name, mime_type="video/mp4", size=clip.bytes)
