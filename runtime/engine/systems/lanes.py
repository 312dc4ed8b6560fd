"""Lanes of connected belts: where items are as a function of the tick, so that nothing happens while they move.

Lengths are in 1/256 tile, measured from a lane's downstream end: an item at 0 has reached it. The behaviour
follows measurements of Factorio 2.0.60 published in divagr18/FactorioGym, docs/sim-logistics.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.engine.entity import NEVER, Entity, Process

if TYPE_CHECKING:
    from runtime.engine.systems.belts import TransportBelt

SPACING = 64
FREE = 1 << 60  # no limit


class Train:
    """Items exactly `SPACING` apart that move together.

    At tick t its first item is at `head - speed * t`, unless it stands behind what is ahead of it. `hold` is where
    it stands when something was squeezed in less than `SPACING` ahead, until that has moved on; else `FREE`.
    """

    __slots__ = ("count", "head", "hold")

    def __init__(self, head: int, count: int, hold: int = FREE) -> None:
        self.head = head
        self.count = count
        self.hold = hold


class Dropper:
    """Who waits for room at a place; `removals` more items have to leave before it can be there."""

    __slots__ = ("entry", "key", "process", "removals")

    def __init__(self, process: Process, key: int, entry: int, removals: int) -> None:
        self.process = process
        self.key = key
        self.entry = entry
        self.removals = removals


class Picker:
    """Who waits for items to come nearer than `place`; `blocked` when some stand farther upstream for good."""

    __slots__ = ("blocked", "ignored", "place", "process")

    def __init__(self, process: Process, place: int, ignored: frozenset[str], blocked: bool) -> None:
        self.process = process
        self.place = place
        self.ignored = ignored
        self.blocked = blocked


class Chaser(Entity):
    """Who follows one item of a lane with its plans; `at` is the item's index in the lane, or -1 once it has gone."""

    __slots__ = ("at",)

    at: int

    def touched(self, tick: int) -> None:
        """The lane was changed in a way that may change where the item is, from `tick` on."""
        raise NotImplementedError


