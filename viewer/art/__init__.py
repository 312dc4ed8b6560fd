"""Our own art, drawn by code: one module for each family of things."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

from viewer.art import (
    belts,
    defence,
    fluids,
    ground,
    icons,
    inserters,
    machines,
    nature,
    ores,
    placed,
    power,
    signs,
    storage,
    vehicles,
)
from viewer.art.icons import icon
from viewer.atlas import Picture

FAMILIES = (
    machines, belts, vehicles, nature, ores, power, ground, defence, icons, storage, fluids, inserters, signs,
)  # fmt: skip
"""Those that take longest to draw come first."""
MOST_PROCESSES = 4


def pictures() -> Iterator[Picture]:
    """Every picture of the atlas, drawn by a process for each core: all of it takes ten seconds."""
    hands = min(os.cpu_count() or 1, MOST_PROCESSES)
    # Dealt out to and fro, so that all have about as much to do.
    groups: list[list[ModuleType]] = [[] for _ in range(hands)]
    for number, family in enumerate(FAMILIES):
        lap, place = divmod(number, hands)
        groups[-1 - place if lap % 2 else place].append(family)
    with ThreadPoolExecutor(hands) as pool:
        drawn = [picture for part in pool.map(_drawn, groups) for picture in part]
    yield from drawn
    yield from placed.pictures({picture.name: picture for picture in drawn})
    yield icon("unknown", icons.crate)


def _drawn(families: list[ModuleType]) -> list[Picture]:
    """The pictures of some families, drawn by another process."""
    names = [family.__name__ for family in families]
    done = subprocess.run([sys.executable, "-c", DRAW, *names], stdout=subprocess.PIPE, check=True)
    pictures: list[Picture] = pickle.loads(done.stdout)
    return pictures


DRAW = """
import importlib, pickle, sys
families = [importlib.import_module(name) for name in sys.argv[1:]]
pickle.dump([p for family in families for p in family.pictures()], sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
"""
