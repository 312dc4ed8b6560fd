"""The maps that a world can begin with, by scenario."""

from __future__ import annotations

from collections.abc import Callable

from runtime.engine.maps import lab
from runtime.engine.world import World


def default_lab_scenario(seed: int) -> World:
    """The lab map: a checkerboard with solid rectangles of resources (`maps/lab.py`)."""
    world = World(lab.tile_at, seed, lab.resources)
    neutral = world.forces["neutral"]
    for name, x, y, amount in lab.resources():
        infinite = name == "crude-oil"
        world.create(name, x, y, 0, neutral, amount=amount, initial_amount=amount if infinite else None)
    for name, x, y in (*lab.trees(), *lab.rocks()):
        world.create(name, x, y, 0, neutral)
    return world


SCENARIOS: dict[str, Callable[[int], World]] = {"default_lab_scenario": default_lab_scenario}
