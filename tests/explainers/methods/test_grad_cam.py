"""Grad-CAM and its kin against their formulas written out, and the identities that tie them to the logit."""

import captum.attr
import numpy as np
import pytest
import torch
from captum.testing.helpers.basic_models import BasicModel_ConvNet_One_Conv
from torch import nn
from torch.nn import functional as F
from torchvision import models

from explainers import (
    ExplanationError,
    FinerCAM,
    GradCAM,
    GradCAMPlusPlus,
    GuidedBackprop,
    GuidedGradCAM,
    HiResCAM,
    LayerCAM,
    Target,
)

TARGET = Target(1)
LAYERS = ("conv1", "relu", "bn2", "conv3", "bn3")  # some of which the network's next step overwrites


@pytest.fixture
def felt(conv64, noise):
    """(layer, index) -> what the layer gave, and the logit's gradient there: (K, h, w) each, float64."""

    def read(layer, index):
        kept = []
        picture = noise(conv64.size, dtype=torch.float64)[None].requires_grad_()
        network = conv64.network

        def keep(module, given, result):
            kept.append(result)
            return result.clone()

        handle = network.get_submodule(layer).register_forward_hook(keep)
        try:
            logit = network(conv64.normalise(picture))[0, index]
            (gradient,) = torch.autograd.grad(logit, kept)
        finally:
            handle.remove()
        return kept[0][0].detach().numpy(), gradient[0].numpy()

    return read


def hires(grids, gradients):
    return (grids * gradients).sum(0)


def layercam(grids, gradients):
    return (grids * gradients.clip(min=0)).sum(0)


def plus_plus(grids, gradients):
    """The paper's equations 10 and 19, without exp(logit), which is common to all weights."""
    below = 2 * gradients**2 + grids.sum((1, 2), keepdims=True) * gradients**3
    shares = np.divide(gradients**2, below, out=np.zeros_like(below), where=below != 0)
    weights = (shares * gradients.clip(min=0)).sum((1, 2))
    return np.einsum("k,khw->hw", weights, grids)


@pytest.mark.parametrize(
    ("kind", "formula"),
    [(HiResCAM, hires), (LayerCAM, layercam), (GradCAMPlusPlus, plus_plus)],
    ids=lambda given: given.__name__,
)
@pytest.mark.parametrize("layer", LAYERS)
def test_the_formula_comes_out_on_every_layer(conv64, noise, felt, apart, kind, formula, layer):
    picture = noise(conv64.size, dtype=torch.float64)
    expected = formula(*felt(layer, 1))
    whole = kind(layer=layer, relu=False)(conv64, picture, TARGET)
    assert apart(whole.values[0], expected) < 1e-6
    assert (kind(layer=layer)(conv64, picture, TARGET).values == whole.values.clip(min=0)).all()
    assert whole.signed


# Grad-CAM


def seeded(make):
    """A network in float64, of the same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().double().eval()


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


def test_grad_cam_works_on_a_network_that_cam_refuses(real, noise):
    explanation = GradCAM(relu=False)(real("convnext_tiny", 64).classifier, noise((64, 64)), TARGET)
    assert explanation.values.any()


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


# HiResCAM


class Reads(nn.Module):
    """Features of a picture, and one linear layer that reads their grid or their averages."""

    def __init__(self, averaged):
        super().__init__()
        self.averaged = averaged
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Tanh())
        self.head = nn.Linear(6 if averaged else 6 * 5 * 7, 3)

    def forward(self, pictures):
        grid = self.features(pictures)
        return self.head(grid.mean((2, 3)) if self.averaged else grid.flatten(1))


@pytest.fixture
def reads(classify):
    """(averaged) -> a classifier of such a network, in float64."""

    def make(averaged):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return classify(Reads(averaged).double(), (7, 9))

    return make


@pytest.mark.parametrize("target", [Target(1), Target(0, versus=2)])
def test_hirescam_is_grad_cam_where_the_grid_is_averaged(reads, noise, apart, target):
    classifier, picture = reads(averaged=True), noise((7, 9), dtype=torch.float64)
    maps = [kind(layer="features", relu=False)(classifier, picture, target).values for kind in (HiResCAM, GradCAM)]
    assert apart(*maps) < 1e-6


@pytest.mark.parametrize("target", [Target(1), Target(0, versus=2)])
def test_hirescam_adds_up_to_the_logit_where_one_linear_layer_reads_the_grid(reads, noise, apart, target):
    classifier, picture = reads(averaged=False), noise((7, 9), dtype=torch.float64)
    found = HiResCAM(layer="features", relu=False)(classifier, picture, target)
    biases = classifier.network.head.bias
    bias = biases[target.index] - (0 if target.versus is None else biases[target.versus])
    assert found.values.sum(dtype=np.float64) == pytest.approx(found.score - float(bias), rel=1e-5)
    grad_cam = GradCAM(layer="features", relu=False)(classifier, picture, target).values
    assert apart(grad_cam, found.values) > 0.5  # which it is not there


# LayerCAM and Grad-CAM++


def test_layercam_leaves_out_what_speaks_against_the_class(conv64, noise, felt):
    picture = noise(conv64.size, dtype=torch.float64)
    found = LayerCAM(layer="relu", relu=False)(conv64, picture, TARGET).values[0]
    grids, gradients = felt("relu", 1)
    assert (found >= 0).all()  # after a ReLU the grid holds no negative numbers
    assert (found >= hires(grids, gradients) - 1e-6).all()
    nothing = ((grids == 0) | (gradients <= 0)).all(0)
    assert (found[nothing] == 0).all()


def test_a_cell_alone_counts_as_much_as_many_for_grad_cam_plus_plus(classify, noise):
    """One map is on in one cell, another in four; the score is the largest of each, as in the paper's figure 2."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.grid = nn.Identity()
            self.relu = nn.ReLU()

        def forward(self, pictures):
            return self.relu(pictures).mean((2, 3)).sum(1, keepdim=True)

    picture = torch.zeros(2, 4, 4)
    picture[0, 0, 0] = picture[1, 2:, 2:] = 1
    classifier = classify(Two(), (4, 4), classes=1, channels=2)
    found = GradCAMPlusPlus(layer="relu")(classifier, picture, Target(0)).values[0]
    # each of 16 gradients is 1/16, so a share is 1 / (2 + sum / 16) and a weight 16 shares of 1/16
    assert found[0, 0] == pytest.approx(1 / (2 + 1 / 16))
    assert found[3, 3] == pytest.approx(1 / (2 + 4 / 16))
    assert np.count_nonzero(found) == 5


