"""`LuaGroup`: item groups (the tabs of a menu) and subgroups (its rows)."""

from __future__ import annotations

from functools import cache
from typing import Any

from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_read
from runtime.engine.prototypes import Raw, load


class LuaGroup(LuaObject):
    """One object for each group and subgroup."""

    object_name = "LuaGroup"
    __slots__ = ("raw",)

    def __init__(self, raw: Raw) -> None:
        self.raw = raw

    @classmethod
    @cache
    def groups(cls) -> dict[str, LuaGroup]:
        """Every item group, in order."""
        rows = load().raw["item-group"].values()
        return {r["name"]: cls(r) for r in sorted(rows, key=lambda r: (r.get("order", ""), r["name"]))}

    @classmethod
    @cache
    def all_subgroups(cls) -> dict[str, LuaGroup]:
        """Every item subgroup, in order."""
        from runtime.engine.lua.prototype import group_order

        rows = load().raw["item-subgroup"].values()
        return {r["name"]: cls(r) for r in sorted(rows, key=lambda r: group_order(r["name"]))}

    @classmethod
    def group_of(cls, name: str) -> LuaGroup:
        """The item group of a name."""
        return cls.groups()[name]

    @classmethod
    def subgroup_of(cls, name: str) -> LuaGroup:
        """The item subgroup of a name."""
        return cls.all_subgroups()[name]

    def __str__(self) -> str:
        return f"[LuaGroup: {self.raw['name']}]"

    @property
    def is_group(self) -> bool:
        """Whether it is a group, not a subgroup."""
        return bool(self.raw["type"] == "item-group")

    @lua_read
    def name(self) -> str:
        """Its name."""
        return str(self.raw["name"])

    @lua_read
    def type(self) -> str:
        """ "item-group" or "item-subgroup"."""
        return str(self.raw["type"])

    @lua_read
    def order(self) -> str:
        """Its place among groups, or among the subgroups of its group."""
        return str(self.raw.get("order", ""))

    @lua_read
    def localised_name(self) -> Any:
        """A localised string, not yet translated."""
        return self.raw.get("localised_name") or [f"{self.raw['type']}-name.{self.raw['name']}"]

    @lua_read
    def order_in_recipe(self) -> str:
        """Of a group: its place among a recipe's ingredients."""
        if not self.is_group:
            raise LuaError("LuaGroup::order_in_recipe can only be used on item groups.")
        return str(self.raw.get("order_in_recipe", self.raw.get("order", "")))

    @lua_read
    def group(self) -> LuaGroup:
        """Of a subgroup: the group it is in."""
        if self.is_group:
            raise LuaError("LuaGroup::group can only be used on item subgroups.")
        return self.group_of(self.raw["group"])

    @lua_read
    def subgroups(self) -> list[LuaGroup]:
        """Of a group: its subgroups."""
        if not self.is_group:
            raise LuaError("LuaGroup::subgroups can only be used on item groups.")
        return [s for s in self.all_subgroups().values() if s.raw["group"] == self.raw["name"]]
