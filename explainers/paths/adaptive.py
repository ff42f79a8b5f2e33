"""One picture's integral along its paths, and adding points until it settles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from explainers.arrays import Array, relative_l1
from explainers.paths.quadrature import FINEST, nested
from explainers.paths.trace import MIN_SCORE_CHANGE, SETTLED_CHANGE, Level, Trace

OnLevel = Callable[[Level, int], None]
Walk = Callable[[list[float], list[float]], tuple[Tensor, Array]]


class Integral:
    """The integral of one picture's gradients on the paths from its k baselines, as far as it has come.

    walk:    (alphas, weights) -> the weighted sum (C, H, W) of gradient times span, mean over the baselines, and what
             was met at the points (k, P, 5): logit, probability, slope, mean and size of the gradient.
    column:  which of the first two is explained.
    alphas, weights, met: (P,), (P,), (k, P, 5) of all points so far, in the order of alpha.
    history: the levels of automatic steps; sums: (C, H, W) of each, the weighted sum of its points.
    """

    def __init__(self, walk: Walk, column: int) -> None:
        self.walk, self.column = walk, column
        self.total: Any = 0.0
        self.intervals = 1
        self.alphas, self.weights, self.met = np.empty(0), np.empty(0), np.empty((1, 0, 5))
        self.history: list[Level] = []
        self.sums: list[Tensor] = []

    def add(self, alphas: list[float], weights: list[float], intervals: int = 1) -> None:
        """Pass more points. The weights of all points so far sum to `intervals`."""
        total, met = self.walk(alphas, weights)
        self.total, self.intervals = self.total + total, intervals
        self.alphas, self.weights = np.append(self.alphas, alphas), np.append(self.weights, weights)
        self.met = np.concatenate([self.met, met], 1) if len(self.alphas) > len(alphas) else met
        order = np.argsort(self.alphas)
        self.alphas, self.weights, self.met = self.alphas[order], self.weights[order], self.met[:, order]

    @property
    def values(self) -> Tensor:
        """(C, H, W), the attributions."""
        found: Tensor = self.total / self.intervals
        return found

    @property
    def scores(self) -> Array:
        """(k, P), the explained number along each path."""
        return self.met[..., self.column]

    def trace(self) -> Trace:
        """What was met, averaged over the baselines."""
        logits, probabilities, slopes, mean, size = self.met.mean(0).T
        added = slopes * self.weights / self.intervals
        so_far = added.cumsum() - added / 2  # a point stands for the stretch of path around it
        so_far[0], so_far[-1] = 0.0, added.sum()
        return Trace(self.alphas, logits, probabilities, slopes, so_far, mean, size)

    def refine(self, on_level: OnLevel, further: int = 0) -> None:
        """Double the points until the map has settled, at most to 512 steps. `further`: `go_on` will be asked for.

        on_level: called after each level but the last with how many more points it will take, as far as one can tell.

        Every gradient is used again. For networks of ReLUs the map's error falls as 1 / steps under every rule, so
        nothing is lost by the trapezoid's, and the change between two levels is about the error of the finer.
        """
        for intervals, alphas, weights in nested():
            level = self._level(intervals, alphas, weights)
            if level.settled or intervals == FINEST:
                return
            on_level(level, len(self.met) * (max(_expected(level), further) - intervals))

    def go_on(self, intervals: int) -> None:
        """Add levels up to so many steps, settled or not."""
        for steps, alphas, weights in nested():
            if len(self.alphas) <= steps <= intervals:
                self._level(steps, alphas, weights)

    def _level(self, intervals: int, alphas: list[float], weights: list[float]) -> Level:
        before = self.values if self.history else None
        self.add(alphas, weights, intervals)
        level = Level(len(self.alphas), None if before is None else relative_l1(self.values, before), self._gap())
        self.history.append(level)
        self.sums.append(self.total)
        return level

    def _gap(self) -> float | None:
        """The completeness gap, where the ends of the path differ by enough to judge it."""
        score = self.scores.mean(0)
        change = float(score[-1] - score[0])
        if abs(change) <= MIN_SCORE_CHANGE * float(np.ptp(score)):
            return None
        return abs(float(self.values.double().sum()) / change - 1)


def _expected(level: Level) -> int:
    """How many intervals it will take, as far as one can tell: the change halves with every level."""
    intervals = level.points - 1
    wanted = intervals * (level.change or 0.0) / SETTLED_CHANGE
    intervals *= 2
    while intervals < min(wanted, FINEST):
        intervals *= 2
    return intervals
