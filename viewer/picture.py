"""The plain picture of a world: what stands where, drawn with Pillow from a scene.

A scene is what a world's `/scene x0 y0 x1 y1` answers; see `Scene`.
"""

from __future__ import annotations

import io
import math
import zlib
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from viewer import sprites
from viewer.canvas import Colour, shade

PIXELS_PER_TILE = 32
"""At zoom 1, as in the game's own `game.take_screenshot`."""
MIN_ZOOM, MAX_ZOOM = 0.1, 4.0
MIN_SIDE, MAX_SIDE = 16, 3840
MAP_EDGE = 1_000_000
"""Farthest coordinate of a Factorio map, in tiles."""
DETAIL_FROM = 5.0
"""Pixels per tile below which entities are coloured blocks: nothing finer could be made out."""


class Entity(TypedDict):
    """One entity of a scene: name, type, centre in tiles, direction 0 … 15, size in tiles as it stands."""

    n: str
    t: str
    x: float
    y: float
    d: int
    w: float
    h: float
    s: str | None
    recipe: NotRequired[str | None]
    shape: NotRequired[str]
    items: NotRequired[list[list[Any]]]
    hand: NotRequired[list[Any]]


class Character(TypedDict):
    """A player's figure: position in tiles, direction 0 … 15, name."""

    x: float
    y: float
    d: int
    name: NotRequired[str]


class Scene(TypedDict):
    """Everything in an area of a world at one tick.

    `tiles` are rectangles `[name, x, y, width, height]`, `resources` are `[name, x, y, amount]`.
    """

    tick: int
    area: list[float]
    tiles: list[list[Any]]
    resources: list[list[Any]]
    entities: list[Entity]
    characters: list[Character]


