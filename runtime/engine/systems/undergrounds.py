"""Underground belts: two ends of a tunnel, which is part of the entrance's lanes."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import Site
from runtime.engine.systems.belts import STEPS, TransportBelt

IN, OUT = "input", "output"


class UndergroundBelt(TransportBelt):
    """One end of a tunnel. `belt_to_ground_type` is "input" where items go in, "output" where they come out."""

    __slots__ = ()

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.enters = True

    @property
    def belt_to_ground_type(self) -> str:
        """ "input" or "output"."""
        return IN if self.enters else OUT

    @belt_to_ground_type.setter
    def belt_to_ground_type(self, value: str) -> None:
        self.enters = value == IN
        self.leaves = not self.enters

    def _along(self, sign: int) -> list[UndergroundBelt]:
        """Underground belts of its kind and axis within reach ahead (1) or behind (-1), nearest first."""
        dx, dy = STEPS[self.direction]
        x, y = self.cell
        found = []
        for n in range(1, int(self.proto.raw["max_distance"]) + 1):
            there = self.world.belts.grid.get((x + sign * n * dx, y + sign * n * dy))
            if (
                isinstance(there, UndergroundBelt)
                and there.name == self.name
                and there.direction % 8 == self.direction % 8
            ):
                found.append(there)
        return found

    def other_end(self) -> TransportBelt | None:
        """The nearest end that matches, unless another of the same sort lies before it."""
        for there in self._along(1 if self.enters else -1):
            if there.direction == self.direction:
                return there if there.enters != self.enters else None
        return None

    def tunnels(self) -> list[TransportBelt]:
        return [*self._along(1), *self._along(-1)]

    def rotate_to(self, direction: int) -> None:
        direction -= direction % 4
        # Turned about, an entrance becomes an exit, and so does its other end.
        about = direction == (self.direction + 8) % 16
        other = self.other_end() if about else None
        self.world.belts.turn([self] if other is None else [self, other], direction, about)

    def mined_items(self) -> list[tuple[str, int]]:
        # Whoever takes an end away gets what is in the tunnel too, which is kept as the entrance's.
        entrance = self.other_end() if self.leaves else None
        if entrance is None:
            return super().mined_items()
        tunnel = [(name, 1) for lane in (3, 4) for name, _ in entrance.lane_contents(lane)]
        return super().mined_items() + tunnel

    def more_state(self) -> list[Any]:
        return [self.belt_to_ground_type, *super().more_state()]
