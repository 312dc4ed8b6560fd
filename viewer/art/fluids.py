"""Pipes in every shape, pumps and tanks; heat pipes, which are laid the same way."""

from __future__ import annotations

import math
from collections.abc import Iterator

from viewer.art.makers import Sprite
from viewer.art.palette import BLACK, BLUE, BRASS, COPPER, DARK, EMBER, GUNMETAL, IRON, STEEL, WHITE, YELLOW
from viewer.art.relief import Colour, Point, Relief, dark, light, mix, rgb
from viewer.atlas import Picture

WAYS: tuple[Point, ...] = ((0, -1), (1, 0), (0, 1), (-1, 0))
"""North, east, south, west: bits 1, 2, 4 and 8 of a pipe's connections."""
PIPE = mix(STEEL, rgb("#8f8468"), 0.35)
HEAT = mix(COPPER, STEEL, 0.3)


def pictures() -> Iterator[Picture]:
    """ "pipe/MASK", "heat-pipe/MASK" with "…/glow", windows that show a fluid ("pipe/MASK/window"), and the rest."""
    for mask in range(16):
        pipe = Relief(1, 1, margin=0.05)
        _pipe(pipe, mask, PIPE)
        yield pipe.picture(f"pipe/{mask}")
        yield pipe.shadow(f"pipe/{mask}/shadow")
        window = Relief(1, 1, margin=0)
        _window(window, mask)
        yield window.picture(f"pipe/{mask}/window")
        heat = Relief(1, 1, margin=0.05)
        _heat_pipe(heat, mask)
        yield heat.picture(f"heat-pipe/{mask}")
        yield heat.shadow(f"heat-pipe/{mask}/shadow")
        glow = Relief(1, 1, margin=0)
        _ways(glow, mask, 0.10, EMBER, None, glow=1)
        yield glow.picture(f"heat-pipe/{mask}/glow")
    for sprite in SPRITES:
        yield from sprite.pictures()


def _ways(m: Relief, mask: int, width: float, colour: Colour, z: float | None, glow: float = 0) -> None:
    for bit, (x, y) in enumerate(WAYS):
        if mask >> bit & 1:
            m.rod((0, 0), (x * 0.7, y * 0.7), width, colour, z, glow=glow)
    if not mask:
        m.disc(0, 0, width * 0.75, colour, z, glow=glow)


def _pipe(m: Relief, mask: int, colour: Colour) -> None:
    _ways(m, mask, 0.50, dark(colour, 0.12), 0.42)
    straight = mask in (5, 10)
    if straight:
        # A band in the middle of a straight piece, flanges at its ends.
        along = WAYS[0] if mask == 5 else WAYS[1]
        for at in (-0.44, 0.44):
            _band(m, along, at, 0.60, 0.11, mix(colour, IRON, 0.45))
        _band(m, along, 0, 0.44, 0.34, mix(colour, DARK, 0.35))
    else:
        m.disc(0, 0, 0.31, colour, 0.45, dome=0.05, gloss=0.35)
        m.disc(0, 0, 0.17, mix(colour, DARK, 0.4), 0.47)
        for bit, way in enumerate(WAYS):
            if mask >> bit & 1:
                _band(m, way, 0.44, 0.60, 0.11, mix(colour, IRON, 0.45))


def _band(m: Relief, along: Point, at: float, width: float, length: float, colour: Colour) -> None:
    x, y = along[0] * at, along[1] * at
    half = (length / 2, width / 2) if along[0] else (width / 2, length / 2)
    m.box(x - half[0], y - half[1], x + half[0], y + half[1], colour, 0.46, 0.04, 0.05, gloss=0.3)


def _window(m: Relief, mask: int) -> None:
    """Where the fluid is to be seen, white, to be tinted."""
    if mask == 5:
        m.box(-0.12, -0.11, 0.12, 0.11, WHITE, None, 0.05, glow=1)
    elif mask == 10:
        m.box(-0.11, -0.12, 0.11, 0.12, WHITE, None, 0.05, glow=1)
    else:
        m.disc(0, 0, 0.12, WHITE, None, glow=1)


def _heat_pipe(m: Relief, mask: int) -> None:
    for bit, (x, y) in enumerate(WAYS):
        if mask >> bit & 1:
            for side in (-0.13, 0.13):
                a = (y * side, x * side)
                m.rod(a, (a[0] + x * 0.7, a[1] + y * 0.7), 0.17, dark(HEAT, 0.1), 0.24, gloss=0.4)
    m.box(-0.26, -0.26, 0.26, 0.26, mix(HEAT, DARK, 0.4), 0.30, 0.08, 0.05)
    m.disc(0, 0, 0.15, HEAT, 0.34, dome=0.04, gloss=0.5)


def _to_ground(m: Relief) -> None:
    """Open to the north; it goes under the ground to the south."""
    m.rod((0, -0.75), (0, 0.05), 0.50, dark(PIPE, 0.12), 0.42)
    m.box(-0.30, -0.5, 0.30, -0.38, mix(PIPE, IRON, 0.45), 0.46, 0.04, 0.05)
    m.box(-0.40, -0.05, 0.40, 0.42, mix(GUNMETAL, PIPE, 0.3), 0.34, 0.12, 0.08)
    m.box(-0.30, 0.04, 0.30, 0.33, mix(IRON, PIPE, 0.4), 0.42, 0.10, 0.06)
    m.poly([(-0.13, 0.12), (0.13, 0.12), (0, 0.27)], light(YELLOW, 0.1), None)


