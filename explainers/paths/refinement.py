"""Judges how accurate a map with automatic steps is, and chooses the intervals of its paths that are halved next."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from explainers.arrays import Array
from explainers.paths.intervals import (
    Interval,
    dropped_ends,
    halvings,
    halvings_of_misses,
    known_error,
    total_error,
)
from explainers.paths.trace import SETTLED_GAP, Level, min_judged_change

FIRST_INTERVALS = 16  # of each path, all equally wide
MAX_POINTS = 1024  # on all paths together, those that pass again included
HALVED_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class Standing:
    """An integral after some of its points.

    intervals: those of all paths.
    paths:     how many there are.
    points:    the number of points.
    score:     (P,) the explained score at all alphas, averaged over the paths.
    size:      the sum of the magnitudes of the attributions.
    tolerance: the relative error that is looked for.
    """

    intervals: Sequence[Interval]
    paths: int
    points: int
    score: Array
    size: float
    tolerance: float

    @cached_property
    def change(self) -> float:
        """The change of the score from the baselines to the picture, which exact maps sum to."""
        return float(self.score[-1] - self.score[0])

    @cached_property
    def halvable(self) -> list[Interval]:
        return [interval for interval in self.intervals if interval.halvable]

    @cached_property
    def rest(self) -> list[Interval]:
        """The intervals that can't be halved."""
        return [interval for interval in self.intervals if not interval.halvable]

    @cached_property
    def level(self) -> Level:
        """How accurate the map is."""
        error, gap = self._whole
        limits = zip(self._whole, self._limits, strict=True)
        is_settled = all(found < limit for found, limit in limits)
        return Level(self.points, error, gap if self._gap_is_judged else None, is_settled)

    @property
    def finished(self) -> bool:
        """Whether more points are of no use.

        They are of no use where the rest is too inaccurate by itself, and all else is accurate enough.
        """
        accuracies = zip(self._whole, self._accuracy(self.halvable), self._accuracy(self.rest), strict=True)
        can_improve = any(
            found >= limit and (of_halvable >= limit or of_rest < limit)
            for (found, of_halvable, of_rest), limit in zip(accuracies, self._limits, strict=True)
        )
        # A gradient that isn't finite is refused in the end.
        return self.level.settled or not (can_improve and math.isfinite(self.size))

    def next_intervals(self, passes_left: int, *, is_first: bool) -> tuple[list[Interval], int]:
        """Return the intervals that are halved next, and how many more points are expected to be needed.

        These are those that are expected to be halved on the way below the tolerance, so the last points are not spent
        beyond it. Where they are few because the error lies in few places, or these are the first that are halved,
        others are halved beside them, each of the first intervals once: the first points may have missed what happens
        between two of them. Where only a gap is left, which is not what the jumps suggest, the intervals are those that
        miss most of the score.

        passes_left: of MAX_POINTS.
        is_first:    whether none has been halved yet.
        """
        size, change = self.paths * self.size, self.paths * abs(self.change)
        rest = total_error(self.rest)
        chosen, points_left = halvings(self.halvable, _without(rest, self.tolerance * max(size, change)), passes_left)
        if chosen and (points_left > len(chosen) or is_first):
            untried = [each for each in self.halvable if each.width == 1 / FIRST_INTERVALS and each not in chosen]
            chosen += heapq.nlargest(HALVED_AT_ONCE - len(chosen), untried, key=lambda interval: interval.error)
        elif not chosen and total_error(self.halvable) < _without(rest, self.tolerance * size):
            missed = sum(interval.miss for interval in self.intervals)
            target = min(SETTLED_GAP * change, self.tolerance * size)
            chosen = halvings_of_misses(self.halvable, missed, target, HALVED_AT_ONCE)
        elif not chosen:
            chosen = heapq.nlargest(HALVED_AT_ONCE, self.halvable, key=lambda interval: interval.error)
        chosen = chosen[:HALVED_AT_ONCE]
        while chosen and len(chosen) + len(dropped_ends(chosen)) > passes_left:
            chosen.pop()
        return chosen, max(len(chosen), points_left)

    @cached_property
    def _gap_is_judged(self) -> bool:
        return abs(self.change) > min_judged_change(self.score)

    @property
    def _limits(self) -> tuple[float, float]:
        return self.tolerance, SETTLED_GAP

    @cached_property
    def _whole(self) -> tuple[float, float]:
        return self._accuracy(self.intervals)

    def _accuracy(self, intervals: Sequence[Interval]) -> tuple[float, float]:
        """Return the relative error of a sum over intervals, and its share of the gap, 0 where that isn't judged."""
        error = max(total_error(intervals), known_error(intervals)) / self.paths
        miss = sum(interval.miss for interval in intervals) / self.paths
        relative_error = error / self.size if self.size else math.inf if error else 0.0
        return relative_error, abs(miss / self.change) if self._gap_is_judged else 0.0


def _without(rest: float, error: float) -> float:
    """Return what may be left of a total error beside that of the rest; all of it, if the rest alone exceeds it."""
    return error * math.sqrt(1 - (rest / error) ** 2) if rest < error else error
