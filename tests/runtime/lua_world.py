"""A world for tests of the boundary: real Lua with a few of FLE's actions, and a clock that can stop."""

import threading
import time
from typing import Any

from lupa import lua52

SCRIPT = """
storage = {elapsed_ticks = 0, actions = {}, utils = {}, agent_characters = {}, path_requests = {}, paths = {}}
calls = {}
storage.utils.ensure_valid_character = function(index)
    return {position = {x = 0, y = 0}, reach_distance = 10}
end
local function record(name, ...)
    table.insert(calls, {name, ...})
end
storage.actions.sleep = function(seconds)
    record("sleep", seconds)
    storage.elapsed_ticks = storage.elapsed_ticks + seconds * 60
    return game.tick
end
storage.actions.craft_item = function(player, name, count)
    record("craft_item", player, name, count)
    if name == "rocket-silo" then error("\\"Failed to craft: no ingredients\\"") end
    storage.elapsed_ticks = storage.elapsed_ticks + 30 * count
    return count
end
storage.actions.pickup_entity = function(player, x, y, name)
    record("pickup_entity", player, x, y, name)
    return {}
end
storage.actions.nearest = function(player, name)
    record("nearest", player, name)
    return {x = 15.5, y = -0.5}
end
storage.actions.score = function() return {player = 12, automated = 5} end
storage.actions.get_walking_queue_length = function(player) return 0 end
function dump(o)
   if type(o) == 'table' then
      local s = '{ '
      for k, v in pairs(o) do
         if type(k) ~= 'number' then k = '"'..k..'"' end
         s = s .. '['..k..'] = ' .. dump(v) .. ','
      end
      return s .. '} '
   end
   return tostring(o)
end
"""


class LuaWorld:
    """Answers `/silent-command` and `/sc`; its tick follows the wall clock times `speed`."""

    def __init__(self, speed: float = 100.0) -> None:
        self.speed = speed
        self.paused = False
        self.commands: list[str] = []
        self._base_tick = 0.0
        self._base_time = time.monotonic()
        self._lock = threading.Lock()
        self._lua = lua52.LuaRuntime(unpack_returned_tuples=True)
        printed: list[str] = []
        self._printed = printed
        self._lua.globals().rcon = self._lua.table(print=lambda text: printed.append(str(text)))
        self._lua.globals().game = self._lua.table(tick=0)
        self._lua.execute(SCRIPT)

    def tick(self) -> int:
        if self.paused:
            return int(self._base_tick)
        return int(self._base_tick + (time.monotonic() - self._base_time) * 60 * self.speed)

    def pause(self) -> None:
        self._base_tick = self.tick()
        self.paused = True

    def resume(self) -> None:
        self._base_time = time.monotonic()
        self.paused = False

    def command(self, text: str) -> str:
        head, _, code = text.partition(" ")
        assert head in ("/sc", "/silent-command"), text
        with self._lock:
            self.commands.append(text)
            self._printed.clear()
            self._lua.globals().game.tick = self.tick()
            try:
                self._lua.execute(code)
            except lua52.LuaError as error:
                return f"Cannot execute command. Error: {error}"
            return "\n".join(self._printed)

    def calls(self) -> list[tuple[Any, ...]]:
        return [tuple(call.values()) for call in self._lua.globals().calls.values()]
