"""`LuaTransportLine`."""

from __future__ import annotations

from typing import Any

from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaObject, lua_method, lua_read
from runtime.engine.systems.belts import TransportBelt


class LuaTransportLine(LuaObject):
    """One lane of a belt: 1 is left of its direction, 2 right. Positions in tiles from the downstream edge."""

    __slots__ = ("belt", "lane")
    object_name = "LuaTransportLine"

    def __init__(self, belt: TransportBelt, lane: int) -> None:
        self.belt = belt
        self.lane = lane

    @property
    def valid(self) -> bool:
        return self.belt.valid

    def same_as(self, other: Any) -> bool:
        return isinstance(other, LuaTransportLine) and other.belt is self.belt and other.lane == self.lane

    def length(self) -> int:
        return len(self.belt.lane_contents(self.lane))

    @lua_read
    def owner(self) -> Any:
        from runtime.engine.lua.entity import lua_entity

        return lua_entity(self.belt)

    @lua_read
    def line_length(self) -> float:
        return self.belt.line_length(self.lane)

    @lua_method
    def get_contents(self) -> list[dict[str, Any]]:
        counts: dict[str, int] = {}
        for name, _ in self.belt.lane_contents(self.lane):
            counts[name] = counts.get(name, 0) + 1
        return values.contents(counts)

    @lua_method
    def get_item_count(self, item: Any = None) -> int:
        name = None if item is None else values.name_of(item, "item")
        return sum(name in (None, n) for n, _ in self.belt.lane_contents(self.lane))

    @lua_method
    def can_insert_at_back(self) -> bool:
        return self.belt.can_insert_at_back(self.lane)

    @lua_method
    def insert_at_back(self, items: Any, belt_stack_size: Any = None) -> bool:
        return self.belt.insert_at_back(self.lane, values.item_stack(items)[0])

    @lua_method
    def insert_at(self, position: Any, items: Any, belt_stack_size: Any = None) -> bool:
        return self.belt.insert_at(
            self.lane, values.number(position, "position"), values.item_stack(items)[0]
        )

    @lua_method
    def remove_item(self, items: Any) -> int:
        name, count = values.item_stack(items)
        return self.belt.remove_from(self.lane, name, count)

    @lua_method
    def clear(self) -> None:
        self.belt.clear(self.lane)
