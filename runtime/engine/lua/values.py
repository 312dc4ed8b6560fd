"""Reading the values that scripts pass: positions, areas, stacks, names."""

from __future__ import annotations

import math
from typing import Any

from runtime.engine.lua.sandbox import LuaError, LuaObject
from runtime.engine.prototypes import load

Point = tuple[float, float]
LIMIT = 1_000_000.0  # tiles; no map of the game is larger
MOST_MODIFIER = 1e6


def number(value: Any, what: str = "number") -> float:
    """A finite number.

    Raises:
        LuaError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise LuaError(f"Invalid {what}: number expected, got {kind(value)}.")
    if not math.isfinite(value):
        raise LuaError(f"Invalid {what}: {value} is not a finite number.")
    return value


def integer(value: Any, what: str = "number") -> int:
    """A number, cut to a whole one."""
    return int(number(value, what))


def unsigned(value: Any, what: str = "number") -> int:
    """A whole number from 0 up to 2^32 - 1.

    Raises:
        LuaError: it is none.
    """
    whole = integer(value, what)
    if not 0 <= whole < 2**32:
        raise LuaError(f"Invalid {what}: {whole} is not in [0, 4294967295].")
    return whole


def modifier(value: Any, what: str = "modifier") -> float:
    """What is added to a speed, a damage or a productivity: no more than a millionfold.

    Raises:
        LuaError: it is no number, or beyond that.
    """
    share = number(value, what)
    if abs(share) > MOST_MODIFIER:
        raise LuaError(f"Invalid {what}: {share:g} is not from -1e6 to 1e6.")
    return share


def text(value: Any, what: str = "value") -> str:
    """A string."""
    if not isinstance(value, str):
        raise LuaError(f"Invalid {what}: string expected, got {kind(value)}.")
    return value


def table(value: Any, what: str = "parameters") -> dict[Any, Any]:
    """A table with names as keys."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return dict(enumerate(value, 1))
    raise LuaError(f"Invalid {what}: table expected, got {kind(value)}.")


def kind(value: Any) -> str:
    """What Lua calls the type of a value."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, (dict, list)):
        return "table"
    return "userdata" if isinstance(value, LuaObject) else "function"


def position(value: Any, what: str = "position") -> Point:
    """`{x=, y=}` or `{x, y}`, on the game's 1/256 grid.

    Raises:
        LuaError: it is neither, or off every map.
    """
    if isinstance(value, dict) and "x" in value and "y" in value:
        x, y = value["x"], value["y"]
    elif isinstance(value, list) and len(value) >= 2:
        x, y = value[0], value[1]
    elif isinstance(value, dict) and 1 in value and 2 in value:
        x, y = value[1], value[2]
    else:
        raise LuaError(f"Invalid {what}: expected {{x=, y=}}, got {kind(value)}.")
    return point_at(x, y, what)


def point_at(x: Any, y: Any, what: str = "position") -> Point:
    """Two numbers as a position, on the game's 1/256 grid.

    Raises:
        LuaError: they aren't numbers, or off every map.
    """
    x, y = number(x, what), number(y, what)
    if abs(x) > LIMIT or abs(y) > LIMIT:
        raise LuaError(f"Invalid {what}: ({x:g}, {y:g}) is outside the map.")
    return (math.floor(x * 256 + 0.5) / 256, math.floor(y * 256 + 0.5) / 256)


def area(value: Any) -> tuple[float, float, float, float]:
    """`{left_top=, right_bottom=}` or `{{x, y}, {x, y}}` as left, top, right, bottom."""
    if isinstance(value, dict) and "left_top" in value and "right_bottom" in value:
        first, second = value["left_top"], value["right_bottom"]
    elif isinstance(value, list) and len(value) >= 2:
        first, second = value[0], value[1]
    elif isinstance(value, dict) and 1 in value and 2 in value:
        first, second = value[1], value[2]
    else:
        raise LuaError(f"Invalid area: expected {{left_top=, right_bottom=}}, got {kind(value)}.")
    (left, top), (right, bottom) = position(first, "area"), position(second, "area")
    return (left, top, right, bottom)


def point(x: float, y: float) -> dict[str, float]:
    """A position as scripts see it."""
    return {"x": x, "y": y}


def box(value: tuple[float, float, float, float]) -> dict[str, dict[str, float]]:
    """A bounding box as scripts see it."""
    left, top, right, bottom = value
    return {"left_top": {"x": left, "y": top}, "right_bottom": {"x": right, "y": bottom}}


def names(value: Any, what: str) -> list[str] | None:
    """One name or a list of them; None when not given."""
    if value is None:
        return None
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [name_of(v, what) for v in value]
    if isinstance(value, dict):
        if "name" in value:
            return [text(value["name"], what)]
        return [name_of(v, what) for v in value.values()]
    if isinstance(value, LuaObject):
        return [name_of(value, what)]
    raise LuaError(f"Invalid {what}: string or table of strings expected, got {kind(value)}.")


def name_of(value: Any, what: str) -> str:
    """The name that a string, a `{name=}` or a game object stands for."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "name" in value:
        return name_of(value["name"], what)
    if isinstance(value, LuaObject):
        getter = value._reads.get("name")
        if getter is not None:
            return text(getter(value), what)
    raise LuaError(f"Invalid {what}: string expected, got {kind(value)}.")


def item_stack(value: Any) -> tuple[str, int]:
    """An `ItemStackIdentification` as (item, count): a name, `{name=, count=}` or a LuaItemStack.

    Raises:
        LuaError: no such item, or a count that is no number.
    """
    if isinstance(value, LuaObject) and "count" in value._reads:
        return name_of(value, "item"), int(value._reads["count"](value))
    if isinstance(value, str):
        name, count = value, 1
    elif isinstance(value, dict) and "name" in value:
        name = name_of(value["name"], "item")
        count = 1 if value.get("count") is None else integer(value["count"], "count")
    else:
        raise LuaError(f"Invalid item stack: string or table with a name expected, got {kind(value)}.")
    if name not in load().item:
        raise LuaError(f"Unknown item name: {name}")
    if count < 0:
        raise LuaError(f"Invalid count: {count} is negative.")
    return name, count


def contents(counts: dict[str, int]) -> list[dict[str, Any]]:
    """`ItemWithQualityCounts`: the 2.0 form of contents."""
    return [{"name": n, "count": c, "quality": "normal"} for n, c in counts.items() if c]
