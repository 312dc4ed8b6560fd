"""Inserters: they take an item here and put it down there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from runtime.engine.entity import DROP, NEVER, PICK, Entity, entity_class, turned_point
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import fixed
from runtime.engine.systems.arm import ArmType, Path, arm_type, offset, polar, quantised
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.burners import BURNT_RESULT, FUEL, Burner
from runtime.engine.systems.electricity import LEVELS, ONE, Power, level_of
from runtime.engine.systems.ground import ItemOnGround, await_delivery, deliver, receiver
from runtime.engine.systems.lanes import SPACING, Chaser, Lane

# What an inserter is about. FETCH: to the pickup point, or waiting there. CHASE: after an item on a belt.
# CARRY: to the drop point. HOLD: there, for room. REFUEL: to its own fuel slot.
FETCH, CHASE, CARRY, HOLD, REFUEL = range(5)

TICK_SHIFT = 22  # of the key of a pending event (`World.schedule`)
# Where the hand goes to fill the inserter's own fuel slot is its centre, with the arm turned like this: it explains
# both measured times (28 ticks from the pickup point, 37 from nine ticks into a swing).
OWN_SLOT_TURN = 0.375
MOST_STEPS = 512  # of a chase: an item crosses a belt in at most 37 ticks, unless it stands
BUFFER = 2560.0  # what a burner inserter keeps ready, joules (measured)
CONTAINERS = frozenset({"container", "logistic-container", "infinity-container", "linked-container"})


@entity_class("inserter")
class Inserter(Chaser):
    """An inserter. Its arm makes the first `steps` steps of `path` from the tick after `began`, then rests.

    `direction` points at the side it picks up from. `held` is what is in the hand, `lane` and `at` (an index) the
    item of a belt that it chases. `starved`: it would move, but has no energy.
    """

    __slots__ = (
        "arm", "began", "buffer", "burner", "drop_entity", "filters", "goal", "held", "held_count", "lane",
        "lane_number", "last_step", "length", "paid", "path", "pickup_entity", "planned", "power", "resolved",
        "second_lane_first", "starved", "steps", "stopped", "turn", "use_filters",
    )  # fmt: skip
    rotatable = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arm: ArmType = arm_type(self.proto)
        self.burner = Burner(self) if self.proto.burner else None
        self.power = Power(self) if self.proto.electric else None
        self.buffer = 0.0
        self.turn = (self.direction % 16) / 16
        self.length = self.arm.start
        self.path: Path = []
        self.steps = 0  # how many of the path's steps are to be made
        self.began = 0
        self.paid = 0.0  # joules of the path's energy that have been drawn already
        self.second_lane_first = False
        self.goal = FETCH
        self.starved = False
        self.stopped = False  # `active` as last acted on, negated
        self.held: str | None = None
        self.held_count = 0
        self.filters: dict[int, str] = {}
        self.use_filters = False
        self.lane: Lane | None = None
        self.lane_number = 0
        self.at = -1
        self.planned = 0  # where the chased item will be at the path's end
        self.last_step = 0.0  # joules that the last move's last tick took
        self.resolved = False
        self.pickup_entity: Entity | None = None
        self.drop_entity: Entity | None = None

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        # Found again when needed: a chain of machines that hand on to each other would be saved by recursion.
        state.update(arm=None, resolved=False, pickup_entity=None, drop_entity=None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._set_speed()

    # --- its life ----------------------------------------------------------------------------------------------

    def built(self) -> None:
        if self.burner is not None:
            self.burner.since = self.world.tick
            self.burner.inventory.changed = self._fuelled
        self._watch(True)
        self.world.schedule(self, self.world.tick + 1, PICK)

    def removed(self) -> None:
        self._watch(False)
        self._stop_chasing()
        self._stop_waiting(self.pickup_target)
        self._forget_targets()

    def rotate_to(self, direction: int) -> None:
        tick = self.world.tick
        self._halt(tick)
        self._watch(False)
        self._stop_chasing()
        self._stop_waiting(self.pickup_target)
        self._forget_targets()
        super().rotate_to(direction)
        self._watch(True)
        self.goal = CARRY if self.held is not None else FETCH
        self.world.schedule(self, tick + 1, PICK)

    def _watch(self, on: bool) -> None:
        surface = self.world.surface
        for x, y in (self.pickup_position(), self.drop_position()):
            if on:
                surface.watch_tile(math.floor(x), math.floor(y), self)
            else:
                surface.unwatch_tile(math.floor(x), math.floor(y), self)

    def surroundings_changed(self, cell: tuple[int, int]) -> None:
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
            self._stop_waiting(self.pickup_target)
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
        if not self.resolved:
            self.resolved = True
            self.pickup_entity = receiver(self.world, self, *self.pickup_position())
            self.drop_entity = receiver(self.world, self, *self.drop_position())
            source = self.pickup_entity
            if isinstance(source, TransportBelt):
                one, two = (math.dist(source.point(lane, 128), (self.x, self.y)) for lane in (1, 2))
                self.second_lane_first = two < one - 1e-9
            elif source is not None:
                source.watchers[self.unit_number] = self

    def _forget_targets(self) -> None:
        if self.resolved:
            self._stop_waiting(self.pickup_entity)
            for entity in (self.pickup_entity, self.drop_entity):
                if entity is not None:
                    entity.watchers.pop(self.unit_number, None)
            self.resolved = False
            self.pickup_entity = self.drop_entity = None

    @property
    def _pickup_turn(self) -> float:
        return (self.direction % 16) / 16

    @property
    def _drop_turn(self) -> float:
        return (self.direction + 8) % 16 / 16

    # --- moving ------------------------------------------------------------------------------------------------

    def _move(self, tick: int, goal: int, path: Path) -> None:
        """Follow a path from the tick after `tick` on, as far as energy goes.

        The way to the pickup point ends without an event: who waits there is woken.
        """
        self.goal = goal
        self.path = path
        self.paid = 0.0
        self.began = tick
        self.starved = False
        self.steps = (
            len(path)
            if self.burner is not None and path[-1][2] <= self.burner.remaining
            else self._affordable(path)
        )
        if self.steps == 0:
            self.starved = True
            self.path = []
            self.world.cancel(self)
            return
        if self.power is not None:
            # At part speed the same energy is spread over more ticks, of each of which only that part is supplied.
            energy = path[-1][2] * LEVELS / level_of(self.power.satisfaction)
            self.power.charge(energy, len(path))
        if self.steps < len(path):
            self.world.schedule(self, tick + self.steps, PICK)
        elif goal == FETCH:
            self.world.cancel(self)
        else:
            self.world.schedule(self, tick + self.steps, DROP if goal == CARRY else PICK)

    def _affordable(self, path: Path) -> int:
        """How many steps of a path can be made before the next fuel is lit or energy runs out."""
        burner = self.burner
        if burner is None:
            return len(path) if self.power is not None and self.power.satisfaction else 0
        limit = burner.remaining
        reserve = limit + self.buffer
        fuelled = not burner.inventory.is_empty()
        for steps, (_, _, spent) in enumerate(path, 1):
            if fuelled and spent > limit:
                return steps
            if not fuelled and spent > reserve:
                return steps - 1
        return len(path)

    def _halt(self, tick: int) -> None:
        """Be where the path has led by the end of `tick`, and stay."""
        steps = min(tick - self.began, self.steps)
        path = self.path
        if steps > 0 and path:
            self.turn, self.length, spent = path[steps - 1]
            self.last_step = spent - (path[steps - 2][2] if steps > 1 else 0.0)
            self._pay(spent - self.paid)
        if self.power is not None and path and steps < len(path):
            self.power.charge(0.0, 0)
        self.path = []
        self.steps = 0
        self.paid = 0.0
        self.began = tick

    def settle(self) -> None:
        # Sums of energies are exact (`arm.QUANTUM`): paying in parts comes to the same.
        steps = min(self.world.tick - self.began, self.steps)
        if steps > 0 and self.path:
            spent = self.path[steps - 1][2]
            if spent != self.paid and (self.burner is None or spent - self.paid < self.burner.remaining):
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
        if self.power is not None:
            self._set_speed()
        if self.burner is not None and self.buffer < BUFFER and not self.path:
            # A tick in which the buffer fills is not one in which the arm moves.
            if self.starved or self.buffer == 0.0:
                self._fill_buffer()
                self.starved = False
                self._set_out(tick)
                return
            self._fill_buffer()
        if self.path and tick == self.began + self.steps and self.steps < len(self.path):
            self._interrupted(tick)
        elif self.goal == CHASE:
            self._chased(tick)
        elif self.goal == FETCH:
            self._fetched(tick)
        elif self.goal == REFUEL:
            self._refuelled(tick)
        else:
            self._arrived(tick)

    def _set_speed(self) -> None:
        satisfaction = self.power.satisfaction if self.power is not None else ONE
        self.arm = arm_type(self.proto, (level_of(satisfaction) or LEVELS) / LEVELS)

    def plug(self, network: Any) -> None:
        super().plug(network)
        self.power_changed()

    def power_changed(self) -> None:
        """Go on at another speed, or stop, or start again; called after everything else in a tick."""
        self._set_speed()
        tick = self.world.tick
        if not self.active:
            return
        if not self.resolved:
            if self.starved:
                self.starved = False
                self.world.schedule(self, tick + 1, PICK)
            return
        if self.starved or (self.path and tick < self.began + self.steps):
            self._halt(tick)
            self._stop_chasing()
            self._stop_waiting(self.pickup_entity)
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
            self._chase(tick + 1)
        else:
            self._set_out(tick)

    # --- taking ------------------------------------------------------------------------------------------------

    def _hungry(self) -> bool:
        return self.burner is not None and self.burner.inventory.is_empty()

    @property
    def capacity(self) -> int:
        """How many items the hand takes at a time."""
        if self.proto.raw.get("bulk"):
            return 1 + int(self.force.bulk_inserter_capacity_bonus)
        return 1 + int(self.force.inserter_stack_size_bonus)

    def _wants(self, name: str) -> bool:
        if self.held is not None and self.held != name:
            return False
        if self.use_filters and self.filters and name not in self.filters.values():
            return False
        target = self.drop_entity
        if target is None or target.type in CONTAINERS or target.takes(name):
            return True
        if self._hungry() and self.burner is not None and self.burner.accepts(name):
            return True
        target.watchers[self.unit_number] = self
        return False

    def _fetched(self, tick: int) -> None:
        """Woken at the pickup point or on the way there: there may be something to take."""
        self._resolve()
        source = self.pickup_entity
        if isinstance(source, TransportBelt):
            self._seek(tick)
            return
        if self.path:
            end = self.began + self.steps
            if tick < end:
                self.world.schedule(self, end, PICK)
                return
            self._halt(tick)
        if not self._at_pickup():
            self._seek(tick)
            return
        name = self._take()
        if name is not None:
            self._took(name, tick)

    def _sources(self) -> Iterable[Entity]:
        if self.pickup_entity is not None:
            return (self.pickup_entity,)
        x, y = self.pickup_position()
        there = self.world.surface.on_tile(math.floor(x), math.floor(y))
        return [e for e in there if isinstance(e, ItemOnGround)]

    def _offered(self) -> bool:
        """Whether what it takes from has anything that it wants."""
        if any(self._wants(name) for entity in self._sources() for name in entity.offer()):
            return True
        return self._hungry()

    def _take(self) -> str | None:
        """Take what is wanted from a machine, or from the ground; the item, which is then in the hand."""
        for entity in self._sources():
            for name in entity.offer():
                if self._wants(name):
                    self.held_count = entity.take(name, self.capacity)
                    if self.held_count:
                        return name
        if self.pickup_entity is not None and self._hungry():
            return self._leech(self.pickup_entity)
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
        if self.drop_entity is not None:
            self.drop_entity.watchers.pop(self.unit_number, None)
        if self._hungry() and self.burner is not None and self.burner.accepts(name):
            self._move(tick, REFUEL, self.arm.path(self.turn, self.length, OWN_SLOT_TURN, 0.0))
        else:
            self._carry(tick)

    def _carry(self, tick: int) -> None:
        # South-facing inserters swing out through the east, unlike what their half turn would make of it (measured).
        turn = self.turn - 1e-9 if self.turn == 0.5 and self.direction == 8 else self.turn
        self._move(tick, CARRY, self.arm.path(turn, self.length, self._drop_turn, self.arm.drop_length))

    # --- from belts --------------------------------------------------------------------------------------------

    def _at_pickup(self) -> bool:
        return self.turn == self._pickup_turn and self.length == self.arm.pickup_length

    def _seek(self, tick: int) -> None:
        """With an empty hand, choose what to go for; the first step is made in `tick`."""
        self._resolve()
        source = self.pickup_entity
        self.goal = FETCH
        if isinstance(source, TransportBelt):
            if self._choose(source, tick):
                self._stop_waiting(source)
                slept = self.began + self.steps < tick and self._at_rest()
                self._halt(tick - 1)
                self._chase(tick, self._first_budget(source, tick) if slept else math.inf)
                return
            if not self.path and not self._at_pickup():
                self._move(tick - 1, FETCH, self._way_back())
            elif self.steps < len(self.path):
                self.world.schedule(self, self.began + self.steps, PICK)
            if not self.starved:
                self._await_item(source)
            return
        if not self._at_pickup():
            self._move(tick - 1, FETCH, self._way_back())
        if not self.starved and self.key == NEVER and self._offered():
            self.world.schedule(self, max(tick, self.began + self.steps), PICK)

    def _way_back(self) -> Path:
        return self.arm.path(self.turn, self.length, self._pickup_turn, self.arm.pickup_length)

    def _first_budget(self, belt: TransportBelt, tick: int) -> float:
        """An inserter that slept by an empty line starts with what its last move left in the buffer (measured)."""
        if self.burner is None:
            return math.inf
        since = [lane.since for lane in belt.lanes if lane.names]
        return BUFFER - self.last_step if since and min(since) >= tick - 1 else math.inf

    def _choose(self, belt: TransportBelt, tick: int) -> bool:
        """Pick out an item on the belt: nearer lane first, then the farthest upstream. Whether there is one."""
        for number in self._lanes_in_order(belt):
            lane = belt.lanes[number]
            low, high = belt.reach(number)
            first, count = lane.between(low, high, tick)
            for index in range(first + count - 1, first - 1, -1):
                if self._wants(lane.names[index]):
                    self.lane = lane
                    self.lane_number = number
                    self.at = index
                    lane.chasers[self.unit_number] = self
                    return True
        return False

    def _lanes_in_order(self, belt: TransportBelt) -> tuple[int, int]:
        # On a curve lane 1 comes first from wherever one picks (measured).
        return (1, 0) if self.second_lane_first and belt.lengths[0] == belt.lengths[1] else (0, 1)

    def _chase(self, tick: int, budget: float = math.inf) -> None:
        """Plan the way to the chosen item from `tick` on, to where it is caught or leaves the belt."""
        lane = self.lane
        belt = self.pickup_entity
        assert lane is not None
        assert isinstance(belt, TransportBelt)
        low = belt.offsets[self.lane_number] + belt.hidden
        end = belt.reach(self.lane_number)[0] - low
        if lane.held:
            # Some of its items stand for a while: not worth remembering.
            places = [lane.place(self.at, when) - low for when in range(tick, tick + MOST_STEPS)]
            path, caught = self._follow(belt, places, end, budget)
        else:
            place = lane.place(self.at, tick) - low
            stop = max(SPACING * self.at - low, end - 1)
            key = (self.turn, self.length, budget, belt.x - self.x, belt.y - self.y, belt.direction,
                   belt.lengths[0] - belt.lengths[1], self.lane_number, place, stop, end, lane.speed)  # fmt: skip
            known = self.arm.chases.get(key)
            if known is None:
                places = [max(place - lane.speed * k, stop) for k in range(MOST_STEPS)]
                known = self.arm.remember(key, self._follow(belt, places, end, budget))
            path, caught = known
        # A chase that fails ends with the tick in which the item is no longer there.
        when = tick + len(path) - (1 if caught else 0)
        self.planned = lane.place(self.at, when)
        if path:
            self._move(tick - 1, CHASE, path)
        else:
            self.goal, self.path, self.steps, self.began = CHASE, path, 0, tick - 1
        if self.starved:
            self._stop_chasing()
            self.goal = FETCH
        elif self.steps == len(path):
            self.world.schedule(self, max(when, self.world.tick), PICK)

    def _follow(self, belt: TransportBelt, places: list[int], end: int, budget: float) -> tuple[Path, bool]:
        """The arm's way after an item with these places on the belt tick by tick, and whether it catches it."""
        path: Path = []
        turn, length, total = self.turn, self.length, 0.0
        for place in places:
            if place < end:
                break
            x, y = belt.point(self.lane_number + 1, place)
            to_turn, to_length = polar(x - self.x, y - self.y)
            turn, length, spent, there = self.arm.step(turn, length, to_turn, to_length, budget)
            budget = math.inf
            total += quantised(spent)
            path.append((turn, length, total))
            if there:
                return path, True
        return path, False

    def touched(self, tick: int) -> None:
        if self.goal != CHASE:
            return
        end = self.key >> TICK_SHIFT
        if (
            self.at >= 0
            and self.lane is not None
            and self.key != NEVER
            and self.lane.place(self.at, end) == self.planned
        ):
            return
        if self.key == NEVER or tick < end:
            self.world.schedule(self, tick, PICK)

    def _chased(self, tick: int) -> None:
        """The planned chase has come to its end, or the item's way has changed."""
        lane = self.lane
        belt = self.pickup_entity
        if self.at < 0 or lane is None or not self.resolved or not isinstance(belt, TransportBelt):
            self._lost(tick)
            return
        caught = bool(self.path) and tick == self.began + len(self.path) == self.began + self.steps
        place = lane.place(self.at, tick)
        low = belt.reach(self.lane_number)[0]
        if caught and place == self.planned:
            self._halt(tick)
            index = self.at
            self._stop_chasing()
            name = lane.remove(index, tick, tick)
            self.held_count += 1
            self._caught(name, tick)
        elif place < low:
            self._lost(tick)
        else:
            self._halt(tick - 1)
            self._chase(tick)

    def _caught(self, name: str, tick: int) -> None:
        self.held = name
        belt = self.pickup_entity
        if (
            self.held_count < self.capacity
            and isinstance(belt, TransportBelt)
            and self._choose(belt, tick + 1)
        ):
            self._chase(tick + 1)
        else:
            self._took(name, tick)

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
            self.lane.chasers.pop(self.unit_number, None)
            self.lane = None
        self.at = -1

    def _await_item(self, belt: TransportBelt) -> None:
        for number in (0, 1):
            lane = belt.lanes[number]
            ignored = frozenset(n for n in sorted(set(lane.names)) if not self._wants(n))
            place = belt.reach(number)[1]
            lane.wait_for_item(place, ignored, self, self.world.tick)

    def _stop_waiting(self, belt: Entity | None) -> None:
        if isinstance(belt, TransportBelt):
            for lane in belt.lanes:
                lane.pickers.pop(self.unit_number, None)

    # --- putting -----------------------------------------------------------------------------------------------

    def _arrived(self, tick: int) -> None:
        """Over the drop point with something in the hand."""
        self._resolve()
        if self.path:
            self._halt(tick)
        elif self.turn != self._drop_turn or self.length != self.arm.drop_length:
            self._carry(tick - 1)
            return
        held = self.held
        assert held is not None
        burner = self.burner
        if burner is not None and burner.inventory.is_empty() and burner.accepts(held):
            self._move(tick, REFUEL, self.arm.path(self.turn, self.length, OWN_SLOT_TURN, 0.0))
            return
        target = self.drop_entity
        x, y = self.drop_position()
        if target is None or isinstance(target, TransportBelt):
            gone = 1 if deliver(self.world, self, x, y, held) else 0
        else:
            gone = target.insert(held, self.held_count)
            if gone < self.held_count:
                target.watchers[self.unit_number] = self
            else:
                target.watchers.pop(self.unit_number, None)
        self.held_count -= gone
        if self.held_count:
            self.goal = HOLD
            self.world.cancel(self)
            if gone and (target is None or isinstance(target, TransportBelt)):
                self.world.schedule(self, tick + 1, DROP)
            elif target is None or isinstance(target, TransportBelt):
                await_delivery(self.world, self, x, y, held)
            return
        self.held = None
        self._seek(tick + 1)

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
        if self.goal == HOLD:
            if self.key == NEVER or tick < self.key >> TICK_SHIFT:
                self.world.schedule(self, tick, DROP)
        elif self.goal == FETCH:
            source = self.pickup_entity
            if self.resolved and not isinstance(source, TransportBelt):
                if source is not None and not source.offer() and not self._hungry():
                    return  # whatever has changed, it is not worth getting up for
                tick = max(tick, self.began + self.steps)
            if self.key == NEVER or tick < self.key >> TICK_SHIFT:
                self.world.schedule(self, tick, PICK)

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
        if self.path and steps > 0:
            turn, length, _ = self.path[steps - 1]
        dx, dy = offset(turn, length)
        return (self.x + dx, self.y + dy)

    def _at_rest(self) -> bool:
        turn, length = self.path[self.steps - 1][:2] if self.path else (self.turn, self.length)
        return turn == self._pickup_turn and length == self.arm.pickup_length

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
                self.starved, self.at, self.path[-1] if self.path else None, self.use_filters,
                sorted(self.filters.items()), self.burner.state() if self.burner is not None else None,
                self.power.state() if self.power is not None else None]  # fmt: skip
