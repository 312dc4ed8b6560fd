"""`LuaPrototypes`: the global `prototypes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.engine.lua import values
from runtime.engine.lua.custom_table import LuaCustomTable
from runtime.engine.lua.entity_prototype import LuaEntityPrototype
from runtime.engine.lua.fluid_prototype import LuaFluidPrototype
from runtime.engine.lua.group import LuaGroup
from runtime.engine.lua.item_prototype import LuaItemPrototype
from runtime.engine.lua.prototype import LuaPrototypeBase
from runtime.engine.lua.quality_prototype import LuaQualityPrototype
from runtime.engine.lua.recipe_prototype import LuaRecipePrototype
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_read
from runtime.engine.lua.technology_prototype import LuaTechnologyPrototype
from runtime.engine.lua.tile_prototype import LuaTilePrototype
from runtime.engine.prototypes import load

Filter = dict[str, Any]
Test = Callable[[Any, Filter], bool]


def _has(key: str) -> Test:
    return lambda proto, _: bool(proto.raw.get(key))


def _among(member: str, key: str) -> Test:
    """Whether what the filter names under `key` is (or is in) what the prototype's member reads."""

    def test(proto: LuaPrototypeBase, wanted: Filter) -> bool:
        found = proto._reads[member](proto)
        names = values.names(wanted.get(key), key) or []
        return any(n == found or (isinstance(found, dict) and n in found) for n in names)

    return test


def _makes(part: str, kind: str) -> Test:
    """Whether a recipe takes or gives an item or fluid; with `elem_filters`, one that they let through."""

    def test(proto: LuaRecipePrototype, wanted: Filter) -> bool:
        rows = [r["name"] for r in proto.raw.get(part) or () if r["type"] == kind]
        inner = wanted.get("elem_filters")
        if inner is None:
            return bool(rows)
        cls = LuaFluidPrototype if kind == "fluid" else LuaItemPrototype
        allowed = filtered(cls, inner)
        return any(r in allowed for r in rows)

    return test


COMMON: dict[str, Test] = {
    "name": _among("name", "name"),
    "type": _among("type", "type"),
    "subgroup": lambda p, f: bool(p.place_in_menu()[0] == f.get("subgroup")),
    "hidden": _has("hidden"),
    "flag": lambda p, f: bool(p.has_flag(f.get("flag"))),
}
TESTS: dict[type[LuaPrototypeBase], dict[str, Test]] = {
    LuaEntityPrototype: {
        **COMMON,
        "building": lambda p, _: bool(p.is_building()),
        "minable": lambda p, _: p.proto.minable is not None,
        "crafting-machine": lambda p, _: p.raw["type"] in ("assembling-machine", "furnace", "rocket-silo"),
        "crafting-category": _among("crafting_categories", "crafting_category"),
        "vehicle": lambda p, _: p.raw["type"] in ("car", "locomotive", "cargo-wagon", "fluid-wagon", "spider-vehicle"),
        "transport-belt-connectable": lambda p, _: p.raw["type"].endswith(("-belt", "splitter", "loader", "loader-1x1")),
    },
    LuaItemPrototype: {
        **COMMON,
        "fuel": lambda p, _: bool(p.raw.get("fuel_value")),
        "fuel-category": _among("fuel_category", "fuel_category"),
        "place-result": _has("place_result"),
        "place-as-tile": _has("place_as_tile"),
        "burnt-result": _has("burnt_result"),
        "stackable": lambda p, _: bool(p.stackable()),
        "rocket-launch-products": _has("rocket_launch_products"),
    },
    LuaRecipePrototype: {
        **COMMON,
        "enabled": lambda p, _: bool(p.raw.get("enabled", True)),
        "category": _among("category", "category"),
        "crafting-category": _among("category", "crafting_category"),
        "decomposition": lambda p, _: bool(p.raw.get("allow_decomposition", True)),
        "hidden-from-player-crafting": _has("hide_from_player_crafting"),
        "has-ingredients": _has("ingredients"),
        "has-products": _has("results"),
        "has-ingredient-item": _makes("ingredients", "item"),
        "has-ingredient-fluid": _makes("ingredients", "fluid"),
        "has-product-item": _makes("results", "item"),
        "has-product-fluid": _makes("results", "fluid"),
    },
    LuaFluidPrototype: COMMON,
    LuaTilePrototype: {
        **COMMON,
        "minable": _has("minable"),
        "item-to-place": lambda p, _: p.items_to_place_this() is not None,
    },
    LuaTechnologyPrototype: {
        **COMMON,
        "enabled": lambda p, _: bool(p.proto.enabled),
        "upgrade": _has("upgrade"),
        "has-effects": _has("effects"),
        "has-prerequisites": _has("prerequisites"),
        "research-unit-ingredient": lambda p, f: f.get("ingredient") in dict(p.proto.unit_ingredients),
        "unlocks-recipe": lambda p, f: f.get("recipe") in [e.get("recipe") for e in p.proto.effects],
    },
}  # fmt: skip


