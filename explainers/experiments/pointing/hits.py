"""Where a map's attribution lies, compared with boxes on the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.arrays import Array
from explainers.classifiers.view import Box
from explainers.experiments.pointing.boxes import distances, from_centre, held, unseen
from explainers.explanation import Explanation

ROUNDING = 1e-5  # of the largest value: values that differ by less are as large


@dataclass(frozen=True, eq=False)
class PointingScore:
    """Where a map's attribution lies, compared with boxes on the photo.

    area:     the boxes' share of the pixels that the classifier sees.
    inside:   their share of the sum of magnitudes; None for a map of zeros.
    positive: their share of the sum of positive values; None for unsigned maps, and where no value is positive.
    peak:     the share of the strongest pixels that hit: 1 or 0, unless several are equally strong. None if no value is
              positive.
    peaks:    (k, 2) row and column of the strongest pixels.
    centre:   whether the middle of the picture would have hit.
    unseen:   the share of the boxes' area that lies outside what the classifier sees.
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

    tolerance: how far from a box a point may lie and still hit it, in pixels of what the classifier sees. The pointing
               game of Zhang et al. (2016) uses 15 for photos of about 500 pixels, and others use 15 for 224, too.
    Raises ExplanationError for boxes that hold no pixel of what the classifier sees.
    """
    heat, view, size = explanation.heat.astype(np.float64), explanation.box, explanation.picture.shape[1:]
    mask = held(boxes, view, (size[0], size[1]))
    within_reach = distances(boxes, view, (size[0], size[1])) <= tolerance
    strongest = peaks(explanation)
    return PointingScore(
        area=float(mask.mean()),
        inside=_share(np.abs(heat), mask),
        positive=_share(np.maximum(heat, 0), mask) if explanation.signed else None,
        peak=float(within_reach[tuple(strongest.T)].mean()) if len(strongest) else None,
        peaks=strongest,
        centre=from_centre(boxes, view, (size[0], size[1])) <= tolerance,
        unseen=unseen(boxes, view),
    )


def peaks(explanation: Explanation) -> Array:
    """Return (k, 2) row and column of the largest value: none if no value is positive, several if there are ties.

    Values tie if only rounding parts them. A coarse map that was enlarged has plateaus at its edges, where rounding
    alone would choose another pixel on every machine.
    """
    heat, largest = explanation.heat, explanation.heat.max()
    return np.argwhere(heat >= largest * (1 - ROUNDING)) if largest > 0 else np.empty((0, 2), int)


def _share(magnitudes: Array, mask: Array) -> float | None:
    """Return the share of the sum of magnitudes that lies in the mask; None if the sum is 0."""
    total = float(magnitudes.sum())
    return float(magnitudes[mask].sum()) / total if total else None
