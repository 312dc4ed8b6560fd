"""What is drawn over and between entities: letters, wires, smoke, badges, plain colours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.art.signs import GLYPH_EDGE, PUFFS
from viewer.atlas import Atlas
from viewer.display_list import QUAD, WHITE, Order, Quads, tint
from viewer.view import View

BADGES = {
    "no_power": "no-power",
    "not_plugged_in_electric_network": "no-power",
    "low_power": "low-power",
    "no_fuel": "no-fuel",
    "no_ingredients": "no-ingredients",
    "item_ingredient_shortage": "no-ingredients",
    "missing_required_fluid": "no-fluid",
    "fluid_ingredient_shortage": "no-fluid",
    "no_input_fluid": "no-fluid",
    "low_input_fluid": "no-fluid",
    "missing_science_packs": "no-ingredients",
    "full_output": "output-full",
    "full_burnt_result_output": "output-full",
    "no_recipe": "no-recipe",
    "no_minable_resources": "problem",
    "no_ammo": "problem",
    "broken": "problem",
}
"""Which badge ("badge/NAME") goes with a status; the others need none."""
GRID_LABEL = 18
"""Pixels that the coordinates are high."""
GRID_PIXELS = 80
"""Lines of the grid are at least so far apart."""
GRID_STEPS = tuple(digit * 10**power for power in range(6) for digit in (1, 2, 5))
SPACE = 0.28
"""Of a line's height."""
WIRE_PIECES = 6
GOLD = tint(1.0, 0.92, 0.55)
PALE = tint(0.85, 0.95, 1.0)
COPPER = tint(0.80, 0.52, 0.28)
SMOKE = tint(0.80, 0.77, 0.73, 0.95)
STEAM = tint(0.97, 0.98, 1.0, 0.85)
LIFE_TICKS, PUFFS_ALIVE, PUFF_STEPS = 128, 5, 24
"""How long a cloud is to be seen, how many there are of each place at once, and in how many sizes."""


def blank(atlas: Atlas, count: int, picture: str, order: int) -> Quads:
    """Quads of one picture, untinted, without place or size."""
    rows: Quads = np.zeros(count, QUAD)
    rows["cell"], rows["order"], rows["tint"] = atlas.cell(picture), order, WHITE
    return rows


def boxes(
    atlas: Atlas, x: NDArray[Any], y: NDArray[Any], w: NDArray[Any] | float, h: NDArray[Any] | float,
    tints: NDArray[Any] | int, order: int = Order.OVERLAY,
) -> Quads:  # fmt: skip
    """Plain rectangles by their middles, in tiles."""
    rows = blank(atlas, len(x), "white", order)
    rows["x"], rows["y"], rows["w"], rows["h"], rows["tint"] = x, y, w, h, tints
    return rows


def text(
    atlas: Atlas, x: float, y: float, words: str, height: float, tints: int = WHITE, anchor: float = 0.5,
    order: int = Order.LABEL,
) -> Quads:  # fmt: skip
    """A line of letters, so many tiles high. anchor: which point of it lies at x, 0 its beginning … 1 its end."""
    shown = [c if c == " " or f"glyph/{c}" in atlas.names else "?" for c in words]
    cells = [atlas.cell(f"glyph/{letter}") for letter in shown if letter != " "]
    at, places = 0.0, []
    for letter in shown:
        if letter == " ":
            at += SPACE
            continue
        w = float(atlas.cells["w"][atlas.cell(f"glyph/{letter}")]) - 2 * GLYPH_EDGE
        places.append(at + w / 2)
        at += w
    rows: Quads = np.zeros(len(cells), QUAD)
    rows["cell"] = cells
    rows["x"] = x + (np.array(places) - at * anchor) * height if places else 0
    rows["y"], rows["w"], rows["h"] = y, atlas.cells["w"][cells] * height, height
    rows["tint"], rows["order"] = tints, order
    # All dark edges lie beneath all letters, or each would cover the end of the one before it.
    edges = rows.copy()
    edges["cell"] = [atlas.cell(f"glyph-edge/{letter}") for letter in shown if letter != " "]
    edges["tint"], edges["order"] = WHITE, order - 1
    return np.concatenate((edges, rows))


def icons(
    atlas: Atlas, x: NDArray[Any], y: NDArray[Any], cells: NDArray[Any], size: NDArray[Any] | float
) -> Quads:
    """Icons on dark plates over machines: what they make, or what a filter lets pass. size: of the plate, in tiles."""
    plates = blank(atlas, len(x), "plate", Order.ICON - 1)
    plates["x"], plates["y"], plates["w"], plates["h"] = x, y, size, size
    signs = plates.copy()
    signs["cell"], signs["order"] = cells, Order.ICON
    signs["w"] = signs["h"] = np.asarray(size) * 0.84
    return np.concatenate((plates, signs))


def badges(
    atlas: Atlas, x: NDArray[Any], y: NDArray[Any], cells: NDArray[Any], scale: float, tick: float
) -> Quads:
    """Badges ("badge/" and a value of BADGES) over what stands still; they breathe, and stay large enough to be seen."""
    rows = blank(atlas, len(x), "white", Order.BADGE)
    rows["x"], rows["y"], rows["cell"] = x, y, cells
    rows["w"] = rows["h"] = max(0.85, 13 / scale) * (1 + 0.06 * math.sin(math.tau * tick / 60))
    return rows


