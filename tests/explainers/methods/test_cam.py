"""CAM and Grad-CAM: hand-computed values, the identities that tie them together, and honest refusals."""

import numpy as np
import pytest
import torch
from captum.testing.helpers.basic_models import BasicModel_ConvNet_One_Conv
from torch import nn
from torchvision import models

from explainers import CAM, ExplanationError, GradCAM, Saliency, Target

TARGET = Target(1)


def features(channels=8, inputs=3):
    return nn.Sequential(nn.Conv2d(inputs, channels, 3), nn.ReLU(), nn.Conv2d(channels, channels, 3), nn.ReLU())


def seeded(make):
    """A network in float64, of the same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().double().eval()


class Averages(nn.Module):
    """Global averages by `mean`, then one linear layer."""

    def __init__(self):
        super().__init__()
        self.features, self.head = features(), nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


HEADS = {
    "adaptive pooling": lambda: nn.Sequential(
        features(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(8, 3)
    ),
    "pooling as wide as the grid": lambda: nn.Sequential(
        features(), nn.AvgPool2d((8, 9)), nn.Flatten(), nn.Linear(8, 3)
    ),
    "mean": Averages,
    "no bias": lambda: nn.Sequential(features(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3, bias=False)),
    "one map per class": lambda: nn.Sequential(features(), nn.Conv2d(8, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
}
every_head = pytest.mark.parametrize("head", HEADS)


def bias(network, target):
    """The linear layer's share in the explained logit."""
    layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not layers or layers[0].bias is None:
        return 0.0
    chosen = layers[0].bias[target.index] - (0 if target.versus is None else layers[0].bias[target.versus])
    return float(chosen.detach())


# Grad-CAM


@pytest.mark.parametrize(
    ("layer", "expected"), [("conv1", [[11.25, 13.5], [20.25, 22.5]]), ("relu1", [[0, 4], [28, 32.5]])]
)
def test_captums_hand_computed_values_come_out(classify, layer, expected):
    # pytorch/captum, tests/attr/layer/test_grad_cam.py
    classifier = classify(BasicModel_ConvNet_One_Conv(), (4, 4), classes=4, channels=1)
    for relu in (False, True):
        found = GradCAM(layer=layer, relu=relu)(classifier, torch.arange(16.0).view(1, 4, 4), Target(0))
        np.testing.assert_allclose(found.values, [expected], atol=1e-4)


def test_feature_maps_are_weighed_by_their_mean_gradient(classify, noise):
    # deel-ai/xplique, tests/attributions/test_grad_cam.py: gradients whose means are 1, 0.5, 0.375 and 0.125
    gradients = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0.5, 0, 0], [0.5, 0, 0, 0]]).view(1, 4, 2, 2)

    class Weighed(nn.Module):
        def __init__(self):
            super().__init__()
            self.grid = nn.Conv2d(1, 4, 1)

        def forward(self, x):
            return (self.grid(x) * gradients).sum((1, 2, 3))[:, None]

    network = seeded(Weighed).float()
    picture = noise((2, 2), 1)
    with torch.no_grad():
        maps = network.grid(picture[None])[0]
    found = GradCAM(layer="grid", relu=False)(classify(network, (2, 2), classes=1, channels=1), picture, Target(0))
    expected = sum(weight * single for weight, single in zip([1, 0.5, 0.375, 0.125], maps, strict=True))
    np.testing.assert_allclose(found.values[0], expected, rtol=1e-5)


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


def test_a_network_without_a_grid_is_refused(linear, noise):
    with pytest.raises(ExplanationError, match="needs a layer that gives a grid, and linear has none"):
        GradCAM()(linear, noise(linear.size), TARGET)


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
def test_a_scripted_network_is_refused(small, classify, noise):
    classifier = classify(torch.jit.script(small()), (24, 24), name="scripted")
    with pytest.raises(ExplanationError, match="needs a layer that gives a grid, and scripted has none"):
        GradCAM()(classifier, noise((24, 24)), TARGET)


