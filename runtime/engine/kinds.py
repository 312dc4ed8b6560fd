"""Importing this gives every prototype type the class that acts for it."""

from runtime.engine.systems import (
    belts,
    character,
    containers,
    crafting,
    electricity,
    fluids,
    ground,
    inserters,
    labs,
    mining,
    nature,
    paths,
    splitters,
    standing,
    steam,
    undergrounds,
)

__all__ = [
    "belts",
    "character",
    "containers",
    "crafting",
    "electricity",
    "fluids",
    "ground",
    "inserters",
    "labs",
    "mining",
    "nature",
    "paths",
    "splitters",
    "standing",
    "steam",
    "undergrounds",
]
