import random
import threading

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.attention.flex_attention import flex_attention

from explainers.classifiers.traits import Traits, find_traits
from explainers.errors import ExplanationError


class Network(nn.Module):
    """A convolution and its mean, changed by `change` before and after."""

    def __init__(self, before=lambda x: x, after=lambda h: h):
        super().__init__()
        self.conv, self.before, self.after = nn.Conv2d(3, 4, 3), before, after

    def forward(self, x):
        return self.after(self.conv(self.before(x))).mean((2, 3))


@pytest.fixture
def traits():
    """(**changes) -> the traits of a network that is changed so."""
    torch.manual_seed(1)
    pictures = torch.stack([torch.randn(3, 8, 8), torch.full((3, 8, 8), 0.5)])  # noise, and something smooth

    def find(**changes):
        network, before = Network(**changes).eval(), torch.get_rng_state()
        found = find_traits(network, pictures, "it")
        assert torch.equal(torch.get_rng_state(), before) or changes.get("before") is beside_another_thread
        return found

    return find


def one_only(x):
    if len(x) > 1:
        raise ValueError("one picture, please")
    return x


def asserted(x):
    assert len(x) == 1
    return x


def beside_another_thread(x):
    thread = threading.Thread(target=lambda: torch.rand(3))
    thread.start()
    thread.join()
    return x


def rough(x):
    """One on noise, which is not finite; zero on what is smooth."""
    return torch.where((x[..., 1:] - x[..., :-1]).abs().mean((1, 2, 3), keepdim=True) > 0.5, torch.nan, 0.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Traits()),
        ({"before": lambda x: x.sub_(0.5).div_(0.25)}, Traits()),
        ({"before": lambda x: F.relu(x, inplace=True)}, Traits()),
        ({"after": lambda h: F.dropout(h, 0.5, False)}, Traits()),
        ({"before": beside_another_thread}, Traits()),
        ({"before": lambda x: x + rough(x)}, Traits()),
        ({"after": lambda h: F.dropout(h, 0.5, True)}, Traits(random=True)),
        ({"after": lambda h: h * (torch.rand(1) > 0.01)}, Traits(random=True)),
        ({"after": lambda h: h * torch.rand(1, generator=torch.Generator().manual_seed(1))}, Traits(random=True)),
        ({"before": lambda x: F.dropout(x, 0.5, True) + rough(x)}, Traits(random=True)),
        ({"before": lambda x: x - x.mean(0)}, Traits(batch_dependent=True)),
        ({"before": one_only}, Traits(batch_dependent=True)),
        ({"before": asserted}, Traits(batch_dependent=True)),
        ({"before": lambda x: x - x.nanmean(0) / 2 + rough(x)}, Traits(batch_dependent=True)),
    ],
)
def test_traits(traits, changes, expected):
    assert traits(**changes) == expected


@pytest.mark.parametrize("tokens", [False, True])
def test_norms_are_seen_however_they_are_called(traits, tokens):
    def normed(h):
        h = F.batch_norm(h, torch.zeros(4), torch.ones(4))
        token = torch.ones(len(h), 1, 4)
        return torch.cat([token, h.flatten(2).mT], 1).mT[:, :, None] * torch.arange(37) if tokens else h

    assert traits(after=normed).irregular is tokens


def test_a_norm_whose_output_gets_no_gradient_is_regular(traits):
    class Unasked(torch.autograd.Function):
        @staticmethod
        def forward(ctx, h):
            return h * 2

        @staticmethod
        def backward(ctx, gradient):
            return None

    assert traits(after=lambda h: Unasked.apply(F.batch_norm(h, torch.zeros(4), torch.ones(4)))) == Traits()


def test_answers_that_cannot_be_repeated_are_refused(traits):
    with pytest.raises(ExplanationError, match="it answers differently each time"):
        traits(after=lambda h: h * random.random())


@pytest.mark.filterwarnings("ignore:flex_attention called without")
def test_code_that_is_compiled_as_it_runs_is_refused(traits):
    def attend(x):
        tokens = x.flatten(2)[:, None].transpose(2, 3)
        return flex_attention(tokens, tokens, tokens).transpose(2, 3).reshape(x.shape)

    def given_up(x):
        raise RuntimeError("torch.compile with fullgraph=True found no compiled frames. Skipped frames: - attend")

    for part in (attend, given_up):
        with pytest.raises(ExplanationError, match=r"^it compiles a part of itself .*dot_product_attention"):
            traits(after=part)
