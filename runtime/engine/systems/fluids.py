"""Fluids: segments, each one level shared by its pipes, tanks and boxes, and what flows in and out of them.

Amounts are whole numbers of `FLUID` per unit of fluid. Continuous flows are rates per tick that stand until the end of
a tick in which something changes them; a segment's event is the next tick at which it runs full or empty or reaches
what somebody waits for. Limits are passed on with the flow (`gives`, `most`, `Segment.share`), actual flows against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import NEVER, SETTLE, Entity, Process, entity_class
from runtime.engine.prototypes import Raw, RecipePrototype, load
from runtime.engine.systems.electricity import ONE as FULL_POWER
from runtime.engine.systems.pipes import connections, fluid_boxes, meets
from runtime.engine.systems.standing import Standing

if TYPE_CHECKING:
    from runtime.engine.world import World

FLUID = 10**9
ONE = 1 << 30  # a whole share
MOST_ROUNDS = 16  # pumps may run in a circle: so often in a tick a segment is weighed again for one of them


class Box:
    """A fluid box of an entity. Those of machines that craft or mine hold their own fluid; others are part of a segment."""

    __slots__ = ("amount", "capacity", "filter", "fluid", "number", "owner", "raw", "segment", "temperature")

    def __init__(self, owner: Any, number: int, raw: Raw) -> None:
        self.owner = owner
        self.number = number
        self.raw = raw
        self.capacity = int(raw["volume"] * FLUID)
        self.filter: str | None = raw.get("filter")
        self.segment: Segment | None = None
        self.fluid: str | None = None  # of its own, while in no segment
        self.amount = 0
        self.temperature = 0.0

    @property
    def kind(self) -> str:
        """Whether a machine fills it ("output") or empties it ("input")."""
        flows = {c.get("flow_direction") for c in self.raw.get("pipe_connections") or ()}
        return str(self.raw.get("production_type") or ("output" if flows == {"output"} else "input"))

    def neighbours(self) -> Iterator[tuple[Entity, Box]]:
        """The boxes that it is joined to."""
        for connection in connections(self.owner, self.raw):
            other = meets(self.owner, connection)
            if other is not None:
                boxes = boxes_of(other[0])
                number = 1 if other[0].type == "pump" and other[2].flow == "output" else other[1]
                if number < len(boxes):
                    yield other[0], boxes[number]

    def beside(self) -> list[Segment]:
        """The segments that a machine's own box opens to."""
        found: dict[int, Segment] = {}
        for _, box in self.neighbours():
            if box.segment is not None:
                found[box.segment.id] = box.segment
        return [found[i] for i in sorted(found)]

    def held(self) -> tuple[str, float, float] | None:
        """Name, amount and temperature of what is in it now."""
        s = self.segment
        if s is None:
            return (self.fluid, self.amount / FLUID, self.temperature) if self.fluid and self.amount else None
        amount = s.now() * self.capacity // s.capacity
        return (s.fluid, amount / FLUID, s.temperature) if s.fluid and amount else None

    def put(self, name: str | None, amount: float, temperature: float | None = None) -> None:
        """Make it hold exactly this, as scripts may."""
        if temperature is None and name is not None:
            temperature = load().raw["fluid"][name].get("default_temperature", 15)
        whole = min(self.capacity, int(amount * FLUID)) if name else 0
        s = self.segment
        if s is None:
            self.fluid, self.amount, self.temperature = (name if whole else None), whole, temperature or 0.0
            self.owner.wake(self.owner.world.tick + 1)
            return
        s.settle()
        kept = s.amount - s.amount * self.capacity // s.capacity if name in (None, s.fluid) else 0
        s.amount = kept
        if name is not None:
            s.add(name, whole, temperature or 0.0)
        s.touch()

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        s = self.segment
        lead = s is not None and s.id == self.owner.unit_number and min(s.boxes) == (s.id, self.number)
        return [self.number, self.fluid, self.amount, self.temperature, s.state() if s is not None and lead else None]


def boxes_of(entity: Entity) -> list[Box]:
    """The boxes that an entity has now."""
    return getattr(entity, "boxes", None) or []


