"""A world: its present tick, what will happen when, and everything that exists in it."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import NEVER, Entity, Process, make
from runtime.engine.force import Force
from runtime.engine.prototypes import Prototypes, load
from runtime.engine.surface import Surface

if TYPE_CHECKING:
    from runtime.engine.systems.belts import Belts

UNIT_BITS = 20
UNIT_MASK = (1 << UNIT_BITS) - 1


class World:
    """Simulated without ticking: `advance` pops events `(tick, phase, unit number)` in that order.

    A process has at most one pending event; an entry of the heap whose key is no longer the process's is stale.
    """

    def __init__(self, tile_at: Callable[[int, int], str], seed: int) -> None:
        self.tick = 0
        self.seed = seed
        self.heap: list[int] = []
        self.processes: dict[int, Process] = {}
        self.next_unit_number = 1
        self.random = random.Random(seed)
        self.forces: dict[str, Force] = {n: Force(self, n, i) for i, n in enumerate(("player", "enemy", "neutral"), 1)}
        self.surface = Surface(self, tile_at)
        self.messages: list[str] = []
        from runtime.engine.systems.belts import Belts

        self.belts: Belts = Belts(self)

    @property
    def prototypes(self) -> Prototypes:
        """The game's prototypes."""
        return load()

    # --- time --------------------------------------------------------------------------------------------------

    def register(self, process: Process) -> None:
        """Give a process its unit number."""
        process.unit_number = self.next_unit_number
        process.key = NEVER
        self.next_unit_number += 1
        self.processes[process.unit_number] = process

    def unregister(self, process: Process) -> None:
        """Forget a process; its pending event will not happen."""
        process.key = NEVER
        self.processes.pop(process.unit_number, None)

    def schedule(self, process: Process, tick: int, phase: int) -> None:
        """Let `process.on_event` be called at `tick`, in place of what was pending."""
        key = ((tick * 4 + phase) << UNIT_BITS) | process.unit_number
        if process.key != key:
            process.key = key
            heapq.heappush(self.heap, key)

    def cancel(self, process: Process) -> None:
        """Nothing is pending for this process any more."""
        process.key = NEVER

    def next_event_tick(self) -> int | None:
        """The tick of the next event, or None when nothing will ever happen."""
        heap = self.heap
        while heap:
            key = heap[0]
            process = self.processes.get(key & UNIT_MASK)
            if process is not None and process.key == key:
                return key >> (UNIT_BITS + 2)
            heapq.heappop(heap)
        return None

    def advance(self, to_tick: int) -> None:
        """Let everything happen up to and including `to_tick`, which becomes the present."""
        heap = self.heap
        processes = self.processes
        limit = (to_tick * 4 + 4) << UNIT_BITS
        pop = heapq.heappop
        while heap and heap[0] < limit:
            key = pop(heap)
            process = processes.get(key & UNIT_MASK)
            if process is not None and process.key == key:
                self.tick = key >> (UNIT_BITS + 2)
                process.key = NEVER
                process.on_event(self, self.tick)
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
        return entity

    def destroy(self, entity: Entity) -> None:
        """Take an entity out of the world."""
        if not entity.valid:
            return
        entity.removed()
        entity.valid = False
        self.surface.discard(entity)
        if entity.unit_number:
            self.unregister(entity)
        watchers, entity.watchers = entity.watchers, {}
        for watcher in watchers.values():
            watcher.wake(self.tick + 1)

    def force(self, key: Any) -> Force:
        """A force by name or index."""
        if isinstance(key, str) and key in self.forces:
            return self.forces[key]
        for force in self.forces.values():
            if force.index == key:
                return force
        raise ValueError(f"Unknown force: {key}")
