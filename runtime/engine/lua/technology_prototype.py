"""`LuaTechnologyPrototype`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from runtime.engine.lua.prototype import LuaPrototypeBase, Order, field
from runtime.engine.lua.sandbox import lua_read
from runtime.engine.prototypes import Raw
from runtime.engine.systems.research import TechnologyPrototype, technology_prototypes


def ingredient_tables(proto: TechnologyPrototype) -> list[dict[str, Any]]:
    """`ResearchIngredient`s of one unit."""
    return [{"name": name, "amount": amount} for name, amount in proto.unit_ingredients]


class LuaTechnologyPrototype(LuaPrototypeBase):
    """A technology, whoever researches it."""

    object_name = "LuaTechnologyPrototype"
    prefix = "technology"

    @classmethod
    def source(cls) -> Iterable[Raw]:
        """Every technology."""
        return [t.raw for t in technology_prototypes().values()]

    @property
    def proto(self) -> TechnologyPrototype:
        """The engine's view of it."""
        return technology_prototypes()[self.raw["name"]]

    @property
    def place(self) -> Order:
        """Technologies have no group."""
        return ("", "", "", "", self.proto.order, self.proto.name)

    enabled = field("enabled", True)
    essential = field("essential", False)
    upgrade = field("upgrade", False)
    visible_when_disabled = field("visible_when_disabled", False)
    ignore_tech_cost_multiplier = field("ignore_tech_cost_multiplier", False)
    allows_productivity = field("allows_productivity", True)
    research_trigger = field("research_trigger")

    @lua_read
    def localised_name(self) -> Any:
        """A localised string; the number at the end of a name is not part of it."""
        base = re.sub(r"-\d+$", "", self.raw["name"])
        return self.raw.get("localised_name") or [f"technology-name.{base}"]

    @lua_read
    def localised_description(self) -> Any:
        """A localised string; the number at the end of a name is not part of it."""
        base = re.sub(r"-\d+$", "", self.raw["name"])
        return self.raw.get("localised_description") or [f"technology-description.{base}"]

    @lua_read
    def level(self) -> int:
        """The level at which it begins."""
        return self.proto.level

    @lua_read
    def max_level(self) -> int:
        """The last level; 4294967295 for a technology without end."""
        return self.proto.max_level

    @lua_read
    def prerequisites(self) -> dict[str, Any]:
        """Name -> technology that has to be researched first."""
        return {n: self.of(n) for n in self.proto.prerequisites}

    @lua_read
    def successors(self) -> dict[str, Any]:
        """Name -> technology that needs this one."""
        return {n: self.of(n) for n in self.proto.successors}

    @lua_read
    def effects(self) -> list[Any]:
        """What researching it does, as `TechnologyModifier`s."""
        return self.proto.effects

    @lua_read
    def research_unit_ingredients(self) -> list[dict[str, Any]]:
        """What one unit takes."""
        return ingredient_tables(self.proto)

    @lua_read
    def research_unit_count(self) -> int:
        """How many units the first level takes."""
        return self.proto.unit_count(self.proto.level)

    @lua_read
    def research_unit_energy(self) -> float:
        """Ticks that one unit takes in a lab of speed 1."""
        return self.proto.unit_energy

    @lua_read
    def research_unit_count_formula(self) -> str | None:
        """The formula in L, nil for technologies of one level."""
        return self.proto.count_formula
