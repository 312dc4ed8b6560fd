"""`LuaRendering` and `LuaRenderObject`: marks that scripts draw on the map.

No picture shows them, but scripts can read and change them as in the game. They are not part of a world's state:
a save doesn't hold them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.engine.lua import values
from runtime.engine.lua.prototype import color_table
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_read, lua_write

MOST_OBJECTS = 10_000  # the oldest go; the game keeps them all, but here nobody sees them

ALWAYS: dict[str, Any] = {
    "surface": None, "time_to_live": 0, "blink_interval": 0, "forces": None, "players": None, "visible": True,
    "only_in_alt_mode": False, "render_mode": "game",
}  # fmt: skip
ON_GROUND = {"draw_on_ground": False, "color": None}
LOOKS: dict[str, dict[str, Any]] = {
    "line": {**ON_GROUND, "width": None, "from": None, "to": None, "gap_length": 0, "dash_length": 0,
             "dash_offset": 0},
    "circle": {**ON_GROUND, "width": 1, "filled": False, "radius": None, "target": None},
    "rectangle": {**ON_GROUND, "width": 1, "filled": False, "left_top": None, "right_bottom": None},
    "arc": {**ON_GROUND, "max_radius": None, "min_radius": None, "start_angle": None, "angle": None,
            "target": None},
    "polygon": {**ON_GROUND, "vertices": None, "target": None, "orientation": 0, "orientation_target": None,
                "use_target_orientation": False},
    "text": {**ON_GROUND, "text": None, "target": None, "scale": 1, "font": "default", "orientation": 0,
             "alignment": "left", "vertical_alignment": "top", "scale_with_zoom": False, "use_rich_text": False},
    "sprite": {"sprite": None, "target": None, "orientation": 0, "x_scale": 1, "y_scale": 1, "tint": None,
               "render_layer": "arrow", "orientation_target": None, "use_target_orientation": False,
               "oriented_offset": None},
    "light": {"sprite": None, "target": None, "orientation": 0, "scale": 1, "intensity": 1,
              "minimum_darkness": 0, "oriented": False, "color": None},
    "animation": {"animation": None, "target": None, "orientation": 0, "x_scale": 1, "y_scale": 1, "tint": None,
                  "render_layer": "arrow", "animation_speed": 1, "animation_offset": 0,
                  "orientation_target": None, "use_target_orientation": False, "oriented_offset": None},
}  # fmt: skip
# What a script has to say when it draws one.
NEEDED = {
    "line": ("color", "width", "from", "to"), "circle": ("color", "radius", "target"),
    "rectangle": ("color", "left_top", "right_bottom"), "polygon": ("color", "vertices"),
    "arc": ("color", "max_radius", "min_radius", "start_angle", "angle", "target"),
    "text": ("text", "target", "color"), "sprite": ("sprite", "target"), "light": ("sprite", "target"),
    "animation": ("animation", "target"),
}  # fmt: skip
TARGETS = frozenset({"from", "to", "target", "left_top", "right_bottom", "orientation_target"})
MEMBERS = sorted(
    {*ALWAYS, *(m for look in LOOKS.values() for m in look)} - {"surface", "time_to_live", "tint"}
)


def target(value: Any) -> dict[str, Any]:
    """A `ScriptRenderTarget`: `{position=}`, or `{entity=, offset=}`."""
    if isinstance(value, LuaObject):
        return {"entity": value}
    if isinstance(value, dict) and "entity" in value:
        out = {"entity": value["entity"]}
        if value.get("offset") is not None:
            out["offset"] = values.point(*values.position(value["offset"], "offset"))
        return out
    if isinstance(value, dict) and "position" in value:
        value = value["position"]
    return {"position": values.point(*values.position(value, "target"))}


def _seen(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in TARGETS:
        return target(value)
    if name == "vertices":
        return [target(v.get("target", v) if isinstance(v, dict) else v) for v in value]
    if name == "color" and isinstance(value, (dict, list)):
        return color_table(value)
    return value


def _member(name: str) -> tuple[Any, Any]:
    def read(self: LuaRenderObject) -> Any:
        return self.look[self._known(name)]

    def write(self: LuaRenderObject, value: Any) -> None:
        self.look[self._known(name)] = _seen(name, value)

    return lua_read(name)(read), lua_write(name)(write)


class LuaRenderObject(LuaObject):
    """One mark. It is gone when its time is up, when its entity is, or when a script destroys it."""

    object_name = "LuaRenderObject"

    def __init__(self, rendering: LuaRendering, number: int, kind: str, look: dict[str, Any]) -> None:
        self.rendering = rendering
        self.number = number
        self.kind = kind
        self.look = look
        self.set_time_to_live(look["time_to_live"])

    for _name in MEMBERS:
        vars()[f"read_{_name}"], vars()[f"write_{_name}"] = _member(_name)
    del _name

    @property
    def valid(self) -> bool:
        """Whether it is still there."""
        if self.rendering.objects.get(self.number) is not self:
            return False
        entity = (self.look.get("target") or {}).get("entity")
        gone = self.ends is not None and self.rendering.now() >= self.ends
        if gone or (entity is not None and not entity.valid):
            del self.rendering.objects[self.number]
            return False
        return True

    def __str__(self) -> str:
        return f"[LuaRenderObject: {self.kind} {self.number}]"

    def _known(self, name: str) -> str:
        if name not in self.look:
            raise LuaError(f"LuaRenderObject::{name} can't be used on a {self.kind}.")
        return name

    @lua_read("id")
    def read_id(self) -> int:
        """Its number."""
        return self.number

    @lua_read("type")
    def read_type(self) -> str:
        """Its kind."""
        return self.kind

    @lua_read("surface")
    def read_surface(self) -> Any:
        """Where it is."""
        return self.look["surface"]

    @lua_read("time_to_live")
    def read_time_to_live(self) -> int:
        """Ticks that it still has; 0: it stays."""
        return 0 if self.ends is None else self.ends - self.rendering.now()

    @lua_write("time_to_live")
    def set_time_to_live(self, value: Any) -> None:
        """Give it so many ticks from now on; 0: it stays."""
        ticks = values.integer(value, "time_to_live")
        self.ends = self.rendering.now() + ticks if ticks > 0 else None

    @lua_method
    def destroy(self) -> None:
        """Take it away."""
        del self.rendering.objects[self.number]

    @lua_method
    def set_dashes(self, dash_length: Any, gap_length: Any) -> None:
        """Of a line: the length of its dashes and of what is between them, tiles."""
        self.look[self._known("dash_length")] = values.number(dash_length, "dash_length")
        self.look["gap_length"] = values.number(gap_length, "gap_length")

    @lua_method
    def set_corners(self, left_top: Any, right_bottom: Any) -> None:
        """Of a rectangle: its corners."""
        self.look[self._known("left_top")] = target(left_top)
        self.look["right_bottom"] = target(right_bottom)


def _draw(kind: str) -> Any:
    def draw(self: LuaRendering, parameters: Any) -> LuaRenderObject:
        return self.draw(kind, values.table(parameters))

    return lua_method(f"draw_{kind}")(draw)


class LuaRendering(LuaObject):
    """The global `rendering` of one game; `now` gives its tick."""

    object_name = "LuaRendering"

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self.objects: dict[int, LuaRenderObject] = {}
        self.last_number = 0

    for _name in LOOKS:
        vars()[f"draw_{_name}"] = _draw(_name)
    del _name

    def draw(self, kind: str, parameters: dict[str, Any]) -> LuaRenderObject:
        """Make a mark of what a script says of it.

        Raises:
            LuaError: something that such a mark needs is missing.
        """
        for name in (*NEEDED[kind], "surface"):
            if parameters.get(name) is None:
                raise LuaError(f'Missing "{name}" for rendering.draw_{kind}.')
        defaults = {**ALWAYS, **LOOKS[kind]}
        look = {k: d if parameters.get(k) is None else _seen(k, parameters[k]) for k, d in defaults.items()}
        self.last_number += 1
        made = self.objects[self.last_number] = LuaRenderObject(self, self.last_number, kind, look)
        if len(self.objects) > MOST_OBJECTS:
            self._forget()
        return made

    def _forget(self) -> None:
        there = [o for o in list(self.objects.values()) if o.valid]
        for old in there[: len(there) - MOST_OBJECTS // 2]:
            del self.objects[old.number]

    @lua_method
    def clear(self, mod_name: Any = None) -> None:
        """Take all marks away."""
        self.objects.clear()

    @lua_method
    def get_all_objects(self, mod_name: Any = None) -> list[LuaRenderObject]:
        """All marks, the oldest first."""
        return [o for o in list(self.objects.values()) if o.valid]

    @lua_method
    def get_object_by_id(self, number: Any) -> LuaRenderObject | None:
        """The mark of a number, nil when it is gone."""
        found = self.objects.get(values.integer(number, "object_id"))
        return found if found is not None and found.valid else None
