"""Machines that dig, smelt, assemble, refine and research."""

from __future__ import annotations

import math
from collections.abc import Iterator

from viewer.art.makers import Sprite, frames
from viewer.art.palette import (
    BLACK,
    BRASS,
    COPPER,
    CREAM,
    DARK,
    EMBER,
    FIRE,
    GLASS,
    GUNMETAL,
    IRON,
    ORANGE,
    RED,
    RUST,
    STEEL,
    STONE,
    TEAL,
    WHITE,
    YELLOW,
)  # fmt: skip
from viewer.art.relief import Colour, Point, Relief, dark, light, mix, rgb
from viewer.atlas import Picture

ASSEMBLERS: dict[str, Colour] = {
    "assembling-machine-1": rgb("#a08d6c"),
    "assembling-machine-2": rgb("#4f86b4"),
    "assembling-machine-3": rgb("#9aa83c"),
}
BEAM_FRAMES = 8
CENTRIFUGES: tuple[Point, ...] = ((-0.55, -0.52), (0.62, -0.36), (0.02, 0.62))
"""Where the three of a centrifuge are."""


def corners(x: float, y: float) -> list[Point]:
    """Four points around the middle."""
    return [(a * x, b * y) for a in (-1, 1) for b in (-1, 1)]


def pictures() -> Iterator[Picture]:
    """Bodies, and what moves on them: "NAME/moving", "NAME/glow", "NAME/beam/FRAME"."""
    for sprite in SPRITES:
        yield from sprite.pictures()
    for quarter in range(4):
        yield from frames(f"pumpjack/beam/{quarter}", 3, 3, BEAM_FRAMES, _pumpjack_beam, quarter / 4)


# --- digging ------------------------------------------------------------------------------------------------


def _burner_drill(m: Relief) -> None:
    m.box(-0.93, -0.9, 0.93, 0.93, dark(RUST, 0.25), 0.28, 0.14, 0.08)
    m.box(-0.82, -0.74, 0.82, 0.82, mix(RUST, IRON, 0.35), 0.42, 0.12, 0.08)
    m.disc(0.08, 0.12, 0.60, dark(IRON, 0.35), 0.46)
    m.disc(0.08, 0.12, 0.50, BLACK, 0.30)
    # Its firebox and chimney, then the spout that it drops through, to the north.
    m.box(-0.86, -0.62, -0.42, 0.1, dark(RUST, 0.45), 0.55, 0.08, 0.06)
    m.disc(-0.64, -0.36, 0.17, IRON, 0.72)
    m.disc(-0.64, -0.36, 0.115, BLACK, 0.60)
    m.box(-0.78, -0.1, -0.5, 0.04, BLACK, 0.56, 0.03, 0.02)
    m.box(0.0 - 0.72, -1.0, -0.28, -0.66, GUNMETAL, 0.3, 0.04)
    m.box(-0.66, -1.0, -0.34, -0.72, BLACK, 0.22, 0.03)
    m.bolts([(0.7, 0.7), (0.7, -0.6), (-0.68, 0.7)], STEEL, 0.44, 0.055)


def _electric_drill(m: Relief) -> None:
    m.box(-1.42, -1.36, 1.42, 1.42, GUNMETAL, 0.22, 0.20, 0.08)
    for a, b in ((-1.2, -1.2), (1.2, 1.2), (-1.2, 1.2), (1.2, -1.2)):
        m.disc(a * 0.98, b * 0.98, 0.27, mix(IRON, ORANGE, 0.75), 0.40, bevel=0.06)
        m.disc(a * 0.98, b * 0.98, 0.13, DARK, 0.44, dome=0.06, gloss=0.5)
    m.box(-1.12, -1.12, 1.12, 1.12, mix(IRON, STEEL, 0.4), 0.55, 0.32, 0.10)
    m.box(-0.98, -0.98, 0.98, 0.98, dark(IRON, 0.1), 0.60, 0.3, 0.06)
    m.disc(0, 0.02, 0.86, DARK, 0.62)
    m.disc(0, 0.02, 0.76, BLACK, 0.34)
    for x in (-1.27, 1.27):
        m.vents(x - 0.10, -0.42, x + 0.10, 0.42, 6)
    # The spout to the north, with an accent that tells where it drops.
    m.box(-0.30, -1.5, 0.30, -0.98, mix(GUNMETAL, ORANGE, 0.7), 0.46, 0.05, 0.05)
    m.box(-0.20, -1.5, 0.20, -1.08, BLACK, 0.30, 0.03, 0.02)
    m.poly([(-0.15, -0.86 + 0.02), (0, -1.02), (0.15, -0.84)], light(ORANGE, 0.3), None)


