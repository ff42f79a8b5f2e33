"""The values recorded along the path of an integral, and how accurate it was with so many points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.arrays import Array

SETTLED_GAP = 0.05  # the largest completeness gap of a map that has settled
MIN_SCORE_CHANGE = 0.05  # of the score's range on the path: the gap isn't judged where the ends differ by less
SCORE_ROUNDING = 1e-4  # of a score: scores of one picture in chunks of other sizes differ by up to a tenth of this


def min_judged_change(scores: Array) -> float:
    """Return how far the ends of a path with these scores must differ at least for a completeness gap to be judged.

    Where all scores are equal but for rounding, their range is rounding, too.
    """
    return max(MIN_SCORE_CHANGE * float(np.ptp(scores)), SCORE_ROUNDING * float(np.abs(scores).max()))


@dataclass(frozen=True, eq=False)
class Trace:
    """Values recorded at each alpha of the path from 0 (baseline) to 1 (picture), averaged over baselines.

    alphas:        (P,) ascending.
    logits, probabilities: (P,) of the target, that is of its index, or of index minus versus.
    slopes:        (P,) dF/dalpha of the explained score F; their integral is score - baseline score.
    cumulative:    (P,) that integral up to each alpha by the rule in use; the last value is sum(values).
    gradient_mean: (P,) mean of the gradient over all pixels and channels, in score per pixel unit.
    gradient_size: (P,) mean of its magnitude.
    """

    alphas: Array
    logits: Array
    probabilities: Array
    slopes: Array
    cumulative: Array
    gradient_mean: Array
    gradient_size: Array


@dataclass(frozen=True)
class Level:
    """How accurate a map with automatic steps was when so many points had been added.

    points:  the number of points on all paths.
    error:   the expected relative L1 distance from the exact map; infinite if the map is 0 and known to be wrong.
    gap:     completeness gap; None where it isn't judged, because the scores at the path's ends differ by less than 5%
             of the score's range on the path, or only by rounding.
    settled: whether the error is below the tolerance, and the gap, if judged, below 5%.
    """

    points: int
    error: float
    gap: float | None
    settled: bool
