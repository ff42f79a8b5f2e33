"""Networks in half precision: every map is that of the same weights in float32, or a sentence says why not."""

import copy
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from explainers import (
    CAM,
    EXPLAINERS,
    DeepLIFT,
    ExplanationError,
    GradCAM,
    GuidedBackprop,
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


class Inside(nn.Module):
    """A network that takes itself to half precision on its way, whatever its weights are in."""

    def __init__(self, way, dtype):
        super().__init__()
        self.net, self.way, self.dtype = Net(torch.float32), way, dtype
        self.eval()

    def forward(self, x):
        return self.way(self.net, x, self.dtype)


def mixed(net, x, dtype):
    with torch.autocast("cpu", dtype):
        return net(x)


def one_layer(net, x, dtype):
    return net(x) + F.conv2d(x.to(dtype), x.new_ones(3, 3, 1, 1, dtype=dtype)).mean((2, 3))


WAYS = {
    "autocast": mixed,
    "but for its answers": lambda net, x, dtype: mixed(net, x, dtype).float(),
    "checkpointed": lambda net, x, dtype: checkpoint(mixed, net, x, dtype, use_reentrant=False),
    "one layer": one_layer,
    "the picture alone": lambda net, x, dtype: net(x.to(dtype).to(x.dtype)),
}


GRADIENTS = [Saliency(), IntegratedGradients(steps=8), IntegratedGradients()]


def assert_without_gradient(classifier, picture, explainers):
    for explainer in explainers:
        with pytest.raises(
            ExplanationError, match=r"computes in half precision or less, and its code .* such as Occlusion"
        ):
            explainer(classifier, picture, TARGET)


@halves
def test_code_that_asks_for_half_precision_has_no_gradient(classify, noise, dtype):
    strict = classify(Net(dtype, strict=True), SIZE)
    assert not strict.widened
    assert_without_gradient(strict, noise(SIZE), [Saliency(), IntegratedGradients(steps=8), GradCAM(layer="conv")])
    for explainer in (Occlusion(), ScoreCAM(layer="conv", relu=False)):
        assert explainer(strict, noise(SIZE), TARGET).values.any()


@halves
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("weights", ["float32", "half"])
def test_nor_has_code_that_takes_itself_there(classify, noise, dtype, way, weights):
    network = Inside(WAYS[way], dtype)
    classifier = classify(network.to(dtype) if weights == "half" else network, SIZE)
    assert_without_gradient(classifier, noise(SIZE), GRADIENTS)
    if way not in ("one layer", "the picture alone"):  # where a CAM's gradient doesn't pass
        assert_without_gradient(classifier, noise(SIZE), [GradCAM(layer="net.again")])
    for explainer in (Occlusion(), ScoreCAM(layer="net.again", relu=False)):
        assert explainer(classifier, noise(SIZE), TARGET).values.any()


class Hidden(torch.autograd.Function):
    """Computes in another data type, forwards and backwards, and only autograd's own numbers are in the input's."""

    @staticmethod
    def forward(ctx, x, dtype):
        ctx.dtype = dtype
        return x.to(dtype).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient):
        return gradient.to(ctx.dtype).to(gradient.dtype), None


def of_dark_pictures(net, x, dtype):
    """Only for dark pictures does it compute in half precision: a path from black meets them, its end doesn't."""
    dark = bool((x.flatten(1).mean(1) < 0.3).any())
    return net(x.to(dtype).to(x.dtype) if dark else x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn], ids=str)
def test_nor_has_code_that_hides_it_from_autograd(classify, noise, dtype):
    network = Inside(lambda net, x, dtype: net(Hidden.apply(x, dtype)), dtype)
    assert_without_gradient(classify(network, SIZE), noise(SIZE), GRADIENTS)


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # to which the compiler itself has access
def test_nor_has_code_that_is_compiled(classify, noise):
    @torch.compile(backend="aot_eager")
    def half(x):
        return (x.bfloat16() * 1.5).sin().float()

    network = Inside(lambda net, x, _: net(half(x)), None)
    assert_without_gradient(classify(network, SIZE), noise(SIZE), GRADIENTS)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2], ids=str)
@pytest.mark.parametrize("kind", [GuidedBackprop, DeepLIFT, Saliency], ids=lambda kind: kind.__name__)
def test_nor_is_there_one_through_still_coarser_numbers(classify, noise, kind, dtype):
    network = Inside(lambda net, x, dtype: net(torch.relu(x.to(dtype).to(x.dtype))), dtype)
    assert_without_gradient(classify(network, SIZE), noise(SIZE), [kind()])


@halves
@pytest.mark.parametrize("baseline", ["black", "white"])
def test_a_part_that_only_some_pictures_of_a_path_reach_is_found(classify, noise, dtype, baseline):
    bright = noise(SIZE) / 2 + 0.5
    classifier = classify(Inside(of_dark_pictures, dtype), SIZE)
    for explainer in (IntegratedGradients(baseline=baseline), IntegratedGradients(baseline=baseline, steps=16)):
        if baseline == "black":
            assert_without_gradient(classifier, bright, [explainer])
        else:
            assert explainer(classifier, bright, TARGET).values.any()


@halves
@pytest.mark.parametrize("way", ["autocast", "but for its answers"])
@pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)
def test_no_method_crashes_there(classify, attentive, noise, kind, way, dtype):
    network = Inside(WAYS[way], dtype)
    if kind.needs_attention:
        network.net = attentive(3, 3)
    explainer, classifier = kind(**kind.examples.few), classify(network, SIZE)
    if kind.forward_only or kind is CAM:  # which takes no gradient, either
        assert np.isfinite(explainer(classifier, noise(SIZE), TARGET).values).all()
    else:
        assert_without_gradient(classifier, noise(SIZE), [explainer])


@halves
def test_a_table_in_half_precision_that_no_gradient_passes_is_no_reason(classify, noise, dtype):
    kept = torch.tensor([0.5, 1, 2]).to(dtype)
    maps = []
    for table in (kept, kept.float()):
        torch.manual_seed(0)  # the same weights
        network = Inside(lambda net, x, _, table=table: net(x) * table.float(), dtype)
        maps.append(Saliency()(classify(network, SIZE), noise(SIZE), TARGET).values)
    assert np.array_equal(*maps)
    assert maps[0].any()


@halves
def test_segments_of_a_half_picture_are_those_of_its_pixels(noise, dtype):
    picture = noise((2, 18)).to(dtype)
    assert (segmentations(picture) == segmentations(picture.float())).all()
