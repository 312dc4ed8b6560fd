"""`claudetorio up`: the fleet and its gateway in one process, from nothing to Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import importlib.metadata
import logging
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import anyio.to_thread
import structlog
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.routing import Route

from harness.addresses import ANY, url_of
from harness.prices import UnknownPrice, prices
from harness.run_api import run_routes
from harness.scores import ScoreBook
from harness.settings import Settings, has_key
from harness.transcripts import Transcripts
from mcp_servers.dispatch import FLEET, WorldDispatcher, host_protection
from mcp_servers.fleet import fleet_server
from mcp_servers.fleet_tools import FleetTools
from mcp_servers.metrics import forget
from mcp_servers.prompts import tasks
from mcp_servers.viewport_tools import FleetViewportTools
from mcp_servers.world import world_server
from runtime import fork_server
from runtime.managed_world import ManagedWorld
from runtime.player_keeper import PlayerPlan
from runtime.supervisor import Supervisor
from runtime.world_folder import stored_plans
from runtime.world_life import LAUNCH_STAGES, Status, WorldPlan
from runtime.world_session import launch, warm_up
from viewer.app import gateway
from viewer.camera import Camera
from viewer.clips import Clips, ThreadedViewports
from viewer.fleet_api import fleet_routes
from viewer.metrics import metrics_route
from viewer.pool import Pool
from viewer.protection import OwnPagesOnly
from viewer.run_pages import run_pages
from viewer.whep import Whep

AGENTS = ("scripted", "claude", "none")
GRACE_SECONDS = 2
"""How long open requests may go on after Ctrl-C."""
BACKLOG = 128


class CannotStart(Exception):
    """Something outside has to be put right first; the message is one sentence that says what to do."""


def run(settings: Settings) -> None:
    """Run the fleet until a signal ends it.

    Raises:
        CannotStart: with what to do about it.
    """
    console = Console(stderr=True)
    if settings.player == "claude":
        try:
            check_claude(settings)
        except ValueError as error:
            raise CannotStart(str(error)) from error
    with data_folder(settings.data) as data, listening(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        log_to(data / "logs" / "claudetorio.log")
        try:
            scores = ScoreBook(settings.database_url)
        except SQLAlchemyError as error:
            raise CannotStart(
                f"the database {settings.database_url} can't be opened ({_first_line(error)}): "
                "make it writable, or name another with DATABASE_URL."
            ) from error
        with contextlib.closing(scores):
            threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
            fleet = Supervisor(
                launch,
                scores,
                worlds_folder(settings),
                lambda agent, world: player_plan(settings, agent, world, port),
            )
            server = uvicorn.Server(
                uvicorn.Config(
                    application(settings, port, fleet, scores),
                    log_config=None,
                    lifespan="on",
                    timeout_graceful_shutdown=GRACE_SECONDS,
                )
            )
            threading.Thread(
                target=show_start, args=(console, fleet, settings, port), name="progress", daemon=True
            ).start()
            try:
                with contextlib.suppress(KeyboardInterrupt):
                    server.run(sockets=[listener])
            finally:
                fork_server.shared.close()
            if not server.started:
                raise CannotStart(f"the gateway did not start: {data / 'logs' / 'claudetorio.log'} says why.")


def application(settings: Settings, port: int, fleet: Supervisor, scores: ScoreBook) -> Starlette:
    """The gateway of a fleet, which lives as long as the gateway does."""
    camera = Camera()
    security = host_protection(settings.host, settings.allowed_hosts)
    dispatcher = WorldDispatcher(security)
    version = importlib.metadata.version("claudetorio")

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        for plan in world_plans(settings):
            fleet.add(plan)
        loop = asyncio.get_running_loop()
        viewports = ThreadedViewports(pool, clips, loop)
        servers = {
            name: world_server(world, camera, version, viewports) for name, world in fleet.worlds.items()
        }
        tools = FleetTools(fleet, transcripts.leaderboard, settings.speed)
        servers[FLEET] = fleet_server(version, tools, FleetViewportTools(tools, camera, viewports))

        def added(world: ManagedWorld) -> None:
            served = dispatcher.add(world.name, world_server(world, camera, version, viewports))
            asyncio.run_coroutine_threadsafe(served, loop).result()

        def removed(name: str) -> None:
            loop.call_soon_threadsafe(dispatcher.remove, name)
            loop.call_soon_threadsafe(pool.forget, name)
            forget(name)

        threading.Thread(target=camera.warm_up, name="camera", daemon=True).start()
        async with dispatcher.run(servers):
            # Worlds come and go on threads of those who ask for it.
            fleet.on_added, fleet.on_removed = added, removed
            fleet.players_may_start.set()
            try:
                yield
            finally:
                # First the fleet: a tool call that waits for a program ends when the program does.
                with anyio.CancelScope(shield=True):
                    await pool.close()
                    await anyio.to_thread.run_sync(fleet.stop)

    transcripts = Transcripts(scores)
    ice_servers = [dict(server) for server in settings.ice_servers]
    logs = settings.data.resolve() / "logs"
    pool = Pool(fleet.worlds, settings.viewports, logs, ice_servers, settings.viewport_drain_seconds)
    clips = Clips(fleet.worlds, pool, settings.data.resolve() / "clips")
    more = [
        Route("/mcp", dispatcher),
        *run_routes(transcripts),
        *fleet_routes(fleet, settings.speed),
        *Whep(fleet.worlds, pool).routes(),
        *clips.routes(),
        *run_pages(transcripts, tasks()),
        metrics_route(fleet.worlds),
    ]
    app = gateway(fleet.worlds, scores, dispatcher, camera, lifespan, more, transcripts.newest, ice_servers)
    app.add_middleware(OwnPagesOnly, security=security)
    return app


def worlds_folder(settings: Settings) -> Path:
    """Where each world has a folder of its name."""
    return settings.data.resolve() / "worlds"


def world_plans(settings: Settings) -> list[WorldPlan]:
    """The worlds to run: those that the settings ask for, and those that were made while the fleet ran."""
    folder = worlds_folder(settings)
    stored = {plan.name: plan for plan in stored_plans(folder)}
    asked = {
        name: replace(
            stored.get(name, WorldPlan(name, folder / name)), speed=settings.speed, agent=settings.player
        )
        for name in settings.world_names
    }
    return list({**asked, **{n: plan for n, plan in stored.items() if n not in asked}}.values())


def player_plan(settings: Settings, agent: str, world: str, port: int) -> PlayerPlan | None:
    """The player of a world: a client of its MCP server like any other.

    Raises:
        ValueError: there is no such agent, or it can't play; the message says what would do.
    """
    if agent == "none":
        return None
    if agent not in AGENTS:
        raise ValueError(f"There is no agent {agent[:80]!r}; choose one of {', '.join(AGENTS)}.")
    url = f"{url_of(settings.host, port)}/worlds/{world}/mcp"
    folder = worlds_folder(settings) / world
    if agent == "claude":
        check_claude(settings)
        own = ["--url", url, "--world", world, "--folder", str(folder / "claude")]
        return PlayerPlan(
            agent="claude",
            command=[sys.executable, "-m", "harness.claude", *own],
            log=folder / "player.log",
            own_runs=True,
        )
    own = ["--url", url, "--name", world, "--claim", str(folder / "scripted.claim")]
    return PlayerPlan(
        agent="scripted",
        command=[sys.executable, "-m", "harness.player", *own],
        log=folder / "player.log",
    )


def check_claude(settings: Settings) -> None:
    """Whether there is what Claude needs to play. Raises ValueError, which says what to do."""
    if not has_key():
        raise ValueError(
            "Claude needs a key: start `claudetorio up` with ANTHROPIC_API_KEY, or choose the agent scripted, "
            "which needs none."
        )
    try:
        prices(settings)
    except UnknownPrice as error:
        raise ValueError(f"{error}.") from error


@contextmanager
def data_folder(folder: Path) -> Iterator[Path]:
    """Make the data folder and hold it for this process alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "logs").mkdir(exist_ok=True)
        lock: IO[str] = (folder / "lock").open("a+")
    except OSError as error:
        raise CannotStart(
            f"can't write into the data folder {folder} ({error.strerror}): "
            "make it writable, or name another with --data."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"the data folder {folder} is in use by another `claudetorio up`: "
                "end that one, or name another folder with --data."
            ) from error
        yield folder.resolve()


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens at the address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CannotStart(f"--host {host} is no address ({error.strerror}): try 127.0.0.1.") from error
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            raise CannotStart(_address_problem(host, port, error)) from error
        yield listener


