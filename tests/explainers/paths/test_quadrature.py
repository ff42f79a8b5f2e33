"""Rules of quadrature: weights, points, known orders, and grids that fit into each other."""

import numpy as np
import pytest

from explainers.paths.quadrature import FINEST_STEPS, NESTED_STEPS, RULES, nested_levels, quadrature

every_rule = pytest.mark.parametrize("rule", RULES)


@every_rule
@pytest.mark.parametrize("steps", [1, 2, 3, 50])
def test_weights_sum_to_one_at_rising_points(rule, steps):
    alphas, weights = quadrature(rule, steps)
    assert sum(weights) == pytest.approx(1, abs=1e-14)
    assert len(alphas) == len(weights) == steps + (rule == "trapezoid")
    assert alphas == sorted(set(alphas))
    assert min(alphas) >= 0
    assert max(alphas) <= 1


@pytest.mark.parametrize(
    ("rule", "alphas", "weights"),
    [
        ("midpoint", [0.25, 0.75], [0.5, 0.5]),
        ("left", [0, 0.5], [0.5, 0.5]),
        ("right", [0.5, 1], [0.5, 0.5]),
        ("trapezoid", [0, 0.5, 1], [0.25, 0.5, 0.25]),
        ("gauss-legendre", [0.5 - 12**-0.5, 0.5 + 12**-0.5], [0.5, 0.5]),
    ],
)
def test_two_steps_by_hand(rule, alphas, weights):
    assert quadrature(rule, 2) == (pytest.approx(alphas), pytest.approx(weights))


@pytest.mark.parametrize("steps", [1, 2, 3, 8])
def test_gauss_legendre_is_exact_for_polynomials(steps):
    alphas, weights = quadrature("gauss-legendre", steps)
    for power in range(2 * steps):
        assert np.dot(weights, np.power(alphas, power)) == pytest.approx(1 / (power + 1), abs=1e-14)


@pytest.mark.parametrize(("rule", "order"), [("midpoint", 2), ("trapezoid", 2), ("left", 1), ("right", 1)])
def test_errors_on_a_smooth_function_fall_as_fast_as_the_rule_promises(rule, order):
    def error(steps):
        alphas, weights = quadrature(rule, steps)
        return abs(np.dot(weights, np.exp(alphas)) - (np.e - 1))

    assert error(40) / error(80) == pytest.approx(2**order, rel=0.05)


def test_an_unknown_rule_is_a_bug():
    with pytest.raises(ValueError, match="simpson"):
        quadrature("simpson", 4)


# Nested grids


def test_grids_double_from_the_coarsest_to_the_finest():
    assert [intervals for intervals, _, _ in nested_levels()] == [8, 16, 32, 64, 128, 256, 512]
    assert (NESTED_STEPS[0], FINEST_STEPS) == (8, 512)


def test_the_points_of_the_first_grids_are_those_of_the_trapezoid_rule_none_of_them_twice():
    passed = {}
    for intervals, alphas, weights in nested_levels():
        assert alphas == sorted(alphas)
        assert not passed.keys() & set(alphas)
        passed |= dict(zip(alphas, weights, strict=True))
        alphas, weights = quadrature("trapezoid", intervals)
        assert sorted(passed) == alphas
        assert [passed[alpha] / intervals for alpha in alphas] == weights
