"""Trees, rocks, cliffs and fish."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from viewer.art.inserters import centred
from viewer.art.relief import Colour, Relief, dark, light, mix, rgb
from viewer.atlas import Picture

VARIANTS = 3
# name: (style, leaves, radius of the crown in tiles)
TREES: dict[str, tuple[str, Colour, float]] = {
    "tree-01": ("leafy", rgb("#4f6b33"), 1.05),
    "tree-02": ("leafy", rgb("#5c7a3a"), 1.0),
    "tree-02-red": ("leafy", rgb("#8a4a34"), 1.0),
    "tree-03": ("conifer", rgb("#3f5f3a"), 1.0),
    "tree-04": ("leafy", rgb("#5f6f3c"), 1.15),
    "tree-05": ("conifer", rgb("#4a6a3f"), 0.95),
    "tree-06": ("bushy", rgb("#7a7a45"), 0.85),
    "tree-06-brown": ("bushy", rgb("#86683e"), 0.85),
    "tree-07": ("leafy", rgb("#6a8040"), 0.95),
    "tree-08": ("bushy", rgb("#59753c"), 0.95),
    "tree-08-brown": ("bushy", rgb("#7d6238"), 0.95),
    "tree-08-red": ("bushy", rgb("#8c4b35"), 0.95),
    "tree-09": ("leafy", rgb("#678145"), 1.0),
    "tree-09-brown": ("leafy", rgb("#80683c"), 1.0),
    "tree-09-red": ("leafy", rgb("#934f38"), 1.0),
    "dry-tree": ("bare", rgb("#86704f"), 0.7),
    "dry-hairy-tree": ("bare", rgb("#7a664a"), 0.85),
    "dead-tree-desert": ("bare", rgb("#8f7a58"), 0.85),
    "dead-dry-hairy-tree": ("bare", rgb("#6f5d45"), 0.8),
    "dead-grey-trunk": ("bare", rgb("#77706a"), 0.75),
}
ROCKS: dict[str, tuple[Colour, float]] = {
    "big-rock": (rgb("#857b6e"), 1.0),
    "huge-rock": (rgb("#7d7469"), 1.5),
    "big-sand-rock": (rgb("#b19b72"), 1.05),
}


def pictures() -> Iterator[Picture]:
    """ "NAME/VARIANT" of trees and rocks, "cliff/VARIANT", "fish"."""
    for name, (style, colour, size) in TREES.items():
        for variant in range(VARIANTS):
            tree = Relief(2.6 * size, 2.6 * size, margin=0.05, scale=48)
            {"leafy": _leafy, "bushy": _leafy, "conifer": _conifer, "bare": _bare}[style](
                tree, colour, size * (0.92 + 0.08 * variant), 40 + variant + len(name), style == "bushy"
            )
            yield tree.picture(f"{name}/{variant}")
            yield tree.shadow(f"{name}/{variant}/shadow", 1.1)
    for name, (colour, size) in ROCKS.items():
        for variant in range(VARIANTS):
            rock = Relief(2.6 * size, 2.4 * size, margin=0.1, scale=48)
            _rock(rock, colour, size, 60 + variant)
            rock.grain(0.07, 0.03)
            yield rock.picture(f"{name}/{variant}")
            yield rock.shadow(f"{name}/{variant}/shadow")
    for variant in range(VARIANTS):
        cliff = Relief(4.6, 2.8, margin=0.1, scale=32)
        _cliff(cliff, 80 + variant)
        cliff.grain(0.07, 0.04)
        yield cliff.picture(f"cliff/{variant}")
        yield cliff.shadow(f"cliff/{variant}/shadow")
    fish = Relief(1.2, 1.2, margin=0, scale=32)
    fish.rod((0, 0.3), (0, -0.3), 0.10, rgb("#35505a"), 0.1, end=0.2)
    fish.poly([(-0.14, 0.46), (0, 0.26), (0.14, 0.46)], rgb("#35505a"), 0.05)
    yield centred(fish, "fish")


def _leafy(m: Relief, colour: Colour, size: float, seed: int, bushy: bool) -> None:
    """A crown of overlapping tufts, the higher the lighter."""
    random = np.random.default_rng(seed)
    m.disc(0, 0, 0.16, rgb("#5b4630"), 0.4)
    tufts = []
    for _ in range(64 if not bushy else 46):
        away = size * 0.92 * math.sqrt(random.uniform(0, 1))
        turn = random.uniform(0, math.tau)
        lobes = 1 + 0.16 * math.sin(3 * turn + seed)
        up = 1 - (away / size) ** 2
        tufts.append(
            (up + random.uniform(-0.15, 0.15), math.cos(turn) * away * lobes, math.sin(turn) * away * lobes)
        )
    for up, x, y in sorted(tufts):
        r = size * random.uniform(0.14, 0.25)
        tone = mix(
            dark(colour, 0.38), light(colour, 0.20), max(0, min(1, up * 0.85 + random.uniform(-0.1, 0.12)))
        )
        m.disc(x, y, r, tone, 0.5 + 0.9 * max(up, 0), dome=r * 0.7, gloss=0.05)
        for _ in range(3):
            turn = random.uniform(0, math.tau)
            m.disc(
                x + math.cos(turn) * r * 0.6, y + math.sin(turn) * r * 0.6, r * 0.38, light(tone, 0.07),
                0.56 + 0.9 * max(up, 0), dome=r * 0.3, gloss=0.05,
            )  # fmt: skip


def _conifer(m: Relief, colour: Colour, size: float, seed: int, _bushy: bool) -> None:
    random = np.random.default_rng(seed)
    for tier in range(5):
        reach = size * (1 - tier * 0.19)
        z = 0.4 + tier * 0.32
        count = 13 - tier
        start = random.uniform(0, math.tau)
        for i in range(count):
            turn = start + math.tau * i / count + random.uniform(-0.12, 0.12)
            length = reach * random.uniform(0.82, 1.05)
            tone = mix(dark(colour, 0.35), light(colour, 0.2), tier / 5 + random.uniform(-0.1, 0.1))
            m.rod(
                (0, 0),
                (math.cos(turn) * length, math.sin(turn) * length),
                0.26 * size,
                tone,
                z,
                end=0.04,
                gloss=0.05,
            )
    m.disc(0, 0, 0.10, light(colour, 0.25), 2.0, dome=0.1)


def _bare(m: Relief, colour: Colour, size: float, seed: int, _bushy: bool) -> None:
    random = np.random.default_rng(seed)

    def branch(x: float, y: float, turn: float, length: float, width: float, z: float) -> None:
        tip = (x + math.cos(turn) * length, y + math.sin(turn) * length)
        m.rod(
            (x, y),
            tip,
            width,
            mix(colour, light(colour, 0.25), random.uniform(0, 1)),
            z,
            end=width * 0.55,
            gloss=0.05,
        )
        if width > 0.05:
            for _ in range(2):
                branch(*tip, turn + random.uniform(-0.9, 0.9), length * 0.68, width * 0.58, z + 0.1)

    start = random.uniform(0, math.tau)
    for i in range(5):
        branch(0, 0, start + math.tau * i / 5 + random.uniform(-0.3, 0.3), size * 0.52, 0.15 * size, 0.5)
    m.disc(0, 0, 0.15 * size, light(colour, 0.15), 0.85, dome=0.06)


def _rock(m: Relief, colour: Colour, size: float, seed: int) -> None:
    random = np.random.default_rng(seed)

    def lump(x: float, y: float, r: float, z: float, tone: Colour) -> None:
        corners = int(random.integers(7, 10))
        start = random.uniform(0, math.tau)
        points = []
        for i in range(corners):
            turn = start + math.tau * i / corners
            away = r * random.uniform(0.82, 1.1)
            points.append((x + math.cos(turn) * away, y + math.sin(turn) * away * 0.86))
        m.poly(points, tone, z, bevel=r * 0.42, gloss=0.1)

    lump(0, 0.05, size, 0.55 * size, dark(colour, 0.1))
    lump(-0.12 * size, -0.12 * size, size * 0.62, 0.95 * size, colour)
    lump(-0.18 * size, -0.2 * size, size * 0.34, 1.15 * size, light(colour, 0.15))
    for _ in range(4):
        turn = random.uniform(0, math.tau)
        lump(
            math.cos(turn) * size * 1.0,
            math.sin(turn) * size * 0.85,
            size * random.uniform(0.1, 0.2),
            0.15,
            colour,
        )


def _cliff(m: Relief, seed: int) -> None:
    """A ledge that runs from west to east, its foot to the south."""
    random = np.random.default_rng(seed)
    colour = rgb("#7d6a52")
    for row, z in ((0.55, 0.35), (0.15, 0.8), (-0.25, 1.25)):
        for i in range(9):
            x = -2.0 + i * 0.5 + random.uniform(-0.12, 0.12)
            y = row + random.uniform(-0.12, 0.12)
            r = random.uniform(0.34, 0.5)
            points = []
            for k in range(7):
                turn = math.tau * k / 7 + random.uniform(-0.2, 0.2)
                points.append((x + math.cos(turn) * r, y + math.sin(turn) * r * 0.85))
            tone = mix(dark(colour, 0.3), light(colour, 0.15), z / 1.4 + random.uniform(-0.12, 0.12))
            m.poly(points, tone, z, bevel=0.16, gloss=0.05)
