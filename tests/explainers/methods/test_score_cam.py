"""Eigen-CAM and Score-CAM against their definitions, written out."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers import EigenCAM, ExplanationError, ScoreCAM, Target

TARGET = Target(1)
LAYERS = ("conv1", "bn2", "bn3")


@pytest.fixture
def grids(conv64, noise):
    """(layer) -> what it gave for noise: (K, h, w), float64."""

    def read(layer):
        kept = []
        module = conv64.network.get_submodule(layer)
        handle = module.register_forward_hook(lambda module, given, result: kept.append(result.clone()))
        try:
            conv64.network(conv64.normalise(noise(conv64.size, dtype=torch.float64)[None]))
        finally:
            handle.remove()
        return kept[0][0]

    return read


# Eigen-CAM


@pytest.mark.parametrize("layer", LAYERS)
def test_eigen_cam_is_the_projection_on_the_first_eigenvector(conv64, noise, grids, apart, layer):
    flat = grids(layer).flatten(1).numpy()
    _, vectors = np.linalg.eigh(flat @ flat.T)
    expected = vectors[:, -1] @ flat
    found = EigenCAM(layer=layer, relu=False)(conv64, noise(conv64.size, dtype=torch.float64), TARGET)
    assert apart(found.values.ravel(), expected * np.sign(expected.sum())) < 1e-6
    assert found.values.sum() > 0


def test_of_feature_maps_that_are_all_alike_it_is_that_map(classify, noise):
    network = nn.Sequential(nn.Conv2d(1, 3, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    weights = torch.tensor([2.0, -1.0, 2.0]).view(3, 1, 1, 1)
    network[0].weight.data.copy_(weights)
    picture = noise((5, 6), 1)
    found = EigenCAM(layer="0")(classify(network, (5, 6), channels=1), picture, TARGET)
    np.testing.assert_allclose(found.values, 3 * picture, rtol=1e-5)


def test_eigen_cam_is_the_same_for_every_class(conv, noise):
    maps = [EigenCAM()(conv, noise(conv.size), target).values for target in (Target(0), Target(1), Target(2, versus=0))]
    assert all((each == maps[0]).all() for each in maps)
    assert maps[0].any()


# Score-CAM


def by_hand(classifier, picture, maps, index, softmax, scale="logit"):
    """The definition, one feature map at a time; `maps` (K, h, w)."""

    def score(shown):
        logits = classifier.network(classifier.normalise(shown[None]))[0]
        return float((logits if scale == "logit" else logits.softmax(0))[index])

    rises = []
    for single in maps:
        mask = F.interpolate(single[None, None], picture.shape[1:], mode="bilinear")[0, 0]
        spread = mask.max() - mask.min()
        mask = (mask - mask.min()) / spread if spread > 0 else torch.zeros_like(mask)
        rises.append(score(picture * mask) - score(torch.zeros_like(picture)))
    weights = torch.tensor(rises, dtype=torch.float64)
    return torch.einsum("k,khw->hw", weights.softmax(0) if softmax else weights, maps)


@torch.no_grad()
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("scale", ["logit", "probability"])
def test_score_cam_is_its_definition(conv64, noise, grids, apart, layer, softmax, scale):
    picture, maps = noise(conv64.size, dtype=torch.float64), grids(layer)
    expected = by_hand(conv64, picture, maps, 1, softmax, scale)
    whole = ScoreCAM(layer=layer, softmax=softmax, relu=False)(conv64, picture, Target(1, scale=scale))
    assert apart(whole.values[0], expected) < 1e-6
    kept = ScoreCAM(layer=layer, softmax=softmax)(conv64, picture, Target(1, scale=scale))
    assert (kept.values == whole.values.clip(min=0)).all()


@pytest.mark.parametrize("seed", range(8))
def test_a_flat_feature_map_weighs_nothing_and_costs_no_pass(classify, noise, seed):
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
        network[0].weight[2].zero_()
        network[0].bias[2].fill_(1000)
    classifier = classify(network, (9, 9))
    totals = []
    found = ScoreCAM(layer="0", relu=False)(
        classifier, noise((9, 9)), TARGET, on_progress=lambda progress: totals.append(progress.total)
    )
    assert np.isfinite(found.values).all()
    assert np.abs(found.values).max() < 100
    assert found.facts.passes == totals[-1] == totals[0] - 1 == 2 + 3


@pytest.mark.parametrize("layer", [None, *LAYERS])
def test_its_cost_is_one_pass_for_each_feature_map_and_two(conv, noise, layer):
    channels = {"conv1": 8, "bn2": 12}.get(layer, 16)
    explainer = ScoreCAM(layer=layer)
    assert explainer.passes(conv) == 2 + channels == explainer(conv, noise(conv.size), TARGET).facts.passes


def test_no_more_pictures_pass_at_once_than_fit_a_chunk_and_no_gradient_is_kept(small, classify, watched, noise):
    batches = []
    classifier = classify(watched(small(), lambda x: batches.append((len(x), torch.is_grad_enabled()))), (24, 24))
    layer = next(layer.name for layer in classifier.layers() if layer.channels == 16)
    batches.clear()
    ScoreCAM(layer=layer)(classifier, noise((24, 24)), TARGET)
    assert max(count for count, _ in batches) <= 16
    assert not any(gradients for _, gradients in batches)


@pytest.mark.parametrize("kind", [EigenCAM, ScoreCAM])
def test_a_network_without_a_grid_is_refused(linear, noise, kind):
    assert kind().passes(linear) > 0
    with pytest.raises(ExplanationError, match="needs a layer that gives a grid, and linear has none"):
        kind()(linear, noise(linear.size), TARGET)
