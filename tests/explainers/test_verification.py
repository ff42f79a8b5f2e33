"""Networks on which something faster would be another function, against float64 autograd of the network as it is."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers import (
    DeepLIFT,
    ExplanationError,
    GradCAM,
    GuidedBackprop,
    InputXGradient,
    IntegratedGradients,
    Occlusion,
    Saliency,
    ScoreCAM,
    SmoothGrad,
    Target,
)
from explainers.classifiers.preparing import FoldedNorm
from explainers.verification import forget_answers

SIZE = (16, 12)
STEPS = 8


def norm(channels):
    """A BatchNorm with statistics and weights that change every channel."""
    made = nn.BatchNorm2d(channels)
    made.running_mean.normal_(0, 0.3)
    made.running_var.uniform_(0.3, 2.3)
    nn.init.normal_(made.weight, 1, 0.5)
    nn.init.normal_(made.bias, 0, 0.3)
    return made


class Network(nn.Module):
    """A convolution with its BatchNorm and a head; how they meet is each network's own."""

    def __init__(self, width=8):
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(3, 8, 3, padding=1), norm(8), nn.Linear(width, 4)

    def features(self, x):
        return F.relu(self.norm(self.conv(x)))

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


# A convolution that something else reads, too


class Chunked(Network):
    def features(self, x):
        h = self.conv(x)
        first, second = h.chunk(2, 1)
        return F.relu(self.norm(h) + torch.cat([second, first], 1))


class Unbound(Network):
    def features(self, x):
        h = self.conv(x)
        return F.relu(self.norm(h) + torch.stack(h.unbind(1)[::-1], 1))


class Indexed(Network):
    def features(self, x):
        h = self.conv(x)
        return F.relu(self.norm(h) * h[:, :1].sigmoid())


class WrittenAside(Network):
    def __init__(self):
        super().__init__(16)

    def features(self, x):
        h, out = self.conv(x), x.new_zeros(len(x), 16, *x.shape[2:])
        out[:, :8] = h
        out[:, 8:] = self.norm(h)
        return F.relu(out)


class Detached(Network):
    def features(self, x):
        h = self.conv(x)
        return F.relu(self.norm(h) + h.data.abs().mean())


class OwnFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, h):
        return h * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


class ByOwnFunction(Network):
    def features(self, x):
        h = self.conv(x)
        return F.relu(self.norm(h) + OwnFunction.apply(h))


# Weights that something else reads, too


class Tied(Network):
    def __init__(self):
        super().__init__()
        self.again = nn.Conv2d(3, 8, 3, padding=1)
        self.again.weight = self.conv.weight

    def features(self, x):
        return F.relu(self.norm(self.conv(x)) + self.again(x))


class WeightRead(Network):
    def features(self, x):
        return F.relu(self.norm(self.conv(x))) * self.conv.weight.abs().mean()


class BiasAdded(Network):
    def features(self, x):
        return F.relu(self.norm(self.conv(x)) + self.conv.bias[:, None, None])


class NormRead(Network):
    def features(self, x):
        return F.relu(self.norm(self.conv(x.to(self.norm.weight.dtype)))) + self.norm.eps


class NormByFunction(Network):
    def features(self, x):
        n = self.norm
        return F.relu(F.batch_norm(self.conv(x), n.running_mean, n.running_var, n.weight, n.bias, False, 0, n.eps))


class NormTwice(Network):
    def features(self, x):
        n = self.norm
        h = n(self.conv(x))
        return F.relu(F.batch_norm(h, n.running_mean, n.running_var, n.weight, n.bias, False, 0, n.eps))


# Activations that work in place, whose input is read again


def in_place(activation, read):
    class InPlace(Network):
        def __init__(self):
            super().__init__()
            self.act = activation(inplace=True)

        def features(self, x):
            return read(self.act, self.norm(self.conv(x)))

    return InPlace


def ignored(act, h):
    act(h)
    return h


def added(act, h):
    return act(h) + h


def part(act, h):
    act(h[:, :4])
    return h


IN_PLACE = [
    in_place(activation, read)
    for activation in (nn.ReLU6, nn.SiLU, nn.Hardswish, nn.Hardtanh)
    for read in (ignored, added, part)
]


# What a pass over noise doesn't show


class QuietOnNoise(Chunked):
    def features(self, x):
        gate = F.relu(1 - (x[..., 1:] - x[..., :-1]).abs().mean((1, 2, 3)))
        return super().features(x) * gate[:, None, None, None]


class Branched(Network):
    def features(self, x):
        h = self.conv(x)
        return F.relu(self.norm(h) + (h if bool(x.std() < 0.25) else 0))


