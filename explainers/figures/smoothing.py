"""A map drawn smoother than it was computed."""

from __future__ import annotations

import numpy as np

from explainers.arrays import Array

WIDTH = 1 / 75  # standard deviation of the blur, as a share of the map's longer side: 3 of 224 pixels


def radius(heat: Array) -> float:
    """Return the standard deviation, in pixels, of the blur that suits a map (H, W)."""
    height, width = heat.shape
    return float(max(height, width) * WIDTH)


def smoothed(heat: Array) -> Array:
    """Return a map (H, W) in which each pixel has the mean of its surroundings, weighted by a Gaussian.

    At the edges the weights are those of the pixels that are there, so a map that is the same everywhere stays so.
    """
    for axis in (0, 1):
        places = np.arange(heat.shape[axis])
        weights = np.exp(-0.5 * ((places[:, None] - places) / radius(heat)) ** 2)
        weights /= weights.sum(1, keepdims=True)
        heat = np.moveaxis(np.tensordot(weights, heat, (1, axis)), 0, axis)
    return heat.astype(np.float32)
