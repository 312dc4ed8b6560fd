"""A world: its present tick, what will happen when, and everything that exists in it."""

from __future__ import annotations

import random
from bisect import insort
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from runtime.engine.entity import (
    NEVER,
    PHASE_BITS,
    UNIT_BITS,
    Entity,
    Process,
    attributes,
    make,
)
from runtime.engine.force import Force
from runtime.engine.prototypes import Prototypes, load
from runtime.engine.surface import Surface

if TYPE_CHECKING:
    from runtime.engine.systems.belts import Belts
    from runtime.engine.systems.combat import Combat

Deposit = tuple[str, float, float, int]  # resource, x, y, amount
RANK: Final = attrgetter("rank")


class Moment:
    """A tick and a phase in which something is due, and for whom.

    One `key` for all that are due: so when that is compared, nothing has to be fetched that each has of its own.
    """

    __slots__ = ("key", "who")

    def __init__(self, key: int) -> None:
        self.key = key
        self.who: list[Process] = []

    def tidy(self) -> None:
        """Forget those who are due at another time now."""
        self.who = [process for process in self.who if process.key == self.key]


class World:
    """Simulated without ticking: `advance` takes events by `(tick, phase, place, unit number)`, in that order.

    So it is the place that decides who comes first at a tick, and not what was built first. `due` has those whose event
    is pending, by key (tick and phase); `keys` is a heap of its keys. They are put in order when their time has come. A
    process has at most one pending event: where it is listed under a key that is no longer its own, that is stale.
    """

    def __init__(
        self,
        tile_at: Callable[[int, int], str],
        seed: int,
        natural_resources: Callable[[], Iterable[Deposit]] = tuple,
    ) -> None:
        self.natural_resources = natural_resources
        self.tick = 0
        self.seed = seed
        self.due: dict[int, Moment] = {}
        self.keys: list[int] = []
        self.present = NEVER  # the key of the events that are happening
        self.processes: list[Process | None] = [None]  # by unit number
        self.next_unit_number = 1
        self.random = random.Random(seed)
        self.forces: dict[str, Force] = {
            n: Force(self, n, i) for i, n in enumerate(("player", "enemy", "neutral"), 1)
        }
        self.surface = Surface(self, tile_at)
        self.listener: Callable[[str, dict[str, Any]], None] | None = (
            None  # what scripts registered for events
        )
        self.wrap_function: Callable[[Any], Any] | None = None
        self.log: Callable[[str], None] | None = None  # the server's
        self.said: set[str] = set()  # what it has been told once and for all
        self.destination: tuple[float, float] | None = None  # of an entity that is being moved
        self.forget: Callable[[Any], None] | None = None  # an entity's object in Lua no longer stands for it
        self.searched: set[str] = (
            set()
        )  # names that scripts searched for, until something of the name changes
        self.forget_searches: Callable[[str], None] | None = None
        # Here and not above: the systems import this module.
        from runtime.engine import kinds  # noqa: F401 - gives every type of entity its class
        from runtime.engine.systems.belts import Belts
        from runtime.engine.systems.combat import Combat
        from runtime.engine.systems.paths import Paths

        self.combat: Combat = Combat()
        self.belts: Belts = Belts(self)
        self.paths: Paths = Paths(self)

    def __getstate__(self) -> dict[str, Any]:
        scripts = {
            "listener": None,
            "wrap_function": None,
            "forget": None,
            "forget_searches": None,
            "log": None,
        }
        for moment in self.due.values():
            moment.tidy()
        return {**attributes(self), **scripts, "searched": set()}

    def raise_event(self, name: str, data: dict[str, Any]) -> None:
        """Call the script's handler of an event, if there is one."""
        if self.listener is not None:
            self.listener(name, data)

    def say_once(self, line: str) -> None:
        """Put a line into the server's log, unless it is there already."""
        if line not in self.said:
            self.said.add(line)
            if self.log is not None:
                self.log(line)

    def lua_function(self, function: Callable[..., Any]) -> Any:
        """A Python function as scripts can call it."""
        assert self.wrap_function is not None
        return self.wrap_function(function)

    def more_state(self) -> list[Any]:
        """Plain data for the state hash that belongs to no entity and no force."""
        return [self.paths.state(), self.surface.always_day, self.combat.state()]

    @property
    def prototypes(self) -> Prototypes:
        """The game's prototypes."""
        return load()

    # --- time --------------------------------------------------------------------------------------------------

    def register(self, process: Process) -> None:
        """Give a process its unit number."""
        process.unit_number = self.next_unit_number
        process.rank = process.place() << UNIT_BITS | process.unit_number
        process.key = NEVER
        self.next_unit_number += 1
        self.processes.append(process)

    def unregister(self, process: Process) -> None:
        """Forget a process; its pending event will not happen."""
        process.key = NEVER
        self.processes[process.unit_number] = None

    def process(self, unit_number: int) -> Process | None:
        """The process that has a unit number, if there is one."""
        return self.processes[unit_number] if 0 < unit_number < len(self.processes) else None

    def schedule(self, process: Process, tick: int, phase: int) -> None:
        """Let `process.on_event` be called at `tick`, in place of what was pending."""
        key = (tick << PHASE_BITS) + phase
        if process.key == key:
            return
        moment = self.due.get(key)
        if moment is None:
            moment = self.due[key] = Moment(key)
            heappush(self.keys, key)
        process.key = moment.key
        if key != self.present:
            moment.who.append(process)
        else:
            insort(moment.who, process, key=last_first)

    def cancel(self, process: Process) -> None:
        """Nothing is pending for this process any more."""
        process.key = NEVER

    def next_event_tick(self) -> int | None:
        """The tick of the next event, or None when nothing will ever happen."""
        while self.keys:
            key = self.keys[0]
            if any(process.key == key for process in self.due[key].who):
                return key >> PHASE_BITS
            del self.due[heappop(self.keys)]
        return None

    def advance(self, to_tick: int) -> None:
        """Let everything happen up to and including `to_tick`, which becomes the present."""
        keys = self.keys
        limit = (to_tick + 1) << PHASE_BITS
        never = NEVER
        while keys and keys[0] < limit:
            key = self.present = keys[0]
            tick = self.tick = key >> PHASE_BITS
            who = self.due[key].who
            if len(who) > 1:
                who.sort(key=RANK, reverse=True)
            while who:
                process = who.pop()
                if process.key == key:
                    process.key = never
                    process.on_event(self, tick)
            assert heappop(keys) == key, "an event was scheduled for a time that is past"
            del self.due[key]
        self.present = never
        self.tick = to_tick

    # --- entities ----------------------------------------------------------------------------------------------

    def create(self, name: str, x: float, y: float, direction: int, force: Force, **fields: Any) -> Entity:
        """Make an entity and put it on the map, whether or not there is room; `fields` are set before it is built."""
        entity = make(self, name, x, y, direction, force)
        for key, value in fields.items():
            setattr(entity, key, value)
        if not entity.unnumbered:
            self.register(entity)
        self.surface.add(entity)
        entity.built()
        if entity.proto.electric:
            self.connect(entity)
        return entity

    def connect(self, entity: Entity) -> None:
        """Put an electric entity into the network that it belongs to where it stands."""
        from runtime.engine.systems.electricity import network_at

        entity.plug(network_at(entity))

    def destroy(self, entity: Entity) -> None:
        """Take an entity out of the world."""
        if not entity.valid:
            return
        entity.removed()
        if entity.proto.electric:
            entity.plug(None)
        entity.valid = False
        if entity.lua is not None and self.forget is not None:
            self.forget(entity.lua)
        self.surface.discard(entity)
        if entity.unit_number:
            self.unregister(entity)
        watchers, entity.watchers = entity.watchers, {}
        for watcher in watchers.values():
            watcher.wake(self.tick + 1)

    def move(self, entity: Entity, x: float, y: float) -> None:
        """Put an entity elsewhere: it leaves what it is part of where it stood, and joins what is there."""
        from runtime.engine.systems.crafting import CraftingMachine
        from runtime.engine.systems.fluids import FluidEntity
        from runtime.engine.systems.inserters import Inserter

        entity.settle()
        if isinstance(entity, (FluidEntity, CraftingMachine, Inserter)):
            # What these do when they are turned, they do when they are moved: they keep what is in them.
            self.destination = (x, y)
            entity.rotate_to(entity.direction)
            self.destination = None
        else:
            entity.removed()
            if entity.proto.electric:
                entity.plug(None)
            self.surface.discard(entity)
            entity.x, entity.y = x, y
            entity.set_box()
            self.surface.add(entity)
            entity.built()
            if entity.proto.electric:
                self.connect(entity)
        entity.rank = entity.place() << UNIT_BITS | entity.unit_number
        if entity.lua is not None and self.forget is not None:
            self.forget(entity.lua)
        watchers, entity.watchers = entity.watchers, {}
        for watcher in watchers.values():
            watcher.wake(self.tick + 1)

    def drop_pile(self, x: float, y: float, name: str, count: int) -> Entity:
        """Lay items on the ground at a place."""
        count = min(count, load().item[name].stack_size)
        return self.create("item-on-ground", x, y, 0, self.forces["neutral"], stack_name=name, count=count)

    def spill(self, x: float, y: float, name: str, count: int) -> list[Entity]:
        """Lay items on the ground around a place, one pile each, the nearest free spots first."""
        proto = load().entity["item-on-ground"]
        piles: list[Entity] = []
        ring = 0
        while len(piles) < count and ring < 200:
            edge = range(-ring, ring + 1)
            for dx, dy in [(i, j) for j in edge for i in edge if max(abs(i), abs(j)) == ring]:
                px, py = x + dx * 0.5, y + dy * 0.5
                if len(piles) < count and self.surface.obstacle(proto, px, py, 0) is None:
                    piles.append(self.drop_pile(px, py, name, 1))
            ring += 1
        return piles

    def regenerate(self, names: list[str] | None) -> None:
        """Put the map's own resources back where they are gone, as `LuaSurface.regenerate_entity`."""
        for name, x, y, amount in self.natural_resources():
            if (names is None or name in names) and not any(e.name == name for e in self.surface.at(x, y)):
                self.create(name, x, y, 0, self.forces["neutral"], amount=amount, initial_amount=None)

    def force(self, key: Any) -> Force:
        """A force by name or index."""
        if isinstance(key, str) and key in self.forces:
            return self.forces[key]
        for force in self.forces.values():
            if force.index == key:
                return force
        raise ValueError(f"Unknown force: {key}")


def last_first(process: Process) -> int:
    """The order in which those whose event has come are listed: the next one is at the end."""
    return -process.rank
