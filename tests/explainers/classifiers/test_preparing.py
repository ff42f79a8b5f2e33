import copy
import threading

import pytest
import torch
from torch import nn
from torchvision import models

from explainers.classifiers.agreement import LOGIT_TOLERANCE
from explainers.classifiers.preparing import FoldedNorm, Preparation, prepared
from explainers.runtime.copies import Copies


@pytest.fixture
def pictures():
    """Noise (2, 3, 64, 64)."""
    return torch.randn((2, 3, 64, 64), generator=torch.Generator().manual_seed(0))


def norms(network):
    """The number of BatchNorms that are not folded."""
    return sum(type(module) is nn.BatchNorm2d for module in network.modules())


def prepare(network, pictures):
    return prepared(Copies(network), pictures).network


@torch.no_grad()
def logits(network, pictures):
    return network(pictures)


@pytest.mark.parametrize(
    ("name", "settings", "left"),
    [
        ("resnet18", {}, 0),
        ("mobilenet_v2", {}, 0),
        ("googlenet", {"init_weights": False, "aux_logits": False}, 0),
        ("densenet121", {}, 121 - 1 - 58),  # the stem's and one in each of 58 layers follow a convolution
    ],
)
def test_folds_every_norm_that_follows_a_convolution_and_keeps_the_answers(name, settings, left, pictures, stirred):
    torch.manual_seed(0)
    network = stirred(models.get_model(name, **settings))
    before = logits(network, pictures)
    fused = prepare(network, pictures)
    assert norms(fused) == left
    assert (logits(fused, pictures) - before).abs().max() <= LOGIT_TOLERANCE * before.abs().max()


def test_leaves_the_network_as_it_was(tiny, stirred, pictures):
    network = stirred(tiny())
    before = {key: value.clone() for key, value in network.state_dict().items()}
    fused = prepare(network, pictures)
    assert norms(network) == 1
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert all(p.requires_grad for p in network.parameters())
    assert not any(p.requires_grad for p in fused.parameters())


class Joined(nn.Module):
    """A convolution whose output goes through a norm and, by `join`, past it; then one that can be folded."""

    def __init__(self, join, channels):
        super().__init__()
        self.join = join
        self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)
        self.then, self.last = nn.Conv2d(channels, 3, 1), nn.BatchNorm2d(3)

    def forward(self, pictures):
        grid = self.conv(pictures)
        return self.last(self.then(self.join(grid, self.norm(grid)))).mean((2, 3))


@pytest.mark.parametrize(
    ("join", "channels"),
    [
        (torch.add, 3),
        (lambda a, b: torch.cat([a, b], 1), 6),
        (lambda a, b: torch.stack((a, b)).sum(0), 3),
        (lambda a, b: b + a.mean(), 3),
    ],
    ids=["add", "cat", "stack", "mean"],
)
def test_a_convolution_that_is_read_twice_is_not_fused(join, channels, stirred, pictures):
    torch.manual_seed(0)
    network = stirred(Joined(join, channels))
    fused = prepare(network, pictures)
    assert type(fused.norm) is nn.BatchNorm2d
    assert isinstance(fused.last, FoldedNorm)
    torch.testing.assert_close(logits(fused, pictures), logits(network, pictures), rtol=1e-4, atol=1e-5)


def test_reading_the_shape_of_a_grid_does_not_prevent_fusing(stirred, pictures):
    network = stirred(Joined(lambda a, b: b.reshape(a.shape), 3))
    assert norms(prepare(network, pictures)) == 0


def test_a_norm_or_convolution_that_runs_twice_is_not_fused(stirred, pictures):
    class Twice(nn.Module):
        def __init__(self, norms):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.norms = nn.ModuleList(nn.BatchNorm2d(3) for _ in range(norms))

        def forward(self, pictures):
            return self.norms[-1](self.conv(self.norms[0](self.conv(pictures)))).mean((2, 3))

    for count in (1, 2):
        assert norms(prepare(stirred(Twice(count)), pictures)) == count


def test_a_norm_of_the_pictures_own_statistics_is_left_alone(stirred, pictures):
    network = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, track_running_stats=False), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).eval()
    assert norms(prepare(network, pictures)) == 1


def test_a_network_that_channels_last_breaks_comes_back_as_it_was(pictures):
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

        def forward(self, pictures):
            return self.norm(self.conv(pictures)).view(len(pictures), -1)

    network = Flat().eval()
    fast = prepare(network, pictures)
    assert torch.equal(logits(fast, pictures), logits(network, pictures))


def test_lies_in_channels_last(tiny, stirred, pictures):
    fused = prepare(stirred(tiny()), pictures)
    assert fused.conv.weight.is_contiguous(memory_format=torch.channels_last)


def test_threads_that_ask_together_get_what_one_of_them_made(tiny, stirred, pictures, job):
    copies, preparation, asked, together = Copies(stirred(tiny())), Preparation(), [], threading.Barrier(4)

    def probe(count):
        asked.append(count)
        return pictures[:count]

    def ask():
        together.wait(20)
        return preparation.of(copies, probe)

    first, *others = [each.get() for each in [job(ask) for _ in range(4)]]
    assert all(other is first for other in others)
    assert asked == [2]
    assert preparation.of(copies, probe) is first
    with torch.no_grad():
        next(copies.original.parameters()).mul_(2)
    assert preparation.of(copies, probe) is not first
    assert copy.deepcopy(preparation).of(copies, probe).network is not first.network
    assert asked == [2, 2, 2]


def test_what_is_made_in_inference_mode_takes_gradients(tiny, stirred, pictures):
    copies = Copies(stirred(tiny()))
    with torch.inference_mode():
        made = Preparation().of(copies, lambda count: pictures[:count])
    given = pictures[:1].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(made.network(given).sum(), given)
    assert norms(made.network) < norms(copies.original)
    assert gradient.any()
