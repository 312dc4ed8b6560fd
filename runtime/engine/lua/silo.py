"""The members of `LuaEntity` that rocket silos have."""

from __future__ import annotations

from typing import Any

from runtime.engine.defines import load_defines
from runtime.engine.entity import Entity
from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_read, lua_write
from runtime.engine.systems.rocket import RocketSilo


class SiloMembers(LuaObject):
    """What `LuaEntity` has for rocket silos alone."""

    __slots__ = ()
    entity: Entity

    def _silo(self, member: str) -> RocketSilo:
        if not isinstance(self.entity, RocketSilo):
            raise LuaError(
                f"LuaEntity::{member} can only be used on rocket silos; {self.entity.name} is of type {self.entity.type}."
            )
        return self.entity

    @lua_read
    def rocket_parts(self) -> int:
        """Parts of the rocket that is being built."""
        return self._silo("rocket_parts").parts

    @lua_write("rocket_parts")
    def set_rocket_parts(self, value: Any) -> None:
        """Say how many there are; enough of them, and the rocket is there."""
        self._silo("rocket_parts").set_parts(values.integer(value, "rocket_parts"))

    @lua_read
    def rocket_silo_status(self) -> int:
        """The stage of the launch, `defines.rocket_silo_status`."""
        number: int = load_defines()["rocket_silo_status"][self._silo("rocket_silo_status").launch.stage]
        return number

    @lua_read
    def rocket(self) -> Any:
        """The rocket in it; nil when there is none."""
        from runtime.engine.lua.entity import lua_entity

        return lua_entity(self._silo("rocket").launch.rocket)

    @lua_method
    def launch_rocket(self, destination: Any = None, character: Any = None) -> bool:
        """Launch the rocket; whether one was ready. There is nowhere else to fly to."""
        return self._silo("launch_rocket").launch.order()

    @lua_read
    def send_to_orbit_automatically(self) -> bool:
        """Whether a rocket is launched as soon as there is cargo in it."""
        return self._silo("send_to_orbit_automatically").send_to_orbit_automatically

    @lua_write("send_to_orbit_automatically")
    def set_send_to_orbit_automatically(self, value: Any) -> None:
        """Launch rockets as soon as there is cargo in them, or not."""
        self._silo("send_to_orbit_automatically").send_to_orbit_automatically = bool(value)
