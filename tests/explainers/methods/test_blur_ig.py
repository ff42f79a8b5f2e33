"""Blur Integrated Gradients against others' numbers, SciPy's blur and a linear model."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from explainers import BlurIntegratedGradients, Target
from explainers.methods.blur_ig import gaussian_blurs


class Sines(nn.Module):
    """The sum of the sines of a picture."""

    def forward(self, x):
        return x.sin().sum((1, 2, 3))[:, None]


def test_pairs_numbers_come_out(classify):
    # PAIR-code/saliency, saliency/core/blur_ig_test.py: 5 x 5 and a deviation of 10, to two decimals. Here on 10 x 10,
    # of which that is all of the side: more black around it changes nothing.
    picture = torch.zeros(1, 10, 10)
    picture[0, 1, 1], picture[0, 2, 2] = 0.7, 1.0
    classifier = classify(Sines(), (10, 10), classes=1, channels=1)
    found = BlurIntegratedGradients(steps=200, blur=100.0)(classifier, picture, Target(0))
    expected = np.zeros((1, 10, 10))
    expected[0, 1, 1], expected[0, 2, 2] = 0.641, 0.838
    np.testing.assert_allclose(found.values, expected, atol=0.01)
    assert found.gap < 1e-3


@pytest.mark.parametrize("deviation", [0.0, 0.3, 1.0, 5.0, 20.0])
def test_the_blur_is_scipys(noise, deviation):
    picture = noise((29, 24), dtype=torch.float64)
    blurred = gaussian_blurs(picture, torch.tensor([deviation]))[0]
    expected = [gaussian_filter(channel.numpy(), deviation, mode="constant", truncate=8) for channel in picture]
    np.testing.assert_allclose(blurred, expected, atol=1e-7)


def test_the_way_ends_at_the_picture_itself(noise):
    picture = noise((29, 24))
    assert gaussian_blurs(picture, torch.tensor([3.0, 0.0]))[1].equal(picture)


@pytest.mark.parametrize("steps", [1, 7])
def test_a_linear_model_gives_weight_times_what_the_blur_took(linear, noise, steps):
    picture = noise(linear.size)
    weights = linear.network[1].weight[1].view(3, *linear.size) / torch.tensor(linear.std).view(3, 1, 1)
    found = BlurIntegratedGradients(steps=steps, blur=30.0)(linear, picture, Target(1))
    taken = picture - gaussian_blurs(picture, torch.tensor([0.3 * 7]))[0]
    np.testing.assert_allclose(found.values, weights * taken, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.baselines[0], picture - taken, atol=1e-6)
    assert found.gap < 1e-5


def test_more_steps_close_the_gap(conv, noise):
    few, many = (BlurIntegratedGradients(steps=steps)(conv, noise(conv.size), Target(1)) for steps in (5, 500))
    assert many.gap < min(few.gap, 0.02)
    blurred = conv.predict(torch.from_numpy(many.baselines[0]), 3)
    assert many.baseline_score == pytest.approx({p.index: p.logit for p in blurred}[1], rel=1e-4)


def test_the_chunk_makes_no_difference(conv, noise, apart, monkeypatch):
    whole = BlurIntegratedGradients()(conv, noise(conv.size), Target(1))
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 3)
    assert apart(BlurIntegratedGradients()(conv, noise(conv.size), Target(1)).values, whole.values) < 1e-3
