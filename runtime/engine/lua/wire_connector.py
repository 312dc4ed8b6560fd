"""`LuaWireConnector`: where wires are fixed to a pole."""

from __future__ import annotations

from typing import Any

from runtime.engine.lua.sandbox import LuaObject, lua_read
from runtime.engine.systems.electricity import ElectricPole

POLE_COPPER = 5  # defines.wire_connector_id.pole_copper


class LuaWireConnector(LuaObject):
    """A pole's copper wires. They come and go with the poles: scripts can't lay or cut them."""

    __slots__ = ("pole",)
    object_name = "LuaWireConnector"

    def __init__(self, pole: ElectricPole) -> None:
        self.pole = pole

    @property
    def valid(self) -> bool:
        """Whether the pole still stands."""
        return self.pole.valid

    def same_as(self, other: Any) -> bool:
        """The same pole's."""
        return isinstance(other, LuaWireConnector) and other.pole is self.pole

    @lua_read
    def owner(self) -> Any:
        """The pole."""
        from runtime.engine.lua.entity import lua_entity

        return lua_entity(self.pole)

    @lua_read
    def wire_connector_id(self) -> int:
        """`defines.wire_connector_id`."""
        return POLE_COPPER

    @lua_read
    def connection_count(self) -> int:
        """How many wires there are."""
        return len(self.pole.wired())

    @lua_read
    def connections(self) -> list[dict[str, Any]]:
        """Its wires: the connectors at their other ends."""
        return [{"target": LuaWireConnector(pole)} for pole in self.pole.wired()]
