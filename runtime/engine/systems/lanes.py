"""Lanes of connected belts: where items are as a function of the tick, so that nothing happens while they move.

Lengths are in 1/256 tile, measured from a lane's downstream end: an item at 0 has reached it. The behaviour
follows measurements of Factorio 2.0.60 published in divagr18/FactorioGym, docs/sim-logistics.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Final

from runtime.engine.entity import NEVER, Entity, Process

if TYPE_CHECKING:
    from runtime.engine.systems.belts import TransportBelt

SPACING: Final = 64
FREE: Final = 1 << 60  # no limit
NONE_BELOW: Final = (0, -1, 0, 0)  # what `Lane.below` says where there is nothing
# What lanes have in common by which nobody waits; never added to. It is at hand where a dictionary of their own is not.
NO_DROPPERS: Final[dict[int, Dropper]] = {}
NO_PICKERS: Final[dict[int, Picker]] = {}
NO_CHASERS: Final[dict[int, Chaser]] = {}
# Likewise for lanes in which nothing is held, and whose items are alike.
NO_HOLDS: Final[list[int]] = []
NO_MIXTURE: Final[dict[str, int]] = {}


class Dropper:
    """Who waits for room at a place; `removals` more items have to leave before it can be there.

    Where room is on its way already, `soonest` is the tick for which it has been woken, else FREE.
    """

    __slots__ = ("entry", "key", "process", "removals", "soonest")

    def __init__(self, process: Process, key: int, entry: int, removals: int, soonest: int) -> None:
        self.process = process
        self.key = key
        self.entry = entry
        self.removals = removals
        self.soonest = soonest


class Picker:
    """Who waits for items to come nearer than `place`, while it `waits`; `blocked` when some stand farther upstream for good.

    Items named in `ignored` are of no interest. `soonest` is the tick for which it has been woken, if that is still to come.

    A lane strikes those who no longer wait off its list when it next goes through it. So who is told that it is `vain` to
    look, because the lane is empty and would say so if anything came, need not touch that lane to look or to wait again.
    """

    __slots__ = ("blocked", "ignored", "place", "process", "soonest", "vain", "waits")

    def __init__(self, process: Process, place: int) -> None:
        self.process = process
        self.place = place
        self.ignored: frozenset[str] = frozenset()
        self.waits = False
        self.vain = False
        self.blocked = False
        self.soonest = FREE

    def expect(self, tick: int, now: int) -> None:
        """Wake it for an item that comes at `tick`, unless it has been woken for an earlier one."""
        if tick < self.soonest or self.soonest <= now:
            self.soonest = tick
            self.process.wake(tick)


class Chaser(Entity):
    """Who follows one item of a lane with its plans; `at` is the item's index in the lane, or -1 once it has gone."""

    __slots__ = ("at",)

    at: int

    def touched(self, tick: int) -> None:
        """The lane was changed in a way that may change where the item is, from `tick` on."""
        raise NotImplementedError


