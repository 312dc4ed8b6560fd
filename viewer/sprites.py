"""Small pictures of what stands in a world, drawn by this code and kept for each size.

All of a machine's art is described in tiles around its centre, facing north; turning it is turning the picture.
"""

from __future__ import annotations

import colorsys
import math
import zlib
from collections.abc import Callable
from functools import lru_cache

from PIL import Image

from viewer.canvas import Canvas, Colour, Point, shade

OUTLINE: Colour = (22, 24, 27)
GLOW: Colour = (255, 158, 45)

ITEM_COLOURS: dict[str, Colour] = {
    "iron-ore": (92, 140, 172),
    "copper-ore": (200, 108, 62),
    "coal": (30, 30, 34),
    "stone": (176, 154, 110),
    "uranium-ore": (120, 200, 60),
    "crude-oil": (30, 22, 34),
    "wood": (140, 96, 52),
    "iron-plate": (196, 205, 214),
    "copper-plate": (238, 142, 82),
    "steel-plate": (148, 160, 176),
    "stone-brick": (196, 178, 140),
    "iron-gear-wheel": (150, 156, 160),
    "copper-cable": (226, 120, 60),
    "electronic-circuit": (96, 186, 84),
    "advanced-circuit": (206, 62, 58),
    "processing-unit": (84, 110, 214),
    "plastic-bar": (232, 232, 232),
    "sulfur": (226, 206, 62),
    "automation-science-pack": (214, 66, 66),
    "logistic-science-pack": (84, 180, 84),
    "military-science-pack": (120, 124, 132),
    "chemical-science-pack": (84, 170, 210),
    "production-science-pack": (160, 92, 190),
    "utility-science-pack": (222, 190, 76),
    "space-science-pack": (232, 232, 240),
}

BELT_COLOURS: dict[str, Colour] = {"": (232, 186, 54), "fast-": (226, 74, 62), "express-": (72, 160, 232)}
CHEST_COLOURS: dict[str, Colour] = {
    "wooden-chest": (150, 104, 58),
    "iron-chest": (152, 158, 164),
    "steel-chest": (112, 130, 152),
}
INSERTER_COLOURS: dict[str, Colour] = {
    "burner-inserter": (140, 132, 120),
    "inserter": (222, 180, 52),
    "long-handed-inserter": (212, 76, 64),
    "fast-inserter": (72, 150, 222),
    "filter-inserter": (164, 98, 200),
    "bulk-inserter": (120, 196, 92),
    "stack-inserter": (120, 196, 92),
}
MACHINE_COLOURS: dict[str, Colour] = {
    "assembling-machine-1": (122, 128, 134),
    "assembling-machine-2": (74, 124, 176),
    "assembling-machine-3": (196, 178, 74),
    "burner-mining-drill": (136, 122, 104),
    "electric-mining-drill": (178, 148, 62),
    "stone-furnace": (158, 144, 118),
    "steel-furnace": (118, 126, 136),
    "electric-furnace": (132, 150, 168),
    "lab": (206, 214, 222),
    "boiler": (170, 92, 58),
    "chemical-plant": (96, 150, 140),
    "oil-refinery": (110, 122, 130),
    "pumpjack": (70, 130, 90),
    "rocket-silo": (120, 124, 130),
}


def item_colour(name: str) -> Colour:
    """The colour an item (or ore) is drawn in; a name that has none of its own gets a stable one."""
    known = ITEM_COLOURS.get(name)
    return known if known else _hashed(name, 0.55, 0.85)


@lru_cache(maxsize=512)
def _hashed(name: str, saturation: float, value: float) -> Colour:
    # crc32 and not hash(): the same name has to have the same colour in every process.
    hue = zlib.crc32(name.encode()) % 360 / 360
    r, g, b = colorsys.hsv_to_rgb(hue, saturation, value)
    return (round(r * 255), round(g * 255), round(b * 255))


