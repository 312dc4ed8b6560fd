"""`LuaTilePrototype`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from runtime.engine.lua.fluid_prototype import LuaFluidPrototype
from runtime.engine.lua.prototype import (
    LuaPrototypeBase,
    color_table,
    converted,
    field,
    mask_table,
    product_table,
)
from runtime.engine.lua.sandbox import lua_read
from runtime.engine.prototypes import Raw, load, products


@cache
def items_that_place_tiles() -> dict[str, list[dict[str, Any]]]:
    """Tile -> the items that place it, as `ItemToPlace`."""
    out: dict[str, list[dict[str, Any]]] = {}
    for name, item in load().item.items():
        if item.raw.get("place_as_tile"):
            out.setdefault(item.raw["place_as_tile"]["result"], []).append({"name": name, "count": 1})
    return out


class LuaTilePrototype(LuaPrototypeBase):
    """A kind of tile."""

    object_name = "LuaTilePrototype"
    prefix = "tile"

    @classmethod
    def source(cls) -> Iterable[Raw]:
        """Every tile."""
        return load().raw["tile"].values()

    collision_mask = converted("collision_mask", mask_table, {"layers": {}})
    layer = field("layer")
    walking_speed_modifier = field("walking_speed_modifier", 1)
    vehicle_friction_modifier = field("vehicle_friction_modifier", 1)
    map_color = converted("map_color", color_table)
    decorative_removal_probability = field("decorative_removal_probability", 0)
    needs_correction = field("needs_correction", False)
    can_be_part_of_blueprint = field("can_be_part_of_blueprint", True)
    absorptions_per_second = field("absorptions_per_second", {})
    is_foundation = field("is_foundation", False)
    allows_being_covered = field("allows_being_covered", True)
    check_collision_with_entities = field("check_collision_with_entities", False)
    destroys_dropped_items = field("destroys_dropped_items", False)
    max_health = field("max_health", 0)
    weight = field("weight", 0)
    scorch_mark_color = converted("scorch_mark_color", color_table)
    fluid = converted("fluid", LuaFluidPrototype.of)
    next_direction = converted("next_direction", lambda n: LuaTilePrototype.of(n))
    default_cover_tile = converted("default_cover_tile", lambda n: LuaTilePrototype.of(n))
    frozen_variant = converted("frozen_variant", lambda n: LuaTilePrototype.of(n))
    thawed_variant = converted("thawed_variant", lambda n: LuaTilePrototype.of(n))

    @lua_read
    def items_to_place_this(self) -> list[dict[str, Any]] | None:
        """The items that place it, nil when there are none."""
        return items_that_place_tiles().get(self.raw["name"])

    @lua_read
    def mineable_properties(self) -> dict[str, Any]:
        """Whether and how it can be taken up."""
        minable = self.raw.get("minable")
        if not minable:
            return {"minable": False, "mining_time": 0}
        found = [product_table(p.raw) for p in products(minable)]
        return {"minable": True, "mining_time": minable["mining_time"], "products": found}
