"""How Factorio's prototypes say what a picture is made of: sprites, animations, layers, directions, variations.

https://lua-api.factorio.com/2.0.76/types/Animation.html and its neighbours have the rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

PIXELS_PER_TILE = 32
"""At a sprite's scale 1."""
QUARTERS = ("north", "east", "south", "west")
EIGHTHS = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
PLAYER = (0.869, 0.5, 0.13, 1.0)
"""The colour of those who have chosen none: it takes the place of a runtime tint."""
MOST_FRAMES, MOST_PIXELS = 4096, 8192

Colour = tuple[float, float, float, float]
Stamp = tuple[str, int, int, int, int, float, float, float, Colour, str]
"""A part of a file laid into a picture: file, left, top, width, height in pixels; scale; x, y of its middle in tiles;
tint; how: "", "add" or "shadow"."""


@dataclass(frozen=True)
class Strip:
    """The frames of one layer, as it looks from one side."""

    frames: tuple[tuple[str, int, int], ...]  # file, left, top
    width: int
    height: int
    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    tint: Colour = (1.0, 1.0, 1.0, 1.0)
    how: str = ""
    speed: float = 1.0  # frames a tick

    def stamp(self, index: int) -> Stamp:
        """One frame; they go round."""
        file, left, top = self.frames[index % len(self.frames)]
        return (
            file, left, top, self.width, self.height, self.scale, self.x, self.y, self.tint, self.how,
        )  # fmt: skip

    def moved(self, x: float, y: float) -> Strip:
        """The same, elsewhere."""
        return replace(self, x=self.x + x, y=self.y + y)

    def tinted(self, tint: Colour) -> Strip:
        """The same, in another colour."""
        return replace(self, tint=tint)


@dataclass(frozen=True)
class Side:
    """From where a thing is seen. turn: clockwise from north, in turns. variant: any number."""

    turn: float = 0.0
    variant: int = 0
    sheet: bool = field(default=False, kw_only=True)  # one picture for each quarter, side by side

    @property
    def quarter(self) -> int:
        """0 … 3 from north, clockwise."""
        return round(self.turn * 4) % 4


def strips(value: Any, side: Side = Side()) -> list[Strip]:
    """The layers of any kind of picture, lowest first; empty for what isn't one, or can't be."""
    if isinstance(value, list):
        named = [v for v in value if isinstance(v, (dict, list))]
        return strips(named[side.variant % len(named)], side) if named else []
    if not isinstance(value, dict):
        return []
    for many in ("layers", "sheets"):
        if isinstance(value.get(many), list):
            of_sheet = replace(side, sheet=True) if many == "sheets" else side
            return [strip for layer in value[many] for strip in strips(layer, of_sheet)]
    if isinstance(value.get("sheet"), dict):
        return strips(value["sheet"], replace(side, sheet=True))
    if any(key in value for key in ("filename", "filenames", "stripes")):
        leaf = _leaf(value, side)
        return [leaf] if leaf is not None else []
    ways = EIGHTHS if any(way in value for way in EIGHTHS[1::2]) else QUARTERS
    way = ways[round(side.turn * len(ways)) % len(ways)]
    # What looks alike from all sides has only one.
    return strips(value.get(way) or value.get("north"), side)


def _number(raw: dict[str, Any], key: str, default: float) -> float:
    value = raw.get(key)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return default


def _count(raw: dict[str, Any], key: str, default: int = 1) -> int:
    return int(min(max(_number(raw, key, default), 0), 1e6))


def pair(value: Any) -> tuple[float, float]:
    """A vector, however it is written; (0, 0) for what is none."""
    if isinstance(value, dict):
        value = [value.get("x", 0), value.get("y", 0)]
    if not isinstance(value, list) or len(value) < 2:
        return 0.0, 0.0
    x, y = value[:2]
    good = all(isinstance(v, (int, float)) and math.isfinite(v) and abs(v) < 1000 for v in (x, y))
    return (float(x), float(y)) if good else (0.0, 0.0)


def colour(value: Any) -> Colour:
    """A colour, however it is written: by name or by place, up to 1 or up to 255."""
    if isinstance(value, dict):
        value = [value.get("r", 0), value.get("g", 0), value.get("b", 0), value.get("a")]
    if not isinstance(value, list) or len(value) < 3:
        return 1.0, 1.0, 1.0, 1.0
    parts = [float(v) if isinstance(v, (int, float)) else 0.0 for v in value[:3]]
    most = 255.0 if max(*parts, *(v for v in value[3:4] if isinstance(v, (int, float)))) > 1 else 1.0
    alpha = value[3] if len(value) > 3 and isinstance(value[3], (int, float)) else most
    red, green, blue, opacity = (min(max(v / most, 0.0), 1.0) for v in (*parts, alpha))
    return red, green, blue, opacity