@dataclass(frozen=True)
class View:
    """What a picture shows: a centre in tiles, a zoom (1 = 32 pixels per tile), a size in pixels."""

    x: float
    y: float
    zoom: float = 0.5
    width: int = 1280
    height: int = 720

    def __post_init__(self) -> None:
        """Raise ValueError with a sentence a user can act on when a value can't be drawn."""
        for name, value in (("x", self.x), ("y", self.y)):
            if not math.isfinite(value) or abs(value) > MAP_EDGE:
                raise ValueError(f"{name} is {value}; it must be between {-MAP_EDGE} and {MAP_EDGE} tiles")
        if not math.isfinite(self.zoom) or not MIN_ZOOM <= self.zoom <= MAX_ZOOM:
            raise ValueError(f"zoom is {self.zoom}; it must be between {MIN_ZOOM} and {MAX_ZOOM}")
        for name, side in (("width", self.width), ("height", self.height)):
            if not MIN_SIDE <= side <= MAX_SIDE:
                raise ValueError(f"{name} is {side}; it must be between {MIN_SIDE} and {MAX_SIDE} pixels")

    @property
    def scale(self) -> float:
        """Pixels per tile."""
        return PIXELS_PER_TILE * self.zoom

    @property
    def area(self) -> tuple[float, float, float, float]:
        """The rectangle of the world that is seen, in tiles: west, north, east, south."""
        half_w, half_h = self.width / 2 / self.scale, self.height / 2 / self.scale
        return (self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the world lies in the picture."""
        return (
            (x - self.x) * self.scale + self.width / 2,
            (y - self.y) * self.scale + self.height / 2,
        )


TILE_COLOURS: tuple[tuple[str, Colour], ...] = (
    ("lab-dark-1", (45, 48, 52)),
    ("lab-dark-2", (52, 55, 60)),
    ("lab-white", (206, 208, 210)),
    ("out-of-map", (10, 10, 12)),
    ("deepwater", (27, 66, 92)),
    ("water", (38, 88, 116)),
    ("hazard-concrete", (150, 132, 60)),
    ("refined-concrete", (104, 104, 106)),
    ("concrete", (76, 79, 82)),
    ("stone-path", (112, 106, 96)),
    ("landfill", (92, 76, 48)),
    ("grass", (62, 72, 36)),
    ("dry-dirt", (106, 88, 60)),
    ("dirt", (90, 72, 46)),
    ("red-desert", (112, 72, 46)),
    ("sand", (134, 114, 74)),
)
UNSEEN: Colour = (18, 19, 21)
WORKING = frozenset({"working", "normal", "low_power"})
NO_WARNING = frozenset(
    {
        "working",
        "normal",
        "low_power",
        "waiting_for_source_items",
        "waiting_for_space_in_destination",
        "waiting_for_target_to_be_built",
        "full_output",
        "fully_charged",
        "charging",
        "discharging",
    }
)
"""Statuses of a machine that is doing its job or politely waiting; every other one earns a warning."""
GROUND_TYPES = frozenset({"transport-belt", "underground-belt", "splitter"})
MACHINE_TYPES = frozenset(
    {"mining-drill", "furnace", "assembling-machine", "lab", "boiler", "generator", "inserter", "pumpjack"}
)


def tile_colour(name: str) -> Colour:
    """The colour of a kind of ground; unknown kinds get a muted stable one."""
    for prefix, colour in TILE_COLOURS:
        if name.startswith(prefix):
            return colour
    grey = 60 + zlib.crc32(name.encode()) % 40
    return (grey, grey, grey)


def draw(scene: Scene, view: View) -> Image.Image:
    """Draw a scene as seen in a view.

    Args:
        scene: at least the view's area, with a tile or two around it so that nothing is cut at the edges.
        view: centre, zoom and size.

    Returns:
        An RGB image of the view's size.
    """
    image = _ground(scene, view)
    if view.scale < DETAIL_FROM:
        _blocks(image, scene, view)
    else:
        _details(image, scene, view)
    return image


def png(scene: Scene, view: View) -> bytes:
    """The drawing as a PNG file."""
    out = io.BytesIO()
    # Level 1: a tenth of the time of the default level for a file a fifth larger.
    draw(scene, view).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _ground(scene: Scene, view: View) -> Image.Image:
    x0, y0, x1, y1 = view.area
    left, top = math.floor(x0) - 1, math.floor(y0) - 1
    columns, rows = math.ceil(x1) + 1 - left, math.ceil(y1) + 1 - top
    grid = np.full((rows, columns, 3), UNSEEN, dtype=np.uint8)
    for name, x, y, w, h in scene["tiles"]:
        c, r = int(x) - left, int(y) - top
        grid[max(r, 0) : max(r + int(h), 0), max(c, 0) : max(c + int(w), 0)] = tile_colour(name)
    return Image.fromarray(grid, "RGB").resize(
        (view.width, view.height), Image.Resampling.NEAREST, (x0 - left, y0 - top, x1 - left, y1 - top)
    )


def _blocks(image: Image.Image, scene: Scene, view: View) -> None:
    pen = ImageDraw.Draw(image)

    def block(x: float, y: float, w: float, h: float, colour: Colour) -> None:
        a, b = view.pixel(x - w / 2, y - h / 2), view.pixel(x + w / 2, y + h / 2)
        pen.rectangle((a[0], a[1], max(a[0], b[0] - 1), max(a[1], b[1] - 1)), colour)

    for name, x, y, _ in scene["resources"]:
        block(x, y, 1, 1, shade(sprites.item_colour(name), 0.9))
    for e in scene["entities"]:
        colour = _block_colour(e)
        block(e["x"], e["y"], e["w"], e["h"], colour)
    for c in scene["characters"]:
        x, y = view.pixel(c["x"], c["y"])
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), (255, 150, 50), (255, 236, 130), 2)


def _block_colour(e: Entity) -> Colour:
    if e["t"] == "tree":
        return (50, 104, 46)
    if e["t"] in GROUND_TYPES:
        return (190, 156, 60)
    known = sprites.MACHINE_COLOURS.get(e["n"]) or sprites.CHEST_COLOURS.get(e["n"])
    return known or sprites.item_colour(e["n"])


def _details(image: Image.Image, scene: Scene, view: View) -> None:
    scale = view.scale

    def put(sprite: Image.Image, x: float, y: float) -> None:
        px, py = view.pixel(x, y)
        image.paste(sprite, (round(px - sprite.width / 2), round(py - sprite.height / 2)), sprite)

    for name, x, y, amount in scene["resources"]:
        variant = (int(x) * 73856093 ^ int(y) * 19349663) % 8
        richness = min(3, int(math.log10(max(1, amount)) - 0.5)) if amount >= 10 else 0
        put(sprites.ore(name, variant, richness, scale), x, y)

    belts = [e for e in scene["entities"] if e["t"] in GROUND_TYPES]
    phase = scene["tick"] // 8 % 4
    for e in belts:
        put(_belt_sprite(e, phase, scale), e["x"], e["y"])
    for e in belts:
        for name, x, y in e.get("items", ()):
            put(sprites.item(name, scale), x, y)

    standing = sorted((e for e in scene["entities"] if e["t"] not in GROUND_TYPES), key=lambda e: e["y"])
    for e in standing:
        working = e["s"] in WORKING
        sprite = sprites.machine(e["n"], e["t"], e["w"], e["h"], e["d"] // 4 % 4, working, scale)
        put(sprite, e["x"], e["y"])
        recipe = e.get("recipe")
        if recipe and e["t"] == "assembling-machine":
            put(sprites.item(recipe, scale * 2.5), e["x"], e["y"])
    for e in standing:
        hand = e.get("hand")
        if hand:
            _draw_arm(put, e, hand, scale)
    for e in standing:
        status = e["s"]
        if status and status not in NO_WARNING and e["t"] in MACHINE_TYPES:
            fuel = "fuel" in status or "power" in status
            sign = sprites.warning((244, 84, 60) if fuel else (250, 200, 70), "!", max(scale, 12))
            put(sign, e["x"] + e["w"] / 2 - 0.3, e["y"] - e["h"] / 2 + 0.3)
    for c in scene["characters"]:
        put(sprites.character(c["d"] // 4 % 4, max(scale, 12)), c["x"], c["y"])
        # One without a player of its own goes by its prototype's name, which says nothing.
        if c.get("name", "character") != "character":
            _label(image, view, c)


def _belt_sprite(e: Entity, phase: int, scale: float) -> Image.Image:
    quarter = e["d"] // 4 % 4
    if e["t"] == "splitter":
        return sprites.splitter(e["n"], quarter, scale)
    if e["t"] == "underground-belt":
        return sprites.underground(e["n"], quarter, e.get("shape") != "output", scale)
    return sprites.belt(e["n"], quarter, e.get("shape", "straight"), phase, scale)


def _draw_arm(put: Any, e: Entity, hand: list[Any], scale: float) -> None:
    dx, dy = hand[0] - e["x"], hand[1] - e["y"]
    step = round(math.atan2(dx, -dy) / math.tau * 64) % 64
    length = max(2, min(24, round(math.hypot(dx, dy) * 8)))
    put(sprites.arm(e["n"], step, length, scale), e["x"], e["y"])
    if len(hand) > 2 and hand[2]:
        put(sprites.item(hand[2], scale), hand[0], hand[1])


def _label(image: Image.Image, view: View, c: Character) -> None:
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(max(10, min(18, round(view.scale * 0.7))))
    x, y = view.pixel(c["x"], c["y"])
    y -= max(view.scale, 12) * 1.25
    pen.text(
        (x, y),
        c.get("name", ""),
        (255, 240, 170),
        font,
        anchor="ms",
        stroke_width=2,
        stroke_fill=(16, 16, 18),
    )
