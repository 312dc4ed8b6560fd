"""Walls, gates, turrets, mines, and the natives that they are built against."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from viewer.art.fluids import WAYS
from viewer.art.inserters import centred
from viewer.art.machines import corners
from viewer.art.makers import Sprite
from viewer.art.palette import BLACK, DARK, GUNMETAL, IRON, ORANGE, RED, RUST, STEEL, STONE, WHITE, YELLOW
from viewer.art.relief import Colour, Relief, dark, light, mix, rgb
from viewer.atlas import Picture

STEPS = 4
"""Pictures of a step of those that walk."""
HUES: dict[str, Colour] = {
    "small": rgb("#9b8358"),
    "medium": rgb("#a5533f"),
    "big": rgb("#4f7096"),
    "behemoth": rgb("#5d8a45"),
}
SIZES = {"small": 0.8, "medium": 1.15, "big": 1.7, "behemoth": 2.4}


def pictures() -> Iterator[Picture]:
    """ "stone-wall/MASK"; turrets' bodies and "NAME/gun" pointing north; "SIZE-biter/STEP" facing north; worms, nests."""
    for mask in range(16):
        wall = Relief(1, 1, margin=0.08)
        _wall(wall, mask)
        wall.grain(0.05, 0.02)
        yield wall.picture(f"stone-wall/{mask}")
        yield wall.shadow(f"stone-wall/{mask}/shadow")
    for sprite in SPRITES:
        yield from sprite.pictures()
    for name, artist in (
        ("gun-turret", _gun),
        ("laser-turret", _laser),
        ("flamethrower-turret", _nozzle),
        ("artillery-turret", _cannon),
    ):
        gun = Relief(
            3.4 if name == "artillery-turret" else 2.4, 5 if name == "artillery-turret" else 2.8, margin=0
        )
        artist(gun)
        yield centred(gun, f"{name}/gun")
    for size, colour in HUES.items():
        scale = SIZES[size]
        for kind in ("biter", "spitter"):
            for step in range(STEPS):
                beast = Relief(1.7 * scale, 1.7 * scale, margin=0, scale=max(24, round(64 / scale)))
                _beast(beast, kind, colour, step / STEPS, scale)
                yield centred(beast, f"{size}-{kind}/{step}")
        worm = Relief(2.6 * scale**0.4, 2.6 * scale**0.4, margin=0.1, scale=48)
        _worm(worm, colour, scale**0.4)
        yield worm.picture(f"{size}-worm-turret")
        yield worm.shadow(f"{size}-worm-turret/shadow")


def _wall(m: Relief, mask: int) -> None:
    base = mix(STONE, IRON, 0.25)
    for bit, (x, y) in enumerate(WAYS):
        if mask >> bit & 1:
            m.rod((0, 0), (x * 0.7, y * 0.7), 0.56, dark(base, 0.2), 0.44, round_=False)
            m.rod((x * 0.1, y * 0.1), (x * 0.7, y * 0.7), 0.40, base, 0.50, round_=False)
            m.groove((x * 0.42 - y * 0.2, y * 0.42 - x * 0.2), (x * 0.42 + y * 0.2, y * 0.42 + x * 0.2), 0.03)
    m.box(-0.34, -0.34, 0.34, 0.34, dark(base, 0.1), 0.54, 0.08, 0.07)
    m.box(-0.24, -0.24, 0.24, 0.24, light(base, 0.12), 0.60, 0.06, 0.05)


def _gate(m: Relief) -> None:
    """Bars the way from west to east."""
    m.box(-0.48, -0.2, 0.48, 0.2, dark(GUNMETAL, 0.1), 0.44, 0.03, 0.05)
    m.stripes(-0.48, -0.13, 0.48, 0.13, YELLOW, BLACK, 0.16)
    _gate_posts(m)


def _open_gate(m: Relief) -> None:
    """The bars have sunk into the ground: a rail is left of them."""
    m.box(-0.48, -0.07, 0.48, 0.07, dark(GUNMETAL, 0.35), 0.04, 0.02, 0.02)
    m.stripes(-0.48, -0.03, 0.48, 0.03, dark(YELLOW, 0.3), BLACK, 0.16)
    _gate_posts(m)


def _gate_posts(m: Relief) -> None:
    for x in (-0.42, 0.42):
        m.box(x - 0.06, -0.26, x + 0.06, 0.26, IRON, 0.52, 0.02, 0.03)


