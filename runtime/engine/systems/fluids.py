"""Fluids: segments, each one level shared by its pipes, tanks and boxes, and what flows in and out of them.

Amounts are whole numbers of `FLUID` per unit of fluid, temperatures whole numbers of `DEGREE`. Continuous flows are
rates per tick that stand until the end of a tick in which something changes them; a segment's event is the next tick at
which it runs full or empty or reaches what somebody waits for. Limits are passed on with the flow (`gives`, `most`,
`Segment.share`), actual flows against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import NEVER, PLACE_SIDE, SETTLE, UNIT_BITS, Entity, Process, Site, make, place_of
from runtime.engine.force import FLUID as FLUID
from runtime.engine.force import Force
from runtime.engine.prototypes import EntityPrototype, Raw, load
from runtime.engine.systems.pipes import connections, fluid_boxes, meets, prototype_boxes
from runtime.engine.systems.standing import Standing

if TYPE_CHECKING:
    from runtime.engine.world import World

DEGREE = 10**6
NOTED = DEGREE // 1000  # a change of temperature that is too small to be followed
ONE = 1 << 30  # a whole share
LAST = PLACE_SIDE * PLACE_SIDE - 1  # the last of all places
RANK = attrgetter("rank")
MIXING = 600  # ticks after which a segment whose temperature changes is weighed again at the latest


def degrees(name: str, temperature: float | None = None) -> int:
    """A temperature in whole `DEGREE`s; a fluid's default one when none is given."""
    if temperature is None:
        temperature = load().raw["fluid"][name].get("default_temperature", 15)
    return round(float(temperature or 0) * DEGREE)


