"""Things that stand and hold items but do nothing by themselves yet: their sizes, places and inventories are the game's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from runtime.engine.entity import CLASSES, Entity, Site
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import EntityPrototype, load
from runtime.engine.systems.burners import BURNT_RESULT, FUEL, Burner
from runtime.engine.systems.electricity import Power

AMMO, ROBOT = "ammo", "robot"  # what only ammunition, or only robots, may go into

# Prototype type -> (field with the size, defines.inventory number, what may go in), in the order in which they are filled
HOLDS: dict[str, tuple[tuple[str, int, str], ...]] = {
    "artillery-turret": (("inventory_size", 1, AMMO),),
    "artillery-wagon": (("inventory_size", 1, AMMO),),
    "roboport": (("robot_slots_count", 1, ROBOT), ("material_slots_count", 2, "repair-tool")),
    "car": (("guns", 3, AMMO), ("inventory_size", 2, ""), ("trash_inventory_size", 4, "")),
    "spider-vehicle": (("guns", 3, AMMO), ("inventory_size", 2, ""), ("trash_inventory_size", 4, "")),
    "cargo-wagon": (("inventory_size", 1, ""),),
}
CARGO = {
    "car": 2,
    "spider-vehicle": 2,
    "cargo-wagon": 1,
}  # what inserters fill and empty; trash is not filled at all
TRASH = 4
ROBOTS = frozenset({"construction-robot", "logistic-robot"})

ALWAYS_ON = {"radar"}  # they draw their full power whatever happens
SILENT = {  # they have no status
    "curved-rail-a", "curved-rail-b", "half-diagonal-rail", "pipe", "pipe-to-ground", "straight-rail",
}  # fmt: skip

# Types that take a direction.
FACING = {
    "arithmetic-combinator", "artillery-turret", "artillery-wagon", "boiler", "burner-generator", "car", "cargo-wagon",
    "constant-combinator", "curved-rail-a", "curved-rail-b", "decider-combinator", "fluid-turret", "fluid-wagon",
    "generator", "half-diagonal-rail", "locomotive", "offshore-pump", "pipe-to-ground", "pump", "rail-chain-signal",
    "rail-signal", "reactor", "selector-combinator", "storage-tank", "straight-rail", "train-stop",
}  # fmt: skip


class Standing(Entity):
    """An entity whose system has not been built: it can be placed, turned, filled, emptied and mined.

    The world's log says so of the first one of each prototype. What is built on this class and does act says `acts`.
    """

    __slots__ = ("burner", "held", "power")
    rotatable = True
    acts: ClassVar[bool] = False

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
            slots = len(size) if isinstance(size, list) else int(size)
            if slots:
                inventory = Inventory(slots, self, number, Accepts(kind, self.proto.raw))
                inventory.changed = self.changed
                self.held[number] = inventory
        if self.burner is not None:
            self.burner.inventory.changed = self.changed

    def built(self) -> None:
        super().built()
        if not self.acts:
            self.world.say_once(f"{self.name} can be placed but does not act yet")

    def inventories(self) -> dict[int, Inventory]:
        found: dict[int, Inventory] = {}
        if self.burner is not None:
            found[FUEL] = self.burner.inventory
            found[BURNT_RESULT] = self.burner.burnt
        return {**found, **self.held}

    def _places(self) -> list[Inventory]:
        """The inventories that scripts and hands fill, in order."""
        fuel = [self.burner.inventory] if self.burner is not None else []
        return fuel + [inventory for number, inventory in self.held.items() if number != TRASH]

    def insertable(self, name: str) -> int:
        return sum(place.room(name) for place in self._places())

    def insert(self, name: str, count: int) -> int:
        left = count
        for place in self._places():
            left -= place.insert(name, left)
        return count - left

    def takes(self, name: str) -> bool:
        if self.burner is not None and self.burner.takes(name):
            return True
        enough = self.proto.raw.get("automated_ammo_count")
        return any(
            place.room(name) > 0 and (enough is None or place.count(name) < enough)
            for number, place in self.held.items()
            if number != TRASH
        )

    def _cargo(self) -> Inventory | None:
        return self.held.get(CARGO[self.type]) if self.type in CARGO else None

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        cargo = self._cargo()
        return dict.fromkeys(n for n in reversed(cargo.names) if n is not None) if cargo is not None else ()

    def take(self, name: str, count: int) -> int:
        cargo = self._cargo()
        return cargo.remove(name, count) if cargo is not None else 0

    def status(self) -> str | None:
        if self.type in SILENT:
            return None
        if self.burner is not None:
            return "no_fuel" if self.burner.inventory.is_empty() and not self.burner.remaining else "working"
        return self.power.status() if self.power is not None else "normal"

    def more_state(self) -> list[Any]:
        return [self.burner.state() if self.burner else None, self.power.state() if self.power else None]


class Accepts:
    """Which items an inventory takes: those of an item type, ammunition for a vehicle's guns, robots, or anything."""

    __slots__ = ("categories", "kind")

    def __init__(self, kind: str, raw: dict[str, Any]) -> None:
        self.kind = kind
        self.categories: frozenset[str] = frozenset()
        if kind == AMMO:
            guns = raw["guns"] if "guns" in raw else [raw["gun"]]
            attacks = [load().item[gun].raw["attack_parameters"] for gun in guns]
            self.categories = frozenset(
                c for a in attacks for c in a.get("ammo_categories") or [a["ammo_category"]]
            )

    def __call__(self, name: str) -> bool:
        item = load().item[name]
        if self.kind == AMMO:
            return item.type == AMMO and item.raw["ammo_category"] in self.categories
        if self.kind == ROBOT:
            placed = load().entity.get(item.place_result or "")
            return placed is not None and placed.type in ROBOTS
        return not self.kind or item.type == self.kind


def standing_still() -> list[str]:
    """The prototypes that a player can build and that don't act yet, by name."""
    placed = {
        i.place_result for i in load().item.values() if i.place_result is not None and not i.raw.get("hidden")
    }
    found = [load().entity[name] for name in placed if name in load().entity]
    return sorted(
        p.name
        for p in found
        if not getattr(CLASSES.get(p.type, Standing), "acts", True) and not p.raw.get("hidden")
    )