def _drill_head(m: Relief, r: float, accent: Colour) -> None:
    m.gear(0, 0, r, mix(STEEL, accent, 0.15), 0.55, 9, hole=0.0, depth=0.2)
    m.disc(0, 0, r * 0.66, dark(STEEL, 0.25), 0.60)
    for i in range(3):
        turn = math.tau * i / 3
        tip = (math.cos(turn) * r * 0.86, math.sin(turn) * r * 0.86)
        m.rod((0, 0), tip, r * 0.30, mix(accent, STEEL, 0.15), 0.72, gloss=0.4, end=r * 0.16)
    m.disc(0, 0, r * 0.28, light(STEEL, 0.1), 0.80, dome=0.08, gloss=0.6)


def _pumpjack(m: Relief) -> None:
    m.box(-1.3, -1.1, 1.3, 1.3, dark(GUNMETAL, 0.1), 0.16, 0.2, 0.06)
    m.box(-1.05, 0.25, -0.2, 1.15, mix(IRON, TEAL, 0.35), 0.52, 0.1, 0.07)
    m.vents(-0.92, 0.42, -0.34, 0.98, 5)
    m.disc(0.62, -0.55, 0.44, DARK, 0.24)
    m.disc(0.62, -0.55, 0.32, BLACK, 0.16)
    m.disc(0.62, -0.55, 0.18, BRASS, 0.34, gloss=0.4)
    m.bolts(corners(1.12, 0.92), STEEL, 0.2, 0.06)
    m.rod((0.62, -0.55), (1.0, -1.3), 0.26, COPPER, 0.3)


def _pumpjack_beam(m: Relief, phase: float) -> None:
    swing = math.sin(math.tau * phase)
    # Seen from above the beam gets longer and shorter as it nods.
    reach = 0.06 * swing
    m.box(-0.75, 0.36, -0.5, 1.0, DARK, 0.70, 0.03)
    turn = math.tau * phase
    m.gear(-0.62, 0.7, 0.36, mix(IRON, RUST, 0.4), 0.74, 12, phase / 12, hole=0.2)
    m.disc(-0.62 + 0.22 * math.cos(turn), 0.7 + 0.22 * math.sin(turn), 0.08, BRASS, 0.82)
    m.rod((-0.62, 0.62), (0.60 + reach, -0.55 - reach), 0.26, dark(YELLOW, 0.55), 0.9)
    m.rod((-0.62, 0.62), (0.60 + reach, -0.55 - reach), 0.19, mix(YELLOW, ORANGE, 0.2), 1.0)
    m.disc(0.0, 0.03, 0.16, STEEL, 1.05, dome=0.05, gloss=0.5)
    m.disc(0.62 + reach, -0.55 - reach, 0.25, mix(YELLOW, RUST, 0.3), 1.08, bevel=0.08)
    m.disc(0.62 + reach, -0.55 - reach, 0.10, BLACK, 1.05)


# --- smelting -----------------------------------------------------------------------------------------------


def _stone_furnace(m: Relief) -> None:
    m.box(-0.95, -0.9, 0.95, 0.95, dark(STONE, 0.42), 0.30, 0.3, 0.12)
    for i in range(12):  # a ring of rough blocks
        turn = math.tau * (i + 0.5) / 12
        x, y = math.cos(turn) * 0.70, math.sin(turn) * 0.66 + 0.02
        tone = 0.06 * ((i * 5) % 4)
        m.disc(x, y, 0.26, mix(dark(STONE, 0.12), light(STONE, 0.2), tone * 4), 0.44, dome=0.10)
    m.disc(0, 0, 0.56, dark(STONE, 0.3), 0.55, bevel=0.10)
    m.disc(0, 0, 0.36, dark(STONE, 0.62), 0.62)
    m.disc(0, 0, 0.27, BLACK, 0.48)
    m.poly([(-0.36, 0.96), (-0.28, 0.52), (0.28, 0.52), (0.36, 0.96)], dark(STONE, 0.5), 0.40, 0.06)
    m.box(-0.22, 0.60, 0.22, 0.92, BLACK, 0.3, 0.1, 0.03)


