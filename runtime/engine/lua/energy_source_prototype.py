"""`LuaBurnerPrototype`, `LuaElectricEnergySourcePrototype` and their kin: how an entity gets its energy."""

from __future__ import annotations

from typing import Any

from runtime.engine.lua.prototype import set_of
from runtime.engine.lua.sandbox import LuaObject, lua_method, lua_read
from runtime.engine.prototypes import TICKS_PER_SECOND, EntityPrototype, Raw, joules

DRAIN = 1 / 30  # of the energy usage, when the data stage doesn't say


def drain(proto: EntityPrototype) -> float:
    """Joules per tick that an electric machine uses even when idle."""
    source = proto.energy_source
    if source is None or source["type"] != "electric":
        return 0.0
    if "drain" in source:
        return joules(source["drain"])
    # The game adds a drain only to what crafts, mines or moves items by electricity it takes in.
    return proto.energy_usage * DRAIN if source["usage_priority"] == "secondary-input" else 0.0


class LuaEnergySourcePrototype(LuaObject):
    """What all energy sources have; one object for each entity prototype."""

    __slots__ = ("proto", "raw")

    def __init__(self, proto: EntityPrototype) -> None:
        self.proto = proto
        self.raw: Raw = proto.energy_source or {}

    def __str__(self) -> str:
        return f"[{self.object_name}: {self.proto.name}]"

    @lua_read
    def emissions_per_joule(self) -> dict[str, float]:
        """Pollutant -> units per joule used."""
        per_minute = self.raw.get("emissions_per_minute") or {}
        usage = self.proto.energy_usage or joules(self.proto.raw.get("energy_consumption", "0W"))
        return {k: v / (usage * TICKS_PER_SECOND * 60) for k, v in per_minute.items()} if usage else {}

    @lua_read
    def render_no_network_icon(self) -> bool:
        """Whether an icon says that it is connected to nothing."""
        return bool(self.raw.get("render_no_network_icon", True))

    @lua_read
    def render_no_power_icon(self) -> bool:
        """Whether an icon says that it lacks energy."""
        return bool(self.raw.get("render_no_power_icon", True))


class LuaBurnerPrototype(LuaEnergySourcePrototype):
    """Burns items."""

    object_name = "LuaBurnerPrototype"

    @lua_read
    def effectivity(self) -> float:
        """Energy got out of a joule of fuel."""
        return float(self.raw.get("effectivity", 1))

    @lua_read
    def fuel_inventory_size(self) -> int:
        """Slots for fuel."""
        return int(self.raw["fuel_inventory_size"])

    @lua_read
    def burnt_inventory_size(self) -> int:
        """Slots for what is left of fuel."""
        return int(self.raw.get("burnt_inventory_size", 0))

    @lua_read
    def fuel_categories(self) -> dict[str, bool]:
        """What it burns: fuel category -> true."""
        return set_of(self.raw.get("fuel_categories") or ["chemical"])

    @lua_read
    def initial_fuel(self) -> LuaObject | None:
        """The item with which it is built."""
        from runtime.engine.lua.item_prototype import LuaItemPrototype

        return LuaItemPrototype.of(self.raw.get("initial_fuel"))

    @lua_read
    def initial_fuel_percent(self) -> float:
        """How much of one such item it is built with, 0 to 1."""
        return float(self.raw.get("initial_fuel_percent", 0.25))


class LuaElectricEnergySourcePrototype(LuaEnergySourcePrototype):
    """Takes from an electric network, or gives to it. Energies in joules, powers in joules per tick."""

    object_name = "LuaElectricEnergySourcePrototype"

    def _power(self, key: str, default: float) -> float:
        return joules(self.raw[key]) if key in self.raw else default

    @lua_read
    def usage_priority(self) -> str:
        """Its turn among users or makers of electricity."""
        return str(self.raw["usage_priority"])

    @lua_read
    def drain(self) -> float:
        """Joules per tick that it uses even when idle."""
        return drain(self.proto)

    @lua_read
    def buffer_capacity(self) -> float:
        """Joules that it holds; two ticks of use, when the data stage doesn't say."""
        return self._power("buffer_capacity", 2 * (self.proto.energy_usage + drain(self.proto)))

    @lua_method
    def get_input_flow_limit(self, quality: Any = None) -> float:
        """Joules per tick that go in at most."""
        return self._power("input_flow_limit", float("inf"))

    @lua_method
    def get_output_flow_limit(self, quality: Any = None) -> float:
        """Joules per tick that come out at most."""
        return self._power("output_flow_limit", float("inf"))


class LuaVoidEnergySourcePrototype(LuaEnergySourcePrototype):
    """Needs nothing."""

    object_name = "LuaVoidEnergySourcePrototype"


class LuaHeatEnergySourcePrototype(LuaEnergySourcePrototype):
    """Takes heat from heat pipes. Temperatures in degrees Celsius, energies in joules."""

    object_name = "LuaHeatEnergySourcePrototype"

    @lua_read
    def max_temperature(self) -> float:
        """As hot as it gets."""
        return float(self.raw["max_temperature"])

    @lua_read
    def default_temperature(self) -> float:
        """As hot as it is built."""
        return float(self.raw.get("default_temperature", 15))

    @lua_read
    def specific_heat(self) -> float:
        """Joules per degree."""
        return joules(self.raw["specific_heat"])

    @lua_read
    def max_transfer(self) -> float:
        """Joules per tick that one connection carries at most."""
        return joules(self.raw["max_transfer"])

    @lua_read
    def min_temperature_gradient(self) -> float:
        """Degrees of difference below which no heat flows."""
        return float(self.raw.get("min_temperature_gradient", 1))

    @lua_read
    def min_working_temperature(self) -> float:
        """Degrees from which on it works."""
        return float(self.raw.get("min_working_temperature", 15))


KINDS: dict[str, type[LuaEnergySourcePrototype]] = {
    "burner": LuaBurnerPrototype,
    "electric": LuaElectricEnergySourcePrototype,
    "void": LuaVoidEnergySourcePrototype,
    "heat": LuaHeatEnergySourcePrototype,
}