class BranchedByList(Network):
    def features(self, x):
        h = self.conv(x)
        return F.relu(self.norm(h) + (h if x.std().tolist() < 0.25 else 0))


def masked(kind, classes):
    class Masked(kind):
        def forward(self, x):
            return super().forward(x).masked_fill(torch.arange(4) >= 4 - classes, -1e9)

    return Masked


# Modules that don't stand for the function they name


class Hooked(Network):
    def __init__(self):
        super().__init__()
        self.conv.register_forward_hook(lambda module, given, output: output.tanh())


class Subclassed(Network):
    def __init__(self):
        super().__init__()

        class Standardised(nn.Conv2d):
            def forward(self, x):
                return F.conv2d(x, self.weight - self.weight.mean(), self.bias, padding=1)

        self.conv = Standardised(3, 8, 3, padding=1)


NETWORKS = [
    Network,
    Chunked,
    Unbound,
    Indexed,
    WrittenAside,
    Detached,
    ByOwnFunction,
    Tied,
    WeightRead,
    BiasAdded,
    NormRead,
    NormByFunction,
    NormTwice,
    *IN_PLACE,
    QuietOnNoise,
    Branched,
    BranchedByList,
    masked(Chunked, 1),
    masked(WrittenAside, 3),
    masked(Tied, 2),
    Hooked,
    Subclassed,
]
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)


def logit(network, picture, index=1):
    mean, std = (torch.tensor(values, dtype=picture.dtype).view(1, 3, 1, 1) for values in (MEAN, STD))
    return network((picture[None] - mean) / std)[0, index]


def gradient(network, picture):
    """The gradient of class 1 by float64 autograd of a copy of the network as it is, for one picture."""
    x = picture.double().requires_grad_()
    return torch.autograd.grad(logit(copy.deepcopy(network).double().eval(), x), x)[0]


def integrated(network, picture):
    """Integrated Gradients from black by the midpoint rule, written out."""
    points = [(step + 0.5) / STEPS for step in range(STEPS)]
    return sum(gradient(network, picture * point) for point in points) / STEPS * picture.double()


def distance(found, true):
    """The relative L1 distance of two maps; the absolute one from a map of zeros."""
    true = true.detach().numpy()
    return float(np.abs(found - true).sum() / (np.abs(true).sum() or 1))


@pytest.fixture
def photo():
    """A smooth picture, unlike noise."""
    blots = torch.rand((1, 3, 4, 4), generator=torch.Generator().manual_seed(2))
    return F.interpolate(blots, SIZE, mode="bicubic")[0].clamp(0, 1)


@pytest.fixture
def made(classify):
    """(kind of network, ...) -> one of it, and the classifier around it."""

    def make(kind, **more):
        network = kind().eval()
        return network, classify(network, SIZE, classes=4, mean=MEAN, std=STD, name="it", **more)

    return make


@pytest.mark.parametrize("kind", NETWORKS, ids=lambda kind: kind.__qualname__.split(".")[0])
def test_maps_are_those_of_the_network_as_it_is(made, photo, noise, kind):
    network, classifier = made(kind)
    for picture in (photo, noise(SIZE)):
        explanation = Saliency()(classifier, picture, Target(1))
        assert explanation.score == pytest.approx(float(logit(network, picture).detach()), rel=1e-4, abs=1e-6)
        assert distance(explanation.values, gradient(network, picture)) < 1e-4
        path = IntegratedGradients(steps=STEPS, baseline="black")(classifier, picture, Target(1))
        assert distance(path.values, integrated(network, picture)) < 1e-3


def test_what_can_be_folded_is_folded_and_verified(made, photo):
    _, classifier = made(Network)
    assert type(classifier.prepared.norm) is FoldedNorm
    first, again = (IntegratedGradients(steps=STEPS)(classifier, photo, Target(1)).facts for _ in range(2))
    assert first.folded
    assert not first.refuted
    assert (first.checks, again.checks) == (3, 0)  # the answers are kept
    assert Saliency()(classifier, photo, Target(1)).facts.folded is False  # one pass needs no copy
    forget_answers(classifier)
    assert IntegratedGradients(steps=STEPS)(classifier, photo, Target(1)).facts.checks == 3


def break_copy(classifier, where):
    """Make the prepared copy another function where `where` says so of its input."""

    classifier.prepared.register_forward_hook(
        lambda module, given, output: output * torch.where(where(given[0]), 1.1, 1.0)[:, None]
    )


