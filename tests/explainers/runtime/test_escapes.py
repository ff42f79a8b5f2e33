"""Passes of a copy that leave it are refused before they change anything."""

import pytest
import torch
from torch import nn

from explainers.errors import ExplanationError
from explainers.runtime.cloning import clone
from explainers.runtime.escapes import WithinCopy

LOOSE = {}  # modules that a forward pass below reaches by this global variable


@pytest.fixture(autouse=True)
def _nothing_loose():
    LOOSE.clear()


class Escaping(nn.Module):
    """A network whose pass takes one of its parts, or a module of somebody else, from a global variable."""

    def __init__(self, way):
        super().__init__()
        self.conv, self.norm, self.way = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), way
        LOOSE.update(conv=self.conv, norm=self.norm, scale=self.conv.bias, stranger=nn.BatchNorm2d(4))

    def forward(self, x):
        match self.way:
            case "module":
                return LOOSE["norm"](self.conv(x))
            case "weights in a list":
                return self.conv(x) * torch.cat([LOOSE["scale"], LOOSE["scale"]])[:4, None, None]
            case "functional":
                return torch.conv2d(x, weight=LOOSE["conv"].weight)
            case "stranger":
                return LOOSE["stranger"](self.conv(x))
        return self.norm(self.conv(x))


def passes(network):
    copied = clone(network)
    with torch.no_grad(), WithinCopy(network, copied, "Escaping"):
        return copied(torch.rand(2, 3, 8, 8))


@pytest.mark.parametrize(
    ("way", "weight"),
    [("module", "norm.num_batches_tracked"), ("weights in a list", "conv.bias"), ("functional", "conv.weight")],
)
def test_a_pass_that_reaches_the_original_is_refused_and_changes_nothing(way, weight):
    network = Escaping(way).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(
        ExplanationError, match=rf"forward pass of Escaping reaches '{weight}' of the given network without"
    ):
        passes(network)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert all(module.training for module in network.modules())


def test_a_strangers_norm_in_training_mode_is_refused_before_it_learns():
    network = Escaping("stranger")
    before = LOOSE["stranger"].running_mean.clone()
    with pytest.raises(ExplanationError, match="runs a BatchNorm in training mode that isn't registered"):
        passes(network)
    assert torch.equal(LOOSE["stranger"].running_mean, before)


def test_a_stranger_in_eval_mode_may_help():
    network = Escaping("stranger")
    LOOSE["stranger"].eval()
    assert passes(network).shape == (2, 4, 6, 6)


def test_norms_in_a_plain_list_are_refused_in_training_mode_for_eval_does_not_reach_them():
    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.norms = [nn.BatchNorm2d(3)]

        def forward(self, x):
            return self.norms[0](x)

    network = Listed().eval()
    with pytest.raises(ExplanationError, match=r"nn\.ModuleList"):
        passes(network)
    network.norms[0].eval()
    assert passes(network).shape == (2, 3, 8, 8)


def test_a_pass_within_the_copy_is_let_through():
    assert passes(Escaping("straight").train()).shape == (2, 4, 6, 6)
