"""Occlusion against hand-computed values and closed forms."""

import numpy as np
import pytest
import torch
from captum.testing.helpers.basic_models import BasicModel_MultiLayer
from torch import nn

from explainers import Occlusion, Target


@pytest.mark.parametrize(
    ("patch", "stride", "fill", "expected"),
    [(1, 1, 0.0, [80, 200, 120]), (2, 1, 10.0, [200, 220, 240]), (2, 2, 0.0, [280, 280, 120])],
)
def test_captums_hand_computed_values_come_out(classify, patch, stride, fill, expected):
    # pytorch/captum, tests/attr/test_occlusion.py. A patch is black, so black must be the wanted fill: mean is -fill.
    classifier = classify(
        nn.Sequential(nn.Flatten(), BasicModel_MultiLayer()), (1, 3), classes=2, channels=1, mean=(-fill,)
    )
    picture = torch.tensor([[[20.0, 50.0, 30.0]]]) - fill
    found = Occlusion(patch=patch, stride=stride, colour="#000000")(classifier, picture, Target(0))
    assert found.values.tolist() == [[pytest.approx(expected, abs=1e-4)]]


class Total(nn.Module):
    """Three times the sum of a picture."""

    def forward(self, x):
        return 3 * x.sum((1, 2, 3))[:, None]


def test_pairs_hand_computed_values_come_out(classify):
    # PAIR-code/saliency, saliency/core/occlusion_test.py, which sums over the windows on a pixel; ours is their mean
    picture = torch.zeros(1, 5, 5)
    picture[0, 1, 1] = picture[0, 3, 3] = 1
    classifier = classify(Total(), (5, 5), classes=1, channels=1)
    found = Occlusion(patch=3, stride=1, colour="#000000")(classifier, picture, Target(0))
    windows = np.outer([1, 2, 3, 2, 1], [1, 2, 3, 2, 1])
    expected = [[3, 6, 6, 3, 0], [6, 15, 18, 12, 3], [6, 18, 24, 18, 6], [3, 12, 18, 15, 6], [0, 3, 6, 6, 3]]
    np.testing.assert_allclose(found.heat * windows, expected, atol=1e-4)


def falls(classifier, picture, fill, index=1):
    """Per pixel of a linear model: how far the logit falls when its channels become `fill`."""
    weights = classifier.network[1].weight[index].view(3, *classifier.size) / torch.tensor(classifier.std).view(3, 1, 1)
    return (weights * (picture - torch.tensor(fill).view(3, 1, 1))).sum(0)


def test_single_pixels_of_a_linear_model_give_weight_times_change(linear, noise):
    picture = noise(linear.size)
    explanation = Occlusion(patch=1, stride=1, colour="#ff0080")(linear, picture, Target(1))
    np.testing.assert_allclose(explanation.heat, falls(linear, picture, (1.0, 0.0, 128 / 255)), rtol=1e-3, atol=1e-5)
    assert explanation.signed
    assert (explanation.values == explanation.values[:1]).all()  # channels are covered at once and share the fall


def test_disjoint_patches_of_a_linear_model_share_out_the_whole_change(linear, noise):
    # 5 x 7 in patches of 2: the last row and column are covered by what is left of a patch
    picture = noise(linear.size)
    heat = Occlusion(patch=2, stride=2, colour="#000000")(linear, picture, Target(1)).heat
    single = falls(linear, picture, (0.0, 0.0, 0.0))
    for top in range(0, 5, 2):
        for left in range(0, 7, 2):
            block = np.s_[top : top + 2, left : left + 2]
            np.testing.assert_allclose(heat[block], float(single[block].sum()), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("size", [(37, 41), (24, 64), (5, 7)])
@pytest.mark.parametrize(("patch", "stride"), [(None, None), (7, 3), (7, 200), (200, 7), (1, None), (4, 4)])
def test_every_pixel_is_covered(classify, size, patch, stride):
    classifier = classify(Total(), size, classes=1, channels=1)
    explainer = Occlusion(patch=patch, stride=stride, colour="#000000")
    explanation = explainer(classifier, torch.ones(1, *size), Target(0))
    assert (explanation.heat > 0).all()
    assert explanation.facts.passes == explainer.passes(classifier)


def test_the_automatic_patch_is_a_fifth_of_the_side_and_moves_by_half(conv, noise):
    size = conv.size  # 29 x 24
    chosen = Occlusion(patch=round(min(size) / 5), stride=round(min(size) / 5) // 2)
    assert (Occlusion()(conv, noise(size), Target(1)).values == chosen(conv, noise(size), Target(1)).values).all()


def test_probabilities_fall_too(conv, noise):
    explanation = Occlusion(patch=200, stride=200)(conv, noise(conv.size), Target(1, scale="probability"))
    assert np.abs(explanation.heat).max() <= 1
    grey = {p.index: p.probability for p in conv.predict(torch.full((3, *conv.size), 127 / 255), 3)}[1]
    assert explanation.heat == pytest.approx(np.full(conv.size, explanation.score - grey), rel=1e-3)