class Segment(Process):
    """Boxes that are joined: one fluid, one level.

    `share` is what those who draw get of the most they could want, of `ONE`.
    """

    __slots__ = (
        "amount", "boxes", "capacity", "fluid", "id", "rate", "rounds", "share", "since", "sinks", "sources", "temperature",
        "waiting", "weighed", "world",
    )  # fmt: skip

    def __init__(self, world: World) -> None:
        self.world = world
        self.boxes: dict[tuple[int, int], Box] = {}
        self.id = 0
        self.fluid: str | None = None
        self.amount = 0
        self.capacity = 0
        self.temperature = 0.0
        self.rate = 0
        self.since = world.tick
        self.share = 0
        self.weighed = -1  # when a pump last had it weighed, and how often in that tick
        self.rounds = 0
        self.sources: dict[int, Any] = {}  # gives(), flow, set_flow()
        self.sinks: dict[int, Any] = {}  # most(), drawn, share_changed()
        self.waiting: dict[int, tuple[Entity, int]] = {}  # who waits for an amount, or for room when below 0
        world.register(self)

    def now(self) -> int:
        """The amount at present."""
        return max(0, self.amount + self.rate * (self.world.tick - self.since))

    def settle(self) -> None:
        """Bring the amount to the present."""
        self.amount = self.now()
        self.since = self.world.tick

    def touch(self) -> None:
        """Something about it has changed: weigh what flows at the end of this tick."""
        self.world.schedule(self, self.world.tick, SETTLE)

    def room(self) -> int:
        """How much more goes in."""
        return self.capacity - self.now()

    def takes(self, name: str) -> bool:
        """Whether a fluid may flow in."""
        if self.fluid is not None and self.now() > 0:
            return self.fluid == name
        return all(b.filter in (None, name) for b in self.boxes.values())

    def add(self, name: str, amount: int, temperature: float) -> int:
        """Put in up to `amount`; how much went in. Temperatures mix."""
        self.settle()
        if not self.takes(name):
            return 0
        amount = min(amount, self.capacity - self.amount)
        if amount > 0:
            before = self.amount if self.fluid == name else 0
            self.temperature = (self.temperature * before + temperature * amount) / (before + amount)
            self.fluid = name
            self.amount += amount
            self.touch()
        return amount

    def draw(self, amount: int) -> int:
        """Take out up to `amount`; how much came."""
        self.settle()
        amount = min(amount, self.amount)
        if amount > 0:
            self.amount -= amount
            self.touch()
        return amount

    def on_event(self, world: Any, tick: int) -> None:
        self.settle()
        offers = [(s, s.gives(self)) for s in self.sources.values()]
        supply = sum(o for _, o in offers)
        most = sum(s.most() for s in self.sinks.values())
        share = ONE if self.amount + supply >= most else (self.amount + supply) * ONE // most
        if most and share != self.share:
            self.share = share
            for sink in self.sinks.values():
                sink.share_changed()
        drawn = sum(s.drawn for s in self.sinks.values())
        given = min(supply, self.capacity - self.amount + drawn)
        inflow = 0
        for source, offer in offers:
            flow = offer * given // supply if supply else 0
            source.set_flow(flow)
            inflow += flow
            if flow and not self.amount:
                self.fluid, self.temperature = source.fluid, source.temperature
        self.rate = inflow - drawn
        when = []
        rate = self.rate
        if rate > 0:
            when.append((self.capacity - self.amount) // rate)
            if self.amount + supply < most:
                when.append(-(-(most - supply - self.amount) // rate))
        elif rate < 0:
            when.append((self.amount + min(0, supply - most)) // -rate)
        for unit, (process, wanted) in list(self.waiting.items()):
            if (wanted > 0 and self.amount >= wanted) or (wanted < 0 and self.capacity - self.amount >= -wanted):
                del self.waiting[unit]
                process.fluid_came()
            elif wanted > 0 and rate > 0:
                when.append(-(-(wanted - self.amount) // rate))
            elif wanted < 0 and rate < 0:
                when.append(-(-(-wanted - self.capacity + self.amount) // -rate))
        if when and self.key == NEVER:  # else somebody has touched it meanwhile
            world.schedule(self, tick + max(1, min(when)), SETTLE)

    def include(self, box: Box) -> None:
        """Make a box part of it."""
        key = (box.owner.unit_number, box.number)
        self.boxes[key] = box
        self.capacity += box.capacity
        self.id = min(self.id or key[0], key[0])
        box.segment = self
        box.owner.joined(box)
        self.touch()

    def absorb(self, other: Segment) -> None:
        """Become one with another."""
        self.settle()
        other.settle()
        if other.amount > self.amount:
            self.fluid, self.temperature, self.amount, other_amount = (
                other.fluid, other.temperature, other.amount, self.amount if self.fluid == other.fluid else 0,
            )  # fmt: skip
        else:
            other_amount = other.amount if other.fluid == self.fluid else 0
        self.amount += other_amount
        self.waiting.update(other.waiting)
        other.close()
        for box in other.boxes.values():
            self.include(box)

    def close(self) -> None:
        """It is no more."""
        for source in self.sources.values():
            source.set_flow(0)
        self.world.unregister(self)

    def part(self, gone: Box) -> None:
        """A box leaves: what is left may fall apart, and each piece keeps the share of its boxes."""
        self.settle()
        left = {k: b for k, b in self.boxes.items() if b is not gone}
        self.close()
        gone.segment = None
        while left:
            start = next(iter(left.values()))
            piece = Segment(self.world)
            piece.fluid, piece.temperature = self.fluid, self.temperature
            piece.waiting = dict(self.waiting)
            todo = [start]
            del left[(start.owner.unit_number, start.number)]
            for box in todo:
                piece.include(box)
                for owner, other in box.neighbours():
                    key = (owner.unit_number, other.number)
                    if key in left:
                        todo.append(left.pop(key))
            piece.amount = self.amount * piece.capacity // self.capacity

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.unit_number, self.key, self.fluid if self.now() else None, self.now(), self.capacity, self.rate,
                self.temperature, self.share, sorted((u, w) for u, (_, w) in self.waiting.items())]  # fmt: skip


class FluidEntity(Standing):
    """Something whose fluid boxes belong to segments."""

    __slots__ = ("boxes",)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.boxes: list[Box] = [Box(self, n, raw) for n, raw in enumerate(fluid_boxes(self))]

    def built(self) -> None:
        super().built()
        for box in self.boxes:
            join(box)

    def removed(self) -> None:
        super().removed()
        self._leave()

    def _leave(self) -> None:
        boxes, self.boxes = self.boxes, []
        for box in boxes:
            if box.segment is not None:
                self.parted(box)
                box.segment.part(box)

    def rotate_to(self, direction: int) -> None:
        boxes = self.boxes
        shares = [box.held() for box in boxes]
        self._leave()
        super().rotate_to(direction)
        self.boxes = boxes
        for box, held in zip(boxes, shares, strict=True):
            join(box)
            if held is not None and box.segment is not None:
                box.segment.add(held[0], int(held[1] * FLUID), held[2])

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
    taps: list[Entity] = []
    for owner, other in box.neighbours():
        if other.segment is not None:
            segments[other.segment.id] = other.segment
        elif other.owner is not box.owner:
            taps.append(owner)
    ordered = sorted(segments.values(), key=lambda s: (-len(s.boxes), s.id))
    segment = ordered[0] if ordered else Segment(box.owner.world)
    for other_segment in ordered[1:]:
        segment.absorb(other_segment)
    segment.include(box)
    for tap in taps:
        tap.fluid_came()


@entity_class("pipe", "pipe-to-ground", "storage-tank")
class Pipe(FluidEntity):
    """Pipes and tanks: they hold fluid and do nothing."""

    __slots__ = ()


@entity_class("pump")
class Pump(FluidEntity):
    """Moves fluid from the segment behind it to the one before it, `pumping_speed` per tick at full power.

    To the game it has one box; here it is half and half a part of both segments.
    """

    __slots__ = ("drawn", "flow")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.flow = self.drawn = 0
        raw = self.proto.raw["fluid_box"]
        for number, flow in enumerate(("input", "output")):
            joints = [c for c in raw["pipe_connections"] if c["flow_direction"] == flow]
            half = Box(self, number, {**raw, "volume": raw["volume"] / 2, "pipe_connections": joints})
            self.boxes[number : number + 1] = [half]

    @property
    def fluid(self) -> str | None:
        """What it moves."""
        source = self.boxes[0].segment if self.boxes else None
        return source.fluid if source is not None else None

    @property
    def temperature(self) -> float:
        """Of what it moves."""
        source = self.boxes[0].segment if self.boxes else None
        return source.temperature if source is not None else 0.0

    def most(self) -> int:
        """The most it could want per tick."""
        if self.power is None or not self.active:
            return 0
        return int(self.proto.raw["pumping_speed"] * FLUID) * self.power.satisfaction // FULL_POWER

    def gives(self, segment: Segment) -> int:
        """The most it gives per tick."""
        fluid = self.fluid
        source = self.boxes[0].segment if self.boxes else None
        if fluid is None or source is None or source is segment or not segment.takes(fluid):
            return 0
        return self.most() * source.share // ONE

    def share_changed(self) -> None:
        """It gets another share of what it could want."""
        target = self.boxes[1].segment if self.boxes else None
        if target is None:
            return
        target.rounds = target.rounds + 1 if target.weighed == self.world.tick else 0
        target.weighed = self.world.tick
        if target.rounds < MOST_ROUNDS:
            target.touch()

    def set_flow(self, flow: int) -> None:
        """It moves so much per tick from now on."""
        if flow != self.flow:
            self.flow = self.drawn = flow
            if self.power is not None:
                self.power.set_rate(self.proto.energy_usage if flow else 0.0)
            if self.boxes and self.boxes[0].segment is not None:
                self.boxes[0].segment.touch()

    def joined(self, box: Box) -> None:
        assert box.segment is not None
        (box.segment.sources if box.number else box.segment.sinks)[self.unit_number] = self
        self.share_changed()

    def parted(self, box: Box) -> None:
        assert box.segment is not None
        (box.segment.sources if box.number else box.segment.sinks).pop(self.unit_number, None)
        self.flow = self.drawn = 0
        self.share_changed()

    def plug(self, network: Any) -> None:
        super().plug(network)
        self.power_changed()

    def power_changed(self) -> None:
        for box in self.boxes:
            if box.segment is not None:
                box.segment.touch()

    def status(self) -> str | None:
        assert self.power is not None
        if not self.power.satisfaction:
            return "no_power"
        if not self.flow:
            return "no_input_fluid" if self.fluid is None else "full_output"
        return self.power.status()

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.flow]


class Tank:
    """The own fluid boxes of a machine: ingredients come from the segments beside them, products go there."""

    __slots__ = ("boxes", "owner")

    def __init__(self, owner: Entity) -> None:
        self.owner = owner
        self.boxes: list[Box] = []

    def fit(self, recipe: RecipePrototype | None) -> None:
        """Have the boxes for a recipe (`fluidbox_index` says which, else the next free one); what was in them is gone."""
        self.boxes = [Box(self.owner, n, raw) for n, raw in enumerate(fluid_boxes(self.owner))]
        if recipe is None:
            return
        for kind, rows in (("input", recipe.raw.get("ingredients")), ("output", recipe.raw.get("results"))):
            boxes = [b for b in self.boxes if b.kind == kind]
            for row in rows or ():
                if row["type"] == "fluid":
                    index = row.get("fluidbox_index")
                    free = [b for b in boxes if b.filter is None]
                    box = boxes[index - 1] if index and index <= len(boxes) else (free[0] if free else None)
                    if box is not None:
                        box.filter = row["name"]

    def _box(self, kind: str, name: str) -> Box | None:
        return next((b for b in self.boxes if b.filter == name and b.kind == kind), None)

    def pull(self, recipe: RecipePrototype) -> None:
        """Fill the boxes of ingredients for two crafts; for what is short of one, `fluid_came` is called when it comes."""
        self.flush()
        for name, amount in [(i.name, i.amount) for i in recipe.ingredients if i.type == "fluid"]:
            box = self._box("input", name)
            if box is None:
                continue
            segments = box.beside()
            for segment in segments:
                if segment.fluid == name and box.amount < 2 * int(amount * FLUID):
                    came = segment.draw(2 * int(amount * FLUID) - box.amount)
                    if came:
                        box.fluid, box.temperature = name, segment.temperature
                        box.amount += came
            short = int(amount * FLUID) - box.amount
            if short > 0:
                for segment in segments:
                    segment.waiting[self.owner.unit_number] = (self.owner, min(short, segment.capacity))
                    if segment.fluid in (None, name):
                        segment.touch()

    def use(self, name: str, amount: float) -> None:
        """Take an ingredient out of its box."""
        box = self._box("input", name)
        assert box is not None
        box.amount -= int(amount * FLUID)

    def amount(self, name: str) -> float:
        """What is in the machine of an ingredient."""
        box = self._box("input", name)
        return box.amount / FLUID if box is not None else 0.0

    def open(self, name: str) -> None:
        """Let the first box of products take this one."""
        if not self.boxes:
            self.boxes = [Box(self.owner, n, raw) for n, raw in enumerate(fluid_boxes(self.owner))]
        box = next((b for b in self.boxes if b.kind == "output"), None)
        if box is not None:
            box.filter = name

    def room(self, name: str, amount: float) -> bool:
        """Whether a product would go into its box."""
        box = self._box("output", name)
        return box is not None and box.capacity - box.amount >= int(amount * FLUID)

    def make(self, name: str, amount: float, temperature: float | None = None) -> None:
        """Put a product into its box, and on into the segments beside it."""
        box = self._box("output", name)
        assert box is not None
        if temperature is None:
            temperature = load().raw["fluid"][name].get("default_temperature", 15)
        box.fluid, box.temperature = name, float(temperature or 0)
        box.amount = min(box.capacity, box.amount + int(amount * FLUID))
        self.flush()

    def flush(self) -> None:
        """Let products flow on."""
        for box in self.boxes:
            if box.kind == "output" and box.fluid and box.amount:
                for segment in box.beside():
                    box.amount -= segment.add(box.fluid, box.amount, box.temperature)
                    if box.amount:
                        segment.waiting[self.owner.unit_number] = (self.owner, -min(box.amount, FLUID))
                        if segment.takes(box.fluid):
                            segment.touch()

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [b.state() for b in self.boxes]
