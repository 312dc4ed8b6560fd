"""A fresh world behind an MCP server of its own, for one trial: made for a task, played, measured, thrown away."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from mcp_servers.dispatch import WorldDispatcher, host_protection
from mcp_servers.world import world_server
from runtime import fork_server
from runtime.host import Host
from runtime.managed_world import ManagedWorld
from runtime.supervisor import Supervisor
from runtime.world_life import ProgramReport, Status, WorldPlan
from runtime.world_process import WorldProcess
from runtime.world_session import HostedWorld
from viewer.camera import Camera

LOOPBACK = "127.0.0.1"
START_SECONDS = 60.0
BACKLOG = 32


class CouldNotRun(Exception):
    """A trial or a benchmark could not take place; the message says why."""


@dataclass(frozen=True)
class Setup:
    """How a world begins: see `runtime.host.Host.create`. `speed` is game seconds per second."""

    inventory: dict[str, int] = field(default_factory=dict)
    all_technologies_researched: bool = False
    speed: float = 10.0


class CountedWorld(HostedWorld):
    """A world that knows how many programs it has run."""

    steps = 0

    def run_program(
        self, code: str, timeout_s: float, on_printed: Callable[[int, str], None] | None = None
    ) -> ProgramReport:
        self.steps += 1
        return super().run_program(code, timeout_s, on_printed)


@dataclass(frozen=True)
class ServedWorld:
    """A world that can be played at `url`, and reached from the trusted side."""

    url: str
    session: CountedWorld
    managed: ManagedWorld

    @property
    def process(self) -> WorldProcess:
        """The world's process."""
        return self.session.process

    @property
    def host(self) -> Host:
        """The world's host."""
        return self.session.host


@contextmanager
def served_world(name: str, folder: Path, setup: Setup) -> Iterator[ServedWorld]:
    """Serve a new world on an ephemeral port of loopback for as long as the block runs.

    Args:
        name: the world's, which is part of its URL.
        folder: for its log.
        setup: how it begins.

    Raises:
        CouldNotRun: it did not start.
    """
    made: list[CountedWorld] = []

    def launch(plan: WorldPlan, progress: Callable[[str], None]) -> CountedWorld:
        if made:
            raise RuntimeError("the world has died, and with it what was to be measured")
        made.append(_launch(plan, setup))
        return made[0]

    fleet = Supervisor(launch, Unrecorded())
    try:
        world = fleet.add(WorldPlan(name=name, data=folder, speed=setup.speed))
        _wait_until_running(world)
        with _serving(world) as port:
            yield ServedWorld(f"http://{LOOPBACK}:{port}/worlds/{name}/mcp", made[0], world)
    finally:
        fleet.stop()


def _launch(plan: WorldPlan, setup: Setup) -> CountedWorld:
    process = WorldProcess.start(name=plan.name, log_path=plan.data / "world.log", scenario=plan.scenario)
    host = Host(process.client(), plan.name, password=process.password)
    try:
        host.create(
            inventory=setup.inventory,
            all_technologies_researched=setup.all_technologies_researched,
            speed=setup.speed,
        )
        host.attach()
    except BaseException:
        host.close()
        process.stop()
        raise
    return CountedWorld(process, host)


def _wait_until_running(world: ManagedWorld) -> None:
    deadline = time.monotonic() + START_SECONDS
    while world.status is not Status.RUNNING:
        if world.status is Status.FAILED:
            raise CouldNotRun(f"the world did not start: {world.failure}")
        if time.monotonic() > deadline:
            raise CouldNotRun(f"the world did not start within {START_SECONDS:g} s")
        time.sleep(0.02)


@contextmanager
def _serving(world: ManagedWorld) -> Iterator[int]:
    """The world's MCP server in a thread; gives its port."""
    dispatcher = WorldDispatcher(host_protection(LOOPBACK, []))
    server = world_server(world, Camera(), version("claudetorio"))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with dispatcher.run({world.name: server}):
            yield

    app = Starlette(routes=[Route("/worlds/{name}/mcp", dispatcher)], lifespan=lifespan)
    web = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=2))
    # By its protocol: without it asyncio leaves Nagle's algorithm on, which costs 40 ms an answer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(BACKLOG)
        thread = threading.Thread(target=web.run, kwargs={"sockets": [listener]}, name="mcp")
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            web.should_exit = True
            thread.join()


class Unrecorded:
    """A `runtime.supervisor.Recorder` for worlds whose scores nobody keeps."""

    def world_seen(self, name: str, engine: str, scenario: str) -> None:
        """A world exists."""

    def world_gone(self, name: str, outcome: str) -> None:
        """It was reset or removed."""

    def run_started(self, world: str, agent: str) -> None:
        """Somebody begins to play."""

    def run_ended(self, world: str, outcome: str) -> None:
        """Somebody stopped playing."""

    def sampled(self, world: str, tick: int, production_score: float, automated_score: float) -> None:
        """The scores at a tick."""


def end_fork_server() -> None:
    """End what the hosts of this process shared; the last thing a trial or benchmark does."""
    fork_server.shared.close()
