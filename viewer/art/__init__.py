"""Our own art, drawn by code: one module for each family of things."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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
    signs, icons, belts, inserters, machines, fluids, power, storage, defence, vehicles, nature, ores, ground,
)  # fmt: skip


def pictures() -> Iterator[Picture]:
    """Every picture of the atlas."""
    # Most of the time is spent in NumPy and Pillow, which let go of the interpreter.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        families = pool.map(lambda family: list(family.pictures()), FAMILIES)
        drawn = [picture for family in families for picture in family]
    yield from drawn
    yield from placed.pictures({picture.name: picture for picture in drawn})
    yield icon("unknown", icons.crate)
