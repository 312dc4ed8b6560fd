"""`LuaBootstrap` (the global `script`) and `LuaRCON` (the global `rcon`)."""

from __future__ import annotations

from typing import Any

from runtime.engine.defines import load_defines
from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_read
from runtime.engine.version import GAME_VERSION


class LuaBootstrap(LuaObject):
    """Handlers of events. One handler for each event: a later one replaces an earlier one."""

    __slots__ = ("handlers", "nth_tick", "on_change")
    object_name = "LuaBootstrap"

    def __init__(self) -> None:
        self.handlers: dict[int, Any] = {}  # defines.events number -> Lua function
        self.nth_tick: dict[int, Any] = {}

    @lua_read
    def mod_name(self) -> str:
        return "level"

    @lua_read
    def level(self) -> dict[str, Any]:
        return {"is_simulation": False, "is_tutorial": False, "level_name": "level"}

    @lua_read
    def active_mods(self) -> dict[str, str]:
        return {"base": GAME_VERSION}

    @lua_method
    def on_event(self, event: Any, handler: Any = None, filters: Any = None) -> None:
        events = event if isinstance(event, list) else [event]
        for one in events:
            number = self._number(one)
            if handler is None:
                self.handlers.pop(number, None)
            else:
                self.handlers[number] = handler

    def _number(self, event: Any) -> int:
        known = load_defines()["events"]
        if isinstance(event, str) and event in known:
            return int(known[event])
        number = values.integer(event, "event")
        if number not in known.values():
            raise LuaError(f"Unknown event: {number}")
        return number

    @lua_method
    def on_nth_tick(self, tick: Any = None, handler: Any = None) -> None:
        if tick is None:
            self.nth_tick.clear()
            return
        for one in tick if isinstance(tick, list) else [tick]:
            number = values.integer(one, "tick")
            if number < 1:
                raise LuaError(f"Invalid tick: {number}; it must be at least 1.")
            if handler is None:
                self.nth_tick.pop(number, None)
            else:
                self.nth_tick[number] = handler

    @lua_method
    def get_event_handler(self, event: Any) -> Any:
        return self.handlers.get(self._number(event))

    @lua_method
    def on_init(self, handler: Any = None) -> None:
        """Console commands run long after a game is made: nothing will call it."""

    @lua_method
    def on_load(self, handler: Any = None) -> None:
        """Nothing will call it: functions are not saved."""

    @lua_method
    def on_configuration_changed(self, handler: Any = None) -> None:
        """Nothing will call it: there are no mods."""


class LuaRCON(LuaObject):
    """Collects what a command prints for the client that sent it."""

    __slots__ = ("lines",)
    object_name = "LuaRCON"

    def __init__(self) -> None:
        self.lines: list[str] = []

    @lua_method("print")
    def print_line(self, message: Any = None) -> None:
        self.lines.append(message_text(message))


def message_text(message: Any) -> str:
    """A `LocalisedString` as text: strings as they are, lists as `key` and parameters joined."""
    if isinstance(message, list):
        parts = [message_text(m) for m in message]
        return "".join(parts[1:]) if parts and parts[0] == "" else " ".join(parts)
    if message is None:
        return "nil"
    if isinstance(message, bool):
        return "true" if message else "false"
    if isinstance(message, float) and message.is_integer() and abs(message) < 1e15:
        return str(int(message))
    if isinstance(message, float):
        return f"{message:.14g}"
    return str(message)