def test_batchnorm_is_not_folded_into_a_layer_that_is_named(conv, noise):
    conv2, bn2 = (GradCAM(layer=name, relu=False)(conv, noise(conv.size), TARGET) for name in ("conv2", "bn2"))
    assert (conv2.values != bn2.values).any()


# CAM


@every_head
@pytest.mark.parametrize("target", [Target(0), Target(2), Target(0, versus=1)], ids=str)
def test_its_mean_and_the_bias_are_the_logit(classify, noise, head, target):
    network = seeded(HEADS[head])
    explanation = CAM()(classify(network, (12, 13)), noise((12, 13), dtype=torch.float64), target)
    assert explanation.values.mean(dtype=np.float64) + bias(network, target) == pytest.approx(explanation.score)
    assert explanation.signed


@every_head
def test_grad_cam_is_cam_up_to_scale(classify, noise, apart, head):
    classifier = classify(seeded(HEADS[head]), (12, 13))
    picture = noise((12, 13), dtype=torch.float64)
    # The average hands each of a grid's cells an equal share of the gradient.
    layer = "1" if head == "one map per class" else "features" if head == "mean" else "0"
    cam = CAM()(classifier, picture, TARGET).values
    grad_cam = GradCAM(layer=layer, relu=False)(classifier, picture, TARGET).values
    assert apart(grad_cam * cam[0].size, cam) < 1e-6


def test_on_a_real_network_too(real, noise, apart):
    network, classifier = real("resnet18", 64, torch.float64)
    picture = noise((64, 64), dtype=torch.float64)
    cam = CAM()(classifier, picture, TARGET)
    assert cam.values.shape == (1, 2, 2)
    assert cam.values.mean(dtype=np.float64) + float(network.fc.bias[1]) == pytest.approx(cam.score)
    assert classifier.layer == "layer4"
    grad_cam = GradCAM(relu=False)(classifier, picture, TARGET).values
    assert apart(grad_cam * 4, cam.values) < 1e-6


def test_squeezenet_has_one_map_per_class(real, noise):
    cam = CAM()(real("squeezenet1_1", 64).classifier, noise((64, 64)), TARGET)
    assert cam.values.shape == (1, 3, 3)
    assert cam.values.mean() == pytest.approx(cam.score, rel=1e-5)


@pytest.mark.parametrize("name", ["densenet121", "mobilenet_v2"])
def test_networks_whose_last_steps_are_functions_have_it(real, noise, name):
    network, classifier = real(name, 64)
    cam = CAM()(classifier, noise((64, 64)), TARGET)
    head = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    assert cam.values.mean(dtype=np.float64) + float(head.bias[1]) == pytest.approx(cam.score, rel=1e-4)


class TwoBranches(Averages):
    """The last linear layer reads the averages, but the logits have another part."""

    def __init__(self):
        super().__init__()
        self.shortcut = nn.Linear(3, 3)

    def forward(self, x):
        return self.shortcut(x.mean((2, 3))) + super().forward(x)


