"""Activations work in place exactly where nothing else needs what they overwrite, and gradients stay the same bits."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

from explainers.classifiers.preparing import prepared
from explainers.runtime.copies import Copies

CLAMPS = [lambda inplace: nn.ReLU6(inplace=inplace), lambda inplace: nn.Hardtanh(-0.5, 0.75, inplace=inplace)]


def relu(inplace):
    return nn.ReLU(inplace=inplace)


OUTPUT_TELLS = [*CLAMPS, relu]


@pytest.fixture
def pictures():
    """Noise (2, 3, 16, 16)."""
    return torch.randn((2, 3, 16, 16), generator=torch.Generator().manual_seed(0))


def prepare(network, pictures):
    return prepared(Copies(network.eval().requires_grad_(False)), pictures)


def logits_and_gradient(network, pictures):
    given = pictures.clone().requires_grad_()
    logits = network(given)
    return logits.detach(), torch.autograd.grad((logits * torch.arange(1.0, 1 + logits.shape[1])).sum(), given)[0]


def same_function(network, pictures):
    """The prepared form of a network, which gives the same logits and gradients."""
    made = prepare(network, pictures)
    for found, true in zip(*(logits_and_gradient(each, pictures) for each in (made.network, network)), strict=True):
        torch.testing.assert_close(found, true, rtol=0, atol=1e-5 * float(true.abs().max()))
    return made


def overwrites(activation, grid):
    return activation(grid).data_ptr() == grid.data_ptr()


@pytest.mark.parametrize("make", OUTPUT_TELLS)
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("norm", [True, False])
def test_what_alone_reads_a_convolution_works_in_place_with_gradients_of_the_same_bits(make, told, norm, pictures):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), *[nn.BatchNorm2d(4)] * norm, make(told), nn.Flatten())
    made = same_function(network, pictures)
    fast = made.network
    grid = fast[:-2](pictures.clone().requires_grad_())
    assert overwrites(fast[-2], grid)
    assert network[-2].inplace == told
    assert type(network[-2]) is type(make(told))
    if not (told and make is relu):  # which is left as it is
        assert made.altered == ({"0", "1"} if norm else {"0"})
    above = torch.randn_like(grid)
    true_grid = fast[:-2](pictures.clone()).requires_grad_()
    true_gradient = torch.autograd.grad(make(False)(true_grid), true_grid, above)[0]
    free = true_grid.detach().requires_grad_()
    (found,) = torch.autograd.grad(fast[-2](free * 1), free, above)
    assert torch.equal(found, true_gradient)


@pytest.mark.parametrize("make", CLAMPS)
def test_a_gradient_stops_at_the_bounds_and_passes_what_is_no_number(make, pictures):
    fast = prepare(nn.Sequential(nn.Conv2d(3, 4, 3), make(True), nn.Flatten()), pictures).network[1]
    low, high = make(True).min_val, make(True).max_val
    values = torch.tensor([low - 1, low, (low + high) / 2, high, high + 1, float("nan"), float("inf"), -float("inf")])
    given, plain = (values.clone().requires_grad_() for _ in range(2))
    found, true = fast(given * 1), F.hardtanh(plain, low, high)
    assert torch.equal(found.nan_to_num(9), true.nan_to_num(9))
    found.sum().backward()
    true.sum().backward()
    assert torch.equal(given.grad, plain.grad)


def test_no_activation_of_mobilenet_copies_or_keeps_what_it_is_given(pictures):
    torch.manual_seed(0)
    fast = prepare(models.get_model("mobilenet_v2"), pictures).network
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        fast(pictures.clone().requires_grad_())
    names = {event.name for event in profile.events()}
    assert "aten::clamp_" in names
    assert names.isdisjoint({"aten::clamp", "aten::hardtanh", "aten::hardtanh_"})


@pytest.mark.parametrize("kind", [nn.SiLU, nn.Hardswish])
def test_whose_gradient_needs_the_input_works_in_place_without_one(kind, pictures):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), kind(inplace=True), nn.Flatten())
    made = same_function(network, pictures)
    fast = made.network
    grid = fast[0](pictures.clone().requires_grad_())
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        assert not overwrites(fast[1], grid)
    assert "aten::clone" not in {event.name for event in profile.events()}
    with torch.no_grad():
        assert overwrites(fast[1], fast[0](pictures))
    assert network[1].inplace
    assert made.altered == frozenset()


class Graph(nn.Module):
    """A convolution, an activation of its own, and what `forward` makes of them."""

    def __init__(self, activation, graph):
        super().__init__()
        self.conv, self.activation, self.graph = nn.Conv2d(3, 4, 3), activation, graph

    def forward(self, pictures):
        return self.graph(self, self.conv(pictures)).mean((2, 3))


HOSTILE = {
    "read after": lambda self, x: self.activation(x) + x,
    "read before, which keeps it for its gradient": lambda self, x: x.square() + self.activation(x),
    "read by another activation": lambda self, x: F.hardtanh(x, -0.1, 0.1) + self.activation(x),
    "read through a view made before": lambda self, x: [x[:, :2], self.activation(x)][0],
    "given a view": lambda self, x: self.activation(x[:, 1:]),
    "given one of several views": lambda self, x: self.activation(x.chunk(2, 1)[0]) + x.chunk(2, 1)[1],
    "given what keeps its output for its gradient": lambda self, x: self.activation(x.sigmoid()),
    "given its own output": lambda self, x: self.activation(self.activation(x)),
    "given a convolution's output once, and something else": lambda self, x: self.activation(self.activation(x).exp()),
    "given the same twice": lambda self, x: self.activation(x) * self.activation(x),
}


@pytest.mark.parametrize("make", OUTPUT_TELLS)
@pytest.mark.parametrize("graph", HOSTILE.values(), ids=HOSTILE)
def test_where_something_else_needs_the_input_the_function_stays_the_same(make, graph, pictures):
    torch.manual_seed(0)
    network = Graph(make(False), graph)
    made = same_function(network, pictures)
    assert made.altered == frozenset()
    grid = made.network.conv(pictures.clone().requires_grad_())
    assert not overwrites(made.network.activation, grid)


CHANGED = {
    "changed after": lambda self, x: self.activation(x).mul_(2),
    "changed after through a view": lambda self, x: [y := self.activation(x), y[:, :2].add_(1)][0],
    "changed by another activation": lambda self, x: F.relu(self.activation(x), inplace=True),
}


@pytest.mark.parametrize("make", CLAMPS)
@pytest.mark.parametrize("graph", CHANGED.values(), ids=CHANGED)
def test_where_its_output_changes_afterwards_the_function_stays_the_same(make, graph, pictures):
    torch.manual_seed(0)
    assert same_function(Graph(make(False), graph), pictures).altered == frozenset()


@pytest.mark.parametrize("make", CLAMPS)
@pytest.mark.parametrize("after", [nn.ReLU, nn.ReLU6, nn.SiLU, nn.ELU], ids=lambda kind: kind.__name__)
def test_before_another_activation_that_works_in_place_it_keeps_its_output(make, after, pictures):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), make(False), after(inplace=True), nn.Flatten())
    assert same_function(network, pictures).altered == frozenset()


@pytest.mark.parametrize("make", OUTPUT_TELLS)
def test_one_activation_of_several_convolutions_works_in_place_on_all(make, pictures):
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.activation = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), make(False)

        def forward(self, pictures):
            return self.activation(self.second(self.activation(self.first(pictures)))).mean((2, 3))

    torch.manual_seed(0)
    made = same_function(Shared(), pictures)
    assert made.altered == {"first", "second"}


def test_a_convolution_with_a_hook_keeps_its_output(pictures):
    kept = []
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten())
    network[0].register_forward_hook(lambda module, given, output: kept.append(output))
    made = same_function(network, pictures)
    assert made.altered == frozenset()
    assert all(bool((grid < 0).any()) for grid in kept)


def test_a_child_of_an_activation_that_does_something_else_is_left_alone(pictures):
    class Noisy(nn.ReLU6):
        def forward(self, x):
            return super().forward(x) + x

    torch.manual_seed(0)
    assert same_function(nn.Sequential(nn.Conv2d(3, 4, 3), Noisy(), nn.Flatten()), pictures).altered == frozenset()
