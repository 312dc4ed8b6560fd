"""Steam power: boilers along a belt of coal, each with the engines that it can feed."""

from __future__ import annotations

import math

from evals.factories.block import Block, Strip
from evals.factories.ground import NORTH
from evals.factories.row import ANCHOR_SPACE, LONGEST, POLE
from runtime.engine.prototypes import joules, load

BOILER, ENGINE, ARM, FUEL, WATER = "boiler", "steam-engine", "inserter", "coal", "water"
PITCH = 4  # tiles from boiler to boiler: three, and a pipe
ENGINES = 2  # on a boiler
STARTER_ROWS = 1
"""Rows of panels beside the stations: with their power the first coal is dug and carried."""


def stations(power: float) -> list[Block]:
    """Rows of boilers and engines for so many watts. They want coal and water."""
    count = math.ceil(power / joules(load().entity[BOILER].raw["energy_consumption"]) / 60)
    return [_station(min(LONGEST, count - n)) for n in range(0, count, LONGEST)]


def coal(power: float) -> float:
    """Pieces of coal per second for so many watts."""
    return power / load().item[FUEL].fuel_value


def _station(boilers: int) -> Block:
    block = Block("steam", frozenset())
    length = load().entity[ENGINE].tile_height
    left, right = -2 - ANCHOR_SPACE, (boilers - 1) * PITCH + 2
    for x in (n * PITCH for n in range(boilers)):
        block.add(ARM, x + 0.5, -0.5, 8)
        block.add(BOILER, x + 0.5, -2, NORTH)
        for n in range(ENGINES):
            middle = -3 - length * n - (length + 1) / 2 + 0.5
            block.add(ENGINE, x + 0.5, middle, NORTH)
            block.add(POLE, x + 2.5, middle)
        block.add(POLE, x + 2.5, -0.5)
        block.add("pipe", x + 2.5, -1.5)
    block.add("pipe", -1.5, -1.5)
    block.pole(-3, -6)
    block.belts[FUEL] = Strip(FUEL, 0, left, right)
    block.pipes.append(Strip(WATER, -2, -2, right))
    return block