def player(atlas: Atlas, x: float, y: float, name: str, scale: float) -> Quads:
    """A ring around a player's character, and its name above, so that it is found at any zoom."""
    ring = blank(atlas, 1, "ring", Order.CHARACTER - 1)
    size = max(1.5, 22 / scale)
    ring["x"], ring["y"], ring["w"], ring["h"], ring["tint"] = x, y, size, size, GOLD
    height = max(0.55, 15 / scale)
    return np.concatenate((ring, text(atlas, x, y - size / 2 - height * 0.5, name, height, GOLD)))


def station(atlas: Atlas, x: float, y: float, name: str, scale: float) -> Quads:
    """A train stop's name above it."""
    height = max(0.5, 14 / scale)
    return text(atlas, x, y - 1.0 - height * 0.5, name, height, PALE)


def grid(atlas: Atlas, view: View) -> Quads:
    """Lines at round coordinates, with the coordinates at the picture's edges, so that places can be named.

    A coordinate is written over its upright line at the top, and on its level line at the left.
    """
    step = next(s for s in GRID_STEPS if s * view.scale >= GRID_PIXELS)
    west, north, east, south = view.area
    xs = np.arange(math.ceil(west / step), math.floor(east / step) + 1) * float(step)
    ys = np.arange(math.ceil(north / step), math.floor(south / step) + 1) * float(step)
    thin = 1.0 / view.scale
    faint = tint(1, 1, 1, 0.22)
    rows = [
        boxes(atlas, xs, np.full(len(xs), view.y), thin, south - north, faint),
        boxes(atlas, np.full(len(ys), view.x), ys, east - west, thin, faint),
    ]
    height = GRID_LABEL / view.scale
    for y in ys:
        if north + height < y < south - height / 2:
            rows.append(text(atlas, west + height * 0.3, y, f"{y:.0f}", height, anchor=0))
    for x in xs:
        label = text(atlas, x, north + height * 0.7, f"{x:.0f}", height)
        # What would be cut off at the edge would be read as another number.
        if (label["x"] - label["w"] / 2).min() > west and (label["x"] + label["w"] / 2).max() < east:
            rows.append(label)
    return np.concatenate(rows)


def wires(
    atlas: Atlas, ax: NDArray[Any], ay: NDArray[Any], bx: NDArray[Any], by: NDArray[Any], tints: int = COPPER,
    least: float = 0.05,
) -> Quads:  # fmt: skip
    """Wires that sag between two points each, and their shadows. least: tiles that one is thick at least."""
    count = len(ax)
    # A renderer may turn pictures in steps only: where that is to be seen, pieces are shorter.
    pieces = WIRE_PIECES * (1 if least > 0.05 else 2 if least > 0.025 else 4)
    share = np.linspace(0, 1, pieces + 1)[:, None]
    sag = 4 * share * (1 - share) * np.minimum(np.hypot(bx - ax, by - ay) * 0.045, 0.5)
    px, py = ax + (bx - ax) * share, ay + (by - ay) * share + sag
    dx, dy = np.diff(px, axis=0), np.diff(py, axis=0)
    line = blank(atlas, pieces * count, "wire", Order.WIRE)
    line["x"], line["y"] = ((px[1:] + px[:-1]) / 2).ravel(), ((py[1:] + py[:-1]) / 2).ravel()
    line["w"] = (np.hypot(dx, dy) * 1.03).ravel()
    line["h"] = max(0.075, least * 1.5)
    line["angle"] = (np.arctan2(dy, dx) / math.tau).ravel()
    # Far away they would be a web over everything.
    line["tint"] = tints if least < 0.1 else tints & 0xFFFFFF | 0xA0000000
    shadow = line.copy()
    shadow["x"] += 0.35
    shadow["y"] += 0.55
    shadow["tint"], shadow["order"] = tint(0, 0, 0, 0.22), Order.WIRE_SHADOW
    return np.concatenate((shadow, line))


def smoke(
    atlas: Atlas,
    x: NDArray[Any],
    y: NDArray[Any],
    seed: NDArray[Any],
    tick: float,
    tints: int = SMOKE,
    scale: float = math.inf,
) -> Quads:
    """Clouds that rise from places, as they are at a tick. seed: a whole number for each place (its unit number).
    scale: pixels per tile: where clouds are small, fewer do.
    """
    alive = PUFFS_ALIVE if scale >= 16 else 2 if scale >= 10 else 1
    count, each = len(x), LIFE_TICKS / alive
    age = (np.mod(tick + seed * 7.3, each) + each * np.arange(alive)[:, None]).ravel()
    life = age / (LIFE_TICKS)
    # Which puff of its place it is: it keeps its looks while it rises.
    born = np.floor((tick + seed * 7.3) / each) - np.arange(alive)[:, None]
    luck = np.mod(np.sin(born * 12.9898 + seed * 78.233) * 43758.5453, 1).ravel()
    rows = blank(atlas, count * alive, "puff/0", Order.SMOKE)
    rows["x"] = np.tile(x, alive) + 1.1 * life + 0.5 * (luck - 0.5) * (0.2 + life)
    rows["y"] = np.tile(y, alive) - 2.3 * life
    # Size, angle and strength go in steps: a renderer that keeps what it has scaled and turned has it by then.
    step = np.floor(life * PUFF_STEPS) / PUFF_STEPS
    rows["w"] = rows["h"] = 0.65 + 1.5 * step
    rows["angle"] = np.floor(luck * 8) / 8
    rows["cell"] += (luck * PUFFS).astype(np.uint32)
    faded = (tints >> 24) * np.minimum((step + 0.04) * 6, 1) * (1 - step)
    rows["tint"] = np.uint32(tints & 0xFFFFFF) | faded.astype(np.uint32) << np.uint32(24)
    return rows
