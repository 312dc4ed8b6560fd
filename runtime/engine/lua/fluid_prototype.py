"""`LuaFluidPrototype`."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.engine.lua.prototype import LuaPrototypeBase, color_table, converted, field
from runtime.engine.lua.sandbox import lua_read
from runtime.engine.prototypes import Raw, joules, load


class LuaFluidPrototype(LuaPrototypeBase):
    """A fluid; energies in joules, temperatures in degrees Celsius."""

    object_name = "LuaFluidPrototype"
    prefix = "fluid"

    @classmethod
    def source(cls) -> Iterable[Raw]:
        """Every fluid."""
        return load().raw["fluid"].values()

    default_temperature = field("default_temperature")
    gas_temperature = field("gas_temperature", float("inf"))
    heat_capacity = converted("heat_capacity", joules, 1000)
    fuel_value = converted("fuel_value", joules, 0)
    emissions_multiplier = field("emissions_multiplier", 1)
    base_color = converted("base_color", color_table)
    flow_color = converted("flow_color", color_table)
    factoriopedia_alternative = converted("factoriopedia_alternative", lambda n: LuaFluidPrototype.of(n))

    @lua_read
    def max_temperature(self) -> float:
        """The default temperature, unless it can be heated."""
        return float(self.raw.get("max_temperature") or self.raw["default_temperature"])
