"""The built-in player's workshop: blocks of machines on both sides of a spine.

The *spine* is a belt that goes south with iron plates on its eastern lane and copper plates on its western one: each
comes from its side, and so keeps to its lane. Machines stand along it, take plates from it, and hand what they make to
each other. Inserters go into a chest, from which the player builds. A block, east of the spine:

      |>R> c           R  red science, from copper and the gears of the first G
      | ^              G  gears
      |>G              B  belts, from iron and the gears of the second G
      | v              I  inserters, from circuits, iron and the gears of the third G
      |>R> c > > > v   E  electronic circuits
      |            v   K  copper cable
      |>G          v   S  green science, from B and the chest of I
      | v          v   L  labs, each passes on what the next one lacks
      |>B> v       v   c  chests
      |    v       v
      |>G  S > c > L > L > L
      | v  ^
      |>I> c
      | ^
      |>E
      | ^
      |>K

A machine hands what it makes to machines or to a chest, not to both: the inserter to the chest, which is never content,
might take it all. Belts don't go into a chest, which would take in iron for an hour before the next machines get any.
"""

from __future__ import annotations

from harness.pieces import ASSEMBLER, BELT, CHEST, INSERTER, LAB, POLE, RED, Piece, Step, belts

GEAR, CABLE, CIRCUIT, GREEN = "iron-gear-wheel", "copper-cable", "electronic-circuit", "logistic-science-pack"
BLOCK_ROWS = 35
AUTOMATION = "automation"
BESIDE = tuple((2, row) for row in range(3, 32, 4))
BEYOND = ((5, 3), (5, 11), (5, 20), (5, 22), (11, 19))
"""Poles between the machines along the spine, and beyond them."""
MIRRORED = {"LEFT": "RIGHT", "RIGHT": "LEFT"}


class Block:
    """A block on one side of the spine (1 east, -1 west), its top at a row. `poles` and the rest are its steps."""

    def __init__(self, spine: int, top: int, side: int, after: Step | None = None) -> None:
        self._spine, self._top, self._side = spine, top, side
        at = self._at
        self.poles = Step(tuple(at(POLE, x, y) for x, y in (*BESIDE, *BEYOND)), after)
        self.gears = self._step(*self._machine(GEAR, 5))
        self.gear_chest = self._step(*self._out(5), after=self.gears)
        self.reds = [
            self._step(*self._machine(RED, 1), at(INSERTER, 3, 3, "UP"), *self._out(1), after=self.gears),
            self._step(*self._machine(RED, 9), at(INSERTER, 3, 7, "DOWN"), *self._out(9), after=self.gears),
        ]
        self.cables = self._step(*self._machine(CABLE, 33))
        self.circuits = self._step(
            *self._machine(CIRCUIT, 29),
            at(INSERTER, 3, 31, "UP"),
            at(INSERTER, 4, 31, "UP"),
            after=self.cables,
        )
        self.circuit_chest = self._step(at(POLE, 5, 28), *self._out(30), after=self.circuits)
        self.inserters = self._step(
            *self._machine(GEAR, 21),
            *self._machine("inserter", 25),
            at(INSERTER, 3, 27, "UP"),
            at(INSERTER, 3, 23, "DOWN"),
            *self._out(24),
            after=self.circuits,
        )
        self.belts = self._step(
            *self._machine(GEAR, 13),
            *self._machine("transport-belt", 17),
            at(INSERTER, 3, 15, "DOWN"),
            at(BELT, 6, 18, "DOWN"),
            at(INSERTER, 5, 18, "RIGHT"),
        )
        self.green = self._step(
            at(ASSEMBLER, 7, 21, recipe=GREEN),
            at(CHEST, 10, 21),
            at(INSERTER, 6, 19, "DOWN"),
            at(INSERTER, 6, 23, "UP"),
            at(INSERTER, 9, 21, "RIGHT"),
            technology=GREEN,
        )
        self.first_lab = Step((at(LAB, 13, 21),), self.poles)
        self.red_belt = self._step(
            *self._belts((8, 9), (13, 9), (13, 19)),
            at(INSERTER, 7, 9, "RIGHT"),
            at(INSERTER, 13, 19, "DOWN"),
            after=self.reds[1],
        )
        self.green_to_lab = self._step(at(INSERTER, 11, 21, "RIGHT"), after=self.green)
        self.more_labs = [
            self._step(at(POLE, x - 2, 19), at(LAB, x, 21), at(INSERTER, x - 2, 21, "RIGHT"))
            for x in (17, 21)
        ]

    def makers(self) -> list[Step]:
        """All but poles and labs, in the order of building."""
        return [
            self.gears,
            *self.reds,
            self.belts,
            self.cables,
            self.circuits,
            self.inserters,
            self.green,
        ]

    def _step(self, *pieces: Piece, after: Step | None = None, technology: str | None = AUTOMATION) -> Step:
        return Step(pieces, after or self.poles, technology)

    def _at(self, name: str, x: int, y: int, facing: str = "UP", recipe: str | None = None) -> Piece:
        """A piece with its middle on a tile: as many to the side of the spine and below the block's top."""
        if self._side < 0:
            facing = MIRRORED.get(facing, facing)
        return Piece(name, self._spine + 0.5 + self._side * x, self._top + 0.5 + y, facing, recipe=recipe)

    def _belts(self, *corners: tuple[int, int]) -> tuple[Piece, ...]:
        return belts(*((self._spine + self._side * x, self._top + y) for x, y in corners))

    def _machine(self, recipe: str, row: int) -> tuple[Piece, ...]:
        """A machine beside the spine, and the inserter that brings it plates."""
        return self._at(ASSEMBLER, 3, row, recipe=recipe), self._at(INSERTER, 1, row, "RIGHT")

    def _out(self, row: int) -> tuple[Piece, ...]:
        """The inserter that takes out what a machine makes, and the chest for that."""
        return self._at(CHEST, 6, row), self._at(INSERTER, 5, row, "RIGHT")
