"""An icon for every item and fluid: families by shape, members by colour. They also lie on belts, so they are bold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from viewer.art.inserters import centred
from viewer.art.ores import ORES
from viewer.art.palette import (
    BLACK,
    BLUE,
    BRASS,
    COPPER,
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
from viewer.art.relief import Colour, Point, Relief, dark, light, mix, rgb
from viewer.atlas import Picture

Artist = Callable[[Relief], object]

FLUIDS: dict[str, Colour] = {
    "water": rgb("#3f8fd0"),
    "steam": rgb("#d4dade"),
    "crude-oil": rgb("#2b2430"),
    "heavy-oil": rgb("#a85a24"),
    "light-oil": rgb("#d99a2e"),
    "petroleum-gas": rgb("#8a4f9c"),
    "lubricant": rgb("#5f9a3c"),
    "sulfuric-acid": rgb("#c8c832"),
}
SCIENCE: dict[str, Colour] = {
    "automation": rgb("#e0483c"),
    "logistic": rgb("#55b84c"),
    "military": rgb("#6f7681"),
    "chemical": rgb("#45b5e0"),
    "production": rgb("#a45ad0"),
    "utility": rgb("#e8bd3c"),
    "space": rgb("#f0f0f2"),
}
TILES: dict[str, Colour] = {
    "concrete": rgb("#8b8d90"),
    "refined-concrete": rgb("#74787e"),
    "landfill": rgb("#6b5a3c"),
}


def pictures() -> Iterator[Picture]:
    """ "item/NAME" and "fluid/NAME", one tile in size."""
    for name, artist in sorted(ICONS.items()):
        yield icon(f"item/{name}", artist)
    for name, colour in FLUIDS.items():

        def drop(m: Relief, colour: Colour = colour) -> None:
            _drop(m, colour)

        yield icon(f"fluid/{name}", drop)


def icon(name: str, artist: Artist) -> Picture:
    """One icon, outlined so that it stands out from anything that it lies on."""
    model = Relief(1, 1, margin=0)
    artist(model)
    model.outline(0.055, rgb("#17181c"), 0.75)
    return centred(model, name)


def _of(artist: Callable[..., object], *more: object) -> Artist:
    """An artist with its colours chosen."""
    return lambda model: artist(model, *more)


def _drop(m: Relief, colour: Colour) -> None:
    points: list[Point] = [(0, -0.44)]
    for i in range(17):
        turn = math.tau * (-0.04 + 0.58 * i / 16)
        points.append((0.30 * math.cos(turn), 0.12 + 0.30 * math.sin(turn)))
    m.poly(points, colour, 0.4, 0.18, gloss=0.9)
    m.disc(-0.10, 0.16, 0.08, light(colour, 0.6), None, opacity=0.8)


def _lumps(m: Relief, colour: Colour, shine: float = 0.2) -> None:
    for i, (x, y, r) in enumerate(
        ((0.16, -0.14, 0.24), (-0.2, -0.02, 0.25), (0.12, 0.18, 0.26), (-0.1, 0.26, 0.15))
    ):
        corners = [
            (x + r * math.cos(math.tau * (k + 0.3 * i) / 6) * (1 - 0.12 * (k % 2)),
             y + r * math.sin(math.tau * (k + 0.3 * i) / 6) * (1 - 0.15 * ((k + i) % 2)))
            for k in range(6)
        ]  # fmt: skip
        m.poly(
            corners,
            (dark(colour, 0.15), colour, light(colour, 0.15), colour)[i],
            0.25 + 0.04 * i,
            r * 0.5,
            gloss=shine,
        )


def _plate(m: Relief, colour: Colour, count: int = 2) -> None:
    for i in range(count):
        d = (count - 1 - 2 * i) * 0.06
        m.poly(
            [(-0.40 + d, -0.20 + d), (0.26 + d, -0.30 + d), (0.40 + d, 0.18 + d), (-0.26 + d, 0.30 + d)],
            mix(dark(colour, 0.1), light(colour, 0.15), i / max(count - 1, 1)),
            0.16 + 0.12 * i,
            0.07,
            gloss=0.7,
        )


def _bricks(m: Relief) -> None:
    for x, y in ((-0.20, 0.14), (0.22, 0.14), (0.0, -0.16)):
        m.box(x - 0.19, y - 0.13, x + 0.19, y + 0.13, mix(STONE, rgb("#b08d6a"), 0.45), 0.3, 0.04, 0.05)


def _slab(m: Relief, colour: Colour, hazard: bool = False) -> None:
    m.box(-0.38, -0.38, 0.38, 0.38, colour, 0.24, 0.05, 0.06)
    if hazard:
        m.stripes(-0.34, -0.34, 0.34, 0.34, rgb("#c9a13a"), rgb("#33353a"), 0.2)
    else:
        m.groove((-0.36, 0), (0.36, 0), 0.04)
        m.groove((0, -0.36), (0, 0.36), 0.04)


def _gear(m: Relief) -> None:
    m.gear(0, 0, 0.42, mix(STEEL, CREAM, 0.2), 0.3, 9, hole=0.3, depth=0.22, gloss=0.6)


def _cable(m: Relief, colour: Colour) -> None:
    for i, r in enumerate((0.38, 0.29, 0.20)):
        m.disc(
            0, 0, r, mix(colour, light(colour, 0.25), i / 3), 0.2 + 0.05 * i, 0.04, hole=r - 0.075, gloss=0.7
        )
    m.rod((0.2, 0.24), (0.40, 0.40), 0.08, colour, 0.3, gloss=0.7)


def _sticks(m: Relief) -> None:
    for i, x in enumerate((-0.18, 0.0, 0.18)):
        m.rod(
            (x - 0.16, 0.36), (x + 0.16, -0.36), 0.11, mix(STEEL, light(STEEL, 0.3), i / 3), 0.25, gloss=0.8
        )


def _circuit(m: Relief, board: Colour, chip: Colour) -> None:
    m.box(-0.40, -0.34, 0.40, 0.34, board, 0.18, 0.05, 0.04)
    for y in (-0.22, 0.0, 0.22):
        m.rod((-0.34, y), (0.34, y), 0.035, light(BRASS, 0.3), None)
    m.box(-0.17, -0.17, 0.17, 0.17, BLACK, 0.30, 0.03, 0.04)
    m.box(-0.08, -0.08, 0.08, 0.08, chip, None, 0.02)
    for x in (-0.29, 0.29):
        m.disc(x, 0.14, 0.065, chip, 0.26, dome=0.04, gloss=0.7)
    m.box(0.22, -0.26, 0.34, -0.10, DARK, 0.24, 0.02, 0.02)


def _engine(m: Relief, colour: Colour, coil: bool = False) -> None:
    m.box(-0.36, -0.24, 0.30, 0.28, dark(colour, 0.2), 0.28, 0.08, 0.07)
    m.rod((-0.26, 0.0), (0.18, 0.0), 0.40, colour, 0.45, gloss=0.5)
    for x in (-0.2, -0.04, 0.12):
        m.box(x - 0.035, -0.22, x + 0.035, 0.22, COPPER if coil else dark(colour, 0.45), None, 0.01)
    m.disc(0.32, 0.0, 0.13, STEEL, 0.45, dome=0.05, gloss=0.7)


def _flask(m: Relief, colour: Colour) -> None:
    m.poly(
        [
            (-0.11, -0.44),
            (0.11, -0.44),
            (0.11, -0.14),
            (0.36, 0.34),
            (0.30, 0.42),
            (-0.30, 0.42),
            (-0.36, 0.34),
            (-0.11, -0.14),
        ],
        mix(WHITE, colour, 0.16),
        0.28,
        0.10,
        gloss=0.9,
    )
    m.poly(
        [(-0.13, -0.02), (0.13, -0.02), (0.30, 0.33), (0.26, 0.37), (-0.26, 0.37), (-0.30, 0.33)],
        colour,
        None,
        gloss=0.9,
    )
    m.disc(0.06, 0.12, 0.05, light(colour, 0.5), None)
    m.disc(-0.10, 0.24, 0.065, light(colour, 0.4), None)
    m.box(-0.15, -0.46, 0.15, -0.38, dark(STEEL, 0.2), 0.36, 0.02, 0.03)


def _module(m: Relief, colour: Colour, grade: int) -> None:
    m.box(-0.38, -0.38, 0.38, 0.38, dark(colour, 0.45), 0.22, 0.06, 0.06)
    m.box(-0.28, -0.30, 0.28, 0.14, colour, 0.32, 0.05, 0.05, gloss=0.5)
    m.disc(0, -0.08, 0.13, light(colour, 0.45), 0.38, dome=0.05, gloss=0.9)
    for i in range(grade):
        x = (i - (grade - 1) / 2) * 0.2
        m.box(x - 0.065, 0.19, x + 0.065, 0.32, light(YELLOW, 0.35), 0.3, 0.02, 0.02, glow=0.6)


def _barrel(m: Relief, colour: Colour | None) -> None:
    m.box(-0.28, -0.40, 0.28, 0.40, mix(IRON, STEEL, 0.4), 0.34, 0.10, 0.12, gloss=0.5)
    for y in (-0.34, 0, 0.34):
        m.box(-0.31, y - 0.045, 0.31, y + 0.045, dark(IRON, 0.25), 0.38, 0.03, 0.03)
    if colour is not None:
        m.box(-0.26, -0.27, 0.26, -0.07, colour, None, 0.02)
        m.box(-0.26, 0.07, 0.26, 0.27, colour, None, 0.02)


def _cell(m: Relief, body: Colour, tip: Colour) -> None:
    m.rod((0, 0.30), (0, -0.22), 0.40, body, 0.40, gloss=0.5)
    m.rod((0, -0.26), (0, -0.36), 0.2, STEEL, 0.42, gloss=0.7)
    m.box(-0.19, -0.06, 0.19, 0.16, tip, None, 0.02)


def _magazine(m: Relief, colour: Colour) -> None:
    m.box(-0.24, -0.18, 0.24, 0.42, dark(colour, 0.3), 0.3, 0.05, 0.06)
    for x in (-0.15, 0.0, 0.15):
        m.rod((x, 0.0), (x, -0.34), 0.12, BRASS, 0.34, gloss=0.7, end=0.07)
    m.box(-0.20, 0.08, 0.20, 0.24, colour, None, 0.02)


def _shell(m: Relief, colour: Colour, wide: float = 0.3) -> None:
    m.rod((0, 0.26), (0, -0.16), wide, BRASS, 0.34, gloss=0.7)
    m.rod((0, -0.1), (0, -0.38), wide, colour, 0.36, gloss=0.5, end=0.06)
    m.box(-wide / 2 - 0.03, 0.28, wide / 2 + 0.03, 0.38, dark(BRASS, 0.3), 0.34, 0.02, 0.03)


def _rocket(m: Relief, colour: Colour) -> None:
    for s in (-1, 1):
        m.poly([(s * 0.08, 0.12), (s * 0.28, 0.40), (s * 0.08, 0.34)], dark(colour, 0.2), 0.2, 0.03)
    m.rod((0, 0.30), (0, -0.20), 0.24, mix(WHITE, STEEL, 0.3), 0.34, gloss=0.5)
    m.rod((0, -0.18), (0, -0.42), 0.24, colour, 0.35, gloss=0.5, end=0.04)


def _grenade(m: Relief, colour: Colour) -> None:
    m.disc(0, 0.08, 0.30, colour, 0.35, dome=0.16, gloss=0.5)
    m.box(-0.10, -0.36, 0.10, -0.18, dark(STEEL, 0.2), 0.42, 0.03, 0.03)
    m.disc(0.16, -0.28, 0.10, STEEL, 0.42, hole=0.06)


def _capsule(m: Relief, colour: Colour) -> None:
    m.rod((-0.22, 0.22), (0.22, -0.22), 0.36, mix(STEEL, WHITE, 0.4), 0.4, gloss=0.7)
    m.rod((0.02, -0.02), (0.22, -0.22), 0.36, colour, 0.4, gloss=0.7)
    m.rod((-0.12, 0.12), (0.0, 0.0), 0.37, dark(colour, 0.4), None)


def _firearm(m: Relief, colour: Colour, length: float = 0.42) -> None:
    m.rod((-length, -0.02), (length, -0.12), 0.13, dark(STEEL, 0.35), 0.34, gloss=0.5)
    m.box(-0.20, -0.14, 0.16, 0.06, colour, 0.36, 0.04, 0.04)
    m.rod((-0.14, 0.04), (-0.24, 0.30), 0.15, dark(WOOD, 0.1), 0.32)
    m.rod((0.06, 0.06), (0.08, 0.24), 0.11, DARK, 0.32)


def _armour(m: Relief, colour: Colour, grade: int) -> None:
    m.poly(
        [
            (-0.40, -0.30),
            (-0.14, -0.40),
            (0, -0.30),
            (0.14, -0.40),
            (0.40, -0.30),
            (0.32, 0.02),
            (0.26, 0.40),
            (-0.26, 0.40),
            (-0.32, 0.02),
        ],
        colour,
        0.3,
        0.12,
        gloss=0.4,
    )
    m.groove((0, -0.28), (0, 0.38), 0.03)
    m.box(-0.2, -0.06, 0.2, 0.06, dark(colour, 0.4), None, 0.02)
    if grade > 1:
        m.disc(0, -0.12, 0.10, rgb("#7fe0ff") if grade > 2 else light(colour, 0.4), 0.4, glow=0.5)


def _equipment(m: Relief, colour: Colour, artist: Artist | None = None) -> None:
    m.box(-0.40, -0.40, 0.40, 0.40, dark(GUNMETAL, 0.1), 0.2, 0.06, 0.05)
    m.box(-0.32, -0.32, 0.32, 0.32, mix(IRON, colour, 0.35), 0.26, 0.04, 0.03)
    if artist is None:
        m.disc(0, 0, 0.2, colour, 0.36, dome=0.1, gloss=0.8)
    else:
        artist(m)


def _paper(m: Relief, colour: Colour, mark: Colour) -> None:
    m.box(-0.36, -0.40, 0.36, 0.40, colour, 0.2, 0.04, 0.04)
    for x in (-0.2, 0, 0.2):
        m.rod((x, -0.32), (x, 0.32), 0.025, light(colour, 0.25), None)
    for y in (-0.2, 0, 0.2):
        m.rod((-0.3, y), (0.3, y), 0.025, light(colour, 0.25), None)
    m.box(-0.14, -0.14, 0.14, 0.14, mark, None, 0.02)


def _remote(m: Relief, colour: Colour) -> None:
    m.box(-0.26, -0.30, 0.26, 0.40, DARK, 0.3, 0.08, 0.06)
    m.box(-0.18, -0.22, 0.18, 0.06, light(colour, 0.3), None, 0.03, glow=0.6)
    m.disc(0, 0.22, 0.09, RED, 0.34, dome=0.05)
    m.rod((0.16, -0.3), (0.16, -0.46), 0.06, STEEL, 0.3)


def _wood(m: Relief) -> None:
    for y, x in ((-0.16, 0.04), (0.16, -0.04)):
        m.rod((x - 0.26, y + 0.06), (x + 0.26, y - 0.06), 0.26, WOOD, 0.35, gloss=0.1)
        m.disc(x + 0.28, y - 0.065, 0.11, light(WOOD, 0.4), None)
        m.disc(x + 0.28, y - 0.065, 0.05, dark(WOOD, 0.1), None)


def _fish(m: Relief) -> None:
    m.poly([(0.2, 0), (0.44, -0.2), (0.40, 0.2)], rgb("#6d8f9c"), 0.2, 0.04)
    m.rod((0.14, 0), (-0.24, 0), 0.24, rgb("#7fa3b0"), 0.32, gloss=0.7, end=0.34)
    m.disc(-0.28, -0.05, 0.04, BLACK, None)


def _frame(m: Relief) -> None:
    for x, y in ((-0.28, -0.28), (0.28, -0.28), (-0.28, 0.28), (0.28, 0.28)):
        m.rod((0, 0), (x, y), 0.09, STEEL, 0.3)
        m.disc(x, y, 0.13, IRON, 0.34, bevel=0.04)
    m.disc(0, 0, 0.20, mix(STEEL, CREAM, 0.3), 0.42, dome=0.08, gloss=0.6)
    m.disc(0, 0, 0.08, rgb("#7fe0ff"), None, glow=0.6)


def _structure(m: Relief) -> None:
    m.box(-0.40, -0.34, 0.40, 0.34, mix(BRASS, CREAM, 0.35), 0.24, 0.04, 0.05, gloss=0.5)
    for x in range(-1, 2):
        for y in range(-1, 2):
            m.disc(x * 0.24 + (0.06 if y else -0.06), y * 0.2, 0.085, dark(BRASS, 0.55), 0.12)


def _canister(m: Relief, colour: Colour) -> None:
    m.box(-0.28, -0.26, 0.28, 0.40, colour, 0.36, 0.08, 0.1, gloss=0.5)
    m.box(-0.12, -0.40, 0.12, -0.24, dark(colour, 0.4), 0.36, 0.03, 0.04)
    m.poly([(0, -0.16), (0.14, 0.10), (0.0, 0.26), (-0.14, 0.10)], light(YELLOW, 0.25), None, glow=0.3)


def _cube(m: Relief, colour: Colour) -> None:
    m.box(-0.32, -0.32, 0.32, 0.32, colour, 0.4, 0.08, 0.12, gloss=0.5)
    m.box(-0.16, -0.16, 0.16, 0.16, dark(colour, 0.35), None, 0.04)


def _rocket_part(m: Relief) -> None:
    m.box(-0.34, -0.34, 0.34, 0.34, mix(WHITE, STEEL, 0.35), 0.4, 0.16, 0.14, gloss=0.5)
    m.box(-0.34, -0.06, 0.34, 0.06, RED, None)
    m.disc(0, 0, 0.14, DARK, 0.44)


def _satellite(m: Relief) -> None:
    for s in (-1, 1):
        m.box(s * 0.30 - 0.13, -0.24, s * 0.30 + 0.13, 0.24, rgb("#2f5590"), 0.24, 0.02, 0.02, gloss=0.8)
    m.box(-0.14, -0.28, 0.14, 0.28, mix(BRASS, CREAM, 0.3), 0.36, 0.05, 0.06, gloss=0.6)
    m.disc(0, -0.3, 0.14, STEEL, 0.42, dome=0.06)


def _coin(m: Relief) -> None:
    m.disc(0, 0, 0.36, BRASS, 0.2, bevel=0.06, gloss=0.8)
    m.disc(0, 0, 0.26, light(BRASS, 0.2), 0.22, bevel=0.03, gloss=0.8)


def _repair(m: Relief) -> None:
    m.box(-0.36, -0.22, 0.36, 0.34, RED, 0.3, 0.06, 0.07)
    m.box(-0.14, -0.34, 0.14, -0.22, DARK, 0.3, 0.04, 0.03)
    m.box(-0.18, 0.0, 0.18, 0.10, WHITE, None)
    m.box(-0.05, -0.12, 0.05, 0.24, WHITE, None)


def _dynamite(m: Relief) -> None:
    for x in (-0.2, 0, 0.2):
        m.rod((x, 0.30), (x, -0.2), 0.18, RED, 0.34, gloss=0.4)
    m.box(-0.32, -0.02, 0.32, 0.12, DARK, 0.4, 0.03, 0.03)
    m.rod((0, -0.24), (0.12, -0.42), 0.05, CREAM, 0.3)


def crate(m: Relief) -> None:
    """What nobody knows."""
    m.box(-0.36, -0.36, 0.36, 0.36, PURPLE, 0.3, 0.06, 0.08)
    m.text(0, 0, "?", 0.5, WHITE, 0.4)


def _make() -> dict[str, Artist]:
    """Every item that isn't put down in the world; those that are have their own picture as icon."""
    icons: dict[str, Artist] = {
        "iron-plate": _of(_plate, mix(STEEL, WHITE, 0.15)),
        "copper-plate": _of(_plate, mix(COPPER, ORANGE, 0.25)),
        "steel-plate": _of(_plate, mix(IRON, BLUE, 0.18), 3),
        "plastic-bar": _of(_plate, rgb("#e8e8ea"), 3),
        "stone-brick": _bricks,
        "wood": _wood,
        "raw-fish": _fish,
        "iron-gear-wheel": _gear,
        "iron-stick": _sticks,
        "copper-cable": _of(_cable, mix(COPPER, ORANGE, 0.3)),
        "copper-wire": _of(_cable, COPPER),
        "red-wire": _of(_cable, RED),
        "green-wire": _of(_cable, GREEN),
        "electronic-circuit": _of(_circuit, rgb("#4f9a3f"), rgb("#e0c054")),
        "advanced-circuit": _of(_circuit, rgb("#c2432f"), rgb("#e8d08a")),
        "processing-unit": _of(_circuit, rgb("#3d6fc2"), rgb("#a8e0f0")),
        "engine-unit": _of(_engine, mix(IRON, ORANGE, 0.25)),
        "electric-engine-unit": _of(_engine, mix(IRON, BLUE, 0.3), True),
        "flying-robot-frame": _frame,
        "low-density-structure": _structure,
        "rocket-fuel": _of(_canister, rgb("#c9573a")),
        "nuclear-fuel": _of(_canister, rgb("#5fae3a")),
        "solid-fuel": _of(_cube, rgb("#4a4038")),
        "sulfur": _of(_lumps, rgb("#e3cf3a")),
        "explosives": _dynamite,
        "battery": _of(_cell, rgb("#b86a2e"), rgb("#e6d9a8")),
        "rocket-part": _rocket_part,
        "satellite": _satellite,
        "coin": _coin,
        "science": _of(_flask, rgb("#d8d2c2")),
        "repair-pack": _repair,
        "cliff-explosives": _dynamite,
        "uranium-235": _of(_lumps, rgb("#a6f03c"), 0.6),
        "uranium-238": _of(_lumps, rgb("#4f7d33"), 0.3),
        "uranium-fuel-cell": _of(_cell, rgb("#5f7d4a"), rgb("#a6f03c")),
        "depleted-uranium-fuel-cell": _of(_cell, rgb("#555a50"), rgb("#7d8a6a")),
        "firearm-magazine": _of(_magazine, YELLOW),
        "piercing-rounds-magazine": _of(_magazine, RED),
        "uranium-rounds-magazine": _of(_magazine, GREEN),
        "shotgun-shell": _of(_shell, RED, 0.26),
        "piercing-shotgun-shell": _of(_shell, ORANGE, 0.26),
        "cannon-shell": _of(_shell, STEEL),
        "explosive-cannon-shell": _of(_shell, RED),
        "uranium-cannon-shell": _of(_shell, GREEN),
        "explosive-uranium-cannon-shell": _of(_shell, rgb("#c8e04a")),
        "artillery-shell": _of(_shell, ORANGE, 0.4),
        "rocket": _of(_rocket, YELLOW),
        "explosive-rocket": _of(_rocket, RED),
        "atomic-bomb": _of(_rocket, GREEN),
        "flamethrower-ammo": _of(_canister, ORANGE),
        "grenade": _of(_grenade, rgb("#5d6b45")),
        "cluster-grenade": _of(_grenade, rgb("#a5533f")),
        "poison-capsule": _of(_capsule, rgb("#6fae4a")),
        "slowdown-capsule": _of(_capsule, ORANGE),
        "defender-capsule": _of(_capsule, BLUE),
        "distractor-capsule": _of(_capsule, YELLOW),
        "destroyer-capsule": _of(_capsule, PURPLE),
        "pistol": _of(_firearm, IRON, 0.26),
        "light-armor": _of(_armour, mix(WOOD, IRON, 0.4), 0),
        "heavy-armor": _of(_armour, mix(COPPER, IRON, 0.4), 1),
        "modular-armor": _of(_armour, STEEL, 2),
        "power-armor": _of(_armour, mix(BLUE, IRON, 0.4), 3),
        "power-armor-mk2": _of(_armour, mix(RED, IRON, 0.4), 3),
        "blueprint": _of(_paper, rgb("#3f6fb5"), WHITE),
        "blueprint-book": _of(_paper, rgb("#2f4f8a"), YELLOW),
        "deconstruction-planner": _of(_paper, rgb("#a8433a"), WHITE),
        "upgrade-planner": _of(_paper, rgb("#4f8f4a"), WHITE),
        "copy-paste-tool": _of(_paper, rgb("#7a7f86"), BLUE),
        "cut-paste-tool": _of(_paper, rgb("#7a7f86"), RED),
        "selection-tool": _of(_paper, rgb("#7a7f86"), YELLOW),
        "no-item": crate,
        "item-unknown": crate,
        "empty-module-slot": _of(_equipment, STEEL),
    }
    for name, colour in ORES.items():
        if name != "crude-oil":
            icons[name] = _of(_lumps, colour, 0.5 if name == "coal" else 0.2)
    for name, colour in SCIENCE.items():
        icons[f"{name}-science-pack"] = _of(_flask, colour)
    for kind, colour in (("speed", BLUE), ("productivity", rgb("#c9603a")), ("efficiency", GREEN)):
        for grade in (1, 2, 3):
            name = f"{kind}-module" + (f"-{grade}" if grade > 1 else "")
            icons[name] = _of(_module, colour, grade)
    icons["barrel"] = _of(_barrel, None)
    for name, colour in FLUIDS.items():
        icons[f"{name}-barrel"] = _of(_barrel, colour)
    for name, colour in TILES.items():
        icons[name] = _of(_slab, colour)
    for name in ("hazard-concrete", "refined-hazard-concrete"):
        icons[name] = _of(_slab, STONE, True)
    for name, colour in (
        ("submachine-gun", IRON), ("shotgun", WOOD), ("combat-shotgun", DARK), ("rocket-launcher", rgb("#5d6b45")),
        ("flamethrower", ORANGE), ("tank-cannon", GUNMETAL), ("tank-flamethrower", ORANGE), ("tank-machine-gun", IRON),
        ("vehicle-machine-gun", IRON), ("artillery-wagon-cannon", RED),
        *((f"spidertron-rocket-launcher-{i}", TEAL) for i in range(1, 5)),
    ):  # fmt: skip
        icons[name] = _of(_firearm, colour)
    for name, colour in (
        ("battery-equipment", BRASS), ("battery-mk2-equipment", ORANGE), ("belt-immunity-equipment", YELLOW),
        ("discharge-defense-equipment", TEAL), ("energy-shield-equipment", BLUE), ("energy-shield-mk2-equipment", PURPLE),
        ("exoskeleton-equipment", STEEL), ("fission-reactor-equipment", GREEN), ("night-vision-equipment", rgb("#6fe07a")),
        ("personal-laser-defense-equipment", RED), ("personal-roboport-equipment", ORANGE),
        ("personal-roboport-mk2-equipment", YELLOW), ("solar-panel-equipment", rgb("#2f5590")),
    ):  # fmt: skip
        icons[name] = _of(_equipment, colour)
    for name, colour in (
        ("artillery-targeting-remote", ORANGE),
        ("discharge-defense-remote", TEAL),
        ("spidertron-remote", BLUE),
    ):
        icons[name] = _of(_remote, colour)
    return icons


ICONS = _make()
