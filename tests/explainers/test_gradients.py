"""The vanilla gradient against closed forms and finite differences."""

import numpy as np
import pytest
import torch

from explainers import Saliency, Target


def test_the_gradient_of_a_linear_model_is_its_weights_in_pixel_units(linear, noise):
    explanation = Saliency()(linear, noise(linear.size), Target(1))
    weights = linear.network[1].weight[1].view(3, *linear.size) / torch.tensor(linear.std).view(3, 1, 1)
    np.testing.assert_allclose(explanation.values, weights, rtol=1e-5)


@pytest.mark.parametrize(
    "target", [Target(1), Target(1, 2), Target(1, scale="probability"), Target(1, 2, "probability")]
)
def test_it_predicts_what_a_small_change_does(conv64, noise, target):
    picture, step = noise(conv64.size, dtype=torch.float64), 1e-6
    values = Saliency()(conv64, picture, target).values
    rng = np.random.default_rng(0)
    for channel, row, column in rng.integers((3, *conv64.size), size=(5, 3)):
        scores = []
        for sign in (1, -1):
            moved = picture.clone()
            moved[channel, row, column] += sign * step
            scores.append(Saliency()(conv64, moved, target).score)
        assert (scores[0] - scores[1]) / (2 * step) == pytest.approx(
            float(values[channel, row, column]), rel=1e-3, abs=1e-8
        )


def test_its_heat_is_unsigned(conv, noise):
    explanation = Saliency()(conv, noise(conv.size), Target(1))
    assert not explanation.signed
    np.testing.assert_allclose(explanation.heat, np.abs(explanation.values).sum(0))
