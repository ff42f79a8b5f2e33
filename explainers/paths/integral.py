"""Integrates along the paths to one picture by a rule that says beforehand where the points lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from explainers.arrays import Array
from explainers.paths.trace import Level, Trace

Walk = Callable[[list[float], list[float]], tuple[Tensor, Array]]


class Integral:
    """The integral of one picture's gradients along the paths from its k baselines, on points that were chosen.

    walk:       (alphas, weights) -> the weighted sum (C, H, W) of gradient * span, averaged over the baselines, and the
                records (k, P, 5) of the points: logit, probability, slope, mean and mean magnitude of the gradient.
    column:     0 if the logit is explained, 1 if the probability is.
    values:     the attributions (C, H, W).
    end_scores: the explained scores (k, 2) at the baseline and at the picture.
    error, history: unknown and empty; they are those of automatic steps.
    """

    values: Any
    end_scores: Array
    error: float | None = None
    history: tuple[Level, ...] = ()

    def __init__(self, walk: Walk, column: int) -> None:
        self.walk, self.column = walk, column

    def add(self, alphas: list[float], weights: list[float]) -> None:
        """Integrate over points in ascending order, the first at the baseline and the last at the picture."""
        self.take(alphas, weights, *self.walk(alphas, weights))

    def take(self, alphas: list[float], weights: list[float], values: Tensor, records: Array) -> None:
        """Take what a walk over these points has given."""
        self._alphas, self._weights = np.array(alphas), np.array(weights)
        self.values, self._records = values, records
        self.end_scores = self._records[:, [0, -1], self.column]

    def trace(self) -> Trace:
        """Return the records, averaged over the baselines."""
        logits, probabilities, slopes, mean, size = self._records.mean(0).T
        contributions = np.where(self._weights == 0, 0, slopes * self._weights)
        cumulative = contributions.cumsum() - contributions / 2  # half of a point's own lies behind it
        cumulative[0], cumulative[-1] = 0.0, contributions.sum()
        return Trace(self._alphas, logits, probabilities, slopes, cumulative, mean, size)