def _stone_glow(m: Relief) -> None:
    m.disc(0, 0, 0.24, EMBER, None, glow=1)
    m.disc(0, 0.01, 0.14, FIRE, None, glow=1)
    m.box(-0.18, 0.64, 0.18, 0.90, EMBER, None, 0.08, glow=1)
    m.box(-0.10, 0.70, 0.10, 0.88, FIRE, None, 0.06, glow=1)


def _steel_furnace(m: Relief) -> None:
    m.box(-0.95, -0.92, 0.95, 0.94, dark(GUNMETAL, 0.2), 0.35, 0.18, 0.08)
    m.box(-0.80, -0.80, 0.80, 0.72, mix(IRON, COPPER, 0.22), 0.62, 0.2, 0.12)
    m.box(-0.95, -0.16, 0.95, 0.16, dark(GUNMETAL, 0.05), 0.66, 0.06, 0.05)
    m.bolts([(x, 0) for x in (-0.84, -0.6, 0.6, 0.84)], STEEL, 0.67, 0.045)
    m.disc(0, -0.06, 0.46, dark(IRON, 0.3), 0.76, bevel=0.08)
    m.disc(0, -0.06, 0.33, mix(GUNMETAL, COPPER, 0.35), 0.86, bevel=0.06)
    m.disc(0, -0.06, 0.22, BLACK, 0.72)
    m.box(-0.42, 0.60, 0.42, 0.94, dark(GUNMETAL, 0.3), 0.48, 0.06, 0.04)
    m.box(-0.32, 0.66, 0.32, 0.90, BLACK, 0.34, 0.04, 0.02)
    m.vents(-0.66, -0.76, 0.66, -0.52, 3)


def _steel_glow(m: Relief) -> None:
    m.disc(0, -0.06, 0.19, EMBER, None, glow=1)
    m.disc(0, -0.05, 0.11, FIRE, None, glow=1)
    for x in (-0.2, 0, 0.2):
        m.box(x - 0.075, 0.69, x + 0.075, 0.88, EMBER, None, 0.03, glow=1)
        m.box(x - 0.04, 0.73, x + 0.04, 0.87, FIRE, None, 0.03, glow=1)


def _electric_furnace(m: Relief) -> None:
    m.box(-1.42, -1.42, 1.42, 1.42, GUNMETAL, 0.32, 0.22, 0.10)
    m.box(-1.26, -1.26, 1.26, 1.26, mix(CREAM, STEEL, 0.5), 0.62, 0.28, 0.14)
    m.box(-1.26, 0.52, 1.26, 1.26, dark(IRON, 0.05), 0.66, 0.2, 0.08)
    m.disc(0, -0.25, 0.78, dark(STEEL, 0.35), 0.70, bevel=0.06)
    m.disc(0, -0.25, 0.64, DARK, 0.58)
    for i in range(6):
        y = -0.62 + i * 0.15
        half = math.sqrt(max(0.0, 0.56**2 - (y + 0.25) ** 2))
        m.rod((-half, y), (half, y), 0.09, dark(RED, 0.45), 0.64)
    m.vents(-1.0, 0.68, -0.2, 1.1, 6, False)
    m.box(0.1, 0.68, 1.02, 1.1, DARK, 0.7, 0.06, 0.03)
    m.bolts(corners(1.1, 1.1), STEEL, 0.66, 0.06)


def _electric_glow(m: Relief) -> None:
    for i in range(6):
        y = -0.62 + i * 0.15
        half = math.sqrt(max(0.0, 0.56**2 - (y + 0.25) ** 2))
        m.rod((-half, y), (half, y), 0.085, EMBER, None, glow=1)
        m.rod((-half, y), (half, y), 0.035, rgb("#ffd08a"), None, glow=1)
    for i in range(4):
        m.box(0.2 + i * 0.21, 0.80, 0.32 + i * 0.21, 0.98, FIRE, None, 0.02, glow=1)


