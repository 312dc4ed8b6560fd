"""Things that stand and hold items but do nothing by themselves yet: their sizes, places and inventories are the game's."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import Entity, Site
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import EntityPrototype, load
from runtime.engine.systems.burners import BURNT_RESULT, FUEL, Burner
from runtime.engine.systems.electricity import Power

# Prototype type -> (field with the size, defines.inventory number, what may go in)
HOLDS: dict[str, tuple[tuple[str, int, str], ...]] = {
    "ammo-turret": (("inventory_size", 1, "ammo"),),
    "artillery-turret": (("inventory_size", 1, "ammo"),),
    "roboport": (("robot_slots_count", 1, ""), ("material_slots_count", 2, "repair-tool")),
    "car": (("inventory_size", 2, ""),),
    "cargo-wagon": (("inventory_size", 1, ""),),
}

ALWAYS_ON = {"radar"}  # they draw their full power whatever happens

# Types that take a direction.
FACING = {
    "arithmetic-combinator", "boiler", "burner-generator", "constant-combinator", "curved-rail-a", "curved-rail-b",
    "decider-combinator", "fluid-turret", "gate", "generator", "offshore-pump", "pipe-to-ground", "pump", "rail-chain-signal",
    "rail-signal", "reactor", "storage-tank", "straight-rail", "train-stop", "artillery-turret",
    "ammo-turret", "electric-turret",
}  # fmt: skip


class Standing(Entity):
    """An entity whose system has not been built: it can be placed, turned, filled, emptied and mined."""

    __slots__ = ("burner", "held", "power")
    rotatable = True

    @classmethod
    def can_face(cls, proto: EntityPrototype) -> bool:
        return proto.type in FACING

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.burner = Burner(self) if self.proto.burner else None
        self.power = Power(self) if self.proto.electric else None
        if self.power is not None and self.type in ALWAYS_ON:
            self.power.set_rate(self.proto.energy_usage)
        self.held: dict[int, Inventory] = {}
        for field, number, kind in HOLDS.get(self.type, ()):
            size = self.proto.raw.get(field, 0)
            inventory = Inventory(
                len(size) if isinstance(size, list) else size, self, number, Accepts(kind, self.proto.raw)
            )
            inventory.changed = self.changed
            self.held[number] = inventory
        if self.burner is not None:
            self.burner.inventory.changed = self.changed

    def inventories(self) -> dict[int, Inventory]:
        found: dict[int, Inventory] = {}
        if self.burner is not None:
            found[FUEL] = self.burner.inventory
            found[BURNT_RESULT] = self.burner.burnt
        return {**found, **self.held}

    def _place_for(self, name: str) -> Inventory | None:
        return next(
            (i for i in self.inventories().values() if i.index != BURNT_RESULT and i.room(name)), None
        )

    def insertable(self, name: str) -> int:
        place = self._place_for(name)
        return place.room(name) if place is not None else 0

    def insert(self, name: str, count: int) -> int:
        place = self._place_for(name)
        return place.insert(name, count) if place is not None else 0

    def takes(self, name: str) -> bool:
        return self.burner is not None and self.burner.takes(name)

    def status(self) -> str | None:
        if self.type in (
            "wall",
            "pipe",
            "pipe-to-ground",
            "straight-rail",
            "curved-rail-a",
            "curved-rail-b",
        ):
            return None
        if self.burner is not None:
            return "no_fuel" if self.burner.inventory.is_empty() and not self.burner.remaining else "working"
        return self.power.status() if self.power is not None else "normal"

    def more_state(self) -> list[Any]:
        return [self.burner.state() if self.burner else None, self.power.state() if self.power else None]


class Accepts:
    """Which items an inventory takes: those of an item type, a lab's packs, or anything."""

    __slots__ = ("kind", "names")

    def __init__(self, kind: str, raw: dict[str, Any]) -> None:
        self.kind = kind
        self.names = frozenset(raw["inputs"]) if kind == "inputs" else frozenset()

    def __call__(self, name: str) -> bool:
        if self.kind == "inputs":
            return name in self.names
        return not self.kind or load().item[name].type == self.kind