# Finer-CAM


def test_without_a_share_finer_cam_is_grad_cam(conv, noise):
    for target in (Target(1), Target(0, versus=2)):
        for relu in (True, False):
            fine = FinerCAM(gamma=0.0, relu=relu)(conv, noise(conv.size), target)
            plain = GradCAM(relu=relu)(conv, noise(conv.size), target)
            assert (fine.values == plain.values).all()
            assert fine.score == plain.score


@pytest.mark.parametrize("similar", [1, 3, 8, 20])
def test_it_is_grad_cam_minus_a_share_of_the_similar_classes(small, classify, noise, apart, similar):
    classifier = classify(small(classes=9, dtype=torch.float64), (24, 24), classes=9)
    picture = noise((24, 24), dtype=torch.float64)
    logits = {p.index: p.logit for p in classifier.predict(picture, 9)}
    closest = sorted(logits.keys() - {4}, key=lambda index: abs(logits[index] - logits[4]))[:similar]
    plain = {index: GradCAM(relu=False)(classifier, picture, Target(index)).values.astype(float) for index in range(9)}
    found = FinerCAM(gamma=0.6, similar=similar, relu=False)(classifier, picture, Target(4))
    assert found.facts.compared_with == tuple(f"class {index}" for index in closest)
    assert apart(found.values, plain[4] - 0.6 * np.mean([plain[index] for index in closest], 0)) < 1e-5
    assert found.score == pytest.approx(logits[4])


def test_the_class_it_is_compared_with_already_is_no_similar_one(small, classify, noise, apart):
    classifier, picture = classify(small(dtype=torch.float64), (24, 24)), noise((24, 24), dtype=torch.float64)
    found = FinerCAM(gamma=0.5, similar=2, relu=False)(classifier, picture, Target(0, versus=2))
    assert found.facts.compared_with == ("class 1",)
    plain = GradCAM(relu=False)
    expected = plain(classifier, picture, Target(0, versus=2)).values - 0.5 * plain(classifier, picture, TARGET).values
    assert apart(found.values, expected) < 1e-5


def test_without_other_classes_finer_cam_is_grad_cam(small, classify, noise):
    for classes, target in ((1, Target(0)), (2, Target(0, versus=1))):
        classifier = classify(small(classes=classes), (24, 24), classes=classes)
        fine, plain = (kind(relu=False)(classifier, noise((24, 24)), target) for kind in (FinerCAM, GradCAM))
        assert (fine.values == plain.values).all()
        assert fine.facts.compared_with == ()


# Guided Grad-CAM


@pytest.fixture
def modules(classify):
    """A classifier whose ReLUs are modules, which Captum's hooks can see."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(
            *(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(8 * 9 * 7, 3)),
        )
        return classify(network.double(), (24, 20))


@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")
@pytest.mark.parametrize("layer", ["0", "3", "4"])
def test_guided_grad_cam_is_captums_where_that_is_right(modules, noise, apart, layer):
    picture = noise((24, 20), dtype=torch.float64)
    method = captum.attr.GuidedGradCam(modules.network, modules.network.get_submodule(layer))
    expected = method.attribute(picture[None].clone().requires_grad_(), 1, interpolate_mode="bilinear")
    found = GuidedGradCAM(layer=layer)(modules, picture, TARGET)
    assert apart(found.values, expected[0].detach()) < 1e-6
    assert found.values.any()


def test_guided_grad_cam_is_the_product_of_its_parts(conv, noise, apart):
    picture = noise(conv.size)
    coarse, fine = GradCAM()(conv, picture, TARGET), GuidedBackprop()(conv, picture, TARGET)
    found = GuidedGradCAM()(conv, picture, TARGET)
    assert apart(found.values, coarse.heat * fine.values) < 1e-5
    assert found.score == fine.score
    assert found.reduced("signed sum").signed
    scaled = F.interpolate(torch.from_numpy(coarse.values)[None], conv.size, mode="bilinear")[0, 0]
    assert not found.values[:, scaled.numpy() == 0].any()


def test_guided_grad_cam_refuses_what_guided_backpropagation_refuses(classify, noise):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    classifier = classify(network, (8, 8), name="smooth")
    with pytest.raises(ExplanationError, match="is defined for ReLU, and smooth has none"):
        GuidedGradCAM()(classifier, noise((8, 8)), TARGET)
    assert GuidedGradCAM.coverage(classifier) == GuidedBackprop.coverage(classifier)