def gear(c: Canvas, x: float, y: float, r: float, fill: Colour, teeth: int = 8) -> None:
    """A cog wheel, the sign of a machine that makes things."""
    for i in range(teeth):
        a = math.tau * i / teeth
        px, py = math.cos(a), math.sin(a)
        c.line([(x + px * r * 0.5, y + py * r * 0.5), (x + px * r, y + py * r)], fill, r * 0.36)
    c.circle(x, y, r * 0.76, fill)
    c.circle(x, y, r * 0.32, shade(fill, 0.45))


def chevron(c: Canvas, x: float, y: float, size: float, angle: float, fill: Colour) -> None:
    """An arrow head pointing `angle` degrees clockwise from north."""
    a = math.radians(angle)

    def turned(px: float, py: float) -> Point:
        return (x + px * math.cos(a) - py * math.sin(a), y + px * math.sin(a) + py * math.cos(a))

    c.line(
        [turned(-size, size * 0.55), turned(0, -size * 0.45), turned(size, size * 0.55)], fill, size * 0.52
    )


# --- belts ------------------------------------------------------------------------------------------------


def _belt_colour(name: str) -> Colour:
    prefix = next((p for p in ("express-", "fast-") if name.startswith(p)), "")
    return BELT_COLOURS[prefix]


BELT_BODY: Colour = (62, 62, 66)
BELT_EDGE: Colour = (104, 104, 108)


@lru_cache(maxsize=4096)
def belt(name: str, quarter: int, shape: str, phase: int, scale: float) -> Image.Image:
    """One tile of belt: `quarter` 0 north … 3 west, `phase` 0 … 3 moves the arrows along."""
    # Without a margin: an arrow that crosses into the next tile is cut here and goes on there.
    c = Canvas(1, 1, scale, margin=0)
    side = {"left": -1, "right": 1}.get(shape, 0)
    if side == 0:
        c.rect(-0.46, -0.6, 0.46, 0.6, BELT_EDGE)
        c.rect(-0.37, -0.6, 0.37, 0.6, BELT_BODY)
    else:
        # From the side that feeds it to the north edge: a quarter circle around that corner.
        start = 0 if side < 0 else 90
        c.ring(side * 0.5, -0.5, 0.96, start, start + 90, BELT_EDGE, 0.92)
        c.ring(side * 0.5, -0.5, 0.87, start, start + 90, BELT_BODY, 0.74)
    for part in (-0.25, 0.25, 0.75, 1.25):
        x, y, angle = _on_belt(part + phase / 8, side)
        chevron(c, x, y, 0.2, angle, _belt_colour(name))
    return c.finish(quarter, shadow=False)


def _on_belt(t: float, side: int) -> tuple[float, float, float]:
    """The point after `t` tiles on a belt that leaves north, and the direction there in degrees.

    `side` is -1 or 1 where the belt comes in from the west or the east, 0 where it is straight.
    """
    if side == 0 or t >= 1:
        return 0.0, 0.5 - t, 0.0
    if t <= 0:
        return side * (0.5 - t), 0.0, -side * 90.0
    a = math.radians(90 * (1 - t))
    return side * 0.5 * (1 - math.cos(a)), -0.5 + 0.5 * math.sin(a), -side * 90 * (1 - t)


@lru_cache(maxsize=1024)
def underground(name: str, quarter: int, is_input: bool, scale: float) -> Image.Image:
    """The mouth of an underground belt: half a tile of belt under a hood."""
    c = Canvas(1, 1, scale)
    colour = _belt_colour(name)
    c.rect(-0.46, -0.5, 0.46, 0.5, BELT_EDGE)
    c.rect(-0.37, -0.5, 0.37, 0.5, BELT_BODY)
    chevron(c, 0, 0.28 if is_input else -0.28, 0.2, 0, colour)
    top, bottom = (-0.5, 0.08) if is_input else (-0.08, 0.5)
    c.rect(-0.5, top, 0.5, bottom, shade(colour, 0.75), 0.12, OUTLINE)
    c.rect(-0.34, top + 0.12, 0.34, bottom - 0.12, shade(colour, 0.35), 0.06)
    return c.finish(quarter)


