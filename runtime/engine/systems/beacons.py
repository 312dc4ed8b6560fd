"""Beacons: they pass the effects of their modules on to the machines around them."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import Entity, Site
from runtime.engine.inventory import Inventory
from runtime.engine.systems.effects import WHOLE, ModuleSlots, Receiver, module_fits
from runtime.engine.systems.electricity import Power

BEACON_MODULES = 1  # defines.inventory.beacon_modules


class Beacon(Entity):
    """A beacon. It always draws its full power, and is without effect while there is none at all."""

    __slots__ = ("_on", "modules", "power")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.modules = ModuleSlots(self.proto.raw["module_slots"], self, BEACON_MODULES, self.fits_module)
        self.modules.changed = self._changed
        self.power = Power(self)
        self.power.set_rate(self.proto.energy_usage)
        self._on = False

    def fits_module(self, item: str) -> bool:
        """Whether a module may be put in."""
        return module_fits(self.name, item)

    @property
    def transmits(self) -> bool:
        """Whether it has power and something to pass on; others don't count when beacons are counted."""
        return self.valid and self._on and not self.modules.is_empty()

    def share(self, beacons: int) -> int:
        """The share of its modules' effects that arrives, of `WHOLE`, where so many beacons like it act."""
        raw = self.proto.raw
        profile = raw["profile"]
        nth: float = profile[min(beacons, len(profile)) - 1]
        effectivity: float = raw["distribution_effectivity"]
        return round(effectivity * nth * WHOLE)

    def area(self) -> tuple[float, float, float, float]:
        """What it reaches: so far beyond the tiles on which it stands."""
        distance = self.proto.raw["supply_area_distance"]
        x, y = self.proto.tile_width / 2 + distance, self.proto.tile_height / 2 + distance
        return (self.x - x, self.y - y, self.x + x, self.y + y)

    def reaches(self, other: Entity) -> bool:
        """Whether any part of an entity is within its reach."""
        left, top, right, bottom = self.area()
        return other.left < right and other.right > left and other.top < bottom and other.bottom > top

    def receivers(self) -> list[Receiver]:
        """The machines in its reach."""
        return [
            e for e in self.world.surface.within(self.area()) if isinstance(e, Receiver) and self.reaches(e)
        ]

    def removed(self) -> None:
        self._on = False
        self._pass_on()

    def plug(self, network: Any) -> None:
        super().plug(network)
        self.power_changed()

    def power_changed(self) -> None:
        on = bool(self.power.satisfaction)
        if on != self._on:
            self._on = on
            self._pass_on()

    def _changed(self) -> None:
        self._pass_on()
        self.changed()

    def _pass_on(self) -> None:
        for receiver in self.receivers():
            receiver.recount()

    # --- items -------------------------------------------------------------------------------------------------

    def inventories(self) -> dict[int, Inventory]:
        return {BEACON_MODULES: self.modules}

    def insertable(self, name: str) -> int:
        return self.modules.room(name)

    def insert(self, name: str, count: int) -> int:
        return self.modules.insert(name, count)

    def status(self) -> str | None:
        return self.power.status()

    def more_state(self) -> list[Any]:
        return [self.power.state(), self._on]
