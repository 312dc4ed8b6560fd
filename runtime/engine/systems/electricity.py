"""Electric networks: poles and their wires, who is in their supply areas, and how fast everybody works.

Energies are whole numbers of `UNITS` per joule and work is a whole number of `ONE` per tick, so that sums over time
come to the same however often they are taken. What changes during a tick takes effect from the next one on.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from runtime.engine.entity import CRAFT, NEVER, PHASE_BITS, PLACE_SIDE, SETTLE, Entity, Process, Site
from runtime.engine.prototypes import EntityPrototype, joules

if TYPE_CHECKING:
    from runtime.engine.world import World

UNITS: Final = 60_000  # per joule: 1 W is 1,000 units per tick, so every power of a prototype is whole
ONE: Final = 1 << 20  # work done in a tick at full satisfaction
DAY: Final = 25_200  # ticks of a day on nauvis (its surface property)
DUSK: Final = 0.25  # of a day that begins at noon
EVENING: Final = 0.45
MORNING: Final = 0.55
DAWN: Final = 0.75
DAY_STEP: Final = 60  # ticks for which a panel's output, and what arms draw, is taken to be constant
LEVELS: Final = 64  # speeds at which inserters are told apart when there is too little power
INTERFACE: Final = "electric-energy-interface"
LAST: Final = PLACE_SIDE * PLACE_SIDE - 1  # the last of all places
WIDEST_SUPPLY: Final = 32.0  # no pole supplies farther, tiles


def units(energy: float) -> int:
    """Joules as energy units."""
    return round(energy * UNITS)


def daylight(tick: int) -> float:
    """Share of its full output that a solar panel has at a tick, constant over `DAY_STEP` ticks."""
    time = (tick // DAY_STEP * DAY_STEP + DAY_STEP / 2) % DAY / DAY
    if time < DUSK or time >= DAWN:
        return 1.0
    if time < EVENING:
        return (EVENING - time) / (EVENING - DUSK)
    return max(0.0, (time - MORNING) / (DAWN - MORNING))


def darkness(world: World) -> float:
    """How dark it is, as `LuaSurface.darkness` has it: 0 by day, 0.85 at night."""
    return 0.0 if world.surface.always_day else round(0.85 * (1 - daylight(world.tick)), 4)


def last_of_step(tick: int) -> int:
    """The last tick of the step of `DAY_STEP` ticks that a tick is in."""
    return tick // DAY_STEP * DAY_STEP + DAY_STEP - 1


def drain_of(proto: EntityPrototype) -> float:
    """What an electric entity draws all the time, joules per tick: a thirtieth of its usage where not given."""
    drain = (proto.energy_source or {}).get("drain")
    return joules(drain) if drain is not None else proto.energy_usage / 30


class WorkClock(Process):
    """The work that each of those who share it has done since it was made, and who waits for how much.

    A machine waits in this time: when satisfaction changes, only the clock's own event is set anew.
    """

    __slots__ = ("base", "heap", "rate", "since", "waiting", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self.base = 0
        self.since = world.tick
        self.rate = 0
        self.heap: list[tuple[int, int]] = []
        self.waiting: dict[int, tuple[int, int, Process]] = {}  # unit number -> due, phase, who
        world.register(self)

    def place(self) -> int:
        return LAST

    def at(self, tick: int) -> int:
        """Work done by the end of a tick not before the last change of rate."""
        return self.base + self.rate * (tick - self.since)

    def set_rate(self, rate: int) -> None:
        """Go on at another rate, from the next tick on."""
        if rate != self.rate:
            tick = self.world.tick
            self.base, self.since, self.rate = self.at(tick), tick, rate
            self._plan()

    def wait(self, process: Process, due: int, phase: int) -> None:
        """Let `process.on_event` be called in the tick in which the clock comes to `due`."""
        self.waiting[process.unit_number] = (due, phase, process)
        heapq.heappush(self.heap, (due, process.unit_number))
        if self.heap[0][0] == due:
            self._plan()

    def forget(self, process: Process) -> None:
        """Nobody needs to call this process."""
        self.waiting.pop(process.unit_number, None)

    def _plan(self) -> None:
        heap = self.heap
        while heap and self.waiting.get(heap[0][1], (None,))[0] != heap[0][0]:
            heapq.heappop(heap)
        if not heap or not self.rate:
            self.world.cancel(self)
            return
        when = self.since - (self.base - heap[0][0]) // self.rate
        self.world.schedule(self, max(when - 1, self.world.tick), SETTLE)

    def on_event(self, world: Any, tick: int) -> None:
        # Called at the end of the tick before, so that those who are due act in their own phases.
        reached = self.at(tick + 1)
        heap = self.heap
        while heap and heap[0][0] <= reached:
            due, unit = heapq.heappop(heap)
            waiting = self.waiting.get(unit)
            if waiting is not None and waiting[0] == due:
                del self.waiting[unit]
                world.schedule(waiting[2], tick + 1, waiting[1])
        self._plan()

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.at(self.world.tick), self.rate, sorted((u, w[0], w[1]) for u, w in self.waiting.items())]


class Power:
    """An entity's connection to electricity: what it draws and how much work it has before it.

    The owner's `power_came` is called when it can begin to work and couldn't before. `alone`: nothing else happens to the
    owner while it works, so that at full power its event is set at once, without the network's clock.
    """

    __slots__ = ("alone", "drain", "due", "network", "owner", "phase", "rate", "resting", "use", "waits")

    def __init__(self, owner: Entity, alone: bool = False) -> None:
        self.owner = owner
        self.alone = alone
        self.network: Network | None = None
        self.use: Use | None = None  # of the network, for the owner's prototype
        self.drain = units(drain_of(owner.proto))
        self.rate = self.drain
        self.due = 0  # on the network's clock, while it waits; what is left of it otherwise
        self.phase = CRAFT
        self.waits = False
        self.resting = False  # it would work, but there is no power

    @property
    def satisfaction(self) -> int:
        """Share of what it asks for that it gets, of `ONE`."""
        return self.network.clock.rate if self.network is not None else 0

    def ready(self) -> bool:
        """Whether there is any power; if not, the owner hears of it when there is."""
        network = self.network
        self.resting = network is None or not network.clock.rate
        return not self.resting

    def set_rate(self, rate: float) -> None:
        """Draw `rate` joules per tick beside the drain from now on."""
        self._draw(self.drain + round(rate * UNITS) if rate else self.drain)

    def _draw(self, rate: int) -> None:
        if rate != self.rate:
            if self.network is not None and self.use is not None:
                self.network.demands(self.use, rate - self.rate)
            self.rate = rate

    def work(self, amount: int, phase: int) -> None:
        """Have the owner's event come when so much work is done (`ONE` is a tick's at full power)."""
        self.phase = phase
        self.waits = True
        network = self.network
        if network is None:
            self.due = amount
            return
        clock = network.clock
        world = self.owner.world
        tick = world.tick
        self.due = amount + clock.base + clock.rate * (tick - clock.since)
        if self.alone and clock.rate == ONE:
            # No rate is higher, so this can be too early only: then `done` says so and it waits for what is left.
            world.schedule(self.owner, tick - (-amount // ONE) if amount > 0 else tick + 1, phase)
        else:
            clock.wait(self.owner, self.due, phase)

    def left(self) -> int:
        """The work still to be done."""
        if not self.waits:
            return 0
        left = self.due
        if self.network is not None:
            left -= self.network.clock.at(self.owner.world.tick)
        return left if left > 0 else 0

    def done(self) -> bool:
        """At an event: whether the work is done; if not, the event will come again."""
        left = self.left()
        if left and self.waits:
            self.work(left, self.phase)
            return False
        self.waits = False
        return True

    def spare(self) -> int:
        """At an event: the work done in this tick beyond what was waited for, which counts for what comes next.

        NEVER if it is not done; then the event will come again.
        """
        left = self.due
        if self.network is not None:
            left -= self.network.clock.at(self.owner.world.tick)
        if left > 0 and self.waits:
            self.work(left, self.phase)
            return NEVER
        self.waits = False
        return -left if left < 0 and self.network is not None else 0

    def stop(self) -> None:
        """No work is under way any more."""
        if self.waits:
            self.waits = False
            if self.alone:
                self.owner.world.cancel(self.owner)
            if self.network is not None:
                self.network.clock.forget(self.owner)

    def join(self, network: Network | None) -> None:
        """Be in another network, or in none."""
        old = self.network
        if old is network:
            return
        left = self.left()
        if old is not None:
            old.clock.forget(self.owner)
            old.members.pop(self.owner.unit_number, None)
            if self.use is not None:
                old.demands(self.use, -self.rate)
        self.network = network
        self.use = None
        if network is not None:
            self.use = network.use_of(self.owner.name)
            network.members[self.owner.unit_number] = self.owner
            network.demands(self.use, self.rate)
        if self.waits:
            if self.alone:
                self.owner.world.cancel(self.owner)
            self.work(left, self.phase)
        if network is not None and network.clock.rate:
            self.came()

    def came(self) -> None:
        """There is power now."""
        if self.resting:
            self.resting = False
            self.owner.power_came()

    def status(self) -> str:
        """What a machine that would work says of itself."""
        if not self.satisfaction:
            return "no_power"
        return "working" if self.satisfaction == ONE else "low_power"

    def buffer(self) -> tuple[float, float]:
        """Energy in the buffer, and its size, joules: two ticks' worth at most, as full as satisfaction is."""
        usage = self.owner.proto.energy_usage
        size = 2 * (usage + self.drain / UNITS) or joules(
            (self.owner.proto.energy_source or {}).get("buffer_capacity", "1kJ")
        )
        return size * self.satisfaction / ONE, size

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.rate, self.left(), self.waits, self.resting]


