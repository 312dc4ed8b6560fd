"""Walls and gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.engine.entity import PICK, Entity, Site
from runtime.engine.systems.combat import TO_BOX, Lookout, distance, ticks_at

if TYPE_CHECKING:
    from runtime.engine.force import Force
    from runtime.engine.world import World

CLOSED, OPENING, OPEN, CLOSING = range(4)
SIDES = {"north": (0, -1), "east": (1, 0), "south": (0, 1), "west": (-1, 0)}


class Wall(Entity):
    """A wall: it stands in the way."""

    __slots__ = ()


class Gate(Lookout):
    """A gate. It opens when a character of its own or a friendly force comes near, and closes when they have gone."""

    __slots__ = ("asked_until", "gone_at", "moved_at", "stage")
    rotatable = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.direction %= 8
        self.stage = CLOSED
        self.moved_at = 0  # when it is done with opening or closing
        self.gone_at = 0  # when nobody was near any more
        self.asked_until = 0  # a script wants it open up to then

    @property
    def is_open(self) -> bool:
        """Whether one can walk through."""
        return self.stage == OPEN

    @property
    def sight(self) -> float:
        # To its box, and a character may be off the middle of its own.
        return float(self.proto.raw["activation_distance"]) + 1

    def _lets(self, entity: Entity) -> bool:
        force = entity.force
        return (
            entity.valid
            and entity.type == "character"
            and (force is self.force or force.name in self.force.friends)
            and distance(TO_BOX, entity, self) <= self.proto.raw["activation_distance"]
        )

    def noticed(self, entity: Entity) -> None:
        if entity.type == "character" and self._lets(entity) == (self.stage in (CLOSED, CLOSING)):
            self.world.schedule(self, self.world.tick + 1, PICK)

    def on_event(self, world: World, tick: int) -> None:
        if self.stage in (OPENING, CLOSING) and tick >= self.moved_at:
            self.stage = OPEN if self.stage == OPENING else CLOSED
        near = tick < self.asked_until or any(
            map(self._lets, world.surface.around(self.x, self.y, self.sight))
        )
        if self.stage in (CLOSED, CLOSING):
            if near:
                self._move(OPENING, tick)
        elif near:
            self.gone_at = 0
            if tick < self.asked_until:
                world.schedule(self, self.asked_until, PICK)
        else:
            self.gone_at = self.gone_at or tick
            closes = self.gone_at + int(self.proto.raw["timeout_to_close"])
            if self.stage == OPEN and tick >= closes:
                self.gone_at = 0
                self._move(CLOSING, tick)
            else:
                world.schedule(self, closes, PICK)
        if self.stage in (OPENING, CLOSING):
            world.schedule(self, max(self.moved_at, tick + 1), PICK)

    def _move(self, stage: int, tick: int) -> None:
        whole = ticks_at(self.proto.raw["opening_speed"])
        left = max(0, self.moved_at - tick) if self.stage in (OPENING, CLOSING) else 0
        self.moved_at = tick + whole - left
        self.stage = stage

    def ask(self, force: Force, ticks: int) -> None:
        """A script wants it open, for a force that may pass it and some ticks longer than it takes to open; 0: no more."""
        if force is self.force or force.name in self.force.friends:
            whole = ticks_at(self.proto.raw["opening_speed"])
            self.asked_until = self.world.tick + whole + ticks if ticks else 0
            self.world.schedule(self, self.world.tick + 1, PICK)

    def status(self) -> str | None:
        return "normal"

    def rotate_to(self, direction: int) -> None:
        super().rotate_to(direction % 8)

    def more_state(self) -> list[Any]:
        return [self.stage, self.moved_at, self.gone_at, self.asked_until]


def neighbours(entity: Wall | Gate) -> dict[str, Entity]:
    """The walls and gates that join one, by side. A gate joins what stands at its two ends: it runs north to south as built,
    or east to west when turned.
    """
    found: dict[str, Entity] = {}
    for side, (dx, dy) in SIDES.items():
        if isinstance(entity, Gate) and not _along(entity, dx):
            continue
        for other in entity.world.surface.at(entity.x + dx, entity.y + dy):
            if isinstance(other, Wall) or (isinstance(other, Gate) and _along(other, dx)):
                found[side] = other
    return found


def _along(gate: Gate, dx: int) -> bool:
    """Whether a side of a gate, given by its step to the east, is one of its ends."""
    return (gate.direction % 8 == 4) == (dx != 0)
