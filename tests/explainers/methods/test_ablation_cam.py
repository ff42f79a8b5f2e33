"""Ablation-CAM: feature maps weighed by how far the score falls without them."""

import copy

import pytest
import torch

from explainers import AblationCAM, Target


def by_hand(classifier, picture, target, name):
    """The map (h, w), one pass for each feature map of the network as it is."""
    network, grids = copy.deepcopy(classifier.network), []
    layer, pixels = network.get_submodule(name), classifier.normalise(picture[None])

    def score():
        logits = network(pixels)[0]
        answers = logits if target.scale == "logit" else logits.softmax(0)
        return answers[target.index] - (0 if target.versus is None else answers[target.versus])

    with torch.no_grad():
        reading = layer.register_forward_hook(lambda module, given, output: grids.append(output[0].clone()))
        whole, (grid,) = score(), grids
        reading.remove()
        falls = []
        for number in range(len(grid)):
            kept = torch.ones(len(grid), 1, 1).to(grid)
            kept[number] = 0
            hook = layer.register_forward_hook(lambda module, given, output, kept=kept: output * kept)
            falls.append(whole - score())
            hook.remove()
    return torch.einsum("k,khw->hw", torch.stack(falls), grid)


@pytest.mark.parametrize("layer", ["conv2", "bn2", "bn3"])
@pytest.mark.parametrize("target", [Target(1), Target(0, versus=2), Target(2, scale="probability")], ids=str)
def test_each_weight_is_the_fall_of_the_score_without_its_feature_map(conv64, noise, apart, layer, target):
    picture = noise(conv64.size, dtype=torch.float64)
    explanation = AblationCAM(layer=layer, relu=False)(conv64, picture, target)
    assert apart(explanation.values[0], by_hand(conv64, picture, target, layer)) < 1e-5


def test_before_pooling_and_one_linear_layer_the_fall_is_the_feature_maps_own_part_of_the_logit(small, classify, noise):
    network = small(dtype=torch.float64)
    classifier = classify(network, (24, 24))
    picture = noise((24, 24), dtype=torch.float64)
    grids = []
    network.bn3.register_forward_hook(lambda module, given, output: grids.append(output[0].relu()))
    network(picture[None])
    parts = network.head.weight[1] * grids[0].mean((1, 2))  # the ReLU after the layer leaves what is zero at zero
    explanation = AblationCAM(layer="bn3", relu=False)(classifier, picture, Target(1))
    grid = torch.from_numpy(explanation.values[0]).double()
    weighed_by_parts = torch.einsum("k,khw->hw", parts, by_layer(classifier, picture, "bn3"))
    torch.testing.assert_close(grid, weighed_by_parts, rtol=1e-5, atol=1e-6)


def by_layer(classifier, picture, name):
    """What a layer gives, (K, h, w)."""
    network, grids = copy.deepcopy(classifier.network), []
    network.get_submodule(name).register_forward_hook(lambda module, given, output: grids.append(output[0].clone()))
    with torch.no_grad():
        network(classifier.normalise(picture[None]))
    return grids[0]


def test_a_negative_score_does_not_turn_the_map_over(conv64, noise, apart):
    picture = noise(conv64.size, dtype=torch.float64)
    targets = Target(0, versus=1), Target(1, versus=0)  # one of the two scores is negative
    one, other = (AblationCAM(relu=False)(conv64, picture, target) for target in targets)
    assert one.score == pytest.approx(-other.score)
    assert apart(one.values, -other.values) < 1e-6


def test_chunks_of_any_size_give_the_same_map(conv64, noise, apart, monkeypatch):
    picture = noise(conv64.size, dtype=torch.float64)
    whole = AblationCAM(relu=False)(conv64, picture, Target(1))
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 3)
    parts = AblationCAM(relu=False)(conv64, picture, Target(1))
    assert (parts.facts.chunk, parts.facts.passes) == (6, whole.facts.passes)
    assert apart(parts.values, whole.values) < 1e-9


def test_without_a_feature_map_of_zeros_the_score_is_the_same_so_that_costs_no_pass(small, classify, noise, apart):
    network = small(dtype=torch.float64)
    network.conv2.weight.data[:5] = 0
    network.conv2.bias.data[:5] = 0
    classifier, picture = classify(network, (24, 24), prepare=False), noise((24, 24), dtype=torch.float64)
    found = AblationCAM(layer="conv2", relu=False)(classifier, picture, Target(1))
    assert found.facts.passes == 1 + 12 - 5
    assert apart(found.values[0], by_hand(classifier, picture, Target(1), "conv2")) < 1e-5


def test_a_layer_of_zeros_alone_has_an_empty_map(small, classify, noise):
    network = small()
    network.conv2.weight.data.zero_()
    network.conv2.bias.data.zero_()
    found = AblationCAM(layer="conv2", relu=False)(classify(network, (24, 24)), noise((24, 24)), Target(1))
    assert found.facts.passes == 1
    assert not found.heat.any()


def test_the_tokens_of_a_transformer_are_ablated_where_they_are(attentive, classify, noise):
    classifier = classify(attentive(), (24, 24))
    picture = noise((24, 24))
    assert any(layer.layout.order == "tokens" for layer in classifier.layers())
    for layer in classifier.layers():
        explanation = AblationCAM(layer=layer.name, relu=False)(classifier, picture, Target(1))
        assert explanation.values.shape == (1, layer.height, layer.width)
        assert explanation.facts.passes == 1 + layer.channels
