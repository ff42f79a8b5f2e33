"""One nested grid holds the maps of many step counts and four rules."""

import numpy as np
import pytest

from explainers import IntegratedGradients, Target
from explainers.arrays import nbytes
from explainers.arrays import relative_l1 as distance
from explainers.paths.step_grid import GRID_RULES, StepGrid


@pytest.fixture(scope="module")
def looked(conv, noise):
    """(**settings) -> an explanation with a grid of 64 steps."""

    def make(**settings):
        return IntegratedGradients(**{"grid": 64, **settings})(conv, noise((29, 24)), Target(0))

    return make


@pytest.mark.parametrize("rule", GRID_RULES)
@pytest.mark.parametrize("settings", [{}, {"baseline": "random", "draws": 2}], ids=["one path", "two paths"])
def test_its_maps_are_those_of_so_many_chosen_steps(conv, noise, apart, looked, rule, settings):
    grid = looked(**settings).grid
    for steps in grid.counts(rule):
        chosen = IntegratedGradients(steps=steps, rule=rule, **settings)(conv, noise((29, 24)), Target(0))
        assert apart(grid.values(rule, steps), chosen.values) < 1e-5
        assert grid.gap(grid.values(rule, steps)) == pytest.approx(chosen.gap, abs=1e-4)


def test_automatic_steps_are_carried_on_and_no_point_is_passed_twice(conv, looked, noise):
    plain = IntegratedGradients()(conv, noise((29, 24)), Target(0))
    found = looked(grid=256)
    assert plain.history[-1].points < 257  # or nothing was carried on
    assert np.array_equal(found.values, plain.values)
    assert found.history == plain.history
    assert found.facts["passes"] == 257
    assert found.grid.steps == (8, 16, 32, 64, 128, 256)


def test_automatic_steps_that_went_farther_are_in_the_grid(looked, monkeypatch):
    monkeypatch.setattr("explainers.paths.trace.SETTLED_CHANGE", 1e-9)
    found = looked(grid=64)
    assert found.grid.steps[-1] == 512
    assert found.facts["passes"] == 513


def test_chosen_steps_have_a_grid_of_their_own(looked):
    found = looked(steps=5)
    assert found.facts["passes"] == 7 + 65
    assert IntegratedGradients(steps=5, grid=64).passes(None) == 7 + 65
    assert found.grid.steps == (8, 16, 32, 64)
    assert not found.history


def test_levels_of_the_trapezoid_are_those_of_automatic_steps(looked):
    found = looked(grid=8)
    for level, expected in zip(found.grid.levels("trapezoid"), found.history, strict=True):
        assert level.points == expected.points
        assert level.change == (None if expected.change is None else pytest.approx(expected.change, rel=1e-4))
        assert level.gap == pytest.approx(expected.gap, abs=1e-5)


def grid(rise=1.0, span=1.0):
    """Gradient times span is 1 at the baseline, 5 at the picture and 2 between; by hand."""
    sums = np.array([0.5 + 7 * 2 + 2.5, 0.5 + 15 * 2 + 2.5], np.float32).reshape(2, 1, 1, 1)
    return StepGrid((8, 16), sums, np.array([0.5, 2.5], np.float32).reshape(2, 1, 1, 1), rise, span)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("trapezoid", (17 / 8, 33 / 16)), ("left", (15 / 8, 31 / 16)), ("right", (19 / 8, 35 / 16)), ("midpoint", (2,))],
)
def test_rules_by_hand(rule, expected):
    found = grid()
    assert [float(found.values(rule, steps)[0, 0, 0]) for steps in found.counts(rule)] == pytest.approx(expected)
    first, *others = found.levels(rule)
    assert first.change is None
    assert first.gap == pytest.approx(expected[0] - 1)
    for level in others:
        assert level.change == pytest.approx(abs(expected[1] - expected[0]) / expected[1])


def test_points_are_counted_as_the_rules_have_them():
    assert {rule: [level.points for level in grid().levels(rule)] for rule in GRID_RULES} == {
        "midpoint": [8],
        "left": [8, 16],
        "right": [8, 16],
        "trapezoid": [9, 17],
    }


def test_a_gap_of_a_score_that_comes_back_is_not_judged():
    assert grid(rise=0.04, span=1.0).gap(np.ones((1, 1, 1))) is None
    assert grid(rise=0.06, span=1.0).gap(np.ones((1, 1, 1))) is not None


def test_it_does_not_hold_what_lies_elsewhere():
    with pytest.raises(ValueError, match="gauss-legendre"):
        grid().values("gauss-legendre", 8)


def test_distance_of_two_maps():
    assert distance(np.array([2.0, -2.0]), np.array([1.0, -2.0])) == 0.25
    assert distance(np.zeros(3), np.zeros(3)) == 0


@pytest.mark.parametrize("settings", [{}, {"baseline": "random", "draws": 2}, {"steps": 6}], ids=str)
def test_more_levels_pass_only_the_new_points_and_are_those_of_a_longer_grid(conv, noise, settings):
    picture, target, told = noise((29, 24)), Target(0), []
    short, long = (IntegratedGradients(grid=steps, **settings) for steps in (64, 256))
    known, expected = (explainer(conv, picture, target).grid for explainer in (short, long))
    found = short.further(conv, picture, target, known, 256, on_progress=told.append)
    assert told[0].total == (256 - known.steps[-1]) * settings.get("draws", 1) > 0
    assert found.steps == expected.steps
    assert np.array_equal(found.sums, expected.sums)
    assert np.array_equal(found.ends, expected.ends)


def test_it_can_be_looked_at_up_to_fewer_steps():
    found = grid().up_to(8)
    assert found.steps == (8,)
    assert np.array_equal(found.values("trapezoid", 8), grid().values("trapezoid", 8))
    assert nbytes(grid()) == 4 * 4
