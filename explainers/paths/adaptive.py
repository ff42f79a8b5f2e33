"""Integrates along the paths to one picture, and adds points until the map settles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from explainers.arrays import Array, relative_l1
from explainers.paths.quadrature import FINEST_STEPS, nested_levels
from explainers.paths.trace import MIN_SCORE_CHANGE, SETTLED_CHANGE, Level, Trace

OnLevel = Callable[[Level, int], None]
Walk = Callable[[list[float], list[float]], tuple[Tensor, Array]]


class Integral:
    """The integral of one picture's gradients along the paths from its k baselines, over the points added so far.

    walk:    (alphas, weights) -> the weighted sum (C, H, W) of gradient * span, averaged over the baselines, and the
             records (k, P, 5) of the points: logit, probability, slope, mean and mean magnitude of the gradient.
    column:  0 if the logit is explained, 1 if the probability is.
    alphas, weights, records: (P,), (P,), (k, P, 5) of all points so far, in ascending order of alpha.
    history: the levels of automatic steps.
    sums:    (C, H, W) for each level, the weighted sum of its points.
    """

    def __init__(self, walk: Walk, column: int) -> None:
        self.walk, self.column = walk, column
        self.total: Any = 0.0
        self.intervals = 1
        self.alphas, self.weights, self.records = np.empty(0), np.empty(0), np.empty((1, 0, 5))
        self.history: list[Level] = []
        self.sums: list[Tensor] = []

    def add(self, alphas: list[float], weights: list[float], intervals: int = 1) -> None:
        """Add points to the integral.

        intervals: the sum of the weights of all points, these included.
        """
        total, records = self.walk(alphas, weights)
        self.total, self.intervals = self.total + total, intervals
        self.alphas, self.weights = np.append(self.alphas, alphas), np.append(self.weights, weights)
        self.records = np.concatenate([self.records, records], 1) if len(self.alphas) > len(alphas) else records
        order = np.argsort(self.alphas)
        self.alphas, self.weights, self.records = self.alphas[order], self.weights[order], self.records[:, order]

    @property
    def values(self) -> Tensor:
        """The attributions (C, H, W)."""
        attributions: Tensor = self.total / self.intervals
        return attributions

    @property
    def scores(self) -> Array:
        """The explained score (k, P) along each path."""
        return self.records[..., self.column]

    def trace(self) -> Trace:
        """Return the records, averaged over the baselines."""
        logits, probabilities, slopes, mean, size = self.records.mean(0).T
        contributions = np.where(self.weights == 0, 0, slopes * self.weights) / self.intervals
        cumulative = contributions.cumsum() - contributions / 2  # half of a point's own lies behind it
        cumulative[0], cumulative[-1] = 0.0, contributions.sum()
        return Trace(self.alphas, logits, probabilities, slopes, cumulative, mean, size)

    def refine(self, on_level: OnLevel, planned_steps: int = 0) -> None:
        """Double the steps until the map has settled, or to 512 steps.

        on_level:      called after each level but the last with the expected number of further points.
        planned_steps: the argument of an `extend_to` that will follow, which counts in that number.

        Every gradient is used again. For networks of ReLUs the error of a map falls as 1 / steps under every rule, so
        the trapezoid rule is as good as others, and the change between two levels is about the error of the finer one.
        """
        for intervals, alphas, weights in nested_levels():
            level = self._level(intervals, alphas, weights)
            if level.settled or intervals == FINEST_STEPS:
                return
            on_level(level, len(self.records) * (max(_expected_intervals(level), planned_steps) - intervals))

    def extend_to(self, intervals: int) -> None:
        """Add levels up to `intervals` steps, whether the map has settled or not."""
        for steps, alphas, weights in nested_levels():
            if len(self.alphas) <= steps <= intervals:
                self._level(steps, alphas, weights)

    def _level(self, intervals: int, alphas: list[float], weights: list[float]) -> Level:
        previous = self.values if self.history else None
        self.add(alphas, weights, intervals)
        level = Level(len(self.alphas), None if previous is None else relative_l1(self.values, previous), self._gap())
        self.history.append(level)
        self.sums.append(self.total)
        return level

    def _gap(self) -> float | None:
        """Return the completeness gap; None where the path's ends differ too little in score to judge it."""
        score = self.scores.mean(0)
        change = float(score[-1] - score[0])
        if abs(change) <= MIN_SCORE_CHANGE * float(np.ptp(score)):
            return None
        return abs(float(self.values.double().sum()) / change - 1)


def _expected_intervals(level: Level) -> int:
    """Estimate how many intervals the map needs to settle, given that its change halves with every level."""
    intervals = level.points - 1
    needed = intervals * (level.change or 0.0) / SETTLED_CHANGE
    intervals *= 2
    while intervals < min(needed, FINEST_STEPS):
        intervals *= 2
    return intervals