# --- assembling ---------------------------------------------------------------------------------------------


def _assembler(m: Relief, colour: Colour, grade: int) -> None:
    m.box(-1.40, -1.40, 1.40, 1.40, dark(GUNMETAL, 0.1), 0.30, 0.18, 0.09)
    m.box(-1.26, -1.26, 1.26, 1.26, colour, 0.58, 0.26, 0.13)
    m.box(-1.10, -1.10, 1.10, 1.10, dark(colour, 0.16), 0.62, 0.22, 0.05)
    for x, y in corners(1.16, 1.16):
        m.disc(x, y, 0.19, mix(GUNMETAL, colour, 0.3), 0.66, bevel=0.05)
        m.disc(x, y, 0.09, STEEL, 0.70, dome=0.05, gloss=0.6)
    m.disc(0, 0, 0.98, dark(GUNMETAL, 0.2), 0.66, bevel=0.05)
    m.disc(0, 0, 0.88, rgb("#26282c"), 0.44)
    for side in (-1, 1):
        m.vents(side * 1.18 - 0.06, -0.55, side * 1.18 + 0.06, 0.55, 7)
    for i in range(grade):
        x = (i - (grade - 1) / 2) * 0.24
        m.box(x - 0.08, 1.12, x + 0.08, 1.24, light(YELLOW, 0.2), 0.64, 0.03, 0.02, glow=0.35)


def _assembler_gear(m: Relief, colour: Colour) -> None:
    metal = mix(STEEL, CREAM, 0.35)
    m.gear(0, 0, 0.80, mix(metal, colour, 0.18), 0.62, 12, hole=0.0, depth=0.17)
    m.disc(0, 0, 0.56, dark(metal, 0.22), 0.60, hole=0.40)
    for i in range(5):
        turn = math.tau * i / 5
        m.disc(math.cos(turn) * 0.43, math.sin(turn) * 0.43, 0.13, rgb("#26282c"), 0.46)
    m.disc(0, 0, 0.24, dark(metal, 0.1), 0.70, bevel=0.05, gloss=0.4)
    m.disc(0, 0, 0.11, mix(colour, WHITE, 0.2), 0.76, dome=0.06, gloss=0.6)


def _chemical_plant(m: Relief) -> None:
    m.box(-1.40, -1.34, 1.40, 1.34, dark(GUNMETAL, 0.05), 0.26, 0.2, 0.08)
    for x in (-1, 1):  # two pipes in to the north, two out to the south
        m.rod((x, -1.5), (x, -0.7), 0.34, mix(STEEL, BRASS, 0.25), 0.40)
        m.rod((x, 1.5), (x, 0.7), 0.34, mix(STEEL, BRASS, 0.25), 0.40)
        m.box(x - 0.23, -1.5, x + 0.23, -1.32, IRON, 0.42, 0.05)
        m.box(x - 0.23, 1.32, x + 0.23, 1.5, IRON, 0.42, 0.05)
    m.box(-1.22, -0.86, 1.22, 0.86, mix(TEAL, IRON, 0.45), 0.56, 0.3, 0.12)
    m.disc(-0.52, 0, 0.62, dark(STEEL, 0.15), 0.86, dome=0.16, gloss=0.5)
    m.disc(-0.52, 0, 0.62, dark(STEEL, 0.35), None, hole=0.56)
    m.disc(-0.52, 0, 0.40, DARK, None)
    m.disc(-0.52, 0, 0.34, rgb("#3f4a4c"), 0.90)
    m.disc(0.72, -0.32, 0.36, mix(STEEL, TEAL, 0.3), 0.74, dome=0.2, gloss=0.5)
    m.disc(0.72, 0.44, 0.30, mix(COPPER, STEEL, 0.3), 0.70, dome=0.16, gloss=0.5)
    m.pipe([(0.0, 0.0), (0.4, 0.1), (0.72, 0.44)], 0.13, BRASS, 0.72)
    m.bolts(corners(1.24, 1.12), STEEL, 0.3, 0.05)


