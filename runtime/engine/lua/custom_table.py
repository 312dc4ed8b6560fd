"""`LuaCustomTable`: what the game shows of its own lists without copying them into Lua."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runtime.engine.lua.sandbox import LuaObject


class LuaCustomTable(LuaObject):
    """A read-only view; a key that isn't there reads nil.

    `entries` gives what `pairs` goes through, in order. `find` answers keys that `pairs` doesn't show, like
    the numbers of `game.forces`; without it, only the keys of `entries` are there. `constant`: it never changes.
    """

    object_name = "LuaCustomTable"
    any_key = True
    __slots__ = ("_constant", "_entries", "_find")

    def __init__(
        self,
        entries: Callable[[], Mapping[Any, Any]],
        find: Callable[[Any], Any] | None = None,
        *,
        constant: bool = False,
    ) -> None:
        self._entries = entries
        self._find = find
        self._constant = constant

    def facts(self) -> tuple[bool] | None:
        return (True,) if self._constant else None

    def index(self, key: Any) -> Any:
        """The entry, or nil."""
        return self._find(key) if self._find is not None else self._entries().get(key)

    def length(self) -> int:
        """How many entries `pairs` goes through."""
        return len(self._entries())

    def items(self) -> Iterable[tuple[Any, Any]]:
        """The entries, in order."""
        return self._entries().items()
