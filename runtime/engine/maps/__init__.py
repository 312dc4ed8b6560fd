"""The maps that a world can begin with, by scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from runtime.engine.maps import lab
from runtime.engine.world import World


class Scenario(NamedTuple):
    """`begin` makes a new world of a seed and of what a `--map-gen-settings` file says."""

    begin: Callable[[int, Mapping[str, Any]], World]
    seed: int  # unless another is asked for


def default_lab_scenario(seed: int, settings: Mapping[str, Any] | None = None) -> World:
    """The lab map: a checkerboard with solid rectangles of resources (`maps/lab.py`)."""
    world = World(lab.tile_at, seed, lab.resources)
    neutral = world.forces["neutral"]
    for name, x, y, amount in lab.resources():
        infinite = name == "crude-oil"
        world.create(name, x, y, 0, neutral, amount=amount, initial_amount=amount if infinite else None)
    for name, x, y in (*lab.trees(), *lab.rocks()):
        world.create(name, x, y, 0, neutral)
    return world


def open_world(seed: int, settings: Mapping[str, Any]) -> World:
    """An endless map with lakes, forests, cliffs and patches of all resources (`maps/open.py`)."""
    # Here and not above: it needs numpy, whose import takes longer than the start of a lab.
    from runtime.engine.maps.open import START_CHUNKS, OpenLand
    from runtime.engine.maps.settings import read_settings

    land = OpenLand(read_settings(seed, settings))
    world = World(land.tile_at, seed, land.natural_resources)
    world.surface.land = land
    world.combat.peaceful = land.settings.peaceful
    land.generate(world, 0, 0, START_CHUNKS)
    return world


SCENARIOS: dict[str, Scenario] = {
    "default_lab_scenario": Scenario(default_lab_scenario, 0),
    "open_world": Scenario(open_world, 44340),
}
