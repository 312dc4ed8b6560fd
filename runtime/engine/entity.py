"""What stands in a world: the base of all entities, and the protocol by which they hand items to each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import EntityPrototype, load

if TYPE_CHECKING:
    from runtime.engine.force import Force
    from runtime.engine.world import World

# Phases of a tick: events of one tick run in this order.
DROP: Final = 0
CRAFT: Final = 1
PICK: Final = 2
SETTLE: Final = 3
NEVER: Final = -1

PHASE_BITS: Final = 2  # the key of an event is its tick, and in these its phase
UNIT_BITS: Final = 22  # a rank is a process's place (`Process.place`), and in these its unit number
PLACE_SIDE: Final = 128  # places are told apart within squares of so many tiles


class Process:
    """Something that happens by itself at a tick: an entity, or a part of a system. At most one event is pending."""

    __slots__ = ("key", "rank", "unit_number")

    unit_number: int
    rank: int  # place and unit number: who comes first of those to whom something happens at once
    key: int  # of the pending event: tick × 4 + phase; or NEVER

    def place(self) -> int:
        """Where it is, as a number below 2 ** 14: from north to south, then from west to east; 0 for what is nowhere."""
        return 0

    def on_event(self, world: World, tick: int) -> None:
        """The pending event has come."""
        raise NotImplementedError

    def wake(self, tick: int) -> None:
        """Something this process watches has changed: look again at `tick`. Only processes that watch need it."""


def place_of(x: float, y: float) -> int:
    """A place on the map as the number that `Process.place` gives."""
    return int(y // 1) % PLACE_SIDE * PLACE_SIDE + int(x // 1) % PLACE_SIDE


class Site:
    """What an entity is made of, and where."""

    __slots__ = ("direction", "force", "proto", "world", "x", "y")

    def __init__(
        self, world: World, proto: EntityPrototype, x: float, y: float, direction: int, force: Force
    ) -> None:
        self.world = world
        self.proto = proto
        self.x = float(x)
        self.y = float(y)
        self.direction = direction
        self.force = force


class Entity(Process):
    """One entity. Positions in tiles; `direction` 0 to 15, north 0, east 4.

    `watchers` are the processes to wake when this entity's items or room for items change (unit number -> process);
    an inserter that waits on a machine is there. Subclasses live with the system that moves them.
    """

    __slots__ = (
        "active", "bottom", "destructible", "direction", "force", "health", "left", "lua", "minable",
        "name", "order", "proto", "right", "top", "type", "valid", "watchers", "world", "x", "y",
    )  # fmt: skip

    rotatable: ClassVar[bool] = False
    moves: ClassVar[bool] = False  # whether it walks or drives
    unnumbered: ClassVar[bool] = False  # resources, trees and the like have no unit number

    def __init__(self, site: Site) -> None:
        proto = site.proto
        self.world = site.world
        self.proto = proto
        self.name = proto.name
        self.type = proto.type
        self.x = site.x
        self.y = site.y
        self.direction = site.direction
        self.force = site.force
        self.health = float(proto.max_health)
        self.valid = True
        self.active = True
        self.destructible = True
        self.minable = proto.minable is not None
        self.watchers: dict[int, Process] = {}
        self.key = NEVER
        self.unit_number = 0
        self.order = 0
        self.lua: Any = None  # the one Lua object for this entity, made when first asked for
        self.set_box()

    @classmethod
    def can_face(cls, proto: EntityPrototype) -> bool:
        """Whether an entity of a prototype takes a direction at all."""
        return cls.rotatable

    def __getstate__(self) -> dict[str, Any]:
        state = attributes(self)
        del state["lua"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.lua = None

    def __repr__(self) -> str:
        return f"<{self.name} at ({self.x:g}, {self.y:g})>"

    # --- where it is -------------------------------------------------------------------------------------------

    def place(self) -> int:
        return place_of(self.x, self.y)

    def set_box(self) -> None:
        """Bring the collision box in step with position and direction."""
        left, top, right, bottom = turned(self.proto.collision_box, self.direction)
        self.left, self.top, self.right, self.bottom = (
            self.x + left,
            self.y + top,
            self.x + right,
            self.y + bottom,
        )

    def tiles(self) -> Iterable[tuple[int, int]]:
        """The tiles its collision box touches."""
        return tiles_of(self.left, self.top, self.right, self.bottom)

    # --- its life ----------------------------------------------------------------------------------------------

    def built(self) -> None:
        """It has just been put into the world."""

    def removed(self) -> None:
        """It is about to leave the world (mined, destroyed or dead)."""

    def rotate_to(self, direction: int) -> None:
        """Turn it where it stands."""
        self.direction = direction
        x, y = self.world.destination or (self.x, self.y)
        self.world.surface.moved(self, x, y)
        if self.proto.electric:
            self.world.connect(self)

    def surroundings_changed(self, cell: tuple[int, int]) -> None:
        """Something was built, turned or removed on a tile it asked to hear of (`Surface.watch_tile`)."""

    def noticed(self, entity: Entity) -> None:
        """Somebody has come, moved or gone where it looks out (`Surface.lookouts`)."""

    def attacked(self, force: Force | None, cause: Entity | None) -> None:
        """Somebody hurt it, on behalf of a force, and it still lives."""

    def died(self, force: Force | None, cause: Entity | None) -> None:
        """It is about to leave the world because somebody, or nobody, killed it."""

    def changed(self) -> None:
        """Its items, or its room for items, changed: wake who waits for that, on the next tick."""
        if self.watchers:
            tick = self.world.tick + 1
            for watcher in list(self.watchers.values()):
                watcher.wake(tick)

    def bonus_changed(self, kind: str) -> None:
        """A bonus of its force changed (`force.HEARS` says who is told): recount what depends on it."""

    # --- electricity -------------------------------------------------------------------------------------------

    def plug(self, network: Any) -> None:
        """It belongs to another electric network, or to none."""
        power = getattr(self, "power", None)
        if power is not None:
            power.join(network)

    def power_came(self) -> None:
        """There is electricity now, and it rested for lack of it."""

    def power_changed(self) -> None:
        """Its network gives another share of what is asked for."""

    def fluid_came(self) -> None:
        """There is fluid, or room for it, that it waited for."""

    # --- items -------------------------------------------------------------------------------------------------

    def inventories(self) -> dict[int, Inventory]:
        """`defines.inventory` number -> inventory; the first one listed is the main one."""
        return {}

    def output_inventory(self) -> Inventory | None:
        """Where its products are, or a chest's only inventory."""
        return None

    def insertable(self, name: str) -> int:
        """How many of an item a script or a hand may put in now."""
        return 0

    def insert(self, name: str, count: int) -> int:
        """Put items in wherever they belong, as `LuaControl.insert`; the number that went in."""
        return 0

    def takes(self, name: str) -> bool:
        """Whether an inserter may bring it this item now: the game's limits on what inserters put into machines."""
        return False

    def fall_in(self, name: str) -> bool:
        """A drill lets an item fall into it; whether it goes in."""
        return self.takes(name) and self.insert(name, 1) == 1

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        """Items that an inserter may take from here now, in the order in which it would choose."""
        return ()

    def first(self) -> str | None:
        """The first item of what `offer` gives, or None."""
        return next(iter(self.offer()), None)

    def take(self, name: str, count: int) -> int:
        """An inserter takes up to `count`; the number taken."""
        return 0

    def mined_items(self) -> list[tuple[str, int]]:
        """What a miner gets beside the entity's own products: everything in it, in the game's order."""
        held: list[tuple[str, int]] = []
        for inventory in self.inventories().values():
            held.extend(inventory.contents().items())
        return held

    # --- what it says of itself --------------------------------------------------------------------------------

    def status(self) -> str | None:
        """The name in `defines.entity_status`, or None for what has no status."""
        return None

    def settle(self) -> None:
        """Bring lazily kept values to the present tick, changing nothing that could be noticed otherwise."""

    def state(self) -> list[Any]:
        """Everything that decides its future, as plain data, for the state hash."""
        return [self.name, self.x, self.y, self.direction, self.force.name, self.health, self.active, self.unit_number,
                self.key, [[k, v.state()] for k, v in self.inventories().items()], *self.more_state()]  # fmt: skip

    def more_state(self) -> list[Any]:
        """What a subclass adds to `state`."""
        return []


