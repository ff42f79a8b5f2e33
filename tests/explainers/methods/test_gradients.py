"""The vanilla gradient and input times gradient against closed forms and finite differences."""

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient as CaptumInputXGradient
from torch import nn

from explainers import InputXGradient, IntegratedGradients, Saliency, Target


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


# Input times gradient


class WithoutBiases(nn.Module):
    """ReLUs and largest values of linear steps, so its score is proportional to a picture that it sees as it is."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 6, 3, bias=False), nn.Linear(6 * 3 * 4, 3, bias=False)

    def forward(self, pictures):
        return self.head(nn.functional.max_pool2d(self.conv(pictures).relu(), 2).flatten(1))


@pytest.fixture
def proportional(classify):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return classify(WithoutBiases().double(), (8, 10))


def test_input_times_gradient_is_that_in_pixel_units(conv64, noise):
    picture = noise(conv64.size, dtype=torch.float64)
    gradient = Saliency()(conv64, picture, Target(1)).values
    found = InputXGradient()(conv64, picture, Target(1)).values
    np.testing.assert_allclose(found, gradient * picture.numpy(), rtol=1e-6)


def test_input_times_gradient_is_captums_on_a_network_that_sees_pixels_as_they_are(proportional, noise):
    picture = noise(proportional.size, dtype=torch.float64)
    expected = CaptumInputXGradient(proportional.network).attribute(picture[None].requires_grad_(), target=1)
    found = InputXGradient()(proportional, picture.detach(), Target(1)).values
    np.testing.assert_allclose(found, expected[0].detach(), rtol=1e-6)


@pytest.mark.parametrize("target", [Target(1), Target(0, versus=2)])
def test_without_biases_input_times_gradient_is_integrated_gradients_from_black(proportional, noise, apart, target):
    picture = noise(proportional.size, dtype=torch.float64)
    found = InputXGradient()(proportional, picture, target)
    whole = IntegratedGradients(steps=7)(proportional, picture, target)
    assert apart(found.values, whole.values) < 1e-6
    assert found.values.sum(dtype=np.float64) == pytest.approx(found.score, rel=1e-5)


def test_a_black_pixel_gets_nothing(conv, noise):
    picture = noise(conv.size).clone()
    picture[:, 3:9, 4:8] = 0
    found = InputXGradient()(conv, picture, Target(1)).values
    assert not found[:, 3:9, 4:8].any()
    assert found.any()
