"""Chests: wooden, iron, steel and the logistic ones, which act as plain chests here."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.engine.entity import Entity, Site
from runtime.engine.inventory import Inventory

CHEST = 1  # defines.inventory.chest


class Container(Entity):
    """An entity with one inventory that anything may go into."""

    __slots__ = ("chest",)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.chest = Inventory(self.proto.raw["inventory_size"], self, CHEST)
        self.chest.changed = self.changed

    def inventories(self) -> dict[int, Inventory]:
        return {CHEST: self.chest}

    def output_inventory(self) -> Inventory:
        return self.chest

    def insertable(self, name: str) -> int:
        return self.chest.room(name)

    def insert(self, name: str, count: int) -> int:
        return self.chest.insert(name, count)

    def takes(self, name: str) -> bool:
        return self.chest.room(name) > 0

    def first(self) -> str | None:
        for name in reversed(self.chest.names):
            if name is not None:
                return name
        return None

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        # From the last slot on (measured with mixed chests).
        seen: dict[str, None] = {}
        for name in reversed(self.chest.names):
            if name is not None:
                seen[name] = None
        return seen

    def take(self, name: str, count: int) -> int:
        return self.chest.remove(name, count)

    def status(self) -> str | None:
        return "normal"