class Lane:
    """One lane of a run of belts, front to back: `belts[0]` is the one its items leave last.

    `link` is the belt that its front runs into from the side (or the next one, where a run is broken), `link_entry`
    the place on that belt where items arrive. `due` is the tick at which its front item crosses, or NEVER.
    """

    __slots__ = (
        "belts", "chasers", "droppers", "due", "held", "length", "link", "link_entry", "link_lane",
        "names", "number", "pickers", "since", "speed", "trains",
    )  # fmt: skip

    def __init__(self, number: int, speed: int) -> None:
        self.number = number  # 0: left of travel, 1: right
        self.speed = speed
        self.length = 0
        self.belts: list[TransportBelt] = []
        self.names: list[str] = []
        self.trains: list[Train] = []
        self.held = 0  # trains whose `hold` is set
        self.since = NEVER  # the tick at which it last stopped being empty
        self.link: TransportBelt | None = None
        self.link_lane = 0
        self.link_entry = 0
        self.due = NEVER
        self.droppers: dict[int, Dropper] = {}
        self.pickers: dict[int, Picker] = {}
        self.chasers: dict[int, Chaser] = {}

    # --- where things are --------------------------------------------------------------------------------------

    def places(self, tick: int) -> list[int]:
        """Where every item is at a tick that is not past, front to back. Changes nothing."""
        out: list[int] = []
        moved = self.speed * tick
        floor = 0
        for train in self.trains:
            place = min(train.hold, max(train.head - moved, floor))
            out.extend(range(place, place + SPACING * train.count, SPACING))
            floor = place + SPACING * train.count
        return out

    def place(self, index: int, tick: int) -> int:
        """Where one item is at a tick that is not past. Changes nothing."""
        moved = self.speed * tick
        floor = 0
        for train in self.trains:
            place = min(train.hold, max(train.head - moved, floor))
            if index < train.count:
                return place + SPACING * index
            index -= train.count
            floor = place + SPACING * train.count
        raise IndexError(index)

    def between(self, low: int, high: int, tick: int) -> tuple[int, int, int]:
        """Items with `low <= place < high`: index of the first, how many, and the last one's place."""
        moved = self.speed * tick
        floor = 0
        index = 0
        first = -1
        last = -1
        end = 0
        for train in self.trains:
            place = min(train.hold, max(train.head - moved, floor))
            if place >= high:
                break
            floor = place + SPACING * train.count
            if floor - SPACING >= low:
                begin = 0 if place >= low else -((place - low) // SPACING)
                stop = train.count if floor - SPACING < high else (high - place + SPACING - 1) // SPACING
                if begin < stop:
                    if first < 0:
                        first = index + begin
                    last = index + stop
                    end = place + SPACING * (stop - 1)
            index += train.count
        return (first, last - first, end) if first >= 0 else (0, 0, 0)

    def settle(self, tick: int) -> None:
        """Join trains that have run into each other by now. Depends on the tick alone, not on being looked at."""
        trains = self.trains
        moved = self.speed * tick
        if self.held:
            self._settle_held(moved)
        elif len(trains) > 1:
            first = trains[0]
            if first.head <= moved:
                tail = SPACING * first.count
                while len(trains) > 1 and trains[1].head - moved <= tail:
                    first.count += trains[1].count
                    tail = SPACING * first.count
                    del trains[1]

    def _settle_held(self, moved: int) -> None:
        floor = 0
        merged: list[Train] = []
        for train in self.trains:
            place = max(train.head - moved, floor)
            if train.hold != FREE:
                if place <= train.hold:
                    train.hold = FREE
                    self.held -= 1
                else:
                    place = train.hold
            if merged and train.hold == FREE and place == floor:
                merged[-1].count += train.count
            else:
                merged.append(train)
            floor = place + SPACING * train.count
        self.trains = merged

    # --- items come --------------------------------------------------------------------------------------------

    def spot(self, entry: int, carried: int, tick: int, clear: int = 1) -> int:
        """Where an item that enters at `entry` in this tick, already `carried` short of it, is at the tick's end.

        The first place that is `SPACING` behind all items ahead, if that is less than `SPACING` behind the entry
        and at least `clear` ahead of the next item, which waits for its own `SPACING` (measured: items squeeze in
        ahead of others); NEVER where there is no such place.
        """
        self.settle(tick)
        moved = self.speed * tick
        floor = 0
        ahead = -1
        behind = FREE
        stands = False
        for train in self.trains:
            place = min(train.hold, max(train.head - moved, floor))
            floor = place + SPACING * train.count
            if place > entry:
                behind = place
                break
            stands = place > train.head - moved
            if floor - SPACING <= entry:
                ahead = floor - SPACING
            else:
                ahead = place + (entry - place) // SPACING * SPACING
                behind = ahead + SPACING
                break
        where = max(entry + carried - self.speed, 0)
        if ahead >= 0 and ahead + SPACING > where:
            where = ahead + SPACING
            if stands:
                clear = SPACING  # it would not make room for the next one by moving on
        if where >= entry + SPACING or where + clear > behind:
            return NEVER
        return where

    def put(self, where: int, name: str, tick: int, now: int) -> None:
        """Put an item at a place that `spot` gave for `tick`, and tell who waits; `now` is the present tick."""
        trains = self.trains
        moved = self.speed * tick
        index = 0
        floor = 0
        at = 0
        for train in trains:
            place = min(train.hold, max(train.head - moved, floor))
            if place >= where:
                break
            floor = place + SPACING * train.count
            if floor > where:  # inside this train: the rest of it becomes a train of its own
                ahead = (where - place + SPACING - 1) // SPACING
                rest = Train(place + SPACING * ahead + moved, train.count - ahead)
                train.count = ahead
                trains.insert(at + 1, rest)
                floor = place + SPACING * ahead
                index += ahead
                at += 1
                break
            index += train.count
            at += 1
        if at < len(trains):
            after = trains[at]
            place = min(after.hold, max(after.head - moved, floor))
            if place < where + SPACING:
                if after.hold == FREE:
                    self.held += 1
                after.hold = place
                after.head = place + moved
        if at > 0 and where == floor:
            trains[at - 1].count += 1
        else:
            trains.insert(at, Train(where + moved, 1))
        self.names.insert(index, name)
        if len(self.names) == 1:
            self.since = now
        for chaser in list(self.chasers.values()):
            if chaser.at >= index:
                chaser.at += 1
                chaser.touched(now + 1)
        if self.pickers:
            for picker in list(self.pickers.values()):
                if name not in picker.ignored:
                    picker.process.wake(max(now + 1, (where + moved - picker.place) // self.speed + 1))
        if index == 0 and self.link is not None:
            self.plan_front(now)

    # --- items go ----------------------------------------------------------------------------------------------

    def remove(self, index: int, tick: int, now: int) -> str:
        """Take the item at an index off, as things are at `tick`; its name."""
        self.settle(tick)
        moved = self.speed * tick
        trains = self.trains
        floor = 0
        left = index
        at = 0
        for train in trains:
            if left < train.count:
                break
            left -= train.count
            floor = min(train.hold, max(train.head - moved, floor)) + SPACING * train.count
            at += 1
        train = trains[at]
        place = min(train.hold, max(train.head - moved, floor))
        floor = place + SPACING * train.count
        if left == train.count - 1 and at + 1 < len(trains) and trains[at + 1].hold != FREE:
            after = trains[at + 1]
            after.head = min(after.hold, max(after.head - moved, floor)) + moved
            after.hold = FREE
            self.held -= 1
        if left == 0:
            if train.hold != FREE:
                train.hold = FREE
                self.held -= 1
            if train.count == 1:
                del trains[at]
            else:
                train.head = place + SPACING + moved
                train.count -= 1
        else:
            if left < train.count - 1:
                trains.insert(at + 1, Train(place + SPACING * (left + 1) + moved, train.count - 1 - left))
            train.count = left
        name = self.names.pop(index)
        self._tell_removed(index, place + SPACING * left, tick, now)
        if index == 0 and self.link is not None:
            self.plan_front(now)
        return name

    def _tell_removed(self, index: int, place: int, tick: int, now: int) -> None:
        for chaser in list(self.chasers.values()):
            if chaser.at == index:
                chaser.at = -1
                chaser.touched(tick + 1)
            elif chaser.at > index:
                chaser.at -= 1
                chaser.touched(tick + 1)
        if self.droppers:
            for dropper in list(self.droppers.values()):
                if place <= dropper.entry:
                    dropper.removals -= 1
                else:
                    dropper.removals = min(dropper.removals, index - 1 - (dropper.entry - 1) // SPACING)
                if dropper.removals <= 0:
                    del self.droppers[dropper.key]
                    self.wait_for_room(dropper.entry, dropper.process, dropper.key, now)
        if self.pickers:
            for picker in list(self.pickers.values()):
                if picker.blocked:
                    picker.process.wake(now + 1)

    # --- waiting -----------------------------------------------------------------------------------------------

    def wait_for_room(self, entry: int, process: Process, key: int, now: int) -> None:
        """Wake `process` at the first tick at which an item could enter at `entry`, as far as can be known.

        `key` tells apart those who wait: a belt waits for its two lanes separately.
        """
        moved = self.speed * now
        soonest = now + 1
        floor = 0
        tail = -1  # index of the last item of the trains looked at
        for train in self.trains:
            place = min(train.hold, max(train.head - moved, floor))
            floor = place + SPACING * train.count
            # The gap ahead of this train has reached the entry by `soonest`; is it open then?
            if soonest < now - (entry - place) // self.speed:
                break
            tail += train.count
            if SPACING * tail >= entry:
                self.droppers[key] = Dropper(process, key, entry, tail - (entry - 1) // SPACING)
                return
            soonest = max(now + 1, now + (floor - SPACING - entry) // self.speed + 1)
        process.wake(soonest)

    def wait_for_item(self, place: int, ignored: frozenset[str], process: Process, now: int) -> None:
        """Wake `process` when an item has come nearer than `place`, be it on its way or put on later.

        Items named in `ignored` are of no interest.
        """
        moved = self.speed * now
        floor = 0
        index = 0
        picker = Picker(process, place, ignored, False)
        self.pickers[process.unit_number] = picker
        for train in self.trains:
            first = min(train.hold, max(train.head - moved, floor))
            floor = first + SPACING * train.count
            for k in range(max(0, -((first - place) // SPACING)), train.count):
                if not ignored or self.names[index + k] not in ignored:
                    if SPACING * (index + k) < place:
                        process.wake(max(now + 1, now + (first + SPACING * k - place) // self.speed + 1))
                    else:
                        picker.blocked = True
                    return
            index += train.count

    # --- the front ---------------------------------------------------------------------------------------------

    def plan_front(self, now: int) -> None:
        """Find out when the front item crosses onto what the lane runs into."""
        front = self.belts[0]
        self.due = max(now + 1, self.trains[0].head // self.speed + 1) if self.names else NEVER
        front.plan_crossings()

    def cross(self, tick: int) -> None:
        """The front item's time has come to move on: onto the belt ahead if it has room, else it stands and waits."""
        self.due = NEVER
        link = self.link
        if link is None or not self.names:
            return
        target = link.lanes[self.link_lane]
        if target.due == tick:
            target.cross(tick)  # what is ahead moves first
        if not self.names:
            return
        short = max(self.trains[0].head - self.speed * (tick - 1), 0)
        if short >= self.speed:
            self.plan_front(tick - 1)
            return
        entry = self.link_entry + link.offsets[self.link_lane] + link.hidden
        where = target.spot(entry, short + target.speed - self.speed, tick)
        if where == NEVER or (entry == target.length and where >= entry):
            front = self.belts[0]
            target.wait_for_room(
                min(entry, target.length - 1), front, 2 * front.unit_number + self.number, tick
            )
            return
        name = self.remove(0, tick - 1, tick)
        target.put(where, name, tick, tick)
