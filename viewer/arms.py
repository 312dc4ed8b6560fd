"""Where inserters' hands are between two looks at a world: they turn and reach as fast as they can, and stop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.engine import prototypes

EASE_TICKS = 8.0
"""In which a hand that turns out to be elsewhere gets there."""
ARM = np.dtype(
    [
        ("key", "<i8"), ("x", "<f8"), ("y", "<f8"), ("kind", "<i4"), ("held", "<i4"), ("tick", "<f8"), ("turn", "<f8"),
        ("length", "<f8"), ("way", "<f8"), ("reach", "<f8"), ("rotation", "<f8"), ("extension", "<f8"), ("off", "<f8"),
        ("off_length", "<f8"),
    ]
)  # fmt: skip
"""kind, held: numbers in `Arms.kinds` and in the words of `BeltItems`. At `tick` the hand was at turn and length, and has
to turn by `way` and to reach out by `reach`, at the speeds `rotation` and `extension`. off: how far it seemed to be."""


class Arms:
    """All arms of an area, in rows that are used again."""

    def __init__(self) -> None:
        self._rows: NDArray[Any] = np.zeros(64, ARM)
        self._place: dict[int, int] = {}
        self._free: list[int] = list(range(63, -1, -1))
        self.kinds: list[str] = []

    def clear(self) -> None:
        """Forget all."""
        self.__init__()  # type: ignore[misc]

    def remove(self, key: int) -> None:
        """An inserter is gone, or was never there."""
        place = self._place.pop(key, None)
        if place is not None:
            self._rows[place]["key"] = 0
            self._free.append(place)

    def put(self, key: int, name: str, x: float, y: float, told: list[int], held: int, tick: float) -> None:
        """What an arm does from a tick on: `told` is hand x, y, goal x, y in hundredths of a tile from where it stands."""
        hand_turn, hand_length = _polar(told[0] / 100, told[1] / 100)
        goal_turn, goal_length = _polar(told[2] / 100, told[3] / 100)
        place = self._place.get(key)
        off = off_length = 0.0
        if place is None:
            if not self._free:
                self._grow()
            place = self._place[key] = self._free.pop()
        else:
            turn, length = (float(v[0]) for v in _hands(self._rows[place : place + 1], tick))
            off, off_length = (turn - hand_turn + 0.5) % 1 - 0.5, length - hand_length
        raw: dict[str, Any] = getattr(prototypes.load().entity.get(name), "raw", {})
        if name not in self.kinds:
            self.kinds.append(name)
        self._rows[place] = (
            key, x, y, self.kinds.index(name), held, tick, hand_turn, hand_length, _way(hand_turn, goal_turn, held >= 0),
            goal_length - hand_length, raw.get("rotation_speed", 0.014), raw.get("extension_speed", 0.035), off, off_length,
        )  # fmt: skip

    def _grow(self) -> None:
        size = len(self._rows)
        self._rows = np.concatenate((self._rows, np.zeros(size, ARM)))
        self._free.extend(range(2 * size - 1, size - 1, -1))

    def at(self, tick: float) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.float64]]:
        """Rows of ARM, and the x and y of their hands at a tick."""
        rows = self._rows[self._rows["key"] != 0]
        turn, length = _hands(rows, tick)
        return (
            rows,
            rows["x"] + length * np.sin(math.tau * turn),
            rows["y"] - length * np.cos(math.tau * turn),
        )


def _hands(rows: NDArray[Any], tick: float) -> tuple[NDArray[Any], NDArray[Any]]:
    past = np.maximum(tick - rows["tick"], 0)
    turned = np.minimum(np.abs(rows["way"]), rows["rotation"] * past)
    reached = np.minimum(np.abs(rows["reach"]), rows["extension"] * past)
    ease = np.maximum(1 - past / EASE_TICKS, 0)
    turn = rows["turn"] + np.copysign(turned, rows["way"]) + rows["off"] * ease
    return turn, rows["length"] + np.copysign(reached, rows["reach"]) + rows["off_length"] * ease


def _polar(x: float, y: float) -> tuple[float, float]:
    return (math.atan2(x, -y) / math.tau) % 1.0, math.hypot(x, y)


def _way(turn: float, goal: float, carries: bool) -> float:
    """How far to turn, and which way round: half a turn goes as the game has it."""
    way = (goal - turn + 0.5) % 1 - 0.5
    if abs(abs(way) - 0.5) > 0.02:
        return way
    quarter = round(turn * 4) % 4
    return -abs(way) if quarter in (0, 1) or (quarter == 2 and carries) else abs(way)
