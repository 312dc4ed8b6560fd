"""`LuaTransportLine`."""

from __future__ import annotations

from typing import Any

from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaObject, lua_method, lua_query, lua_read
from runtime.engine.systems.belts import TransportBelt


class LuaTransportLine(LuaObject):
    """One lane of a belt or of a splitter's half: 1 is left of its direction, 2 right.

    Positions in tiles from the downstream edge.
    """

    __slots__ = ("belt", "lane")
    object_name = "LuaTransportLine"

    def __init__(self, belt: TransportBelt, lane: int) -> None:
        self.belt = belt
        self.lane = lane

    @property
    def valid(self) -> bool:
        return self.belt.valid

    def facts(self) -> tuple[bool]:
        return (False,)

    def same_as(self, other: Any) -> bool:
        return isinstance(other, LuaTransportLine) and other.belt is self.belt and other.lane == self.lane

    def _contents(self) -> list[tuple[str, float]]:
        return self.belt.lane_contents(self.lane)

    def length(self) -> int:
        return len(self._contents())

    @lua_read
    def owner(self) -> Any:
        from runtime.engine.lua.entity import lua_entity

        return lua_entity(self.belt.whole)

    @lua_read
    def line_length(self) -> float:
        return self.belt.line_length(self.lane)

    @lua_query
    def get_contents(self) -> list[dict[str, Any]]:
        counts: dict[str, int] = {}
        for name, _ in self._contents():
            counts[name] = counts.get(name, 0) + 1
        return values.contents(counts)

    @lua_query
    def get_detailed_contents(self) -> list[dict[str, Any]]:
        """Its items front to back, each with its position. Items have no `unique_id` here."""
        from runtime.engine.lua.entity import lone_stack

        return [
            {"stack": lone_stack(self.belt, name, 1), "position": position}
            for name, position in self._contents()
        ]

    @lua_query
    def get_item_count(self, item: Any = None) -> int:
        name = None if item is None else values.name_of(item, "item")
        return sum(name in (None, n) for n, _ in self._contents())

    @lua_query
    def can_insert_at_back(self) -> bool:
        return self.belt.can_insert_at_back(self.lane)

    @lua_query
    def can_insert_at(self, position: Any) -> bool:
        return self.belt.can_insert_at(self.lane, values.number(position, "position"))

    @lua_method
    def insert_at_back(self, items: Any, belt_stack_size: Any = None) -> bool:
        name = values.item_stack(items)[0]
        return self.belt.insert_at_back(self.lane, name)

    @lua_method
    def insert_at(self, position: Any, items: Any, belt_stack_size: Any = None) -> bool:
        name, place = values.item_stack(items)[0], values.number(position, "position")
        return self.belt.insert_at(self.lane, place, name)

    @lua_method
    def remove_item(self, items: Any) -> int:
        name, count = values.item_stack(items)
        return self.belt.remove_from(self.lane, name, count)

    @lua_method
    def clear(self) -> None:
        self.belt.clear(self.lane)