@pytest.mark.parametrize(
    "where",
    [
        lambda x: x.mean((1, 2, 3)) < 10,
        lambda x: x.amax((1, 2, 3)) < -1.6,  # black alone
        lambda x: (x.std((1, 2, 3)) > 0.05) & (x.std((1, 2, 3)) < 0.8),  # points between
    ],
    ids=["everywhere", "at the baseline", "on the path"],
)
def test_a_copy_that_differs_is_refuted_and_the_map_is_right(made, photo, where):
    network, classifier = made(Network)
    break_copy(classifier, where)
    explanation = IntegratedGradients(steps=STEPS, baseline="black")(classifier, photo, Target(1))
    assert explanation.facts.refuted
    assert not explanation.facts.folded
    assert distance(explanation.values, integrated(network, photo)) < 1e-4


class Steeper(torch.autograd.Function):
    """Nothing at all, but that the gradient of some rows grows on its way back."""

    @staticmethod
    def forward(ctx, rows, factors):
        ctx.factors = factors
        return rows.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.factors, None


@pytest.mark.parametrize(("nearby", "refuted"), [(1e-6, False), (1e-2, True)], ids=["a kink", "another function"])
def test_a_gradient_that_differs_at_one_point_alone_refutes_nothing(made, photo, nearby, refuted):
    _, classifier = made(Network)
    at = classifier.normalise(photo[None])

    def steeper(module, given, output):
        return Steeper.apply(output, torch.where((given[0] - at).abs().amax((1, 2, 3)) < nearby, 1.1, 1.0)[:, None])

    classifier.prepared.register_forward_hook(steeper)
    explainer = IntegratedGradients(steps=STEPS, baseline="black", rule="left")
    first, again = (explainer(classifier, photo, Target(1)) for _ in range(2))
    assert (first.facts.refuted, again.facts.refuted) == (refuted, refuted)
    assert np.array_equal(first.values, again.values)


@pytest.mark.parametrize("explainer", [SmoothGrad(), Occlusion(), ScoreCAM()], ids=lambda explainer: explainer.title)
def test_methods_of_all_kinds_are_verified(made, photo, explainer):
    _, classifier = made(Network)
    whole = explainer(classifier, photo, Target(1))
    break_copy(classifier, lambda x: x.mean((1, 2, 3)) < 10)
    refuted = explainer(classifier, photo, Target(1))
    assert refuted.facts.refuted
    np.testing.assert_allclose(refuted.values, whole.values, rtol=1e-3, atol=1e-5 * np.abs(whole.values).max())


def test_weights_that_are_trained_on_are_seen(made, photo):
    network, classifier = made(Network)
    explainer = IntegratedGradients(steps=STEPS, baseline="black")

    def change_one(p):
        p.data.view(-1)[1] += 0.5

    for change in (lambda p: p.add_(torch.randn_like(p) * 0.2), lambda p: p.data.mul_(1.5), change_one):
        explainer(classifier, photo, Target(1))
        with torch.no_grad():
            for parameter in network.parameters():
                change(parameter)
        explanation = explainer(classifier, photo, Target(1))
        assert explanation.facts.folded
        assert distance(explanation.values, integrated(network, photo)) < 1e-3
        assert {p.index: p.logit for p in classifier.predict(photo, 4)}[1] == pytest.approx(explanation.score, rel=1e-4)


def test_statistics_that_are_trained_on_are_seen(made, photo):
    network, classifier = made(Network)
    explainer, before = IntegratedGradients(steps=STEPS, baseline="black"), classifier.identity
    explainer(classifier, photo, Target(1))
    network.train()(torch.rand(4, 3, *SIZE))
    network.eval()
    explanation = explainer(classifier, photo, Target(1))
    assert distance(explanation.values, integrated(network, photo)) < 1e-3
    assert explanation.facts.weights == classifier.identity != before


def test_a_network_that_changes_its_own_numbers_in_place_is_refused_by_gradients_alone(made, photo):
    class Overwriting(Network):
        def features(self, x):
            h = self.conv(x)
            return F.relu(self.norm(h)) + h.mul_(0.5)

    _, classifier = made(Overwriting)
    for explainer in (Saliency(), IntegratedGradients(steps=STEPS), SmoothGrad(samples=2)):
        with pytest.raises(ExplanationError, match=r"^it overwrites numbers in place that its gradient needs"):
            explainer(classifier, photo, Target(1))
    assert Occlusion()(classifier, photo, Target(1)).values.any()


