"""What an integral met on its path, and what each level of its steps is worth."""

from __future__ import annotations

from dataclasses import dataclass

from explainers.arrays import Array

SETTLED_CHANGE, SETTLED_GAP = 0.02, 0.05  # between two levels of automatic steps, and to completeness
MIN_SCORE_CHANGE = 0.05  # of the score's range on the path: ends that differ by less leave little to compare a sum with


@dataclass(frozen=True, eq=False)
class Trace:
    """What was met on the path, at each alpha from 0 (baseline) to 1 (picture); averaged over baselines.

    alphas:        (P,) ascending.
    logits, probabilities: (P,) of the target, as index or index minus versus.
    slopes:        (P,) dF/dalpha of the explained number; its integral is score - baseline score.
    cumulative:    (P,) that integral up to each alpha by the rule that was used; its last value is sum(values).
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
    """One level of automatic steps: a grid of points on the path and what its map is worth.

    points: how many, on each path.
    change: relative L1 distance of its map from that of the level before, which has half the steps; None for the first.
    gap:    completeness gap; None where it isn't judged, because the score's ends differ by less than 5 % of its range.
    """

    points: int
    change: float | None
    gap: float | None

    @property
    def settled(self) -> bool:
        """Whether more points are not worth while: the map changed by less than 2 % and the gap is under 5 %."""
        still = self.change is not None and self.change < SETTLED_CHANGE
        return still and (self.gap is None or self.gap < SETTLED_GAP)
