"""Where a map's attribution lies, against boxes on the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.arrays import Array
from explainers.classifiers.view import Box
from explainers.experiments.pointing.boxes import distances, from_centre, held, unseen
from explainers.explanation import Explanation


@dataclass(frozen=True, eq=False)
class PointingScore:
    """Where a map's attribution lies, against boxes on the photo.

    area:     the boxes' share of the pixels that the classifier sees.
    inside:   their share of the sum of magnitudes; None for a map of nothing.
    positive: their share of the positive part, for signed maps that have one.
    peak:     the share of the strongest pixels that hit: 1 or 0, unless several are equally strong. None without any.
    peaks:    (k, 2) row and column of the strongest pixels.
    centre:   whether the middle of the picture would have hit.
    unseen:   the share of the boxes that lies outside what the classifier sees.
    """

    area: float
    inside: float | None
    positive: float | None
    peak: float | None
    peaks: Array
    centre: bool
    unseen: float


def hit(explanation: Explanation, *boxes: Box, tolerance: float = 0) -> PointingScore:
    """Compare a map with boxes on the upright photo (left, top, right, bottom); the attribution in any of them counts.

    tolerance: how far from a box a point may lie, in pixels of what the classifier sees, to hit it. The pointing game
               of Zhang et al. (2016) has 15 for photos of about 500 pixels, and others keep it for 224.
    Raises ExplanationError for boxes that hold no pixel of what the classifier sees.
    """
    heat, view, size = explanation.heat.astype(np.float64), explanation.box, explanation.picture.shape[1:]
    mask = held(boxes, view, (size[0], size[1]))
    near = distances(boxes, view, (size[0], size[1])) <= tolerance
    strongest = peaks(explanation)
    return PointingScore(
        area=float(mask.mean()),
        inside=_share(np.abs(heat), mask),
        positive=_share(np.maximum(heat, 0), mask) if explanation.signed else None,
        peak=float(near[tuple(strongest.T)].mean()) if len(strongest) else None,
        peaks=strongest,
        centre=from_centre(boxes, view, (size[0], size[1])) <= tolerance,
        unseen=unseen(boxes, view),
    )


def peaks(explanation: Explanation) -> Array:
    """(k, 2) row and column of the pixels that the map says most for the class; more than one where they are equal."""
    heat = explanation.heat
    return np.argwhere(heat == heat.max()) if heat.max() > 0 else np.empty((0, 2), int)


def _share(sizes: Array, mask: Array) -> float | None:
    total = float(sizes.sum())
    return float(sizes[mask].sum()) / total if total else None
