"""What makes, stores and carries power."""

from __future__ import annotations

import math
from collections.abc import Iterator

from viewer.art.fluids import PIPE
from viewer.art.machines import corners
from viewer.art.makers import Sprite, frames
from viewer.art.palette import (
    BLACK,
    BLUE,
    BRASS,
    COPPER,
    CREAM,
    DARK,
    EMBER,
    FIRE,
    GREEN,
    GUNMETAL,
    IRON,
    RED,
    RUST,
    STEEL,
    STONE,
    WHITE,
    WOOD,
    YELLOW,
)  # fmt: skip
from viewer.art.relief import Relief, dark, light, mix, rgb
from viewer.atlas import Picture

ENGINE_FRAMES = 8


def pictures() -> Iterator[Picture]:
    """Bodies, "NAME/glow", and the parts of engines that move: "NAME/moving/QUARTER/FRAME"."""
    for sprite in SPRITES:
        yield from sprite.pictures()
    for quarter in (0, 1):
        yield from frames(f"steam-engine/moving/{quarter}", 3, 5, ENGINE_FRAMES, _engine_wheel, quarter / 4)
        yield from frames(
            f"steam-turbine/moving/{quarter}", 3, 5, ENGINE_FRAMES, _turbine_blades, quarter / 4
        )


def _boiler(m: Relief) -> None:
    """Steam to the north, water from west to east."""
    m.box(-1.42, -0.55, 1.42, 0.92, dark(GUNMETAL, 0.15), 0.26, 0.14, 0.07)
    m.rod((-1.6, 0.5), (1.6, 0.5), 0.44, dark(PIPE, 0.12), 0.40)
    for x in (-1.44, 1.44):
        m.box(x - 0.06, 0.2, x + 0.06, 0.8, mix(PIPE, IRON, 0.45), 0.45, 0.04, 0.05)
    m.rod((0, -0.2), (0, -1.2), 0.44, mix(PIPE, BRASS, 0.4), 0.42)
    m.box(-0.3, -1.0, 0.3, -0.88, IRON, 0.46, 0.04, 0.05)
    m.rod((-0.82, -0.05), (0.82, -0.05), 0.98, mix(COPPER, RUST, 0.35), 0.86, gloss=0.35)
    for x in (-0.72, -0.24, 0.24, 0.72):
        m.box(x - 0.05, -0.5, x + 0.05, 0.42, dark(BRASS, 0.1), None, 0.02, gloss=0.4)
    m.box(-0.44, 0.46, 0.44, 0.90, dark(IRON, 0.3), 0.62, 0.06, 0.05)
    m.box(-0.34, 0.56, 0.34, 0.84, BLACK, 0.5, 0.04, 0.02)
    m.disc(-1.08, -0.30, 0.20, dark(IRON, 0.2), 1.0, bevel=0.04)
    m.disc(-1.08, -0.30, 0.13, BLACK, 0.86)


def _boiler_glow(m: Relief) -> None:
    m.box(-0.30, 0.60, 0.30, 0.83, EMBER, None, 0.04, glow=1)
    for x in (-0.16, 0.02, 0.18):
        m.box(x - 0.05, 0.66, x + 0.05, 0.83, FIRE, None, 0.03, glow=1)


def _exchanger(m: Relief) -> None:
    m.box(-1.42, -0.55, 1.42, 0.95, dark(GUNMETAL, 0.15), 0.26, 0.14, 0.07)
    m.rod((-1.6, 0.5), (1.6, 0.5), 0.44, dark(PIPE, 0.12), 0.40)
    m.rod((0, -0.2), (0, -1.2), 0.44, mix(PIPE, BRASS, 0.4), 0.42)
    m.box(-0.3, -1.0, 0.3, -0.88, IRON, 0.46, 0.04, 0.05)
    m.box(-1.15, -0.46, 1.15, 0.42, mix(STEEL, CREAM, 0.35), 0.74, 0.24, 0.14)
    for i in range(9):
        x = -0.96 + i * 0.24
        m.rod((x, -0.34), (x, 0.30), 0.13, mix(COPPER, STEEL, 0.2), 0.84)
    m.box(-0.36, 0.5, 0.36, 0.98, mix(COPPER, DARK, 0.35), 0.5, 0.05, 0.05)


