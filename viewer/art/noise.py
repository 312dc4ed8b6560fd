"""Seamless noise for textures: it goes on at the left where it ends at the right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def seamless(side: int, coarse: float, fine: float, seed: int, stretch: float = 1.0) -> NDArray[Any]:
    """Noise of mean 0 and deviation 1 with features between two sizes.

    Args:
        side: pixels along a side of the square.
        coarse, fine: the largest and the smallest features, in pixels.
        stretch: how many times longer features are from north to south than from west to east.
    """
    random = np.random.default_rng(seed)
    waves = np.fft.rfft2(random.standard_normal((side, side)))
    ky = np.fft.fftfreq(side)[:, None] * stretch
    kx = np.fft.rfftfreq(side)[None, :]
    k = np.hypot(kx, ky)
    k[0, 0] = 1
    low, high = 1 / coarse, 1 / fine
    # Each octave counts alike between the two sizes.
    spectrum = np.exp(-((k / high) ** 2)) * (1 - np.exp(-((k / low) ** 2))) / k
    spectrum[0, 0] = 0
    field = np.fft.irfft2(waves * spectrum, (side, side))
    return np.asarray(field / (field.std() + 1e-9), np.float32)
