"""The built-in player's power plant: on the southern shore of a pond, fed with coal by a belt or from a chest.

P        ~~~  water        P  offshore pump
+  v < < < <  coal         +  pipe, > v belts
+  i     i                 i  burner inserter
+ BBB + BBB                B  boiler; water passes through one to the next
  BBB   BBB
  EEE   EEE                E  steam engines, two below each boiler, 5 tiles long
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.factory import COAL_ROWS, HALF_WIDTH, coal_drills
from harness.pieces import BOILER, BURNER, CHEST, ENGINE, PIPE, POLE, PUMP, Patch, Piece, Step, belts

BOILER_PITCH = 4
"""From boiler to boiler, tiles."""
PUMP_FROM_CORNER = 4
"""How far from the pond's western end the pump stands, tiles: ponds have round corners."""
COAL_FOR_A_TRIAL = 200
"""Coal in a chest that a boiler lives on, if no belt brings any: 20 minutes and more."""
WIRE = 7
"""Tiles from pole to pole; a small one reaches 7.5."""


class Plant:
    """`pump` and `boilers` are its steps; `coal` those of its belt."""

    def __init__(self, water: Patch, coal: Patch, boilers: int, belt: bool) -> None:
        x, y = water.left + PUMP_FROM_CORNER, water.bottom
        self.x, self.y = x, y
        self.pump = Step((Piece(PUMP, x + 0.5, y + 0.5, "DOWN"), *_pipes(x, y + 1, y + 3)))
        self.boilers: list[Step] = []
        for n in range(boilers):
            self.boilers.append(self._boiler(n, belt))
        east, bottom = coal.left + HALF_WIDTH, coal.top + 2 * COAL_ROWS - 1
        self.drills = [Step(drill) for drill in coal_drills(east, bottom, "UP")]
        path = belts((east, bottom), (east, y + 1), (x + 2, y + 1))
        last = Piece("transport-belt", x + 2.5, y + 1.5, "LEFT")
        self.belt = Step((*path, last))

    @property
    def pole(self) -> tuple[int, int]:
        """The tile of the pole from which power goes on."""
        return self.x + BOILER_PITCH, self.y + 12

    def _boiler(self, number: int, belt: bool) -> Step:
        x, y = self.x + 2 + BOILER_PITCH * number, self.y + 3
        coal = () if belt else (Piece(CHEST, x + 0.5, y - 1.5, "UP", COAL_FOR_A_TRIAL),)
        return Step(
            (
                Piece(BOILER, x + 0.5, y + 1, "DOWN", 5),
                Piece(ENGINE, x + 0.5, y + 4.5),
                Piece(ENGINE, x + 0.5, y + 9.5),
                Piece(PIPE, x + 2.5, y + 0.5),
                *coal,
                Piece(BURNER, x + 0.5, y - 0.5, "DOWN", 1),
                Piece(POLE, x + 2.5, y + 4.5),
                Piece(POLE, x + 2.5, y + 9.5),
            ),
            self.boilers[-1] if self.boilers else self.pump,
        )


def _pipes(x: int, top: int, bottom: int) -> tuple[Piece, ...]:
    return tuple(Piece(PIPE, x + 0.5, y + 0.5) for y in range(top, bottom + 1))


def wire(start: tuple[int, int], bottom: int, taken: Iterable[tuple[int, int]]) -> tuple[Piece, ...]:
    """Poles straight down from the pole at a tile to a row, on tiles that are not taken."""
    x, y = start
    occupied, poles = set(taken), []
    while y < bottom:
        y = next(row for row in range(min(y + WIRE, bottom), y, -1) if (x, row) not in occupied)
        poles.append(Piece(POLE, x + 0.5, y + 0.5))
    return tuple(poles)
