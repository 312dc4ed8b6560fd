"""Chests, robots' stations, radars, beacons, combinators: what stores, tells and helps."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.art.machines import corners
from viewer.art.makers import Sprite
from viewer.art.palette import (
    BLACK,
    BLUE,
    BRASS,
    CREAM,
    DARK,
    GREEN,
    GUNMETAL,
    IRON,
    ORANGE,
    PURPLE,
    RED,
    STEEL,
    STONE,
    TEAL,
    WHITE,
    WOOD,
    YELLOW,
)  # fmt: skip
from viewer.art.relief import Colour, Relief, dark, light, mix, rgb
from viewer.atlas import Picture

CHESTS: dict[str, Colour] = {
    "iron-chest": mix(IRON, BLUE, 0.16),
    "steel-chest": mix(STEEL, CREAM, 0.2),
    "active-provider-chest": PURPLE,
    "passive-provider-chest": RED,
    "storage-chest": YELLOW,
    "buffer-chest": GREEN,
    "requester-chest": BLUE,
    "infinity-chest": TEAL,
}
COMBINATORS: dict[str, Colour] = {
    "arithmetic-combinator": TEAL,
    "decider-combinator": ORANGE,
    "selector-combinator": PURPLE,
}


def pictures() -> Iterator[Picture]:
    """Bodies, and "NAME/moving" and "NAME/glow" where something moves or shines."""
    for sprite in SPRITES:
        yield from sprite.pictures()


def _wooden_chest(m: Relief) -> None:
    m.box(-0.40, -0.36, 0.40, 0.38, dark(WOOD, 0.3), 0.30, 0.05, 0.05)
    for i in range(5):
        x = -0.32 + i * 0.16
        m.box(
            x - 0.075, -0.33, x + 0.075, 0.35, mix(WOOD, light(WOOD, 0.25), (i * 3 % 5) / 5), 0.36, 0.02, 0.03
        )
    for y in (-0.2, 0.22):
        m.box(-0.38, y - 0.05, 0.38, y + 0.05, dark(WOOD, 0.5), 0.40, 0.02, 0.02)
    m.box(-0.06, -0.06, 0.06, 0.06, BRASS, 0.44, 0.02, 0.02, gloss=0.5)


def _chest(m: Relief, name: str, colour: Colour) -> None:
    metal = colour if name in ("iron-chest", "steel-chest") else mix(STEEL, colour, 0.12)
    m.box(-0.41, -0.38, 0.41, 0.40, dark(metal, 0.35), 0.30, 0.06, 0.06)
    m.box(-0.34, -0.31, 0.34, 0.33, metal, 0.40, 0.06, 0.06)
    m.groove((-0.34, 0.10), (0.34, 0.10), 0.03)
    if name in ("iron-chest", "steel-chest"):
        m.bolts([(x, y) for x in (-0.27, 0.27) for y in (-0.24, 0.26)], light(metal, 0.2), 0.41, 0.035)
        m.box(-0.08, 0.02, 0.08, 0.20, dark(metal, 0.4), 0.43, 0.03, 0.02)
        if name == "steel-chest":
            m.box(-0.34, -0.14, 0.34, -0.06, dark(metal, 0.25), 0.42, 0.01, 0.02)
    else:
        m.box(-0.26, -0.24, 0.26, 0.02, colour, 0.44, 0.05, 0.04)
        m.disc(0, -0.11, 0.09, light(colour, 0.45), 0.46, glow=0.4)
        m.box(-0.08, 0.12, 0.08, 0.26, dark(colour, 0.4), 0.43, 0.03, 0.02)


def _radar(m: Relief) -> None:
    m.box(-1.36, -1.36, 1.36, 1.36, dark(GUNMETAL, 0.05), 0.24, 0.22, 0.08)
    for x, y in corners(0.95, 0.95):
        m.rod((x, y), (0, 0), 0.24, dark(STEEL, 0.2), 0.62)
        m.disc(x, y, 0.24, mix(STONE, IRON, 0.4), 0.36, bevel=0.06)
    m.disc(0, 0, 0.52, IRON, 0.78, bevel=0.08)
    m.box(-0.34, 0.86, 0.34, 1.2, DARK, 0.34, 0.06, 0.04)
    m.box(-0.22, 0.94, 0.22, 1.1, rgb("#6fe07a"), None, 0.03, glow=0.8)


def _dish(m: Relief) -> None:
    m.poly(
        [(-1.25, -0.2), (-0.95, -0.62), (0, -0.78), (0.95, -0.62), (1.25, -0.2), (0.85, 0.0), (-0.85, 0.0)],
        mix(CREAM, STEEL, 0.25),
        1.25,
        0.14,
    )
    m.poly(
        [(-1.0, -0.24), (-0.75, -0.5), (0, -0.62), (0.75, -0.5), (1.0, -0.24), (0.7, -0.12), (-0.7, -0.12)],
        mix(STEEL, DARK, 0.25),
        1.18,
        0.08,
    )
    for x in (-0.6, -0.2, 0.2, 0.6):
        m.groove((x, -0.56), (x * 0.9, -0.12), 0.03)
    m.rod((0, -0.2), (0, 0.42), 0.16, IRON, 1.3)
    m.disc(0, 0.42, 0.14, RED, 1.4, dome=0.08, gloss=0.5)
    m.disc(0, 0, 0.26, GUNMETAL, 1.36, bevel=0.06)


def _beacon(m: Relief) -> None:
    m.box(-1.36, -1.36, 1.36, 1.36, dark(GUNMETAL, 0.1), 0.22, 0.22, 0.08)
    m.box(-1.16, -1.16, 1.16, 1.16, mix(IRON, PURPLE, 0.16), 0.34, 0.2, 0.08)
    for x, y in corners(0.82, 0.82):
        m.rod((x, y), (x * 0.3, y * 0.3), 0.22, STEEL, 0.72)
        m.disc(x, y, 0.27, dark(IRON, 0.1), 0.6, bevel=0.06)
    m.disc(0, 0, 0.62, dark(STEEL, 0.3), 0.82, bevel=0.08)
    m.disc(0, 0, 0.46, mix(STEEL, CREAM, 0.4), 1.0, bevel=0.08)
    m.disc(0, 0, 0.26, rgb("#6a4a8a"), 1.06, dome=0.16, gloss=0.8)


def _beacon_glow(m: Relief) -> None:
    m.disc(0, 0, 0.24, rgb("#d9a6ff"), None, glow=1)
    m.disc(0, 0, 0.52, rgb("#b05cff"), None, hole=0.48, glow=1)


def _roboport(m: Relief) -> None:
    m.box(-1.92, -1.92, 1.92, 1.92, dark(GUNMETAL, 0.05), 0.26, 0.35, 0.1)
    m.box(-1.66, -1.66, 1.66, 1.66, mix(CREAM, STEEL, 0.45), 0.5, 0.5, 0.14)
    m.disc(0, 0, 1.10, dark(IRON, 0.15), 0.62, bevel=0.1)
    m.disc(0, 0, 0.92, BLACK, 0.3)
    m.disc(0, 0, 0.80, rgb("#24272d"), None)
    m.rod((-0.92, 0), (0.92, 0), 0.10, dark(STEEL, 0.3), 0.5)
    m.rod((0, -0.92), (0, 0.92), 0.10, dark(STEEL, 0.3), 0.5)
    for x, y in corners(1.36, 1.36):
        m.disc(x, y, 0.36, mix(IRON, ORANGE, 0.35), 0.72, bevel=0.08)
        m.disc(x, y, 0.17, DARK, 0.66)
    for x, y in ((0, -1.5), (0, 1.5), (-1.5, 0), (1.5, 0)):
        m.disc(x, y, 0.11, rgb("#ffdf7a"), 0.6, glow=0.7)


def _roboport_glow(m: Relief) -> None:
    m.disc(0, 0, 0.78, rgb("#3f8fd8"), None, hole=0.70, glow=1, opacity=0.8)
    for x, y in ((0, -1.5), (0, 1.5), (-1.5, 0), (1.5, 0)):
        m.disc(x, y, 0.16, rgb("#fff0b0"), None, glow=1)


def _combinator(m: Relief, colour: Colour) -> None:
    m.box(-0.38, -0.88, 0.38, 0.88, dark(GUNMETAL, 0.05), 0.28, 0.10, 0.07)
    m.box(-0.28, -0.52, 0.28, 0.52, mix(IRON, colour, 0.55), 0.44, 0.08, 0.06)
    m.box(-0.2, -0.3, 0.2, 0.08, rgb("#1e2b22"), 0.46, 0.03, 0.02)
    m.box(-0.14, -0.22, 0.14, 0.0, light(colour, 0.4), None, 0.02, glow=0.7)
    for y in (-0.72, 0.72):
        m.disc(-0.16, y, 0.09, mix(RED, BRASS, 0.3), 0.36, dome=0.05, gloss=0.5)
        m.disc(0.16, y, 0.09, mix(GREEN, BRASS, 0.3), 0.36, dome=0.05, gloss=0.5)
    m.poly([(-0.1, 0.42), (0, 0.26), (0.1, 0.42)], WHITE, None)


def _small_device(m: Relief, colour: Colour) -> None:
    m.box(-0.38, -0.36, 0.38, 0.38, dark(GUNMETAL, 0.05), 0.26, 0.10, 0.06)
    m.box(-0.28, -0.26, 0.28, 0.28, mix(IRON, colour, 0.5), 0.38, 0.08, 0.05)
    m.box(-0.18, -0.16, 0.18, 0.1, rgb("#1e2b22"), 0.40, 0.03, 0.02)
    m.box(-0.12, -0.10, 0.12, 0.03, light(colour, 0.4), None, 0.02, glow=0.7)


def _speaker(m: Relief) -> None:
    m.box(-0.3, -0.3, 0.3, 0.3, dark(GUNMETAL, 0.05), 0.3, 0.08, 0.06)
    m.disc(0, 0, 0.24, dark(YELLOW, 0.2), 0.6, bevel=0.06)
    m.disc(0, 0, 0.16, BLACK, 0.5)
    m.disc(0, 0, 0.07, STEEL, 0.56, dome=0.04)


def _landing_pad(m: Relief) -> None:
    m.box(-3.9, -3.9, 3.9, 3.9, dark(STONE, 0.4), 0.22, 0.5, 0.1)
    m.box(-3.6, -3.6, 3.6, 3.6, mix(STONE, IRON, 0.5), 0.34, 0.6, 0.08)
    m.disc(0, 0, 2.6, dark(IRON, 0.1), 0.42, bevel=0.08)
    m.disc(0, 0, 2.2, YELLOW, None, hole=1.95)
    m.box(-0.9, -0.25, 0.9, 0.25, YELLOW, None)
    m.box(-0.25, -0.9, 0.25, 0.9, YELLOW, None)
    for x, y in corners(3.0, 3.0):
        m.disc(x, y, 0.3, rgb("#ffdf7a"), 0.5, dome=0.1, glow=0.5)


def _wreck(m: Relief) -> None:
    m.poly(
        [(-1.3, 0.6), (-0.9, -0.8), (0.3, -1.1), (1.3, -0.3), (1.1, 0.8), (-0.2, 1.1)],
        dark(IRON, 0.25),
        0.4,
        0.2,
    )
    m.poly(
        [(-0.8, 0.3), (-0.5, -0.5), (0.4, -0.7), (0.9, 0.0), (0.2, 0.6)], mix(STEEL, ORANGE, 0.2), 0.6, 0.12
    )
    m.disc(0.1, -0.05, 0.3, BLACK, 0.45)
    m.rod((-1.0, 0.5), (-0.2, 0.2), 0.12, STEEL, 0.6)


def _container(m: Relief) -> None:
    m.box(-0.44, -0.9, 0.44, 0.9, mix(STEEL, ORANGE, 0.35), 0.6, 0.2, 0.14)
    for y in (-0.4, 0.4):
        m.box(-0.44, y - 0.06, 0.44, y + 0.06, DARK, None, 0.02)


def _chest_sprites() -> Iterator[Sprite]:
    for name, colour in CHESTS.items():

        def chest(m: Relief, name: str = name, colour: Colour = colour) -> None:
            _chest(m, name, colour)

        yield Sprite(name, 1, 1, chest)
    for name, colour in COMBINATORS.items():

        def combinator(m: Relief, colour: Colour = colour) -> None:
            _combinator(m, colour)

        yield Sprite(name, 1, 2, combinator, 4)


SPRITES = (
    Sprite("wooden-chest", 1, 1, _wooden_chest, grain=0.05),
    *_chest_sprites(),
    Sprite("radar", 3, 3, _radar),
    Sprite("radar/moving", 2.6, 2.6, _dish, shadow=False),
    Sprite("beacon", 3, 3, _beacon),
    Sprite("beacon/glow", 3, 3, _beacon_glow, shadow=False),
    Sprite("roboport", 4, 4, _roboport),
    Sprite("roboport/glow", 4, 4, _roboport_glow, shadow=False),
    Sprite("constant-combinator", 1, 1, lambda m: _small_device(m, RED), 4),
    Sprite("display-panel", 1, 1, lambda m: _small_device(m, BLUE), 4),
    Sprite("programmable-speaker", 1, 1, _speaker),
    Sprite("cargo-landing-pad", 8, 8, _landing_pad, scale=32),
    Sprite("wreck", 3, 3, _wreck, grain=0.08),
    Sprite("cargo-pod-container", 1, 2, _container),
)