def _stirrer(m: Relief) -> None:
    m.disc(0, 0, 0.33, rgb("#7fb0ac"), 0.2, gloss=0.5)
    for i in range(3):
        turn = math.tau * i / 3
        m.rod((0, 0), (math.cos(turn) * 0.29, math.sin(turn) * 0.29), 0.10, rgb("#e3efe9"), 0.3, end=0.05)
    m.disc(0, 0, 0.09, STEEL, 0.36, dome=0.05)


def _refinery(m: Relief) -> None:
    m.box(-2.40, -2.34, 2.40, 2.34, dark(GUNMETAL, 0.05), 0.22, 0.25, 0.08)
    m.box(-2.18, -2.10, 2.18, 2.10, mix(STONE, IRON, 0.5), 0.30, 0.2, 0.06)
    for x in (-2, 0, 2):  # out to the north
        m.rod((x, -2.5), (x, -1.5), 0.36, mix(STEEL, BRASS, 0.2), 0.44)
        m.box(x - 0.24, -2.5, x + 0.24, -2.28, IRON, 0.46, 0.05)
    for x in (-1, 1):  # in from the south
        m.rod((x, 2.5), (x, 1.4), 0.36, mix(STEEL, COPPER, 0.3), 0.44)
        m.box(x - 0.24, 2.28, x + 0.24, 2.5, IRON, 0.46, 0.05)
    m.box(-2.0, 0.5, 2.0, 1.75, mix(RUST, STONE, 0.35), 0.75, 0.2, 0.12)
    m.vents(-1.7, 0.72, -0.5, 1.5, 7)
    m.disc(-1.15, -0.75, 0.85, mix(STEEL, CREAM, 0.3), 1.2, dome=0.35, gloss=0.45)
    m.disc(-1.15, -0.75, 0.28, mix(RUST, IRON, 0.3), 1.58, bevel=0.06)
    m.disc(0.55, -1.0, 0.56, mix(STEEL, CREAM, 0.15), 1.5, dome=0.2, gloss=0.45)
    m.disc(0.55, -1.0, 0.17, DARK, 1.72)
    m.disc(1.62, -0.85, 0.44, mix(COPPER, STEEL, 0.35), 1.1, dome=0.22, gloss=0.45)
    m.pipe([(-0.35, -0.7), (0.1, -0.2), (0.6, 0.1), (0.6, 0.7)], 0.2, BRASS, 0.9)
    m.pipe([(1.62, -0.45), (1.62, 0.8)], 0.2, COPPER, 0.9)
    m.pipe([(-1.2, 0.0), (-1.2, 0.7)], 0.22, STEEL, 0.9)
    m.disc(1.35, 1.15, 0.36, dark(IRON, 0.2), 0.95, bevel=0.08)
    m.disc(1.35, 1.15, 0.22, BLACK, 0.85)
    m.disc(0.25, 1.15, 0.30, mix(YELLOW, RUST, 0.4), 0.9, bevel=0.06)
    m.bolts(corners(2.24, 2.16), STEEL, 0.26, 0.07)


def _refinery_glow(m: Relief) -> None:
    m.disc(1.35, 1.15, 0.19, EMBER, None, glow=1)
    m.disc(1.35, 1.15, 0.11, FIRE, None, glow=1)
    m.disc(0.55, -1.0, 0.12, FIRE, None, glow=1)


def _centrifuge(m: Relief) -> None:
    m.box(-1.40, -1.40, 1.40, 1.40, dark(GUNMETAL, 0.15), 0.26, 0.25, 0.09)
    m.box(-1.24, -1.24, 1.24, 1.24, mix(IRON, STONE, 0.3), 0.36, 0.25, 0.06)
    for x, y in CENTRIFUGES:
        m.disc(x, y, 0.62, dark(STEEL, 0.25), 0.66, bevel=0.08)
        m.disc(x, y, 0.50, STEEL, 1.0, dome=0.12, gloss=0.5)
        m.disc(x, y, 0.38, rgb("#33402e"), None, hole=0.28)
    m.bolts(corners(1.14, 1.14), STEEL, 0.4, 0.06)


