"""Integrates along the paths to one picture, and adds points where the error is, until the map is accurate enough."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.paths.intervals import Interval, Point, dropped_ends
from explainers.paths.refinement import FIRST_INTERVALS, HALVED_AT_ONCE, MAX_POINTS, Standing
from explainers.paths.trace import Level, Trace

KEPT_BYTES = 96 * 2**20  # of contributions: those of 160 points of ImageNet's size
ROUNDING = 100  # of a score, in units of its data type's precision: chunks of other sizes round in another way

OnLevel = Callable[[Level, int], None]
Walk = Callable[[list[int], list[float]], tuple[Sequence[Tensor], Array]]


class AdaptiveIntegral:
    """The integral of one picture's gradients along the paths from its k baselines, by the trapezoid rule.

    The intervals with the largest expected errors are halved, a few at a time, on whichever path they lie. The rule's
    weights follow from the points, so every point counts. A point's contributions are needed again when an interval at
    its side is halved. Only a fixed number is kept, so memory doesn't grow with the number of points; those with the
    smallest errors at their sides are dropped, and pass again in the rare case that they are needed.

    walk:      (paths, alphas) -> the contributions (C, H, W) of each of P points, which are gradient * span, and their
               records (P, 5): logit, probability, slope, mean and mean magnitude of the gradient.
    paths:     k.
    column:    0 if the logit is explained, 1 if the probability is.
    history:   the accuracy after the first points, and after each addition.
    values:    (C, H, W), the attributions.
    part_sums: (FIRST_INTERVALS, C, H, W), those of each part of the paths, averaged over the baselines.
    passed:    the number of points that were passed, those that passed again included.
    """

    values: Tensor
    part_sums: Tensor

    def __init__(self, walk: Walk, paths: int, column: int) -> None:
        self.walk, self.paths, self.column = walk, paths, column
        self.history: tuple[Level, ...] = ()
        self.passed = 0
        self._intervals: list[Interval] = []
        self._kept: list[Point] = []  # those whose contributions are kept, in the order in which they passed
        self._records: list[dict[float, Array]] = [{} for _ in range(paths)]

    @property
    def error(self) -> float | None:
        """The expected relative L1 error of the attributions; None where they are all 0 and known to be wrong."""
        error = self.history[-1].error
        return error if math.isfinite(error) else None

    @property
    def end_scores(self) -> Array:
        """The explained scores (k, 2) at the baseline and at the picture."""
        return np.array([[records[alpha][self.column] for alpha in (0.0, 1.0)] for records in self._records])

    def refine(self, tolerance: float, on_level: OnLevel) -> None:
        """Add points until the expected error is below `tolerance`, or to MAX_POINTS.

        on_level: called after each addition but the last, with the expected number of further points.
        """
        for path in range(self.paths):
            # From the picture down: the picture itself, whose gradient is verified, is the first to pass.
            points = [Point(path, 1 - number / FIRST_INTERVALS) for number in range(FIRST_INTERVALS + 1)]
            self._pass(points)
            points.reverse()
            neighbours = list(zip(points[:-1], points[1:], range(FIRST_INTERVALS), strict=True))
            for start, end, part in neighbours:
                self._add_values(part, start.kept + end.kept, 1 / FIRST_INTERVALS)
            self._add(neighbours)
            self._drop()
        while True:
            standing = self._standing(tolerance)
            self.history += (standing.level,)
            if standing.finished:
                return
            left = MAX_POINTS - self.passed
            chosen, expected_points = standing.next_intervals(left, is_first=len(self.history) == 1)
            if not chosen:
                return
            on_level(standing.level, expected_points)
            self._halve(chosen)
            self._drop()

    def trace(self) -> Trace:
        """Return the records, averaged over the baselines.

        Each path has its own points, and its records are interpolated linearly at those of the others. The integral of
        its slopes by the trapezoid rule stays the same.
        """
        alphas, (logits, probabilities, slopes, mean, size) = self._mean_records(slice(None))
        cumulative = np.append(0.0, (np.diff(alphas) * (slopes[1:] + slopes[:-1]) / 2).cumsum())
        return Trace(alphas, logits, probabilities, slopes, cumulative, mean, size)

    def _mean_records(self, columns: slice) -> tuple[Array, Array]:
        """Return the alphas (P,) of all points, and columns (n, P) of their records, averaged over the baselines."""
        own_alphas = [sorted(records) for records in self._records]
        alphas = np.unique(np.concatenate(own_alphas))
        means = []
        for own, records in zip(own_alphas, self._records, strict=True):
            values = np.array([records[alpha][columns] for alpha in own])
            means.append([np.interp(alphas, own, column) for column in values.T])
        return alphas, np.mean(means, 0)

    def _pass(self, points: list[Point]) -> None:
        contributions, records = self.walk([point.path for point in points], [point.alpha for point in points])
        slopes = torch.stack([own.sum() for own in contributions]).tolist()
        for point, own_contributions, slope, record in zip(points, contributions, slopes, records, strict=True):
            point.contributions = own_contributions
            if point.alpha not in self._records[point.path]:  # otherwise it passes again
                point.score, point.slope = float(record[self.column]), slope
                self._records[point.path][point.alpha] = record
        self._kept += points
        self.passed += len(points)
        if not self._intervals:
            self.values = torch.zeros_like(contributions[0])
            self.part_sums = self.values.repeat(FIRST_INTERVALS, 1, 1, 1)

    def _add(self, neighbours: Sequence[tuple[Point, Point, int]]) -> None:
        """Add the intervals between neighbouring points: (start, end, part)."""
        distances = torch.stack([(end.kept - start.kept).abs_().sum() for start, end, _ in neighbours]).tolist()
        precision = ROUNDING * torch.finfo(self.values.dtype).eps
        for (start, end, part), distance in zip(neighbours, distances, strict=True):
            miss = end.score - start.score - (end.alpha - start.alpha) * (start.slope + end.slope) / 2
            rounding = precision * max(abs(start.score), abs(end.score))
            self._intervals.append(Interval(start, end, part, distance, miss, rounding))

    def _add_values(self, part: int, contributions: Tensor, width: float) -> None:
        for total in (self.values, self.part_sums[part]):
            total.add_(contributions, alpha=width / 2 / self.paths)

    def _halve(self, chosen: list[Interval]) -> None:
        middles = [Point(each.start.path, (each.start.alpha + each.end.alpha) / 2) for each in chosen]
        ends = dropped_ends(chosen)
        for points in (ends[:HALVED_AT_ONCE], ends[HALVED_AT_ONCE:], middles):  # together they would take more memory
            if points:
                self._pass(points)
        halves, halved = [], set(chosen)
        for interval, middle in zip(chosen, middles, strict=True):
            start, end, part = interval.start, interval.end, interval.part
            change = torch.sub(middle.kept, start.kept + end.kept, alpha=0.5)  # half of the ends' weight is taken off
            self._add_values(part, change, interval.width)
            halves += [(start, middle, part), (middle, end, part)]
        self._intervals = [interval for interval in self._intervals if interval not in halved]
        self._add(halves)

    def _drop(self) -> None:
        """Drop the contributions of the points with the smallest errors at their sides, if there are too many."""
        excess = len(self._kept) - max(3 * HALVED_AT_ONCE, KEPT_BYTES // self.values.nbytes)
        if excess <= 0:
            return
        errors = dict.fromkeys(self._kept, 0.0)
        for interval in self._intervals:
            for point in (interval.start, interval.end):
                if interval.halvable and point in errors:
                    errors[point] = max(errors[point], interval.error)
        dropped = set(heapq.nsmallest(excess, self._kept, key=errors.__getitem__))
        for point in dropped:
            point.contributions = None
        self._kept = [point for point in self._kept if point not in dropped]

    def _standing(self, tolerance: float) -> Standing:
        score = self._mean_records(slice(self.column, self.column + 1))[1][0]
        points = sum(map(len, self._records))
        # The sum may be larger than any number of the values' own type.
        size = float(self.values.abs().sum(dtype=torch.float64))
        return Standing(self._intervals, self.paths, points, score, size, tolerance)
