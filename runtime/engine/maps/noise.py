"""Gradient noise over squares of tiles, and numbers that look random: pure functions of a seed and a place.

Only additions, multiplications and comparisons of single elements happen here, which every machine rounds alike: so a
seed gives the same map everywhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Grid = npt.NDArray[np.floating[Any]]

# Sixteen directions around a circle; written out because sines differ in the last bit from one machine to another.
_A, _B, _C = 0.9238795325112867, 0.7071067811865476, 0.3826834323650898
_GRADIENTS = (
    (1.0, 0.0), (_A, _C), (_B, _B), (_C, _A), (0.0, 1.0), (-_C, _A), (-_B, _B), (-_A, _C),
    (-1.0, 0.0), (-_A, -_C), (-_B, -_B), (-_C, -_A), (0.0, -1.0), (_C, -_A), (_B, -_B), (_A, -_C),
)  # fmt: skip
_MASK = 0xFFFFFFFF
_MOST_AXES = 4096  # kept at most


def scatter(seed: int, x: int, y: int) -> int:
    """A number of 32 bits that looks random and depends on its arguments alone."""
    mixed = (seed * 0x27D4EB2F ^ x * 0x9E3779B1 ^ y * 0x85EBCA77) & _MASK
    mixed = (mixed ^ mixed >> 16) * 0x7FEB352D & _MASK
    mixed = (mixed ^ mixed >> 15) * 0x846CA68B & _MASK
    return mixed ^ mixed >> 16


def chance(seed: int, x: int, y: int) -> float:
    """`scatter`, from 0 up to below 1."""
    return scatter(seed, x, y) / 4294967296.0


def chances(seed: int, x0: int, y0: int, count: int) -> Grid:
    """`chance` of a square of places, the left top one at (x0, y0); the first index is y."""
    xs = np.arange(x0, x0 + count).astype(np.uint32)
    ys = np.arange(y0, y0 + count).astype(np.uint32)
    start = np.uint32(seed * 0x27D4EB2F & _MASK)
    mixed = (start ^ xs * np.uint32(0x9E3779B1))[None, :] ^ (ys * np.uint32(0x85EBCA77))[:, None]
    mixed = (mixed ^ mixed >> np.uint32(16)) * np.uint32(0x7FEB352D)
    mixed = (mixed ^ mixed >> np.uint32(15)) * np.uint32(0x846CA68B)
    found: Grid = (mixed ^ mixed >> np.uint32(16)) / 4294967296.0
    return found


class _Axis(NamedTuple):
    """A row of places along one axis: the nodes about them, and the weights of those."""

    first: int  # the first node
    nodes: int  # how many
    before: npt.NDArray[np.intp]  # of each place, the node before it
    after: npt.NDArray[np.intp]
    weight_before: Grid
    weight_after: Grid
    slope_before: Grid  # the same, times how far the place is from the node
    slope_after: Grid


class Noise:
    """Perlin's noise in octaves.

    Args:
        seed: tells one field from another.
        octaves: (tiles between nodes, weight) of each.

    Values are about 0, mostly within ±0.6 of the sum of the weights.
    """

    def __init__(self, seed: int, octaves: tuple[tuple[float, float], ...]) -> None:
        self.seed = seed
        self.octaves = octaves
        self._axes: dict[tuple[float, float, int, float], _Axis] = {}

    def grid(self, x0: float, y0: float, count: int, step: float = 1.0) -> Grid:
        """The field at `count` × `count` places, `step` tiles apart, from (x0, y0) on; the first index is y."""
        total: Any = 0.0
        for index, (scale, weight) in enumerate(self.octaves):
            total = total + self._octave(self.seed + index * 7919, scale, x0, y0, count, step) * weight
        found: Grid = total
        return found

    def at(self, x: float, y: float) -> float:
        """The field at one place."""
        return float(self.grid(x, y, 1)[0, 0])

    def _axis(self, scale: float, start: float, count: int, step: float) -> _Axis:
        key = (scale, start, count, step)
        axis = self._axes.get(key)
        if axis is None:
            places = (start + np.arange(count) * step) / scale
            nodes = np.floor(places)
            off = places - nodes
            eased = off * off * off * (off * (off * 6.0 - 15.0) + 10.0)
            first, last = int(nodes[0]), int(nodes[-1])
            before = nodes.astype(np.intp) - first
            axis = _Axis(
                first, last - first + 2, before, before + 1,
                1.0 - eased, eased, (1.0 - eased) * off, eased * (off - 1.0),
            )  # fmt: skip
            if len(self._axes) >= _MOST_AXES:
                self._axes.clear()
            self._axes[key] = axis
        return axis

    def _octave(self, seed: int, scale: float, x0: float, y0: float, count: int, step: float) -> Grid:
        across, down = self._axis(scale, x0, count, step), self._axis(scale, y0, count, step)
        slopes = [
            _GRADIENTS[scatter(seed, x, y) & 15]
            for y in range(down.first, down.first + down.nodes)
            for x in range(across.first, across.first + across.nodes)
        ]
        gradients = np.array(slopes).reshape(down.nodes, across.nodes, 2)
        west, east = gradients[:, across.before], gradients[:, across.after]
        # In each row of nodes: what x gives, and what there is for y to give.
        given = west[:, :, 0] * across.slope_before + east[:, :, 0] * across.slope_after
        slope = west[:, :, 1] * across.weight_before + east[:, :, 1] * across.weight_after
        return (
            given[down.before] * down.weight_before[:, None]
            + slope[down.before] * down.slope_before[:, None]
            + given[down.after] * down.weight_after[:, None]
            + slope[down.after] * down.slope_after[:, None]
        )
