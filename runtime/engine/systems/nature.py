"""Trees, rocks and cliffs."""

from __future__ import annotations

from functools import cache
from typing import Any

from runtime.engine.entity import Entity, Site
from runtime.engine.prototypes import load


class Natural(Entity):
    """What a map has from the beginning. There may be a hundred thousand of them, so as long as nothing has happened to
    one, a save says of it only what it is and where.
    """

    __slots__ = ()
    unnumbered = True

    def __getstate__(self) -> Any:
        whole = self.active and self.destructible and self.valid and self.health == self.proto.max_health
        if self.watchers or not whole or self.minable != (self.proto.minable is not None):
            return super().__getstate__()
        place = [self.x, self.y, self.direction, self.order]
        return [self.world, self.proto, self.force, *place, *self.traits()]

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            super().__setstate__(state)
            return
        world, proto, force, x, y, direction, order, *traits = state
        type(self).__init__(self, Site(world, proto, x, y, direction, force))
        self.order = order
        self.take_on(traits)

    def traits(self) -> list[Any]:
        """What tells one from others of its prototype."""
        return []

    def take_on(self, traits: list[Any]) -> None:
        """Be as the one whose `traits` these were."""


class Nature(Natural):
    """What grows or lies about and can at most be mined. `variation`: which of its pictures is shown."""

    __slots__ = ("variation",)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.variation = 1

    def traits(self) -> list[Any]:
        return [self.variation]

    def take_on(self, traits: list[Any]) -> None:
        self.variation = traits[0]

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.variation]


class Cliff(Nature):
    """A piece of a cliff. `orientation`: the sides of its square that it joins, such as `west-to-north`; high ground is on
    its left. One that a script has built runs from west to east.
    """

    __slots__ = ("_orientation",)

    def __init__(self, site: Site) -> None:
        self._orientation = "west-to-east"
        super().__init__(site)

    @property
    def orientation(self) -> str:
        """How it runs."""
        return self._orientation

    @orientation.setter
    def orientation(self, value: str) -> None:
        """Set before it is put on the map."""
        self._orientation = value
        self.set_box()

    def set_box(self) -> None:
        left, top, right, bottom = cliff_box(self._orientation)
        self.left, self.top = self.x + left, self.y + top
        self.right, self.bottom = self.x + right, self.y + bottom

    def traits(self) -> list[Any]:
        return [*super().traits(), self._orientation]

    def take_on(self, traits: list[Any]) -> None:
        super().take_on(traits)
        self.orientation = traits[1]

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self._orientation]


@cache
def cliff_box(orientation: str) -> tuple[float, float, float, float]:
    """The upright box about a cliff of an orientation. The game's boxes are aslant where it runs aslant."""
    row = load().raw["cliff"]["cliff"]["orientations"][orientation.replace("-", "_")]
    (left, top), (right, bottom), *aslant = row["collision_bounding_box"]
    if not aslant or not aslant[0]:
        return left, top, right, bottom
    # All that are turned are turned by an eighth: as wide as high then.
    half = (right - left + bottom - top) / 2**1.5
    x, y = (left + right) / 2, (top + bottom) / 2
    return x - half, y - half, x + half, y + half
