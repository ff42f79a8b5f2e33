"""Networks in half precision: every map is that of the same weights in float32, or a sentence says why not."""

import copy
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from explainers import (
    EXPLAINERS,
    ExplanationError,
    GradCAM,
    IntegratedGradients,
    Occlusion,
    Saliency,
    ScoreCAM,
    Target,
    proof,
)
from explainers.images.segments import segmentations

TARGET, SIZE = Target(0), (12, 10)
halves = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)


class Net(nn.Module):
    """Convolutions, a norm and a head, in half precision; if `strict`, its code says so."""

    def __init__(self, dtype, *, strict=False):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.again, self.head = nn.Conv2d(8, 16, 3), nn.Linear(16, 3)
        self.norm.running_mean.normal_()
        self.strict = dtype if strict else None
        self.eval().to(dtype)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x if self.strict is None else x.to(self.strict))))
        return self.head(torch.relu(self.again(x)).mean((2, 3)))


@pytest.fixture(scope="module")
def half_and_single(classify):
    """(dtype) -> classifiers of the same weights, in that type and in float32."""

    @cache
    def make(dtype):
        network = Net(dtype)
        return classify(network, SIZE), classify(copy.deepcopy(network).float(), SIZE)

    return make


@halves
@pytest.mark.parametrize("kind", [kind for kind in EXPLAINERS if not kind.needs_attention], ids=lambda k: k.__name__)
def test_every_map_is_that_of_float32(half_and_single, noise, kind, dtype):
    half, single = half_and_single(dtype)
    explainer = kind(**kind.examples.few)
    found, expected = (explainer(classifier, noise(SIZE), TARGET) for classifier in (half, single))
    assert np.array_equal(found.values, expected.values)
    assert found.values.any()
    assert (found.facts.widened, expected.facts.widened) == (True, False)
    assert "in half precision. It was run in float32" in proof.caution(found)
    assert half.predict(noise(SIZE), 3) == single.predict(noise(SIZE), 3)


def test_weights_of_half_precision_that_are_trained_on_are_followed(classify, noise):
    network = Net(torch.bfloat16)
    half = classify(network, SIZE)
    identity = half.identity

    def change(weights):
        weights.data.mul_(1.5)  # of which the versions don't tell

    for train in (lambda weights: weights.add_(0.1), change):
        with torch.no_grad():
            for weights in (*network.parameters(), network.norm.running_mean):
                train(weights)
        single = classify(copy.deepcopy(network).float(), SIZE)
        assert half.predict(noise(SIZE), 3) == single.predict(noise(SIZE), 3)
        for explainer in (Saliency(), IntegratedGradients(steps=8)):
            found, expected = (explainer(classifier, noise(SIZE), TARGET).values for classifier in (half, single))
            assert np.array_equal(found, expected)
        assert half.identity != identity


@halves
def test_code_that_asks_for_half_precision_has_no_gradient(classify, noise, dtype):
    strict = classify(Net(dtype, strict=True), SIZE)
    assert not strict.widened
    for explainer in (Saliency(), IntegratedGradients(steps=8), GradCAM(layer="conv")):
        with pytest.raises(ExplanationError, match=r"computes in half precision, and its code .* such as Occlusion"):
            explainer(strict, noise(SIZE), TARGET)
    for explainer in (Occlusion(), ScoreCAM(layer="conv", relu=False)):
        assert explainer(strict, noise(SIZE), TARGET).values.any()


@halves
def test_segments_of_a_half_picture_are_those_of_its_pixels(noise, dtype):
    picture = noise((2, 18)).to(dtype)
    assert (segmentations(picture) == segmentations(picture.float())).all()
