"""The layers in the network's own order, and what each does on a picture."""

import numpy as np
import timm
import torch
import transformers
from torch.nn import functional as F

from explainers.classifiers.layer_maps import INDENT, layer_maps, layer_tree


def test_the_tree_has_the_networks_own_order_and_depth(real):
    classifier = real("resnet18", 64).classifier
    tree = layer_tree(classifier)
    names = [name for name, _ in classifier.network.named_modules()]
    assert [*tree] == [name for name in names if name in tree]
    assert {*tree} == {layer.name for layer in classifier.layers()}
    assert tree["layer4"] == "layer4 (2 × 2, 512 channels)"
    assert tree["layer4.0"] == f"{INDENT}layer4.0 (2 × 2, 512 channels)"
    assert tree["layer4.0.conv1"] == f"{INDENT * 2}layer4.0.conv1 (2 × 2, 512 channels)"
    assert [*tree].index("layer4") < [*tree].index("layer4.0") < [*tree].index("layer4.0.conv1")


def test_a_map_is_the_mean_magnitude_of_the_channels(conv, noise, state):
    before = state(conv.network)
    picture = noise(conv.size)
    found = layer_maps(conv, picture)
    assert found.keys() == {layer.name for layer in conv.layers()}
    with torch.no_grad():
        first = conv.network.conv1(conv.normalise(picture[None]))
        second = conv.network.conv2(F.relu(conv.network.bn1(first)))
    np.testing.assert_allclose(found["conv1"], first[0].abs().mean(0), rtol=1e-5)
    np.testing.assert_allclose(found["conv2"], second[0].abs().mean(0), rtol=1e-5, atol=1e-6)
    assert found["conv1"].dtype == np.float32
    assert state(conv.network) == before


def shapes_agree(classifier, size):
    """The maps of all layers, which are on the layers' grids."""
    found = layer_maps(classifier, torch.rand(3, *size, generator=torch.Generator().manual_seed(0)))
    assert found
    for layer in classifier.layers():
        assert found[layer.name].shape == (layer.height, layer.width)
        assert np.isfinite(found[layer.name]).all()
    return found


def test_class_distillation_and_register_tokens_are_left_out_and_counted(classify):
    settings = {"img_size": 64, "depth": 2, "num_classes": 3}
    for name, more, counted in (
        ("vit_tiny_patch16_224", {"reg_tokens": 4}, "192 channels, 5 more tokens"),
        ("vit_tiny_patch16_224", {}, "192 channels, 1 more token"),
        ("deit_tiny_distilled_patch16_224", {}, "192 channels, 2 more tokens"),
    ):
        classifier = classify(timm.create_model(name, **settings, **more), (64, 64))
        shapes_agree(classifier, (64, 64))
        assert layer_tree(classifier)["blocks.0"].strip() == f"blocks.0 (4 × 4, {counted})"


def test_a_vision_transformer_of_hugging_faces_has_its_tree_too(classify):
    config = transformers.ViTConfig(
        image_size=64,
        patch_size=16,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=3,
    )
    classifier = classify(transformers.ViTForImageClassification(config), (64, 64))
    shapes_agree(classifier, (64, 64))
    lines = [*layer_tree(classifier).values()]
    assert any("4 × 4, 32 channels, 1 more token" in line for line in lines)


def test_a_network_without_a_grid_has_no_tree(linear, noise):
    assert layer_tree(linear) == {}
    assert layer_maps(linear, noise(linear.size)) == {}
