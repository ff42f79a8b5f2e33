"""CAM: the identities that tie it to the logit and to Grad-CAM, and honest refusals."""

import numpy as np
import pytest
import torch
from torch import nn

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


@pytest.mark.parametrize("name", ["alexnet", "convnext_tiny"])
def test_real_networks_without_it_are_refused(real, noise, name):
    with pytest.raises(ExplanationError, match=f"and {name} doesn't. Grad-CAM works on it"):
        CAM()(real(name, 64).classifier, noise((64, 64)), TARGET)


def test_its_score_is_the_logit_of_the_picture(conv, noise):
    assert CAM()(conv, noise(conv.size), TARGET).score == pytest.approx(
        Saliency()(conv, noise(conv.size), TARGET).score
    )
