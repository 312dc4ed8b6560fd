"""Inserters: they take an item here and put it down there."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final

from runtime.engine.entity import DROP, NEVER, PHASE_BITS, PICK, Entity, Site, attributes, turned_point
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import fixed
from runtime.engine.systems.arm import (
    ENDLESS,
    MOST_REMEMBERED,
    NO_PATH,
    ArmType,
    Chase,
    Chases,
    Path,
    Point,
    arm_type,
    offset,
    polar,
    quantised,
)
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.burners import BURNT_RESULT, FUEL, Burner
from runtime.engine.systems.electricity import LEVELS, ONE, Power, Use
from runtime.engine.systems.ground import ItemOnGround, await_delivery, deliver, receiver
from runtime.engine.systems.labs import Lab
from runtime.engine.systems.lanes import SPACING, Chaser, Lane, Picker

# What an inserter is about. FETCH: to the pickup point, or waiting there. CHASE: after an item on a belt.
# CARRY: to the drop point. HOLD: there, for room. REFUEL: to its own fuel slot.
FETCH: Final = 0
CHASE: Final = 1
CARRY: Final = 2
HOLD: Final = 3
REFUEL: Final = 4

# Where the hand goes to fill the inserter's own fuel slot is its centre, with the arm turned like this: it explains
# both measured times (28 ticks from the pickup point, 37 from nine ticks into a swing).
OWN_SLOT_TURN: Final = 0.375
TURNS: Final = tuple([direction / 16 for direction in range(16)])  # the same objects for all arms
MOST_STEPS: Final = 512  # of a chase: an item crosses a belt in at most 37 ticks, unless it stands
BUFFER: Final = 2560.0  # what a burner inserter keeps ready, joules (measured)
CONTAINERS = frozenset({"container", "logistic-container", "infinity-container", "linked-container"})
FOUND_AGAIN = (
    "arm",
    "came",
    "drop_belt",
    "drop_entity",
    "drop_lane",
    "pickup_belt",
    "pickup_entity",
)
NOTHING: frozenset[str] = frozenset()


@cache
def only(name: str) -> frozenset[str]:
    """A set of one; the same object whenever it is asked for."""
    return frozenset([name])


class Window(Picker):
    """What an inserter can reach of a lane: from `low` up to `high`, places of the lane; `base` is where its belt begins.

    `chases` are those that are known to arms like its own beside a belt like this, as `key` has it.
    """

    __slots__ = ("base", "chases", "high", "key", "lane", "low", "number")

    def __init__(self, inserter: Inserter, belt: TransportBelt, number: int) -> None:
        self.low, self.high = belt.reach(number)
        super().__init__(inserter, self.high)
        self.number = number
        self.lane = belt.lanes[number]
        self.base = belt.offsets[number] + belt.hidden
        self.key = (
            belt.x - inserter.x, belt.y - inserter.y, belt.direction, belt.lengths[0] - belt.lengths[1], number,
            self.low - self.base, self.lane.speed,
        )  # fmt: skip
        self.chases: Chases | None = None  # once asked

    def __getstate__(self) -> dict[str, Any]:
        return {**attributes(self), "chases": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


class Arm(Chaser):
    """What an inserter needs at nearly each of its events.

    A class of its own, because Python lays out the slots of a class by name: so these lie together in memory.
    """

    __slots__ = (
        "arm", "awaiting", "awaits", "began", "burner", "came", "catches", "drop_belt", "drop_entity", "drop_turn",
        "goal", "granted", "held", "held_count", "lane", "lane_number", "length", "level", "open_ended", "paid", "path",
        "path_level", "pickup_belt", "pickup_turn", "planned", "resolved", "starved", "steps", "turn", "unwanted", "use",
        "use_filters", "windows",
    )  # fmt: skip


class Inserter(Arm):
    """An inserter. Its arm makes the first `steps` steps of `path` from the tick after `began`, then rests.

    `direction` points at the side it picks up from. `held` is what is in the hand, `lane` and `at` (an index) the
    item of a belt that it chases. `starved`: it would move, but has no energy.
    """

    __slots__ = (
        "again", "blacklist", "buffer", "capacity", "drop_entry", "drop_lane", "filters", "last_step", "override",
        "pickup_entity", "power", "second_lane_first", "stopped",
    )  # fmt: skip
    rotatable = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.burner = Burner(self) if self.proto.burner else None
        self.power = Power(self) if self.proto.electric else None
        self.use: Use | None = None  # of the network that it is in
        self.level = 0 if self.power is not None else LEVELS  # of speed; 0: it has no power
        self.arm: ArmType = arm_type(self.proto, 1.0)
        self.capacity = 1  # how many items the hand takes at a time
        self.buffer = 0.0
        self._face()
        self.turn = self.pickup_turn
        self.length = self.arm.start
        self.path: Path = NO_PATH
        self.came: Path = NO_PATH  # that at whose end the arm rests, if it rests there
        self.path_level = self.level  # the speed at which the path was planned
        self.steps = 0  # how many of the path's steps are to be made
        self.began = 0
        self.paid = 0.0  # joules of the path's energy that have been drawn already, from fuel
        self.granted = 0  # energy units that the network owes to it for the path
        self.goal = FETCH
        self.awaiting = False  # it is among the pickers of lanes of `pickup_belt`
        self.starved = False
        self.stopped = False  # `active` as last acted on, negated
        self.held: str | None = None
        self.held_count = 0
        self.filters: dict[int, str] = {}
        self.use_filters = False
        self.blacklist = False  # filters name what it leaves alone, and not what it takes
        self.override = 0  # how many items a script lets the hand take; 0: no limit
        self.lane: Lane | None = None
        self.lane_number = 0
        self.at = -1
        self.catches = False  # the path ends at the chased item, as far as is known
        self.planned = 0  # where the chased item will be at the path's end
        self.unwanted: str | None = None  # what it has just refused to take from a belt
        self.last_step = 0.0  # joules that the last move's last tick took
        self._forget()

    def _face(self) -> None:
        self.pickup_turn = TURNS[self.direction % 16]
        self.drop_turn = TURNS[(self.direction + 8) % 16]

    def _forget(self) -> None:
        """Know nothing of what is around it."""
        self.resolved = False
        self.again = False  # it knew before it was saved
        self.pickup_entity: Entity | None = None
        self.pickup_belt: TransportBelt | None = None
        self.drop_entity: Entity | None = None
        self.drop_belt: TransportBelt | None = None
        self.awaits = False  # it is among the watchers of `drop_entity`, or was
        self.open_ended = False  # nothing but room limits what may be brought
        self.second_lane_first = False
        # Onto the lanes of `pickup_belt`, once asked; the one that comes first is first.
        self.windows: tuple[Window, ...] = ()
        self.drop_lane: Lane | None = None
        self.drop_entry = 0

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        # Found again when needed: a chain of machines that hand on to each other would be saved by recursion.
        for name in FOUND_AGAIN:
            del state[name]
        state["again"] = self.resolved or self.again
        state["resolved"] = False
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._forget()
        self.windows = state["windows"]
        self.again = state["again"]
        self.came = NO_PATH
        self.arm = arm_type(self.proto, (self.level or LEVELS) / LEVELS)

    # --- its life ----------------------------------------------------------------------------------------------

    def built(self) -> None:
        if self.burner is not None:
            self.burner.since = self.world.tick
            self.burner.inventory.changed = self._fuelled
        self._watch(True)
        self.bonus_changed("")
        self.world.schedule(self, self.world.tick + 1, PICK)

    def removed(self) -> None:
        self._halt(self.world.tick)
        self._watch(False)
        self._leave()

    def rotate_to(self, direction: int) -> None:
        tick = self.world.tick
        self._halt(tick)
        self._watch(False)
        self._leave()
        super().rotate_to(direction)
        self._face()
        self._watch(True)
        self.goal = CARRY if self.held is not None else FETCH
        self.world.schedule(self, tick + 1, PICK)

    def _leave(self) -> None:
        """Have nothing to do with what is around it any more."""
        self._stop_chasing()
        self._stop_waiting()
        self._forget_targets()

    def _watch(self, on: bool) -> None:
        surface = self.world.surface
        for x, y in (self.pickup_position(), self.drop_position()):
            if on:
                surface.watch_tile(math.floor(x), math.floor(y), self)
            else:
                surface.unwatch_tile(math.floor(x), math.floor(y), self)

    def surroundings_changed(self, cell: tuple[int, int]) -> None:
        self._stop_waiting()
        self._forget_targets()
        self.wake(self.world.tick + 1)

    def _switch(self) -> None:
        """`active` was set: stop where it is, or go on."""
        self.stopped = not self.active
        if self.active:
            self.world.schedule(self, self.world.tick + 1, PICK)
        else:
            self._halt(self.world.tick)
            self._stop_chasing()
            self._stop_waiting()
            self.goal = CARRY if self.held is not None else FETCH
            self.world.cancel(self)

    # --- where it works ----------------------------------------------------------------------------------------

    def pickup_position(self) -> tuple[float, float]:
        """The point it picks up from."""
        x, y = self.proto.raw["pickup_position"]
        dx, dy = turned_point(fixed(x), fixed(y), self.direction)
        return (self.x + dx, self.y + dy)

    def drop_position(self) -> tuple[float, float]:
        """The point where it drops, with the game's 1/256 truncation."""
        x, y = self.proto.raw["insert_position"]
        dx, dy = turned_point(fixed(x), fixed(y), self.direction)
        return (self.x + dx, self.y + dy)

    @property
    def pickup_target(self) -> Entity | None:
        """The belt or machine it takes from."""
        self._resolve()
        return self.pickup_entity

    @property
    def drop_target(self) -> Entity | None:
        """The belt or machine it puts into."""
        self._resolve()
        return self.drop_entity

    def _resolve(self) -> None:
        if self.resolved:
            return
        self.resolved = True
        self.again = False
        source = self.pickup_entity = receiver(self.world, self, *self.pickup_position())
        target = self.drop_entity = receiver(self.world, self, *self.drop_position())
        if isinstance(source, Lab) and not isinstance(target, Lab):
            source = self.pickup_entity = None  # packs go on from lab to lab alone
        if isinstance(target, TransportBelt):
            self.drop_belt = target
        self.open_ended = target is None or self.drop_belt is not None or target.type in CONTAINERS
        if isinstance(source, TransportBelt):
            self.pickup_belt = source
            one, two = (math.dist(source.point(lane, 128), (self.x, self.y)) for lane in (1, 2))
            self.second_lane_first = two < one - 1e-9
        elif source is not None:
            source.watchers[self.unit_number] = self

    def _forget_targets(self) -> None:
        if self.again:
            self._resolve()
        if self.resolved:
            for entity in (self.pickup_entity, self.drop_entity):
                if entity is not None:
                    entity.watchers.pop(self.unit_number, None)
            for window in self.windows:
                window.lane.forget_picker(window)
            self._forget()

    def _look_out(self, belt: TransportBelt) -> None:
        """Find what it can reach of the belt that it takes from, the lane that comes first (the nearer) first."""
        # On a curve lane 1 comes first from wherever one picks (measured).
        second = self.second_lane_first and belt.lengths[0] == belt.lengths[1]
        one, two = Window(self, belt, 0), Window(self, belt, 1)
        self.windows = (two, one) if second else (one, two)

    # --- moving ------------------------------------------------------------------------------------------------

    def _move(self, tick: int, goal: int, path: Path) -> None:
        """Follow a path from the tick after `tick` on, as far as energy goes.

        The way to the pickup point ends without an event: who waits there is woken.
        """
        self.goal = goal
        self.path = path
        self.path_level = self.level
        self.began = tick
        steps = count = path.count
        use = self.use
        if use is not None and self.level:
            # At part speed the same energy is asked for more than once, and that part of it is supplied.
            level = self.level
            granted = self.granted = path.units if level == LEVELS else path.units * LEVELS // level
            use.owed += granted
            if not use.paying:
                use.network.pay(use)
        elif self.power is not None:
            steps = 0
        else:
            self.paid = 0.0
            if self.burner is None or path.energy > self.burner.remaining:
                steps = self._affordable(path)
        self.steps = steps
        if steps == 0:
            self.starved = True
            self.path = NO_PATH
            self.key = NEVER
            return
        self.starved = False
        if goal == FETCH and steps == count:
            self.key = NEVER
        else:
            self.world.schedule(self, tick + steps, DROP if goal == CARRY and steps == count else PICK)

    def _affordable(self, path: Path) -> int:
        """How many steps of a path can be made before the next fuel is lit or the fuel runs out."""
        burner = self.burner
        if burner is None:
            return 0
        limit = burner.remaining
        reserve = limit + self.buffer
        fuelled = not burner.inventory.is_empty()
        for steps, (_, _, spent) in enumerate(path.points, 1):
            if fuelled and spent > limit:
                return steps
            if not fuelled and spent > reserve:
                return steps - 1
        return path.count

    def _halt(self, tick: int) -> None:
        """Be where the path has led by the end of `tick`, and stay."""
        path = self.path
        steps = tick - self.began
        if steps > self.steps:
            steps = self.steps
        if steps == path.count:
            self._arrive(tick)
            return
        spent = 0.0
        if steps > 0:
            self.turn, self.length, spent = path.points[steps - 1]
            if self.burner is not None:
                self.last_step = spent - (path.points[steps - 2][2] if steps > 1 else 0.0)
                self._pay(spent - self.paid)
        if self.granted and self.use is not None:
            self.use.owed -= self.granted - int(self.granted * spent / path.energy)
        self.granted = 0
        self.path = self.came = NO_PATH
        self.steps = 0
        self.paid = 0.0
        self.began = tick

    def _arrive(self, tick: int) -> None:
        """Be at the end of the path, if there is one."""
        path = self.path
        if path.count:
            # What is known of the way on from a path's end is known for its speed.
            self.came = path if self.path_level == self.level else NO_PATH
            self.turn = path.turn
            self.length = path.length
            if self.burner is not None:
                self.last_step = path.energy - (path.points[-2][2] if path.count > 1 else 0.0)
                self._pay(path.energy - self.paid)
                self.paid = 0.0
            self.path = NO_PATH
            self.granted = 0
        self.steps = 0
        self.began = tick

    def settle(self) -> None:
        # Sums of energies are exact (`arm.QUANTUM`): paying in parts comes to the same.
        steps = min(self.world.tick - self.began, self.steps)
        if steps > 0 and self.burner is not None and self.path.count:
            spent = self.path.points[steps - 1][2]
            if spent != self.paid and spent - self.paid < self.burner.remaining:
                self._pay(spent - self.paid)
                self.paid = spent

    def _pay(self, energy: float) -> None:
        if self.burner is not None:
            self.buffer = self.buffer - energy + self.burner.draw(energy)

    def _fill_buffer(self) -> bool:
        """Top the buffer up; whether there was anything to do."""
        if self.burner is None or self.buffer >= BUFFER:
            return False
        self.buffer += self.burner.draw(BUFFER - self.buffer)
        return True

    def on_event(self, world: Any, tick: int) -> None:
        if not self.active:
            return
        use = self.use
        if use is not None:
            if use.network.level != self.level:
                self._set_speed()
        elif self.burner is not None:
            if self.buffer < BUFFER and not self.path.count:
                # A tick in which the buffer fills is not one in which the arm moves.
                if self.starved or self.buffer == 0.0:
                    self._fill_buffer()
                    self.starved = False
                    self._set_out(tick)
                    return
                self._fill_buffer()
            if tick == self.began + self.steps and self.steps < self.path.count:
                self._interrupted(tick)
                return
        goal = self.goal
        if goal == FETCH:
            if not self.resolved:
                self._resolve()
            belt = self.pickup_belt
            if belt is not None:
                self._seek_on(belt, tick)
            else:
                self._fetched(tick)
        elif goal == CHASE:
            self._chased(tick)
        elif goal == REFUEL:
            self._refuelled(tick)
        else:
            self._arrived(tick)

    def _set_speed(self) -> None:
        if self.power is not None:
            level = self.use.network.level if self.use is not None else 0
            if level != self.level:
                self.level = level
                self.came = NO_PATH
                self.arm = arm_type(self.proto, (level or LEVELS) / LEVELS)
                for window in self.windows:
                    window.chases = None

    def plug(self, network: Any) -> None:
        moving = self.path.count > 0 and self.world.tick < self.began + self.steps
        if moving:
            self._halt(self.world.tick)  # what it was granted is the old network's affair
        super().plug(network)
        if self.power is not None:
            self.use = self.power.use
        self._go_on(moving)

    def power_changed(self) -> None:
        """Go on at another speed, or stop, or start again; called after everything else in a tick."""
        self._go_on(self.path.count > 0 and self.world.tick < self.began + self.steps)

    def _go_on(self, moving: bool) -> None:
        self._set_speed()
        tick = self.world.tick
        if not self.active:
            return
        if self.starved or moving:
            self._halt(tick)
            self._stop_chasing()
            self._stop_waiting()
            if self.held is not None and self.goal != REFUEL:
                self.goal = CARRY
            elif self.held is None:
                self.goal = FETCH
            self.starved = False
            self._set_out(tick)

    def _set_out(self, tick: int) -> None:
        """From standing still with energy: go where the goal is, from the next tick on."""
        if self.goal == CARRY or self.goal == HOLD:
            self._carry(tick)
        elif self.goal == REFUEL:
            self._move(tick, REFUEL, self.arm.path(self.turn, self.length, OWN_SLOT_TURN, 0.0))
        else:
            self._seek(tick + 1)

    def _interrupted(self, tick: int) -> None:
        """A fuel item was lit on the way, or the energy is gone."""
        self._halt(tick)
        burner = self.burner
        chasing = self.goal == CHASE and self.at >= 0
        if not chasing:
            self._stop_chasing()
        if burner is not None and burner.remaining <= 0 and burner.inventory.is_empty():
            self.starved = True
            self._stop_chasing()
            if self.goal == CHASE:
                self.goal = FETCH
            self.world.cancel(self)
        elif self.held is not None and self._hungry() and burner is not None and burner.accepts(self.held):
            self._move(tick, REFUEL, self.arm.path(self.turn, self.length, OWN_SLOT_TURN, 0.0))
        elif chasing:
            self._chase_on(tick + 1)
        else:
            self._set_out(tick)

    # --- taking ------------------------------------------------------------------------------------------------

    def _hungry(self) -> bool:
        return self.burner is not None and self.burner.inventory.is_empty()

    def bonus_changed(self, kind: str) -> None:
        raw, force = self.proto.raw, self.force
        bonus = raw.get("stack_size_bonus", 0)
        if raw.get("bulk"):
            bonus += force.bulk_inserter_capacity_bonus
        elif raw.get("uses_inserter_stack_size_bonus", True):
            bonus += force.inserter_stack_size_bonus
        self.capacity = 1 + int(bonus)
        if self.override:
            self.capacity = min(self.capacity, self.override)

    def set_override(self, most: int) -> None:
        """Have the hand take `most` items at a time if it could take more; 0: as many as it can."""
        self.override = most
        self.bonus_changed("")

    def _wants(self, name: str) -> bool:
        """Whether to take an item now; if the target is why not, it will tell when that changes."""
        if self.held is not None and self.held != name:
            return False
        if self.use_filters and self.filters and (name in self.filters.values()) == self.blacklist:
            return False
        if self.open_ended:
            return True
        target = self.drop_entity
        if target is None or target.takes(name):
            return True
        if self.burner is not None and self._hungry() and self.burner.accepts(name):
            return True
        target.watchers[self.unit_number] = self
        self.awaits = True
        return False

    def _fetched(self, tick: int) -> None:
        """Woken at the pickup point, which is not on a belt, or on the way there: there may be something to take."""
        if self.path.count:
            end = self.began + self.steps
            if tick < end:
                self.world.schedule(self, end, PICK)
                return
            self._arrive(tick)
        if self.turn != self.pickup_turn or self.length != self.arm.pickup_length:
            self._seek(tick)
            return
        name = self._take()
        if name is not None:
            self._took(name, tick)

    def _piles(self) -> list[Entity]:
        x, y = self.pickup_position()
        there = self.world.surface.on_tile(math.floor(x), math.floor(y))
        return [e for e in there if isinstance(e, ItemOnGround)]

    def _offered(self) -> bool:
        """Whether what it takes from has anything at all."""
        source = self.pickup_entity
        if source is not None:
            return source.first() is not None or (self.burner is not None and self._hungry())
        return bool(self._piles()) or self._hungry()

    def _take(self) -> str | None:
        """Take what is wanted from a machine, or from the ground; the item, which is then in the hand."""
        source = self.pickup_entity
        if source is not None and self.open_ended and not self.use_filters and self.held is None:
            name = source.first()
            if name is not None:
                self.held_count = source.take(name, self.capacity)
                return name
        for entity in (source,) if source is not None else self._piles():
            for name in entity.offer():
                if self._wants(name):
                    self.held_count = entity.take(name, self.capacity)
                    if self.held_count:
                        return name
        if source is not None and self._hungry():
            return self._leech(source)
        return None

    def _leech(self, source: Entity) -> str | None:
        """Burner inserters without fuel take some from the fuel of what they empty."""
        assert self.burner is not None
        fuel = source.inventories().get(FUEL) if getattr(source, "burner", None) is not None else None
        if fuel is not None:
            for name in fuel.contents():
                if self.burner.accepts(name):
                    self.held_count = fuel.remove(name, 1)
                    return name
        return None

    def _took(self, name: str, tick: int) -> None:
        self.held = name
        if self.awaits and self.drop_entity is not None:
            self.drop_entity.watchers.pop(self.unit_number, None)
            self.awaits = False
        burner = self.burner
        if burner is not None and self._hungry() and burner.accepts(name):
            self._move(tick, REFUEL, self.arm.path(self.turn, self.length, OWN_SLOT_TURN, 0.0))
        else:
            self._carry(tick)

    def _carry(self, tick: int) -> None:
        to_turn, to_length = self.drop_turn, self.arm.drop_length
        path = self.came.onward
        if path is None or path.turn != to_turn or path.length != to_length:
            # South-facing inserters swing out through the east, unlike what their half turn would make of it (measured).
            turn = self.turn - 1e-9 if self.turn == 0.5 and self.direction == 8 else self.turn
            path = self.arm.path(turn, self.length, to_turn, to_length)
            if self.came is not NO_PATH:
                self.came.onward = path
        self._move(tick, CARRY, path)

    def _seek(self, tick: int) -> None:
        """With an empty hand, choose what to go for; the first step is made in `tick`."""
        if not self.resolved:
            self._resolve()
        self.goal = FETCH
        belt = self.pickup_belt
        if belt is not None:
            self._seek_on(belt, tick)
            return
        if self.turn != self.pickup_turn or self.length != self.arm.pickup_length:
            self._move(tick - 1, FETCH, self._way_back())
        if not self.starved and self.key == NEVER and self._offered():
            self.world.schedule(self, max(tick, self.began + self.steps), PICK)

    def _way_back(self) -> Path:
        to_turn, to_length = self.pickup_turn, self.arm.pickup_length
        path = self.came.onward
        if path is None or path.turn != to_turn or path.length != to_length:
            path = self.arm.path(self.turn, self.length, to_turn, to_length)
            if self.came is not NO_PATH:
                self.came.onward = path
        return path

    # --- from belts --------------------------------------------------------------------------------------------

    def _seek_on(self, belt: TransportBelt, tick: int) -> None:
        if self._choose(belt, tick):
            if self.awaiting:
                self._stop_waiting()
            budget = ENDLESS
            if self.burner is not None and self.began + self.steps < tick and self._at_rest():
                budget = self._first_budget(belt, tick)
            self._halt(tick - 1)
            self._chase(tick, budget)
            return
        path = self.path
        if not path.count and (self.turn != self.pickup_turn or self.length != self.arm.pickup_length):
            self._move(tick - 1, FETCH, self._way_back())
        elif self.steps < path.count:
            self.world.schedule(self, self.began + self.steps, PICK)
        if not self.starved:
            self._await_item(belt)

    def _first_budget(self, belt: TransportBelt, tick: int) -> float:
        """An inserter that slept by an empty line starts with what its last move left in the buffer (measured)."""
        since = [lane.since for lane in belt.lanes if lane.names]
        return BUFFER - self.last_step if since and min(since) >= tick - 1 else ENDLESS

    def _choose(self, belt: TransportBelt, tick: int) -> bool:
        """Pick out an item on the belt: nearer lane first, then the farthest upstream. Whether there is one."""
        anything = self.open_ended and self.held is None and not self.use_filters
        self.unwanted = None
        if not self.windows:
            self._look_out(belt)
        for window in self.windows:
            if window.vain:
                continue
            lane = window.lane
            if lane.gone:
                self._look_out(belt)
                return self._choose(belt, tick)
            names = lane.names
            if not names:
                continue
            index, place, _, _ = lane.below(window.high, lane.speed * tick)
            if place < window.low:
                continue
            index -= 1
            if not anything and not self._wants(names[index]):
                unwanted = self.unwanted = names[index]
                if not lane.mixed:
                    continue
                first = index + 1 - lane.between(window.low, window.high, tick)[1]
                index -= 1
                while index >= first and (names[index] == unwanted or not self._wants(names[index])):
                    unwanted = names[index]
                    index -= 1
                if index < first:
                    continue
                place = lane.place(index, tick)
            self.lane = lane
            self.lane_number = window.number
            self.at = index
            self.planned = place
            lane.add_chaser(self)
            return True
        return False

    def _chase(self, tick: int, budget: float) -> None:
        """Plan the way to the chosen item, which is at `planned` in `tick`, from then on, to where it is caught or gone."""
        lane = self.lane
        belt = self.pickup_belt
        assert lane is not None
        assert belt is not None
        if not self.windows:
            self._look_out(belt)
        window = self.windows[0 if self.windows[0].number == self.lane_number else 1]
        base = window.base
        end = window.low - base
        if lane.held and lane.held_back(self.at):
            # Some of its items stand for a while: not worth remembering.
            places = [lane.place(self.at, when) - base for when in range(tick, tick + MOST_STEPS)]
            path, caught = self._follow(belt, places, end, budget)
            when = tick + path.count - (1 if caught else 0)
            self.planned = lane.place(self.at, when)
        else:
            speed = lane.speed
            place = self.planned - base
            rest = SPACING * self.at - base
            stop = rest if rest >= end else end - 1
            chases = window.chases
            if chases is None:
                chases = window.chases = self.arm.chases_to(window.key)
            known = chases.get((self.turn, self.length, budget, place, stop))
            if known is None:
                places = [max(place - speed * k, stop) for k in range(MOST_STEPS)]
                if len(chases) >= MOST_REMEMBERED:
                    chases.clear()
                known = self._follow(belt, places, end, budget)
                chases[(self.turn, self.length, budget, place, stop)] = known
            path, caught = known
            when = tick + path.count - (1 if caught else 0)
            place -= speed * (when - tick)
            self.planned = base + (place if place > rest else rest)
        # A chase that fails ends with the tick in which the item is no longer there.
        self.catches = caught
        if path.count:
            self._move(tick - 1, CHASE, path)
        else:
            self.goal, self.path, self.steps, self.began = CHASE, path, 0, tick - 1
        if self.starved:
            self._stop_chasing()
            self.goal = FETCH
        elif not caught and self.steps == path.count:
            self.world.schedule(self, max(when, self.world.tick), PICK)

    def _chase_on(self, tick: int) -> None:
        """Go on after the chosen item, wherever it is by now."""
        if not self.resolved:  # something else on its tiles has changed meanwhile
            self._resolve()
        assert self.lane is not None
        self.planned = self.lane.place(self.at, tick)
        self._chase(tick, ENDLESS)

    def _follow(self, belt: TransportBelt, places: list[int], end: int, budget: float) -> Chase:
        """The arm's way after an item with these places on the belt tick by tick, and whether it catches it."""
        points: list[Point] = []
        turn, length, total = self.turn, self.length, 0.0
        for place in places:
            if place < end:
                break
            x, y = belt.point(self.lane_number + 1, place)
            to_turn, to_length = polar(x - self.x, y - self.y)
            turn, length, spent, there = self.arm.step(turn, length, to_turn, to_length, budget)
            budget = ENDLESS
            total += quantised(spent)
            points.append((turn, length, total))
            if there:
                return Path(points), True
        return Path(points) if points else NO_PATH, False

    def touched(self, tick: int) -> None:
        if self.goal != CHASE:
            return
        if self.at >= 0 and self.lane is not None and self.key != NEVER:
            end = self.key >> PHASE_BITS
            if self.lane.place(self.at, end) == self.planned:
                return
            self.catches = False
            if tick >= end:
                return
        self.world.schedule(self, tick, PICK)

    def _chased(self, tick: int) -> None:
        """The planned chase has come to its end, or the item's way has changed."""
        if not self.resolved:
            self._resolve()
        lane = self.lane
        belt = self.pickup_belt
        if self.at < 0 or lane is None or belt is None or lane.gone:
            self._lost(tick)
            return
        if self.catches and tick == self.began + self.path.count:
            self._arrive(tick)
            index = self.at
            self.at = -1
            self.lane = None
            lane.forget_chaser(self)
            name = lane.remove(index, tick, tick)
            self.held_count += 1
            if self.held_count < self.capacity:
                self.held = name
                if self._choose(belt, tick + 1):
                    self._chase(tick + 1, ENDLESS)
                    return
            self._took(name, tick)
        elif lane.place(self.at, tick) < belt.reach(self.lane_number)[0]:
            self._lost(tick)
        else:
            self._halt(tick - 1)
            self._chase_on(tick)

    def _lost(self, tick: int) -> None:
        """The chased item has left the belt or was taken by someone else."""
        self._halt(tick - 1)
        self._stop_chasing()
        self.goal = FETCH
        if self.held is not None:
            self._took(self.held, tick - 1)
            return
        dx, dy = offset(self.turn, self.length)
        px, py = self.pickup_position()
        if abs(self.x + dx - px) <= 0.5 and abs(self.y + dy - py) <= 0.5:
            # Over the belt it hesitates for one tick (measured).
            self.world.schedule(self, tick + 1, PICK)
        else:
            self._seek(tick)

    def _stop_chasing(self) -> None:
        if self.lane is not None:
            self.lane.forget_chaser(self)
            self.lane = None
        self.at = -1

    def _await_item(self, belt: TransportBelt) -> None:
        tick = self.world.tick
        anything = self.open_ended and self.held is None and not self.use_filters
        self.awaiting = True
        for window in self.windows:
            if window.vain:
                window.waits = True
                continue
            lane = window.lane
            ignored = NOTHING
            if not anything and lane.names:
                if not lane.mixed and lane.names[0] == self.unwanted:
                    ignored = only(self.unwanted)
                else:
                    ignored = frozenset([n for n in lane.kinds if not self._wants(n)])
            lane.wait_for_item(window, ignored, tick)

    def _stop_waiting(self) -> None:
        if self.awaiting:
            self.awaiting = False
            for window in self.windows:
                window.waits = False

    # --- putting -----------------------------------------------------------------------------------------------

    def _arrived(self, tick: int) -> None:
        """Over the drop point with something in the hand."""
        if not self.resolved:
            self._resolve()
        if self.path.count:
            self._arrive(tick)
        elif self.turn != self.drop_turn or self.length != self.arm.drop_length:
            self._carry(tick - 1)
            return
        held = self.held
        assert held is not None
        burner = self.burner
        if burner is not None and burner.inventory.is_empty() and burner.accepts(held):
            self._move(tick, REFUEL, self.arm.path(self.turn, self.length, OWN_SLOT_TURN, 0.0))
            return
        target = self.drop_entity
        belt = self.drop_belt
        if belt is not None:
            lane = self.drop_lane
            if lane is None or lane.gone:
                lane, self.drop_entry = self.world.belts.aim(belt, *self.drop_position())
                self.drop_lane = lane
            gone = 1 if lane.drop(self.drop_entry, held, tick) else 0
        elif target is None:
            gone = 1 if deliver(self.world, self, *self.drop_position(), held) else 0
        else:
            gone = target.insert(held, self.held_count)
            if gone < self.held_count:
                target.watchers[self.unit_number] = self
                self.awaits = True
            elif self.awaits:
                target.watchers.pop(self.unit_number, None)
                self.awaits = False
        self.held_count -= gone
        if self.held_count == 0:
            self.held = None
            self._seek(tick + 1)
            return
        self.goal = HOLD
        self.world.cancel(self)
        if target is None or belt is not None:
            if gone:
                self.world.schedule(self, tick + 1, DROP)
            else:
                await_delivery(self.world, self, *self.drop_position(), held)
                self.awaits = True

    def _refuelled(self, tick: int) -> None:
        """The hand is at its own fuel slot."""
        self._halt(tick)
        held = self.held
        burner = self.burner
        assert held is not None
        assert burner is not None
        self.held_count -= burner.inventory.insert(held, 1)
        if self.held_count:
            self._carry(tick)
            return
        self.held = None
        self._seek(tick + 1)

    def wake(self, tick: int) -> None:
        if self.active == self.stopped:
            self._switch()
        if self.starved or not self.active:
            return
        goal = self.goal
        if goal == FETCH:
            if self.again:
                self._resolve()
            if self.resolved and self.pickup_belt is None:
                if not self._offered():
                    return  # whatever has changed, it is not worth getting up for
                end = self.began + self.steps
                if tick < end:
                    tick = end
            if self.key == NEVER or tick < self.key >> PHASE_BITS:
                self.world.schedule(self, tick, PICK)
        elif goal == HOLD and (self.key == NEVER or tick < self.key >> PHASE_BITS):
            self.world.schedule(self, tick, DROP)

    def _fuelled(self) -> None:
        self.changed()
        if self.starved:
            self.world.schedule(self, self.world.tick + 1, PICK)
        else:
            self.wake(self.world.tick + 1)

    # --- items -------------------------------------------------------------------------------------------------

    def inventories(self) -> dict[int, Inventory]:
        if self.burner is None:
            return {}
        return {FUEL: self.burner.inventory, BURNT_RESULT: self.burner.burnt}

    def insertable(self, name: str) -> int:
        return self.burner.inventory.room(name) if self.burner is not None else 0

    def insert(self, name: str, count: int) -> int:
        return self.burner.inventory.insert(name, count) if self.burner is not None else 0

    def takes(self, name: str) -> bool:
        return self.burner is not None and self.burner.takes(name)

    def mined_items(self) -> list[tuple[str, int]]:
        held = [(self.held, self.held_count)] if self.held is not None else []
        return super().mined_items() + held

    # --- what it says of itself --------------------------------------------------------------------------------

    def hand_position(self) -> tuple[float, float]:
        """Where the hand is now, for drawing."""
        turn, length = self.turn, self.length
        steps = min(self.world.tick - self.began, self.steps)
        if steps > 0:
            turn, length, _ = self.path.points[steps - 1]
        dx, dy = offset(turn, length)
        return (self.x + dx, self.y + dy)

    def _at_rest(self) -> bool:
        turn, length = self.turn, self.length
        if self.steps > 0:
            turn, length, _ = self.path.points[self.steps - 1]
        return turn == self.pickup_turn and length == self.arm.pickup_length

    def status(self) -> str | None:
        if not self.active:
            return "disabled_by_script"
        if self.power is not None and self.power.satisfaction != ONE:
            return self.power.status()
        if self.starved:
            return "no_fuel" if self.burner is not None else "no_power"
        if self.goal == FETCH and self.world.tick >= self.began + self.steps and self._at_rest():
            return "waiting_for_source_items"
        return "waiting_for_space_in_destination" if self.goal == HOLD else "working"

    def more_state(self) -> list[Any]:
        self.settle()
        return [self.goal, self.held, self.held_count, self.turn, self.length, self.began, self.steps, self.buffer,
                self.starved, self.at, self.path.points[-1:], self.granted, self.use_filters,
                self.blacklist, self.override,
                sorted(self.filters.items()), self.burner.state() if self.burner is not None else None,
                self.power.state() if self.power is not None else None]  # fmt: skip
