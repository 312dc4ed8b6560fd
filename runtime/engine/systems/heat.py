"""Heat: reactors, heat pipes, and the buffers of everything that is joined to them.

Energies are whole numbers of electricity's `UNITS`. Of two buffers that are joined, the hotter gives a quarter of the
smaller one's specific heat per tick for each degree beyond the gradient at which heat begins to flow: so a line of pipes
loses 1 + P / 15 MW degrees per pipe, as players have measured. A network's flows are rates that stand until its event;
they are what an implicit step comes to, over as long a time as no buffer changes by more than `STEP` degrees. So a network
that has settled costs next to nothing, and one at rest nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import CRAFT, SETTLE, Entity, Process, Site, turned_point
from runtime.engine.prototypes import Raw, joules
from runtime.engine.systems.electricity import units
from runtime.engine.systems.pipes import STEPS
from runtime.engine.systems.standing import Standing

if TYPE_CHECKING:
    from runtime.engine.world import World

CONDUCTS = 4  # a tick evens out this part of the difference between two equal buffers
STEP = 4.0  # degrees by which a buffer may change until flows are weighed again
FINE = 1024  # fuel burns at a whole multiple of 1 J / FINE per tick, so that sums are exact
LONGEST = 36_000  # ticks after which they are weighed again at the latest
SLACK = 64  # this part of a degree doesn't count where a consumer's working temperature is concerned
CLOSE = 4  # a consumer begins to draw within this part of a degree
TRIES = 16  # so often it is guessed anew which joints conduct and which consumers are held back
ROUNDS = 8  # so often in a tick a network hears of consumers who draw less than they may


class Heat:
    """The heat buffer of an entity. `amount` is what it holds above 0 °C.

    `given` is what its owner puts in per tick, `drawn` what it takes; it may take up to `allowed`. The owner's
    `heat_changed` is called when that changes.
    """

    __slots__ = (
        "allowed",
        "amount",
        "drawn",
        "given",
        "most",
        "network",
        "owner",
        "planned",
        "rate",
        "raw",
        "size",
    )

    def __init__(self, owner: Any, raw: Raw) -> None:
        self.owner = owner
        self.raw = raw
        self.size: int = units(joules(raw["specific_heat"]))  # for a degree
        self.amount: int = round(self.size * raw.get("default_temperature", 15))
        self.most = (
            units(joules(owner.proto.raw.get("energy_consumption", "0W"))) if owner.type == "boiler" else 0
        )
        self.given = 0
        self.drawn = 0
        self.planned = 0  # of `drawn`, when flows were weighed
        self.allowed = 0
        self.rate = 0
        self.network: HeatNetwork | None = None

    @property
    def working(self) -> float:
        """The temperature from which its owner can draw."""
        return float(self.raw.get("min_working_temperature", 15))

    @property
    def top(self) -> float:
        """The temperature that it can't exceed."""
        return float(self.raw["max_temperature"])

    @property
    def floor(self) -> int:
        """What it holds at the temperature from which its owner can draw."""
        return round(self.size * self.working)

    @property
    def temperature(self) -> float:
        """At present, °C."""
        if self.network is not None:
            self.network.settle()
        return self.amount / self.size

    def set_temperature(self, degrees: float) -> None:
        """Make it so hot, within its limits."""
        low = float(self.raw.get("default_temperature", 15))
        if self.network is not None:
            self.network.settle()
            self.network.touch()
        self.amount = round(self.size * min(self.top, max(low, degrees)))

    def give(self, rate: int) -> None:
        """Put in so much per tick from now on."""
        if rate != self.given:
            if self.network is not None:
                self.network.settle()
                self.network.touch()
            self.given = rate

    def draw(self, rate: int) -> None:
        """Take so much per tick from now on."""
        if rate != self.drawn:
            if self.network is not None:
                self.network.settle()
                if abs(rate - self.planned) > self.most >> 20:
                    self.network.hear()
            self.rate += self.drawn - rate
            self.drawn = rate

    def neighbours(self) -> Iterator[Heat]:
        """The buffers that it is joined to, once for each joint."""
        owner = self.owner
        tiles = owner.world.surface
        for x, y, direction in joints(owner, self.raw):
            step_x, step_y = STEPS[direction]
            x, y = x + step_x, y + step_y
            for other in tiles.on_tile(math.floor(x), math.floor(y)):
                heat = getattr(other, "heat", None)
                if other is owner or not isinstance(heat, Heat) or other.force is not owner.force:
                    continue
                if any(
                    (math.floor(tx), math.floor(ty), facing)
                    == (math.floor(x), math.floor(y), (direction + 8) % 16)
                    for tx, ty, facing in joints(other, heat.raw)
                ):
                    yield heat

    def join(self) -> None:
        """It stands now: be in a network with what it is joined to."""
        networks = {n.network.unit_number: n.network for n in self.neighbours() if n.network is not None}
        ordered = sorted(networks.values(), key=lambda n: (-len(n.heats), n.unit_number))
        network = ordered[0] if ordered else HeatNetwork(self.owner.world)
        for other in ordered[1:]:
            network.absorb(other)
        network.include([self])

    def leave(self) -> None:
        """It is about to be gone: what is left of its network may fall apart."""
        network, self.network = self.network, None
        if network is not None:
            network.part(self)
        self.rate = self.given - self.drawn
        self.allowed = 0

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        network = self.network
        if network is not None:
            network.settle()
        lead = network is not None and network.lead() is self
        return [self.amount, self.rate, self.given, self.drawn, self.planned, self.allowed,
                network.state() if network is not None and lead else None]  # fmt: skip


