"""Black and white are chosen so that a picture of any type of numbers can be seen, and what was chosen is said."""

import numpy as np
import pytest

from explainers.images import levels
from explainers.images.levels import DataType, Survey, choose_levels, describe, to_8_bits

UINT16 = DataType("16-bit integers", 0, 65535)
UINT12 = DataType("12-bit integers", 0, 4095)
INT16 = DataType("signed 16-bit integers", -32768, 32767)
INT32 = DataType("signed 32-bit integers", -(2**31), 2**31 - 1)
FLOAT32 = DataType("32-bit floating-point numbers", 0, 1, whole=False)


def survey(values) -> Survey:
    values = np.asarray(values).reshape(10, -1, 1)
    return Survey.of([values[:3], values[3:]], values.size)


def ramp(low, high, dtype=np.float64, outliers=()):
    """1000 values at equal distances, the last of them replaced by outliers."""
    values = np.linspace(low, high, 1000)
    values[len(values) - len(outliers) :] = outliers
    return values.astype(dtype)


@pytest.mark.parametrize(
    ("values", "data_type", "expected"),
    [
        (ramp(0, 255, int), UINT16, (0, 255)),
        (ramp(0, 700, int), UINT16, (0, 1023)),
        (ramp(0, 4095, int), UINT16, (0, 4095)),
        (ramp(0, 4095, int), UINT12, (0, 4095)),
        (ramp(0, 16000, int), UINT16, (0, 16383)),
        (ramp(0, 65535, int), UINT16, (0, 65535)),
        (ramp(0, 4095, int, outliers=[65535]), UINT16, (0, 4095)),  # a hot pixel
        (ramp(0, 4095, int), INT32, (0, 4095)),
        (ramp(-9, 65535, int), INT32, (0, 65535)),  # noise about black
        (ramp(0, 1), FLOAT32, (0, 1)),
        (ramp(0, 1, outliers=[1.0001]), FLOAT32, (0, 1)),
        (ramp(0, 1, outliers=[500]), FLOAT32, (0, 1)),
        (ramp(0, 1.005), FLOAT32, (0, 1)),
        (ramp(0, 255), FLOAT32, (0, 255)),
        (ramp(0, 4000), FLOAT32, (0, 4095)),
        (np.full(1000, 0.5), FLOAT32, (0, 1)),
    ],
)
def test_automatic_levels_are_the_customary_range_that_is_filled(values, data_type, expected):
    assert choose_levels("automatic", survey(values), data_type) == expected


@pytest.mark.parametrize(
    ("values", "data_type"),
    [
        (ramp(-1000, 2000, int), INT16),
        (ramp(0, 100_000, int), INT32),
        (ramp(0, 5, int), UINT16),
        (ramp(0, 2), FLOAT32),
        (ramp(0, 0.01), FLOAT32),
        (ramp(-1, 1), FLOAT32),
        (ramp(0, 1e30), FLOAT32),
    ],
)
def test_where_no_customary_range_is_filled_the_levels_are_percentiles(values, data_type):
    black, white = np.sort(values)[[1, -2]]  # a thousandth of 1000 values is one
    for kind in ("automatic", "percentiles"):
        assert choose_levels(kind, survey(values), data_type) == (black, white)


def test_percentiles_leave_out_a_thousandth_at_either_end():
    values = np.arange(10_000)
    assert choose_levels("percentiles", survey(values), INT32) == (10, 9989)  # ten are below, and ten above


@pytest.mark.parametrize(
    ("kind", "expected"), [("type", (-32768, 32767)), ("extremes", (-1000, 2000)), ("percentiles", (-996, 1996))]
)
def test_other_levels_can_be_chosen(kind, expected):
    assert choose_levels(kind, survey(ramp(-1000, 2000, int)), INT16) == expected


def test_a_few_bright_pixels_on_black_are_seen():
    assert choose_levels("automatic", survey([0] * 9999 + [70]), INT32) == (0, 70)


@pytest.mark.parametrize(("value", "data_type"), [(-5, INT16), (0, UINT16), (0.1, FLOAT32), (0, FLOAT32)])
def test_of_a_single_value_the_levels_are_those_of_the_data_type(value, data_type):
    assert choose_levels("automatic", survey([value] * 100), data_type) == (data_type.low, data_type.high)


def test_where_low_values_are_white_the_levels_change_places():
    inverted = DataType("16-bit integers", 0, 65535, negative=True)
    assert choose_levels("automatic", survey(ramp(0, 4095, int)), inverted) == (4095, 0)
    assert to_8_bits(np.array([0, 4095, 819], np.uint16), 4095, 0).tolist() == [255, 0, 204]


def test_a_survey_leaves_out_what_is_no_finite_number():
    found = survey([np.nan, np.inf, -np.inf, 3, 1, 2, 2, 2, 2, 2])
    assert (found.low, found.high, found.unusable, found.sample.tolist()) == (1, 3, 3, [1, 2, 2, 2, 2, 2, 3])
    nothing = survey([np.nan] * 10)
    assert (nothing.low, nothing.high, nothing.unusable) == (0, 0, 10)
    assert choose_levels("automatic", nothing, FLOAT32) == (0, 1)


def test_of_a_large_picture_a_sample_stands_for_all_but_the_extremes_are_exact(monkeypatch):
    monkeypatch.setattr(levels, "MAX_SAMPLED", 100)
    values = ramp(0, 999)
    values[501] = 5000
    found = survey(values)
    assert len(found.sample) <= 102
    assert (found.low, found.high) == (0, 5000)
    assert np.median(found.sample) == pytest.approx(500, abs=20)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_values_between_black_and_white_are_spread_evenly(dtype):
    values = np.array([100, 0, 151, 202, 355, 9999], dtype)
    assert to_8_bits(values, 100, 355).tolist() == [0, 0, 51, 102, 255, 255]


def test_what_is_no_finite_number_is_black():
    assert to_8_bits(np.array([np.nan, np.inf, -np.inf, 1], np.float32), -1, 1).tolist() == [0, 0, 0, 255]


def test_a_picture_without_contrast_is_black():
    assert to_8_bits(np.full(3, 7, np.uint16), 7, 7).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("values", "data_type", "black", "white", "expected"),
    [
        ([0, 4095] * 5, UINT16, 0, 4095, "Its 16-bit integers from 0 to 4,095 are shown from black to white."),
        (
            [-1000, 0, 0, 0, 0, 0, 0, 0, 0, 3000],
            INT16,
            -1000,
            2000,
            "Its signed 16-bit integers from −1,000 to 2,000 are shown from black to white. "
            "10.00% of its values lie outside this range and are clipped.",
        ),
        (
            [0.25] * 8 + [np.nan, 0.5],
            FLOAT32,
            0.25,
            0.5,
            "Its 32-bit floating-point numbers from 0.25 to 0.5 are shown from black to white. "
            "1 pixel holds a value that isn't a finite number; it is shown as black.",
        ),
        (
            [0, 1] * 20_000 + [2, np.inf, np.inf, 0, 0, 0, 0, 0, 0, 0],
            FLOAT32,
            1,
            0,
            "Its 32-bit floating-point numbers from 1 to 0 are shown from black to white. "
            "Under 0.01% of its values lie outside this range and are clipped. "
            "2 pixels hold a value that isn't a finite number; it is shown as black.",
        ),
    ],
)
def test_what_was_chosen_is_said(values, data_type, black, white, expected):
    assert describe(survey(values), data_type, black, white) == expected
