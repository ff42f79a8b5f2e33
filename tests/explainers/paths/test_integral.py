"""The integral over points that were chosen, on lines that are known."""

import numpy as np
import pytest
import torch

from explainers.paths.integral import Integral
from explainers.paths.quadrature import quadrature

SCALES = (1.0, -2.0)  # of two paths


def walk(alphas, weights):
    """Contributions are the scale times (alpha, 1); so the score is scale * (alpha ** 2 / 2 + alpha)."""
    at = np.array(alphas)
    contributions = np.stack([at, np.ones_like(at)], 1)
    records = [np.stack([scale * (at**2 / 2 + at), at, scale * contributions.sum(1), at, at], 1) for scale in SCALES]
    return torch.from_numpy(np.mean(SCALES) * (weights @ contributions)), np.stack(records)


@pytest.mark.parametrize("column", [0, 1])
def test_values_scores_and_trace_by_hand(column):
    integral = Integral(walk, column)
    alphas, weights = quadrature("trapezoid", 4)
    integral.add(alphas, weights)
    assert integral.values.tolist() == [-0.25, -0.5]
    assert integral.end_scores.tolist() == ([[0, 1.5], [0, -3]] if column == 0 else [[0, 1], [0, 1]])
    trace = integral.trace()
    assert trace.alphas.tolist() == alphas
    assert trace.slopes.tolist() == [-0.5 * (alpha + 1) for alpha in alphas]
    assert trace.cumulative == pytest.approx([-0.5 * (alpha**2 / 2 + alpha) for alpha in alphas])
    assert (integral.error, integral.history) == (None, ())


def test_a_point_of_no_weight_adds_nothing_even_where_it_has_no_slope():
    def undefined(alphas, weights):
        values, records = walk(alphas, weights)
        records[:, 0, 2] = np.nan
        return values, records

    integral = Integral(undefined, 0)
    integral.add([0.0, 0.5, 1.0], [0.0, 1.0, 0.0])
    assert integral.trace().cumulative.tolist() == [0, -0.375, -0.75]
