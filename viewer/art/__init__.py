"""Our own art, drawn by code: one module for each family of things."""

from __future__ import annotations

from collections.abc import Iterator

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
    drawn = [picture for family in FAMILIES for picture in family.pictures()]
    yield from drawn
    yield from placed.pictures({picture.name: picture for picture in drawn})
    yield icon("unknown", icons.crate)
