"""Shares and their intervals, against published numbers."""

import numpy as np
import pytest

from explainers.audit.findings.shares import interval, least_excess, likeness


def test_the_interval_of_a_share_is_wilsons():
    assert interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe (1998), table I
    assert interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert interval(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)
    assert interval(0, 0) == (0.0, 1.0)


def test_the_least_excess_is_newcombes():
    assert least_excess(56, 70, 48, 80) == pytest.approx(0.0524, abs=1e-4)  # Newcombe (1998), method 10, table II
    assert least_excess(10, 10, 0, 10) == pytest.approx(0.6075, abs=1e-4)


@pytest.mark.parametrize("counts", [(5, 10, 5, 10), (1, 10, 9, 10), (0, 0, 1, 2), (3, 3, 0, 0)])
def test_nothing_is_in_excess_by_chance_or_without_pictures(counts):
    assert least_excess(*counts) == 0.0


def test_more_pictures_make_surer():
    assert least_excess(8, 10, 2, 10) < least_excess(80, 100, 20, 100) < 0.6


def test_likeness_is_the_share_of_what_is_in_both():
    assert likeness(np.array([1, 2, 3]), np.array([2, 3, 4])) == 0.5
    assert likeness(np.array([1]), np.array([1])) == 1.0
    assert likeness(np.array([], int), np.array([], int)) == 0.0
