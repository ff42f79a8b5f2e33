"""Numbers for visitors."""

import math

import pytest

from explainers.numbers import counted, duration, percent, significant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9651, "96.5%"),
        (1.0, "100.0%"),
        (0.0, "0.0%"),
        (0.0004, "below 0.1%"),
        (-0.02, "-2.0%"),
        (0.0006, "0.1%"),
    ],
)
def test_shares_are_written_in_per_cent(value, text):
    assert percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8.916, "8.92"),
        (-0.1649, "-0.165"),
        (0.01234, "0.0123"),
        (9.999, "10.0"),
        (96.54, "96.5"),
        (999.6, "1,000"),
        (12345.0, "12,300"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.234e-7, "1.23e-07"),
        (2.5e6, "2.50e+06"),
        (math.inf, "inf"),
    ],
)
def test_numbers_have_three_significant_digits_and_a_leading_zero(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.046, "0.05 s"),
        (2.44, "2.4 s"),
        (23.6, "24 s"),
        (90, "90 s"),
        (130, "2 min"),
        (5400, "90 min"),
        (7200, "2 h"),
    ],
)
def test_times_have_a_unit_that_suits_them(seconds, text):
    assert duration(seconds) == text


def test_one_thing_is_no_plural():
    assert counted(1, "pass", "passes") == "1 pass"
    assert counted(1024, "pass", "passes") == "1,024 passes"
    assert counted(0, "map") == "0 maps"
