"""Orders of pixels: that of a map, those of the map in the wrong place, and some that don't depend on the picture.

An order is (H, W) whole numbers: 0 for the pixel that comes first, H * W - 1 for the last.
"""

from __future__ import annotations

import math

import numpy as np

from explainers.arrays import Array

QUARTER_SHIFTS = (  # (down, right, upside down, left to right): how far the map is moved, in quarters of the picture
    (0, 1, False, False),
    (0, 2, True, False),
    (0, 3, False, True),
    (1, 0, True, True),
    (1, 1, False, True),
    (1, 2, False, False),
    (1, 3, True, False),
    (2, 0, False, False),
    (2, 1, True, True),
    (2, 2, False, True),
    (2, 3, False, False),
    (3, 0, True, False),
    (3, 1, True, False),
    (3, 2, False, True),
    (3, 3, True, True),
    (2, 2, True, True),
)


def order(heat: Array, seed: int) -> Array:
    """Return the order of a map (H, W), hottest pixel first. Pixels of the same heat come in random order.

    A map of few values (superpixels, zeros after a ReLU) must neither gain nor lose by the order in which pixels are
    stored.
    """
    ties = np.random.default_rng(seed).permutation(heat.size)
    return _placed(np.lexsort((ties, -heat.ravel())), heat.shape)


def moved(ranks: Array) -> Array:
    """Return (16, H, W) copies of an order (H, W) in the wrong place, with the same grain and the same areas.

    They are all shifts by whole quarters of the picture, wrapped around its edges, and the farthest (half down and half
    right) twice; each moves the map's centre by at least a quarter of the picture. A shift alone keeps a map's shape,
    and objects in photos are often elongated: so four of the sixteen each are only shifted, upside down, mirrored, and
    both. They are mirrored about their own centre: mirrored about the picture's centre, a map beside the middle could
    be shifted back to where it came from.
    """
    down, right = (_centre(ranks, axis) for axis in (0, 1))
    misplaced = []
    for rows, columns, upside_down, mirrored in QUARTER_SHIFTS:
        turned = _mirrored(ranks, 0, down) if upside_down else ranks
        turned = _mirrored(turned, 1, right) if mirrored else turned
        shift = (round(rows * ranks.shape[0] / 4), round(columns * ranks.shape[1] / 4))
        misplaced.append(np.roll(turned, shift, (0, 1)))
    return np.stack(misplaced)


def scattered(size: tuple[int, int], draws: int, seed: int) -> Array:
    """Return (draws, H, W) random orders."""
    generator = np.random.default_rng(seed)
    return np.stack([generator.permutation(size[0] * size[1]).reshape(size) for _ in range(draws)])


def centred(size: tuple[int, int]) -> Array:
    """Return the order (H, W) from the middle outwards, in ellipses of the picture's proportions."""
    down, right = (((np.arange(side) + 0.5) / side - 0.5) ** 2 for side in size)
    return _placed(np.argsort((down[:, None] + right).ravel(), kind="stable"), size)


def _placed(first: Array, size: tuple[int, ...]) -> Array:
    """Return the rank of each pixel, given the pixels' indices in order."""
    ranks = np.empty(len(first), np.int64)
    ranks[first] = np.arange(len(first))
    return ranks.reshape(size)


def _centre(ranks: Array, axis: int) -> float:
    """Return the position, in pixels, of the first pixels' mean along an axis that is closed to a circle.

    The pixel of rank n has weight 1 / (n + 1), so that the first ones decide in maps of many hot pixels and of few.
    """
    side = ranks.shape[axis]
    weights = (1 / (1 + ranks)).sum(1 - axis)
    turn = float(np.angle((weights * np.exp(2j * np.pi * np.arange(side) / side)).sum()))
    return turn / (2 * math.pi) % 1 * float(side)


def _mirrored(ranks: Array, axis: int, centre: float) -> Array:
    """Mirror an order about a point of an axis that is closed to a circle."""
    mirrored: Array = np.take(ranks, round(2 * centre) - np.arange(ranks.shape[axis]), axis, mode="wrap")
    return mirrored
