"""`LuaPrototypeBase`: what all prototypes have, and how the data stage's values look in Lua."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any, ClassVar, Self

from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaObject, lua_read
from runtime.engine.prototypes import Box, Raw, load

Order = tuple[str, str, str, str, str, str]
EVERYTHING_ELSE = "other"  # the subgroup of what names none


def field(name: str, default: Any = None, *, key: str | None = None, only: Iterable[str] = ()) -> Any:
    """A member that is what the data stage wrote under `key` (its own name unless given), else the default.

    With `only`, the default counts just for prototypes of these types; for others the member is nil.
    """
    key = key or name
    types = frozenset(only)

    def read(self: LuaPrototypeBase) -> Any:
        value = self.raw.get(key)
        if value is None and (not types or self.raw["type"] in types):
            return default
        return value

    return lua_read(name)(read)


def converted(
    name: str, convert: Callable[[Any], Any], default: Any = None, *, key: str | None = None
) -> Any:
    """Like `field`, with the value converted when there is one."""
    key = key or name

    def read(self: LuaPrototypeBase) -> Any:
        value = self.raw.get(key)
        return default if value is None else convert(value)

    return lua_read(name)(read)


def box_table(box: Box) -> dict[str, Any]:
    """A `BoundingBox`."""
    left, top, right, bottom = box
    return {"left_top": {"x": left, "y": top}, "right_bottom": {"x": right, "y": bottom}}


def set_of(names: Any) -> dict[str, bool]:
    """A list of names as a set: name -> true. A single name counts as a list."""
    return dict.fromkeys([names] if isinstance(names, str) else names or (), True)


def color_table(raw: Any) -> dict[str, float]:
    """A `Color` with r, g, b, a. Numbers above 1 are on a scale of 255."""
    parts = [raw.get(c) for c in "rgba"] if isinstance(raw, dict) else [*raw, None][:4]
    parts = [0 if p is None else p for p in parts[:3]] + [parts[3] if len(parts) > 3 else None]
    parts = [None if p is None else values.number(p, "color") for p in parts]
    scale = 255 if any(p is not None and p > 1 for p in parts) else 1
    r, g, b, a = [None if p is None else p / scale for p in parts]
    return {"r": r or 0, "g": g or 0, "b": b or 0, "a": 1 if a is None else a}


def mask_table(raw: Raw) -> dict[str, Any]:
    """A `CollisionMask`."""
    return {**raw, "layers": raw.get("layers") or {}}


def product_table(raw: Raw) -> dict[str, Any]:
    """A `Product` of what a recipe's `results` or a `minable`'s holds."""
    out = {k: v for k, v in raw.items() if k not in ("show_details_in_recipe_tooltip",)}
    out.setdefault("probability", 1)
    if "amount" not in out and out["amount_min"] == out["amount_max"]:
        out["amount"] = out.pop("amount_min")
        del out["amount_max"]
    return out


@cache
def group_order(subgroup: str) -> tuple[str, str, str, str]:
    """The place of an item subgroup: its group's order and name, its own order and name."""
    raw = load().raw
    sub = raw["item-subgroup"][subgroup]
    group = raw["item-group"][sub["group"]]
    return (group.get("order", ""), group["name"], sub.get("order", ""), sub["name"])


class LuaPrototypeBase(LuaObject):
    """Base of the prototypes' classes. There is one object for each prototype: `of(name)`.

    Prototypes are ordered as in the game's own lists: group, subgroup, order, name.
    """

    prefix: ClassVar[str] = ""  # "item" where names are translated under "item-name"

    def __init__(self, raw: Raw) -> None:
        self.raw = raw

    def facts(self) -> tuple[bool]:
        return (True,)

    @classmethod
    def source(cls) -> Iterable[Raw]:
        """The data stage's prototypes of this class."""
        raise NotImplementedError

    @classmethod
    @cache
    def all(cls) -> dict[str, Self]:
        """Every prototype of this class by name, in order."""
        made = [cls(raw) for raw in cls.source()]
        return {p.raw["name"]: p for p in sorted(made, key=lambda p: p.place)}

    @classmethod
    def of(cls, name: str | None) -> Self | None:
        """The prototype of a name, None if there is none."""
        return cls.all().get(name) if name is not None else None

    def place_in_menu(self) -> tuple[str, str]:
        """Subgroup and order."""
        return (self.raw.get("subgroup") or EVERYTHING_ELSE, self.raw.get("order", ""))

    @cached_property
    def place(self) -> Order:
        """What prototypes are sorted by."""
        subgroup, order = self.place_in_menu()
        return (*group_order(subgroup), order, self.raw["name"])

    def __str__(self) -> str:
        return f"[{self.object_name}: {self.raw['name']}]"

    name = field("name")
    type = field("type")
    hidden = field("hidden", False)
    parameter = field("parameter", False)
    custom_tooltip_fields = field("custom_tooltip_fields")

    @lua_read
    def hidden_in_factoriopedia(self) -> bool:
        """As `hidden`, unless the data says otherwise."""
        return bool(self.raw.get("hidden_in_factoriopedia", self.raw.get("hidden", False)))

    @lua_read
    def order(self) -> str:
        """Its own order, or that of what it takes its place in menus from."""
        return self.place_in_menu()[1]

    @lua_read
    def group(self) -> LuaObject:
        """The item group."""
        from runtime.engine.lua.group import LuaGroup

        return LuaGroup.group_of(group_order(self.place_in_menu()[0])[1])

    @lua_read
    def subgroup(self) -> LuaObject:
        """The item subgroup."""
        from runtime.engine.lua.group import LuaGroup

        return LuaGroup.subgroup_of(self.place_in_menu()[0])

    @lua_read
    def localised_name(self) -> Any:
        """A localised string, not yet translated."""
        return self.raw.get("localised_name") or [f"{self.prefix}-name.{self.raw['name']}"]

    @lua_read
    def localised_description(self) -> Any:
        """A localised string, not yet translated."""
        return self.raw.get("localised_description") or [f"{self.prefix}-description.{self.raw['name']}"]

    @lua_read
    def factoriopedia_description(self) -> Any:
        """A localised string, not yet translated."""
        return self.raw.get("factoriopedia_description") or ""
