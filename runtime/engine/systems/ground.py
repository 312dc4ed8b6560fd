"""Items on the ground, and where an item goes that a drill or an inserter lets fall."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import Entity, Site
from runtime.engine.inventory import Inventory, extra_state
from runtime.engine.prototypes import load

if TYPE_CHECKING:
    from runtime.engine.world import World

PILE = "item-on-ground"


class ItemOnGround(Entity):
    """A stack that lies on the ground: `stack_name`, `count`."""

    __slots__ = ("count", "extra", "stack_name")
    unnumbered = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.stack_name = ""
        self.count = 0
        self.extra: dict[str, Any] = {}  # what the stack carries beside name and count, such as a blueprint

    def as_inventory(self) -> Inventory:
        """The stack as an inventory of one slot; what is done to that is done to the pile."""
        place = Inventory(1, self)
        place.set_slot(0, self.stack_name, self.count)
        place.extra[0] = self.extra

        def changed() -> None:
            self.stack_name, self.count = place.names[0] or "", place.counts[0]
            self.extra = place.extra.setdefault(0, {})
            if not self.count:
                self.world.destroy(self)

        place.changed = changed
        return place

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        return (self.stack_name,) if self.count else ()

    def take(self, name: str, count: int) -> int:
        if name != self.stack_name:
            return 0
        taken = min(count, self.count)
        self.count -= taken
        if not self.count:
            self.world.destroy(self)
        return taken

    def mined_items(self) -> list[tuple[str, int]]:
        return [(self.stack_name, self.count)] if self.count else []

    def more_state(self) -> list[Any]:
        return [self.stack_name, self.count, extra_state(self.extra)]


def receiver(world: World, source: Entity | None, x: float, y: float) -> Entity | None:
    """The entity that an item let fall at a point goes to: the belt there, or what else can hold items.

    The tile counts, not the point: a drill beside a furnace lets ore fall 1/256 tile before the furnace's box.
    """
    cell = (math.floor(x), math.floor(y))
    belt = world.belts.grid.get(cell)
    if belt is not None:
        return belt
    for entity in world.surface.on_tile(*cell):
        if entity is not source and holds_items(entity):
            return entity
    return None


def holds_items(entity: Entity) -> bool:
    """Whether an inserter or a drill can address an entity at all."""
    return bool(entity.inventories()) and entity.type not in ("character", "item-entity")


def deliver(world: World, source: Entity, x: float, y: float, name: str) -> bool:
    """Let one item fall at a point: onto the belt there, into the machine there, or onto free ground.

    Whether it went. `source` is who drops it; it doesn't receive its own item.
    """
    cell = (math.floor(x), math.floor(y))
    belt = world.belts.grid.get(cell)
    if belt is not None:
        return world.belts.drop(belt, x, y, name, world.tick)
    target = receiver(world, source, x, y)
    if target is not None:
        target.watchers.pop(source.unit_number, None)
        return target.fall_in(name)
    if world.surface.obstacle(load().entity[PILE], x, y, 0) is not None:
        return False
    world.create(PILE, x, y, 0, world.forces["neutral"], stack_name=name, count=1)
    return True


def await_delivery(world: World, process: Entity, x: float, y: float, name: str) -> None:
    """Have `process.wake` called when an item that `deliver` refused at a point might go.

    The process also hears of what is built and removed there, through its `surroundings_changed`.
    """
    cell = (math.floor(x), math.floor(y))
    world.surface.watch_tile(cell[0], cell[1], process)
    belt = world.belts.grid.get(cell)
    if belt is not None:
        world.belts.wait_for_room(belt, x, y, process)
        return
    target = receiver(world, process, x, y)
    if target is not None:
        target.watchers[process.unit_number] = process
        return
    for entity in world.surface.on_tile(*cell):
        entity.watchers[process.unit_number] = process
