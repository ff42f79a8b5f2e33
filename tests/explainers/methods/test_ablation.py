"""Superpixel ablation against hand-computed values and closed forms."""

import numpy as np
import pytest
import torch
from captum.testing.helpers.basic_models import BasicModel_MultiLayer
from torch import nn

from explainers import FeatureAblation, Target
from explainers.images.segments import superpixels


@pytest.mark.parametrize(("labels", "expected"), [([0, 1, 2], [80, 200, 120]), ([0, 0, 1], [280, 280, 120])])
def test_captums_hand_computed_values_come_out(classify, monkeypatch, labels, expected):
    # pytorch/captum, tests/attr/test_occlusion.py: windows side by side are superpixels
    monkeypatch.setattr("explainers.methods.on_superpixels.superpixels", lambda picture, count: torch.tensor([labels]))
    classifier = classify(nn.Sequential(nn.Flatten(), BasicModel_MultiLayer()), (1, 3), classes=2, channels=1)
    found = FeatureAblation(colour="#000000")(classifier, torch.tensor([[[20.0, 50.0, 30.0]]]), Target(0))
    assert found.values.tolist() == [[pytest.approx(expected, abs=1e-4)]]


@pytest.mark.parametrize("segments", [2, 9, 35])
def test_a_superpixel_of_a_linear_model_gets_weight_times_change(linear, noise, segments):
    picture, fill = noise(linear.size), torch.tensor([1.0, 0.0, 128 / 255]).view(3, 1, 1)
    weights = linear.network[1].weight[1].view(3, *linear.size) / torch.tensor(linear.std).view(3, 1, 1)
    falls, labels = (weights * (picture - fill)).sum(0), superpixels(picture, segments)
    found = FeatureAblation(segments=segments, colour="#ff0080")(linear, picture, Target(1))
    for number in range(segments):
        expected = float(falls[labels == number].sum())
        np.testing.assert_allclose(found.heat[labels == number], expected, rtol=1e-3, atol=1e-5)
    assert found.signed
    assert (found.values == found.values[:1]).all()  # channels are hidden at once and share the fall


@pytest.mark.parametrize("scale", ["logit", "probability"])
def test_it_is_the_fall_of_the_score(conv, noise, scale):
    picture, grey = noise(conv.size), 127 / 255
    found, labels = FeatureAblation(segments=7)(conv, picture, Target(1, scale=scale)), superpixels(picture, 7)
    for number in range(7):
        hidden = torch.where(labels == number, torch.tensor(grey), picture)
        score = {p.index: getattr(p, scale) for p in conv.predict(hidden, 3)}[1]
        assert found.heat[labels == number] == pytest.approx(found.score - score, abs=1e-5)


def test_the_chunk_makes_no_difference(conv, noise, apart, monkeypatch):
    whole = FeatureAblation()(conv, noise(conv.size), Target(1))
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 3)
    parts = FeatureAblation()(conv, noise(conv.size), Target(1))
    assert apart(parts.values, whole.values) < 1e-4
    assert parts.facts.passes == whole.facts.passes == 41
