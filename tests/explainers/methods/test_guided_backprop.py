"""Guided backpropagation and Zeiler-Fergus against references written independently of them."""

import captum.attr
import pytest
import torch
from captum.testing.helpers.basic_models import BasicModel_ConvNet_One_Conv
from torch import nn
from torch.nn import functional as F

from explainers import Coverage, Deconvolution, ExplanationError, GuidedBackprop, Saliency, Target

both = pytest.mark.parametrize("kind", [GuidedBackprop, Deconvolution], ids=lambda kind: kind.__name__)
TARGET = Target(1)


class Guided(torch.autograd.Function):
    """The reference's ReLU: the gradient goes on where the input and it are positive."""

    @staticmethod
    def forward(ctx, x, ceiling):
        ctx.save_for_backward(x)
        ctx.ceiling = ceiling
        return torch.where(x > 0, torch.where(x < ceiling, x, ceiling), 0.0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return torch.where((x > 0) & (x < ctx.ceiling) & (gradient > 0), gradient, 0.0), None


class Zeiler(Guided):
    """The reference's ReLU: the gradient goes on where it is positive."""

    @staticmethod
    def backward(ctx, gradient):
        return torch.where(gradient > 0, gradient, 0.0), None


def reference(monkeypatch, rule, network, classifier, picture):
    """The map of TARGET's logit with torch's own ReLU functions replaced, on the network as it was given."""

    def relu(x, inplace=False):
        return rule.apply(x, float("inf"))

    def relu6(x, inplace=False):
        return rule.apply(x, 6.0)

    def hardtanh(x, low, high, inplace=False):
        assert low == 0
        return rule.apply(x, float(high))

    pixels = picture[None].clone().requires_grad_()
    with monkeypatch.context() as patch:
        for function in (relu, relu6, hardtanh):
            for name in (function.__name__, f"{function.__name__}_"):
                for place in (torch, torch.Tensor, F):
                    if hasattr(place, name):
                        patch.setattr(place, name, function)
        logit = network(normalised(pixels, classifier))[0, TARGET.index]
    return torch.autograd.grad(logit, pixels)[0][0]


def normalised(pixels, classifier):
    mean, std = (torch.tensor(values).to(pixels).view(1, -1, 1, 1) for values in (classifier.mean, classifier.std))
    return (pixels - mean) / std


@both  # first, so that it varies first and each network is built once
@pytest.mark.parametrize(
    ("name", "side", "relus"),
    [("googlenet", 64, 57), ("inception_v3", 80, 94), ("mobilenet_v2", 64, 35), ("densenet121", 64, 121)],
)
def test_every_relu_call_of_a_real_network_follows_the_rule(monkeypatch, real, noise, apart, kind, name, side, relus):
    network, classifier = real(name, side)
    picture = noise((side, side))
    rule = {GuidedBackprop: Guided, Deconvolution: Zeiler}[kind]
    found = kind()(classifier, picture, TARGET).values
    assert apart(found, reference(monkeypatch, rule, network, classifier, picture)) < 1e-5
    assert apart(found, Saliency()(classifier, picture, TARGET).values) > 0.5
    assert kind.coverage(classifier) == Coverage(relus, relus, {})


@both
@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")
@pytest.mark.parametrize("name", ["resnet18", "alexnet", "squeezenet1_1"])
def test_networks_of_relu_modules_agree_with_captum(real, noise, apart, kind, name):
    network, classifier = real(name, 64)
    picture = noise((64, 64))
    captums = getattr(captum.attr, kind.__name__)(network)
    seen = normalised(picture[None], classifier).requires_grad_()
    expected = captums.attribute(seen, target=TARGET.index)[0] / torch.tensor(classifier.std).view(3, 1, 1)
    assert apart(kind()(classifier, picture, TARGET).values, expected) < 1e-6


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (GuidedBackprop, [[0, 1, 1, 1], [1, 3, 3, 2], [1, 3, 3, 2], [1, 2, 2, 1]]),
        (Deconvolution, [[2, 3, 3, 1], [3, 5, 5, 2], [3, 5, 5, 2], [1, 2, 2, 1]]),
    ],
    ids=["guided", "deconvolution"],
)
def test_captums_hand_computed_values_come_out(classify, kind, expected):
    # pytorch/captum, tests/attr/test_guided_backprop.py and test_deconvolution.py
    classifier = classify(BasicModel_ConvNet_One_Conv(), (4, 4), classes=4, channels=1)
    found = kind()(classifier, torch.arange(16.0).view(1, 4, 4), Target(0))
    torch.testing.assert_close(torch.from_numpy(found.values[0]), torch.tensor(expected).float(), rtol=0, atol=1e-4)


