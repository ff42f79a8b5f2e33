"""What methods over a layer's grid share: the layer, ReLU, and refusals where there is no grid."""

import pytest
import torch
from torch import nn
from torchvision import models

from explainers import (
    EigenCAM,
    ExplanationError,
    FinerCAM,
    GradCAM,
    GradCAMPlusPlus,
    GuidedGradCAM,
    HiResCAM,
    LayerCAM,
    ScoreCAM,
    Target,
)

TARGET = Target(1)
KINDS = (GradCAM, HiResCAM, LayerCAM, GradCAMPlusPlus, FinerCAM)


def vision_transformer(side):
    """One of random weights, the same every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = models.VisionTransformer(side, 8, 3, 2, 12, 16, num_classes=3)
        nn.init.normal_(network.heads[0].weight)  # which begins as zero
        return network


def test_relu_is_part_of_it_and_can_be_switched_off(conv, noise):
    kept, whole = (GradCAM(relu=relu)(conv, noise(conv.size), TARGET) for relu in (True, False))
    assert (kept.values == whole.values.clip(min=0)).all()
    assert (whole.values < 0).any()
    assert (kept.rectified, kept.signed) == (True, False)
    assert (whole.rectified, whole.signed) == (False, True)


def test_the_layer_can_be_chosen_and_its_grid_is_kept(conv, noise):
    for layer in conv.layers():
        explanation = GradCAM(layer=layer.name)(conv, noise(conv.size), TARGET)
        assert explanation.values.shape == (1, layer.height, layer.width)
        assert explanation.heat.shape == conv.size


def test_the_default_layer_is_the_classifiers(conv, noise):
    chosen = GradCAM(layer=conv.layer)(conv, noise(conv.size), TARGET).values
    assert (GradCAM()(conv, noise(conv.size), TARGET).values == chosen).all()
    assert conv.layer == "bn3"  # the ReLU after it is a statement, no module


@pytest.mark.parametrize("layer", ["head", "no such layer", "relu2"])
def test_a_layer_that_gives_no_grid_is_refused(conv, noise, layer):
    with pytest.raises(ExplanationError, match=f"conv has no layer '{layer}' that runs once and gives a grid"):
        GradCAM(layer=layer)(conv, noise(conv.size), TARGET)


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
def test_a_scripted_network_is_refused(small, classify, noise):
    classifier = classify(torch.jit.script(small()), (24, 24), name="scripted")
    with pytest.raises(ExplanationError, match="needs a layer that gives a grid, and scripted has none"):
        GradCAM()(classifier, noise((24, 24)), TARGET)


def test_batchnorm_is_not_folded_into_a_layer_that_is_named(conv, noise):
    conv2, bn2 = (GradCAM(layer=name, relu=False)(conv, noise(conv.size), TARGET) for name in ("conv2", "bn2"))
    assert (conv2.values != bn2.values).any()


@pytest.mark.parametrize("kind", [*KINDS, GuidedGradCAM])
def test_a_network_without_a_grid_is_refused(linear, noise, kind):
    with pytest.raises(ExplanationError, match=r"^.*CAM.* needs a layer that gives a grid, and linear has none"):
        kind()(linear, noise(linear.size), TARGET)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_that_the_score_does_not_depend_on_is_refused(branched, classify, noise, kind):
    with pytest.raises(ExplanationError, match="no gradient of the score reaches the layer 'dead'"):
        kind(layer="dead")(classify(branched, (9, 9), classes=2), noise((9, 9)), Target(0))


@pytest.mark.parametrize("kind", [*KINDS, EigenCAM, ScoreCAM])
@pytest.mark.parametrize("layer", ["encoder.layers.encoder_layer_1.ln_1", None])
def test_a_transformers_tokens_are_a_grid_to_all_of_them(classify, noise, kind, layer):
    classifier = classify(vision_transformer(24), (24, 24))
    found = kind(layer=layer, relu=False)(classifier, noise((24, 24)), TARGET)
    assert found.values.shape == (1, 3, 3)
    assert found.values.any()


def test_the_default_layer_of_a_vision_transformer_is_the_last_whose_patches_are_read(classify, noise):
    classifier = classify(vision_transformer(32).double(), (32, 32))
    assert classifier.layer == "encoder.layers.encoder_layer_2.ln_1"  # after it, only the class token is
    assert GradCAM(relu=False)(classifier, noise((32, 32), dtype=torch.float64), TARGET).values.any()
    after = GradCAM(layer="encoder.ln", relu=False)(classifier, noise((32, 32), dtype=torch.float64), TARGET)
    assert not after.values.any()
    assert after.values.shape == (1, 4, 4)
