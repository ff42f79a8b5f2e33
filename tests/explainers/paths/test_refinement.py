"""When an integral is accurate enough, when more points are of no use, and where the next ones go."""

import numpy as np
import pytest

from explainers.paths.intervals import EXPECTED_SHARE, NARROWEST, Interval, Point
from explainers.paths.refinement import FIRST_INTERVALS, HALVED_AT_ONCE, MAX_POINTS, Standing


def interval(error, number=1, miss=0.0, width=1 / FIRST_INTERVALS):
    """An interval with this expected error, on which the rule misses so much of the score, with its ends kept."""
    start, end = Point(0, number / FIRST_INTERVALS), Point(0, number / FIRST_INTERVALS + width)
    start.contributions = end.contributions = np.zeros(())
    return Interval(start, end, number, error / width / EXPECTED_SHARE, miss, 0.0)


def standing(intervals, tolerance=0.1, change=1.0, size=1.0, paths=1):
    return Standing(intervals, paths, 17, np.array([0.0, 0.5, change]), size, tolerance)


@pytest.mark.parametrize(("error", "is_settled"), [(0.099, True), (0.101, False)])
@pytest.mark.parametrize(("miss", "adds_up"), [(0.049, True), (0.051, False)])
def test_it_has_settled_where_both_error_and_gap_are_small(error, is_settled, miss, adds_up):
    given = standing([interval(error, 1, miss), interval(0.0, 2)])
    assert given.level.error == pytest.approx(error)
    assert given.level.gap == pytest.approx(miss)
    assert (given.level.settled, given.finished) == (is_settled and adds_up,) * 2


@pytest.mark.parametrize(("beside", "finished"), [(0.05, True), (0.2, False)])
def test_what_can_not_be_halved_ends_it_once_all_else_is_accurate_enough(beside, finished):
    given = standing([interval(0.3, 1, width=NARROWEST), interval(beside, 2)])
    assert (given.level.settled, given.finished) == (False, finished)


@pytest.mark.parametrize("size", [np.inf, np.nan])
def test_sizes_that_are_not_finite_end_it_at_once(size):
    given = standing([interval(0.3)], size=size)
    assert given.finished


def test_errors_of_several_paths_are_those_of_their_mean():
    alone, four = standing([interval(0.3)]), standing([interval(0.3)] * 4, paths=4)
    assert four.level.error == pytest.approx(alone.level.error / 2)  # independent errors


@pytest.mark.parametrize("passes_left", [MAX_POINTS, 5, 1, 0])
def test_the_largest_errors_are_halved_and_no_more_than_may_still_pass(passes_left):
    intervals = [interval(error, number) for number, error in enumerate(np.linspace(0.1, 0.5, 15), 1)]
    chosen, expected = standing(intervals).next_intervals(passes_left, is_first=False)
    assert chosen == intervals[::-1][: min(HALVED_AT_ONCE, passes_left)]
    assert expected <= max(passes_left, 0)
    assert (len(chosen) < expected) == (passes_left == MAX_POINTS)


def test_ends_that_must_pass_again_count_too():
    intervals = [interval(0.5, number) for number in range(1, 9)]
    for each in intervals:
        each.start.contributions = None
    chosen, _ = standing(intervals).next_intervals(9, is_first=False)
    assert len(chosen) == 4  # four middles, and an end of each


def test_with_the_first_large_error_others_are_looked_at_and_later_only_untried_ones():
    large = interval(0.11, 1)
    others = [interval(0.001 * number, number) for number in range(2, 16)]
    tried = [interval(0.009, 12, width=0.01)]
    first, _ = standing([large, *others, *tried]).next_intervals(MAX_POINTS, is_first=True)
    assert first == [large, *others[::-1][: HALVED_AT_ONCE - 1]]
    later, _ = standing([large, *others, *tried]).next_intervals(MAX_POINTS, is_first=False)
    assert later == [large]


def test_where_only_a_gap_is_left_what_misses_most_is_halved():
    intervals = [interval(0.001, 1, 0.001), interval(0.03, 2, 0.03), interval(0.04, 3, 0.04), interval(0.0, 4)]
    given = standing(intervals, tolerance=0.9)
    assert not given.finished
    assert given.next_intervals(MAX_POINTS, is_first=False)[0] == [intervals[2]]  # which leaves .031 of .071 and less