WITHOUT = {
    "linear on the pixels": lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 13, 3)),
    "linear on the grid": lambda: nn.Sequential(features(), nn.Flatten(), nn.Linear(8 * 8 * 9, 3)),
    "two linear layers": lambda: nn.Sequential(
        features(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 8), nn.Linear(8, 3)
    ),
    "function between average and linear": lambda: nn.Sequential(
        features(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Tanh(), nn.Linear(8, 3)
    ),
    "norm between average and linear": lambda: nn.Sequential(
        features(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(8), nn.Linear(8, 3)
    ),
    "largest instead of average": lambda: nn.Sequential(
        features(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 3)
    ),
    "averages of a 2 x 2 grid": lambda: nn.Sequential(
        features(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 3)
    ),
    "softmax in the network": lambda: nn.Sequential(
        features(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3), nn.Softmax(1)
    ),
    "two branches": TwoBranches,
    "convolution on as many averages as classes": lambda: nn.Sequential(
        features(3), nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 3, 1), nn.Flatten()
    ),
    "scaled class averages": lambda: nn.Sequential(features(3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(3)),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_other_heads_are_refused(classify, noise, name):
    classifier = classify(seeded(WITHOUT[name]), (12, 13), name="it")
    with pytest.raises(ExplanationError, match=r"ends in global average pooling and one linear layer, and it doesn't"):
        CAM()(classifier, noise((12, 13), dtype=torch.float64), TARGET)


@pytest.mark.parametrize("name", ["vgg11", "convnext_tiny"])
def test_real_networks_without_it_are_refused(real, noise, name):
    with pytest.raises(ExplanationError, match=f"and {name} doesn't. Grad-CAM works on it"):
        CAM()(real(name, 64).classifier, noise((64, 64)), TARGET)


def test_grad_cam_does_work_on_them(real, noise):
    explanation = GradCAM(relu=False)(real("convnext_tiny", 64).classifier, noise((64, 64)), TARGET)
    assert explanation.values.any()


def test_its_score_is_the_logit_of_the_picture(conv, noise):
    assert CAM()(conv, noise(conv.size), TARGET).score == pytest.approx(
        Saliency()(conv, noise(conv.size), TARGET).score
    )


def test_a_layer_that_the_score_does_not_depend_on_is_refused(branched, classify, noise):
    with pytest.raises(ExplanationError, match="the score doesn't depend on the layer 'dead'"):
        GradCAM(layer="dead")(classify(branched, (9, 9), classes=2), noise((9, 9)), Target(0))


# Transformers


def vision_transformer():
    network = models.VisionTransformer(32, 8, 3, 2, 12, 16, num_classes=3)
    nn.init.normal_(network.heads[0].weight)  # which begins as zero
    return network


TRANSFORMERS = {
    "vit": (vision_transformer, "encoder.layers.encoder_layer_2.ln_1", lambda tokens: tokens[1:].T.reshape(-1, 4, 4)),
    "swin": (
        lambda: models.SwinTransformer([2, 2], 8, [1, 1], [1, 2], [4, 4], num_classes=3),
        "features.3.0",
        lambda grid: grid.permute(2, 0, 1),
    ),
}


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_grad_cam_on_a_transformer_is_its_formula_on_the_grid_of_patches(classify, noise, apart, name):
    make, layer, grid = TRANSFORMERS[name]
    network, picture, kept = seeded(make), noise((32, 32), dtype=torch.float64), []
    handle = network.get_submodule(layer).register_forward_hook(lambda module, given, output: kept.append(output))
    logit = network(picture[None])[0, 1]
    handle.remove()
    (gradient,) = torch.autograd.grad(logit, kept)
    maps, slopes = grid(kept[0][0].detach()), grid(gradient[0])
    expected = torch.einsum("k,khw->hw", slopes.mean((1, 2)), maps)
    classifier = classify(network, (32, 32))
    found = GradCAM(layer=layer, relu=False)(classifier, picture, TARGET)
    assert apart(found.values[0], expected) < 1e-6
    assert found.score == pytest.approx(float(logit.detach()))


def test_the_default_layer_of_a_vision_transformer_is_the_last_whose_patches_are_read(classify, noise):
    classifier = classify(seeded(vision_transformer), (32, 32))
    assert classifier.layer == "encoder.layers.encoder_layer_2.ln_1"  # after it, only the class token is
    assert GradCAM(relu=False)(classifier, noise((32, 32), dtype=torch.float64), TARGET).values.any()
    after = GradCAM(layer="encoder.ln", relu=False)(classifier, noise((32, 32), dtype=torch.float64), TARGET)
    assert not after.values.any()
    assert after.values.shape == (1, 4, 4)