def _pump(m: Relief) -> None:
    """Pumps from the south to the north."""
    m.rod((0, -1.2), (0, 1.2), 0.44, dark(PIPE, 0.15), 0.40)
    for y in (-0.94, 0.94):
        m.box(-0.30, y - 0.06, 0.30, y + 0.06, mix(PIPE, IRON, 0.45), 0.45, 0.04, 0.05)
    m.box(-0.42, -0.62, 0.42, 0.62, dark(GUNMETAL, 0.05), 0.48, 0.16, 0.10)
    m.box(-0.32, -0.50, 0.32, 0.50, mix(BLUE, IRON, 0.4), 0.60, 0.12, 0.08)
    m.poly([(-0.18, -0.02), (0, -0.30), (0.18, -0.02)], WHITE, None)
    m.disc(0, 0.22, 0.15, STEEL, 0.66, dome=0.06, gloss=0.5)


def _impeller(m: Relief) -> None:
    m.disc(0, 0, 0.15, STEEL, 0.2, dome=0.04, gloss=0.5)
    for turn in (0.0, 0.25):
        x, y = math.cos(math.tau * turn) * 0.11, math.sin(math.tau * turn) * 0.11
        m.rod((-x, -y), (x, y), 0.05, dark(GUNMETAL, 0.1), 0.27)


def _blades(m: Relief) -> None:
    for i in range(4):
        turn = math.tau * (i + 0.5) / 4
        m.rod((0, 0), (math.cos(turn) * 0.25, math.sin(turn) * 0.25), 0.10, light(BLUE, 0.45), 0.2, end=0.05)
    m.disc(0, 0, 0.08, STEEL, 0.26, dome=0.04, gloss=0.5)


def _offshore_pump(m: Relief) -> None:
    """Gives to the south; its foot is in the water to the north."""
    m.rod((0, 0.0), (0, 0.75), 0.44, dark(PIPE, 0.12), 0.40)
    m.box(-0.30, 0.38, 0.30, 0.5, mix(PIPE, IRON, 0.45), 0.45, 0.04, 0.05)
    m.box(-0.48, -0.46, 0.48, 0.20, dark(GUNMETAL, 0.1), 0.36, 0.14, 0.08)
    m.disc(0, -0.14, 0.34, mix(BLUE, IRON, 0.35), 0.50, bevel=0.08)
    for i in range(4):
        turn = math.tau * (i + 0.5) / 4
        m.rod(
            (0, -0.14),
            (math.cos(turn) * 0.25, -0.14 + math.sin(turn) * 0.25),
            0.10,
            light(BLUE, 0.45),
            0.55,
            end=0.05,
        )
    m.disc(0, -0.14, 0.09, STEEL, 0.6, dome=0.05)
    m.rod((-0.30, -0.44), (-0.30, -0.85), 0.14, IRON, 0.2)
    m.rod((0.30, -0.44), (0.30, -0.85), 0.14, IRON, 0.2)


def _tank(m: Relief, mirrored: bool = False) -> None:
    s = -1 if mirrored else 1
    m.box(-1.36, -1.36, 1.36, 1.36, dark(GUNMETAL, 0.1), 0.18, 0.22, 0.07)
    for x, y in ((-s, -1), (s, 1)):
        m.rod((x, y), (x, y * 1.7), 0.44, dark(PIPE, 0.1), 0.40)
        m.rod((x, y), (x * 1.7, y), 0.44, dark(PIPE, 0.1), 0.40)
        m.disc(x, y, 0.34, PIPE, 0.46, bevel=0.06)
    m.disc(0, 0, 1.22, dark(IRON, 0.2), 0.85, bevel=0.1)
    m.disc(0, 0, 1.16, mix(STEEL, rgb("#b7a98c"), 0.35), 1.05, dome=0.18, gloss=0.35)
    for i in range(8):
        turn = math.tau * i / 8
        m.groove(
            (0.36 * math.cos(turn), 0.36 * math.sin(turn)),
            (1.12 * math.cos(turn), 1.12 * math.sin(turn)),
            0.03,
            0.02,
        )
    m.disc(0, 0, 0.34, dark(IRON, 0.25), 1.24, bevel=0.05)
    m.disc(0, 0, 0.26, BLACK, 1.16)


def _tank_window(m: Relief) -> None:
    m.disc(0, 0, 0.26, WHITE, None, glow=1)


def _valve(m: Relief) -> None:
    m.rod((0, -0.75), (0, 0.75), 0.46, dark(PIPE, 0.12), 0.40)
    m.box(-0.30, -0.24, 0.30, 0.24, BRASS, 0.50, 0.08, 0.08)
    m.poly([(-0.15, 0.08), (0, -0.16), (0.15, 0.08)], WHITE, None)


SPRITES = (
    Sprite("pipe-to-ground", 1, 1, _to_ground, 4, margin=0.05),
    Sprite("pump", 1, 2, _pump, 4, margin=0.05),
    Sprite("offshore-pump", 1, 2, _offshore_pump, 4, margin=0.05),
    Sprite("pump/rotor", 0.4, 0.4, _impeller, shadow=False),
    Sprite("offshore-pump/rotor", 0.6, 0.6, _blades, shadow=False),
    Sprite("storage-tank/0", 3, 3, _tank, margin=0.05),
    Sprite("storage-tank/1", 3, 3, lambda m: _tank(m, True), margin=0.05),
    Sprite("storage-tank/window", 1, 1, _tank_window, shadow=False),
    Sprite("valve", 1, 1, _valve, 4, margin=0.05),
)