def _address_problem(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: end the program that uses it, or choose another with --port."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"not allowed to listen on port {port}: choose one above 1023 with --port."
    return f"can't listen on {host}:{port} ({error.strerror}): name an address of this machine with --host."


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def log_to(path: Path) -> None:
    """Send everybody's log lines to a file: the terminal is for the progress and the address."""
    try:
        file = path.open("a", buffering=1)
    except OSError as error:
        raise CannotStart(
            f"can't write the log {path} ({error.strerror}): "
            "make it writable, or name another folder with --data."
        ) from error
    logging.basicConfig(
        stream=file,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        force=True,
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(file),
    )


def show_start(console: Console, fleet: Supervisor, settings: Settings, port: int) -> None:
    """Show bars until every world runs or has failed, then the one line that says where to look."""
    done = {Status.RUNNING, Status.FAILED, Status.STOPPED}
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bars = {
            name: progress.add_task(name, total=LAUNCH_STAGES, state="waiting")
            for name in settings.world_names
        }
        waiting = set(bars)
        while waiting:
            for name in sorted(waiting):
                world = fleet.worlds.get(name)
                if world is None:
                    continue
                stage, state = world.stage
                progress.update(bars[name], completed=stage, state=state)
                if world.status in done:
                    waiting.discard(name)
            time.sleep(0.1)
    for world in fleet.worlds.values():
        if world.status is Status.FAILED:
            console.print(f"[red]{world.name} failed:[/red] {world.failure}", highlight=False)
    address, count = url_of(settings.host, port), len(fleet.worlds)
    everywhere = " and on every other address of this machine" if settings.host in ANY else ""
    console.print(
        f"Watch [bold]{address}[/bold]{everywhere}: {count} world{'' if count == 1 else 's'}, Ctrl-C ends everything.",
        highlight=False,
    )
