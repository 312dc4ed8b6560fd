"""Burning fuel: the energy source of furnaces, drills, boilers and inserters that need no electricity."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from runtime.engine.entity import Entity
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import joules, load

FUEL, BURNT_RESULT = 1, 6  # defines.inventory.fuel and .burnt_result
INSERTER_FUEL_LIMIT: Final = 5  # an inserter brings no more once this many are in the slot (measured)


@cache
def categories_of(entity: str) -> frozenset[str]:
    """The categories of fuel that burn in a prototype; one object for all that are of it."""
    source = load().entity[entity].burner
    assert source is not None
    return frozenset(source.get("fuel_categories") or ("chemical",))


@cache
def fuels(categories: frozenset[str]) -> frozenset[str]:
    """The items that burn in what takes some categories of fuel."""
    return frozenset(n for n, i in load().item.items() if i.fuel_category in categories and i.fuel_value > 0)


class Burner:
    """What burns inside an entity. Energies in joules.

    Owners that draw continuously keep `rate` (joules per tick) from `since` on and are told by `run_out` when
    the last fuel will be spent; owners that draw now and then call `draw`.
    """

    __slots__ = (
        "burning",
        "burnt",
        "categories",
        "effectivity",
        "inventory",
        "owner",
        "rate",
        "remaining",
        "since",
    )

    def __init__(self, owner: Entity) -> None:
        source = owner.proto.burner
        assert source is not None
        self.owner = owner
        self.categories = categories_of(owner.name)
        self.effectivity: float = source.get("effectivity", 1)
        self.inventory = Inventory(source["fuel_inventory_size"], owner, FUEL, self.accepts)
        self.burnt = Inventory(source.get("burnt_inventory_size", 0), owner, BURNT_RESULT)
        self.burning: str | None = source.get("initial_fuel")
        self.remaining = 0.0
        if self.burning is not None:
            self.remaining = load().item[self.burning].fuel_value * source.get("initial_fuel_percent", 1)
        self.rate = 0.0
        self.since = 0

    def accepts(self, name: str) -> bool:
        """Whether an item is fuel for this burner."""
        return name in fuels(self.categories)

    def takes(self, name: str) -> bool:
        """Whether an inserter may bring it more of a fuel."""
        return (
            self.accepts(name)
            and self.inventory.count(name) < INSERTER_FUEL_LIMIT
            and self.inventory.room(name) > 0
        )

    def settle(self, tick: int) -> None:
        """Burn what has been drawn since last time, up to `tick`."""
        if self.rate and tick > self.since:
            left = self.remaining - self.rate * (tick - self.since)
            self.remaining = left if left > 0.0 else 0.0
        self.since = tick

    def set_rate(self, rate: float, tick: int) -> None:
        """Draw `rate` joules per tick from now on."""
        if tick != self.since:
            self.settle(tick)
        self.rate = rate / self.effectivity

    def blocked(self) -> bool:
        """Whether there is no room for what is left of the fuel that has burnt."""
        ashes = load().item[self.burning].burnt_result if self.burning is not None else None
        return self.remaining <= 0 and ashes is not None and not self.burnt.room(ashes)

    def load_fuel(self) -> bool:
        """Set the next fuel alight when nothing burns; whether something burns now."""
        if self.remaining > 0:
            return True
        if self.burning is not None:
            ashes = load().item[self.burning].burnt_result
            if ashes is not None:
                if not self.burnt.insert(ashes, 1):
                    return False
                self.owner.force.items.made(ashes, 1)
            self.burning = None
        for slot, name in enumerate(self.inventory.names):
            if name is not None:
                item = load().item[name]
                self.burning = name
                self.remaining = item.fuel_value
                self.owner.force.items.used(name, 1)
                self.inventory.take_quietly(slot, 1)
                self.owner.changed()
                return True
        self.burning = None
        return False

    def goes_on(self, tick: int) -> bool:
        """Settle, and light the next fuel once what burns lasts no whole tick more; whether there was any. What is left of
        the old burns with the new, or goes to waste if there is none."""
        self.settle(tick)
        if self.remaining > 0 and self.ticks_left() > 0:
            return True
        rest, self.remaining = self.remaining, 0.0
        if not self.load_fuel():
            return False
        self.remaining += rest
        return True

    def ticks_left(self) -> int:
        """For how many whole ticks what burns now lasts at the present rate (call `settle` first)."""
        return int(self.remaining / self.rate + 1e-9) if self.rate else 1 << 40

    def draw(self, wanted: float) -> float:
        """Take up to `wanted` joules at once, lighting fuel as needed; the energy obtained."""
        got = 0.0
        while got < wanted and self.load_fuel():
            part = min(wanted - got, self.remaining * self.effectivity)
            got += part
            self.remaining -= part / self.effectivity
            if self.remaining < 1e-9:
                self.remaining = 0.0
        return got

    def owner_energy(self) -> float:
        """What the owner's energy buffer holds, joules: one tick's worth while there is anything to burn."""
        self.settle(self.owner.world.tick)
        return power_of(self.owner) if self.remaining > 0 or not self.inventory.is_empty() else 0.0

    def state(self) -> list[Any]:
        """Plain data for the state hash, as of the present tick."""
        self.settle(self.owner.world.tick)
        return [self.burning, self.remaining, self.rate]


def power_of(entity: Entity) -> float:
    """What an entity draws while it works, joules per tick (its prototype's `energy_usage`)."""
    return entity.proto.energy_usage or joules(entity.proto.raw.get("energy_consumption", "0W"))
