"""Intervals of a path: which of them must be halved to come below an error."""

import math

import numpy as np
import pytest

from explainers.paths.intervals import (
    EXPECTED_SHARE,
    HALF_SHARE,
    Interval,
    Point,
    halvings,
    halvings_of_misses,
    total_error,
)


def interval(error, miss=0.0):
    """An interval with this expected error, on which the rule misses so much of the score."""
    return Interval(Point(0, 1.0), Point(0, 2.0), 0, error / EXPECTED_SHARE, miss, 0.0)


# By hand: the halves of 8 have 2.83 each, whose halves have 1 each. The sums of squares with both 0.9, one halving
# after the other: 65.6, 17.6, 11.6, 5.62, 4.87, 4.12, 3.37, 2.62 and, when one 0.9 is halved, 2.01
@pytest.mark.parametrize(
    ("target", "halved", "count"),
    [(8.2, [], 0), (8, [8], 1), (4.3, [8], 1), (4.1, [8], 2), (3.3, [8], 3), (2.3, [8], 4), (1.5, [8, 0.9], 8)],
)
def test_the_largest_errors_are_halved_and_their_halves_again(target, halved, count):
    found, halving_count = halvings([interval(error) for error in (0.9, 8, 0.9)], target, 1000)
    assert [round(each.error, 9) for each in found] == halved
    assert halving_count == count


def test_halves_are_expected_to_err_by_half_as_much_together():
    assert math.hypot(HALF_SHARE, HALF_SHARE) == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.9, 0.5, 0.2, 0.05])
def test_they_are_those_that_one_halving_after_the_other_needs(seed, share):
    errors = np.random.default_rng(seed).lognormal(0, 1.5, size=24)
    target = share * np.linalg.norm(errors)
    left, count = [(error, number) for number, error in enumerate(errors)], 0
    halved = set()
    while math.hypot(*(error for error, _ in left)) >= target:
        error, number = max(left)
        left.remove((error, number))
        left += [(error * HALF_SHARE, number)] * 2
        halved.add(number)
        count += 1
    intervals = [interval(error) for error in errors]
    found, halving_count = halvings(intervals, target, 10_000)
    assert {intervals.index(each) for each in found} == halved
    assert [each.error for each in found] == sorted((each.error for each in found), reverse=True)
    assert halving_count == count
    assert total_error(intervals) == pytest.approx(np.linalg.norm(errors))


def test_no_more_than_so_many_halvings_are_thought_of():
    assert halvings([interval(1.0), interval(2.0)], 0.0, 7)[1] == 7


@pytest.mark.parametrize("error", [math.inf, math.nan])
def test_errors_that_are_no_numbers_end(error):
    found, count = halvings([interval(1.0), interval(error)], 0.5, 50)
    assert len(found) <= 2
    assert count <= 50


def test_nothing_is_halved_of_nothing():
    assert halvings([], 0.5, 50) == ([], 0)


# By hand: all miss 3 - 2 + 1 + 0.5 = 2.5, and halving the first leaves 0.25, which misses 1 too much with the second
@pytest.mark.parametrize(
    ("target", "chosen"),
    [(2.5, [3]), (0.26, [3]), (0.25, [3, -2, 1, 0.5]), (1.8, [3]), (0.9, [3])],
)
def test_the_largest_misses_are_halved_until_the_rest_is_small_enough(target, chosen):
    intervals = [interval(9.0, miss) for miss in (0.5, -2, 3, 1)]
    assert [each.miss for each in halvings_of_misses(intervals, 2.5, target, 8)] == chosen
    assert [each.miss for each in halvings_of_misses(intervals, 2.5, target, 2)] == chosen[:2]


def test_a_miss_in_the_other_direction_is_halved_too():
    intervals = [interval(9.0, miss) for miss in (4, -6, 4)]  # 2 in all: 6.5 without the second, 3.5 and 0.5 afterwards
    assert [each.miss for each in halvings_of_misses(intervals, 2.0, 1.0, 8)] == [-6, 4, 4]
