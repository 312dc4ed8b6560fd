"""An inserter's arm: how it turns and reaches, tick by tick, and what that costs.

The rules are measured ones of Factorio 2.0.60 (divagr18/FactorioGym, docs/sim-logistics.md, "Inserter belt pickup").
"""

from __future__ import annotations

import math
from typing import Final

from runtime.engine.prototypes import EntityPrototype, joules
from runtime.engine.systems.electricity import units

# A step this short costs nothing, tiles.
NO_STEP: Final = 0.001
# Energies are multiples of this many joules, so that sums of them don't depend on how they are grouped.
QUANTUM: Final = 1 / 1024
ENDLESS: Final = math.inf  # energy that doesn't limit a step
MOST_REMEMBERED: Final = 20_000  # paths, and chases, of a prototype's arms

Point = tuple[float, float, float]  # turn, length, joules spent since the path began


class Path:
    """A way of an arm: where it is after each of `count` ticks, and what that takes. Shared, and not to be changed.

    `onward` is the way that was last taken from its end.
    """

    __slots__ = ("count", "energy", "length", "onward", "points", "turn", "units")

    def __init__(self, points: list[Point]) -> None:
        self.points = points
        self.count = len(points)
        self.turn, self.length, self.energy = points[-1] if points else (0.0, 0.0, 0.0)
        self.units = units(self.energy)
        self.onward: Path | None = None


NO_PATH = Path([])
Chase = tuple[Path, bool]  # the way, and whether it ends at the item
# Chases of arms to one lane of a belt beside them: turn, length, energy at hand, the item's place and where it would stop.
Chases = dict[tuple[float, float, float, int, int], Chase]


class ArmType:
    """What all arms of a prototype have in common. Turns are clockwise from north, 0 to 1; lengths in tiles."""

    __slots__ = (
        "chases",
        "drop_length",
        "energy_per_tile",
        "energy_per_turn",
        "extension",
        "paths",
        "pickup_length",
        "rotation",
        "start",
    )

    def __init__(self, proto: EntityPrototype, speed: float = 1.0) -> None:
        raw = proto.raw
        self.rotation: float = raw["rotation_speed"] * speed
        self.extension: float = raw["extension_speed"] * speed
        self.energy_per_turn = joules(raw["energy_per_rotation"])
        self.energy_per_tile = joules(raw["energy_per_movement"])
        self.pickup_length = math.hypot(*raw["pickup_position"])
        self.drop_length = math.hypot(*raw["insert_position"])
        self.start: float = raw.get("starting_distance", 0.7)
        self.paths: dict[tuple[float, float, float, float], Path] = {}
        self.chases: dict[tuple[float, ...], Chases] = {}

    def step(
        self, turn: float, length: float, to_turn: float, to_length: float, budget: float
    ) -> tuple[float, float, float, bool]:
        """One tick towards a target: turn, length, joules spent, and whether the arm is there.

        With less than the tick's energy in `budget` the extension is paid for first.
        """
        spent = 0.0
        reach = to_length - length
        full = self.extension
        if abs(reach) < NO_STEP:
            length = to_length
            extended = True
        else:
            move = min(abs(reach), full)
            cost = move * self.energy_per_tile
            if cost > budget:
                cost = budget
                move = budget / self.energy_per_tile
            spent += cost
            extended = abs(reach) - move < full
            length = to_length if extended else length + math.copysign(move, reach)
        way = to_turn - turn
        if way > 0.5:
            way -= 1.0
        elif way < -0.5:
            way += 1.0
        elif abs(way) == 0.5:
            way = -way  # an exact half turn goes against its sign
        move = min(abs(way), self.rotation)
        cost = move * self.energy_per_turn
        if spent + cost > budget:
            cost = max(0.0, budget - spent)
            move = cost / self.energy_per_turn
        spent += cost
        left = abs(way) - move
        if left <= 0.0 or (extended and left < self.rotation - 1e-9 and move > 0.0):
            turn = to_turn
            turned = True
        else:
            turn = (turn + math.copysign(move, way)) % 1.0
            turned = False
        return turn, length, spent, extended and turned

    def path(self, turn: float, length: float, to_turn: float, to_length: float) -> Path:
        """The way to a resting point with all the energy it takes."""
        key = (turn, length, to_turn, to_length)
        path = self.paths.get(key)
        if path is None:
            points: list[Point] = []
            total = 0.0
            there = False
            while not there:
                turn, length, spent, there = self.step(turn, length, to_turn, to_length, ENDLESS)
                total += quantised(spent)
                points.append((turn, length, total))
            if len(self.paths) >= MOST_REMEMBERED:
                self.paths.clear()
            path = self.paths[key] = Path(points)
        return path

    def chases_to(self, key: tuple[float, ...]) -> Chases:
        """The chases that are known to a lane; `key` is all that they depend on beside the item's way and the arm's place."""
        return self.chases.setdefault(key, {})


def quantised(energy: float) -> float:
    """An energy to the nearest `QUANTUM`, joules."""
    return round(energy / QUANTUM) * QUANTUM


def polar(dx: float, dy: float) -> tuple[float, float]:
    """A point given from the inserter's centre as turn and length."""
    return (math.atan2(dx, -dy) / math.tau) % 1.0, math.hypot(dx, dy)


def offset(turn: float, length: float) -> tuple[float, float]:
    """The opposite of `polar`."""
    return length * math.sin(math.tau * turn), -length * math.cos(math.tau * turn)


_types: dict[tuple[str, float], ArmType] = {}


def arm_type(proto: EntityPrototype, speed: float = 1.0) -> ArmType:
    """The arm of a prototype's inserters at a share of its full speed."""
    found = _types.get((proto.name, speed))
    if found is None:
        found = _types[(proto.name, speed)] = ArmType(proto, speed)
    return found
