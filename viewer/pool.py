"""The pool of viewports: a process for each world that is watched, one more for each camera of somebody's own, and no others.

idle ──> starting ──> active ──> draining ──> idle      draining ──> active (somebody came after all)
             └───────────┴───────────┴──> error ──> starting (somebody still watches), or idle

It lives on the gateway's event loop, and nothing in it runs while nobody watches.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog

from runtime.managed_world import ManagedWorld
from runtime.player_keeper import backoff
from runtime.world_life import WorldUnavailable
from viewer.control import Message
from viewer.leases import AGENT_SECONDS, MEDIA_SECONDS, Lease, Leases
from viewer.viewport_process import Refused, ViewportGone, ViewportProcess

log = structlog.get_logger()

DRAIN_SECONDS = 30.0
"""How long a viewport is kept after its last viewer."""
QUEUE_SECONDS = 10.0
"""Who waits for a viewport keeps its place for so long without asking again."""
SILENT_SECONDS = 8.0
"""A viewport that somebody watches tells so every two seconds; after so long without a word it hangs."""
TEND_SECONDS = 0.5
STEADY_SECONDS = 30.0
"""After running so long a restart counts as the first again."""
HOST = "127.0.0.1"


class State(StrEnum):
    """What a world's viewport is at."""

    IDLE = "idle"
    STARTING = "starting"
    ACTIVE = "active"
    DRAINING = "draining"
    ERROR = "error"


AFTER: dict[State, frozenset[State]] = {
    State.IDLE: frozenset({State.STARTING}),
    State.STARTING: frozenset({State.ACTIVE, State.ERROR, State.IDLE}),
    State.ACTIVE: frozenset({State.DRAINING, State.ERROR, State.IDLE}),
    State.DRAINING: frozenset({State.ACTIVE, State.ERROR, State.IDLE}),
    State.ERROR: frozenset({State.STARTING, State.IDLE}),
}
"""What each state may become."""


Place = tuple[float | None, float | None, float]
"""Where a camera is: x and y in tiles, and its zoom; without x and y, at the player."""


class PoolFull(Exception):
    """All viewports are in use. position: the world's place in the queue, 1 is the next."""

    def __init__(self, position: int) -> None:
        super().__init__(
            f"All viewports are in use; place {position} in the queue. Ask again in a few seconds."
        )
        self.position = position


class NoneFree(Exception):
    """No viewport is free for a camera of one's own."""


@dataclass
class Slot:
    """A viewport: a world's shared one, or a camera of one viewer's own. key: see `Pool.slots`. place: where it begins."""

    world: str
    key: str
    place: Place | None = None
    state: State = State.IDLE
    process: ViewportProcess | None = None
    since: float = 0.0
    """When it came into its state, by the pool's clock."""
    attempt: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    told: Message = field(default_factory=dict)
    """What the process said last about its viewers."""
    heard: float | None = None
    """When it said that, by the pool's clock; None for what the process before it said."""
    agents: int = 0
    """How many agents watch, as the process was told."""