def filtered(cls: type[LuaPrototypeBase], filters: Any) -> Mapping[str, LuaPrototypeBase]:
    """The prototypes that a list of filters lets through: `{filter=, invert=, mode="or"|"and", …}`.

    Filters with mode "and" belong to the one before them.

    Raises:
        LuaError: no such filter.
    """
    rows = [values.table(f, "filter") for f in values.table(filters, "filters").values()]
    for row in rows:
        if row.get("filter") not in TESTS[cls]:
            raise LuaError(f"Unknown filter: {row.get('filter')}")

    def passes(proto: LuaPrototypeBase) -> bool:
        found = not rows
        for i, row in enumerate(rows):
            this = TESTS[cls][row["filter"]](proto, row) is not bool(row.get("invert"))
            found = this if i == 0 else (found and this if row.get("mode") == "and" else found or this)
        return found

    return {name: proto for name, proto in cls.all().items() if passes(proto)}


def _table(cls: type[LuaPrototypeBase], name: str) -> tuple[Any, Any]:
    made = LuaCustomTable(cls.all, constant=True)

    def read(self: LuaPrototypes) -> LuaCustomTable:
        return made

    def get_filtered(self: LuaPrototypes, filters: Any) -> LuaCustomTable:
        found = filtered(cls, filters)
        return LuaCustomTable(lambda: found)

    return lua_read(name)(read), lua_method(f"get_{name}_filtered")(get_filtered)


class LuaPrototypes(LuaObject):
    """Every prototype, by kind and name."""

    object_name = "LuaPrototypes"
    __slots__ = ()

    def facts(self) -> tuple[bool]:
        return (True,)

    entity, get_entity_filtered = _table(LuaEntityPrototype, "entity")
    item, get_item_filtered = _table(LuaItemPrototype, "item")
    recipe, get_recipe_filtered = _table(LuaRecipePrototype, "recipe")
    fluid, get_fluid_filtered = _table(LuaFluidPrototype, "fluid")
    tile, get_tile_filtered = _table(LuaTilePrototype, "tile")
    technology, get_technology_filtered = _table(LuaTechnologyPrototype, "technology")

    @lua_read
    def quality(self) -> LuaCustomTable:
        """Qualities."""
        return LuaCustomTable(LuaQualityPrototype.all)

    @lua_read
    def item_group(self) -> LuaCustomTable:
        """Item groups."""
        return LuaCustomTable(LuaGroup.groups)

    @lua_read
    def item_subgroup(self) -> LuaCustomTable:
        """Item subgroups."""
        return LuaCustomTable(LuaGroup.all_subgroups)

    def _longest(self, *keys: str) -> float:
        return max(float(p.raw[k]) for p in load().entity.values() for k in keys if k in p.raw)

    @lua_read
    def max_underground_belt_distance(self) -> float:
        """Tiles that the longest underground belt spans."""
        return max(float(p["max_distance"]) for p in load().raw["underground-belt"].values())

    @lua_read
    def max_electric_pole_connection_distance(self) -> float:
        """Tiles that the longest copper wire spans."""
        return self._longest("maximum_wire_distance")

    @lua_read
    def max_electric_pole_supply_area_distance(self) -> float:
        """Tiles from its middle that the best pole supplies."""
        return max(float(p["supply_area_distance"]) for p in load().raw["electric-pole"].values())
