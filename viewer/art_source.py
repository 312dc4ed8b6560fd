"""Where pictures come from: our own art, or the user's Factorio."""

from __future__ import annotations

from functools import cache
from typing import Protocol

import structlog

from viewer.atlas import Atlas, our_atlas, our_atlas_is_drawn
from viewer.factorio.art import installed
from viewer.factorio.installation import NotFactorio
from viewer.figures import Figures

log = structlog.get_logger()


class ArtSource(Protocol):
    """Pictures, and how entities are put together of them. Names, sizes in tiles and pivots are the same of all."""

    @property
    def atlas(self) -> Atlas:
        """Every picture."""

    @property
    def figures(self) -> Figures:
        """Every entity."""


class OurArt:
    """What `viewer.art` draws."""

    def __init__(self) -> None:
        self.atlas = our_atlas()
        self.figures = Figures(self.atlas)


def art_is_ready() -> bool:
    """Whether `art_source` has nothing to make first, which takes a minute."""
    try:
        found = installed()
        return our_atlas_is_drawn() if found is None else found.is_ready
    except NotFactorio:
        return our_atlas_is_drawn()


@cache
def art_source() -> ArtSource:
    """The user's Factorio if FACTORIO_HOME is set and it can be read, which is logged if not; else our own."""
    try:
        found = installed()
        if found is not None:
            _ = found.atlas
            return found
    except NotFactorio as error:
        log.warning("our own art is used", why=str(error))
    return OurArt()