@lru_cache(maxsize=1024)
def splitter(name: str, quarter: int, scale: float) -> Image.Image:
    """A splitter, two belts wide."""
    c = Canvas(2, 1, scale)
    colour = _belt_colour(name)
    for x in (-0.5, 0.5):
        c.rect(x - 0.46, -0.5, x + 0.46, 0.5, BELT_BODY)
        chevron(c, x, -0.3, 0.18, 0, colour)
    c.rect(-0.96, -0.16, 0.96, 0.34, shade(colour, 0.8), 0.1, OUTLINE)
    c.line([(-0.5, 0.09), (0.5, 0.09)], shade(colour, 0.4), 0.08)
    return c.finish(quarter)


# --- machines ---------------------------------------------------------------------------------------------


def _body(c: Canvas, w: float, h: float, colour: Colour, radius: float = 0.14) -> None:
    x, y = w / 2 - 0.08, h / 2 - 0.08
    c.rect(-x, -y, x, y, shade(colour, 0.55), radius, OUTLINE)
    c.rect(-x + 0.1, -y + 0.08, x - 0.1, y - 0.2, colour, radius)


def _drill(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    colour = MACHINE_COLOURS.get(name, (150, 130, 90))
    _body(c, w, h, colour)
    r = min(w, h) * 0.3
    c.circle(0, 0.06, r * 1.12, (44, 40, 36), OUTLINE)
    for i in range(3):
        a = math.tau * i / 3 + (0.5 if working else 0)
        c.poly(
            [
                (0, 0.06),
                (math.cos(a) * r, 0.06 + math.sin(a) * r),
                (math.cos(a + 1.1) * r, 0.06 + math.sin(a + 1.1) * r),
            ],
            (212, 216, 220) if working else (150, 152, 154),
        )
    c.circle(0, 0.06, r * 0.3, (70, 72, 76))
    # Where what it mines comes out: the mouth faces the drill's direction.
    c.poly([(-0.2, -h / 2 + 0.3), (0.2, -h / 2 + 0.3), (0, -h / 2)], (255, 214, 84))


def _furnace(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    colour = MACHINE_COLOURS.get(name, (150, 140, 120))
    _body(c, w, h, colour, 0.3)
    c.circle(0, -h * 0.08, min(w, h) * 0.3, shade(colour, 0.72))
    c.circle(0, -h * 0.08, min(w, h) * 0.18, (48, 42, 38) if not working else (255, 120, 30))
    mouth = GLOW if working else (40, 34, 30)
    c.rect(-w * 0.2, h * 0.2, w * 0.2, h * 0.4, shade(mouth, 0.6), 0.12)
    c.rect(-w * 0.14, h * 0.24, w * 0.14, h * 0.38, mouth, 0.1)
    if working:
        c.poly([(-w * 0.1, h * 0.38), (w * 0.1, h * 0.38), (0, h * 0.22)], (255, 232, 140))


def _assembler(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    colour = MACHINE_COLOURS.get(name, (120, 126, 132))
    _body(c, w, h, colour)
    gear(c, 0, 0, min(w, h) * 0.32, (226, 230, 234) if working else (150, 154, 158))


def _lab(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    _body(c, w, h, MACHINE_COLOURS["lab"], 0.5)
    c.circle(0, 0, w * 0.3, (120, 200, 240) if working else (110, 124, 138), OUTLINE)
    c.circle(-w * 0.1, -h * 0.1, w * 0.08, (236, 246, 252))


def _boiler(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    _body(c, w, h, MACHINE_COLOURS["boiler"], 0.2)
    c.rect(-w * 0.4, -h * 0.12, w * 0.4, h * 0.1, (196, 200, 204), 0.1)
    c.circle(0, h * 0.25, 0.24, GLOW if working else (44, 36, 32), OUTLINE)


def _engine(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    _body(c, w, h, (120, 132, 126))
    for i in range(5):
        y = -h * 0.36 + i * h * 0.18
        c.rect(-w * 0.36, y - 0.12, w * 0.36, y + 0.12, (176, 188, 180) if working else (140, 148, 144), 0.1)
    c.circle(0, 0, w * 0.2, (90, 98, 94), OUTLINE)


def _pipe(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    c.circle(0, 0, 0.36, (104, 116, 122), OUTLINE)
    c.rect(-0.5, -0.2, 0.5, 0.2, (140, 152, 158))
    c.rect(-0.2, -0.5, 0.2, 0.5, (140, 152, 158))
    c.circle(0, 0, 0.2, (90, 170, 214))


def _pump(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    _body(c, w, h, (74, 128, 176))
    c.circle(0, 0, 0.3, (150, 210, 240), OUTLINE)


def _tank(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    c.circle(0, 0, min(w, h) * 0.46, (150, 158, 166), OUTLINE, 0.1)
    c.circle(0, 0, min(w, h) * 0.28, (190, 198, 204))


def _pole(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    wood = (140, 100, 62) if name.startswith("small") else (128, 136, 144)
    r = min(w, h) * 0.2
    c.line([(-w * 0.4, -0.16), (w * 0.4, -0.16)], wood, 0.12)
    c.circle(0, 0, r, shade(wood, 1.2), OUTLINE)
    for x in (-w * 0.36, w * 0.36):
        c.circle(x, -0.16, 0.09, (228, 140, 84))


def _solar(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    _body(c, w, h, (70, 82, 98))
    for i in range(3):
        for j in range(3):
            x, y = (i - 1) * w * 0.29, (j - 1) * h * 0.27
            c.rect(x - w * 0.12, y - h * 0.11, x + w * 0.12, y + h * 0.11, (52, 92, 168), 0.04)


def _accumulator(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    _body(c, w, h, (150, 154, 160))
    c.poly([(0.15, -0.6), (-0.35, 0.1), (0, 0.1), (-0.15, 0.6), (0.35, -0.1), (0, -0.1)], (250, 216, 80))


def _turret(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    c.circle(0, 0, min(w, h) * 0.44, (122, 116, 96), OUTLINE, 0.1)
    c.line([(0, 0), (0, -h * 0.5)], (70, 74, 78), 0.26)
    c.circle(0, 0, min(w, h) * 0.22, (160, 152, 120))


def _wall(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    c.rect(-w / 2, -h / 2, w / 2, h / 2, (132, 128, 120), 0.06, OUTLINE)
    c.line([(-w / 2, 0), (w / 2, 0)], (92, 88, 82), 0.06)
    c.line([(0, -h / 2), (0, 0)], (92, 88, 82), 0.06)


def _pumpjack(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    _body(c, w, h, MACHINE_COLOURS["pumpjack"])
    c.line([(-w * 0.34, h * 0.2), (w * 0.3, -h * 0.25)], (226, 196, 80), 0.28)
    c.circle(w * 0.3, -h * 0.25, 0.32, (60, 64, 62), OUTLINE)


def _chemical(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    _body(c, w, h, MACHINE_COLOURS.get(name, (96, 150, 140)))
    c.poly(
        [(-0.2, -0.7), (0.2, -0.7), (0.2, -0.1), (0.75, 0.8), (-0.75, 0.8), (-0.2, -0.1)],
        (210, 226, 232) if working else (150, 162, 168),
    )
    c.poly([(-0.42, 0.3), (0.42, 0.3), (0.66, 0.74), (-0.66, 0.74)], (236, 120, 190))


def _chest(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    colour = CHEST_COLOURS.get(name, (110, 150, 190))
    c.rect(-0.4, -0.36, 0.4, 0.36, shade(colour, 0.6), 0.08, OUTLINE)
    c.rect(-0.34, -0.3, 0.34, 0.02, colour, 0.06)
    c.rect(-0.34, 0.08, 0.34, 0.3, shade(colour, 0.8), 0.04)
    c.rect(-0.08, -0.05, 0.08, 0.16, (240, 214, 110), 0.03)


def _inserter(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    colour = INSERTER_COLOURS.get(name, (180, 170, 110))
    c.rect(-0.3, -0.3, 0.3, 0.3, (70, 72, 76), 0.1, OUTLINE)
    c.circle(0, 0, 0.2, colour)
    # A small notch on the side where it puts things down, so that an idle one still shows which way it works.
    c.poly([(-0.14, 0.32), (0.14, 0.32), (0, 0.46)], colour)


def _tree(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    dead = name.startswith(("dead", "dry"))
    base: Colour = (112, 92, 66) if dead else (46 + zlib.crc32(name.encode()) % 34, 104, 46)
    if dead:
        for a in (0.3, 1.7, 2.9, 4.2, 5.3):
            c.line([(0, 0), (math.cos(a) * 0.6, math.sin(a) * 0.6)], base, 0.1)
        return
    for x, y, r, f in (
        (0.1, 0.14, 0.62, 0.7),
        (-0.22, -0.06, 0.46, 0.95),
        (0.2, -0.2, 0.4, 1.2),
        (-0.1, -0.3, 0.22, 1.45),
    ):
        c.circle(x, y, r, shade(base, f))


def _rock(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    x, y = w / 2, h / 2
    c.poly(
        [(-x, y * 0.5), (-x * 0.6, -y * 0.6), (x * 0.1, -y), (x * 0.9, -y * 0.3), (x, y * 0.7), (0, y)],
        (112, 104, 94),
    )
    c.poly([(-x * 0.6, -y * 0.5), (x * 0.1, -y * 0.9), (x * 0.4, -y * 0.2), (-x * 0.3, 0)], (146, 136, 122))


def _dropped(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    c.circle(0, 0, 0.2, (214, 208, 196), OUTLINE)


def _unknown(c: Canvas, name: str, w: float, h: float, working: bool) -> None:
    _body(c, w, h, _hashed(name, 0.32, 0.66))
    initials = "".join(word[0] for word in name.split("-") if word and not word.isdigit())[:3].upper()
    c.text(0, -0.04, initials, min(w, h) * 0.42, (244, 246, 248))


Artist = Callable[[Canvas, str, float, float, bool], None]
ARTISTS_BY_TYPE: dict[str, Artist] = {
    "mining-drill": _drill,
    "furnace": _furnace,
    "assembling-machine": _assembler,
    "lab": _lab,
    "boiler": _boiler,
    "generator": _engine,
    "pipe": _pipe,
    "pipe-to-ground": _pipe,
    "offshore-pump": _pump,
    "pump": _pump,
    "storage-tank": _tank,
    "electric-pole": _pole,
    "solar-panel": _solar,
    "accumulator": _accumulator,
    "ammo-turret": _turret,
    "electric-turret": _turret,
    "wall": _wall,
    "container": _chest,
    "logistic-container": _chest,
    "inserter": _inserter,
    "tree": _tree,
    "simple-entity": _rock,
    "item-entity": _dropped,
}
ARTISTS_BY_NAME: dict[str, Artist] = {
    "pumpjack": _pumpjack,
    "chemical-plant": _chemical,
    "oil-refinery": _chemical,
}
TURNS = frozenset({"mining-drill", "inserter", "boiler", "generator", "offshore-pump", "ammo-turret", "pump"})
"""Types whose picture says which way they face; the others look the same from every side."""


@lru_cache(maxsize=4096)
def machine(
    name: str, kind: str, width: float, height: float, quarter: int, working: bool, scale: float
) -> Image.Image:
    """The picture of one entity that is not a belt.

    Args:
        name, kind: the prototype's name and type.
        width, height: tiles it covers as it stands, that is, after turning.
        quarter: 0 north … 3 west.
        working: lit up and moving, or dark.
        scale: pixels per tile.
    """
    turn = quarter if kind in TURNS else 0
    w, h = (height, width) if turn % 2 else (width, height)
    c = Canvas(w, h, scale)
    artist = ARTISTS_BY_NAME.get(name) or ARTISTS_BY_TYPE.get(kind, _unknown)
    artist(c, name, w, h, working)
    return c.finish(turn)


# --- small things -----------------------------------------------------------------------------------------


@lru_cache(maxsize=2048)
def ore(name: str, variant: int, richness: int, scale: float) -> Image.Image:
    """One tile of ore: a few stones, more of them the more is left (`richness` 0 … 3)."""
    c = Canvas(1, 1, scale)
    colour = item_colour(name)
    if name in ("crude-oil",):
        for x, y, r in ((0, 0, 0.46), (0.24, 0.2, 0.28), (-0.26, 0.16, 0.24)):
            c.circle(x, y, r, (26, 18, 30))
        c.circle(-0.08, -0.1, 0.14, (96, 70, 120))
        return c.finish(shadow=False)
    seed = zlib.crc32(f"{name}{variant}".encode())
    for i in range(5 + richness * 2):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        x = (seed >> 8 & 255) / 255 * 0.86 - 0.43
        y = (seed >> 16 & 255) / 255 * 0.86 - 0.43
        r = 0.1 + (seed >> 4 & 15) / 15 * 0.08
        c.circle(x + 0.03, y + 0.03, r, shade(colour, 0.5))
        c.circle(x, y, r, shade(colour, 0.7 + i % 3 * 0.15))
    return c.finish(shadow=False)


@lru_cache(maxsize=1024)
def item(name: str, scale: float) -> Image.Image:
    """An item lying on a belt or held by an inserter."""
    c = Canvas(0.4, 0.4, scale)
    colour = item_colour(name)
    edge = OUTLINE if sum(colour) > 240 else (140, 140, 146)
    if name.endswith(("-plate", "-brick", "-bar", "-circuit", "-unit")):
        c.rect(-0.17, -0.13, 0.17, 0.13, colour, 0.04, edge, 0.04)
        c.line([(-0.1, -0.06), (0.08, -0.06)], shade(colour, 1.25), 0.05)
    elif name.endswith("gear-wheel"):
        gear(c, 0, 0, 0.18, colour)
    else:
        c.circle(0, 0, 0.17, colour, edge, 0.04)
        c.circle(-0.05, -0.06, 0.05, shade(colour, 1.5))
    return c.finish(shadow=False)


@lru_cache(maxsize=2048)
def arm(name: str, step: int, length: int, scale: float) -> Image.Image:
    """An inserter's arm: `step` in 64ths of a turn clockwise from north, `length` in eighths of a tile."""
    reach = length / 8
    c = Canvas(2 * reach + 0.5, 2 * reach + 0.5, scale)
    a = math.tau * step / 64
    tip = (math.sin(a) * reach, -math.cos(a) * reach)
    colour = INSERTER_COLOURS.get(name, (180, 170, 110))
    c.line([(0, 0), tip], OUTLINE, 0.18)
    c.line([(0, 0), tip], shade(colour, 1.1), 0.11)
    c.circle(*tip, 0.1, shade(colour, 0.7), OUTLINE, 0.03)
    return c.finish()


@lru_cache(maxsize=64)
def character(quarter: int, scale: float) -> Image.Image:
    """The player's figure in its orange suit, over a bright ring that makes it easy to find."""
    c = Canvas(2, 2, scale)
    c.circle(0, 0, 0.86, None, (255, 236, 130), 0.07)
    c.rect(-0.42, -0.2, 0.42, 0.3, (214, 116, 40), 0.22, OUTLINE)
    c.rect(-0.5, -0.3, -0.26, 0.12, (236, 142, 60), 0.12, OUTLINE, 0.04)
    c.rect(0.26, -0.3, 0.5, 0.12, (236, 142, 60), 0.12, OUTLINE, 0.04)
    c.circle(0, 0, 0.28, (250, 176, 84), OUTLINE)
    c.poly([(-0.2, -0.08), (0.2, -0.08), (0.14, -0.26), (-0.14, -0.26)], (90, 200, 230))
    return c.finish(quarter)


@lru_cache(maxsize=64)
def warning(colour: Colour, sign: str, scale: float) -> Image.Image:
    """A small triangle over a machine that can't work."""
    c = Canvas(0.8, 0.8, scale)
    c.poly([(0, -0.4), (0.44, 0.36), (-0.44, 0.36)], OUTLINE)
    c.poly([(0, -0.3), (0.34, 0.3), (-0.34, 0.3)], colour)
    c.text(0, 0.1, sign, 0.42, (24, 20, 16))
    return c.finish(shadow=False)