class Pointwise(nn.Module):
    """A function of each pixel, summed."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x).sum((1, 2, 3))[:, None]


def test_guided_backpropagation_stops_where_the_relu_was_shut(classify, noise):
    # deel-ai/xplique, tests/attributions: relu of -(x^2) passes nothing
    classifier = classify(Pointwise(lambda x: F.relu(-(x**2))), (3, 4), classes=1, channels=1)
    assert not GuidedBackprop()(classifier, noise((3, 4), 1), Target(0)).values.any()


def test_deconvolution_passes_where_the_relu_was_shut(classify, noise):
    # deel-ai/xplique, tests/attributions: relu of 10x gives 10 everywhere, also where x is negative
    classifier = classify(Pointwise(lambda x: F.relu(10 * x)), (3, 4), classes=1, channels=1)
    found = Deconvolution()(classifier, noise((3, 4), 1) - 0.5, Target(0))
    assert (found.values == 10).all()


def test_relu6_stops_guided_backpropagation_at_its_ceiling(classify):
    classifier = classify(Pointwise(F.relu6), (1, 4), classes=1, channels=1)
    found = GuidedBackprop()(classifier, torch.tensor([[[-1.0, 0.0, 5.0, 7.0]]]), Target(0))
    assert found.values.tolist() == [[[0, 0, 1, 0]]]


class Mixed(nn.Module):
    """A convolution, an activation, signed weights: each way of calling one ReLU must give the same map."""

    def __init__(self, act):
        super().__init__()
        self.act = act
        self.conv = nn.Conv2d(1, 4, 3)
        self.mix = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        return self.mix(self.act(self.conv(x))).sum((2, 3))


def in_place(function):
    """The activation as a statement, whose result is read from the tensor itself."""

    def act(x):
        function(x)
        return x

    return act


CALLS = {
    "torch.relu": torch.relu,
    "Tensor.relu": lambda x: x.relu(),
    "F.relu": F.relu,
    "nn.ReLU": nn.ReLU(),
    "inplace argument": lambda x: F.relu(x, True),
    "inplace keyword": lambda x: F.relu(x, inplace=True),
    "inplace module": nn.ReLU(inplace=True),
    "relu_ statement": in_place(lambda x: x.relu_()),
    "torch.relu_ statement": in_place(torch.relu_),
    "inplace keyword statement": in_place(lambda x: F.relu(x, inplace=True)),
    "inplace module statement": in_place(nn.ReLU(inplace=True)),
    "hardtanh from 0": lambda x: F.hardtanh(x, 0, 1e9),
    "hardtanh_ statement": in_place(lambda x: F.hardtanh_(x, 0.0, 1e9)),
    "inplace Hardtanh statement": in_place(nn.Hardtanh(0, 1e9, inplace=True)),
    "keyword only": lambda x: F.relu(input=x),
}


@pytest.mark.parametrize("call", CALLS)
@both
def test_every_way_to_call_relu_is_replaced(classify, noise, kind, call):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Mixed(F.relu)
    picture = noise((6, 7), 1)
    expected = kind()(classify(network, (6, 7), classes=2, channels=1), picture, TARGET).values
    network.act = CALLS[call]
    classifier = classify(network, (6, 7), classes=2, channels=1)
    assert kind.coverage(classifier) == Coverage(1, 1, {})
    assert (kind()(classifier, picture, TARGET).values == expected).all()
    assert (Saliency()(classifier, picture, TARGET).values != expected).any()


@both
def test_a_network_without_relu_is_refused(real, noise, kind):
    classifier = real("convnext_tiny", 32).classifier
    with pytest.raises(ExplanationError, match=r"is defined for ReLU, and convnext_tiny has none .*18 × gelu.*\.$"):
        kind()(classifier, noise((32, 32)), TARGET)


@both
def test_coverage_counts_the_activations_that_are_no_relu(real, noise, kind):
    classifier = real("mobilenet_v3_large", 32).classifier
    assert kind.coverage(classifier) == Coverage(19, 48, {"hardswish": 21, "hardsigmoid": 8})
    assert kind()(classifier, noise((32, 32)), TARGET).values.any()


@both
def test_a_network_without_activations_gives_the_gradient(linear, noise, kind):
    picture = noise((5, 7))
    assert kind.coverage(linear) == Coverage(0, 0, {})
    assert (kind()(linear, picture, TARGET).values == Saliency()(linear, picture, TARGET).values).all()


class Nested(nn.Module):
    """A network that is ordinary but for one part."""

    def __init__(self, part):
        super().__init__()
        self.part = part

    def forward(self, x):
        return self.part(x)


CLOSED = {
    "scripted": torch.jit.script,
    "traced": lambda network: torch.jit.trace(network, torch.zeros(1, 3, 24, 24)),
    "compiled": lambda network: torch.compile(network, backend="eager"),  # needs no C++ compiler
}


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
@pytest.mark.parametrize("around", [lambda part: part, Nested], ids=["whole", "part"])
@pytest.mark.parametrize("way", CLOSED)
@both
def test_networks_that_hide_their_calls_are_refused(small, classify, noise, kind, way, around):
    classifier = classify(around(CLOSED[way](small())), (24, 24), name="it")
    with pytest.raises(ExplanationError, match=r"can't reach the ReLUs inside it, because it is compiled or scripted"):
        kind()(classifier, noise((24, 24)), TARGET)


def test_a_module_compiled_in_place_is_explained_uncompiled(small, classify, conv, noise, apart):
    network = small()
    network.compile(backend="eager")
    found = GuidedBackprop()(classify(network, conv.size, mean=conv.mean, std=conv.std), noise(conv.size), TARGET)
    assert apart(found.values, GuidedBackprop()(conv, noise(conv.size), TARGET).values) < 1e-6


@both
def test_the_rule_ends_with_the_call(conv, noise, kind):
    before = Saliency()(conv, noise(conv.size), TARGET).values
    kind()(conv, noise(conv.size), TARGET)
    assert (Saliency()(conv, noise(conv.size), TARGET).values == before).all()
    x = torch.tensor([-1.0, 1.0], requires_grad=True)
    assert torch.autograd.grad(-F.relu(x).sum(), x)[0].tolist() == [0, -1]
