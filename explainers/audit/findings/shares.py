"""Shares of pictures: how much larger one is than another at least, and how much two sets of pictures share."""

from __future__ import annotations

import math

import numpy as np

from explainers.arrays import Array

NORMAL = 1.96  # standard deviations on either side of the middle hold 95% of a normal distribution
REPORTED = (
    0.4  # the least excess that is reported: fixed on other made data sets than those tested (docs/audits-findings.md)
)
ALIKE = 0.5  # sets that share more than half of the pictures that are in either are the same, found twice


def interval(count: int, total: int) -> tuple[float, float]:
    """Return the 95% interval of a share of which `count` of `total` were seen (Wilson, 1927); (0, 1) for no total."""
    if not total:
        return 0.0, 1.0
    share, square = count / total, NORMAL**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    reach = NORMAL * math.sqrt(share * (1 - share) / total + square / (4 * total**2)) / (1 + square / total)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def least_excess(count: int, total: int, other_count: int, other_total: int) -> float:
    """Return by how much one share exceeds another at least: the lower end of the 95% interval of their difference.

    It is 0 where the interval reaches down to 0, or where one of them has no pictures. The interval is that of Newcombe
    (1998), method 10, which holds for few pictures, too.
    """
    if not (total and other_total):
        return 0.0
    share, other = count / total, other_count / other_total
    low, high = interval(count, total)[0], interval(other_count, other_total)[1]
    return max(0.0, share - other - math.hypot(share - low, high - other))


def likeness(places: Array, others: Array) -> float:
    """Return how many places two sets of them share, of those that are in either; neither has any place twice."""
    shared = len(np.intersect1d(places, others, assume_unique=True))
    return shared / max(1, len(places) + len(others) - shared)
