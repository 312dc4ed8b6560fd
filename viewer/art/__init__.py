"""Our own art, drawn by code: one module for each family of things."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.atlas import Picture


def pictures() -> Iterator[Picture]:
    """Every picture of the atlas."""
    yield from ()
