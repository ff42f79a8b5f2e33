"""Boxes on a photo, and which pixels of a classifier's view lie in them.

Boxes are (left, top, right, bottom) in pixels of the upright photo, as `Explanation.box` is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.arrays import Array
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError

MAX_OVERLAP = 0.25  # of a box's pixels: how much of it a box at another place may cover


def distances(boxes: Sequence[Box], view: Box, size: tuple[int, int]) -> Array:
    """Return (H, W) the distance from the middle of each pixel of the view to the nearest box, in pixels; 0 inside."""
    height, width = size
    down, across = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    nearest: Array = np.min([_distance(across, down, _scaled(box, view, size)) for box in boxes], axis=0)
    return nearest


def from_centre(boxes: Sequence[Box], view: Box, size: tuple[int, int]) -> float:
    """Return the distance from the middle of the view to the nearest box, in pixels of the view; 0 inside."""
    height, width = size
    return min(float(_distance(width / 2, height / 2, _scaled(box, view, size))) for box in boxes)


def held(boxes: Sequence[Box], view: Box, size: tuple[int, int]) -> Array:
    """Return (H, W) bool, true for pixels whose middle lies in a box. Raises ExplanationError if there are none."""
    for left, top, right, bottom in boxes:
        if not (left < right and top < bottom):
            raise ExplanationError(
                "A box needs its left edge to the left of its right one, and its top above its bottom."
            )
    mask: Array = distances(boxes, view, size) == 0
    if not mask.any():
        if all(_share_outside(box, view) == 1 for box in boxes):
            raise ExplanationError(
                "The box lies outside the part of the photo that the classifier sees. Draw it there, or show the "
                "classifier the whole photo."
            )
        raise ExplanationError(
            "The box is too small: it holds no pixel of what the classifier sees. Draw a larger one."
        )
    return mask


def unseen(boxes: Sequence[Box], view: Box) -> float:
    """Return the share of the boxes' area that lies outside the view."""
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in boxes]
    return float(np.average([_share_outside(box, view) for box in boxes], weights=areas))


def elsewhere(mask: Array) -> list[Array]:
    """Return masks of what to hide instead of a box, given the mask (H, W) of the pixels in the box.

    They are boxes of the same size in the corners, at the edges and in the middle that hardly overlap with the box. If
    the box is too large for that, the only mask is the rest of the picture; if there is no rest, there is none.
    """
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    (box_height, box_width), (height, width) = (len(rows), len(columns)), mask.shape
    masks = []
    for top in sorted({0, (height - box_height) // 2, height - box_height}):
        for left in sorted({0, (width - box_width) // 2, width - box_width}):
            place = np.zeros_like(mask)
            place[top : top + box_height, left : left + box_width] = True
            if (place & mask).sum() <= MAX_OVERLAP * mask.sum():
                masks.append(place)
    return masks or ([~mask] if not mask.all() else [])


def _scaled(box: Box, view: Box, size: tuple[int, int]) -> Box:
    """Convert a box to pixels of the view."""
    (left, top, right, bottom), (height, width) = view, size
    across, down = width / (right - left), height / (bottom - top)
    return (box[0] - left) * across, (box[1] - top) * down, (box[2] - left) * across, (box[3] - top) * down


def _distance(across: Array | float, down: Array | float, box: Box) -> Array:
    """Return the distance of points from a box, all in pixels of the view; 0 inside."""
    left, top, right, bottom = box
    beside: Array = np.maximum(np.maximum(left - across, across - right), 0)
    above: Array = np.maximum(np.maximum(top - down, down - bottom), 0)
    distance: Array = np.hypot(beside, above)
    return distance


def _share_outside(box: Box, view: Box) -> float:
    """Return the share of a box's area that lies outside the view."""
    inside = [max(0.0, min(box[i + 2], view[i + 2]) - max(box[i], view[i])) / (box[i + 2] - box[i]) for i in (0, 1)]
    return 1 - inside[0] * inside[1]
