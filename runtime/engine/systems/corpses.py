"""What is left of a character that died: everything that it carried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from runtime.engine.entity import Entity, Site
from runtime.engine.inventory import Inventory

if TYPE_CHECKING:
    from runtime.engine.world import World

ITEMS = 1  # defines.inventory.character_corpse


class CharacterCorpse(Entity):
    """It can be mined for what is in it."""

    __slots__ = ("items",)
    unnumbered = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.items = Inventory(0, self, ITEMS)

    def inventories(self) -> dict[int, Inventory]:
        return {ITEMS: self.items}

    def output_inventory(self) -> Inventory:
        return self.items


def lay_down(world: World, name: str, x: float, y: float, carried: Iterable[Inventory]) -> None:
    """Leave a corpse with what is in some inventories, which it empties."""
    corpse = world.create(name, x, y, 0, world.forces["neutral"])
    assert isinstance(corpse, CharacterCorpse)
    for inventory in carried:
        for slot, held in enumerate(inventory.names):
            if held is not None:
                place = len(corpse.items)
                corpse.items.resize(place + 1)
                corpse.items.set_slot(place, held, inventory.counts[slot], inventory.extra.get(slot))
        inventory.clear()