def _leaf(raw: dict[str, Any], side: Side) -> Strip | None:
    """One sprite sheet, from one side. None if it says nothing that can be drawn, or is only to be seen at night."""
    if raw.get("draw_as_light") and not raw.get("draw_as_glow"):
        return None
    size = raw.get("size")
    both = size if isinstance(size, list) and len(size) == 2 else [size, size]
    square = {"width": both[0], "height": both[1]}
    width, height = (_count(raw, key, _count(square, key, 0)) for key in ("width", "height"))
    scale = _number(raw, "scale", 1.0)
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS and 0 < scale <= 64):
        return None
    frames = min(max(_count(raw, "frame_count"), 1), MOST_FRAMES)
    directions = max(_count(raw, "direction_count"), 1)
    variations = max(_count(raw, "variation_count"), 1)
    row = 0
    if directions > 1:
        share = side.turn * (2 if raw.get("back_equals_front") else 1)
        row = round(share * directions) % directions
    elif variations > 1:
        row = side.variant % variations
    left, top = _count(raw, "x", 0), _count(raw, "y", 0)
    position = raw.get("position")
    if isinstance(position, list) and len(position) == 2:
        left, top = (int(p) if isinstance(p, (int, float)) and 0 <= p < 1e6 else 0 for p in position)
    if side.sheet and directions == variations == 1:
        left += width * (side.quarter % max(1, _count(raw, "frames", 4)))
    several = max(directions, variations)
    line = _count(raw, "line_length", 0) or (frames if several > 1 and frames > 1 else frames * several)
    places = []
    for frame in sequence(raw, frames):
        place = _place(raw, row * frames + frame, frame, row, frames, line, (left, top, width, height))
        if place is None:
            return None
        places.append(place)
    x, y = pair(raw.get("shift"))
    tint = colour(raw["tint"]) if "tint" in raw else (1.0, 1.0, 1.0, 1.0)
    if raw.get("apply_runtime_tint"):
        tint = PLAYER
    how = "shadow" if raw.get("draw_as_shadow") else ""
    if raw.get("blend_mode") in ("additive", "additive-soft"):
        how = "add"
    return Strip(tuple(places), width, height, scale, x, y, tint, how, _number(raw, "animation_speed", 1.0))


def sequence(raw: dict[str, Any], frames: int) -> list[int]:
    """In which order the frames of an animation come."""
    given = raw.get("frame_sequence")
    if isinstance(given, list) and given:
        return [
            min(max(int(n) - 1, 0), frames - 1) for n in given[:MOST_FRAMES] if isinstance(n, (int, float))
        ]
    forward = list(range(frames))
    if raw.get("run_mode") == "backward":
        return forward[::-1]
    if raw.get("run_mode") == "forward-then-backward" and frames > 2:
        return forward + forward[-2:0:-1]
    return forward


def _place(
    raw: dict[str, Any], index: int, frame: int, row: int, frames: int, line: int, box: tuple[int, int, int, int]
) -> tuple[str, int, int] | None:  # fmt: skip
    """File and corner of one frame."""
    left, top, width, height = box
    stripes = raw.get("stripes")
    if isinstance(stripes, list):
        blocks = [s for s in stripes if isinstance(s, dict) and isinstance(s.get("filename"), str)]
        wide = [max(1, _count(s, "width_in_frames")) for s in blocks]
        # Side by side they hold more frames, one below the other more directions.
        beside = sum(wide) == frames and max(wide, default=0) < frames
        for block, across in zip(blocks, wide, strict=True):
            down = max(1, _count(block, "height_in_frames"))
            if (frame < across) if beside else (row < down):
                if frame >= across:
                    return None
                x, y = _count(block, "x", 0), _count(block, "y", 0)
                return block["filename"], x + frame * width, y + row * height
            frame, row = (frame - across, row) if beside else (frame, row - down)
        return None
    column, below = index % line, index // line
    names = raw.get("filenames")
    if isinstance(names, list) and names:
        each = max(1, _count(raw, "lines_per_file", 1))
        number = below // each
        if number >= len(names) or not isinstance(names[number], str):
            return None
        return names[number], left + column * width, top + below % each * height
    name = raw.get("filename")
    return (name, left + column * width, top + below * height) if isinstance(name, str) else None