def _turret_base(m: Relief, colour: Colour) -> None:
    m.box(-0.90, -0.90, 0.90, 0.90, dark(GUNMETAL, 0.1), 0.22, 0.24, 0.08)
    for x, y in corners(0.68, 0.68):
        m.disc(x, y, 0.17, IRON, 0.32, bevel=0.05)
    m.disc(0, 0, 0.68, mix(IRON, colour, 0.35), 0.46, bevel=0.1)
    m.disc(0, 0, 0.50, dark(IRON, 0.3), 0.5)


def _gun(m: Relief) -> None:
    for x in (-0.17, 0.17):
        m.rod((x, 0.0), (x, -1.10), 0.15, dark(STEEL, 0.4), 0.86, gloss=0.4)
        m.disc(x, -1.10, 0.085, BLACK, 0.86)
    m.box(-0.40, -0.36, 0.40, 0.56, mix(YELLOW, GUNMETAL, 0.45), 0.95, 0.12, 0.1)
    m.box(-0.22, -0.20, 0.22, 0.40, dark(GUNMETAL, 0.1), 1.02, 0.08, 0.05)
    m.box(0.36, -0.1, 0.58, 0.38, dark(YELLOW, 0.45), 0.86, 0.04, 0.04)


def _laser(m: Relief) -> None:
    m.disc(0, 0, 0.56, mix(STEEL, RED, 0.15), 0.95, dome=0.25, gloss=0.6)
    m.rod((0, -0.1), (0, -0.72), 0.40, GUNMETAL, 1.2)
    m.disc(0, -0.76, 0.19, dark(RED, 0.2), 1.1, dome=0.1, gloss=0.9)
    m.disc(0, -0.76, 0.09, rgb("#ff8a7a"), None, glow=0.8)
    for x in (-0.36, 0.36):
        m.box(x - 0.07, -0.3, x + 0.07, 0.34, dark(RED, 0.15), 1.1, 0.04, 0.03)


def _nozzle(m: Relief) -> None:
    m.disc(0, 0.1, 0.52, mix(IRON, ORANGE, 0.4), 0.9, bevel=0.1)
    m.rod((0, 0.0), (0, -1.0), 0.30, GUNMETAL, 1.0, end=0.22)
    m.disc(0, -1.0, 0.14, mix(ORANGE, BLACK, 0.4), 1.0)
    for x in (-0.3, 0.3):
        m.rod((x, 0.5), (x, -0.1), 0.22, RUST, 0.95)


def _cannon(m: Relief) -> None:
    m.rod((0, 0.2), (0, -2.3), 0.42, dark(STEEL, 0.35), 1.5, end=0.32)
    m.rod((0, -2.1), (0, -2.4), 0.44, DARK, 1.55, round_=False)
    m.box(-0.85, -0.6, 0.85, 1.2, mix(IRON, RED, 0.25), 1.5, 0.25, 0.16)
    m.box(-0.5, -0.3, 0.5, 0.8, dark(IRON, 0.2), 1.62, 0.14, 0.06)


def _artillery(m: Relief) -> None:
    m.box(-1.36, -1.36, 1.36, 1.36, dark(GUNMETAL, 0.1), 0.24, 0.3, 0.09)
    m.disc(0, 0, 1.16, mix(STONE, IRON, 0.5), 0.5, bevel=0.12)
    m.disc(0, 0, 0.9, dark(IRON, 0.2), 0.6)


def _flame_base(m: Relief) -> None:
    m.box(-0.90, -1.36, 0.90, 1.36, dark(GUNMETAL, 0.1), 0.24, 0.24, 0.08)
    m.rod((-1.1, 0.9), (1.1, 0.9), 0.44, STEEL, 0.5)
    m.disc(0, -0.5, 0.68, mix(IRON, ORANGE, 0.3), 0.5, bevel=0.1)


def _mine(m: Relief) -> None:
    m.disc(0, 0, 0.30, dark(GUNMETAL, 0.1), 0.14, bevel=0.06)
    m.disc(0, 0, 0.18, mix(RED, IRON, 0.3), 0.18, dome=0.06)


