"""`LuaFluidBoxPrototype`: where an entity holds fluid, and where pipes meet it."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import turned_point
from runtime.engine.lua.fluid_prototype import LuaFluidPrototype
from runtime.engine.lua.sandbox import LuaObject, lua_read
from runtime.engine.prototypes import EntityPrototype, Raw

CARDINAL = (0, 4, 8, 12)


def connection_table(raw: Raw) -> dict[str, Any]:
    """A `PipeConnectionDefinition`; positions for north, east, south and west."""
    points = raw.get("positions")
    if points is None:
        points = [turned_point(raw["position"][0], raw["position"][1], direction) for direction in CARDINAL]
    category = raw.get("connection_category", "default")
    return {
        "connection_type": raw.get("connection_type", "normal"),
        "flow_direction": raw.get("flow_direction", "input-output"),
        "direction": raw.get("direction", 0),
        "positions": [{"x": x, "y": y} for x, y in points],
        "max_underground_distance": raw.get("max_underground_distance"),
        "connection_category": [category] if isinstance(category, str) else category,
        "linked_connection_id": raw.get("linked_connection_id", 0),
    }


class LuaFluidBoxPrototype(LuaObject):
    """One fluid box of an entity prototype, `index` from 1."""

    object_name = "LuaFluidBoxPrototype"
    __slots__ = ("_index", "proto", "raw")

    def __init__(self, proto: EntityPrototype, index: int, raw: Raw) -> None:
        self.proto = proto
        self._index = index
        self.raw = raw

    def same_as(self, other: Any) -> bool:
        """The same box of the same prototype."""
        return (
            isinstance(other, LuaFluidBoxPrototype)
            and other.proto is self.proto
            and other._index == self._index
        )

    def __str__(self) -> str:
        return f"[LuaFluidBoxPrototype: {self.proto.name} {self._index}]"

    @lua_read
    def entity(self) -> LuaObject | None:
        """The entity that has it."""
        from runtime.engine.lua.entity_prototype import LuaEntityPrototype

        return LuaEntityPrototype.of(self.proto.name)

    @lua_read("index")
    def read_index(self) -> int:
        """Its place among the entity's fluid boxes."""
        return self._index

    @lua_read
    def volume(self) -> float:
        """How much it holds."""
        return float(self.raw.get("volume", 100))

    @lua_read
    def production_type(self) -> str:
        """Whether the entity takes from it or fills it."""
        return str(self.raw.get("production_type", "none"))

    @lua_read
    def filter(self) -> LuaObject | None:
        """The only fluid it takes."""
        return LuaFluidPrototype.of(self.raw.get("filter"))

    @lua_read
    def minimum_temperature(self) -> float | None:
        """Degrees below which it takes none."""
        return self.raw.get("minimum_temperature")

    @lua_read
    def maximum_temperature(self) -> float | None:
        """Degrees above which it takes none."""
        return self.raw.get("maximum_temperature")

    @lua_read
    def pipe_connections(self) -> list[dict[str, Any]]:
        """Where pipes meet it."""
        return [connection_table(c) for c in self.raw.get("pipe_connections") or ()]
