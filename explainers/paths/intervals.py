"""The parts of a path between neighbouring points, and the error that the trapezoid rule is expected to make on each.

Along a path, the gradient of a network of ReLUs jumps at places that are unknown. If a jump lies anywhere between two
points with equal chance, the trapezoid rule errs by width * jump times a uniform number from -1/2 to 1/2, and the
errors of different parts are independent. So the squares of their expected errors add up.

At the baseline the place is often known: ReLUs without biases on black, and max pooling over one colour, have their
kinks exactly there, where the gradient is that of neither side. Then the rule errs by all of width * jump / 2.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor

EXPECTED_SHARE = 1 / 3.1  # of width * jump: 1 / sqrt(12) in theory; calibrated on networks, photos and kinds of score
BASELINE_SHARE = 1 / 2  # of width * jump beside the baseline
HALF_SHARE = 2**-1.5  # of an interval's expected error is that of each half, where jumps lie all over it
MISS_SHARE = 1 / 4  # of what an interval misses is expected to be missed by its halves together, there and on a curve
NARROWEST = 2.0**-16  # the width that is halved no further: what still jumps there jumps everywhere


@dataclass(eq=False)
class Point:
    """A point on a path.

    path:          the number of the path.
    alpha:         its place on it, from 0 (baseline) to 1 (picture).
    score:         the explained score there.
    slope:         the sum of the contributions.
    contributions: (C, H, W), gradient * span there, as long as they are kept.
    """

    path: int
    alpha: float
    score: float = 0.0
    slope: float = 0.0
    contributions: Tensor | None = field(default=None, repr=False)

    @property
    def kept(self) -> Tensor:
        """The contributions of a point that still has them."""
        assert self.contributions is not None
        return self.contributions


@dataclass(frozen=True, eq=False)
class Interval:
    """A part of a path between two neighbouring points.

    part:     the number of the first interval in which it lies.
    distance: the sum of the magnitudes of the difference between its ends' contributions.
    miss:     the change of the score, minus what the trapezoid rule's contributions add up to.
    rounding: the part of `miss` that rounding of the scores explains.
    """

    start: Point
    end: Point
    part: int
    distance: float
    miss: float
    rounding: float

    @cached_property
    def width(self) -> float:
        return self.end.alpha - self.start.alpha

    @cached_property
    def error(self) -> float:
        """The expected error, in score: what the jump suggests, and at least what is known to be missed.

        Where the score changes between two points at which the gradient is the same, only the miss shows it.
        """
        share = EXPECTED_SHARE if self.start.alpha > 0 else BASELINE_SHARE
        return max(self.width * self.distance * share, abs(self.miss) - self.rounding)

    @cached_property
    def halvable(self) -> bool:
        return self.width > NARROWEST and self.error > 0


def dropped_ends(intervals: Iterable[Interval]) -> list[Point]:
    """Return the ends of intervals whose contributions were dropped, each once."""
    ends = (point for interval in intervals for point in (interval.start, interval.end))
    return list(dict.fromkeys(point for point in ends if point.contributions is None))


def total_error(intervals: Iterable[Interval]) -> float:
    """Return the expected error of a sum over intervals, in score."""
    return math.hypot(*(interval.error for interval in intervals))  # which doesn't overflow on the way


def known_error(intervals: Collection[Interval]) -> float:
    """Return the error of a sum over intervals, in score, that its own gap proves: it is at least what it misses.

    Where errors have one sign, they add up to more than is expected of independent ones.
    """
    missed = abs(sum(interval.miss for interval in intervals))
    return max(0.0, missed - sum(interval.rounding for interval in intervals))


def halvings(intervals: Sequence[Interval], target: float, most: int) -> tuple[list[Interval], int]:
    """Return the intervals that are halved until their total error is below `target`, and the number of halvings.

    Always the one with the largest expected error is halved, and halves again, so the intervals are in the order of
    their errors. There are at most `most` halvings; none of what is below the target, or not finite.
    """
    whole = total_error(intervals)
    if not whole >= target or not math.isfinite(whole):
        return [], 0
    shares = [(-interval.error / (whole or 1), number) for number, interval in enumerate(intervals)]
    heapq.heapify(shares)
    excess, count = 1 - (target / (whole or 1)) ** 2, 0
    halved: dict[int, Interval] = {}
    while shares and excess >= 0 and count < most:
        share, number = shares[0]
        halved.setdefault(number, intervals[number])
        half = share * HALF_SHARE, number
        heapq.heapreplace(shares, half)
        heapq.heappush(shares, half)
        excess -= share**2 - 2 * half[0] ** 2
        count += 1
    return list(halved.values()), count


def halvings_of_misses(intervals: Iterable[Interval], missed: float, target: float, most: int) -> list[Interval]:
    """Return the intervals with the largest misses, until all of the path, which misses `missed`, misses < `target`.

    Those that miss in the other direction are among them: what is missed may not be made small by leaving them out.
    """
    chosen: list[Interval] = []
    for interval in heapq.nlargest(most, intervals, key=lambda interval: abs(interval.miss)):
        chosen.append(interval)
        missed -= (1 - MISS_SHARE) * interval.miss
        if abs(missed) < target:
            break
    return chosen