@pytest.mark.parametrize("method", [ScoreCAM(layer="stem", relu=False), GradCAM(layer="stem", relu=False)])
def test_a_container_that_ends_in_a_folded_convolution_puts_out_what_it_did(made, photo, method):
    class Contained(Network):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(), nn.Conv2d(3, 8, 3, padding=1))

        def features(self, x):
            return F.relu(self.norm(self.stem(x)))

    torch.manual_seed(0)
    _, classifier = made(Contained)
    torch.manual_seed(0)
    _, unprepared = made(Contained, prepare=False)
    assert type(classifier.prepared.norm) is FoldedNorm
    found, expected = (method(each, photo, Target(1)).values for each in (classifier, unprepared))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


# The score depends on who is beside it


class BatchStatistics(Network):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(8, track_running_stats=False)


class BatchMaximum(Network):
    def forward(self, x):
        return super().forward(x / x.abs().max())


class BatchMean(Network):
    def forward(self, x):
        answers = super().forward(x)
        return answers - answers.mean(0) / 2


class FirstOnly(Network):
    def forward(self, x):
        return super().forward(x[:1]).expand(len(x), -1)


class OneOnly(Network):
    def forward(self, x):
        return super().forward(x.view(1, 3, *SIZE))


@pytest.mark.parametrize(
    "kind", [BatchStatistics, BatchMaximum, BatchMean, FirstOnly, OneOnly], ids=lambda kind: kind.__name__
)
def test_pictures_that_depend_on_each_other_pass_alone(made, photo, kind):
    network, classifier = made(kind)
    explanation = IntegratedGradients(steps=STEPS, baseline="black")(classifier, photo, Target(1))
    assert explanation.facts.traits.batch_dependent
    assert explanation.facts.chunk == 1
    assert distance(explanation.values, integrated(network, photo)) < 1e-3
    with pytest.raises(ExplanationError, match="DeepLIFT passes a picture together with its baseline"):
        DeepLIFT()(classifier, photo, Target(1))


# Answers at random


class Dropping(Network):
    def forward(self, x):
        return self.head(F.dropout(self.features(x).mean((2, 3)), 0.5, True))


class Jittering(Network):
    def features(self, x):
        return super().features(x + 0.1 * torch.randn_like(x))


class Choosing(Network):
    def features(self, x):
        return super().features(x) * torch.randint(0, 5, (1,))


class SkippingAtTimes(Network):
    def features(self, x):
        h = super().features(x)
        return h + h.square() * (torch.rand(len(h), 1, 1, 1) > 0.5)


@pytest.mark.parametrize("kind", [Dropping, Jittering, Choosing, SkippingAtTimes], ids=lambda kind: kind.__name__)
def test_a_random_network_answers_by_one_draw_and_says_so(made, photo, kind):
    _, classifier = made(kind)
    before = torch.get_rng_state()
    one, two = (IntegratedGradients(steps=64)(classifier, photo, Target(1)) for _ in range(2))
    assert np.array_equal(one.values, two.values)
    assert one.score == two.score
    assert one.facts.traits.random
    assert one.gap < 0.05  # along the path, it is one function
    assert {p.index: p.logit for p in classifier.predict(photo, 4)}[1] == pytest.approx(one.score)
    assert torch.equal(torch.get_rng_state(), before)