class Group:
    """Accumulators of one kind that hold the same."""

    __slots__ = ("level", "members", "rate", "size")

    def __init__(self, level: int, size: int) -> None:
        self.level = level  # energy units in each
        self.size = size
        self.rate = 0  # per tick and accumulator, below 0 while they give
        self.members: dict[int, Accumulator] = {}


class Use:
    """What the entities of a prototype draw from a `network`: `rate` units per tick since `mark` on its clock, `total` before.

    `owed` is what arms have been granted for their movements and is still to be drawn; `arms` is the part of `rate` that
    they draw now, and `paying` whether the network attends to that.
    """

    __slots__ = ("arms", "mark", "network", "owed", "paying", "rate", "total")

    def __init__(self, network: Network, mark: int) -> None:
        self.network = network
        self.rate = 0
        self.total = 0  # units × ONE
        self.mark = mark
        self.owed = 0
        self.arms = 0
        self.paying = False

    def change(self, change: int, now: int) -> None:
        """Draw another rate from `now` on the network's clock."""
        self.total += self.rate * (now - self.mark)
        self.mark = now
        self.rate += change


class Network(Process):
    """What a set of wired poles supplies. `demand` and the supplies are energy units per tick.

    Its event, at the end of a tick, weighs supply against demand anew. While nothing but panels, or nothing but interfaces,
    gives more than is asked for, it is `calm`: a change of demand up to `enough` is booked and alters nothing else.

    Arms move for a moment and at any time. What they take is drawn evenly over the `DAY_STEP` ticks that follow.
    """

    __slots__ = (
        "calm", "clock", "demand", "enough", "generators", "groups", "interfaces", "level", "made", "members", "panels",
        "poles", "since", "speed", "used", "world",
    )  # fmt: skip

    def __init__(self, world: World) -> None:
        self.world = world
        self.poles: dict[int, ElectricPole] = {}
        self.members: dict[int, Entity] = {}
        self.generators: dict[int, Any] = {}
        self.panels = 0  # energy units per tick in full light
        self.interfaces = 0  # energy units per tick of electric energy interfaces
        self.groups: list[Group] = []
        self.demand = 0
        self.used: dict[str, Use] = {}  # by prototype
        self.made: dict[str, list[int]] = {}  # prototype -> rate, units until mark, mark as a tick
        self.since = world.tick  # up to when accumulators are settled
        self.level = 0  # satisfaction in `LEVELS`
        self.speed = 0  # the same when inserters in motion were last told
        self.calm = ""  # the prototype of all that gives
        self.enough = 0
        world.register(self)
        self.clock = WorkClock(world)

    def place(self) -> int:
        return LAST  # at the end of a tick, steam comes before power

    @property
    def id(self) -> int:
        """`electric_network_id`: the lowest unit number among its poles."""
        return min(self.poles)

    def touch(self) -> None:
        """Something that the balance depends on has changed."""
        self.calm = ""
        self.world.schedule(self, self.world.tick, SETTLE)

    def use_of(self, name: str) -> Use:
        """What those of a prototype draw."""
        use = self.used.get(name)
        if use is None:
            use = self.used[name] = Use(self, self.clock.at(self.world.tick))
        return use

    def demands(self, use: Use, change: int) -> None:
        """Those of a prototype ask for more, or less."""
        tick = self.world.tick
        clock = self.clock
        use.change(change, clock.base + clock.rate * (tick - clock.since))
        self.demand += change
        if self.calm and self.demand <= self.enough:
            self._make(self.calm, self.demand, tick)
        else:
            self.touch()

    def pay(self, use: Use) -> None:
        """Begin to draw what arms are owed."""
        use.paying = True
        end = last_of_step(self.world.tick)
        if self.key == NEVER or end < self.key >> PHASE_BITS:
            self.world.schedule(self, end, SETTLE)

    def _pay(self, tick: int) -> bool:
        """At the end of a step: draw in the next one what arms were granted in this; whether there is anything."""
        more = False
        now = self.clock.at(tick)
        for use in self.used.values():
            if use.paying:
                rate = max(use.owed, 0) // DAY_STEP
                use.owed -= rate * DAY_STEP
                if rate != use.arms:
                    use.change(rate - use.arms, now)
                    self.demand += rate - use.arms
                    use.arms = rate
                use.paying = rate > 0
                more = more or use.paying
        return more

    def settle(self) -> None:
        """Bring the accumulators to the present."""
        tick = self.world.tick
        passed = tick - self.since
        if passed:
            self.since = tick
            for group in self.groups:
                group.level += group.rate * passed

    def on_event(self, world: Any, tick: int) -> None:
        end = last_of_step(tick)
        stepwise = self._pay(tick) if tick == end else any(use.paying for use in self.used.values())
        self.calm = ""
        self.settle()
        self._merge_groups()
        when = []
        solar = self.panels
        if solar and not world.surface.always_day:
            solar = int(solar * daylight(tick + 1))
            stepwise = True
        if stepwise:
            when.append(end if end > tick else end + DAY_STEP)
        capacity = [(g, g.capacity()) for g in self.generators.values()]
        steam = sum(c for _, c in capacity)
        gives = sum(min(accumulator_limit(g, False), g.level) * len(g.members) for g in self.groups)
        takes = sum(min(accumulator_limit(g, True), g.size - g.level) * len(g.members) for g in self.groups)
        demand = self.demand
        from_solar = min(demand, solar)
        from_steam = min(demand - from_solar, steam)
        from_interfaces = min(demand - from_solar - from_steam, self.interfaces)
        from_stored = min(demand - from_solar - from_steam - from_interfaces, gives)
        stored = min(takes, solar + steam - from_solar - from_steam)
        supplied = from_solar + from_steam + from_interfaces + from_stored
        source = solar + steam + self.interfaces + gives
        satisfaction = supplied * ONE // demand if demand else (ONE if source else 0)
        more = min(stored, solar - from_solar)
        from_solar += more
        from_steam += stored - more
        for g, c in capacity:
            g.produce(c * from_steam // steam if steam else 0)
        for group in self.groups:
            if from_stored:
                group.rate = -(min(accumulator_limit(group, False), group.level) * from_stored // gives)
            elif stored:
                room = min(accumulator_limit(group, True), group.size - group.level)
                group.rate = room * stored // takes
            else:
                group.rate = 0
            if group.rate > 0:
                when.append(tick + max(1, (group.size - group.level) // group.rate))
            elif group.rate < 0:
                when.append(tick + max(1, group.level // -group.rate))
        self._book(
            {"solar-panel": from_solar, INTERFACE: from_interfaces, "accumulator": from_stored}, capacity
        )
        self._set_satisfaction(satisfaction)
        if not capacity and not self.groups and satisfaction == ONE:
            if solar and demand <= solar:
                self.calm, self.enough = "solar-panel", solar
            elif not solar and self.interfaces:
                self.calm, self.enough = INTERFACE, self.interfaces
        if when and (self.key == NEVER or min(when) < self.key >> PHASE_BITS):
            world.schedule(self, min(when), SETTLE)

    def _book(self, rates: dict[str, int], capacity: list[tuple[Any, int]]) -> None:
        for generator, _ in capacity:
            rates[generator.name] = rates.get(generator.name, 0) + generator.output
        tick = self.world.tick
        for name, rate in rates.items():
            self._make(name, rate, tick)

    def _make(self, name: str, rate: int, tick: int) -> None:
        row = self.made.get(name)
        if row is None:
            if not rate:
                return
            row = self.made[name] = [0, 0, tick]
        row[1] += row[0] * (tick - row[2])
        row[2] = tick
        row[0] = rate

    def _set_satisfaction(self, satisfaction: int) -> None:
        before = self.clock.rate
        if satisfaction == before:
            return
        self.clock.set_rate(satisfaction)
        if not before:
            for member in list(self.members.values()):
                power = getattr(member, "power", None)
                if power is not None:
                    power.came()
        self.level = speed = level_of(satisfaction)
        # Arms in motion are planned anew only when the speed is another altogether.
        if speed != self.speed and (
            LEVELS in (speed, self.speed) or not self.speed / 2 < speed < self.speed * 2
        ):
            self.speed = speed
            for member in list(self.members.values()):
                member.power_changed()

    def _merge_groups(self) -> None:
        if len(self.groups) < 2:
            return
        merged: dict[tuple[int, int], Group] = {}
        for group in self.groups:
            if not group.members:
                continue
            kept = merged.setdefault((group.size, group.level), group)
            if kept is not group:
                kept.members.update(group.members)
                for member in group.members.values():
                    member.group = kept
        self.groups = list(merged.values())

    def production(self) -> dict[str, float]:
        """Joules produced so far by prototype."""
        tick = self.world.tick
        return {
            n: (total + rate * (tick - mark)) / UNITS for n, (rate, total, mark) in sorted(self.made.items())
        }

    def consumption(self) -> dict[str, float]:
        """Joules consumed so far by prototype."""
        now = self.clock.at(self.world.tick)
        return {
            name: (use.total + use.rate * (now - use.mark)) / ONE / UNITS
            for name, use in sorted(self.used.items())
        }

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        passed = self.world.tick - self.since
        return [self.id, self.key, self.demand, self.panels, self.interfaces,
                [[n, u.rate, u.owed, u.arms, u.paying] for n, u in sorted(self.used.items())],
                self.clock.state(), self.clock.key, self.clock.unit_number, self.unit_number, self.speed,
                sorted((sorted(g.members), g.level + g.rate * passed, g.rate) for g in self.groups),
                self.production(), self.consumption()]  # fmt: skip


def accumulator_limit(group: Group, into: bool) -> int:
    """What one accumulator of a group takes, or gives, per tick at most."""
    member = next(iter(group.members.values()), None)
    if member is None:
        return 0
    return member.takes_most if into else member.gives_most


def level_of(satisfaction: int) -> int:
    """Satisfaction in `LEVELS` steps; at least one step while there is any power."""
    return max(1, satisfaction * LEVELS // ONE) if satisfaction else 0


# --- networks come and go --------------------------------------------------------------------------------------


class ElectricPole(Entity):
    """A pole, wired to every pole within reach of both."""

    __slots__ = ("network",)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.network: Network | None = None

    @property
    def reach(self) -> float:
        """How far its wires go, tiles."""
        return float(self.proto.raw["maximum_wire_distance"])

    @property
    def supply(self) -> float:
        """Half the side of the square it supplies, tiles."""
        return float(self.proto.raw["supply_area_distance"])

    def wired(self) -> list[ElectricPole]:
        """The poles at the other ends of its wires."""
        return [
            e
            for e in self.world.surface.around(self.x, self.y, self.reach)
            if isinstance(e, ElectricPole)
            and e is not self
            and e.force is self.force
            and math.dist((e.x, e.y), (self.x, self.y)) <= min(self.reach, e.reach)
        ]

    def supplies(self, entity: Entity) -> bool:
        """Whether an entity reaches into the area it supplies."""
        s = self.supply
        return (
            entity.force is self.force
            and entity.left < self.x + s
            and entity.right > self.x - s
            and entity.top < self.y + s
            and entity.bottom > self.y - s
        )

    def supplied(self) -> Iterator[Entity]:
        """Electric entities in its supply area."""
        s = self.supply
        for e in self.world.surface.within((self.x - s, self.y - s, self.x + s, self.y + s)):
            if e.proto.electric and self.supplies(e):
                yield e

    def built(self) -> None:
        neighbours = self.wired()
        networks = sorted(
            {n.network for n in neighbours if n.network is not None}, key=lambda n: (-len(n.poles), n.id)
        )
        network = networks[0] if networks else Network(self.world)
        for other in networks[1:]:
            _move(list(other.poles.values()), network)
        _move([self], network)
        for entity in self.supplied():
            self.world.connect(entity)

    def removed(self) -> None:
        network = self.network
        assert network is not None
        held = list(self.supplied())
        del network.poles[self.unit_number]
        self.network = None
        left = [p for p in self.wired() if p.network is network]
        parts: list[list[ElectricPole]] = []
        seen: set[int] = {self.unit_number}
        for start in left:
            if start.unit_number not in seen:
                parts.append(_wired_together(start, seen))
        parts.sort(key=lambda part: (-len(part), min(p.unit_number for p in part)))
        for part in parts[1:]:
            _move(part, Network(self.world))
        for entity in held:
            self.world.connect(entity)
        _drop_if_empty(network)

    def status(self) -> str | None:
        if self.network is None or not self.network.members:
            return "not_plugged_in_electric_network"
        return "working"

    def more_state(self) -> list[Any]:
        network = self.network
        return [network.state() if network is not None and network.id == self.unit_number else None]


def _wired_together(start: ElectricPole, seen: set[int]) -> list[ElectricPole]:
    seen.add(start.unit_number)
    found = [start]
    for pole in found:
        for other in pole.wired():
            if other.unit_number not in seen:
                seen.add(other.unit_number)
                found.append(other)
    return found


def _move(poles: list[ElectricPole], network: Network) -> None:
    old = poles[0].network
    for pole in poles:
        if pole.network is not None:
            del pole.network.poles[pole.unit_number]
        network.poles[pole.unit_number] = pole
        pole.network = network
    if old is not None:
        for member in list(old.members.values()):
            network.world.connect(member)
        if not old.poles:
            _inherit(network, old)
        _drop_if_empty(old)
    network.touch()


def _inherit(network: Network, old: Network) -> None:
    """Statistics of a network that has become part of another, and what arms owe."""
    tick = network.world.tick
    then = old.clock.at(tick)
    for name, use in old.used.items():
        heir = network.use_of(name)
        heir.total += use.total + use.rate * (then - use.mark)
        heir.owed += use.owed + use.arms * (last_of_step(tick) - tick)
        if heir.owed > 0 and not heir.paying:
            network.pay(heir)
    for name, (rate, total, mark) in old.made.items():
        network.made.setdefault(name, [0, 0, tick])[1] += total + rate * (tick - mark)


def _drop_if_empty(network: Network) -> None:
    if not network.poles:
        network.world.unregister(network)
        network.world.unregister(network.clock)


def network_at(entity: Entity) -> Network | None:
    """The network that an entity belongs to: that of the northernmost of the poles which supply it, then the westernmost."""
    area = (
        entity.left - WIDEST_SUPPLY,
        entity.top - WIDEST_SUPPLY,
        entity.right + WIDEST_SUPPLY,
        entity.bottom + WIDEST_SUPPLY,
    )
    poles: Iterable[Entity] = entity.world.surface.by_type.get("electric-pole", {}).values()
    if len(poles) > 200:  # type: ignore[arg-type]
        poles = entity.world.surface.within(area)
    supplying = [
        p for p in poles if isinstance(p, ElectricPole) and p.network is not None and p.supplies(entity)
    ]
    return min(supplying, key=lambda p: (p.y, p.x)).network if supplying else None


class Source(Entity):
    """Something that feeds a network."""

    __slots__ = ("network",)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.network: Network | None = None

    def plug(self, network: Any) -> None:
        old = self.network
        if old is network:
            return
        if old is not None:
            old.members.pop(self.unit_number, None)
            self.leave(old)
            old.touch()
        self.network = network
        if network is not None:
            network.members[self.unit_number] = self
            self.enter(network)
            network.touch()

    def enter(self, network: Network) -> None:
        """It is in a network now."""
        raise NotImplementedError

    def leave(self, network: Network) -> None:
        """It is in a network no longer."""
        raise NotImplementedError


class SolarPanel(Source):
    """A solar panel: its `production` in full light, less at dusk and dawn, nothing at night."""

    __slots__ = ()

    @property
    def output(self) -> int:
        """Energy units per tick in full light."""
        return units(joules(self.proto.raw["production"]))

    def enter(self, network: Network) -> None:
        network.panels += self.output

    def leave(self, network: Network) -> None:
        network.panels -= self.output

    def status(self) -> str | None:
        return "working" if self.network is not None else "not_plugged_in_electric_network"


class EnergyInterface(Source):
    """An electric energy interface: what `production` says, whenever panels and generators give too little.

    It keeps nothing in store, as one does whose buffer a script has made small.
    """

    __slots__ = ("production",)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.production = units(joules(self.proto.raw["energy_production"]))  # energy units per tick

    def set_production(self, energy: float) -> None:
        """Give so many joules per tick from now on."""
        network = self.network
        self.plug(None)
        self.production = units(energy)
        self.plug(network)

    def enter(self, network: Network) -> None:
        network.interfaces += self.production

    def leave(self, network: Network) -> None:
        network.interfaces -= self.production

    def status(self) -> str | None:
        return "working" if self.network is not None else "not_plugged_in_electric_network"

    def more_state(self) -> list[Any]:
        return [self.production]


class Accumulator(Source):
    """Stores what is left over and gives it when there is too little."""

    __slots__ = ("gives_most", "group", "kept", "takes_most")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        source = self.proto.energy_source or {}
        self.takes_most = units(joules(source["input_flow_limit"]))
        self.gives_most = units(joules(source["output_flow_limit"]))
        self.group: Group | None = None
        self.kept = 0  # while in no network

    @property
    def size(self) -> int:
        """How much it can hold, energy units."""
        return units(joules((self.proto.energy_source or {})["buffer_capacity"]))

    def enter(self, network: Network) -> None:
        network.settle()
        for group in network.groups:
            if group.level == self.kept and group.size == self.size:
                self.group = group
                break
        else:
            self.group = Group(self.kept, self.size)
            network.groups.append(self.group)
        self.group.members[self.unit_number] = self

    def leave(self, network: Network) -> None:
        network.settle()
        assert self.group is not None
        self.kept = self.group.level
        del self.group.members[self.unit_number]
        if not self.group.members:
            network.groups.remove(self.group)
        self.group = None

    @property
    def stored(self) -> int:
        """What it holds now, energy units."""
        if self.group is None or self.network is None:
            return self.kept
        return self.group.level + self.group.rate * (self.world.tick - self.network.since)

    def set_stored(self, energy: float) -> None:
        """Make it hold so many joules."""
        network = self.network
        self.plug(None)
        self.kept = max(0, min(self.size, units(energy)))
        self.plug(network)

    def status(self) -> str | None:
        if self.network is None:
            return "not_plugged_in_electric_network"
        if self.group is not None and self.group.rate < 0:
            return "discharging"
        return "fully_charged" if self.stored >= self.size else "charging"

    def more_state(self) -> list[Any]:
        return [self.stored]
