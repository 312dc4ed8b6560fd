"""Splitters: two belts' lanes come in, two go out, and each lane's items are shared out among the outputs.

These are the game's rules, not measurements: lanes are kept; a lane's items go to the outputs in turn, and come from
the inputs in turn where there is room for one alone; a blocked output leaves everything to the other one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

from runtime.engine.entity import NEVER, Entity, Site
from runtime.engine.systems.belts import STEPS, TILE, TransportBelt
from runtime.engine.systems.lanes import Lane

LEFT, RIGHT, NONE = 0, 1, -1
SIDES = {"left": LEFT, "right": RIGHT, "none": NONE}
NAMES = {side: name for name, side in SIDES.items()}


class SplitterHalf(TransportBelt):
    """Half a tile of belt in a splitter: the end of one of its inputs, or the beginning of one of its outputs.

    It is no entity of the map; `whole` is. Its position is the middle of the tile of belt of which it is the front half.
    """

    __slots__ = ("giving", "side")
    span: ClassVar[int] = TILE // 2

    giving: bool
    side: int


class Splitter(Entity):
    """A splitter. `halves` are where its left and right inputs end and where its left and right outputs begin.

    `input_priority` and `output_priority` are LEFT, RIGHT or NONE. Items named `filter` go to the output with priority
    (left where there is none) and to no other, the rest to the other one alone. `next_input` and `next_output` say for
    each lane whose turn it is.
    """

    __slots__ = ("filter", "halves", "input_priority", "next_input", "next_output", "output_priority")
    rotatable = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.direction -= self.direction % 4
        self.input_priority = NONE
        self.output_priority = NONE
        self.filter: str | None = None
        self.next_input = [LEFT, LEFT]
        self.next_output = [LEFT, LEFT]
        self.halves: list[SplitterHalf] = []

    # --- its life ----------------------------------------------------------------------------------------------

    def built(self) -> None:
        for giving in (False, True):
            for side in (LEFT, RIGHT):
                half = SplitterHalf(Site(self.world, self.proto, self.x, self.y, self.direction, self.force))
                half.giving = giving
                half.side = side
                half.splitter = self
                self.world.register(half)
                self.halves.append(half)
        self.lay_out()
        self.world.belts.add(self.halves)

    def removed(self) -> None:
        self.world.belts.remove(self.halves)
        for half in self.halves:
            half.valid = False
            self.world.unregister(half)

    def lay_out(self) -> None:
        """Put the halves where they belong as it faces now."""
        dx, dy = STEPS[self.direction]
        for half in self.halves:
            sideways = -0.5 if half.side == LEFT else 0.5
            x, y = self.x - dy * sideways, self.y + dx * sideways
            half.cell = (math.floor(x), math.floor(y))
            half.direction = self.direction
            back = 0.0 if half.giving else 0.5
            half.x, half.y = x - back * dx, y - back * dy

    def rotate_to(self, direction: int) -> None:
        # It is not square, so it can only be turned about where it stands.
        if direction == (self.direction + 8) % 16:
            self.world.belts.turn_splitter(self, direction)

    # --- how it is connected -----------------------------------------------------------------------------------

    def gives(self, half: TransportBelt) -> bool:
        """Whether a half is one of its outputs."""
        return half is self.halves[2] or half is self.halves[3]

    def across(self, half: TransportBelt) -> TransportBelt:
        """The other half on the same tile."""
        return self.halves[(self._index(half) + 2) % 4]

    def _index(self, half: TransportBelt) -> int:
        return next(i for i, h in enumerate(self.halves) if h is half)

    def inputs(self) -> list[Entity]:
        """The belts and splitters that run into it, the left one first."""
        return [b for half in self.halves[:2] for b in half.inputs()]

    def outputs(self) -> list[Entity]:
        """The belts and splitters that it runs onto, the left one first."""
        return [b for half in self.halves[2:] for b in half.outputs()]

    def lines(self) -> list[tuple[TransportBelt, int]]:
        """Its eight transport lines as the game numbers them: left and right input, left and right output, two lanes each."""
        return [(half, lane) for half in self.halves for lane in (1, 2)]

    # --- sharing out -------------------------------------------------------------------------------------------

    def set_input_priority(self, side: int) -> None:
        """LEFT, RIGHT or NONE."""
        self.input_priority = side
        self._look_again()

    def set_output_priority(self, side: int) -> None:
        """LEFT, RIGHT or NONE."""
        self.output_priority = side
        self._look_again()

    def set_filter(self, name: str | None) -> None:
        """The item that goes to the output with priority alone, or None."""
        self.filter = name
        self._look_again()

    def set_up_as(self, other: Splitter) -> None:
        """Take over another splitter's priorities, filter and turns."""
        self.input_priority, self.output_priority = other.input_priority, other.output_priority
        self.filter = other.filter
        self.next_input, self.next_output = list(other.next_input), list(other.next_output)
        self._look_again()

    def _look_again(self) -> None:
        for half in self.halves[:2]:
            half.wake(self.world.tick + 1)

    def pass_on(self, number: int, tick: int) -> None:
        """An item has come to the end of an input, or there is room on an output: move what can move in this lane now."""
        inputs = [half.lanes[number] for half in self.halves[:2]]
        outputs = [half.lanes[number] for half in self.halves[2:]]
        for lane in inputs:
            if lane.due <= tick:
                lane.due = NEVER
        for lane in outputs:
            if lane.due == tick:
                lane.cross(tick)  # what is ahead moves first
        first = self.input_priority if self.input_priority != NONE else self.next_input[number]
        for side in (first, 1 - first):
            lane = inputs[side]
            if not lane.names:
                continue
            short = max(lane.heads[0] - lane.speed * (tick - 1), 0)
            if short >= lane.speed:
                lane.plan_front(tick - 1)
            elif self._give(lane, outputs, short, tick):
                self.next_input[number] = 1 - side

    def _give(self, lane: Lane, outputs: list[Lane], short: int, tick: int) -> bool:
        """Move the front item of an input to an output that takes it, or wait for room; whether it went."""
        allowed = self._allowed(lane.names[0], lane.number)
        for side in allowed:
            target = outputs[side]
            where = target.spot(target.length, short, tick)
            if where != NEVER:
                name = lane.remove(0, tick - 1, tick)
                target.put(where, name, tick, tick)
                self.next_output[lane.number] = 1 - side
                return True
        half = lane.belts[0]
        for side in allowed:
            target = outputs[side]
            target.wait_for_room(target.length, half, 2 * half.unit_number + lane.number, tick)
        return False

    def _allowed(self, name: str, number: int) -> tuple[int, ...]:
        """The outputs that an item may go to, the one to try first first."""
        preferred = self.output_priority
        if self.filter is not None:
            side = preferred if preferred != NONE else LEFT
            return (side,) if name == self.filter else (1 - side,)
        first = preferred if preferred != NONE else self.next_output[number]
        return (first, 1 - first)

    # --- its items ---------------------------------------------------------------------------------------------

    def insertable(self, name: str) -> int:
        return sum(half.insertable(name) for half in self.halves)

    def insert(self, name: str, count: int) -> int:
        put = 0
        for half in self.halves:
            put += half.insert(name, count - put)
        return put

    def takes(self, name: str) -> bool:
        return True

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        return {name: None for half in self.halves for name in half.offer()}

    def take(self, name: str, count: int) -> int:
        return self.remove(name, count)

    def remove(self, name: str, count: int) -> int:
        """Take up to `count` of an item off it; the number taken."""
        taken = 0
        for half in self.halves:
            taken += half.remove(name, count - taken)
        return taken

    def mined_items(self) -> list[tuple[str, int]]:
        return [item for half in self.halves for item in half.mined_items()]

    def item_positions(self) -> list[tuple[str, float, float]]:
        """Items on it with their places on the map, for drawing."""
        return [item for half in self.halves for item in half.item_positions()]

    # --- what it says of itself --------------------------------------------------------------------------------

    def status(self) -> str | None:
        return "working"

    def more_state(self) -> list[Any]:
        return [self.input_priority, self.output_priority, self.filter, self.next_input, self.next_output,
                [half.more_state() for half in self.halves]]  # fmt: skip
