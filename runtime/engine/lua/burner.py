"""`LuaBurner`."""

from __future__ import annotations

from typing import Any

from runtime.engine.lua import values
from runtime.engine.lua.inventory import LuaInventory
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_read, lua_write
from runtime.engine.prototypes import load
from runtime.engine.systems.burners import Burner


class LuaBurner(LuaObject):
    """The burner of an entity. Energies in joules."""

    __slots__ = ("burner",)
    object_name = "LuaBurner"

    def __init__(self, burner: Burner) -> None:
        self.burner = burner

    @property
    def valid(self) -> bool:
        return self.burner.owner.valid

    def same_as(self, other: Any) -> bool:
        return isinstance(other, LuaBurner) and other.burner is self.burner

    @lua_read
    def inventory(self) -> LuaInventory:
        return LuaInventory(self.burner.inventory)

    @lua_read
    def burnt_result_inventory(self) -> LuaInventory:
        return LuaInventory(self.burner.burnt)

    @lua_read
    def owner(self) -> Any:
        from runtime.engine.lua.entity import lua_entity

        return lua_entity(self.burner.owner)

    @lua_read
    def currently_burning(self) -> Any:
        from runtime.engine.lua.item_prototype import LuaItemPrototype

        self.burner.settle(self.burner.owner.world.tick)
        name = self.burner.burning
        if name is None or self.burner.remaining <= 0:
            return None
        return {"name": LuaItemPrototype.of(name), "quality": "normal"}

    @lua_write("currently_burning")
    def set_currently_burning(self, value: Any) -> None:
        if value is None:
            self.burner.burning, self.burner.remaining = None, 0.0
            return
        name = values.name_of(value, "item")
        if name not in load().item or not self.burner.accepts(name):
            raise LuaError(f"{name} is no fuel for this burner.")
        self.burner.burning = name
        self.burner.remaining = min(self.burner.remaining, load().item[name].fuel_value)

    @lua_read
    def remaining_burning_fuel(self) -> float:
        self.burner.settle(self.burner.owner.world.tick)
        return self.burner.remaining

    @lua_write("remaining_burning_fuel")
    def set_remaining_burning_fuel(self, value: Any) -> None:
        burner = self.burner
        burner.settle(burner.owner.world.tick)
        limit = load().item[burner.burning].fuel_value if burner.burning is not None else 0.0
        burner.remaining = max(0.0, min(limit, values.number(value, "remaining_burning_fuel")))
        changed = burner.inventory.changed
        if changed is not None:
            changed()

    @lua_read
    def heat(self) -> float:
        return self.burner.owner_energy()

    @lua_write("heat")
    def set_heat(self, value: Any) -> None:
        values.number(value, "heat")  # the buffer follows from what burns

    @lua_read
    def heat_capacity(self) -> float:
        return 0.0

    @lua_read
    def fuel_categories(self) -> dict[str, bool]:
        return dict.fromkeys(sorted(self.burner.categories), True)
