"""Backward rules against maps made by hand, for every way to write a ReLU that they reach, also in checkpoints."""

import gc
import weakref

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from explainers import (
    Coverage,
    Deconvolution,
    DeepLIFT,
    ExplanationError,
    GuidedBackprop,
    IntegratedGradients,
    Saliency,
    Target,
    proof,
)
from explainers.methods.backward_rule import BackwardRule

TARGET, SIZE = Target(1), (7, 6)
ZERO = torch.zeros((), dtype=torch.float64)


class Rectified(nn.Module):
    """A convolution, a rectification, and a weighted sum; all but the sum in a checkpoint, if one is given."""

    def __init__(self, rectify, run=lambda function, x: function(x)):
        super().__init__()
        self.rectify, self.run = rectify, run
        self.conv, self.mix = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 3, 1)

    def forward(self, x):
        return self.mix(self.run(lambda y: self.rectify(self.conv(y)), x)).sum((2, 3))


@pytest.fixture
def given(classify, noise):
    """(rectify, ...) -> a classifier around such a network, always of the same weights, and a picture."""

    def make(rectify, *run, name="it"):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = Rectified(rectify, *run).double()
        return classify(network, SIZE, name=name), noise(SIZE, dtype=torch.float64)

    return make


def by_hand(kind, classifier, picture, ceiling=torch.inf):
    """The map of TARGET's logit, worked out from the weights: the only gradient that is taken is a convolution's."""
    conv, mix = classifier.network.conv, classifier.network.mix
    z, z0 = conv(picture[None]), conv(torch.zeros_like(picture)[None])
    above = mix.weight[TARGET.index].expand_as(z[0])[None]
    if kind is DeepLIFT:
        slope = (z.clamp(0, ceiling) - z0.clamp(0, ceiling)) / (z - z0)
        return F.conv_transpose2d(above * slope, conv.weight)[0] * picture
    passed = ((z > 0) & (z < ceiling)).double() if kind is GuidedBackprop else 1
    return F.conv_transpose2d(above.clamp(min=0) * passed, conv.weight)[0]


def statement(function):
    """A rectification as a statement, whose result is read from the tensor itself."""

    def rectify(x):
        function(x)
        return x

    return rectify


def emptied(drops):
    def rectify(x):
        x = x.clone()
        x[drops(x)] = 0
        return x

    return rectify


def multiplied(x):
    x *= x > 0
    return x


RELUS = {
    "clamp": lambda x: x.clamp(min=0),
    "clamp by position": lambda x: torch.clamp(x, 0),
    "clamp with a tensor": lambda x: torch.clamp(x, min=ZERO),
    "clamp by keywords": lambda x: torch.clamp(input=x, min=0.0),
    "clamp_ statement": statement(lambda x: x.clamp_(min=0)),
    "clip": lambda x: x.clip(0),
    "clamp_min": lambda x: x.clamp_min(0),
    "clamp_min_ statement": statement(lambda x: x.clamp_min_(0.0)),
    "maximum": lambda x: torch.maximum(x, torch.zeros_like(x)),
    "maximum, zero first": lambda x: torch.maximum(ZERO, x),
    "maximum by keywords": lambda x: torch.maximum(input=x, other=ZERO),
    "max of two": lambda x: torch.max(x, torch.zeros(1, 4, 1, 1, dtype=x.dtype)),
    "fmax": lambda x: torch.fmax(x, ZERO),
    "threshold": lambda x: F.threshold(x, 0, 0),
    "torch.threshold": lambda x: torch.threshold(x, 0, 0),
    "nn.Threshold in place": nn.Threshold(0.0, 0.0, inplace=True),
    "threshold_ statement": statement(lambda x: F.threshold_(x, 0, 0)),
    "where": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "where with a number": lambda x: torch.where(x >= 0, x, 0.0),
    "where not": lambda x: torch.where(x < 0, 0.0, x),
    "method where": lambda x: x.where(x > 0, ZERO),
    "times mask": lambda x: x * (x > 0),
    "mask times": lambda x: (x > 0) * x,
    "times mask of numbers": lambda x: x.mul((x > 0).to(x.dtype)),
    "times mask in place": multiplied,
    "times mask of a detached tensor": lambda x: x * (x.detach() > 0),
    "masked_fill": lambda x: x.masked_fill(x < 0, 0),
    "masked_fill_ statement": statement(lambda x: x.masked_fill_(x <= 0, 0.0)),
    "assignment": emptied(lambda x: x < 0),
    "assignment, or equal": emptied(lambda x: x.le(0)),
    "aten relu": torch.ops.aten.relu.default,
    "aten relu_ statement": statement(torch.ops.aten.relu_.default),
    "aten clamp_min": lambda x: torch.ops.aten.clamp_min(x, 0),
    "aten where": lambda x: torch.ops.aten.where.self(x > 0, x, torch.zeros_like(x)),
    "aten threshold": lambda x: torch.ops.aten.threshold(x, 0, 0),
}
RELU6S = {  # with 0.2 for 6, which these networks reach
    "hardtanh": lambda x: F.hardtanh(x, 0, 0.2),
    "clamp": lambda x: x.clamp(0, 0.2),
    "clip by keywords": lambda x: x.clip(min=0, max=0.2),
    "clamp with tensors": lambda x: x.clamp(ZERO, ZERO + 0.2),
    "clamp_ statement": statement(lambda x: x.clamp_(0, 0.2)),
    "aten hardtanh": lambda x: torch.ops.aten.hardtanh(x, 0.0, 0.2),
}
rules = pytest.mark.parametrize("kind", [GuidedBackprop, Deconvolution, DeepLIFT], ids=lambda kind: kind.__name__)


