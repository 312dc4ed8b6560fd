"""`LuaFlowStatistics`: what has been produced (input) and consumed (output)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from runtime.engine.force import FlowStatistics, Force
from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_query, lua_read


class LuaFlowStatistics(LuaObject):
    """`names` are what may be counted; `what` is how messages call one of them."""

    object_name = "LuaFlowStatistics"
    __slots__ = ("_force", "_names", "_statistics", "_what")

    def __init__(
        self, statistics: FlowStatistics, names: Collection[str], what: str, force: Force | None = None
    ) -> None:
        self._statistics = statistics
        self._names = names
        self._what = what
        self._force = force

    @property
    def statistics(self) -> FlowStatistics:
        """The counts up to now."""
        self._statistics.settle()
        return self._statistics

    def same_as(self, other: Any) -> bool:
        """The same counts."""
        return isinstance(other, LuaFlowStatistics) and other.statistics is self.statistics

    def _name(self, value: Any) -> str:
        name = values.name_of(value, self._what)
        if name not in self._names:
            raise LuaError(f"Unknown {self._what} name: {name}")
        return name

    @lua_read
    def force(self) -> LuaObject | None:
        """Whose they are; nil for an electric network's."""
        from runtime.engine.lua.force import LuaForce

        return LuaForce.of(self._force) if self._force is not None else None

    @lua_read
    def input_counts(self) -> dict[str, Any]:
        """Name -> how many were produced."""
        return dict(self.statistics.input)

    @lua_read
    def output_counts(self) -> dict[str, Any]:
        """Name -> how many were consumed."""
        return dict(self.statistics.output)

    @lua_query
    def get_input_count(self, name: Any) -> Any:
        """How many of one were produced."""
        return self.statistics.input[self._name(name)]

    @lua_query
    def get_output_count(self, name: Any) -> Any:
        """How many of one were consumed."""
        return self.statistics.output[self._name(name)]

    @lua_method
    def set_input_count(self, name: Any, count: Any) -> None:
        """Say how many of one were produced."""
        counts: dict[str, Any] = self.statistics.input
        counts[self._name(name)] = values.number(count, "count")

    @lua_method
    def set_output_count(self, name: Any, count: Any) -> None:
        """Say how many of one were consumed."""
        counts: dict[str, Any] = self.statistics.output
        counts[self._name(name)] = values.number(count, "count")

    @lua_method
    def on_flow(self, name: Any, count: Any) -> None:
        """Book some as produced, or as consumed when the count is below 0."""
        name, count = self._name(name), values.number(count, "count")
        if count > 0:
            self.statistics.booked(name, count)
        elif count < 0:
            self.statistics.used_by_hand(name, -count)

    @lua_method
    def clear(self) -> None:
        """Forget everything."""
        self.statistics.clear()
