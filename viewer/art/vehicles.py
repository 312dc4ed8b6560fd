"""Rails and what runs on them, cars, robots, and the engineer."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from viewer.art.inserters import centred
from viewer.art.makers import Artist, Sprite
from viewer.art.palette import (
    BLACK,
    BLUE,
    BRASS,
    CREAM,
    DARK,
    GLASS,
    GREEN,
    GUNMETAL,
    IRON,
    ORANGE,
    RED,
    STEEL,
    WHITE,
    WOOD,
    YELLOW,
)  # fmt: skip
from viewer.art.relief import Colour, Point, Relief, dark, light, mix, rgb
from viewer.atlas import Picture

WALK = 8
"""Pictures of two steps of the engineer."""
FACINGS = 8
STATURE = 1.4
SUIT = rgb("#d9822f")


def pictures() -> Iterator[Picture]:
    """Vehicles face north and are turned by the renderer: "NAME"; rails "NAME/DIRECTION", under which
    lies "NAME/DIRECTION/bed"; "character/FACING/FRAME"."""
    for direction in range(0, 16, 2):
        for name, points in RAILS.items():
            line = points(direction % 4 // 2)
            for part, lay in (("bed", _bed), ("", _rail)):
                rail = Relief(8, 8, direction // 4 / 4, margin=0, scale=32)
                lay(rail, line)
                yield rail.picture(f"{name}/{direction}/{part}".rstrip("/"))
    for name, width, height, artist in VEHICLES:
        model = Relief(width, height, margin=0.3, scale=48)
        artist(model)
        model.grain(0.025, 0.02)
        yield centred(model, name)
    for facing in range(FACINGS):
        for frame in range(WALK + 1):
            # The last one stands still.
            man = Relief(1.5, 1.5, facing / FACINGS, margin=0)
            _engineer(man, None if frame == WALK else frame / WALK)
            yield _larger(centred(man, f"character/{facing}/{frame}"))
        if facing == 0:
            yield _larger(man.shadow("character/shadow", 1.6))
    for sprite in SPRITES:
        yield from sprite.pictures()


def _larger(picture: Picture) -> Picture:
    """Larger than its model: who plays is to be found at once."""
    return replace(picture, scale=picture.scale / STATURE, dx=picture.dx * STATURE, dy=picture.dy * STATURE)


# --- rails --------------------------------------------------------------------------------------------------


def _bow(start: Point, turn0: float, turn1: float, length: float) -> list[Point]:
    """Points along a bend, headings in turns clockwise from north."""
    x, y = start
    out = [start]
    for i in range(24):
        turn = math.tau * (turn0 + (turn1 - turn0) * (i + 0.5) / 24)
        x, y = x + math.sin(turn) * length / 24, y - math.cos(turn) * length / 24
        out.append((x, y))
    return out


def _middle(points: list[Point]) -> list[Point]:
    x, y = (points[0][0] + points[-1][0]) / 2, (points[0][1] + points[-1][1]) / 2
    return [(a - x, b - y) for a, b in points]


RAILS: dict[str, Callable[[int], Sequence[Point]]] = {
    "straight-rail": lambda odd: [(1, 1), (-1, -1)] if odd else [(0, 1), (0, -1)],
    "half-diagonal-rail": lambda odd: [(0.9, 1.7), (-0.9, -1.7)] if not odd else [(-0.9, 1.7), (0.9, -1.7)],
    "curved-rail-a": lambda odd: _middle(_bow((0, 2.5), 0, 0.0625 if odd else -0.0625, 5)),
    "curved-rail-b": lambda odd: _middle(
        _bow((0, 2.5), 0.0625 if odd else -0.0625, 0.125 if odd else -0.125, 5)
    ),
    "legacy-curved-rail": lambda odd: _middle(_bow((0, 4), 0, 0.125 if odd else -0.125, 8)),
}
"""The line along which a rail runs, when it lies in the first quarter of directions or is mirrored there."""


def _bed(m: Relief, line: Sequence[Point]) -> None:
    for a, b in itertools.pairwise(line):
        m.rod(a, b, 1.75, rgb("#6d6459"), 0.03, round_=False, gloss=0.0)
    m.grain(0.12, 0.05)


def _rail(m: Relief, line: Sequence[Point]) -> None:
    lengths = [math.dist(a, b) for a, b in itertools.pairwise(line)]
    total = sum(lengths)

    def at(distance: float) -> tuple[Point, Point]:
        for (a, b), length in zip(itertools.pairwise(line), lengths, strict=True):
            if distance <= length or b == line[-1]:
                share = distance / length
                place = (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
                return place, ((b[1] - a[1]) / -length, (b[0] - a[0]) / length)
            distance -= length
        raise AssertionError("not reached")

    ties = max(2, round(total / 0.5))
    for i in range(ties):
        (x, y), (nx, ny) = at(total * (i + 0.5) / ties)
        m.rod(
            (x - nx * 0.78, y - ny * 0.78),
            (x + nx * 0.78, y + ny * 0.78),
            0.2,
            dark(WOOD, 0.35),
            0.12,
            round_=False,
        )
    for side in (-0.5, 0.5):
        points = [
            (p[0] + n[0] * side, p[1] + n[1] * side) for p, n in (at(total * i / 24) for i in range(25))
        ]
        for a, b in itertools.pairwise(points):
            m.rod(a, b, 0.13, light(STEEL, 0.1), 0.24, gloss=0.5)


# --- vehicles -----------------------------------------------------------------------------------------------


def _wagon(m: Relief, colour: Colour, length: float) -> None:
    half = length / 2
    for y in (-half + 0.75, half - 0.75):
        m.box(-0.92, y - 0.45, 0.92, y + 0.45, BLACK, 0.25, 0.08, 0.05)
    m.rod((0, -half - 0.25), (0, half + 0.25), 0.24, DARK, 0.3)
    m.box(-0.86, -half, 0.86, half, dark(colour, 0.35), 0.7, 0.12, 0.08)


def _locomotive(m: Relief) -> None:
    _wagon(m, RED, 5.8)
    m.box(-0.80, -2.8, 0.80, 2.7, mix(RED, rgb("#7d2f26"), 0.35), 1.0, 0.28, 0.16)
    m.box(-0.62, -2.1, 0.62, -1.2, GLASS, 1.2, 0.1, 0.08, gloss=0.9)
    m.box(-0.7, -1.25, 0.7, -0.5, light(RED, 0.15), 1.25, 0.1, 0.08)
    m.vents(-0.55, -0.2, 0.55, 1.8, 9)
    m.disc(0, 2.15, 0.3, GUNMETAL, 1.2, bevel=0.06)
    m.disc(0, 2.15, 0.2, BLACK, 1.1)
    for x in (-0.5, 0.5):
        m.disc(x, -2.66, 0.13, rgb("#fff0b8"), 1.0, dome=0.05, glow=0.7)
    m.box(-0.8, 2.3, 0.8, 2.5, YELLOW, None)


def _cargo_wagon(m: Relief) -> None:
    _wagon(m, IRON, 5.2)
    m.box(-0.80, -2.5, 0.80, 2.5, mix(IRON, rgb("#8a6a4a"), 0.4), 1.0, 0.08, 0.1)
    for i in range(7):
        m.groove((-0.7, -2.2 + i * 0.73), (0.7, -2.2 + i * 0.73), 0.07, 0.06)
    m.box(-0.12, -2.4, 0.12, 2.4, dark(IRON, 0.2), 1.06, 0.03, 0.04)


def _fluid_wagon(m: Relief) -> None:
    _wagon(m, IRON, 5.2)
    m.rod((0, -1.85), (0, 1.85), 1.5, mix(STEEL, CREAM, 0.3), 1.5, gloss=0.45)
    for y in (-1.6, 0, 1.6):
        m.box(-0.78, y - 0.07, 0.78, y + 0.07, dark(IRON, 0.1), None, 0.02)
        m.disc(0, y, 0.26, IRON, 1.6, bevel=0.05)


def _artillery_wagon(m: Relief) -> None:
    _wagon(m, IRON, 5.2)
    m.box(-0.8, -2.4, 0.8, 2.4, mix(IRON, GREEN, 0.25), 0.95, 0.12, 0.1)
    m.disc(0, 0.5, 0.72, mix(IRON, RED, 0.2), 1.2, bevel=0.12)
    m.rod((0, 0.4), (0, -2.1), 0.34, dark(STEEL, 0.3), 1.4, end=0.24)


def _car(m: Relief) -> None:
    for x in (-0.62, 0.62):
        for y in (-0.75, 0.75):
            m.box(x - 0.17, y - 0.3, x + 0.17, y + 0.3, BLACK, 0.3, 0.08, 0.06)
    m.box(-0.6, -1.25, 0.6, 1.2, mix(BRASS, ORANGE, 0.45), 0.55, 0.25, 0.14)
    m.box(-0.48, -0.4, 0.48, 0.1, GLASS, 0.72, 0.1, 0.06, gloss=0.9)
    m.box(-0.45, 0.1, 0.45, 0.72, dark(ORANGE, 0.3), 0.75, 0.1, 0.06)
    m.rod((0, 0.3), (0, -0.5), 0.10, DARK, 0.95)
    for x in (-0.4, 0.4):
        m.disc(x, -1.18, 0.10, rgb("#fff0b8"), 0.5, glow=0.7)


def _tank(m: Relief) -> None:
    for x in (-0.82, 0.82):
        m.box(x - 0.25, -1.45, x + 0.25, 1.45, BLACK, 0.4, 0.14, 0.08)
        m.vents(x - 0.2, -1.35, x + 0.2, 1.35, 13)
    m.box(-0.68, -1.3, 0.68, 1.35, mix(GREEN, GUNMETAL, 0.5), 0.65, 0.16, 0.12)
    m.rod((0, 0.1), (0, -1.75), 0.26, dark(STEEL, 0.35), 1.0, end=0.2)
    m.disc(0, 0.2, 0.56, mix(GREEN, IRON, 0.5), 1.0, bevel=0.12)
    m.disc(0.14, 0.3, 0.18, DARK, 1.08, bevel=0.04)


def _spidertron(m: Relief) -> None:
    for i in range(8):
        turn = math.tau * (i + 0.5) / 8
        knee = (math.cos(turn) * 1.5, math.sin(turn) * 1.5)
        m.rod((0, 0), knee, 0.2, IRON, 1.5)
        m.rod(knee, (math.cos(turn) * 2.5, math.sin(turn) * 2.5), 0.14, DARK, 0.8, end=0.06)
    m.disc(0, 0, 0.8, mix(STEEL, CREAM, 0.2), 1.8, dome=0.3, gloss=0.4)
    m.disc(0, -0.4, 0.22, rgb("#7fe0ff"), 2.0, glow=0.7)


def _robot(m: Relief, colour: Colour) -> None:
    for x in (-1, 1):
        m.rod((0, 0), (x * 0.3, 0.1), 0.08, DARK, 0.3)
        m.disc(x * 0.32, 0.1, 0.13, IRON, 0.35, bevel=0.04)
    m.disc(0, 0, 0.2, colour, 0.45, dome=0.1, gloss=0.4)
    m.disc(0, -0.1, 0.07, GLASS, 0.55, glow=0.5)


VEHICLES: tuple[tuple[str, float, float, Artist], ...] = (
    ("locomotive", 2, 6.4, _locomotive),
    ("cargo-wagon", 2, 5.8, _cargo_wagon),
    ("fluid-wagon", 2, 5.8, _fluid_wagon),
    ("artillery-wagon", 2, 5.8, _artillery_wagon),
    ("car", 2, 3, _car),
    ("tank", 2.4, 3.6, _tank),
    ("spidertron", 5, 5, _spidertron),
    ("construction-robot", 1, 1, lambda m: _robot(m, YELLOW)),
    ("logistic-robot", 1, 1, lambda m: _robot(m, BLUE)),
    ("defender", 1, 1, lambda m: _robot(m, RED)),
)


def _stop(m: Relief) -> None:
    m.box(-0.8, -0.5, 0.8, 0.5, dark(GUNMETAL, 0.1), 0.3, 0.1, 0.06)
    m.rod((-0.5, 0), (0.5, 0), 0.14, STEEL, 1.2)
    m.disc(0.45, 0, 0.26, RED, 1.4, dome=0.06)
    m.disc(0.45, 0, 0.15, WHITE, None)
    m.disc(-0.45, 0, 0.16, rgb("#ffdf7a"), 1.3, glow=0.6)


def _signal(m: Relief, chain: bool) -> None:
    m.box(-0.3, -0.34, 0.3, 0.34, dark(GUNMETAL, 0.1), 0.3, 0.08, 0.06)
    lights = ("#e8573f", "#f2c14a", "#63c955", "#5ab0e8")[: 4 if chain else 3]
    for i, colour in enumerate(lights):
        y = (i - (len(lights) - 1) / 2) * 0.16
        m.disc(0, y, 0.07, rgb(colour), 0.5, glow=0.6)


SPRITES = (
    Sprite("train-stop", 2, 2, _stop, 4),
    Sprite("rail-signal", 1, 1, lambda m: _signal(m, False), 4),
    Sprite("rail-chain-signal", 1, 1, lambda m: _signal(m, True), 4),
)


# --- the engineer -------------------------------------------------------------------------------------------


def _engineer(m: Relief, phase: float | None) -> None:
    """From above, facing north: white where its player's colour goes would be its suit; orange is the game's own."""
    swing = 0.0 if phase is None else math.sin(math.tau * phase)
    for side in (-1, 1):
        step = swing * side
        m.box(
            side * 0.13 - 0.09,
            -0.10 - 0.20 * step,
            side * 0.13 + 0.09,
            0.16 - 0.20 * step,
            dark(GUNMETAL, 0.3),
            0.2,
            0.08,
            0.06,
        )
        shoulder = (side * 0.30, 0.02)
        hand = (side * 0.32, -0.14 + 0.18 * step)
        m.rod(shoulder, hand, 0.17, dark(SUIT, 0.12), 0.62)
        m.disc(*hand, 0.085, dark(GUNMETAL, 0.1), 0.62, dome=0.05)
    m.box(-0.34, -0.15, 0.34, 0.20, SUIT, 0.78, 0.16, 0.12)
    m.box(-0.21, 0.08, 0.21, 0.34, mix(GUNMETAL, SUIT, 0.15), 0.84, 0.07, 0.06)
    for x in (-0.1, 0.1):
        m.rod((x, 0.13), (x, 0.29), 0.12, STEEL, 0.92)
    m.disc(0, -0.04, 0.20, light(SUIT, 0.12), 1.0, dome=0.16, gloss=0.4)
    m.box(-0.14, -0.22, 0.14, -0.11, rgb("#7fd4e6"), 1.06, 0.05, 0.03, gloss=0.9)
    m.disc(0.0, 0.04, 0.05, BRASS, 1.2, dome=0.03)
