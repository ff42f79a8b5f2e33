"""Networks in half precision: every method has a map, or says in a sentence why not.

The right map is that of the same weights in float32.
"""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from explainers import CAM, EXPLAINERS, DeepLIFT, EigenCAM, ExplanationError, ScoreCAM, Target
from explainers.images.segments import segmentations

TARGET, SIZE = Target(0), (12, 10)
halves = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)


@pytest.fixture
def pair(classify):
    """(dtype) -> a classifier in that half precision, and one of the same weights in float32."""

    def make(dtype):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = nn.Sequential(
                nn.Conv2d(3, 8, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(8, 16, 3, padding=1),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
                nn.Linear(16, 3),
            ).to(dtype)
        return classify(network, SIZE), classify(copy.deepcopy(network).float(), SIZE)

    return make


@halves
@pytest.mark.parametrize("kind", [kind for kind in EXPLAINERS if not kind.needs_attention], ids=lambda k: k.__name__)
def test_every_method_gives_a_map_or_a_sentence(pair, noise, kind, dtype):
    explainer = kind(**kind.examples.few)
    try:
        found = explainer(pair(dtype)[0], noise(SIZE), TARGET).values
    except ExplanationError:
        assert kind is DeepLIFT  # whose differences may be small beside the rounding
    else:
        assert np.isfinite(found).all()
        assert found.any()


@halves
@pytest.mark.parametrize("kind", [EigenCAM, CAM, ScoreCAM], ids=lambda kind: kind.__name__)
def test_maps_without_a_gradient_are_those_of_float32_but_for_rounding(pair, noise, apart, kind, dtype):
    half, single = pair(dtype)
    picture = noise(SIZE).to(dtype).float()
    found, expected = (kind()(classifier, picture, TARGET).values for classifier in (half, single))
    assert apart(found, expected) < 8 * torch.finfo(dtype).eps


@halves
def test_segments_of_a_half_picture_are_those_of_its_pixels(noise, dtype):
    picture = noise((2, 18)).to(dtype)
    assert (segmentations(picture) == segmentations(picture.float())).all()


@halves
def test_deeplift_blames_the_precision_and_not_the_network(pair, noise, dtype, monkeypatch):
    monkeypatch.setattr("explainers.methods.deeplift.MAX_GAP", -1.0)
    with pytest.raises(ExplanationError, match=r"half precision, .*: load it in float32\.$"):
        DeepLIFT()(pair(dtype)[0], noise(SIZE), TARGET)
