"""The values recorded along the path of an integral, and how accurate each level of its steps is."""

from __future__ import annotations

from dataclasses import dataclass

from explainers.arrays import Array

SETTLED_CHANGE = 0.02  # between the maps of two levels of automatic steps, as relative L1 distance
SETTLED_GAP = 0.05  # the largest completeness gap of a map that has settled
MIN_SCORE_CHANGE = 0.05  # of the score's range on the path: the gap isn't judged where the ends differ by less


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
    """One level of automatic steps: a grid of points on the path, and how accurate its map is.

    points: the number of points on each path.
    change: relative L1 distance between its map and that of the level before, which has half the steps; None for the
            first level.
    gap:    completeness gap; None where it isn't judged, because the scores at the path's ends differ by less than 5 %
            of the score's range on the path.
    """

    points: int
    change: float | None
    gap: float | None

    @property
    def settled(self) -> bool:
        """Whether more points are unnecessary: the map changed by less than 2%, and the gap is under 5% if judged."""
        is_stable = self.change is not None and self.change < SETTLED_CHANGE
        return is_stable and (self.gap is None or self.gap < SETTLED_GAP)