def joints(entity: Entity, raw: Raw) -> Iterator[tuple[float, float, int]]:
    """Where a buffer conducts: the place inside the entity and the direction, as the entity stands."""
    for connection in raw.get("connections") or ():
        x, y = turned_point(connection["position"][0], connection["position"][1], entity.direction)
        yield entity.x + x, entity.y + y, (connection["direction"] + entity.direction) % 16 // 4 * 4


class HeatNetwork(Process):
    """Buffers that are joined."""

    __slots__ = ("edges", "heats", "order", "rounds", "since", "step", "weighed", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self.heats: list[Heat] = []
        self.since = world.tick
        self.step = 1  # ticks for which flows were last made to stand
        self.weighed = -1  # when consumers last had it weighed, and how often in that tick
        self.rounds = 0
        self.edges: list[Edge] | None = None
        self.order: list[int] = []
        world.register(self)

    def lead(self) -> Heat:
        """The one that stands for all in the state hash."""
        return min(self.heats, key=lambda h: h.owner.unit_number)

    def touch(self) -> None:
        """Something about it has changed: weigh what flows at the end of this tick."""
        self.step = 1
        self.world.schedule(self, self.world.tick, SETTLE)

    def hear(self) -> None:
        """A consumer draws something else than was expected."""
        self.rounds = self.rounds + 1 if self.weighed == self.world.tick else 0
        self.weighed = self.world.tick
        if self.rounds < ROUNDS:
            self.world.schedule(self, self.world.tick, SETTLE)

    def settle(self) -> None:
        """Bring what the buffers hold to the present."""
        passed = self.world.tick - self.since
        if passed:
            self.since += passed
            for heat in self.heats:
                heat.amount += heat.rate * passed

    # --- who belongs to it -------------------------------------------------------------------------------------

    def include(self, heats: Iterable[Heat]) -> None:
        """Make buffers part of it."""
        self.settle()
        for heat in heats:
            heat.network = self
            self.heats.append(heat)
        # By place: so that it doesn't matter in which order they were built.
        self.heats.sort(key=lambda h: (h.owner.y, h.owner.x))
        self.edges = None
        self.touch()

    def absorb(self, other: HeatNetwork) -> None:
        """Become one with another."""
        other.settle()
        self.world.unregister(other)
        self.include(other.heats)

    def part(self, gone: Heat) -> None:
        """A buffer leaves."""
        self.settle()
        left = {h.owner.unit_number: h for h in self.heats if h is not gone}
        self.heats = []
        self.world.unregister(self)
        while left:
            todo = [left.pop(next(iter(left)))]
            for heat in todo:
                for other in heat.neighbours():
                    found = left.pop(other.owner.unit_number, None)
                    if found is not None:
                        todo.append(found)
            HeatNetwork(self.world).include(todo)

    def _joints(self) -> list[Edge]:
        if self.edges is None:
            place = {id(h): i for i, h in enumerate(self.heats)}
            found: dict[tuple[int, int], Edge] = {}
            for i, heat in enumerate(self.heats):
                for other in heat.neighbours():
                    j = place.get(id(other), -1)
                    if i < j:
                        found.setdefault((i, j), Edge(i, j, heat, other)).count += 1
            self.edges = list(found.values())
            self.order = elimination(len(self.heats), self.edges)
        return self.edges

    # --- flows -------------------------------------------------------------------------------------------------

    def on_event(self, world: Any, tick: int) -> None:
        self.settle()
        step = Step(self, self._joints(), self.step)
        while True:
            step.solve()
            change = step.change()
            if change <= STEP or step.ticks == 1:
                break
            step = Step(self, self._joints(), max(1, step.ticks // 2))
        step.apply()
        self.step = min(LONGEST, step.ticks * 2) if change < STEP / 2 else step.ticks
        if any(h.rate for h in self.heats):
            world.schedule(self, tick + step.ticks, SETTLE)

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.unit_number, self.key, self.step]


class Edge:
    """A joint of two buffers, by their places in the network. Energies per tick."""

    __slots__ = ("count", "gradient", "i", "j", "limit", "slope")

    def __init__(self, i: int, j: int, one: Heat, other: Heat) -> None:
        self.i = i
        self.j = j
        self.count = 0  # a reactor's side has three
        self.slope = min(one.size, other.size) / CONDUCTS  # for each degree beyond the gradient
        self.gradient = max(float(h.raw.get("min_temperature_gradient", 1)) for h in (one, other))
        self.limit = min(units(joules(h.raw["max_transfer"])) for h in (one, other))

    def flow(self, difference: float) -> int:
        """What goes from i to j per tick when i is so much hotter."""
        beyond = abs(difference) - self.gradient
        if beyond <= 0:
            return 0
        flow = self.count * min(self.limit, round(self.slope * beyond))
        return flow if difference > 0 else -flow


def elimination(size: int, edges: list[Edge]) -> list[int]:
    """An order in which solving for one buffer after the other joins few new pairs: always the one with fewest neighbours."""
    near: list[set[int]] = [set() for _ in range(size)]
    for edge in edges:
        near[edge.i].add(edge.j)
        near[edge.j].add(edge.i)
    left = set(range(size))
    order = []
    while left:
        v = min(left, key=lambda n: (len(near[n]), n))
        left.remove(v)
        order.append(v)
        for a in near[v]:
            near[a].remove(v)
            near[a].update(b for b in near[v] if b != a)
    return order


class Step:
    """What flows when the temperatures after `ticks` decide (an implicit Euler step, in which nothing can overshoot).

    Which joints conduct, whose owners are held back at the temperature from which they can draw, and what is as hot as
    it can get follows from the outcome, so it is guessed and tried.
    """

    __slots__ = ("after", "edges", "flows", "heats", "held", "idle", "network", "rates", "signs", "ticks")

    def __init__(self, network: HeatNetwork, edges: list[Edge], ticks: int) -> None:
        self.network = network
        self.heats = network.heats
        self.edges = edges
        self.ticks = ticks
        self.after = [h.amount / h.size for h in self.heats]
        self.signs = self._signs()
        self.held: dict[int, float] = {}  # place -> temperature that it is held at
        self.idle: set[int] = set()  # consumers that are too cold
        self.rates: list[int] = []

    def _signs(self) -> list[int]:
        """Which way each joint conducts, by the temperatures `after`; twice that at its limit."""
        signs = []
        for e in self.edges:
            difference = self.after[e.i] - self.after[e.j]
            beyond = abs(difference) - e.gradient
            sign = (1 if difference > 0 else -1) if beyond > 0 else 0
            signs.append(sign * 2 if beyond * e.slope > e.limit else sign)
        return signs

    def _wish(self, place: int) -> int:
        """What a consumer would draw if heat were all it lacked."""
        heat = self.heats[place]
        if place in self.idle or not heat.most or heat.amount < heat.floor - heat.size // SLACK:
            return 0
        hungry = heat.allowed - heat.drawn <= heat.most >> 20
        return heat.most if hungry else heat.drawn

    def solve(self) -> None:
        """Find the temperatures after the step."""
        for _ in range(TRIES):
            self._temperatures()
            signs = self._signs()
            same = signs == self.signs
            self.signs = signs
            if not self._hold() and same:
                break
        self._rates()

    def _temperatures(self) -> None:
        size, ticks, heats = len(self.heats), self.ticks, self.heats
        diagonal = [h.size / ticks for h in heats]
        right = [h.amount / ticks + h.given - self._wish(i) for i, h in enumerate(heats)]
        rows: list[dict[int, float]] = [{} for _ in range(size)]
        for edge, sign in zip(self.edges, self.signs, strict=True):
            i, j = edge.i, edge.j
            if sign in (1, -1):
                slope = edge.slope * edge.count
                diagonal[i] += slope
                diagonal[j] += slope
                rows[i][j] = rows[j][i] = slope
                right[i] += sign * slope * edge.gradient
                right[j] -= sign * slope * edge.gradient
            elif sign:
                flow = edge.limit * edge.count * (sign // 2)
                right[i] -= flow
                right[j] += flow
        for v, degrees in self.held.items():
            for u, slope in rows[v].items():
                right[u] += slope * degrees
                del rows[u][v]
            rows[v] = {}
            diagonal[v], right[v] = 1.0, degrees
        uppers: list[tuple[int, list[tuple[int, float]]]] = []
        for v in self.network.order:
            near = list(rows[v].items())
            uppers.append((v, near))
            pivot, value = diagonal[v], right[v]
            for a, slope in near:
                part = slope / pivot
                diagonal[a] -= part * slope
                right[a] += part * value
                row = rows[a]
                del row[v]
                for b, other in near:
                    if b != a:
                        row[b] = row.get(b, 0.0) + part * other
        after = self.after = [0.0] * size
        for v, near in reversed(uppers):
            after[v] = (right[v] + sum(slope * after[a] for a, slope in near)) / diagonal[v]

    def _inflow(self, place: int) -> int:
        total = 0
        for e in self.edges:
            if e.i == place:
                total -= e.flow(self.after[e.i] - self.after[e.j])
            elif e.j == place:
                total += e.flow(self.after[e.i] - self.after[e.j])
        return total

    def _hold(self) -> bool:
        """Whether somebody has to be held back, or no longer: then it is to be solved again."""
        changed = False
        for place, heat in enumerate(self.heats):
            if place in self.held:
                if heat.given:
                    # As hot as can be: unless more flows off than comes.
                    if (
                        heat.amount // self.ticks + heat.given + self._inflow(place)
                        < round(heat.size * heat.top) // self.ticks
                    ):
                        del self.held[place]
                        changed = True
                elif self._spare(place) < 0:
                    del self.held[place]
                    self.idle.add(place)
                    changed = True
            elif heat.given and self.after[place] > heat.top:
                self.held[place] = heat.top
                changed = True
            elif (
                heat.most
                and place not in self.idle
                and self.after[place] < heat.working
                and self._wish(place)
            ):
                self.held[place] = heat.working
                changed = True
        return changed

    def _spare(self, place: int) -> int:
        """What a consumer that is held at its working temperature can draw per tick."""
        heat = self.heats[place]
        return self._inflow(place) + (heat.amount - heat.floor) // self.ticks

    def _rates(self) -> None:
        rates = [h.given - self._draws(i) for i, h in enumerate(self.heats)]
        for e in self.edges:
            flow = e.flow(self.after[e.i] - self.after[e.j])
            rates[e.i] -= flow
            rates[e.j] += flow
        for place, heat in enumerate(self.heats):
            room = round(heat.size * heat.top) - heat.amount
            rates[place] = min(rates[place], room // self.ticks)  # what is too much is lost
        self.rates = rates

    def _draws(self, place: int) -> int:
        wish = self._wish(place)
        return max(0, min(wish, self._spare(place))) if place in self.held else wish

    def change(self) -> float:
        """By how many degrees the buffer that changes most does so; more than `STEP` when a consumer gets too warm unused."""
        most = 0.0
        for place, (rate, heat) in enumerate(zip(self.rates, self.heats, strict=True)):
            most = max(most, abs(rate) * self.ticks / heat.size)
            warm = heat.amount + rate * self.ticks > heat.floor + heat.size // CLOSE
            if heat.most and warm and heat.amount < heat.floor and not self._wish(place):
                return 2 * STEP
        return most

    def apply(self) -> None:
        """Let it flow so."""
        for place, heat in enumerate(self.heats):
            heat.rate = self.rates[place]
            if not heat.most:
                continue
            planned = self._draws(place)
            if place in self.held:
                allowed = planned
            else:
                cold = place in self.idle or heat.amount < heat.floor - heat.size // SLACK
                allowed = 0 if cold else heat.most
                planned = min(planned, allowed)
            # What was planned to be drawn is drawn only once the owner says so.
            heat.rate += self._draws(place) - heat.drawn
            heat.planned = planned
            if allowed != heat.allowed:
                heat.allowed = allowed
                heat.owner.heat_changed()


class HeatPipe(Standing):
    """Holds heat and conducts it."""

    __slots__ = ("heat",)
    acts = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.heat = Heat(self, self.proto.raw["heat_buffer"])

    def built(self) -> None:
        super().built()
        self.heat.join()

    def removed(self) -> None:
        super().removed()
        self.heat.leave()

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.heat.state()]


class Reactor(HeatPipe):
    """Burns fuel at its full `consumption` whether or not anybody needs the heat.

    Each reactor that burns beside it, side to side, adds `neighbour_bonus` to the heat that it makes.
    """

    __slots__ = ("burns", "partners")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.burns = False
        self.partners: dict[int, Reactor] = {}
        if self.burner is not None:
            self.burner.inventory.changed = self.burner.burnt.changed = self._fuelled

    def built(self) -> None:
        if self.burner is not None:
            self.burner.since = self.world.tick
        super().built()
        full = sum(1 for _ in joints(self, self.heat.raw)) // 4  # joints of a whole side
        beside = [h.owner for h in self.heat.neighbours() if isinstance(h.owner, Reactor)]
        for other in {r.unit_number: r for r in beside}.values():
            if beside.count(other) == full:
                self.partners[other.unit_number] = other
                other.partners[self.unit_number] = self
        self.weigh()

    def removed(self) -> None:
        super().removed()
        for other in self.partners.values():
            del other.partners[self.unit_number]
            other.weigh()
        self.partners = {}

    @property
    def neighbour_bonus(self) -> float:
        """Share by which burning neighbours raise its heat."""
        count = sum(1 for r in self.partners.values() if r.burns)
        return float(self.proto.raw.get("neighbour_bonus", 0)) * count

    @property
    def consumption(self) -> float:
        """Joules of fuel per tick."""
        return joules(self.proto.raw["consumption"])

    def weigh(self) -> None:
        """Give the heat that its fuel and its neighbours make."""
        self.heat.give(round(units(self.consumption) * (1 + self.neighbour_bonus)) if self.burns else 0)

    def _fuelled(self) -> None:
        self.changed()
        if not self.burns:
            self.world.schedule(self, self.world.tick + 1, CRAFT)

    def wake(self, tick: int) -> None:
        self.world.schedule(self, self.world.tick + 1, CRAFT)

    def on_event(self, world: Any, tick: int) -> None:
        burner = self.burner
        assert burner is not None
        burns = self.active and burner.goes_on(tick)
        if burns:
            burner.set_rate(math.floor(self.consumption * FINE) / FINE, tick)
            world.schedule(self, tick + max(1, burner.ticks_left()), CRAFT)
        else:
            burner.set_rate(0.0, tick)
        if burns != self.burns:
            self.burns = burns
            for reactor in (self, *self.partners.values()):
                reactor.weigh()

    def settle(self) -> None:
        if self.burner is not None:
            self.burner.settle(self.world.tick)

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        return list(self.burner.burnt.contents()) if self.burner is not None else ()

    def take(self, name: str, count: int) -> int:
        return self.burner.burnt.remove(name, count) if self.burner is not None else 0

    def status(self) -> str | None:
        if not self.active:
            return "disabled_by_script"
        if self.burns:
            return "working"
        burner = self.burner
        assert burner is not None
        return "full_burnt_result_output" if burner.blocked() else "no_fuel"

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.burns]
