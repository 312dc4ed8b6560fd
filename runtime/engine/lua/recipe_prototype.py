"""`LuaRecipePrototype`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runtime.engine.lua.fluid_prototype import LuaFluidPrototype
from runtime.engine.lua.item_prototype import LuaItemPrototype
from runtime.engine.lua.prototype import LuaPrototypeBase, field, product_table, set_of
from runtime.engine.lua.sandbox import lua_method, lua_read
from runtime.engine.prototypes import Raw, load

EFFECTS = ("speed", "productivity", "consumption", "pollution", "quality")


class LuaRecipePrototype(LuaPrototypeBase):
    """A recipe, whoever may use it; `energy` in seconds at crafting speed 1."""

    object_name = "LuaRecipePrototype"
    prefix = "recipe"

    @classmethod
    def source(cls) -> Iterable[Raw]:
        """Every recipe."""
        return load().raw["recipe"].values()

    enabled = field("enabled", True)
    category = field("category", "crafting")
    additional_categories = field("additional_categories", [])
    energy = field("energy", 0.5, key="energy_required")
    hide_from_player_crafting = field("hide_from_player_crafting", False)
    hidden_from_player_crafting = field("hidden_from_player_crafting", False, key="hide_from_player_crafting")
    hide_from_flow_stats = field("hide_from_flow_stats", False, key="hide_from_stats")
    hidden_from_flow_stats = field("hidden_from_flow_stats", False, key="hide_from_stats")
    hide_from_signal_gui = field("hide_from_signal_gui", False)
    hide_from_bonus_gui = field("hide_from_bonus_gui", False)
    always_show_made_in = field("always_show_made_in", False)
    always_show_products = field("always_show_products", False)
    show_amount_in_title = field("show_amount_in_title", True)
    request_paste_multiplier = field("request_paste_multiplier", 30, key="requester_paste_multiplier")
    overload_multiplier = field("overload_multiplier", 0)
    allow_inserter_overload = field("allow_inserter_overload", True)
    maximum_productivity = field("maximum_productivity", 3)
    allow_as_intermediate = field("allow_as_intermediate", True)
    allow_intermediates = field("allow_intermediates", True)
    allow_decomposition = field("allow_decomposition", True)
    unlock_results = field("unlock_results", True)
    emissions_multiplier = field("emissions_multiplier", 1)
    preserve_products_in_machine_output = field("preserve_products_in_machine_output", False)
    is_parameter = field("is_parameter", False, key="parameter")
    result_is_always_fresh = field("result_is_always_fresh", False)
    reset_freshness_on_craft = field("reset_freshness_on_craft", False)

    @property
    def main(self) -> Raw | None:
        """The product that gives the recipe its name and its place in menus."""
        results: list[Raw] = self.raw.get("results") or []
        wanted = self.raw.get("main_product")
        if wanted == "":
            return None
        if wanted is not None:
            return next((r for r in results if r["name"] == wanted), None)
        return results[0] if len(results) == 1 else None

    def _main_prototype(self) -> LuaPrototypeBase | None:
        main = self.main
        if main is None:
            return None
        return (LuaFluidPrototype if main["type"] == "fluid" else LuaItemPrototype).of(main["name"])

    def place_in_menu(self) -> tuple[str, str]:
        """Its own, or that of its main product."""
        main = self._main_prototype()
        subgroup, order = main.place_in_menu() if main is not None else super().place_in_menu()
        return (self.raw.get("subgroup", subgroup), self.raw.get("order", order))

    @lua_read
    def localised_name(self) -> Any:
        """That of its main product, when it has no name of its own."""
        if "localised_name" in self.raw:
            return self.raw["localised_name"]
        main = self._main_prototype()
        if main is None:
            return [f"recipe-name.{self.raw['name']}"]
        return type(main)._reads["localised_name"](main)

    @lua_read
    def ingredients(self) -> list[Raw]:
        """What one craft takes."""
        return self.raw.get("ingredients") or []

    @lua_read
    def products(self) -> list[dict[str, Any]]:
        """What one craft gives."""
        return [product_table(r) for r in self.raw.get("results") or ()]

    @lua_read
    def main_product(self) -> dict[str, Any] | None:
        """The product that it is named after."""
        main = self.main
        return product_table(main) if main is not None else None

    @lua_read
    def allowed_effects(self) -> dict[str, bool]:
        """Effect -> whether modules may have it here."""
        off = {"productivity": False, "quality": True}
        return {e: bool(self.raw.get(f"allow_{e}", off.get(e, True))) for e in EFFECTS}

    @lua_read
    def allowed_module_categories(self) -> dict[str, bool] | None:
        """Nil when all are allowed."""
        allowed = self.raw.get("allowed_module_categories")
        return set_of(allowed) if allowed is not None else None

    @lua_method
    def has_category(self, category: str) -> bool:
        """Whether machines of a crafting category make it."""
        raw = self.raw
        return category == raw.get("category", "crafting") or category in raw.get("additional_categories", ())