@rules
@pytest.mark.parametrize("form", RELUS)
def test_a_relu_follows_the_rule_however_it_is_written(given, apart, kind, form):
    classifier, picture = given(RELUS[form])
    assert apart(kind()(classifier, picture, TARGET).values, by_hand(kind, classifier, picture)) < 1e-6
    assert GuidedBackprop.coverage(classifier) == Coverage(1, 1, {})


@rules
@pytest.mark.parametrize("form", RELU6S)
def test_a_relu_with_a_ceiling_follows_the_rule_however_it_is_written(given, apart, kind, form):
    classifier, picture = given(RELU6S[form])
    expected = by_hand(kind, classifier, picture, ceiling=0.2)
    assert apart(kind()(classifier, picture, TARGET).values, expected) < 1e-6
    if kind is not Deconvolution:  # whose rule doesn't ask where the ceiling is
        assert apart(by_hand(kind, classifier, picture), expected) > 0.01
    assert GuidedBackprop.coverage(classifier) == Coverage(1, 1, {})


class OwnReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * (ctx.saved_tensors[0] > 0)


HIDDEN = {
    "own function": OwnReLU.apply,
    "half of x + |x|": lambda x: (x + x.abs()) / 2,
    "without the negative part": lambda x: x - x.clamp(max=0),
}


@rules
@pytest.mark.parametrize("form", HIDDEN)
def test_a_rule_that_reaches_no_rectification_is_refused(given, kind, form):
    classifier, picture = given(HIDDEN[form])
    with pytest.raises(ExplanationError, match=r"can't reach .* inside it: at least 1 ReLU is written .*\.$"):
        kind()(classifier, picture, TARGET)


@pytest.mark.parametrize("form", HIDDEN)
def test_a_rule_that_reaches_some_rectifications_says_so(given, apart, form):
    classifier, picture = given(lambda x: HIDDEN[form](F.relu(x) - 0.2))
    said = proof.coverage(GuidedBackprop(), classifier)
    assert said.startswith("Partly guided: the rule covers 1 of at least 2 activations. At least 1 ReLU is")
    assert GuidedBackprop()(classifier, picture, TARGET).values.any()
    with pytest.raises(ExplanationError, match=r"^DeepLIFT can't reach the activations inside it: at least 1"):
        DeepLIFT()(classifier, picture, TARGET)


def recomputed(function, x, **more):
    return checkpoint(function, x, use_reentrant=False, **more)


RUNS = {
    "whole": recomputed,
    "nested": lambda function, x: recomputed(lambda y: recomputed(function, y), x),
    "without early stop": lambda function, x: recomputed(function, x, early_stop=False),
    "twice": lambda function, x: recomputed(function, recomputed(lambda y: y * 1, x)),
}


@rules
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("form", ["aten relu", "clamp_ statement", "times mask"])
def test_a_rule_holds_inside_a_checkpoint(given, apart, kind, run, form):
    classifier, picture = given(RELUS[form], RUNS[run])
    assert apart(kind()(classifier, picture, TARGET).values, by_hand(kind, classifier, picture)) < 1e-6


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")  # in passes without a gradient
@pytest.mark.parametrize("kind", [Saliency, IntegratedGradients, GuidedBackprop, Deconvolution, DeepLIFT])
def test_a_reentrant_checkpoint_is_refused(given, kind):
    classifier, picture = given(F.relu, lambda function, x: checkpoint(function, x, use_reentrant=True))
    with pytest.raises(ExplanationError, match=r"checkpoint|can't reach"):
        kind()(classifier, picture, TARGET)


@rules
def test_a_checkpoint_that_hides_calls_is_refused(given, kind):
    def rectify(x):
        return OwnReLU.apply(F.relu(x))

    classifier, picture = given(rectify, RUNS["whole"])
    assert Saliency()(classifier, picture, TARGET).values.any()
    with pytest.raises(ExplanationError, match=r"runs parts of its forward pass again .*checkpointing.*\.$"):
        kind()(classifier, picture, TARGET)


class Unchanged(BackwardRule):
    """A rule that changes nothing."""

    def replace(self, call, run):
        return run(*call.args, **call.kwargs)


def test_what_the_backward_pass_needs_must_not_change():
    x = torch.rand(3, requires_grad=True)
    with Unchanged():
        y = x.sigmoid()
        z = y * 2
        y.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            torch.autograd.grad(z.sum() + y.sum(), x)


def test_what_was_kept_for_the_backward_pass_is_freed_with_the_result():
    x = torch.rand(3, requires_grad=True)
    gc.disable()
    try:
        with Unchanged():
            y = x.sigmoid()
        freed = weakref.ref(y)
        del y
        assert freed() is None
    finally:
        gc.enable()