def _engine(m: Relief) -> None:
    """Lies north to south, steam at both ends."""
    m.box(-1.30, -2.1, 1.30, 2.1, dark(GUNMETAL, 0.1), 0.24, 0.2, 0.08)
    for s in (-1, 1):
        m.rod((0, 1.6 * s), (0, 2.7 * s), 0.46, mix(PIPE, BRASS, 0.25), 0.42)
        m.box(-0.32, 2.38 * s - 0.07, 0.32, 2.38 * s + 0.07, IRON, 0.47, 0.04, 0.05)
    m.box(-1.05, -1.95, 1.05, -0.15, mix(GREEN, GUNMETAL, 0.62), 0.62, 0.22, 0.12)
    m.rod((0, -1.75), (0, -0.3), 0.98, mix(GREEN, GUNMETAL, 0.45), 1.02, gloss=0.3)
    for y in (-1.62, -1.05, -0.48):
        m.box(-0.5, y - 0.06, 0.5, y + 0.06, BRASS, None, 0.02, gloss=0.5)
    m.box(-1.05, 0.05, 1.05, 1.95, dark(IRON, 0.2), 0.5, 0.18, 0.10)
    m.box(-0.82, 0.22, 0.82, 1.78, BLACK, 0.36, 0.12, 0.03)
    m.bolts(corners(1.14, 1.95), STEEL, 0.28, 0.06)


def _engine_wheel(m: Relief, phase: float) -> None:
    # A flywheel on its edge: what is seen are its spokes passing, and a rod that goes to and fro.
    m.rod((-0.75, 1.0), (0.75, 1.0), 0.22, STEEL, 0.6, gloss=0.5)
    m.box(-0.26, 0.34, 0.26, 1.66, mix(RED, RUST, 0.35), 0.92, 0.1, 0.12)
    for i in range(4):
        y = 1.0 + 0.62 * math.cos(math.pi * ((i + phase) / 4))
        m.box(-0.27, y - 0.05, 0.27, y + 0.05, dark(RED, 0.5), None, 0.01)
    push = 0.24 * math.sin(math.tau * phase)
    for s in (-1, 1):
        m.rod((0.55 * s, 0.05), (0.55 * s, 1.0 + push * s), 0.14, light(STEEL, 0.1), 0.66, gloss=0.5)
        m.disc(0.55 * s, 1.0 + push * s, 0.15, BRASS, 0.74, dome=0.06, gloss=0.5)


def _turbine(m: Relief) -> None:
    m.box(-1.30, -2.1, 1.30, 2.1, dark(GUNMETAL, 0.1), 0.24, 0.2, 0.08)
    for s in (-1, 1):
        m.rod((0, 1.6 * s), (0, 2.7 * s), 0.46, mix(PIPE, BRASS, 0.25), 0.42)
        m.box(-0.32, 2.38 * s - 0.07, 0.32, 2.38 * s + 0.07, IRON, 0.47, 0.04, 0.05)
    m.rod((0, -1.15), (0, 1.15), 2.0, mix(STEEL, CREAM, 0.35), 1.05, gloss=0.4)
    m.box(-1.06, -0.14, 1.06, 0.14, dark(IRON, 0.1), 1.1, 0.05, 0.05)
    m.box(-0.55, -1.5, 0.55, -0.5, DARK, 0.98, 0.16, 0.06)
    m.box(-0.55, 0.5, 0.55, 1.5, DARK, 0.98, 0.16, 0.06)
    m.bolts(corners(1.14, 1.95), STEEL, 0.28, 0.06)


def _turbine_blades(m: Relief, phase: float) -> None:
    for middle in (-1.0, 1.0):
        for i in range(7):
            x = -0.46 + 0.92 * ((i + phase) % 7) / 7
            m.rod(
                (x - 0.05, middle - 0.36),
                (x + 0.05, middle + 0.36),
                0.07,
                mix(STEEL, BLUE, 0.25),
                1.02,
                gloss=0.5,
            )


def _solar(m: Relief) -> None:
    m.box(-1.42, -1.42, 1.42, 1.42, dark(STEEL, 0.25), 0.24, 0.1, 0.06)
    m.box(-1.34, -1.34, 1.34, 1.34, rgb("#22314f"), 0.26, 0.04, 0.02)
    for i in range(6):
        for j in range(6):
            x, y = -1.10 + i * 0.44, -1.10 + j * 0.44
            blue = mix(rgb("#2a4678"), rgb("#3f6ba8"), ((i * 3 + j * 5) % 7) / 7 + 0.05 * (5 - i - j))
            m.box(x - 0.19, y - 0.19, x + 0.19, y + 0.19, blue, 0.29, 0.02, 0.015, gloss=0.7)
    for at in (-0.44, 0.44):
        m.rod((at - 0.0, -1.34), (at, 1.34), 0.04, STEEL, 0.3, round_=False)
        m.rod((-1.34, at), (1.34, at), 0.04, STEEL, 0.3, round_=False)


