"""Enemies that walk, and the nests that they come from."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import NEVER, PICK, Entity, Site
from runtime.engine.pathfinder import find_path
from runtime.engine.systems.combat import BOXES, Fighter, distance
from runtime.engine.systems.damage import attack_hits, hurt
from runtime.engine.systems.gates import Gate

if TYPE_CHECKING:
    from runtime.engine.force import Force
    from runtime.engine.world import World

MOST_CELLS = 2500  # that are searched for a way
NEAR = 1.5  # tiles from which on it doesn't go from the middle of a tile to the middle of the next
STEPS = 8  # after so many it looks again where somebody who moves is
TRIES = 20  # for a place where a nest may let a unit out
EVOLVED_BY_SPAWNER = "killing_spawners"


class Unit(Fighter):
    """A biter or a spitter. It rests until it sees an enemy, walks there tile by tile, and attacks until there is nothing left.

    A way around obstacles is taken where there is one; else it goes straight and attacks what stands in its way.
    """

    moves = True
    __slots__ = ("path", "rests_until", "spawner", "steps")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.path: list[tuple[float, float]] = []  # places still to come, the next one last
        self.steps = 0  # until it looks again
        self.spawner: Spawner | None = None
        self.rests_until = 0  # after it has found no way

    @property
    def sight(self) -> float:
        return float(self.proto.raw["vision_distance"])

    @property
    def mode(self) -> str:
        return BOXES

    @property
    def reach(self) -> float:
        """How near it must come, tiles between the boxes."""
        return float(self.attack.get("min_attack_distance", self.attack["range"]))

    def may_fight(self) -> bool:
        return self.active and (self.angry or not self.world.combat.peaceful)

    def seeks(self, entity: Entity) -> bool:
        return entity.type not in ("wall", "gate") and super().seeks(entity)

    def removed(self) -> None:
        super().removed()
        if self.spawner is not None and self.spawner.valid:
            self.spawner.wake(self.world.tick + 1)

    def wake(self, tick: int) -> None:
        super().wake(max(tick, self.rests_until))

    def passes(self, entity: Entity) -> bool:
        """Whether an entity is not in its way."""
        return entity.moves or (isinstance(entity, Gate) and entity.is_open)

    def on_event(self, world: World, tick: int) -> None:
        if not self.may_fight():
            self._rest()
            return
        if self.path and not self._step():
            return
        target = self.target
        if target is None or not self.wanted(target):
            self.path = []
            target = self.target = self.nearest(self.sight)
            if target is None:
                self._rest()
                return
        away = distance(BOXES, self, target)
        if away <= self.reach or (not self.path and away <= self.attack["range"]):
            self.path = []
            self._strike(target, tick)
        elif self.path and self.steps > 0:
            self._go(tick)
        else:
            self._set_out(target, tick)

    def _rest(self) -> None:
        self.target = None
        self.path = []
        self.angry = False
        self.look_out()

    def _strike(self, target: Entity, tick: int) -> None:
        ready = -(-self.ready_at // 1000)
        if tick >= ready:
            deviation = self.attack.get("cooldown_deviation", 0)
            factor = 1 + deviation * (2 * self.world.random.random() - 1)
            ready = self.cool(tick, self.attack["cooldown"] * factor)
            for kind, amount in attack_hits(self.name):
                hurt(target, amount, kind, self.force, self)
        if self.valid and self.key == NEVER:
            self.world.schedule(self, ready, PICK)

    # --- walking -------------------------------------------------------------------------------------------------

    def _set_out(self, target: Entity, tick: int) -> None:
        """Find a way to somebody, or to who is nearer by now."""
        nearer = self.nearest(min(self.sight, distance(BOXES, self, target)))
        if nearer is not None:
            target = self.target = nearer
        if distance(BOXES, self, target) > self.proto.raw["max_pursue_distance"]:
            self._rest()
            return
        near = max(self.reach, NEAR / 2) + min(target.right - target.left, target.bottom - target.top) / 2
        near += (self.right - self.left) / 2

        def blocked(x: float, y: float) -> bool:
            return self.world.surface.obstacle(self.proto, x, y, 0, self.passes) is not None

        path = find_path((self.x, self.y), (target.x, target.y), near, blocked, max_nodes=MOST_CELLS)
        self.path = path[:0:-1] if path is not None else self._straight(target)
        if not self.path:
            self.path = self._straight(target)
        self.steps = STEPS if target.moves else len(self.path)
        if self.spawner is not None and self.spawner.valid:
            self.spawner.wake(tick + 1)
        self._go(tick)

    def _straight(self, target: Entity) -> list[tuple[float, float]]:
        """The way as the crow flies, in pieces of a tile, and shorter ones where it is near."""
        piece = 1.0 if distance(BOXES, self, target) > NEAR else 0.25
        pieces = max(1, math.ceil(math.hypot(target.x - self.x, target.y - self.y) / piece))
        dx, dy = (target.x - self.x) / pieces, (target.y - self.y) / pieces
        return [(_grid(self.x + dx * n), _grid(self.y + dy * n)) for n in range(pieces, 0, -1)]

    def _go(self, tick: int) -> None:
        """Walk to the next place, which takes as long as it is far."""
        x, y = self.path[-1]
        ticks = math.ceil(math.hypot(x - self.x, y - self.y) / self.proto.raw["movement_speed"])
        self.world.schedule(self, tick + max(1, ticks), PICK)

    def _step(self) -> bool:
        """Come to the next place; whether it goes on from there. What an enemy has put in its way is what it attacks now."""
        x, y = self.path.pop()
        self.steps -= 1
        obstacle = self.world.surface.obstacle(self.proto, x, y, 0, self.passes)
        if obstacle is None:
            self.world.surface.moved(self, x, y)
            return True
        self.path = []
        if isinstance(obstacle, Entity) and self.wanted(obstacle):
            self.target = obstacle
            return True
        # There is no way: it sleeps, and will not look again for a while.
        self.rests_until = self.world.tick + int(self.proto.raw["distraction_cooldown"])
        self._rest()
        return False

    def more_state(self) -> list[Any]:
        home = self.spawner.unit_number if self.spawner is not None else None
        return [*super().more_state(), self.path, self.steps, home, self.rests_until]


class Spawner(Fighter):
    """A nest. Unless the world is peaceful it lets a unit out now and then until it has as many as its prototype allows."""

    __slots__ = ("owned",)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.owned: list[Unit] = []

    @property
    def mode(self) -> str:
        return BOXES

    def may_fight(self) -> bool:
        return False

    def wake(self, tick: int) -> None:
        if self.key == NEVER and self.active and not self.world.combat.peaceful:
            self.world.schedule(self, tick + self._pause(), PICK)

    def _pause(self) -> int:
        slow, fast = map(int, self.proto.raw["spawning_cooldown"])
        return math.ceil(slow + (fast - slow) * self.force.evolution_factor)

    def on_event(self, world: World, tick: int) -> None:
        raw = self.proto.raw
        self.owned = [unit for unit in self.owned if unit.valid]
        around = [u for u in self.owned if math.hypot(u.x - self.x, u.y - self.y) <= raw["spawning_radius"]]
        room = (
            len(self.owned) < raw["max_count_of_owned_units"]
            and len(around) < raw["max_friends_around_to_spawn"]
        )
        if room and self.active and not world.combat.peaceful:
            self._let_out(self._choose())
            self.wake(tick)

    def _choose(self) -> str:
        """The kind of the next unit, by the chances that its force's evolution gives (`result_units`)."""
        evolution = self.force.evolution_factor
        chances = [(name, _between(points, evolution)) for name, points in self.proto.raw["result_units"]]
        at = self.world.random.random() * sum(chance for _, chance in chances)
        for name, chance in chances:
            at -= chance
            if at < 0:
                return str(name)
        return str([name for name, chance in chances if chance > 0][-1])

    def _let_out(self, name: str) -> None:
        world, raw = self.world, self.proto.raw
        proto = world.prototypes.entity[name]
        for _ in range(TRIES):
            angle = world.random.random() * 2 * math.pi
            away = (self.right - self.left) / 2 + world.random.random() * raw["spawning_spacing"]
            x, y = _grid(self.x + math.cos(angle) * away), _grid(self.y + math.sin(angle) * away)
            if world.surface.obstacle(proto, x, y, 0) is None:
                unit = world.create(name, x, y, 0, self.force, spawner=self)
                assert isinstance(unit, Unit)
                self.owned.append(unit)
                return

    def died(self, force: Force | None, cause: Entity | None) -> None:
        if self.world.combat.evolves:
            left = 1 - self.force.evolution_factor
            factor = self.world.prototypes.raw["map-settings"]["map-settings"]["enemy_evolution"][
                "destroy_factor"
            ]
            self.force.evolution[EVOLVED_BY_SPAWNER] += left * left * factor

    def status(self) -> str | None:
        return "normal"

    def more_state(self) -> list[Any]:
        return [*super().more_state(), [unit.unit_number for unit in self.owned if unit.valid]]


def _between(points: list[list[float]], at: float) -> float:
    """The value at a place on a line through some points, 0 before the first; after the last it stays."""
    if at < points[0][0]:
        return 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        if at <= x1:
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return points[-1][1]


def _grid(value: float) -> float:
    return math.floor(value * 256 + 0.5) / 256
