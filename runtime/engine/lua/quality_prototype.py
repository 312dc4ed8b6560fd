"""`LuaQualityPrototype`. The base game knows one quality that a player meets: "normal"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runtime.engine.lua.prototype import LuaPrototypeBase, color_table, converted, field
from runtime.engine.lua.sandbox import lua_read
from runtime.engine.prototypes import Raw, load


class LuaQualityPrototype(LuaPrototypeBase):
    """How good an item or entity is."""

    object_name = "LuaQualityPrototype"
    prefix = "quality"

    @classmethod
    def source(cls) -> Iterable[Raw]:
        """Every quality."""
        return load().raw["quality"].values()

    level = field("level")
    next_probability = field("next_probability", 0)
    color = converted("color", color_table)

    @lua_read
    def next(self) -> Any:
        """The quality above."""
        return self.of(self.raw.get("next"))
