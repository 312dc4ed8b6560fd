"""Trees, rocks and cliffs."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import Entity, Site


class Nature(Entity):
    """What grows or lies about and can at most be mined. `variation`: which of its pictures is shown."""

    __slots__ = ("variation",)
    unnumbered = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.variation = 1

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.variation]