def _centrifuge_glow(m: Relief) -> None:
    for x, y in CENTRIFUGES:
        m.disc(x, y, 0.38, rgb("#a4f04a"), None, hole=0.27, glow=1)


def _rotor(m: Relief) -> None:
    for i in range(3):
        turn = math.tau * i / 3
        m.rod((0, 0), (math.cos(turn) * 0.22, math.sin(turn) * 0.22), 0.11, light(STEEL, 0.2), 0.2, end=0.06)
    m.disc(0, 0, 0.09, dark(STEEL, 0.3), 0.3, dome=0.05, gloss=0.5)


def _lab(m: Relief) -> None:
    m.box(-1.40, -1.40, 1.40, 1.40, dark(GUNMETAL, 0.05), 0.28, 0.22, 0.09)
    m.box(-1.24, -1.24, 1.24, 1.24, mix(CREAM, STEEL, 0.3), 0.50, 0.34, 0.12)
    m.disc(0, 0, 1.02, dark(STEEL, 0.3), 0.58, bevel=0.06)
    m.disc(0, 0, 0.92, rgb("#52757c"), 0.60, dome=0.5, gloss=0.9)
    for i in range(6):
        turn = math.tau * i / 6
        m.rod((0, 0), (math.cos(turn) * 0.94, math.sin(turn) * 0.94), 0.07, dark(STEEL, 0.1), None)
    m.disc(0, 0, 0.26, STEEL, 1.12, dome=0.06, gloss=0.5)
    for x, y in corners(1.13, 1.13):
        m.disc(x, y, 0.16, TEAL, 0.58, dome=0.08, gloss=0.5)


def _lab_glow(m: Relief) -> None:
    colours = ("#ff6a5a", "#67d25c", "#58c8ff", "#c07bff", "#ffd65a", "#f0f0f4")
    for i, colour in enumerate(colours):
        turn = math.tau * (i + 0.5) / 6
        x, y = math.cos(turn), math.sin(turn)
        m.disc(x * 0.56, y * 0.56, 0.19, rgb(colour), None, glow=1, opacity=0.85)
        m.disc(x * 0.56, y * 0.56, 0.09, WHITE, None, glow=1, opacity=0.9)
    m.disc(0, 0, 0.15, GLASS, None, glow=1)


def _silo(m: Relief) -> None:
    m.box(-4.42, -4.42, 4.42, 4.42, dark(STONE, 0.45), 0.20, 0.5, 0.12)
    m.box(-4.15, -4.15, 4.15, 4.15, mix(STONE, IRON, 0.4), 0.34, 0.6, 0.10)
    for i in range(1, 4):
        for x in (-4.1 + i * 2.05,):
            m.groove((x, -4.1), (x, 4.1), 0.05)
            m.groove((-4.1, x), (4.1, x), 0.05)
    m.stripes(-3.2, -3.95, 3.2, -3.62, YELLOW, BLACK, 0.28)
    m.stripes(-3.2, 3.62, 3.2, 3.95, YELLOW, BLACK, 0.28)
    m.disc(0, 0, 3.35, dark(GUNMETAL, 0.1), 0.62, bevel=0.15)
    m.disc(0, 0, 3.05, IRON, 0.72, bevel=0.1)
    for i in range(24):
        turn = math.tau * i / 24
        m.disc(math.cos(turn) * 3.2, math.sin(turn) * 3.2, 0.075, STEEL, 0.72, dome=0.05, gloss=0.6)
    m.disc(0, 0, 2.62, dark(GUNMETAL, 0.35), 0.60)
    m.disc(0, 0, 2.45, BLACK, 0.05)
    m.disc(0, 0, 1.7, rgb("#131418"), None)
    for x, y in corners(3.55, 3.1):
        m.box(x - 0.42, y - 0.62, x + 0.42, y + 0.62, mix(IRON, ORANGE, 0.5), 1.1, 0.12, 0.10)
        m.vents(x - 0.3, y - 0.4, x + 0.3, y + 0.4, 5)


