"""Transport belts: how they connect, and the lanes that connected belts form together."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import CRAFT, NEVER, Entity, Process, entity_class
from runtime.engine.systems.lanes import FREE, SPACING, Lane

if TYPE_CHECKING:
    from runtime.engine.world import World

# All lengths in 1/256 tile (measured on Factorio 2.0.60: divagr18/FactorioGym, docs/sim-logistics.md).
TILE = 256
OUTER, INNER = 295, 106  # a curve's lanes
FAR_ENTRY, NEAR_ENTRY = (
    188,
    67,
)  # where a side-loading feed's lanes meet the target's, from its downstream edge
LANE_OFFSET = 60 / 256  # tiles from a belt's centre line to either lane's

STEPS = {0: (0, -1), 4: (1, 0), 8: (0, 1), 12: (-1, 0)}


@entity_class("transport-belt")
class TransportBelt(Entity):
    """One belt. `lanes[n]` is the lane that runs over it left (0) or right (1) of its direction of travel,
    `offsets[n]` how far from that lane's front this belt's downstream edge lies, `lengths[n]` how much of it is here.

    Lane arguments are the game's: 1 is the left of travel, 2 the right. Positions are tiles from the downstream edge.
    `hidden` is the part of `lengths` that lies beyond that edge: the tunnel, where this is an underground belt.
    """

    __slots__ = ("cell", "enters", "hidden", "lanes", "leaves", "lengths", "offsets", "speed")
    rotatable = True

    lanes: list[Lane]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.speed: int = round(self.proto.raw["speed"] * TILE)
        self.cell = (math.floor(self.x), math.floor(self.y))
        self.lanes = []
        self.hidden = 0
        self.enters = False  # the way into a tunnel
        self.leaves = False  # the way out of one
        self.offsets = [0, 0]
        self.lengths = [TILE, TILE]

    # --- its life ----------------------------------------------------------------------------------------------

    def built(self) -> None:
        self.world.belts.add(self)

    def removed(self) -> None:
        self.world.belts.remove(self)

    def rotate_to(self, direction: int) -> None:
        self.world.belts.turn(self, direction)

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

    def outputs(self) -> list[TransportBelt]:
        """The belt it runs onto, if any."""
        ahead = self.world.belts.ahead(self)
        return [ahead] if ahead is not None else []

    def inputs(self) -> list[TransportBelt]:
        """The belts that run onto it: from behind, from its left, from its right."""
        return self.world.belts.feeders(self)

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
            if lane.link is not None and lane.names and lane.due == NEVER and lane.belts[0] is self:
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
        ahead = self._neighbour(belt, 0)
        if ahead is None or ahead.direction == (belt.direction + 8) % 16:
            return None
        return None if ahead.leaves and ahead.direction == belt.direction else ahead

    def feeders(self, belt: TransportBelt) -> list[TransportBelt]:
        """The belts that run onto this one: from behind (or out of the tunnel), from its left, from its right."""
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

    def add(self, belt: TransportBelt) -> None:
        """A belt has been built."""
        self.grid[belt.cell] = belt
        self._rebuild(belt, belt.direction)

    def remove(self, belt: TransportBelt) -> None:
        """A belt goes, with what is on it."""
        self._rebuild(belt, NEVER)

    def turn(self, belt: TransportBelt, direction: int, about: bool = False) -> None:
        """Turn a belt; what is on it stays. `about`: a tunnel's entrance becomes its exit, or the other way round."""
        self._rebuild(belt, direction, about)

    def _around(self, belt: TransportBelt) -> dict[int, TransportBelt]:
        x, y = belt.cell
        near = [self.grid.get((x + dx, y + dy)) for dx, dy in ((0, 0), *STEPS.values())]
        found: dict[int, TransportBelt] = {}
        queue = [there for there in near if there is not None]
        queue.extend([tunnel for there in queue for tunnel in there.tunnels()])
        for there in queue:
            found[there.unit_number] = there
            for feeder in self.feeders(there):
                found[feeder.unit_number] = feeder
        return found

    def _rebuild(self, belt: TransportBelt, direction: int, about: bool = False) -> None:
        affected = self._around(belt)
        lanes = {id(lane): lane for b in affected.values() for lane in b.lanes}
        freed, items = self._dissolve(list(lanes.values()))
        freed.update({n: b for n, b in affected.items() if not b.lanes})
        if direction == NEVER:
            del self.grid[belt.cell]
            del freed[belt.unit_number]
        elif direction != belt.direction:
            belt.direction = direction
            if about:
                belt.enters, belt.leaves = belt.leaves, belt.enters
            self.world.surface.moved(belt, belt.x, belt.y)
            more = [lane for b in self._around(belt).values() for lane in b.lanes]
            freed_now, items_now = self._dissolve(list({id(lane): lane for lane in more}.values()))
            freed.update(freed_now)
            items.update(items_now)
        belts = [freed[n] for n in sorted(freed)]
        for b in belts:
            self._fit(b, items)
            b.lanes = []
        for b in belts:
            if not b.lanes:
                self._form(b, items)
        for b in belts:
            for lane in b.lanes:
                if lane.belts[0] is b and lane.link is not None:
                    lane.plan_front(self.world.tick)

    def _dissolve(
        self, lanes: list[Lane]
    ) -> tuple[dict[int, TransportBelt], dict[int, list[list[tuple[int, str]]]]]:
        """Take lanes apart: their belts, and each belt's items per lane with places on the belt."""
        tick = self.world.tick
        freed: dict[int, TransportBelt] = {}
        items: dict[int, list[list[tuple[int, str]]]] = {}
        for lane in lanes:
            places = lane.places(tick)
            index = 0
            for b in lane.belts:
                freed[b.unit_number] = b
                low, high = b.offsets[lane.number], b.offsets[lane.number] + b.lengths[lane.number]
                here = items.setdefault(b.unit_number, [[], []])[lane.number]
                while index < len(places) and places[index] < high:
                    here.append((places[index] - low, lane.names[index]))
                    index += 1
            lane.due = NEVER
            waiting: list[Process] = [d.process for d in lane.droppers.values()]
            waiting.extend(p.process for p in lane.pickers.values())
            lane.droppers, lane.pickers = {}, {}
            for process in waiting:
                if not (isinstance(process, TransportBelt) and process.unit_number in freed):
                    process.wake(tick + 1)
            chasers, lane.chasers = lane.chasers, {}
            for chaser in chasers.values():
                chaser.at = -1
                chaser.touched(tick + 1)
        for b in freed.values():
            self.world.cancel(b)
        return freed, items

    def _fit(self, belt: TransportBelt, items: dict[int, list[list[tuple[int, str]]]]) -> None:
        """Give a belt the shape that its feeders make it have; its items keep their share of the way."""
        lengths = [TILE, TILE]
        belt.hidden = 0
        feeder = self.in_line(belt)
        if belt.enters:
            other = belt.other_end()
            if other is not None:
                distance = abs(other.cell[0] - belt.cell[0]) + abs(other.cell[1] - belt.cell[1])
                belt.hidden = TILE * (distance - 1)
            lengths = [TILE + belt.hidden, TILE + belt.hidden]
        elif feeder is not None and feeder.direction != belt.direction:
            lengths = [OUTER, INNER] if (feeder.direction + 4) % 16 == belt.direction else [INNER, OUTER]
        here = items.get(belt.unit_number)
        if here is not None:
            for n in (0, 1):
                if lengths[n] != belt.lengths[n]:
                    here[n] = [(p * (lengths[n] - 1) // belt.lengths[n], name) for p, name in here[n]]
        belt.lengths = lengths

    def _form(self, belt: TransportBelt, items: dict[int, list[list[tuple[int, str]]]]) -> None:
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
                tail = min(lane.heads[-1] - moved, lane.holds[-1]) + SPACING * (lane.counts[-1] - 1)
                room = where - tail
            if room == SPACING:
                lane.counts[-1] += 1
            else:
                lane.heads.append(where + moved)
                lane.counts.append(1)
                lane.holds.append(where if room < SPACING else FREE)
                lane.held += room < SPACING
            lane.names.append(name)
            lane.since = tick

    def _link(self, lane: Lane) -> None:
        """Find what a lane's front runs into."""
        front = lane.belts[0]
        target = self.ahead(front)
        if target is None:
            return
        lane.link = target
        if self.in_line(target) is front:
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
        if lane.due == tick:
            lane.cross(tick)  # room that this tick's crossing makes counts
        where = lane.spot(entry, 0, tick)
        if where == NEVER:
            return False
        lane.put(where, name, tick, tick)
        return True

    def wait_for_room(self, belt: TransportBelt, x: float, y: float, process: Process) -> None:
        """Wake a process when a drop that was refused could succeed."""
        lane, entry = self.aim(belt, x, y)
        lane.wait_for_room(entry, process, 2 * process.unit_number, self.world.tick)
