"""Trees, rocks and cliffs."""

from __future__ import annotations

from runtime.engine.entity import Entity, entity_class


@entity_class(
    "tree",
    "simple-entity",
    "cliff",
    "fish",
    "plant",
    "corpse",
    "simple-entity-with-force",
    "simple-entity-with-owner",
)
class Nature(Entity):
    """What grows or lies about and can at most be mined."""

    __slots__ = ()
    unnumbered = True
