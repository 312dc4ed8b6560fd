"""What a picture shows: where, how near, how large, and which layers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

PIXELS_PER_TILE = 32
"""At zoom 1, as in the game's own `game.take_screenshot`."""
MIN_ZOOM, MAX_ZOOM = 0.002, 64.0
"""From 15 tiles in a pixel, which shows any map that was explored, to half a tile in a picture 1,024 pixels wide."""
MIN_SIDE, MAX_SIDE = 16, 3840
MAP_EDGE = 1_000_000
"""Farthest coordinate of a Factorio map, in tiles."""
LAYERS = ("alt", "status", "power", "fluids", "grid", "names", "night")
"""alt: recipes over machines. status: why machines stand still. power: wires' reach and what is without.
fluids: what is in pipes. grid: coordinates. names: of players and stations. night: as dark as it is at that hour."""


@dataclass(frozen=True)
class View:
    """A centre in tiles, a zoom (1 = 32 pixels per tile), a size in pixels, and the layers to show.

    Raises:
        ValueError: a value can't be drawn; one sentence says which and what would do.
    """

    x: float
    y: float
    zoom: float = 0.5
    width: int = 1280
    height: int = 720
    layers: frozenset[str] = frozenset({"status", "names"})

    def __post_init__(self) -> None:
        for name, value in (("x", self.x), ("y", self.y)):
            if not math.isfinite(value) or abs(value) > MAP_EDGE:
                raise ValueError(f"{name} is {value}; it must be between {-MAP_EDGE} and {MAP_EDGE} tiles")
        if not math.isfinite(self.zoom) or not MIN_ZOOM <= self.zoom <= MAX_ZOOM:
            raise ValueError(f"zoom is {self.zoom}; it must be between {MIN_ZOOM} and {MAX_ZOOM:g}")
        for name, side in (("width", self.width), ("height", self.height)):
            if not MIN_SIDE <= side <= MAX_SIDE:
                raise ValueError(f"{name} is {side}; it must be between {MIN_SIDE} and {MAX_SIDE} pixels")
        check_layers(self.layers)

    @property
    def scale(self) -> float:
        """Pixels per tile."""
        return PIXELS_PER_TILE * self.zoom

    @property
    def area(self) -> tuple[float, float, float, float]:
        """The rectangle of the world that is seen, in tiles: west, north, east, south."""
        half_w, half_h = self.width / 2 / self.scale, self.height / 2 / self.scale
        return (self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the world lies in the picture."""
        return (
            (x - self.x) * self.scale + self.width / 2,
            (y - self.y) * self.scale + self.height / 2,
        )


def check_layers(layers: Iterable[str]) -> frozenset[str]:
    """The layers as a set. Raises ValueError if there is one that nobody can draw."""
    for layer in layers:
        if layer not in LAYERS:
            raise ValueError(f"there is no layer {layer!r}; there are {', '.join(LAYERS)}")
    return frozenset(layers)
