"""Transport belts: how they connect, and the lanes that connected belts form together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from runtime.engine.entity import CRAFT, NEVER, Entity, Process, Site
from runtime.engine.systems.lanes import FREE, NO_CHASERS, NO_DROPPERS, NO_PICKERS, SPACING, Chaser, Lane

if TYPE_CHECKING:
    from runtime.engine.systems.splitters import Splitter
    from runtime.engine.world import World

# All lengths in 1/256 tile (measured on Factorio 2.0.60: divagr18/FactorioGym, docs/sim-logistics.md).
TILE: Final = 256
OUTER, INNER = 295, 106  # a curve's lanes
FAR_ENTRY, NEAR_ENTRY = (
    188,
    67,
)  # where a side-loading feed's lanes meet the target's, from its downstream edge
LANE_OFFSET: Final = 60 / 256  # tiles from a belt's centre line to either lane's

STEPS = {0: (0, -1), 4: (1, 0), 8: (0, 1), 12: (-1, 0)}

# Belts' items while lanes are taken apart: unit number -> for each lane, places on the belt and names, front to back.
Items = dict[int, list[list[tuple[int, str]]]]


class TransportBelt(Entity):
    """One belt. `lanes[n]` is the lane that runs over it left (0) or right (1) of its direction of travel,
    `offsets[n]` how far from that lane's front this belt's downstream edge lies, `lengths[n]` how much of it is here.

    Lane arguments are the game's: 1 is the left of travel, 2 the right. Positions are tiles from the downstream edge.
    `hidden` is the part of `lengths` that lies beyond that edge: the tunnel, where this is an underground belt.
    `splitter` is the splitter that this is a part of, if it is.
    """

    __slots__ = ("cell", "enters", "hidden", "lanes", "leaves", "lengths", "offsets", "speed", "splitter")
    rotatable = True
    span: ClassVar[int] = TILE  # how long it is where it is straight

    lanes: list[Lane]

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.direction -= self.direction % 4
        self.speed: int = round(self.proto.raw["speed"] * TILE)
        self.cell = (math.floor(self.x), math.floor(self.y))
        self.lanes = []
        self.hidden = 0
        self.enters = False  # the way into a tunnel
        self.leaves = False  # the way out of one
        self.offsets = [0, 0]
        self.lengths = [self.span, self.span]
        self.splitter: Splitter | None = None

    # --- its life ----------------------------------------------------------------------------------------------

    def built(self) -> None:
        self.world.belts.add([self])

    def removed(self) -> None:
        self.world.belts.remove([self])

    def rotate_to(self, direction: int) -> None:
        self.world.belts.turn([self], direction - direction % 4)

    # --- how it is connected -----------------------------------------------------------------------------------

    def shape(self) -> str:
        """`LuaEntity.belt_shape`: "straight", "left" or "right"."""
        if self.lengths[0] == self.lengths[1]:
            return "straight"
        return "right" if self.lengths[0] > self.lengths[1] else "left"

    def other_end(self) -> TransportBelt | None:
        """The other end of its tunnel, for underground belts."""
        return None

    def tunnels(self) -> list[TransportBelt]:
        """The belts that it might share a tunnel with."""
        return []

    @property
    def whole(self) -> Entity:
        """The entity that this is or is a part of."""
        return self if self.splitter is None else self.splitter

    def outputs(self) -> list[Entity]:
        """The belt or splitter it runs onto, if any."""
        ahead = self.world.belts.ahead(self)
        return [ahead.whole] if ahead is not None else []

    def inputs(self) -> list[Entity]:
        """The belts and splitters that run onto it: from behind, from its left, from its right."""
        return [there.whole for there in self.world.belts.feeders(self)]

    def lines(self) -> list[tuple[TransportBelt, int]]:
        """Its transport lines as the game numbers them: the belt and the lane argument that mean each."""
        return [(self, lane) for lane in range(1, self.line_count + 1)]

    # --- crossings ---------------------------------------------------------------------------------------------

    def plan_crossings(self) -> None:
        """Be there when a front item of one of the lanes that end here moves on."""
        due = NEVER
        for lane in self.lanes:
            if lane.due != NEVER and lane.belts[0] is self and (due == NEVER or lane.due < due):
                due = lane.due
        if due == NEVER:
            self.world.cancel(self)
        else:
            self.world.schedule(self, due, CRAFT)

    def on_event(self, world: World, tick: int) -> None:
        for lane in self.lanes:
            if lane.belts[0] is self and lane.due != NEVER and lane.due <= tick:
                lane.cross(tick)
        self.plan_crossings()

    def wake(self, tick: int) -> None:
        for lane in self.lanes:
            sooner = lane.due == NEVER or tick < lane.due
            if sooner and lane.link is not None and lane.names and lane.belts[0] is self:
                lane.due = tick
        self.plan_crossings()

    # --- its items ---------------------------------------------------------------------------------------------

    def line_length(self, lane: int) -> float:
        """Length of a lane on this belt, tiles."""
        _, low, high = self._line(lane)
        return (high - low) / TILE

    def _line(self, lane: int) -> tuple[int, int, int]:
        """A lane argument as index into `lanes` and the part of that lane that it means."""
        number = (lane - 1) % 2
        low = self.offsets[number]
        if lane > 2:
            return number, low, low + self.hidden
        return number, low + self.hidden, low + self.lengths[number]

    def reach(self, number: int) -> tuple[int, int]:
        """The part of a lane (0 or 1) that an inserter can take from here, from and up to."""
        base = self.offsets[number] + self.hidden
        if self.enters:
            return base + TILE // 2, base + TILE
        return base, self.offsets[number] + self.lengths[number] - (TILE // 2 if self.leaves else 0)

    def _items(self, lane: int) -> list[tuple[str, int]]:
        number, low, high = self._line(lane)
        return [(name, place - low) for name, place in self.lanes[number].listing(low, high, self.world.tick)]

    @property
    def line_count(self) -> int:
        """How many transport lines it has: two, or four with a tunnel's (3 and 4)."""
        return 4 if self.enters or self.leaves else 2

    def lane_contents(self, lane: int) -> list[tuple[str, float]]:
        """Items of a lane on this belt with their positions, front to back."""
        return [(name, place / TILE) for name, place in self._items(lane)]

    def _script_spot(self, lane: int, position: float) -> int:
        number, low, high = self._line(lane)
        entry = low + min(max(math.floor(position * TILE), 0), high - low)
        # A script's item lies on this belt, though it has already moved with it once.
        where = self.lanes[number].spot(entry, 0, self.world.tick, SPACING)
        return where if where < high else NEVER

    def insert_at(self, lane: int, position: float, name: str) -> bool:
        """Put an item at a position, or as near behind it as fits; whether there was room."""
        where = self._script_spot(lane, position)
        if where == NEVER:
            return False
        self.lanes[(lane - 1) % 2].put(where, name, self.world.tick, self.world.tick)
        return True

    def can_insert_at(self, lane: int, position: float) -> bool:
        """Whether `insert_at` would succeed."""
        return self._script_spot(lane, position) != NEVER

    def can_insert_at_back(self, lane: int) -> bool:
        """Whether there is room at the upstream edge."""
        return self.can_insert_at(lane, self.line_length(lane))

    def insert_at_back(self, lane: int, name: str) -> bool:
        """Put an item at the upstream edge; whether there was room."""
        return self.insert_at(lane, self.line_length(lane), name)

    def remove_from(self, lane: int, name: str, count: int) -> int:
        """Take up to `count` of an item off one lane of this belt, front first; the number taken."""
        number, low, high = self._line(lane)
        line = self.lanes[number]
        tick = self.world.tick
        taken = 0
        while taken < count:
            first, here = line.between(low, high, tick)
            index = next((i for i in range(first, first + here) if line.names[i] == name), -1)
            if index < 0:
                break
            line.remove(index, tick, tick)
            taken += 1
        return taken

    def remove(self, name: str, count: int) -> int:
        """Take up to `count` of an item off this belt, lane 1 first; the number taken."""
        taken = 0
        for lane in range(1, self.line_count + 1):
            taken += self.remove_from(lane, name, count - taken)
        return taken

    def clear(self, lane: int) -> None:
        """Take everything off one lane of this belt."""
        for name, _ in self.lane_contents(lane):
            self.remove_from(lane, name, 1)

    def insertable(self, name: str) -> int:
        return sum(int(self.line_length(lane) * TILE) // SPACING - len(self._items(lane)) for lane in (1, 2))

    def insert(self, name: str, count: int) -> int:
        put = 0
        for lane in (1, 2):
            for place in range(self.speed, int(self.line_length(lane) * TILE), SPACING):
                if put < count and self.insert_at(lane, place / TILE, name):
                    put += 1
        return put

    def takes(self, name: str) -> bool:
        return True

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        return {name: None for lane in (1, 2) for name, _ in self._items(lane)}

    def take(self, name: str, count: int) -> int:
        return self.remove(name, count)

    def mined_items(self) -> list[tuple[str, int]]:
        # Lane 1 front to back, then lane 2 (measured).
        return [(name, 1) for lane in range(1, self.line_count + 1) for name, _ in self._items(lane)]

    def point(self, lane: int, place: float) -> tuple[float, float]:
        """Where on the map an item of a lane is drawn; `place` in 1/256 tile from this belt's downstream edge."""
        ahead_x, ahead_y = STEPS[self.direction]
        left_x, left_y = ahead_y, -ahead_x
        if self.lengths[0] == self.lengths[1]:
            along = 0.5 - place / TILE
            side = LANE_OFFSET if lane == 1 else -LANE_OFFSET
            return (self.x + along * ahead_x + side * left_x, self.y + along * ahead_y + side * left_y)
        # A quarter circle about the inner corner, which lies behind on the side that the belt is fed from.
        inward = 1.0 if self.lengths[0] < self.lengths[1] else -1.0
        length = self.lengths[lane - 1]
        radius = (FAR_ENTRY if length == OUTER else NEAR_ENTRY) / TILE
        angle = place / length * math.pi / 2
        along = 0.5 - radius * math.sin(angle)
        side = inward * (0.5 - radius * math.cos(angle))
        return (self.x + along * ahead_x + side * left_x, self.y + along * ahead_y + side * left_y)

    def item_positions(self) -> list[tuple[str, float, float]]:
        """Items on this belt with their places on the map, for drawing."""
        found: list[tuple[str, float, float]] = []
        for lane in (1, 2):
            base = self.offsets[lane - 1] + self.hidden
            low, high = self.reach(lane - 1)
            found.extend(
                (name, *self.point(lane, place))
                for name, place in self._items(lane)
                if low <= place + base < high
            )
        return found

    # --- what it says of itself --------------------------------------------------------------------------------

    def status(self) -> str | None:
        return "working"

    def more_state(self) -> list[Any]:
        # By place: how a lane groups its items has no bearing on what will happen.
        return [
            [[name, place] for name, place in self._items(lane)] for lane in range(1, self.line_count + 1)
        ]

    def state(self) -> list[Any]:
        # Without the pending event: a front item's crossing follows from its place.
        return [self.name, self.x, self.y, self.direction, self.force.name, self.health, self.unit_number,
                *self.more_state()]  # fmt: skip


class Belts:
    """All belts of a world by tile, and the lanes they form, made anew wherever a belt comes, goes or turns."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.grid: dict[tuple[int, int], TransportBelt] = {}

    # --- connections -------------------------------------------------------------------------------------------

    def _neighbour(self, belt: TransportBelt, turn: int) -> TransportBelt | None:
        dx, dy = STEPS[(belt.direction + turn) % 16]
        return self.grid.get((belt.cell[0] + dx, belt.cell[1] + dy))

    def ahead(self, belt: TransportBelt) -> TransportBelt | None:
        """The belt that this one runs onto; two that face each other don't connect."""
        if belt.enters:
            return belt.other_end()
        if belt.splitter is not None and not belt.splitter.gives(belt):
            return belt.splitter.across(belt)
        ahead = self._neighbour(belt, 0)
        if ahead is None or ahead.direction == (belt.direction + 8) % 16:
            return None
        if ahead.splitter is not None:
            return ahead.splitter.across(ahead) if ahead.direction == belt.direction else None
        return None if ahead.leaves and ahead.direction == belt.direction else ahead

    def feeders(self, belt: TransportBelt) -> list[TransportBelt]:
        """The belts that run onto this one: from behind (or out of the tunnel), from its left, from its right.

        What runs onto the giving half of a splitter is the splitter's own affair.
        """
        if belt.splitter is not None and belt.splitter.gives(belt):
            return []
        behind = belt.other_end() if belt.leaves else self._neighbour(belt, 8)
        near = (behind, self._neighbour(belt, 12), self._neighbour(belt, 4))
        return [there for there in near if there is not None and self.ahead(there) is belt]

    def in_line(self, belt: TransportBelt) -> TransportBelt | None:
        """The belt whose lanes go on as this one's: the one behind, else the only one at a side (then it curves)."""
        feeders = self.feeders(belt)
        if not feeders:
            return None
        if feeders[0].direction == belt.direction:
            return feeders[0]
        return feeders[0] if len(feeders) == 1 and not (belt.enters or belt.leaves) else None

    def _next_in_line(self, belt: TransportBelt) -> TransportBelt | None:
        ahead = self.ahead(belt)
        return ahead if ahead is not None and self.in_line(ahead) is belt else None

    # --- building ----------------------------------------------------------------------------------------------

    def add(self, belts: Sequence[TransportBelt]) -> None:
        """Belts have been built. They take over the items of belts in their place, which are to be removed next."""

        def change(items: Items) -> None:
            for cell in dict.fromkeys(b.cell for b in belts):
                here = [b for b in belts if b.cell == cell]
                old = self.grid.get(cell)
                if old is not None:
                    self._bequeath(old, here, items)
                self.grid[cell] = here[-1]

        self._spill(self._rebuild(belts, change))

    def remove(self, belts: Sequence[TransportBelt]) -> None:
        """Belts go, with what is on them and in their tunnels."""

        def change(items: Items) -> None:
            for b in belts:
                if self.grid.get(b.cell) is b:
                    del self.grid[b.cell]

        self._rebuild(belts, change, gone=belts)

    def turn(self, belts: Sequence[TransportBelt], direction: int, about: bool = False) -> None:
        """Turn belts; what is on them stays. `about`: a tunnel's entrance becomes its exit, and the other way round."""

        def change(items: Items) -> None:
            if about:
                self._turn_about(belts, items)
            for b in belts:
                b.direction = direction

        if any(b.direction != direction for b in belts):
            self._spill(self._rebuild(belts, change))
            for b in belts:
                self.world.surface.moved(b, b.x, b.y)

    def turn_splitter(self, splitter: Splitter, direction: int) -> None:
        """Turn a splitter about: its halves change places and face the other way, with what is on them."""

        def change(items: Items) -> None:
            splitter.direction = direction
            splitter.lay_out()
            for b in splitter.halves:
                if splitter.gives(b):
                    self.grid[b.cell] = b

        self._rebuild(splitter.halves, change)
        self.world.surface.moved(splitter, splitter.x, splitter.y)

    def _spill(self, lost: list[tuple[TransportBelt, str]]) -> None:
        for belt, name in lost:
            self.world.spill(belt.x, belt.y, name, 1)

    def _turn_about(self, belts: Sequence[TransportBelt], items: Items) -> None:
        """Swap the entrance and the exit of a tunnel; what is in it stays there."""
        hidden = max(b.hidden for b in belts)
        tunnel: list[list[tuple[int, str]]] = [[], []]
        for b in belts:
            here = items.setdefault(b.unit_number, [[], []])
            for n in (0, 1):
                tunnel[n] += [(p, name) for p, name in here[n] if p < b.hidden]
                here[n] = [(p - b.hidden, name) for p, name in here[n] if p >= b.hidden]
            b.enters, b.leaves = b.leaves, b.enters
            b.hidden = 0
            b.lengths = [TILE, TILE]
        entrance = next((b for b in belts if b.enters), None)
        if entrance is not None and hidden:
            here = items[entrance.unit_number]
            for n in (0, 1):
                here[n] = tunnel[n] + [(p + hidden, name) for p, name in here[n]]
            entrance.hidden = hidden
            entrance.lengths = [TILE + hidden, TILE + hidden]

    def _bequeath(self, old: TransportBelt, heirs: Sequence[TransportBelt], items: Items) -> None:
        """Hand the items that lie on a tile to the belt, or the splitter's halves, that take it over."""
        halves = [old] if old.splitter is None else [old, old.splitter.across(old)]
        kept = [n - old.hidden for n in old.lengths] if len(halves) == len(heirs) == 1 else [TILE, TILE]
        for n in (0, 1):
            found: list[tuple[int, str]] = []
            for half in halves:
                here = items.get(half.unit_number)
                if here is None:
                    continue
                length = half.lengths[n] - half.hidden
                base = 0 if half is old else half.span
                goal = half.span if len(halves) == 2 else kept[n]
                found += [
                    (base + (p - half.hidden) * (goal - 1) // (length - 1), name)
                    for p, name in here[n]
                    if p >= half.hidden
                ]
                here[n] = [(p, name) for p, name in here[n] if p < half.hidden]
            low = 0
            for heir in reversed(heirs):  # the one that gives is ahead
                heir.lengths[n] = heir.span if len(heirs) == 2 else kept[n]
                items.setdefault(heir.unit_number, [[], []])[n] = [
                    (p - low, name) for p, name in found if low <= p < low + heir.lengths[n]
                ]
                low += heir.lengths[n]

    def _around(self, belts: Sequence[TransportBelt]) -> dict[int, TransportBelt]:
        """The belts on the tiles of these and beside them, those that might share a tunnel, and what runs onto them."""
        queue: list[TransportBelt] = []
        for x, y in dict.fromkeys(b.cell for b in belts):
            for dx, dy in ((0, 0), *STEPS.values()):
                there = self.grid.get((x + dx, y + dy))
                if there is not None:
                    queue.append(there)
                    if there.splitter is not None:
                        queue.extend(there.splitter.halves)
        queue.extend([tunnel for there in queue for tunnel in there.tunnels()])
        found: dict[int, TransportBelt] = {}
        for there in queue:
            found[there.unit_number] = there
            for feeder in self.feeders(there):
                found[feeder.unit_number] = feeder
        return found

    def _rebuild(
        self,
        belts: Sequence[TransportBelt],
        change: Callable[[Items], None],
        gone: Sequence[TransportBelt] = (),
    ) -> list[tuple[TransportBelt, str]]:
        """Take the lanes about some belts apart, change something, and make the lanes anew but those of belts that are gone.

        Returns the items that lay in a tunnel which is not there any more, and at which end.
        """
        freed: dict[int, TransportBelt] = {}
        items: Items = {}
        if any(b.cell in self.grid for b in belts):
            self._dissolve(self._around(belts), freed, items)
        change(items)
        if any(b.cell in self.grid for b in belts):
            self._dissolve(self._around(belts), freed, items)
        for b in gone:
            freed.pop(b.unit_number, None)
        standing = [freed[n] for n in sorted(freed)]
        lost: list[tuple[TransportBelt, str]] = []
        for b in standing:
            self._fit(b, items, lost)
        for b in standing:
            if not b.lanes:
                self._form(b, items)
        for b in standing:
            for lane in b.lanes:
                if lane.belts[0] is b and lane.link is not None:
                    lane.plan_front(self.world.tick)
        return lost

    def _dissolve(
        self, belts: dict[int, TransportBelt], freed: dict[int, TransportBelt], items: Items
    ) -> None:
        """Take the lanes that run over some belts apart: `freed` gets their belts, `items` each belt's items."""
        tick = self.world.tick
        freed.update({n: b for n, b in belts.items() if not b.lanes})
        lanes = list({id(lane): lane for b in belts.values() for lane in b.lanes}.values())
        waiting: list[Process] = []
        chasers: list[Chaser] = []
        for lane in lanes:
            places = lane.places(tick)
            index = 0
            for b in lane.belts:
                freed[b.unit_number] = b
                b.lanes = []
                low, high = b.offsets[lane.number], b.offsets[lane.number] + b.lengths[lane.number]
                here = items.setdefault(b.unit_number, [[], []])[lane.number]
                while index < len(places) and places[index] < high:
                    here.append((places[index] - low, lane.names[index]))
                    index += 1
            lane.due = NEVER
            lane.gone = True
            waiting.extend(d.process for d in lane.droppers.values())
            for picker in lane.pickers.values():
                picker.vain = False
                if picker.waits:
                    waiting.append(picker.process)
            chasers.extend(lane.chasers.values())
            lane.droppers, lane.pickers, lane.chasers = NO_DROPPERS, NO_PICKERS, NO_CHASERS
        for b in freed.values():
            self.world.cancel(b)
        for process in waiting:
            if not (isinstance(process, TransportBelt) and process.unit_number in freed):
                process.wake(tick + 1)
        for chaser in chasers:
            chaser.at = -1
            chaser.touched(tick + 1)

    def _fit(self, belt: TransportBelt, items: Items, lost: list[tuple[TransportBelt, str]]) -> None:
        """Give a belt the shape that its feeders make it have; its items keep their share of the way.

        What is in a tunnel keeps its distance to the entrance; what is then beyond the exit is `lost`.
        """
        lengths = [belt.span, belt.span]
        hidden = 0
        feeder = self.in_line(belt)
        if belt.enters:
            other = belt.other_end()
            if other is not None:
                distance = abs(other.cell[0] - belt.cell[0]) + abs(other.cell[1] - belt.cell[1])
                hidden = TILE * (distance - 1)
            lengths = [TILE + hidden, TILE + hidden]
        elif feeder is not None and feeder.direction != belt.direction:
            lengths = [OUTER, INNER] if (feeder.direction + 4) % 16 == belt.direction else [INNER, OUTER]
        here = items.get(belt.unit_number)
        if here is not None:
            for n in (0, 1):
                if lengths[n] == belt.lengths[n]:
                    continue
                own, before = lengths[n] - hidden, belt.lengths[n] - belt.hidden
                moved = [(p - belt.hidden, name) for p, name in here[n]]
                if own != before:
                    moved = [(p * (own - 1) // before if p > 0 else p, name) for p, name in moved]
                lost.extend((belt, name) for p, name in moved if p + hidden < 0)
                here[n] = [(p + hidden, name) for p, name in moved if p + hidden >= 0]
        belt.lengths = lengths
        belt.hidden = hidden

    def _form(self, belt: TransportBelt, items: Items) -> None:
        """Make the two lanes that run over a belt, from the front of its run to the back."""
        front = oldest = belt
        while True:
            following = self._next_in_line(front)
            if following is None or following.speed != belt.speed:
                break
            if following is belt:  # a loop: its seam is after the first belt built
                front = oldest
                break
            front = following
            if front.unit_number < oldest.unit_number:
                oldest = front
        run = [front]
        while True:
            behind = self.in_line(run[-1])
            if behind is None or behind is front or behind.speed != belt.speed:
                break
            run.append(behind)
        tick = self.world.tick
        for number in (0, 1):
            lane = Lane(number, belt.speed)
            lane.belts = run
            for b in run:
                b.offsets[number] = lane.length
                here = items.get(b.unit_number)
                if here is not None:
                    self._lay(lane, here[number], tick)
                lane.length += b.lengths[number]
                b.lanes.append(lane)
            self._link(lane)

    def _lay(self, lane: Lane, items: list[tuple[int, str]], tick: int) -> None:
        """Put items on a lane that is being made, at `lane.length` and their places."""
        moved = lane.speed * tick
        for place, name in items:
            where = lane.length + place
            room = FREE
            if lane.heads:
                start = lane.heads[-1] - moved
                if lane.holds and start > lane.holds[-1]:
                    start = lane.holds[-1]
                room = where - start - SPACING * (lane.counts[-1] - 1)
            if room == SPACING:
                lane.counts[-1] += 1
            else:
                if room < SPACING:
                    if not lane.holds:
                        lane.holds = [FREE] * len(lane.heads)
                    lane.holds.append(where)
                    lane.held += 1
                elif lane.holds:
                    lane.holds.append(FREE)
                lane.heads.append(where + moved)
                lane.counts.append(1)
            lane.names.append(name)
            lane.count_in(name)
            lane.since = tick

    def _link(self, lane: Lane) -> None:
        """Find what a lane's front runs into."""
        front = lane.belts[0]
        target = self.ahead(front)
        if target is None:
            return
        lane.link = target
        lane.rivals = self.feeders(target)
        if front in lane.rivals:
            del lane.rivals[lane.rivals.index(front) + 1 :]
        if front.splitter is target.splitter is not None:
            lane.link_lane = lane.number  # which half gives it is the splitter's choice
        elif self.in_line(target) is front:
            lane.link_lane = lane.number
            lane.link_entry = target.lengths[lane.number] - target.hidden
        else:
            from_left = (front.direction + 4) % 16 != target.direction
            lane.link_lane = 0 if from_left else 1
            lane.link_entry = FAR_ENTRY if from_left == (lane.number == 1) else NEAR_ENTRY
            if (target.enters and lane.link_entry == NEAR_ENTRY) or (
                target.leaves and lane.link_entry == FAR_ENTRY
            ):
                lane.link = None  # it runs against the hood of the tunnel

    # --- dropping ----------------------------------------------------------------------------------------------

    def aim(self, belt: TransportBelt, x: float, y: float) -> tuple[Lane, int]:
        """The lane that an item dropped at a point of a belt goes on, and the place on that lane."""
        ahead_x, ahead_y = STEPS[belt.direction]
        dx, dy = x - belt.x, y - belt.y
        along = dx * ahead_x + dy * ahead_y
        left = dx * ahead_y - dy * ahead_x
        if belt.lengths[0] == belt.lengths[1]:
            number = 0 if left > 0 else 1
            low, high = belt.reach(number)
            return belt.lanes[number], min(
                max(belt.offsets[number] + belt.hidden + round((0.5 - along) * TILE), low), high
            )
        inward = 1.0 if belt.lengths[0] < belt.lengths[1] else -1.0
        near = math.hypot(along - 0.5, left - inward * 0.5) < 0.5
        number = 0 if (belt.lengths[0] == INNER) == near else 1
        return belt.lanes[number], belt.offsets[number] + belt.lengths[number] // 2

    def drop(self, belt: TransportBelt, x: float, y: float, name: str, tick: int) -> bool:
        """Drop an item at a point of a belt in this tick, before its belts move; whether there was room."""
        lane, entry = self.aim(belt, x, y)
        return lane.drop(entry, name, tick)

    def wait_for_room(self, belt: TransportBelt, x: float, y: float, process: Process) -> None:
        """Wake a process when a drop that was refused could succeed."""
        lane, entry = self.aim(belt, x, y)
        lane.wait_for_room(entry, process, 2 * process.unit_number, self.world.tick)
