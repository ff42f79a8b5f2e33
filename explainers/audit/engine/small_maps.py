"""What is kept of a map's magnitudes: a small map of them, a description to compare it by, and where they lie."""

from __future__ import annotations

from functools import cache

import numpy as np

from explainers.arrays import Array
from explainers.audit.rows import CELL_SIDE, MAP_SIDE

BORDER = 0.1  # of the view's width and height, on each side


def small_map(magnitudes: Array) -> Array:
    """Return (MAP_SIDE, MAP_SIDE) the means of magnitudes (H, W) over equal areas, in multiples of the mean of all.

    A map of zeros stays one.
    """
    means = area_means(magnitudes, MAP_SIDE)
    mean = means.mean()
    return means / mean if mean else means


def description(magnitudes: Array) -> Array | None:
    """Return (CELL_SIDE ** 2,) the means of magnitudes (H, W) over equal areas, scaled to the Euclidean norm 1.

    None for a map of zeros.
    """
    means = area_means(magnitudes, CELL_SIDE).ravel()
    norm = np.linalg.norm(means)
    return means / norm if norm else None


def border_share(magnitudes: Array) -> float | None:
    """Return the share of magnitudes (H, W) at the border; None for a map of zeros."""
    rows, columns = (_at_border(side) for side in magnitudes.shape)
    return _share(magnitudes, rows[:, None] | columns)


def compactness(magnitudes: Array) -> float | None:
    """Return the smallest share of pixels that hold half of the magnitudes (H, W); None for a map of zeros."""
    sums = np.sort(magnitudes, axis=None)[::-1].cumsum(dtype=np.float64)
    if not sums[-1]:
        return None
    return (1 + int(np.searchsorted(sums, sums[-1] / 2))) / sums.size


def area_means(values: Array, side: int) -> Array:
    """Return (side, side) the means of values (H, W) from 0 up over areas of equal size, which may cut pixels."""
    sums = _sums(_sums(values.astype(np.float64), side, 0), side, 1)
    means: Array = np.maximum(sums, 0) * (side * side / values.size)  # differences of sums may miss 0 by rounding
    return means


def _sums(values: Array, side: int, axis: int) -> Array:
    """Return the sums of values (H, W) over `side` equal parts of an axis, which may cut through pixels.

    A product with a matrix of shares would be shorter, but its threads wait for one another on a busy machine.
    """
    count = values.shape[axis]
    sums = np.insert(values.cumsum(axis), 0, 0, axis)
    edges = np.arange(side + 1) * count / side
    below = np.minimum(edges.astype(int), count - 1)
    rest = np.expand_dims(edges - below, 1 - axis)
    at_edges = (1 - rest) * sums.take(below, axis) + rest * sums.take(below + 1, axis)
    parts: Array = np.diff(at_edges, axis=axis)
    return parts


@cache
def _at_border(side: int) -> Array:
    """Return (side,) whether the middle of each pixel lies at one of the two ends."""
    middles = (np.arange(side) + 0.5) / side
    at_border: Array = (middles < BORDER) | (middles > 1 - BORDER)
    return at_border


def _share(magnitudes: Array, mask: Array) -> float | None:
    total = float(magnitudes.sum(dtype=np.float64))
    return float(magnitudes[mask].sum(dtype=np.float64)) / total if total else None
