"""`LuaTile`."""

from __future__ import annotations

from typing import Any

from runtime.engine.lua.sandbox import LuaObject, lua_query, lua_read
from runtime.engine.lua.tile_prototype import LuaTilePrototype
from runtime.engine.prototypes import load
from runtime.engine.world import World


class LuaTile(LuaObject):
    """One tile; `position` is its left top corner."""

    __slots__ = ("world", "x", "y")
    object_name = "LuaTile"

    def __init__(self, world: World, x: int, y: int) -> None:
        self.world = world
        self.x = x
        self.y = y

    def same_as(self, other: Any) -> bool:
        return isinstance(other, LuaTile) and (other.x, other.y) == (self.x, self.y)

    @property
    def sort_key(self) -> Any:
        return f"tile {self.y:010} {self.x:010}"

    @lua_read
    def name(self) -> str:
        return self.world.surface.tile(self.x, self.y)

    @lua_read
    def position(self) -> dict[str, int]:
        return {"x": self.x, "y": self.y}

    @lua_read
    def prototype(self) -> Any:
        return LuaTilePrototype.of(self.name())

    @lua_read
    def surface(self) -> Any:
        from runtime.engine.lua.surface import LuaSurface

        return LuaSurface.of(self.world)

    @lua_query
    def collides_with(self, layer: Any) -> bool:
        return layer in load().tile_layers[self.name()]