class Box:
    """A fluid box of an entity. Those of machines that craft or mine hold their own fluid; others are part of a segment.

    `heat` is the sum of amount times temperature of what a box of its own holds.
    """

    __slots__ = (
        "_links",
        "amount",
        "capacity",
        "filter",
        "fluid",
        "heat",
        "kind",
        "number",
        "owner",
        "raw",
        "segment",
    )

    def __init__(self, owner: Any, number: int, raw: Raw) -> None:
        self.owner = owner
        self.number = number
        self.raw = raw
        self.capacity = int(raw["volume"] * FLUID)
        self.filter: str | None = raw.get("filter")
        self.segment: Segment | None = None
        self.fluid: str | None = None  # of its own, while in no segment
        self.amount = 0
        self.heat = 0
        self._links: list[Box] | None = None
        flows = {c.get("flow_direction") for c in raw.get("pipe_connections") or ()}
        # Whether a machine fills it ("output") or empties it ("input").
        self.kind = str(raw.get("production_type") or ("output" if flows == {"output"} else "input"))

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from all other boxes."""
        return (self.owner.unit_number, self.number)

    def neighbours(self) -> Iterator[tuple[Entity, Box]]:
        """The boxes that it is joined to."""
        for connection in connections(self.owner, self.raw):
            other = meets(self.owner, connection)
            if other is not None:
                boxes = boxes_of(other[0])
                number = 1 if other[0].type == "pump" and other[2].flow == "output" else other[1]
                if number < len(boxes):
                    yield other[0], boxes[number]

    def links(self) -> list[Box]:
        """The boxes that it is joined to, remembered until one of them changes."""
        if self._links is None:
            self._links = [box for _, box in self.neighbours()]
        return self._links

    def unlink(self) -> None:
        """It is about to appear or to be gone: its neighbours have to look again."""
        self._links = None
        for _, box in self.neighbours():
            box._links = None

    def beside(self) -> list[Segment]:
        """The segments that a machine's own box opens to."""
        found: dict[int, Segment] = {}
        for box in self.links():
            if box.segment is not None:
                found[box.segment.unit_number] = box.segment
        return [found[i] for i in sorted(found)] if len(found) > 1 else list(found.values())

    def content(self) -> tuple[str | None, int, int]:
        """Name, amount (`FLUID`) and temperature (`DEGREE`) of what is in it now."""
        s = self.segment
        if s is not None:
            s.settle()
            return s.fluid, s.amount * self.capacity // s.capacity, s.warmth
        return self.fluid, self.amount, self.heat // self.amount if self.amount else 0

    def held(self) -> tuple[str, float, float] | None:
        """Name, amount and temperature of what is in it now."""
        name, amount, warmth = self.content()
        return (name, amount / FLUID, warmth / DEGREE) if name and amount else None

    def fill(self, name: str, amount: int, warmth: int) -> int:
        """Put in up to `amount` and let temperatures mix; how much went in."""
        if self.segment is not None:
            return self.segment.add(name, amount, warmth)
        if (self.amount and self.fluid != name) or self.filter != name:
            return 0  # a machine's box that its recipe doesn't use takes nothing
        amount = max(0, min(amount, self.capacity - self.amount))
        self.fluid = name
        self.amount += amount
        self.heat += amount * warmth
        return amount

    def drain(self, amount: int) -> int:
        """Take out up to `amount`; how much came."""
        s = self.segment
        if s is not None:
            return s.draw(min(amount, s.now() * self.capacity // s.capacity))
        amount = min(amount, self.amount)
        if amount:
            self.heat -= self.heat // self.amount * amount
            self.amount -= amount
        if not self.amount:
            self.fluid, self.heat = None, 0
        return amount

    def put(self, name: str | None, amount: float, temperature: float | None = None) -> None:
        """Make it hold exactly this, as scripts may."""
        whole = min(self.capacity, int(amount * FLUID)) if name else 0
        s = self.segment
        if s is None:
            self.drain(self.amount)
            if name is not None:
                self.fill(name, whole, degrees(name, temperature))
            self.owner.fluid_came()
            return
        s.settle()
        if name not in (None, s.fluid):
            s.empty()
        self.drain(self.capacity)
        if name is not None:
            s.add(name, whole, degrees(name, temperature))
        s.touch()

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        s = self.segment
        lead = s is not None and min(s.boxes) == self.key
        return [
            self.number,
            self.fluid,
            self.amount,
            self.heat,
            self.filter,
            s.state() if s is not None and lead else None,
        ]


def boxes_of(entity: Entity) -> list[Box]:
    """The boxes that an entity has now."""
    return getattr(entity, "boxes", None) or []


class Segment(Process):
    """Boxes that are joined: one fluid, one level.

    `share` is what those who draw get of the most they could want, of `ONE`. `heat` is amount times temperature; at a
    rate of inflow, temperature is constant between events when what flows in is as warm as what is there.
    A segment whose pipes extend too far (`overextended`) lets nothing flow in or out.
    """

    __slots__ = (
        "amount", "area", "boxes", "capacity", "corner", "extent", "filters", "fluid", "heat", "heat_rate", "id", "rate", "rounds",
        "share", "since", "sinks", "sources", "told", "waiting", "warmth", "weighed", "world",
    )  # fmt: skip

    def __init__(self, world: World) -> None:
        self.world = world
        self.boxes: dict[tuple[int, int], Box] = {}
        self.id = 0  # lowest unit number among those whose first box is in it
        self.fluid: str | None = None
        self.amount = 0
        self.heat = 0
        self.warmth = 0  # temperature, also of what flows through while nothing stays
        self.capacity = 0
        self.rate = 0
        self.heat_rate = 0
        self.since = world.tick
        self.share = 0
        self.told = 0  # the temperature that those who draw know of
        self.weighed = -1  # when a pump last had it weighed, and how often in that tick
        self.rounds = 0
        self.area = (math.inf, math.inf, -math.inf, -math.inf)  # that its entities cover, tiles
        self.extent = math.inf  # tiles that it may extend
        self.corner = LAST  # the first of its places, which decides who is weighed first at a tick
        self.filters: dict[str, int] = {}  # how many of its boxes take only this
        self.sources: dict[int, Any] = {}  # fluid, warmth, gives(), set_flow()
        self.sinks: dict[int, Any] = {}  # most(), drawn, share_changed()
        self.waiting: dict[
            tuple[int, int], tuple[Entity, int]
        ] = {}  # who waits for an amount, or for room when below 0
        world.register(self)

    def place(self) -> int:
        return self.corner

    # --- what is in it -----------------------------------------------------------------------------------------

    @property
    def temperature(self) -> float:
        """Of what is in it, °C."""
        self.settle()
        return self.warmth / DEGREE

    @property
    def overextended(self) -> bool:
        """Whether it reaches farther than a pipeline may (`max_pipeline_extent`)."""
        left, top, right, bottom = self.area
        return right - left > self.extent or bottom - top > self.extent

    def now(self) -> int:
        """The amount at present."""
        return self.amount + self.rate * (self.world.tick - self.since)

    def settle(self) -> None:
        """Bring the amount to the present."""
        passed = self.world.tick - self.since
        if passed:
            self.since += passed
            self.amount += self.rate * passed
            self.heat += self.heat_rate * passed
            if self.amount:
                self.warmth = self.heat // self.amount

    def touch(self) -> None:
        """Something about it has changed: weigh what flows at the end of this tick."""
        if self.boxes:
            self.world.schedule(self, self.world.tick, SETTLE)

    def room(self) -> int:
        """How much more goes in."""
        return self.capacity - self.now()

    def takes(self, name: str) -> bool:
        """Whether a fluid may flow in."""
        if self.fluid is not None and self.fluid != name:
            return False
        return not self.overextended and (
            not self.filters or (len(self.filters) == 1 and name in self.filters)
        )

    def add(self, name: str, amount: int, warmth: int) -> int:
        """Put in up to `amount`; how much went in. Temperatures mix."""
        self.settle()
        if not self.takes(name):
            return 0
        amount = min(amount, self.capacity - self.amount)
        if amount > 0:
            self.fluid = name
            self.amount += amount
            self.heat += amount * warmth
            self.warmth = self.heat // self.amount
            self.touch()
        return amount

    def draw(self, amount: int) -> int:
        """Take out up to `amount`; how much came, at the temperature `warmth`."""
        self.settle()
        amount = min(amount, self.amount)
        if amount > 0:
            self.heat -= self.heat // self.amount * amount
            self.amount -= amount
            self.touch()
        return amount

    def empty(self) -> int:
        """Take out all there is; how much it was."""
        self.settle()
        amount, self.amount, self.heat, self.fluid = self.amount, 0, 0, None
        self.touch()
        return amount

    # --- flows -------------------------------------------------------------------------------------------------

    def on_event(self, world: Any, tick: int) -> None:
        self.settle()
        self.heat = (
            self.warmth * self.amount
        )  # what rounding has left over must not pile up in the last drops
        shut = self.overextended
        offers: list[tuple[Any, int]] = []
        name = self.fluid
        for source in sorted(self.sources.values(), key=RANK) if name is None else self.sources.values():
            offer = 0 if shut else source.gives(self)
            if offer and name is None:
                name = source.fluid
            offers.append((source, offer if source.fluid == name else 0))
        supply = sum(o for _, o in offers)
        most = 0 if shut else sum(s.most() for s in self.sinks.values())
        share = ONE if self.amount + supply >= most else (self.amount + supply) * ONE // most
        if shut:
            share = 0
        if (share != self.share and (most or shut)) or self.warmth != self.told:
            self.share, self.told = share, self.warmth
            for sink in self.sinks.values():
                sink.share_changed()
        drawn = sum(s.drawn for s in self.sinks.values())
        given = min(supply, self.capacity - self.amount + drawn)
        inflow = brought = 0
        for source, offer in offers:
            flow = offer * given // supply if supply else 0
            source.set_flow(flow)
            inflow += flow
            brought += flow * source.warmth
        self.rate = inflow - drawn
        if inflow:
            self.fluid = name
            if not self.amount and brought // inflow != self.warmth:
                self.warmth = brought // inflow
                self.touch()  # those who draw learn how warm it is
        elif not self.amount:
            self.fluid, self.warmth = None, 0
        self.heat_rate = brought - drawn * self.warmth
        self._plan(tick, supply, most)

    def _plan(self, tick: int, supply: int, most: int) -> None:
        rate = self.rate
        when = []
        if rate > 0:
            when.append((self.capacity - self.amount) // rate)
            if self.amount + supply < most:
                when.append(-(-(most - supply - self.amount) // rate))
        elif rate < 0:
            when.append((self.amount + min(0, supply - most)) // -rate)
        # Warmer or colder inflow: as long as a degree's change takes.
        drift = abs(self.heat_rate - rate * self.warmth)
        if drift * MIXING > self.amount * NOTED:
            when.append(min(MIXING, DEGREE * self.amount // drift))
        for key, (process, wanted) in list(self.waiting.items()):
            if not process.valid:
                del self.waiting[key]
            elif (wanted > 0 and self.amount >= wanted) or (
                wanted < 0 and self.capacity - self.amount >= -wanted
            ):
                del self.waiting[key]
                process.fluid_came()
            elif wanted > 0 and rate > 0:
                when.append(-(-(wanted - self.amount) // rate))
            elif wanted < 0 and rate < 0:
                when.append(-(-(-wanted - self.capacity + self.amount) // -rate))
        if when and self.key == NEVER:  # else somebody has touched it meanwhile
            self.world.schedule(self, tick + max(1, min(when)), SETTLE)

    # --- what belongs to it ------------------------------------------------------------------------------------

    def include(self, box: Box) -> None:
        """Make a box part of it."""
        owner = box.owner
        self.boxes[box.key] = box
        self.capacity += box.capacity
        if not box.number:
            self.id = min(self.id, owner.unit_number) if self.id else owner.unit_number
        if box.filter is not None:
            self.filters[box.filter] = self.filters.get(box.filter, 0) + 1
        left, top, right, bottom = self.area
        self.area = (min(left, math.floor(owner.left)), min(top, math.floor(owner.top)),
                     max(right, math.ceil(owner.right)), max(bottom, math.ceil(owner.bottom)))  # fmt: skip
        self.extent = min(self.extent, box.raw.get("max_pipeline_extent", default_extent()))
        box.segment = self
        self.corner = min([self.corner, *(place_of(c.x, c.y) for c in connections(owner, box.raw))])
        self.rank = self.corner << UNIT_BITS | self.unit_number
        owner.joined(box)
        self.touch()

    def absorb(self, other: Segment) -> None:
        """Become one with another. Of two fluids the greater amount stays (a hand can't build so: `would_mix`)."""
        self.settle()
        other.settle()
        if other.amount and other.fluid != self.fluid:
            if other.amount > self.amount:
                self.fluid, self.amount, self.heat = other.fluid, other.amount, other.heat
        else:
            self.amount += other.amount
            self.heat += other.heat
        if self.amount:
            self.warmth = self.heat // self.amount
        self.waiting.update(other.waiting)
        for box in other.close():
            self.include(box)

    def close(self) -> list[Box]:
        """It is no more; the boxes that it had."""
        for source in self.sources.values():
            source.set_flow(0)
        boxes = list(self.boxes.values())
        self.boxes, self.sources, self.sinks = {}, {}, {}
        self.world.unregister(self)
        return boxes

    def part(self, gone: Box | None = None) -> None:
        """A box leaves, or a pipe has come between others: what is left may fall apart, each piece with its boxes' share."""
        self.settle()
        left = {b.key: b for b in self.close() if b is not gone}
        fluid = self.fluid if self.amount else None
        capacity, amount, heat = self.capacity, self.amount, self.heat
        if gone is not None:
            gone.segment = None
            capacity -= gone.capacity
            amount -= amount * gone.capacity // self.capacity
            if self.amount:
                heat -= (self.amount - amount) * (heat // self.amount)
        while left:
            start = next(iter(left.values()))
            piece = Segment(self.world)
            piece.fluid, piece.warmth = fluid, self.warmth
            piece.waiting = dict(self.waiting)
            todo = [start]
            del left[start.key]
            for box in todo:
                piece.include(box)
                for _, other in box.neighbours():
                    if other.key in left:
                        todo.append(left.pop(other.key))
            # Of what is left to share out, so that nothing is lost to rounding.
            piece.amount = amount * piece.capacity // capacity
            piece.heat = heat * piece.capacity // capacity
            capacity -= piece.capacity
            amount -= piece.amount
            heat -= piece.heat

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        self.settle()
        return [self.unit_number, self.key, self.fluid, self.amount, self.heat, self.warmth, self.capacity, self.rate,
                self.heat_rate, self.share, self.told, sorted((*k, w) for k, (_, w) in self.waiting.items())]  # fmt: skip


def default_extent() -> int:
    """How far a pipeline may extend whose boxes don't say, tiles."""
    return int(load().raw["utility-constants"]["default"]["default_pipeline_extent"])


class FluidEntity(Standing):
    """Something whose fluid boxes belong to segments."""

    __slots__ = ("boxes",)
    acts = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.boxes: list[Box] = [Box(self, n, raw) for n, raw in enumerate(fluid_boxes(self))]

    def built(self) -> None:
        super().built()
        for box in self.boxes:
            join(box)

    def removed(self) -> None:
        super().removed()
        self._leave()

    def _leave(self) -> None:
        for box in self.boxes:
            box.unlink()
        below = [other for box in self.boxes if tunnels(box) for _, other in box.neighbours()]
        boxes, self.boxes = self.boxes, []
        for box in boxes:
            if box.segment is not None:
                self.parted(box)
                box.segment.part(box)
        # What it came between is joined again.
        for box in below:
            for _, other in box.neighbours():
                if box.segment is not None and other.segment is not None and other.segment is not box.segment:
                    box.segment.absorb(other.segment)

    def rotate_to(self, direction: int) -> None:
        boxes = self.boxes
        shares = [box.content() for box in boxes]
        self._leave()
        super().rotate_to(direction)
        self.boxes = boxes
        for box, (name, amount, warmth) in zip(boxes, shares, strict=True):
            join(box)
            if name is not None and box.segment is not None:
                box.segment.add(name, amount, warmth)

    @property
    def overextended(self) -> bool:
        """Whether one of its segments reaches too far to work."""
        return any(box.segment is not None and box.segment.overextended for box in self.boxes)

    def joined(self, box: Box) -> None:
        """One of its boxes is part of a segment now."""

    def parted(self, box: Box) -> None:
        """One of its boxes leaves its segment."""

    def status(self) -> str | None:
        return None

    def more_state(self) -> list[Any]:
        return [*super().more_state(), [b.state() for b in self.boxes]]


def join(box: Box) -> None:
    """Put a new box into a segment with the boxes that it is joined to."""
    segments: dict[int, Segment] = {}
    taps: dict[int, Entity] = {}
    box.unlink()
    for owner, other in box.neighbours():
        if other.segment is not None:
            segments[other.segment.unit_number] = other.segment
        elif other.owner is not box.owner:
            taps[owner.unit_number] = owner
    ordered = sorted(segments.values(), key=lambda s: (-len(s.boxes), s.unit_number))
    segment = ordered[0] if ordered else Segment(box.owner.world)
    for other_segment in ordered[1:]:
        segment.absorb(other_segment)
    segment.include(box)
    if tunnels(box) and len(segment.boxes) > 2:
        segment.part()
    for tap in taps.values():
        tap.fluid_came()


def tunnels(box: Box) -> bool:
    """Whether it has a connection under ground, where it may come between others."""
    return any(c.get("connection_type") == "underground" for c in box.raw.get("pipe_connections") or ())


def would_mix(world: World, proto: EntityPrototype, x: float, y: float, direction: int, force: Force) -> bool:
    """Whether something built here would join pipes that hold different fluids, which the game prevents."""
    if not prototype_boxes(proto):
        return False
    for box in boxes_of(make(world, proto.name, x, y, direction, force)):
        held = {s.fluid for s in box.beside() if s.now()}
        if box.filter is not None and held:
            held.add(box.filter)
        if len(held) > 1:
            return True
    return False


def insert_fluid(entity: Entity, name: str, amount: float, temperature: float | None) -> float:
    """Put a fluid into the boxes of an entity that take it, as `LuaEntity.insert_fluid`; how much went in."""
    left = whole = int(amount * FLUID)
    for box in boxes_of(entity):
        s = box.segment
        room = box.capacity - box.content()[1] if s is not None else left
        left -= box.fill(name, min(left, room), degrees(name, temperature))
    if left != whole:
        entity.fluid_came()
    return (whole - left) / FLUID


def remove_fluid(entity: Entity, name: str, amount: float, low: float, high: float) -> float:
    """Take a fluid of a temperature within limits out of an entity, as `LuaEntity.remove_fluid`; how much came."""
    left = whole = int(amount * FLUID)
    for box in boxes_of(entity):
        held = box.held()
        if held is not None and held[0] == name and low <= held[2] <= high:
            left -= box.drain(left)
    if left != whole:
        entity.fluid_came()
    return (whole - left) / FLUID


def contents(entity: Entity) -> dict[str, float]:
    """What is in all the boxes of an entity: fluid -> amount."""
    found: dict[str, float] = {}
    for box in boxes_of(entity):
        held = box.held()
        if held is not None:
            found[held[0]] = found.get(held[0], 0.0) + held[1]
    return found


class Pipe(FluidEntity):
    """Pipes and tanks: they hold fluid and do nothing."""

    __slots__ = ()

    def status(self) -> str | None:
        return "pipeline_overextended" if self.overextended else "working"