class Pool:
    """Starts, shares out and ends viewports. For the event loop alone.

    Args:
        worlds: the fleet by name; may change.
        limit: how many viewports there may be at once.
        logs: folder for their logs.
        ice_servers: STUN and TURN servers, as browsers write them.
        drain_seconds: how long one is kept after its last viewer.
        time_code: has pictures say when they were taken, for measurements.
        place: x, y and zoom of cameras that stay where they are; else they follow the action.
    """

    def __init__(
        self,
        worlds: Mapping[str, ManagedWorld],
        limit: int,
        logs: Path,
        ice_servers: Sequence[dict[str, Any]] = (),
        drain_seconds: float = DRAIN_SECONDS,
        time_code: bool = False,
        place: Place | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = limit
        self.ice_servers = list(ice_servers)
        self.leases = Leases(self._lease_ended, clock)
        self.slots: dict[str, Slot] = {}
        """Shared ones by world; others by the world, a slash and something."""
        self._worlds = worlds
        self._logs = logs
        self._drain_seconds = drain_seconds
        self._settings: Message = {
            "ice_servers": self.ice_servers,
            "time_code": time_code,
        }
        self._place = place
        self._clock = clock
        self._queue: dict[str, float] = {}
        self._counted: dict[str, ExitStack] = {}
        self._tending: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def state(self, world: str) -> State:
        """What a world's viewport is at."""
        slot = self.slots.get(world)
        return slot.state if slot is not None else State.IDLE

    # --- viewers -----------------------------------------------------------------------------------------

    async def offer(
        self, world: str, sdp: str, viewer: str | None = None, own: bool = False, place: Place | None = None
    ) -> tuple[Lease, str]:
        """Have a viewer's offer answered; its lease and the answer.

        Args:
            viewer: by what name one who watches in several ways is to be counted once.
            own: with a camera of the viewer's own, which `aim` moves.
            place: where that one is; else it follows the action until it is aimed elsewhere.

        Raises:
            PoolFull, NoneFree, ViewportGone, Refused, WorldUnavailable.
        """
        slot = self._claim_own(world, place) if own else self._claim(world)
        lease = self._take(slot, MEDIA_SECONDS, viewer)
        try:
            process = await self._process_of(slot)
            answer: str = await process.ask("offer", name=lease.name, sdp=sdp)
        except BaseException:
            self.leases.end(lease.name)
            raise
        self.leases.renew(lease.name, world)
        return lease, answer

    async def trickle(self, world: str, name: str, fragment: str) -> None:
        """Pass on a viewer's candidates. Raises NoLease, ViewportGone, Refused."""
        await self._process_of_viewer(world, name).ask("trickle", name=name, fragment=fragment)

    async def place(self, world: str, name: str) -> Place:
        """Where the camera is whose pictures a viewer sees. Raises NoLease, ViewportGone, Refused."""
        x, y, zoom = await self._process_of_viewer(world, name).ask("place")
        return x, y, zoom

    async def aim(self, world: str, name: str, place: Place) -> None:
        """Move a viewer's own camera. Raises NoLease, ViewportGone, Refused."""
        if self.leases.find(name, world).slot == world:
            raise Refused("bad", "the shared camera follows the action: ask for one of your own")
        await self._process_of_viewer(world, name).ask("aim", place=place)

    async def end(self, world: str, name: str) -> None:
        """A viewer leaves. Raises NoLease."""
        lease = self.leases.find(name, world)
        self.leases.end(lease.name)
        slot = self.slots.get(lease.slot)
        if slot is not None and slot.process is not None and lease.seconds == MEDIA_SECONDS:
            self._start(self._dismiss(slot.process, name))

    def lease(self, world: str, viewer: str | None = None) -> Lease:
        """Have a world's viewport kept for an agent, which renews its lease. Raises PoolFull, WorldUnavailable."""
        return self._take(self._claim(world), AGENT_SECONDS, viewer)

    async def ask(self, world: str, do: str, within: float, /, **more: Any) -> Any:
        """Have the viewport of a world's shared camera do something, within so many seconds.

        Raises:
            ViewportGone: there is none, or it ended.
            Refused.
        """
        slot = self.slots.get(world)
        if slot is None:
            raise ViewportGone(f"Nobody watches {world!r}.")
        process = await self._process_of(slot)
        return await process.ask(do, within, **more)

    def forget(self, world: str) -> None:
        """A world is gone, and with it all that has to do with watching it."""
        self._queue.pop(world, None)
        for lease in self.leases.of(world):
            self.leases.end(lease.name)
        for slot in [slot for slot in self.slots.values() if slot.world == world]:
            self._free(slot)

    async def close(self) -> None:
        """End everything."""
        for world in {slot.world for slot in self.slots.values()}:
            self.forget(world)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _take(self, slot: Slot, seconds: float, viewer: str | None) -> Lease:
        lease = self.leases.take(slot.world, slot.key, seconds)
        counted = self._counted[lease.name] = ExitStack()
        counted.enter_context(self._worlds[slot.world].viewed(viewer))
        self._settle(slot)
        self._count_agents(slot)
        return lease

    def _lease_ended(self, lease: Lease) -> None:
        self._counted.pop(lease.name).close()
        if lease.slot in self.slots:
            self._settle(self.slots[lease.slot])
        if lease.slot in self.slots:
            self._count_agents(self.slots[lease.slot])

    def _count_agents(self, slot: Slot) -> None:
        """Tell a viewport how many watch who take no video."""
        agents = sum(lease.seconds == AGENT_SECONDS for lease in self.leases.served_by(slot.key))
        if slot.process is not None and agents != slot.agents:
            slot.agents = agents
            self._start(self._tell_agents(slot.process, agents))

    @staticmethod
    async def _tell_agents(process: ViewportProcess, agents: int) -> None:
        try:
            await process.ask("agents", count=agents)
        except ViewportGone:
            log.debug("a viewport is gone already")

    def _process_of_viewer(self, world: str, name: str) -> ViewportProcess:
        slot = self.slots.get(self.leases.find(name, world).slot)
        if slot is None or slot.process is None:
            raise ViewportGone("the viewport has ended")
        return slot.process

    async def _process_of(self, slot: Slot) -> ViewportProcess:
        try:
            async with asyncio.timeout(MEDIA_SECONDS):
                await slot.ready.wait()
        except TimeoutError as error:
            raise ViewportGone("the viewport does not start") from error
        if slot.process is None:
            raise ViewportGone("the viewport has ended")
        return slot.process

    @staticmethod
    async def _dismiss(process: ViewportProcess, name: str) -> None:
        try:
            await process.ask("end", name=name)
        except (ViewportGone, Refused):
            log.debug("a viewer was gone already", viewer=name)

    # --- who gets a viewport -----------------------------------------------------------------------------

    def _claim(self, world: str) -> Slot:
        """The world's slot, which it has or now gets."""
        self._worlds[world].rcon()  # a world that doesn't run can't be filmed
        slot = self.slots.get(world)
        if slot is not None:
            return slot
        now = self._clock()
        self._queue = {name: until for name, until in self._queue.items() if until > now or name == world}
        ahead = list(self._queue).index(world) if world in self._queue else len(self._queue)
        draining = self._draining()
        if ahead >= self.limit - len(self.slots) + len(draining):
            self._queue[world] = now + QUEUE_SECONDS
            raise PoolFull(ahead + 1)
        if len(self.slots) >= self.limit:
            self._free(draining[0])
        self._queue.pop(world, None)
        return self._open(Slot(world, world, self._place))

    def _claim_own(self, world: str, place: Place | None) -> Slot:
        """A slot for a camera of one viewer's own. Whoever waits for a world's first picture comes before."""
        self._worlds[world].rcon()
        draining = self._draining()
        now = self._clock()
        waiting = sum(until > now for until in self._queue.values())
        if waiting >= self.limit - len(self.slots) + len(draining):
            raise NoneFree("No viewport is free for a camera of your own: move within the shared picture.")
        if len(self.slots) >= self.limit:
            self._free(draining[0])
        return self._open(Slot(world, f"{world}/{secrets.token_urlsafe(6)}", place))

    def _draining(self) -> list[Slot]:
        """Those without viewers, for longest first."""
        return sorted((s for s in self.slots.values() if s.state is State.DRAINING), key=lambda s: s.since)

    def _open(self, slot: Slot) -> Slot:
        self.slots[slot.key] = slot
        self._begin(slot)
        if self._tending is None:
            self._tending = asyncio.create_task(self._tend())
        return slot

    def _free(self, slot: Slot) -> None:
        """End a viewport, whatever it is at."""
        self._move(slot, State.IDLE)
        del self.slots[slot.key]
        self._end_process(slot)
        slot.ready.set()  # whoever waits finds nothing

    def _end_process(self, slot: Slot) -> None:
        process, slot.process = slot.process, None
        if process is not None:
            self._start(process.end())

    # --- the life of a viewport --------------------------------------------------------------------------

    async def _tend(self) -> None:
        """Look after leases and viewports for as long as there are any."""
        while self.slots:
            await asyncio.sleep(TEND_SECONDS)
            self.leases.lapse()
            for slot in list(self.slots.values()):
                self._settle(slot)
        self._tending = None

    def _settle(self, slot: Slot) -> None:
        """Move a slot on as its leases and its time have it."""
        watched = bool(self.leases.served_by(slot.key))
        passed = self._clock() - slot.since
        match slot.state:
            case State.ACTIVE if self._hangs(slot):
                self._failed(slot, "it says nothing any more")
            case State.ACTIVE if not watched:
                self._move(slot, State.DRAINING)
            case State.DRAINING if watched:
                self._move(slot, State.ACTIVE)
            case State.DRAINING if passed >= self._drain_seconds or slot.key != slot.world:
                self._free(slot)
            case State.ERROR if not watched:
                self._free(slot)
            case State.ERROR if passed >= backoff(slot.attempt):
                self._begin(slot)

    def _hangs(self, slot: Slot) -> bool:
        silent = 0.0 if slot.heard is None else self._clock() - slot.heard
        return bool(slot.told.get("names")) and silent > SILENT_SECONDS

    def _begin(self, slot: Slot) -> None:
        self._move(slot, State.STARTING)
        slot.ready.clear()
        slot.attempt += 1
        self._start(self._launch(slot))

    async def _launch(self, slot: Slot) -> None:
        made: ViewportProcess | None = None

        def ended() -> None:
            if made is not None and slot.process is made:
                self._failed(slot, "it ended")

        def told(message: Message) -> None:
            if made is not None and slot.process is made:
                self._hear(slot, message)

        path = self._logs / f"viewport-{slot.key.replace('/', '-')}.log"
        try:
            process = made = await ViewportProcess.start(
                {**self._settings, "place": slot.place}, path, told, ended
            )
        except OSError as error:
            self._failed(slot, str(error))
            return
        if slot.state is not State.STARTING:  # freed meanwhile
            await process.end()
            return
        slot.process, slot.agents, slot.heard = process, 0, None
        self._count_agents(slot)
        await self._show_world(slot, process)
        if slot.process is process:
            self._move(slot, State.ACTIVE)
            slot.ready.set()
            self._settle(slot)

    async def _show_world(self, slot: Slot, process: ViewportProcess) -> None:
        """Tell a viewport where its world is now, if it is anywhere."""
        world = self._worlds.get(slot.world)
        if world is None:
            self.forget(slot.world)
            return
        try:
            where = world.rcon()
        except WorldUnavailable:
            return
        try:
            await process.ask("world", host=HOST, port=where.port, password=where.password)
        except ViewportGone as error:
            log.warning("viewport", world=slot.world, problem=str(error))

    def _failed(self, slot: Slot, why: str) -> None:
        log.warning("viewport failed", world=slot.world, why=why, attempt=slot.attempt)
        if self._clock() - slot.since > STEADY_SECONDS:
            slot.attempt = 1
        self._end_process(slot)
        slot.ready.clear()
        self._move(slot, State.ERROR)
        self._settle(slot)

    def _hear(self, slot: Slot, message: Message) -> None:
        if message["told"] == "lost":
            if slot.process is not None:
                self._start(self._show_world(slot, slot.process))
            return
        gone = set(slot.told.get("names", ())) - set(message["names"])
        slot.told, slot.heard = message, self._clock()
        held = {lease.name for lease in self.leases.served_by(slot.key)}
        for name in gone:
            self.leases.end(name)
        for name in message["names"]:
            if name in held:
                self.leases.renew(name, slot.world)
            elif slot.process is not None:
                self._start(self._dismiss(slot.process, name))

    def _move(self, slot: Slot, state: State) -> None:
        assert state in AFTER[slot.state], f"a viewport can't become {state} from {slot.state}"
        slot.state, slot.since = state, self._clock()

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
