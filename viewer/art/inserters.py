"""Inserters: a foot that stays, an arm that is stretched from it to its hand, and the hand."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.art.makers import Sprite
from viewer.art.palette import BLUE, DARK, GREEN, GUNMETAL, IRON, RED, RUST, STEEL, YELLOW
from viewer.art.relief import Colour, Relief, dark, light, mix
from viewer.atlas import Picture

COLOURS: dict[str, Colour] = {
    "burner-inserter": mix(RUST, IRON, 0.25),
    "inserter": YELLOW,
    "long-handed-inserter": RED,
    "fast-inserter": BLUE,
    "bulk-inserter": GREEN,
}
ARM_LENGTH = 1.0
"""Tiles from the first to the last point of the arm's picture: it is stretched to what is needed."""


def pictures() -> Iterator[Picture]:
    """ "NAME/QUARTER", "NAME/arm" pointing north, "NAME/hand" (open) and "NAME/grip" (holding)."""
    for name, colour in COLOURS.items():

        def foot(model: Relief, name: str = name, colour: Colour = colour) -> None:
            _foot(model, name, colour)

        yield from Sprite(name, 1, 1, foot, 4).pictures()
        arm = Relief(0.3, ARM_LENGTH, margin=0.1)
        _arm(arm, colour, 0.15 if name == "bulk-inserter" else 0.12)
        yield centred(arm, f"{name}/arm")
        for state, spread in (("hand", 0.13), ("grip", 0.085)):
            hand = Relief(0.6, 0.6, margin=0)
            _hand(hand, colour, spread * (1.35 if name == "bulk-inserter" else 1))
            yield centred(hand, f"{name}/{state}")


def centred(model: Relief, name: str) -> Picture:
    """The picture uncut, so that its middle stays the middle when it is turned."""
    return Picture(name, model.pixels(), model.scale)


def _foot(model: Relief, name: str, colour: Colour) -> None:
    model.box(-0.36, -0.32, 0.36, 0.32, GUNMETAL, 0.16, 0.10, 0.05)
    model.box(-0.29, -0.25, 0.29, 0.25, dark(colour, 0.12), 0.20, 0.08, 0.04)
    # It drops ahead of it, to the south of the picture's north: the notch shows where to.
    model.poly([(-0.13, 0.25), (0.13, 0.25), (0, 0.40)], light(colour, 0.2), 0.17, 0.02)
    model.disc(0, 0, 0.21, DARK, 0.25)
    model.disc(0, 0, 0.165, mix(STEEL, colour, 0.35), 0.31, dome=0.05, gloss=0.4)
    model.bolts([(x, y) for x in (-0.28, 0.28) for y in (-0.24, 0.24)], IRON, 0.18, 0.03)
    if name == "burner-inserter":
        model.box(-0.12, -0.31, 0.12, -0.22, DARK, 0.22, 0.02, 0.02)


def _arm(model: Relief, colour: Colour, width: float) -> None:
    half = ARM_LENGTH / 2
    model.rod(
        (0, half), (0, -half), width + 0.055, dark(colour, 0.62), 0.42, gloss=0.1, end=width * 0.8 + 0.05
    )
    model.rod((0, half), (0, -half), width, colour, 0.48, gloss=0.35, end=width * 0.72)
    model.rod((0, half * 0.8), (0, -half * 0.75), width * 0.26, light(colour, 0.35), 0.5)


def _hand(model: Relief, colour: Colour, spread: float) -> None:
    model.rod((0, 0.16), (0, 0.02), 0.15, dark(colour, 0.5), 0.45)
    model.disc(0, 0.05, 0.085, mix(colour, STEEL, 0.4), 0.5, dome=0.04, gloss=0.4)
    for side in (-1, 1):
        model.rod((side * 0.03, 0.03), (side * spread, -0.07), 0.07, dark(colour, 0.55), 0.47)
        model.rod(
            (side * spread, -0.07), (side * spread * 0.82, -0.2), 0.06, dark(STEEL, 0.25), 0.47, end=0.035
        )