def attributes(obj: object) -> dict[str, Any]:
    """The attributes of an object of the engine by name, whatever keeps them: slots, a dict, or a compiled class."""
    cls = type(obj)
    names: list[str] = list(getattr(cls, "__mypyc_attrs__", ()))
    if not names:
        names = [n for c in cls.__mro__ for n in getattr(c, "__slots__", ())]
    return {n: getattr(obj, n) for n in names if hasattr(obj, n)} | getattr(obj, "__dict__", {})


def turned(box: tuple[float, float, float, float], direction: int) -> tuple[float, float, float, float]:
    """A box as given for north, turned to a direction (only the four cardinal ones turn it)."""
    left, top, right, bottom = box
    quarter = (direction // 4) % 4
    if quarter == 1:
        return (-bottom, left, -top, right)
    if quarter == 2:
        return (-right, -bottom, -left, -top)
    if quarter == 3:
        return (top, -right, bottom, -left)
    return box


def turned_point(x: float, y: float, direction: int) -> tuple[float, float]:
    """An offset as given for north, turned to a direction."""
    quarter = (direction // 4) % 4
    if quarter == 1:
        return (-y, x)
    if quarter == 2:
        return (-x, -y)
    if quarter == 3:
        return (y, -x)
    return (x, y)


def tiles_of(left: float, top: float, right: float, bottom: float) -> Iterable[tuple[int, int]]:
    """The tiles that a box touches with more than its edge."""
    x0, y0 = int(left // 1), int(top // 1)
    x1, y1 = -int(-right // 1), -int(-bottom // 1)
    return [(x, y) for y in range(y0, max(y1, y0 + 1)) for x in range(x0, max(x1, x0 + 1))]


CLASSES: dict[str, type[Entity]] = {}  # by prototype type; `kinds` fills it


def make(world: World, name: str, x: float, y: float, direction: int, force: Force) -> Entity:
    """A new entity of the class that its prototype's type calls for, not yet in the world."""
    proto = load().entity[name]
    return CLASSES.get(proto.type, Entity)(Site(world, proto, x, y, direction, force))