def _accumulator(m: Relief) -> None:
    m.box(-0.94, -0.94, 0.94, 0.94, dark(GUNMETAL, 0.05), 0.34, 0.16, 0.08)
    for x in (-0.46, 0.46):
        for y in (-0.46, 0.46):
            m.disc(x, y, 0.42, mix(CREAM, STEEL, 0.35), 0.70, bevel=0.1)
            m.disc(x, y, 0.25, mix(BRASS, COPPER, 0.4), 0.82, dome=0.10, gloss=0.5)
    m.box(-0.16, -0.9, 0.16, 0.9, DARK, 0.66, 0.05, 0.04)


def _accumulator_glow(m: Relief) -> None:
    for i in range(5):
        m.box(-0.09, -0.76 + i * 0.32, 0.09, -0.56 + i * 0.32, rgb("#7fe0ff"), None, 0.03, glow=1)


def _reactor(m: Relief) -> None:
    m.box(-2.42, -2.42, 2.42, 2.42, dark(STONE, 0.45), 0.3, 0.4, 0.12)
    m.box(-2.15, -2.15, 2.15, 2.15, mix(STONE, CREAM, 0.25), 0.62, 0.6, 0.2)
    for i in range(8):
        turn = math.tau * (i + 0.5) / 8
        m.rod(
            (1.2 * math.cos(turn), 1.2 * math.sin(turn)),
            (2.15 * math.cos(turn), 2.15 * math.sin(turn)),
            0.34, mix(COPPER, STEEL, 0.35), 0.86,
        )  # fmt: skip
    m.disc(0, 0, 1.45, dark(STONE, 0.2), 1.0, bevel=0.14)
    m.disc(0, 0, 1.20, mix(STEEL, CREAM, 0.3), 1.25, bevel=0.1)
    m.disc(0, 0, 0.92, DARK, 1.1)
    for x in range(-2, 3):
        for y in range(-2, 3):
            if x * x + y * y <= 5:
                m.disc(x * 0.34, y * 0.34, 0.125, dark(STEEL, 0.3), 1.2, dome=0.04)
    m.stripes(-2.0, 1.78, -1.0, 2.04, YELLOW, BLACK, 0.2)
    m.stripes(1.0, 1.78, 2.0, 2.04, YELLOW, BLACK, 0.2)


def _reactor_glow(m: Relief) -> None:
    m.disc(0, 0, 0.92, rgb("#3fd07a"), None, glow=1, opacity=0.18)
    for x in range(-2, 3):
        for y in range(-2, 3):
            if x * x + y * y <= 5:
                m.disc(x * 0.34, y * 0.34, 0.11, rgb("#8dffb0"), None, glow=1)


def _small_pole(m: Relief) -> None:
    m.disc(0, 0, 0.13, dark(WOOD, 0.1), 0.9, dome=0.04)
    m.rod((-0.40, -0.02), (0.40, -0.02), 0.11, WOOD, 1.15)
    for x in (-0.36, 0.36):
        m.disc(x, -0.02, 0.085, light(STEEL, 0.25), 1.25, dome=0.05, gloss=0.6)
    m.disc(0, 0, 0.09, light(WOOD, 0.2), 1.2, dome=0.04)


def _medium_pole(m: Relief) -> None:
    m.box(-0.24, -0.24, 0.24, 0.24, GUNMETAL, 0.16, 0.06, 0.05)
    for s in (-1, 1):
        m.rod((-0.40, -0.40 * s), (0.40, 0.40 * s), 0.09, dark(STEEL, 0.1), 1.2)
    for x, y in corners(0.38, 0.38):
        m.disc(x, y, 0.085, mix(COPPER, WHITE, 0.2), 1.3, dome=0.06, gloss=0.6)
    m.disc(0, 0, 0.15, STEEL, 1.35, dome=0.05, gloss=0.5)


