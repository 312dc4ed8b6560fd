"""Our own art, drawn by code: one module for each family of things."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.art import ground, ores
from viewer.art.relief import Relief, rgb
from viewer.atlas import Picture


def pictures() -> Iterator[Picture]:
    """Every picture of the atlas."""
    yield from ground.pictures()
    yield from ores.pictures()
    yield Relief(1, 1, margin=0).box(-0.5, -0.5, 0.5, 0.5, rgb("#8a4fd0"), 0.2).picture("unknown")
