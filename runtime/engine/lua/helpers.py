"""`LuaHelpers`: the global `helpers`."""

from __future__ import annotations

import base64
import binascii
import json
import math
import zlib
from typing import Any

from runtime.engine.blueprint_strings import LONGEST
from runtime.engine.lua import values
from runtime.engine.lua.sandbox import InOrder, LuaError, LuaObject, lua_method, lua_read
from runtime.engine.version import GAME_VERSION

DIRECTIONS = (
    "north", "northnortheast", "northeast", "eastnortheast", "east", "eastsoutheast", "southeast",
    "southsoutheast", "south", "southsouthwest", "southwest", "westsouthwest", "west", "westnorthwest",
    "northwest", "northnorthwest",
)  # fmt: skip


def to_json(value: Any) -> str:
    """JSON as the game writes it: no spaces, whole numbers without a point, an empty table as `{}`.

    Raises:
        LuaError: a value that JSON has no form for (a function, a game object, a number that isn't finite).
    """
    out: list[str] = []
    _write(value, out)
    return "".join(out)


def _write(value: Any, out: list[str]) -> None:
    if isinstance(value, str):
        out.append(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, bool):
        out.append("true" if value else "false")
    elif isinstance(value, (int, float)):
        out.append(_number(value))
    elif isinstance(value, list):
        for i, entry in enumerate(value):
            out.append("," if i else "[")
            _write(entry, out)
        out.append("]" if value else "{}")
    elif isinstance(value, dict):
        for i, (key, entry) in enumerate(value.items()):
            out.append("," if i else "{")
            out.append(json.dumps(_key(key), ensure_ascii=False) + ":")
            _write(entry, out)
        out.append("}" if value else "{}")
    elif value is None:
        out.append("null")
    else:
        raise LuaError(f"Can't convert a value of type {values.kind(value)} to JSON.")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, (int, float)) and not isinstance(key, bool):
        return _number(key)
    raise LuaError(f"Can't convert a key of type {values.kind(key)} to JSON.")


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise LuaError(f"Can't convert {value} to JSON.")
    if value == int(value) and abs(value) < 2**63:
        return str(int(value))
    return repr(float(value))


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def from_json(text: str) -> Any:
    """The value of a JSON text, None if it isn't JSON."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        if "\\u" in text:
            # Half a surrogate pair can't be a Lua string.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


class LuaHelpers(LuaObject):
    """What needs no world."""

    object_name = "LuaHelpers"
    __slots__ = ()

    @lua_read
    def game_version(self) -> str:
        """The version of the game that the world is of."""
        return GAME_VERSION

    @lua_method
    def table_to_json(self, data: Any) -> str:
        """JSON of a table."""
        if not isinstance(data, (dict, list)):
            raise LuaError(f"bad argument #1 to 'table_to_json' (table expected, got {values.kind(data)})")
        return to_json(data)

    @lua_method
    def json_to_table(self, text: Any) -> Any:
        """The value of a JSON text, nil if it isn't JSON."""
        return InOrder(from_json(values.text(text, "json")))

    @lua_method
    def direction_to_string(self, direction: Any) -> str:
        """The name of a direction."""
        number = values.integer(direction, "direction")
        if not 0 <= number < len(DIRECTIONS):
            raise LuaError(f"Invalid direction: {number} (0 to 15).")
        return DIRECTIONS[number]

    @lua_method
    def encode_string(self, text: Any) -> str:
        """Deflated, then in base64, as blueprint strings are (without their leading 0)."""
        return base64.b64encode(zlib.compress(values.text(text).encode(), 9)).decode()

    @lua_method
    def decode_string(self, text: Any) -> str | None:
        """What was encoded, nil if that is nothing."""
        try:
            packed = base64.b64decode(values.text(text), validate=True)
            unpacked = zlib.decompressobj().decompress(packed, LONGEST + 1)
            return unpacked.decode() if len(unpacked) <= LONGEST else None
        except (binascii.Error, zlib.error, ValueError):
            return None

    @lua_method
    def compare_versions(self, first: Any, second: Any) -> int:
        """-1, 0 or 1: whether the first version is older than, the same as or newer than the second."""
        a, b = (self._version(v) for v in (first, second))
        return (a > b) - (a < b)

    def _version(self, value: Any) -> list[int]:
        try:
            return [int(part) for part in values.text(value, "version").split(".")]
        except ValueError:
            raise LuaError(f"Invalid version: {value} (expected numbers with points between).") from None

    @lua_method
    def multilingual_to_lower(self, text: Any) -> str:
        """Lower case in any language."""
        return values.text(text).lower()
