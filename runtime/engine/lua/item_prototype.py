"""`LuaItemPrototype`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runtime.engine.lua.prototype import LuaPrototypeBase, converted, field, product_table, set_of
from runtime.engine.lua.sandbox import LuaObject, lua_method, lua_read
from runtime.engine.prototypes import Raw, joules, load

MODULE = ("module",)
TOOLS = ("tool", "repair-tool", "armor")


def resistance_tables(raw: Iterable[Raw]) -> dict[str, Any]:
    """Damage type -> decrease and percent."""
    return {r["type"]: {"decrease": r.get("decrease", 0), "percent": r.get("percent", 0) / 100} for r in raw}


class LuaItemPrototype(LuaPrototypeBase):
    """A kind of item; `fuel_value` in joules, `weight` in grams."""

    object_name = "LuaItemPrototype"
    prefix = "item"

    @classmethod
    def source(cls) -> Iterable[Raw]:
        """Every item."""
        return [i.raw for i in load().item.values()]

    stack_size = field("stack_size")
    fuel_value = converted("fuel_value", joules, 0)
    fuel_category = field("fuel_category")
    fuel_acceleration_multiplier = field("fuel_acceleration_multiplier", 1)
    fuel_top_speed_multiplier = field("fuel_top_speed_multiplier", 1)
    fuel_emissions_multiplier = field("fuel_emissions_multiplier", 1)
    burnt_result = converted("burnt_result", lambda n: LuaItemPrototype.of(n))
    spoil_result = converted("spoil_result", lambda n: LuaItemPrototype.of(n))
    flags = converted("flags", set_of, {})
    send_to_orbit_mode = field("send_to_orbit_mode", "not-sendable")
    ingredient_to_weight_coefficient = field("ingredient_to_weight_coefficient", 0.5)
    rocket_launch_products = converted("rocket_launch_products", lambda p: [product_table(r) for r in p], [])
    magazine_size = field("magazine_size", 1, only=("ammo",))
    reload_time = field("reload_time", 0, only=("ammo",))
    resistances = converted("resistances", resistance_tables)
    capsule_action = field("capsule_action")
    attack_parameters = field("attack_parameters")
    inventory_size = field("inventory_size")
    speed = field("speed")
    module_effects = field("module_effects", {}, key="effect", only=MODULE)
    category = field("category", only=MODULE)
    tier = field("tier", only=MODULE)
    infinite = field("infinite", True, only=TOOLS)
    manual_length_limit = field("manual_length_limit")

    @lua_read
    def localised_name(self) -> Any:
        """Of what it places, when it has no name of its own."""
        raw = self.raw
        place = raw.get("place_result")
        return raw.get("localised_name") or (
            [f"entity-name.{place}"] if place else [f"item-name.{raw['name']}"]
        )

    @lua_read
    def stackable(self) -> bool:
        """Whether several make a stack."""
        return self.raw["stack_size"] > 1 and "not-stackable" not in (self.raw.get("flags") or ())

    @lua_read
    def place_result(self) -> LuaObject | None:
        """The entity that it places."""
        from runtime.engine.lua.entity_prototype import LuaEntityPrototype

        return LuaEntityPrototype.of(self.raw.get("place_result") or None)

    @lua_read
    def place_as_tile_result(self) -> dict[str, Any] | None:
        """The tile that it places, and on what it may not."""
        from runtime.engine.lua.tile_prototype import LuaTilePrototype

        raw = self.raw.get("place_as_tile")
        if raw is None:
            return None
        return {
            "result": LuaTilePrototype.of(raw["result"]),
            "condition_size": raw["condition_size"],
            "condition": raw["condition"],
        }

    @lua_method
    def has_flag(self, flag: str) -> bool:
        """Whether the data stage gave it a flag."""
        return flag in (self.raw.get("flags") or ())

    @lua_method
    def get_durability(self, quality: Any = None) -> float | None:
        """Uses of one tool, nil for items that don't wear out."""
        return self.raw.get("durability") if self.raw["type"] in TOOLS else None

    @lua_method
    def get_inventory_size_bonus(self, quality: Any = None) -> int | None:
        """Slots that an armour adds."""
        return self.raw.get("inventory_size_bonus", 0) if self.raw["type"] == "armor" else None

    @lua_method
    def get_module_effects(self, quality: Any = None) -> Any:
        """Of a module: effect -> strength."""
        return self.raw.get("effect", {}) if self.raw["type"] == "module" else None

    @lua_method
    def get_spoil_ticks(self, quality: Any = None) -> int:
        """Ticks until it spoils; 0: never."""
        return int(self.raw.get("spoil_ticks", 0))
