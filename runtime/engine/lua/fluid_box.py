"""`LuaFluidBox`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runtime.engine.entity import Entity
from runtime.engine.lua import values
from runtime.engine.lua.fluid_box_prototype import LuaFluidBoxPrototype
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_query, lua_read
from runtime.engine.prototypes import load
from runtime.engine.systems.fluids import FLUID, Segment, boxes_of
from runtime.engine.systems.pipes import connections, fluid_boxes, meets


class LuaFluidBox(LuaObject):
    """The fluid boxes of an entity: where they are, whom they meet, and what is in them."""

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
            return self._fluid(key)
        raise LuaError(f"Index out of bounds: {key} (the entity has {self.length()} fluid boxes).")

    def set_index(self, key: int, value: Any) -> None:
        self._box(key)
        boxes = boxes_of(self.entity)
        if key > len(boxes):
            raise LuaError(
                f"The fluid boxes of {self.entity.name} hold nothing in this version of the world."
            )
        if value is None:
            boxes[key - 1].put(None, 0.0)
            return
        boxes[key - 1].put(*values_of_fluid(value))

    def _fluid(self, key: int) -> dict[str, Any] | None:
        boxes = boxes_of(self.entity)
        held = boxes[key - 1].held() if key <= len(boxes) else None
        return None if held is None else {"name": held[0], "amount": held[1], "temperature": held[2]}

    def _segment(self, index: Any) -> Segment | None:
        self._box(index)
        boxes = boxes_of(self.entity)
        number = values.integer(index, "index")
        if number > len(boxes):
            return None
        box = boxes[number - 1]
        if box.segment is not None:
            return box.segment
        beside = box.beside()
        return beside[0] if beside else None

    def items(self) -> Iterable[tuple[Any, Any]]:
        return [(i, self._fluid(i)) for i in range(1, self.length() + 1)]

    @lua_read
    def owner(self) -> Any:
        from runtime.engine.lua.entity import lua_entity

        return lua_entity(self.entity)

    @lua_query
    def get_prototype(self, index: Any) -> LuaFluidBoxPrototype:
        return LuaFluidBoxPrototype(self.entity.proto, values.integer(index), self._box(index))

    @lua_query
    def get_capacity(self, index: Any) -> float:
        return float(self._box(index)["volume"])

    @lua_query
    def get_connections(self, index: Any) -> list[LuaFluidBox]:
        found = [meets(self.entity, c) for c in connections(self.entity, self._box(index))]
        return [LuaFluidBox(other[0]) for other in found if other is not None]

    @lua_query
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

    @lua_query
    def get_filter(self, index: Any) -> Any:
        name = self._box(index).get("filter")
        return (
            None
            if name is None
            else {"name": name, "minimum_temperature": -1e30, "maximum_temperature": 1e30}
        )

    @lua_query
    def get_locked_fluid(self, index: Any) -> Any:
        filtered = self._box(index).get("filter")
        boxes = boxes_of(self.entity)
        number = values.integer(index, "index")
        return filtered or (boxes[number - 1].filter or None if number <= len(boxes) else None)

    @lua_query
    def get_fluid_segment_contents(self, index: Any) -> Any:
        segment = self._segment(index)
        if segment is None:
            return None
        amount = segment.now() / FLUID
        return {segment.fluid: round(amount)} if segment.fluid is not None and amount else {}

    @lua_query
    def get_fluid_segment_extent_bounding_box(self, index: Any) -> Any:
        """The tiles that the segment's entities cover; nil for a box in none."""
        segment = self._segment(index)
        return None if segment is None else values.box(segment.area)

    @lua_method
    def flush(self, index: Any, fluid: Any = None) -> dict[str, float]:
        """Take all the fluid (only this one, if named) out of a box and of its whole segment; what it was."""
        self._box(index)
        name = None if fluid is None else values.name_of(fluid, "fluid")
        number = values.integer(index, "index")
        boxes = boxes_of(self.entity)
        if number > len(boxes):
            return {}
        box = boxes[number - 1]
        held = box.segment.fluid if box.segment is not None else box.fluid
        if held is None or name not in (None, held):
            return {}
        amount = box.segment.empty() if box.segment is not None else box.drain(box.amount)
        self.entity.fluid_came()
        return {held: amount / FLUID} if amount else {}

    @lua_query
    def get_fluid_segment_id(self, index: Any) -> Any:
        """The lowest unit number among entities whose first box is in it; a machine's box goes with those beside it."""
        segment = self._segment(index)
        return self.entity.unit_number if segment is None else segment.id or segment.unit_number


def values_of_fluid(value: Any) -> tuple[str, float, float | None]:
    """Name, amount and temperature (None: the fluid's own) of a `Fluid` table.

    Raises:
        LuaError: it is none, or names no fluid.
    """
    fluid = values.table(value, "fluid")
    name = fluid.get("name")
    if name not in load().raw["fluid"]:
        raise LuaError(f"Unknown fluid name: {name}")
    temperature = fluid.get("temperature")
    amount = values.number(fluid.get("amount"), "amount")
    return str(name), amount, None if temperature is None else values.number(temperature, "temperature")