def _big_pole(m: Relief) -> None:
    for x, y in corners(0.72, 0.72):
        m.box(x - 0.17, y - 0.17, x + 0.17, y + 0.17, dark(STONE, 0.3), 0.14, 0.05, 0.05)
        m.rod((x, y), (0, 0), 0.13, dark(STEEL, 0.2), 0.9, end=0.09)
    m.box(-0.34, -0.34, 0.34, 0.34, dark(STEEL, 0.1), 1.3, 0.05, 0.05)
    m.rod((-0.92, 0), (0.92, 0), 0.15, STEEL, 1.6)
    m.rod((-0.6, -0.34), (0.6, -0.34), 0.10, STEEL, 1.6)
    for x, y in ((-0.86, 0), (0.86, 0), (-0.56, -0.34), (0.56, -0.34)):
        m.disc(x, y, 0.11, mix(COPPER, WHITE, 0.2), 1.7, dome=0.08, gloss=0.6)
    m.disc(0, 0, 0.16, light(STEEL, 0.2), 1.75, dome=0.05)


def _substation(m: Relief) -> None:
    m.box(-0.92, -0.92, 0.92, 0.92, dark(GUNMETAL, 0.05), 0.28, 0.14, 0.08)
    m.box(-0.70, -0.70, 0.70, 0.70, mix(IRON, BLUE, 0.25), 0.62, 0.16, 0.12)
    for x, y in corners(0.44, 0.44):
        m.disc(x, y, 0.22, dark(STEEL, 0.2), 0.82, bevel=0.05)
        m.disc(x, y, 0.16, mix(COPPER, CREAM, 0.2), 1.0, bevel=0.05)
        m.disc(x, y, 0.09, light(STEEL, 0.3), 1.15, dome=0.08, gloss=0.6)
    m.box(-0.12, -0.62, 0.12, 0.62, DARK, 0.68, 0.04, 0.03)
    m.box(-0.62, -0.12, 0.62, 0.12, DARK, 0.68, 0.04, 0.03)
    m.disc(0, 0, 0.14, YELLOW, 0.76, dome=0.05)


def _switch(m: Relief) -> None:
    m.box(-0.9, -0.7, 0.9, 0.7, dark(GUNMETAL, 0.05), 0.3, 0.14, 0.08)
    for x in (-0.56, 0.56):
        m.disc(x, 0, 0.24, dark(STEEL, 0.2), 0.7, bevel=0.05)
        m.disc(x, 0, 0.14, mix(COPPER, CREAM, 0.2), 0.95, dome=0.08, gloss=0.5)
    m.rod((-0.5, 0), (0.42, -0.34), 0.14, mix(RED, STEEL, 0.2), 1.0)


def _lamp(m: Relief) -> None:
    m.box(-0.34, -0.34, 0.34, 0.34, GUNMETAL, 0.22, 0.10, 0.06)
    m.disc(0, 0, 0.25, mix(CREAM, YELLOW, 0.2), 0.30, dome=0.2, gloss=0.8)


def _lamp_glow(m: Relief) -> None:
    for r, a in ((0.95, 0.06), (0.75, 0.08), (0.55, 0.12), (0.38, 0.2)):
        m.disc(0, 0, r, rgb("#ffe6a0"), None, glow=1, opacity=a)
    m.disc(0, 0, 0.25, rgb("#fff2c8"), None, glow=1)


SPRITES = (
    Sprite("boiler", 3, 2, _boiler, 4),
    Sprite("boiler/glow", 3, 2, _boiler_glow, 4, shadow=False),
    Sprite("heat-exchanger", 3, 2, _exchanger, 4),
    Sprite("steam-engine", 3, 5, _engine, 2),
    Sprite("steam-turbine", 3, 5, _turbine, 2),
    Sprite("solar-panel", 3, 3, _solar, grain=0.01),
    Sprite("accumulator", 2, 2, _accumulator),
    Sprite("accumulator/glow", 2, 2, _accumulator_glow, shadow=False),
    Sprite("nuclear-reactor", 5, 5, _reactor),
    Sprite("nuclear-reactor/glow", 5, 5, _reactor_glow, shadow=False),
    Sprite("small-electric-pole", 1, 1, _small_pole),
    Sprite("medium-electric-pole", 1, 1, _medium_pole),
    Sprite("big-electric-pole", 2, 2, _big_pole),
    Sprite("substation", 2, 2, _substation),
    Sprite("power-switch", 2, 2, _switch),
    Sprite("small-lamp", 1, 1, _lamp),
    Sprite("small-lamp/glow", 2, 2, _lamp_glow, shadow=False, grain=0),
)
