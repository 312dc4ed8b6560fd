"""Fighting: the world's rules of it, who notices whom, and what all that fight have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import NEVER, PICK, Entity, Site
from runtime.engine.surface import LOOKOUT_CELL
from runtime.engine.systems.damage import vulnerable

if TYPE_CHECKING:
    from runtime.engine.force import Force
    from runtime.engine.world import World

FIGHTERS = ("ammo-turret", "electric-turret", "land-mine", "turret", "unit", "unit-spawner")
# What `is_military_target` is where a prototype leaves it out.
MILITARY = frozenset(
    {"ammo-turret", "artillery-turret", "character", "electric-turret", "fluid-turret", "turret", "unit", "unit-spawner"}
)  # fmt: skip
CENTRES, TO_BOX, BOXES = "center-to-center", "center-to-bounding-box", "bounding-box-to-bounding-box"
MILLI = 1000  # parts of a tick in which cooldowns are counted


class Combat:
    """A world's rules of fighting.

    `peaceful`: enemies attack only who attacked them. `evolves`, `expands`: `game.map_settings`.
    """

    __slots__ = ("evolves", "expands", "peaceful")

    def __init__(self) -> None:
        self.peaceful = True
        self.evolves = True
        self.expands = True

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.peaceful, self.evolves, self.expands]


def alert(world: World) -> None:
    """The rules have changed: let all that fight look about."""
    for kind in FIGHTERS:
        for fighter in list(world.surface.by_type.get(kind, {}).values()):
            fighter.wake(world.tick + 1)


def distance(mode: str, one: Entity, other: Entity) -> float:
    """How far two entities are apart as a `range_mode` has it, tiles."""
    if mode == CENTRES:
        return math.hypot(other.x - one.x, other.y - one.y)
    if mode == TO_BOX:
        dx = max(other.left - one.x, 0.0, one.x - other.right)
        dy = max(other.top - one.y, 0.0, one.y - other.bottom)
    else:
        dx = max(other.left - one.right, 0.0, one.left - other.right)
        dy = max(other.top - one.bottom, 0.0, one.top - other.bottom)
    return math.hypot(dx, dy)


def ticks_at(speed: float) -> int:
    """How long something takes that a prototype says to do so much of in a tick (0.08 -> 13)."""
    return math.ceil(1 / speed - 1e-3) if speed > 0 else 1


class Lookout(Entity):
    """Something that acts when somebody comes near. It sleeps until then: whoever is built, moves or goes within the cells of
    the map that its sight touches is shown to it (`Surface.lookouts`).
    """

    __slots__ = ("cells",)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.cells: list[tuple[int, int]] = []

    @property
    def sight(self) -> float:
        """How far it has to see, tiles from its position."""
        return 0.0

    def built(self) -> None:
        self.look_out()
        self.wake(self.world.tick + 1)

    def removed(self) -> None:
        self._look_away()

    def look_out(self) -> None:
        """Be shown who comes near where it is now."""
        self._look_away()
        reach = self.sight
        if reach <= 0:
            return
        x0, x1 = int((self.x - reach) // LOOKOUT_CELL), int((self.x + reach) // LOOKOUT_CELL)
        y0, y1 = int((self.y - reach) // LOOKOUT_CELL), int((self.y + reach) // LOOKOUT_CELL)
        self.cells = [(x, y) for y in range(y0, y1 + 1) for x in range(x0, x1 + 1)]
        for cell in self.cells:
            self.world.surface.lookouts.setdefault(cell, {})[self.unit_number] = self

    def _look_away(self) -> None:
        lookouts = self.world.surface.lookouts
        for cell in self.cells:
            there = lookouts[cell]
            del there[self.unit_number]
            if not there:
                del lookouts[cell]
        self.cells = []

    def wake(self, tick: int) -> None:
        if self.key == NEVER:
            self.world.schedule(self, tick, PICK)


class Fighter(Lookout):
    """Something that attacks, or that its like come to help. Its health comes back by itself where the prototype says so."""

    __slots__ = ("_healed", "_health", "angry", "ready_at", "target")

    def __init__(self, site: Site) -> None:
        self._health = 0.0
        self._healed = 0  # the tick of `_health`
        super().__init__(site)
        self.angry = False  # somebody attacked it, so it fights in a peaceful world too
        self.target: Entity | None = None
        self.ready_at = 0  # when it may attack again, in `MILLI` of a tick

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        del state["health"]  # follows from `_health`
        return state

    @property
    def health(self) -> float:
        """Its health now."""
        ticks = self.world.tick - self._healed
        limit = float(self.proto.max_health)
        if ticks <= 0 or self._health >= limit or self._health <= 0:
            return self._health
        return min(limit, self._health + float(self.proto.raw.get("healing_per_tick", 0)) * ticks)

    @health.setter
    def health(self, value: float) -> None:
        self._health = value
        self._healed = self.world.tick

    # --- whom it fights ------------------------------------------------------------------------------------------

    @property
    def attack(self) -> dict[str, Any]:
        """Its `attack_parameters`."""
        found: dict[str, Any] = self.proto.raw["attack_parameters"]
        return found

    def may_fight(self) -> bool:
        """Whether it attacks anybody at all."""
        return self.active

    def wanted(self, entity: Entity) -> bool:
        """Whether it would attack an entity if that were near enough."""
        return self.force.is_enemy(entity.force) and vulnerable(entity)

    def seeks(self, entity: Entity) -> bool:
        """Whether it would attack an entity by itself, and not only because that is in its way."""
        return self.wanted(entity)

    def noticed(self, entity: Entity) -> None:
        if self.key == NEVER and (
            entity is self.target
            or (entity.valid and self.seeks(entity) and distance(self.mode, self, entity) <= self.sight)
        ):
            self.wake(self.world.tick + 1)

    @property
    def mode(self) -> str:
        """How its range is measured."""
        mode: str = self.attack.get("range_mode", CENTRES)
        return mode

    def nearest(self, radius: float) -> Entity | None:
        """The nearest whom it would attack within a radius; of equals the northernmost, then the westernmost."""
        area = (self.x - radius, self.y - radius, self.x + radius, self.y + radius)
        best: Entity | None = None
        rank: tuple[float, float, float, int] | None = None
        for entity in self.world.surface.within(area):
            if self.seeks(entity):
                away = distance(self.mode, self, entity)
                mine = (away, entity.y, entity.x, entity.unit_number)
                if away <= radius and (rank is None or mine < rank):
                    best, rank = entity, mine
        return best

    # --- what others do to it ------------------------------------------------------------------------------------

    def attacked(self, force: Force | None, cause: Entity | None) -> None:
        """It defends itself, and calls those of its force within `call_for_help_radius`."""
        foe = cause if cause is not None and cause.valid and self.force.is_enemy(cause.force) else None
        self.provoke(foe)
        radius = float(self.proto.raw.get("call_for_help_radius", 0))
        if radius and self.force.ai_controllable:
            for kind in ("turret", "unit"):
                for other in list(self.world.surface.by_type.get(kind, {}).values()):
                    near = math.hypot(other.x - self.x, other.y - self.y) <= radius
                    if near and other.force is self.force and isinstance(other, Fighter):
                        other.provoke(foe)

    def provoke(self, foe: Entity | None) -> None:
        """Somebody attacked it or one of its like."""
        self.angry = True
        if self.target is None:
            self.target = foe
        self.wake(self.world.tick + 1)

    def more_state(self) -> list[Any]:
        return [self.angry, self.ready_at, self.target.unit_number if self.target is not None else None]

    def cool(self, tick: int, ticks: float) -> int:
        """It attacks now, and may again after a cooldown; the tick of that. Parts of ticks count for the next time."""
        now = tick * MILLI
        begun = self.ready_at if now - self.ready_at < MILLI else now
        self.ready_at = begun + max(1, round(ticks * MILLI))
        return max(tick + 1, -(-self.ready_at // MILLI))


def military(entity: Entity) -> bool:
    """Whether turrets shoot at an entity by themselves."""
    return bool(entity.proto.raw.get("is_military_target", entity.type in MILITARY))


def order(entities: Iterable[Entity]) -> list[Entity]:
    """Entities by place, so that what is done to them doesn't depend on who came first."""
    return sorted(entities, key=lambda e: (e.y, e.x, e.unit_number))
