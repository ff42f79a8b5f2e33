"""Gradients that can't reach the picture are refused, wherever they end."""

import pytest
import torch
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from explainers.errors import ExplanationError
from explainers.runtime.gradients import refusal, refuse_broken_gradient

UNRECORDED = r"part of Net computes without a record of its steps .* Choose a perturbation method"


def refuse(function, *, from_leaf=True):
    x = torch.rand(2, 3, requires_grad=True)
    pictures = x if from_leaf else torch.cat([x, x])
    refuse_broken_gradient(function(pictures), pictures, "Net")


def without_record(x):
    with torch.no_grad():
        x = 2 * x
    return x.sum(1)


def in_inference_mode(x):
    with torch.inference_mode():
        x = 2 * x
    return x.sum(1)


def of_other_weights(x):
    return x.detach().sum(1) * torch.ones(1, requires_grad=True)


def in_integers(x):
    return (255 * x).to(torch.uint8).sum(1).float()


@pytest.mark.parametrize("from_leaf", [True, False])
@pytest.mark.parametrize(
    "function", [without_record, in_inference_mode, of_other_weights, in_integers, lambda x: torch.ones(len(x))]
)
def test_scores_without_a_way_back_to_the_picture_are_refused(function, from_leaf):
    with pytest.raises(ExplanationError, match=UNRECORDED):
        refuse(function, from_leaf=from_leaf)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of quantisation
@pytest.mark.parametrize("beside", [0, 1], ids=["alone", "beside a recorded branch"])
def test_a_quantised_layer_is_seen_though_autograd_records_one(beside):
    layer = torch.ao.nn.quantized.dynamic.Linear(3, 1)
    with pytest.raises(ExplanationError, match=UNRECORDED):
        refuse(lambda x: layer(x)[:, 0] + beside * x.sum(1))


def test_checkpoints_must_not_be_reentrant():
    with pytest.raises(ExplanationError, match="Set use_reentrant=False there"):
        refuse(lambda x: checkpoint(torch.tanh, x, use_reentrant=True).sum(1))
    refuse(lambda x: checkpoint(torch.tanh, x, use_reentrant=False).sum(1))


@pytest.mark.parametrize("from_leaf", [True, False])
@pytest.mark.parametrize(
    "function", [lambda x: x[:, 0], lambda x: F.relu(x).cumsum(1)[:, 1], lambda x: x.round().sum(1)]
)
def test_recorded_scores_pass_even_where_their_gradient_is_zero(function, from_leaf):
    refuse(function, from_leaf=from_leaf)


class WithoutBackward(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return 2 * x


class NoBackward(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return 2 * x

    @staticmethod
    def backward(context, gradient):
        return None


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (WithoutBackward.apply, "Net has a part without a derivative"),
        (NoBackward.apply, "has no gradient at some of the pictures"),
        (lambda x: torch.ones(2), "has no gradient at some of the pictures"),
    ],
)
def test_what_autograd_says_of_a_missing_gradient_becomes_a_sentence(function, sentence):
    x = torch.rand(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError) as raised:
        torch.autograd.grad(function(x).sum(), x)
    assert sentence in str(refusal(raised.value, "Net"))
