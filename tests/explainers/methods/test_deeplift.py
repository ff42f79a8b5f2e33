"""DeepLIFT against Captum's where that is right, against its rule written out, and complete or refused elsewhere."""

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers import DeepLIFT, ExplanationError, InputXGradient, Target
from explainers.methods.deeplift import _RescaleRule

TARGET = Target(1)
SIZE = (10, 8)


def seeded(make):
    """A network in float64, of the same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().double().eval()


def chain(*activations):
    """Convolutions with activations between them, and one linear layer."""
    parts = [nn.Conv2d(3, 6, 3, padding=1)]
    for activation in activations:
        parts += [activation, nn.Conv2d(6, 6, 3, padding=1)]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(6 * SIZE[0] * SIZE[1], 3))


CHAINS = {
    "ReLU": lambda: chain(nn.ReLU(), nn.ReLU()),
    "ReLU in place": lambda: chain(nn.ReLU(inplace=True), nn.ReLU(inplace=True)),
    "smooth": lambda: chain(nn.Tanh(), nn.Sigmoid(), nn.Softplus()),
    "others": lambda: chain(nn.ELU(inplace=True), nn.LeakyReLU(0.2, inplace=True)),
}


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks and attributes on non-linear")
@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("baseline", ["black", "grey", "blurred picture"])
def test_it_is_captums_on_networks_of_modules_without_pooling(classify, noise, apart, name, baseline):
    network, picture = seeded(CHAINS[name]), noise(SIZE, dtype=torch.float64)
    found = DeepLIFT(baseline=baseline)(classify(network, SIZE), picture, TARGET)
    start = torch.from_numpy(found.baselines).double()
    expected = captum.attr.DeepLift(network).attribute(picture[None].clone().requires_grad_(), start, target=1)
    assert apart(found.values, expected[0].detach()) < 1e-5
    assert found.gap < 1e-6


class Reused(nn.Module):
    """Each way to call an activation that Captum's hooks on modules can't follow."""

    def __init__(self, separate=False):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3 if i == 0 else 6, 6, 3, padding=1) for i in range(5))
        self.head = nn.Linear(6 * SIZE[0] * SIZE[1], 3)
        self.relu, self.separate = nn.ReLU(inplace=True), separate
        self.relus = nn.ModuleList(nn.ReLU() for _ in range(5))

    def forward(self, x):
        calls = (self.relu, self.relu, F.relu, torch.relu_, lambda y: y.relu())
        for conv, call, relu in zip(self.convs, calls, self.relus, strict=True):
            x = relu(conv(x)) if self.separate else call(conv(x))
        return self.head(x.flatten(1))


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks and attributes on non-linear")
def test_every_way_to_call_an_activation_counts(classify, noise, apart):
    picture = noise(SIZE, dtype=torch.float64)
    found = DeepLIFT()(classify(seeded(Reused), SIZE), picture, TARGET)
    separate = seeded(lambda: Reused(separate=True))
    expected = captum.attr.DeepLift(separate).attribute(picture[None].clone().requires_grad_(), target=1)
    assert apart(found.values, expected[0].detach()) < 1e-5


def pooled_by_hand(network, picture, start):
    """Convolution, tanh, largest of each 3 x 3 window with stride 2, linear: the rule for each window in turn."""
    conv, head = network[0], network[4]
    inside = picture[None].clone().requires_grad_()
    given, given_ref = conv(inside), conv(start[None])
    now, then = given.detach().tanh()[0], given_ref.detach().tanh()[0]
    channels, height, width = now.shape
    rows, columns = (height - 3) // 2 + 1, (width - 3) // 2 + 1
    weights = head.weight[1].view(channels, rows, columns)
    shares = torch.zeros_like(now)
    for k in range(channels):
        for i in range(rows):
            for j in range(columns):
                cells = [(k, 2 * i + a, 2 * j + b) for a in range(3) for b in range(3)]
                top, before = (max(cells, key=lambda cell, grid=grid: float(grid[cell])) for grid in (now, then))
                rise = float(now[top] - then[before])
                cell = top if rise > 0 else before
                shares[cell] += float(weights[k, i, j].detach()) * rise / float(now[cell] - then[cell])
    multipliers = shares * (now - then) / (given - given_ref)[0].detach()
    (gradient,) = torch.autograd.grad((given[0] * multipliers).sum(), inside)
    return gradient[0] * (picture - start)


def test_overlapping_windows_each_hand_on_their_share(classify, noise, apart, monkeypatch):
    network = seeded(
        lambda: nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1), nn.Tanh(), nn.MaxPool2d(3, 2), nn.Flatten(), nn.Linear(6 * 4 * 3, 3)
        )
    )
    picture, start = noise(SIZE, dtype=torch.float64), noise(SIZE, seed=1, dtype=torch.float64)
    monkeypatch.setattr("explainers.methods.deeplift.baseline", lambda *args, **more: start[None, None])
    found = DeepLIFT()(classify(network, SIZE), picture, TARGET)
    assert apart(found.values, pooled_by_hand(network, picture, start).detach()) < 1e-6
    assert found.gap < 1e-6


POOLS = {
    "module": nn.MaxPool2d(2),
    "padded": nn.MaxPool2d(3, stride=2, padding=1),
    "ceiling": nn.MaxPool2d(3, stride=2, ceil_mode=True),
    "dilated": nn.MaxPool2d(2, dilation=2),
    "adaptive": nn.AdaptiveMaxPool2d((3, 2)),
}


class Pooling(nn.Module):
    def __init__(self, pool):
        super().__init__()
        self.conv, self.pool, self.head = nn.Conv2d(3, 6, 3), pool, nn.Linear(6, 3)

    def forward(self, pictures):
        return self.head(self.pool(self.conv(pictures).relu()).mean((2, 3)))


@pytest.mark.parametrize("pool", POOLS)
def test_it_is_complete_through_every_pooling_of_the_largest(classify, noise, pool):
    classifier = classify(seeded(lambda: Pooling(POOLS[pool])), SIZE)
    assert DeepLIFT()(classifier, noise(SIZE, dtype=torch.float64), TARGET).gap < 1e-6


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "mobilenet_v2"])
def test_it_is_complete_on_real_networks_of_relus(real, noise, name):
    found = DeepLIFT()(real(name, 64).classifier, noise((64, 64)), TARGET)
    assert found.gap < 1e-3
    assert found.facts.passes == 2


@pytest.mark.parametrize("baseline", ["black", "white", "grey", "dataset mean", "blurred picture"])
def test_the_values_add_up_to_the_change_from_every_baseline(conv64, noise, baseline):
    found = DeepLIFT(baseline=baseline)(conv64, noise(conv64.size, dtype=torch.float64), TARGET)
    expected = next(p.logit for p in conv64.predict(torch.from_numpy(found.baselines[0]), 3) if p.index == 1)
    assert found.baseline_score == pytest.approx(expected, rel=1e-5)
    assert found.values.sum(dtype=np.float64) == pytest.approx(found.score - expected, rel=1e-5)


def test_of_a_linear_model_it_is_input_times_gradient(linear, noise):
    picture = noise(linear.size)
    found, plain = (kind()(linear, picture, TARGET).values for kind in (DeepLIFT, InputXGradient))
    np.testing.assert_allclose(found, plain, rtol=1e-5)


def test_a_picture_that_is_its_own_baseline_has_an_empty_map(conv):
    found = DeepLIFT(baseline="black")(conv, torch.zeros(3, *conv.size), TARGET)
    assert not found.values.any()
    assert found.residual == pytest.approx(0, abs=1e-6)


class Gated(nn.Module):
    """Features times a gate that is made of them, as in squeeze and excitation."""

    def __init__(self):
        super().__init__()
        self.conv, self.gate, self.head = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 1), nn.Linear(6, 3)

    def forward(self, pictures):
        x = self.conv(pictures).relu()
        return self.head((x * 5 * self.gate(x).sigmoid()).mean((2, 3)))


def test_a_network_that_it_does_not_add_up_on_is_refused(classify, noise):
    classifier = classify(seeded(Gated), SIZE, name="gated")
    with pytest.raises(ExplanationError, match=r"^DeepLIFT doesn't work on gated: the values add up to .*Integrated"):
        DeepLIFT()(classifier, noise(SIZE, dtype=torch.float64), TARGET)


@pytest.mark.parametrize("name", ["convnext_tiny", "mobilenet_v3_small"])
def test_real_networks_of_products_are_refused(real, noise, name):
    with pytest.raises(ExplanationError, match=f"doesn't work on {name}"):
        DeepLIFT()(real(name, 64).classifier, noise((64, 64)), TARGET)


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
def test_a_scripted_network_is_refused(small, classify, noise):
    classifier = classify(torch.jit.script(small()), (24, 24), name="scripted")
    with pytest.raises(ExplanationError, match="can't reach the activations inside scripted"):
        DeepLIFT()(classifier, noise((24, 24)), TARGET)


def test_the_rule_changes_no_answer(conv64, noise):
    both = torch.stack([noise(conv64.size, seed=seed, dtype=torch.float64) for seed in range(2)]).requires_grad_()
    plain = conv64.network(conv64.normalise(both))
    with _RescaleRule():
        ruled = conv64.network(conv64.normalise(both))
    assert (ruled == plain).all()