def _silo_door(m: Relief, side: int) -> None:
    points = [(0.0, -2.58)]
    for i in range(25):
        turn = math.pi * i / 24 - math.pi / 2
        points.append((side * 2.58 * math.cos(turn), 2.58 * math.sin(turn)))
    m.poly(points, mix(STEEL, CREAM, 0.2), 0.62, 0.10)
    m.groove((0, -2.5), (0, 2.5), 0.07, 0.08)
    for y in (-1.2, 0, 1.2):
        half = math.sqrt(2.3**2 - y * y)
        m.groove((side * 0.1, y), (side * half, y), 0.05)
    m.box(min(side * 0.1, side * 0.34), -1.9, max(side * 0.1, side * 0.34), 1.9, YELLOW, None, 0.02)
    m.stripes(min(side * 0.1, side * 0.34), -1.9, max(side * 0.1, side * 0.34), 1.9, YELLOW, BLACK, 0.22)


def _rocket(m: Relief) -> None:
    for i in range(4):
        turn = math.tau * (i + 0.5) / 4
        m.rod(
            (0, 0),
            (math.cos(turn) * 1.75, math.sin(turn) * 1.75),
            0.5,
            dark(RED, 0.1),
            0.8,
            round_=False,
            end=0.3,
        )
    m.disc(0, 0, 1.36, WHITE, 1.4, dome=1.5, gloss=0.5)
    m.disc(0, 0, 0.80, mix(RED, ORANGE, 0.25), None)
    m.disc(0, 0, 0.62, WHITE, None)
    m.disc(0, 0, 0.22, DARK, None)
    m.disc(0, 0, 1.12, DARK, None, hole=1.05)


def _assembler_sprites() -> Iterator[Sprite]:
    for grade, (name, colour) in enumerate(ASSEMBLERS.items(), 1):

        def body(m: Relief, colour: Colour = colour, grade: int = grade) -> None:
            _assembler(m, colour, grade)

        def gear(m: Relief, colour: Colour = colour) -> None:
            _assembler_gear(m, colour)

        yield Sprite(name, 3, 3, body)
        yield Sprite(f"{name}/moving", 2, 2, gear, shadow=False)


SPRITES = (
    Sprite("burner-mining-drill", 2, 2, _burner_drill, 4),
    Sprite(
        "burner-mining-drill/moving",
        1,
        1,
        lambda m: _drill_head(m, 0.46, mix(RUST, STEEL, 0.5)),
        shadow=False,
    ),
    Sprite("electric-mining-drill", 3, 3, _electric_drill, 4),
    Sprite("electric-mining-drill/moving", 1.6, 1.6, lambda m: _drill_head(m, 0.74, ORANGE), shadow=False),
    Sprite("pumpjack", 3, 3, _pumpjack, 4),
    Sprite("stone-furnace", 2, 2, _stone_furnace, grain=0.06),
    Sprite("stone-furnace/glow", 2, 2, _stone_glow, shadow=False),
    Sprite("steel-furnace", 2, 2, _steel_furnace),
    Sprite("steel-furnace/glow", 2, 2, _steel_glow, shadow=False),
    Sprite("electric-furnace", 3, 3, _electric_furnace),
    Sprite("electric-furnace/glow", 3, 3, _electric_glow, shadow=False),
    *_assembler_sprites(),
    Sprite("chemical-plant", 3, 3, _chemical_plant, 4),
    Sprite("chemical-plant/moving", 0.7, 0.7, _stirrer, shadow=False),
    Sprite("oil-refinery", 5, 5, _refinery, 4),
    Sprite("oil-refinery/glow", 5, 5, _refinery_glow, 4, shadow=False),
    Sprite("centrifuge", 3, 3, _centrifuge),
    Sprite("centrifuge/rotor", 0.6, 0.6, _rotor, shadow=False),
    Sprite("centrifuge/glow", 3, 3, _centrifuge_glow, shadow=False),
    Sprite("lab", 3, 3, _lab),
    Sprite("lab/glow", 3, 3, _lab_glow, shadow=False),
    Sprite("rocket-silo", 9, 9, _silo, grain=0.04),
    Sprite("rocket-silo/door-left", 5.4, 5.4, lambda m: _silo_door(m, -1), shadow=False),
    Sprite("rocket-silo/door-right", 5.4, 5.4, lambda m: _silo_door(m, 1), shadow=False),
    Sprite("rocket-silo-rocket", 4, 4, _rocket),
)