def _beast(m: Relief, kind: str, colour: Colour, phase: float, k: float) -> None:
    for side in (-1, 1):
        for i, y in enumerate((-0.22, 0.05, 0.32)):
            swing = 0.12 * math.sin(math.tau * (phase + i / 2)) * side
            knee = (side * 0.42 * k, (y + swing * 0.5) * k)
            m.rod((side * 0.16 * k, y * k), knee, 0.11 * k, dark(colour, 0.45), 0.22)
            m.rod(
                knee, (side * 0.62 * k, (y - 0.14 + swing) * k), 0.07 * k, dark(colour, 0.6), 0.12, end=0.02
            )
    m.disc(0, 0.30 * k, 0.28 * k, dark(colour, 0.15), 0.3 * k, dome=0.16 * k, gloss=0.25)
    m.disc(0, 0.02 * k, 0.32 * k, colour, 0.36 * k, dome=0.2 * k, gloss=0.3)
    for y in (0.16, 0.34, 0.48):
        m.groove((-0.2 * k, y * k), (0.2 * k, y * k), 0.035 * k, 0.03)
    m.disc(0, -0.32 * k, 0.21 * k, light(colour, 0.08), 0.4 * k, dome=0.12 * k, gloss=0.3)
    for side in (-1, 1):
        if kind == "biter":
            m.rod(
                (side * 0.14 * k, -0.44 * k),
                (side * 0.07 * k, -0.70 * k),
                0.10 * k,
                light(colour, 0.5),
                0.4 * k,
                end=0.03,
            )
        m.disc(side * 0.09 * k, -0.37 * k, 0.035 * k, rgb("#ffd24a"), 0.55 * k, glow=0.8)
    if kind == "spitter":
        m.rod(
            (0, -0.4 * k), (0, -0.66 * k), 0.18 * k, mix(colour, rgb("#b8d84a"), 0.55), 0.42 * k, end=0.1 * k
        )
        m.disc(0, 0.30 * k, 0.15 * k, rgb("#b8d84a"), 0.5 * k, dome=0.08 * k, gloss=0.6)


def _worm(m: Relief, colour: Colour, k: float) -> None:
    m.disc(0, 0, 1.0 * k, rgb("#5a4636"), 0.12, bevel=0.1)
    for i in range(9):
        turn = math.tau * i / 9
        m.disc(math.cos(turn) * 0.78 * k, math.sin(turn) * 0.78 * k, 0.24 * k, rgb("#6b5442"), 0.22, dome=0.1)
    for i in range(5):
        r = (0.62 - i * 0.05) * k
        m.disc(
            0.02 * i,
            -0.05 * i * k,
            r,
            mix(dark(colour, 0.25), light(colour, 0.15), i / 5),
            0.3 + 0.16 * i,
            bevel=0.1,
        )
    m.disc(0.1, -0.24 * k, 0.3 * k, rgb("#3a1518"), 1.0)
    for i in range(6):
        turn = math.tau * i / 6
        m.rod((0.1 + math.cos(turn) * 0.32 * k, -0.24 * k + math.sin(turn) * 0.32 * k),
              (0.1 + math.cos(turn) * 0.14 * k, -0.24 * k + math.sin(turn) * 0.14 * k), 0.10 * k, WHITE, 1.1, end=0.02)  # fmt: skip


def _nest(m: Relief, colour: Colour) -> None:
    random = np.random.default_rng(5)
    m.disc(0, 0, 2.3, rgb("#4f3d33"), 0.12, bevel=0.15)
    for i in range(26):
        turn, away = math.tau * i * 0.382, 0.5 + 1.6 * math.sqrt(i / 26)
        r = float(random.uniform(0.32, 0.62))
        tone = mix(dark(colour, 0.3), light(colour, 0.12), float(random.uniform(0, 1)))
        m.disc(
            math.cos(turn) * away, math.sin(turn) * away, r, tone, 0.9 - 0.25 * away, dome=r * 0.6, gloss=0.25
        )
    m.disc(0, 0, 0.85, mix(colour, rgb("#c9876a"), 0.35), 1.2, dome=0.3, gloss=0.3)
    m.disc(0, 0, 0.42, rgb("#2a1015"), 1.3)
    for i in range(7):
        turn = math.tau * i / 7
        m.rod(
            (math.cos(turn) * 0.5, math.sin(turn) * 0.5),
            (math.cos(turn) * 0.2, math.sin(turn) * 0.2),
            0.12,
            rgb("#e6d8c0"),
            1.5,
            end=0.03,
        )


SPRITES = (
    Sprite("gate", 1, 1, _gate, 2, margin=0.08),
    Sprite("gate/open", 1, 1, _open_gate, 2, margin=0.08),
    Sprite("gun-turret", 2, 2, lambda m: _turret_base(m, YELLOW)),
    Sprite("laser-turret", 2, 2, lambda m: _turret_base(m, RED)),
    Sprite("flamethrower-turret", 2, 3, _flame_base, 4),
    Sprite("artillery-turret", 3, 3, _artillery),
    Sprite("land-mine", 1, 1, _mine),
    Sprite("biter-spawner", 5, 5, lambda m: _nest(m, rgb("#8c5a45")), grain=0.08, scale=48),
    Sprite("spitter-spawner", 5, 5, lambda m: _nest(m, rgb("#7d7a45")), grain=0.08, scale=48),
)
