"""One nested grid holds the maps of many step counts and four rules."""

import numpy as np
import pytest

from explainers.arrays import nbytes
from explainers.arrays import relative_l1 as distance
from explainers.paths.step_grid import GRID_RULES, StepGrid
from explainers.paths.trace import Level


def grid(rise=1.0, min_judged_change=0.0):
    """Gradient times span is 1 at the baseline, 5 at the picture and 2 between; by hand."""
    sums = np.array([0.5 + 7 * 2 + 2.5, 0.5 + 15 * 2 + 2.5], np.float32).reshape(2, 1, 1, 1)
    ends = np.array([0.5, 2.5], np.float32).reshape(2, 1, 1, 1)
    return StepGrid(
        (8, 16), sums, ends, rise, min_judged_change, np.full((1, 1, 1), 2, np.float32), (Level(17, 0.01, 0.0, True),)
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("trapezoid", (17 / 8, 33 / 16)), ("left", (15 / 8, 31 / 16)), ("right", (19 / 8, 35 / 16)), ("midpoint", (2,))],
)
def test_rules_by_hand(rule, expected):
    found = grid()
    assert [float(found.values(rule, steps)[0, 0, 0]) for steps in found.counts(rule)] == pytest.approx(expected)
    for level, value in zip(found.levels(rule), expected, strict=True):
        assert level.gap == pytest.approx(value - 1)
        assert level.distance == pytest.approx(abs(value - 2) / 2)  # the adaptive map is 2


def test_points_are_counted_as_the_rules_have_them():
    assert {rule: [level.points for level in grid().levels(rule)] for rule in GRID_RULES} == {
        "midpoint": [8],
        "left": [8, 16],
        "right": [8, 16],
        "trapezoid": [9, 17],
    }


def test_a_gap_of_a_score_that_comes_back_is_not_judged():
    assert grid(rise=0.04, min_judged_change=0.05).gap(np.ones((1, 1, 1))) is None
    assert grid(rise=0.06, min_judged_change=0.05).gap(np.ones((1, 1, 1))) is not None


def test_it_does_not_hold_what_lies_elsewhere():
    with pytest.raises(ValueError, match="gauss-legendre"):
        grid().values("gauss-legendre", 8)


def test_distance_of_two_maps():
    assert distance(np.array([2.0, -2.0]), np.array([1.0, -2.0])) == 0.25
    assert distance(np.zeros(3), np.zeros(3)) == 0


def test_it_can_be_looked_at_up_to_fewer_steps():
    found = grid().up_to(8)
    assert found.steps == (8,)
    assert np.array_equal(found.values("trapezoid", 8), grid().values("trapezoid", 8))
    assert nbytes(grid()) == 4 * 5
