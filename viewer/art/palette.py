"""The colours of our world: weathered metals and earth, and a few accents that mean something."""

from __future__ import annotations

from viewer.art.relief import Colour, rgb

STEEL = rgb("#9aa0a6")
IRON = rgb("#767c83")
GUNMETAL = rgb("#555b62")
DARK = rgb("#3a3e44")
RUBBER = rgb("#34363a")
BLACK = rgb("#1d1f23")
CREAM = rgb("#d9d2c0")
WHITE = rgb("#e8e6df")
BRASS = rgb("#bd9547")
COPPER = rgb("#bf7246")
RUST = rgb("#7d5238")
WOOD = rgb("#9a6b3e")
STONE = rgb("#a39a88")
ORANGE = rgb("#dd8a35")
YELLOW = rgb("#e0b040")
RED = rgb("#c54a3c")
BLUE = rgb("#3f8fc4")
GREEN = rgb("#6fa644")
TEAL = rgb("#4f9a94")
PURPLE = rgb("#8c5ab0")
FIRE = rgb("#ffa63d")
EMBER = rgb("#ff6a28")
GLASS = rgb("#8fc6cf")

TIERS: dict[str, Colour] = {
    "": rgb("#e2b23c"),
    "fast-": rgb("#d24a3a"),
    "express-": rgb("#45a3d9"),
}
"""Accents of the three speeds of belts, by the prefix of their names."""
