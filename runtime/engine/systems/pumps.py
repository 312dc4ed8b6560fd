"""Electric pumps."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import Site
from runtime.engine.systems.electricity import ONE as FULL_POWER
from runtime.engine.systems.fluids import FLUID, ONE, Box, FluidEntity, Segment

# Pumps may run in a circle. So often in a tick a segment is weighed again for one of them; from then on it gives a little
# less than it could, which breaks the circle, and when that does not help either, nothing until the next time.
MOST_ROUNDS = 16


class Pump(FluidEntity):
    """Moves fluid from the segment behind it to the one before it, `pumping_speed` per tick at full power.

    To the game it has one box; here it is half and half a part of both segments.
    """

    __slots__ = ("drawn", "flow", "limit", "limited")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.flow = self.drawn = 0
        self.limit = 0  # per tick, at the tick `limited`
        self.limited = -1
        raw = self.proto.raw["fluid_box"]
        for number, flow in enumerate(("input", "output")):
            joints = [c for c in raw["pipe_connections"] if c["flow_direction"] == flow]
            half = Box(self, number, {**raw, "volume": raw["volume"] / 2, "pipe_connections": joints})
            self.boxes[number : number + 1] = [half]

    @property
    def source(self) -> Segment | None:
        """The segment that it takes from."""
        return self.boxes[0].segment if self.boxes else None

    @property
    def target(self) -> Segment | None:
        """The segment that it puts into."""
        return self.boxes[1].segment if self.boxes else None

    @property
    def fluid(self) -> str | None:
        """What it moves."""
        source = self.source
        return source.fluid if source is not None else None

    @property
    def warmth(self) -> int:
        """Temperature of what it moves, `DEGREE`."""
        source = self.source
        return source.warmth if source is not None else 0

    def most(self) -> int:
        """The most it could want per tick."""
        if self.power is None or not self.active or self.target is self.source:
            return 0
        return int(self.proto.raw["pumping_speed"] * FLUID) * self.power.satisfaction // FULL_POWER

    def gives(self, segment: Segment) -> int:
        """The most it gives per tick."""
        fluid, source = self.fluid, self.source
        if fluid is None or source is None or source is segment or not segment.takes(fluid):
            return 0
        may = self.most() * source.share // ONE
        return min(may, self.limit) if self.limited == self.world.tick else may

    def share_changed(self) -> None:
        """It gets another share of what it could want."""
        target, source, tick = self.target, self.source, self.world.tick
        if target is None or source is None:
            return
        target.rounds = target.rounds + 1 if target.weighed == tick else 0
        target.weighed = tick
        if target.rounds >= MOST_ROUNDS:
            may = self.most() * source.share // ONE
            if self.limited == tick and self.limit <= may:
                return
            self.limit = may * 15 // 16 if target.rounds < 2 * MOST_ROUNDS else 0
            self.limited = tick
        target.touch()

    def set_flow(self, flow: int) -> None:
        """It moves so much per tick from now on."""
        if flow != self.flow:
            self.flow = self.drawn = flow
            if self.power is not None:
                self.power.set_rate(self.proto.energy_usage if flow else 0.0)
            if self.source is not None:
                self.source.touch()

    def joined(self, box: Box) -> None:
        assert box.segment is not None
        (box.segment.sources if box.number else box.segment.sinks)[self.unit_number] = self
        self.share_changed()

    def parted(self, box: Box) -> None:
        assert box.segment is not None
        (box.segment.sources if box.number else box.segment.sinks).pop(self.unit_number, None)
        self.set_flow(0)
        self.share_changed()

    def plug(self, network: Any) -> None:
        super().plug(network)
        self.power_changed()

    def wake(self, tick: int) -> None:
        self.power_changed()

    def power_changed(self) -> None:
        for box in self.boxes:
            if box.segment is not None:
                box.segment.touch()

    def status(self) -> str | None:
        assert self.power is not None
        if not self.active:
            return "disabled_by_script"
        if not self.power.satisfaction:
            return "no_power"
        if self.overextended:
            return "pipeline_overextended"
        if not self.flow:
            return "no_input_fluid" if self.fluid is None else "full_output"
        return self.power.status()

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.flow]
