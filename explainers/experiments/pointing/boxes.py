"""Boxes on a photo, and which pixels of a classifier's view they hold.

Boxes are (left, top, right, bottom) in pixels of the upright photo, as `Explanation.box` is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.arrays import Array
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError

APART = 0.25  # of a box: the most that another place for it may share with it


def distances(boxes: Sequence[Box], view: Box, size: tuple[int, int]) -> Array:
    """(H, W): how far the middle of each pixel of the view lies from the nearest box, in such pixels; 0 inside."""
    height, width = size
    down, across = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    found: Array = np.min([_distance(across, down, _scaled(box, view, size)) for box in boxes], axis=0)
    return found


def from_centre(boxes: Sequence[Box], view: Box, size: tuple[int, int]) -> float:
    """How far the middle of the view lies from the nearest box, in its pixels; 0 inside."""
    height, width = size
    return min(float(_distance(width / 2, height / 2, _scaled(box, view, size))) for box in boxes)


def held(boxes: Sequence[Box], view: Box, size: tuple[int, int]) -> Array:
    """(H, W) bool: the pixels whose middle lies in a box. Raises ExplanationError if there are none."""
    for left, top, right, bottom in boxes:
        if not (left < right and top < bottom):
            raise ExplanationError("A box needs its left edge left of its right one, and its top above its bottom.")
    found: Array = distances(boxes, view, size) == 0
    if not found.any():
        if all(_cut(box, view) == 1 for box in boxes):
            raise ExplanationError(
                "The box lies outside the part of the photo that the classifier sees. Draw it there, or show the "
                "classifier the whole photo."
            )
        raise ExplanationError(
            "The box is too small: it holds no pixel of what the classifier sees. Draw a larger one."
        )
    return found


def unseen(boxes: Sequence[Box], view: Box) -> float:
    """Which share of the boxes' area lies outside the view."""
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in boxes]
    return float(np.average([_cut(box, view) for box in boxes], weights=areas))


def elsewhere(mask: Array) -> list[Array]:
    """What to hide instead of a box, given the mask (H, W) of what it holds.

    As large a box in the corners, at the edges and in the middle, where it shares little with the box; for a box too
    large for that, all the rest of the picture; nothing where there is no rest.
    """
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    (tall, wide), (height, width) = (len(rows), len(columns)), mask.shape
    found = []
    for top in sorted({0, (height - tall) // 2, height - tall}):
        for left in sorted({0, (width - wide) // 2, width - wide}):
            other = np.zeros_like(mask)
            other[top : top + tall, left : left + wide] = True
            if (other & mask).sum() <= APART * mask.sum():
                found.append(other)
    return found or ([~mask] if not mask.all() else [])


def _scaled(box: Box, view: Box, size: tuple[int, int]) -> Box:
    """A box in pixels of the view."""
    (left, top, right, bottom), (height, width) = view, size
    across, down = width / (right - left), height / (bottom - top)
    return (box[0] - left) * across, (box[1] - top) * down, (box[2] - left) * across, (box[3] - top) * down


def _distance(across: Array | float, down: Array | float, box: Box) -> Array:
    left, top, right, bottom = box
    aside: Array = np.maximum(np.maximum(left - across, across - right), 0)
    above: Array = np.maximum(np.maximum(top - down, down - bottom), 0)
    found: Array = np.hypot(aside, above)
    return found


def _cut(box: Box, view: Box) -> float:
    """Which share of a box's area lies outside the view."""
    sides = [max(0.0, min(box[i + 2], view[i + 2]) - max(box[i], view[i])) / (box[i + 2] - box[i]) for i in (0, 1)]
    return 1 - sides[0] * sides[1]