class Lane:
    """One lane of a run of belts, front to back: `belts[0]` is the one its items leave last.

    Its items are trains: equal spacings of `SPACING`, moving together. Train j has `counts[j]` items; at tick t its
    first one is at `heads[j] - speed * t`, unless it stands behind what is ahead of it or at the front. `holds[j]` is
    where it stands when something was squeezed in less than `SPACING` ahead, until that has moved on; else `FREE`.
    Where nothing is held, which is nearly always, `holds` is empty.
    `names` are the items one by one; where they are not all alike, `mixed` is how many there are of each, else empty.
    Only trains that have run into each other change by themselves, and `settle` joins those.

    `link` is the belt that its front runs into from the side (or the next one, where a run is broken), `link_entry`
    the place on that belt where items arrive. `due` is the tick at which its front item crosses, or NEVER. `rivals`
    are the belts that run onto `link`, those that go first where two items come at once, down to its own.
    """

    __slots__ = (
        "belts", "chasers", "counts", "droppers", "due", "gone", "heads", "held", "holds", "length", "link",
        "link_entry", "link_lane", "mixed", "names", "number", "pickers", "rivals", "since", "speed",
    )  # fmt: skip

    def __init__(self, number: int, speed: int) -> None:
        self.number = number  # 0: left of travel, 1: right
        self.speed = speed
        self.length = 0
        self.belts: list[TransportBelt] = []
        self.names: list[str] = []
        self.mixed: dict[str, int] = NO_MIXTURE
        self.heads: list[int] = []
        self.counts: list[int] = []
        self.holds: list[int] = NO_HOLDS
        self.held = 0  # how many of `holds` are not FREE
        self.since = NEVER  # the tick at which it last stopped being empty
        self.link: TransportBelt | None = None
        self.link_lane = 0
        self.link_entry = 0
        self.due = NEVER
        self.gone = False  # taken apart: its belts have other lanes now, or are no more
        self.rivals: list[TransportBelt] = []
        self.droppers: dict[int, Dropper] = NO_DROPPERS
        self.pickers: dict[int, Picker] = NO_PICKERS
        self.chasers: dict[int, Chaser] = NO_CHASERS

    # --- what there is -----------------------------------------------------------------------------------------

    @property
    def kinds(self) -> list[str]:
        """The items that there are, each once."""
        return list(self.mixed) or self.names[:1]

    def count_in(self, name: str) -> None:
        """An item has been put among `names`."""
        mixed, names = self.mixed, self.names
        if mixed:
            mixed[name] = mixed.get(name, 0) + 1
        elif names[0] != name or names[-1] != name:
            self.mixed = dict(Counter(names))

    def _count_out(self, name: str) -> None:
        """An item has been taken out of `names`, which are mixed."""
        mixed = self.mixed
        if mixed[name] > 1:
            mixed[name] -= 1
            return
        del mixed[name]
        if len(mixed) == 1:
            self.mixed = NO_MIXTURE

    # --- where things are --------------------------------------------------------------------------------------

    def _starts(self, moved: int) -> list[int]:
        """The place of every train's first item."""
        floor = 0
        starts = []
        holds = self.holds or [FREE] * len(self.heads)
        for head, count, hold in zip(self.heads, self.counts, holds, strict=True):
            place = head - moved
            if place < floor:
                place = floor
            if place > hold:
                place = hold
            starts.append(place)
            floor = place + SPACING * count
        return starts

    def _block(self, moved: int) -> tuple[int, int]:
        """How many trains have run into the front or a standing one by now, and their items (nothing held)."""
        heads = self.heads
        if not heads or heads[0] > moved:
            return 0, 0
        items = self.counts[0]
        trains = 1
        while trains < len(heads) and heads[trains] - moved <= SPACING * items:
            items += self.counts[trains]
            trains += 1
        return trains, items

    def _start(self, train: int, moved: int) -> int:
        """The place of a train's first item, when something is held or the lane is settled."""
        if self.held:
            floor = start = 0
            for n in range(train + 1):
                start = self.heads[n] - moved
                if start < floor:
                    start = floor
                if start > self.holds[n]:
                    start = self.holds[n]
                floor = start + SPACING * self.counts[n]
            return start
        place = self.heads[train] - moved
        return 0 if train == 0 and place < 0 else place

    def places(self, tick: int) -> list[int]:
        """Where every item is at a tick that is not past, front to back. Changes nothing."""
        out: list[int] = []
        for start, count in zip(self._starts(self.speed * tick), self.counts, strict=True):
            out.extend(range(start, start + SPACING * count, SPACING))
        return out

    def _train_of(self, index: int) -> tuple[int, int]:
        """The train of an item, and its number in it."""
        for train, count in enumerate(self.counts):
            if index < count:
                return train, index
            index -= count
        raise IndexError(index)

    def held_back(self, index: int) -> bool:
        """Whether something up to an item has been squeezed in, so that the item may have to wait short of the front."""
        if not self.held:
            return False
        train = self._train_of(index)[0] + 1
        return self.holds[:train].count(FREE) < train

    def place(self, index: int, tick: int) -> int:
        """Where one item is at a tick that is not past. Changes nothing."""
        moved = self.speed * tick
        train, within = self._train_of(index)
        if not self.held or self.holds[: train + 1].count(FREE) > train:
            place = self.heads[train] - moved + SPACING * within
            return place if place > SPACING * index else SPACING * index
        return self._start(train, moved) + SPACING * within

    def below(self, place: int, moved: int) -> tuple[int, int, int, int]:
        """Items with a place below `place`: how many, the last one's place (or -1), its train, its number in it + 1."""
        heads, counts = self.heads, self.counts
        if not heads:
            return NONE_BELOW
        if len(heads) == 1 and not self.held:
            start = heads[0] - moved
            if start < 0:
                start = 0
            if place <= start:
                return NONE_BELOW
            within = (place - start + SPACING - 1) // SPACING
            if within > counts[0]:
                within = counts[0]
            return within, start + SPACING * (within - 1), 0, within
        if self.held:
            holds = self.holds
            block = self._block(moved)[0]
            train = bisect_left(heads, place + moved, block) - 1
            if block <= train < len(heads) - 1 and holds[: train + 2].count(FREE) == train + 2:
                start = heads[train] - moved  # all that is held is farther upstream
            else:
                train = -1
                start = floor = 0
                for n, count in enumerate(counts):
                    at = heads[n] - moved
                    if at < floor:
                        at = floor
                    if at > holds[n]:
                        at = holds[n]
                    if at >= place:
                        break
                    train, start, floor = n, at, at + SPACING * count
            if train < 0:
                return NONE_BELOW
        else:
            if heads[0] > moved:
                block, items = 0, 0
            elif heads[1] - moved > SPACING * counts[0]:
                block, items = 1, counts[0]
            else:
                block, items = self._block(moved)
            train = bisect_left(heads, place + moved, block) - 1
            if train < block:
                if not block or place <= 0:
                    return NONE_BELOW
                within = (place + SPACING - 1) // SPACING
                if within > items:
                    within = items
                # Its number in the train is right where the lane is settled: then the block is one train.
                return within, SPACING * (within - 1), block - 1, within
            start = heads[train] - moved
        within = (place - start + SPACING - 1) // SPACING
        if within > counts[train]:
            within = counts[train]
        before = sum(counts[:train]) if train else 0
        return before + within, start + SPACING * (within - 1), train, within

    def between(self, low: int, high: int, tick: int) -> tuple[int, int]:
        """Items with `low <= place < high`: index of the first, and how many. Changes nothing."""
        if not self.names:
            return 0, 0
        moved = self.speed * tick
        stop, last, _, _ = self.below(high, moved)
        if last < low:
            return stop, 0
        first = self.below(low, moved)[0]
        return first, stop - first

    def listing(self, low: int, high: int, tick: int) -> list[tuple[str, int]]:
        """Names and places of items with `low <= place < high`, front to back. Changes nothing."""
        first, count = self.between(low, high, tick)
        return [(self.names[i], self.place(i, tick)) for i in range(first, first + count)]

    def settle(self, tick: int) -> None:
        """Join trains that have run into each other by now. Depends on the tick alone, not on being looked at."""
        moved = self.speed * tick
        if self.held:
            self._settle_held(moved)
            return
        heads = self.heads
        if len(heads) < 2 or heads[0] > moved or heads[1] - moved > SPACING * self.counts[0]:
            return
        block, items = self._block(moved)
        if block > 1:
            del self.heads[1:block], self.counts[1:block]
            self.counts[0] = items

    def _settle_held(self, moved: int) -> None:
        heads: list[int] = []
        counts: list[int] = []
        holds: list[int] = []
        floor = -1  # the end of the train before
        for head, count, hold in zip(self.heads, self.counts, self.holds, strict=True):
            start = head - moved
            if start < floor:
                start = floor
            if start < 0:
                start = 0
            if start > hold:
                start = hold
            elif hold != FREE:  # what it was squeezed in behind has moved on
                hold = FREE
                self.held -= 1
            if hold == FREE and start == floor:
                counts[-1] += count
            else:
                heads.append(head)
                counts.append(count)
                holds.append(hold)
            floor = start + SPACING * count
        self.heads, self.counts = heads, counts
        self.holds = holds if self.held else NO_HOLDS

    # --- items come --------------------------------------------------------------------------------------------

    def spot(self, entry: int, carried: int, tick: int, clear: int = 1) -> int:
        """Where an item that enters at `entry` in this tick, already `carried` short of it, is at the tick's end.

        The first place that is `SPACING` behind all items ahead, if that is less than `SPACING` behind the entry
        and at least `clear` ahead of the next item, which waits for its own `SPACING` (measured: items squeeze in
        ahead of others); NEVER where there is no such place.
        """
        return self._spot(entry, carried, tick, clear)[0]

    def _spot(self, entry: int, carried: int, tick: int, clear: int) -> tuple[int, int, int, int, int]:
        """What `spot` gives, and with it what `below` gives for that place."""
        if self.held or len(self.heads) > 1:
            self.settle(tick)
        heads = self.heads
        speed = self.speed
        moved = speed * tick
        where = entry + carried - speed
        if where < 0:
            where = 0
        if not heads:
            return where if where < entry + SPACING and where < self.length else NEVER, 0, -1, 0, 0
        index, ahead, train, within = self.below(entry + 1, moved)
        if index and ahead + SPACING > where:
            where = ahead + SPACING
            stands = self._start(train, moved) > heads[train] - moved if self.held else heads[train] < moved
            if stands:
                clear = SPACING  # it would not make room for the next one by moving on
        if where >= entry + SPACING or where >= self.length:
            return NEVER, index, ahead, train, within
        if index < len(self.names):
            inside = index > 0 and within < self.counts[train]
            behind = ahead + SPACING if inside else self._start(train + 1 if index else 0, moved)
            if where + clear > behind:
                where = NEVER
        return where, index, ahead, train, within

    def drop(self, entry: int, name: str, tick: int) -> bool:
        """Drop an item at a place in this tick, before the lane moves; whether there was room."""
        if self.due == tick:
            self.cross(tick)  # room that this tick's crossing makes counts
        where, index, ahead, train, within = self._spot(entry, 0, tick, 1)
        if where == NEVER:
            return False
        self._put(where, index, ahead, train, within, name, tick, tick)
        return True

    def put(self, where: int, name: str, tick: int, now: int) -> None:
        """Put an item at a place that `spot` gave for `tick`, and tell who waits; `now` is the present tick."""
        index, ahead, train, within = self.below(where, self.speed * tick)
        self._put(where, index, ahead, train, within, name, tick, now)

    def _put(
        self, where: int, index: int, ahead: int, train: int, within: int, name: str, tick: int, now: int
    ) -> None:
        moved = self.speed * tick
        heads, counts, holds = self.heads, self.counts, self.holds
        if not heads:  # then nobody chases anything here
            heads.append(where + moved)
            counts.append(1)
            self.names.append(name)
            self.since = now
            if self.pickers:
                self._tell_put(where + moved, name, now)
            if self.link is not None:
                self.plan_front(now)
            return
        after = train + 1 if index else 0
        start = self._start(after, moved) if after < len(heads) else FREE
        if index and within < counts[train]:  # inside a train: the rest of it becomes one of its own
            start = ahead + SPACING
            heads.insert(after, start + moved)
            counts.insert(after, counts[train] - within)
            if holds:
                holds.insert(after, FREE)
            counts[train] = within
        if start < where + SPACING:
            if not holds:
                holds = self.holds = [FREE] * len(heads)
            if holds[after] == FREE:
                self.held += 1
            holds[after] = start
            heads[after] = start + moved
        if index and where == ahead + SPACING:
            counts[train] += 1
        else:
            heads.insert(after, where + moved)
            counts.insert(after, 1)
            if holds:
                holds.insert(after, FREE)
        self.names.insert(index, name)
        self.count_in(name)
        if self.chasers:
            for chaser in list(self.chasers.values()):
                if chaser.at >= index:
                    chaser.at += 1
                    chaser.touched(now + 1)
        if self.pickers:
            self._tell_put(where + moved, name, now)
        if index == 0 and self.link is not None:
            self.plan_front(now)

    def _tell_put(self, head: int, name: str, now: int) -> None:
        speed = self.speed
        for picker in list(self.pickers.values()):
            picker.vain = False
            if not picker.waits:
                self.forget_picker(picker)
            elif name not in picker.ignored:
                comes = (head - picker.place) // speed + 1
                picker.expect(comes if comes > now else now + 1, now)

    # --- items go ----------------------------------------------------------------------------------------------

    def remove(self, index: int, tick: int, now: int) -> str:
        """Take the item at an index off, as things are at `tick`; its name."""
        if self.held or len(self.heads) > 1:
            self.settle(tick)
        moved = self.speed * tick
        heads, counts, holds = self.heads, self.counts, self.holds
        within = index
        train = 0
        while within >= counts[train]:
            within -= counts[train]
            train += 1
        if self.held:
            start = self._start(train, moved)
        else:
            start = heads[train] - moved
            if start < 0:  # only at the front, as the lane is settled
                start = 0
        count = counts[train]
        if self.held and within == count - 1 and train + 1 < len(heads) and holds[train + 1] != FREE:
            heads[train + 1] = self._start(train + 1, moved) + moved
            holds[train + 1] = FREE
            self.held -= 1
        if within == 0:
            if holds and holds[train] != FREE:
                holds[train] = FREE
                self.held -= 1
            if count == 1:
                del heads[train], counts[train]
                if holds:
                    del holds[train]
            else:
                heads[train] = start + SPACING + moved
                counts[train] = count - 1
        else:
            if within < count - 1:
                heads.insert(train + 1, start + SPACING * (within + 1) + moved)
                counts.insert(train + 1, count - 1 - within)
                if holds:
                    holds.insert(train + 1, FREE)
            counts[train] = within
        if holds and not self.held:
            self.holds = NO_HOLDS
        name = self.names.pop(index)
        if self.mixed:
            self._count_out(name)
        if self.droppers or self.pickers or self.chasers:
            self._tell_removed(index, start + SPACING * within, tick, now)
        if index == 0 and self.link is not None:
            self.plan_front(now)
        return name

    def _tell_removed(self, index: int, place: int, tick: int, now: int) -> None:
        if self.chasers:
            for chaser in list(self.chasers.values()):
                if chaser.at == index:
                    chaser.at = -1
                    chaser.touched(tick + 1)
                elif chaser.at > index:
                    chaser.at -= 1
                    chaser.touched(tick + 1)
        if self.droppers:
            for dropper in list(self.droppers.values()):
                if dropper.soonest != FREE:
                    if dropper.soonest <= now:
                        self._forget_dropper(dropper)
                    elif (
                        place > dropper.entry - SPACING
                    ):  # the new gap may come by before the one it waits for
                        ahead = self.place(index - 1, now) if index else 0
                        sooner = max(now, now + (ahead - dropper.entry) // self.speed) + 1
                        if sooner < dropper.soonest:
                            dropper.soonest = sooner
                            dropper.process.wake(sooner)
                    continue
                if place <= dropper.entry:
                    dropper.removals -= 1
                else:
                    dropper.removals = min(dropper.removals, index - 1 - (dropper.entry - 1) // SPACING)
                if dropper.removals <= 0:
                    self._forget_dropper(dropper)
                    self.wait_for_room(dropper.entry, dropper.process, dropper.key, now)
        if self.pickers:
            for picker in list(self.pickers.values()):
                if not picker.waits:
                    self.forget_picker(picker)
                elif picker.blocked:
                    picker.process.wake(now + 1)

    # --- waiting -----------------------------------------------------------------------------------------------

    def wait_for_room(self, entry: int, process: Process, key: int, now: int) -> None:
        """Wake `process` at the first tick at which an item could enter at `entry`, as far as can be known.

        `key` tells apart those who wait: a belt waits for its two lanes separately.
        """
        if entry > self.length - SPACING:
            entry = self.length - SPACING  # as far back as it may have to go, it has to be on the lane
        speed = self.speed
        moved = speed * now
        heads, holds = self.heads, self.holds
        if len(heads) == 1 and heads[0] <= moved and not holds:
            tail = self.counts[0] - 1
            if SPACING * tail >= entry:  # all stand, and as far back as there
                self._add_dropper(Dropper(process, key, entry, tail - (entry - 1) // SPACING, FREE))
                return
        soonest = now + 1
        floor = 0
        tail = -1  # index of the last item of the trains looked at
        for train, count in enumerate(self.counts):
            start = heads[train] - moved
            if start < floor:
                start = floor
            if holds and start > holds[train]:
                start = holds[train]
            floor = start + SPACING * count
            # The gap ahead of this train has reached the entry by `soonest`; is it open then?
            if soonest < now - (entry - start) // speed:
                break
            tail += count
            if SPACING * tail >= entry:
                self._add_dropper(Dropper(process, key, entry, tail - (entry - 1) // SPACING, FREE))
                return
            soonest = now + (floor - SPACING - entry) // speed + 1
            if soonest <= now:
                soonest = now + 1
        if soonest > now + 1:
            self._add_dropper(Dropper(process, key, entry, 0, soonest))
        process.wake(soonest)

    def _add_dropper(self, dropper: Dropper) -> None:
        if self.droppers:
            self.droppers[dropper.key] = dropper
        else:
            self.droppers = {dropper.key: dropper}

    def _forget_dropper(self, dropper: Dropper) -> None:
        del self.droppers[dropper.key]
        if not self.droppers:
            self.droppers = NO_DROPPERS

    def wait_for_item(self, picker: Picker, ignored: frozenset[str], now: int) -> None:
        """Wake a picker when an item that is not to be ignored has come near, be it on its way or put on later."""
        unit = picker.process.unit_number
        if self.pickers:
            self.pickers[unit] = picker
        else:
            self.pickers = {unit: picker}
        picker.waits = True
        picker.ignored = ignored
        picker.blocked = False
        picker.soonest = FREE
        place = picker.place
        names = self.names
        if not names:
            picker.vain = True
            return
        wanted: list[str] = []
        if self.mixed:
            wanted = [kind for kind in self.mixed if kind not in ignored]
            if not wanted:
                return
        elif names[0] in ignored:
            return
        index = self.below(place, self.speed * now)[0]
        if index < len(names) and names[index] in ignored:
            behind = names[index:]
            index += min((behind.index(kind) for kind in wanted if kind in behind), default=len(behind))
        if index == len(names):
            return
        if SPACING * index < place:
            comes = now + (self.place(index, now) - place) // self.speed + 1
            picker.expect(comes if comes > now else now + 1, now)
        else:
            picker.blocked = True

    def forget_picker(self, picker: Picker) -> None:
        """Somebody need not be told of items any more."""
        unit = picker.process.unit_number
        if self.pickers.get(unit) is picker:
            del self.pickers[unit]
            if not self.pickers:
                self.pickers = NO_PICKERS

    def add_chaser(self, chaser: Chaser) -> None:
        """Somebody follows the item that his `at` says."""
        if self.chasers:
            self.chasers[chaser.unit_number] = chaser
        else:
            self.chasers = {chaser.unit_number: chaser}

    def forget_chaser(self, chaser: Chaser) -> None:
        """Somebody no longer follows an item."""
        if chaser.unit_number in self.chasers:
            del self.chasers[chaser.unit_number]
            if not self.chasers:
                self.chasers = NO_CHASERS

    # --- the front ---------------------------------------------------------------------------------------------

    def plan_front(self, now: int) -> None:
        """Find out when the front item crosses onto what the lane runs into."""
        front = self.belts[0]
        self.due = max(now + 1, self.heads[0] // self.speed + 1) if self.names else NEVER
        front.plan_crossings()

    def cross(self, tick: int) -> None:
        """The front item's time has come to move on: onto the belt ahead if it has room, else it stands and waits."""
        self.due = NEVER
        link = self.link
        if link is None or not self.names:
            return
        front = self.belts[0]
        if front.splitter is not None and link.splitter is front.splitter:
            front.splitter.pass_on(self.number, tick)
            return
        for rival in self.rivals:
            for lane in rival.lanes:
                if lane is self:
                    break
                if lane.due == tick and lane.belts[0] is rival and lane.link_lane == self.link_lane:
                    lane.cross(tick)
        if not self.names:
            return
        target = link.lanes[self.link_lane]
        if target.due == tick:
            target.cross(tick)  # what is ahead moves first
        if not self.names:
            return
        short = max(self.heads[0] - self.speed * (tick - 1), 0)
        if short >= self.speed:
            self.plan_front(tick - 1)
            return
        entry = self.link_entry + link.offsets[self.link_lane] + link.hidden
        carried = short + target.speed - self.speed
        if target is self:
            # A loop: its front makes the room that it needs at its back.
            name = self.remove(0, tick - 1, tick)
            where = self.spot(entry, carried, tick)
            self.put(where if NEVER < where < entry else 0, name, tick, tick)
            return
        where = target.spot(entry, carried, tick)
        if where == NEVER:
            target.wait_for_room(entry, front, 2 * front.unit_number + self.number, tick)
            return
        name = self.remove(0, tick - 1, tick)
        target.put(where, name, tick, tick)