class RunningMean(Network):
    """A network that takes the mean of all it has seen from what it sees."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(8))

    def features(self, x):
        h = super().features(x)
        self.seen = 0.5 * self.seen + h.mean((0, 2, 3)).detach()
        return h - self.seen[:, None, None]


class RunningMeanInPlace(RunningMean):
    def features(self, x):
        h = Network.features(self, x)
        self.seen.mul_(0.5).add_(h.mean((0, 2, 3)).detach())
        return h - self.seen.clone()[:, None, None]


@pytest.mark.parametrize("kind", [RunningMean, RunningMeanInPlace], ids=lambda kind: kind.__name__)
def test_a_network_that_remembers_forgets_before_each_picture(made, photo, kind):
    network, classifier = made(kind)
    explanation = IntegratedGradients(steps=STEPS, baseline="black")(classifier, photo, Target(1))
    assert explanation.facts.traits.remembers
    assert distance(explanation.values, integrated(network, photo)) < 1e-3
    before = classifier.predict(photo, 4)
    assert before == classifier.predict(photo, 4)


class ScaledByItsFirst(Network):
    """A network that measures everything by the first batch that it sees, and keeps that in one of several ways."""

    keep = "attribute"

    def __init__(self):
        super().__init__()
        self.first, self.known, self.listed = None, {}, []
        self.register_buffer("written", torch.zeros(()))

    def scale(self, x):
        now = x.detach().abs().mean()
        if self.keep == "attribute":
            self.first = now if self.first is None else self.first
            return self.first
        if self.keep == "dictionary":
            return self.known.setdefault("first", now)
        if self.keep == "list":
            self.listed.append(now)
            return self.listed[0]
        self.written += now * (self.written == 0)
        return self.written.clone()

    def features(self, x):
        return super().features(x / self.scale(x))


@pytest.mark.parametrize("keep", ["attribute", "dictionary", "list", "buffer"])
def test_a_call_meets_nothing_of_what_the_calls_before_it_left(made, photo, noise, monkeypatch, keep):
    monkeypatch.setattr(ScaledByItsFirst, "keep", keep)
    network, classifier = made(ScaledByItsFirst)
    for picture in (noise(SIZE) * 5, photo, photo / 3):
        assert classifier.predict(picture, 4)[0].logit == pytest.approx(
            max(float(logit(copy.deepcopy(network), picture, index).detach()) for index in range(4)), rel=1e-5
        )
        assert distance(Saliency()(classifier, picture, Target(1)).values, gradient(network, picture)) < 1e-4


def test_a_network_whose_answers_cannot_be_held_is_refused(made, photo):
    class Counting(Network):
        calls = 0

        def forward(self, x):
            type(self).calls += 1
            return super().forward(x) * type(self).calls

    with pytest.raises(ExplanationError, match=r"^it answers differently each time"):
        made(Counting)


# What isn't finite


class Rooted(Network):
    """Its gradient is infinite at black."""

    def forward(self, x):
        return super().forward(x.sqrt())


def test_a_gradient_that_is_infinite_at_black_is_no_part_of_the_midpoint_rule(classify, photo):
    network = Rooted().eval()
    classifier = classify(network, SIZE, classes=4, name="it")
    explanation = IntegratedGradients(steps=STEPS, baseline="black")(classifier, photo, Target(1))
    assert np.isfinite(explanation.values).all()
    with pytest.raises(ExplanationError, match=r"gradient of it is not finite at the baseline.*another baseline"):
        IntegratedGradients(steps=STEPS, baseline="black", rule="left")(classifier, photo, Target(1))
    assert IntegratedGradients(steps=STEPS, baseline="white", rule="left")(classifier, photo, Target(1)).gap < 0.2


def test_a_black_pixel_gets_nothing_however_steep_the_slope(classify, photo):
    network = Rooted().eval()
    classifier = classify(network, SIZE, classes=4, name="it")
    photo[:, :4] = 0  # which the convolution's padding doesn't reach beyond
    for explainer in (InputXGradient(), IntegratedGradients(steps=STEPS, baseline="black")):
        assert not explainer(classifier, photo, Target(1)).values[:, :3].any()
    for explainer in (Saliency(), GuidedBackprop()):
        with pytest.raises(ExplanationError, match="is not finite for this picture"):
            explainer(classifier, photo, Target(1))


# Torch's own backward pass of BatchNorm


@pytest.mark.parametrize("head", ["transposed", "permuted", "strided", "class token", "input"])
def test_strides_that_torch_misreads_do_not_change_a_gradient(made, photo, head):
    class Tokens(Network):
        def forward(self, x):
            h = self.norm(self.conv(x))
            if head == "transposed":
                h = F.gelu(h.flatten(2).transpose(1, 2)).transpose(1, 2)
            elif head == "permuted":
                h = F.gelu(h.permute(0, 2, 3, 1).reshape(len(h), -1, 8)).transpose(1, 2)
            elif head == "strided":
                h = F.gelu(h.flatten(2)[..., ::1].mT).mT
            elif head == "input":  # whose norm is misread although the gradient comes back in order
                h = self.norm(h.flatten(2).transpose(1, 2).contiguous().transpose(1, 2).view(h.shape))
            else:
                token = torch.ones(len(h), 1, 8, dtype=h.dtype)
                h = torch.cat([token, h.flatten(2).transpose(1, 2)], 1).transpose(1, 2)
            h = h.flatten(2)
            return self.head((h * torch.linspace(-1, 1, h.shape[-1], dtype=h.dtype)).sum(2))

    network, classifier = made(Tokens, prepare=False)
    values = torch.from_numpy(Saliency()(classifier, photo, Target(1)).values).double()
    direction = torch.randn(photo.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    exact, step = copy.deepcopy(network).double(), 1e-6
    with torch.no_grad():
        ends = [logit(exact, photo.double() + sign * step * direction) for sign in (1, -1)]
    expected = float(ends[0] - ends[1]) / (2 * step)
    assert float((values * direction).sum()) == pytest.approx(expected, rel=1e-3)
