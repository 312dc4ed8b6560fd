"""`LuaFluidBox`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runtime.engine.entity import Entity
from runtime.engine.lua import values
from runtime.engine.lua.fluid_box_prototype import LuaFluidBoxPrototype
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_read
from runtime.engine.systems.pipes import connections, fluid_boxes, meets


class LuaFluidBox(LuaObject):
    """The fluid boxes of an entity: where they are and whom they meet. No fluid flows yet: every box is empty."""

    __slots__ = ("entity",)
    object_name = "LuaFluidBox"

    def __init__(self, entity: Entity) -> None:
        self.entity = entity

    @property
    def valid(self) -> bool:
        return self.entity.valid

    def same_as(self, other: Any) -> bool:
        return isinstance(other, LuaFluidBox) and other.entity is self.entity

    def _box(self, index: Any) -> Any:
        number = values.integer(index, "index")
        boxes = fluid_boxes(self.entity)
        if not 1 <= number <= len(boxes):
            raise LuaError(f"Index out of bounds: {number} (the entity has {len(boxes)} fluid boxes).")
        return boxes[number - 1]

    def length(self) -> int:
        return len(fluid_boxes(self.entity))

    def index(self, key: int) -> Any:
        if 1 <= key <= self.length():
            return None
        raise LuaError(f"Index out of bounds: {key} (the entity has {self.length()} fluid boxes).")

    def set_index(self, key: int, value: Any) -> None:
        self._box(key)
        if value is not None:
            raise LuaError("Fluids can't be put into fluid boxes in this version of the world.")

    def items(self) -> Iterable[tuple[Any, Any]]:
        return []

    @lua_read
    def owner(self) -> Any:
        from runtime.engine.lua.entity import lua_entity

        return lua_entity(self.entity)

    @lua_method
    def get_prototype(self, index: Any) -> LuaFluidBoxPrototype:
        return LuaFluidBoxPrototype(self.entity.proto, values.integer(index), self._box(index))

    @lua_method
    def get_capacity(self, index: Any) -> float:
        return float(self._box(index)["volume"])

    @lua_method
    def get_connections(self, index: Any) -> list[LuaFluidBox]:
        found = [meets(self.entity, c) for c in connections(self.entity, self._box(index))]
        return [LuaFluidBox(other[0]) for other in found if other is not None]

    @lua_method
    def get_pipe_connections(self, index: Any) -> list[dict[str, Any]]:
        out = []
        for c in connections(self.entity, self._box(index)):
            other = meets(self.entity, c)
            row: dict[str, Any] = {
                "flow_direction": c.flow,
                "connection_type": c.kind,
                "position": values.point(c.x, c.y),
                "target_position": values.point(c.target_x, c.target_y),
            }
            if other is not None:
                row["target"] = LuaFluidBox(other[0])
                row["target_fluidbox_index"] = other[1] + 1
            out.append(row)
        return out

    @lua_method
    def get_filter(self, index: Any) -> Any:
        name = self._box(index).get("filter")
        return None if name is None else {"name": name, "minimum_temperature": -1e30, "maximum_temperature": 1e30}

    @lua_method
    def get_locked_fluid(self, index: Any) -> Any:
        return self._box(index).get("filter")

    @lua_method
    def get_fluid_segment_contents(self, index: Any) -> Any:
        self._box(index)
        return None

    @lua_method
    def get_fluid_segment_id(self, index: Any) -> Any:
        """The lowest unit number among the entities whose boxes are joined; nil for a box that joins nothing."""
        start = (self.entity, values.integer(index, "index") - 1)
        self._box(index)
        seen = {(start[0].unit_number, start[1])}
        todo = [start]
        while todo:
            entity, number = todo.pop()
            for c in connections(entity, fluid_boxes(entity)[number]):
                other = meets(entity, c)
                if other is not None and (other[0].unit_number, other[1]) not in seen:
                    seen.add((other[0].unit_number, other[1]))
                    todo.append((other[0], other[1]))
        return min(unit for unit, _ in seen)
