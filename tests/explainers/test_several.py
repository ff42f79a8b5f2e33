"""Several pictures at once: what each gets is what it gets alone, whatever the network makes of its neighbours."""

import numpy as np
import pytest
import torch
from torch import nn

from explainers import (
    EXPLAINERS,
    ExplanationError,
    GradCAM,
    GuidedBackprop,
    HiResCAM,
    InputXGradient,
    IntegratedGradients,
    LayerCAM,
    Occlusion,
    Saliency,
    Target,
)
from explainers.explainer import Seen
from explainers.several import explain_several

SIZE = (24, 20)
COUNT = 5
SHARING = tuple(kind() for kind in EXPLAINERS if kind().shares_passes)
OTHERS = (
    Occlusion(),
    IntegratedGradients(),
    IntegratedGradients(steps=6),
    IntegratedGradients(steps=5, baseline="random", draws=2, rule="gauss-legendre"),
)
every_kind = pytest.mark.parametrize("explainer", [*SHARING, *OTHERS], ids=lambda each: each.title)
every_sharing = pytest.mark.parametrize("explainer", SHARING, ids=lambda each: each.title)
MARK = 0.99  # of the first pixel: the networks below do as they should until all pictures have it


class Hostile(nn.Module):
    """A network that looks at its batch, but only at pictures with a mark, which no probe has."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.register_buffer("memory", torch.zeros(()))

    def forward(self, x):
        return self.spoilt(x) if bool((x[:, 0, 0, 0] > MARK).all()) else self.network(x)


class LargestOfAll(Hostile):
    def spoilt(self, x):
        return self.network(x + x.amax(0, keepdim=True))


class LargestLogit(Hostile):
    def spoilt(self, x):
        logits = self.network(x)
        return logits * logits.amax(0, keepdim=True).sigmoid()


class BatchStatistics(Hostile):
    def spoilt(self, x):
        return self.network(nn.functional.batch_norm(x, None, None, training=True))


class MeanDecides(Hostile):
    def spoilt(self, x):
        return self.network(x if bool(x.mean() > 0.5) else 1 - x)


class FirstDecides(Hostile):
    def spoilt(self, x):
        return self.network(x if bool(x[0].mean() > 0.5) else 1 - x)


class PlaceDecides(Hostile):
    def spoilt(self, x):
        return torch.cat([self.network(x[:1]), self.network(x[1:] * 0.5)]) if len(x) > 1 else self.network(x)


class LastIsLost(Hostile):
    def spoilt(self, x):
        logits = self.network(x)
        return logits if len(x) < 2 else torch.cat([logits[:-1], logits[-1:] / 2])


class Remembering(Hostile):
    def spoilt(self, x):
        logits = self.network(x) + self.memory
        self.memory = self.memory + x.mean()
        return logits


class OneAtATime(Hostile):
    def spoilt(self, x):
        return self.network(x.view(1, *x.shape[1:]))


class GradientOfTheLargest(Hostile):
    """Answers as it should, but the gradients of all go to whoever is the largest."""

    def spoilt(self, x):
        largest = x.amax(0, keepdim=True)
        return self.network(x + (largest - largest.detach()))


class Swapping(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient.flip(0)


class GradientsSwapped(Hostile):
    def spoilt(self, x):
        return self.network(Swapping.apply(x))


class OpenlyStatistical(nn.Module):
    """What the probe finds out of: BatchNorm by the statistics of its batch."""

    def __init__(self, network):
        super().__init__()
        self.network, self.norm = network, nn.BatchNorm2d(3, track_running_stats=False)

    def forward(self, x):
        return self.network(self.norm(x))


HOSTILE = (
    LargestOfAll, LargestLogit, BatchStatistics, MeanDecides, FirstDecides, PlaceDecides, LastIsLost, Remembering,
    OneAtATime, GradientOfTheLargest, GradientsSwapped, OpenlyStatistical,
)  # fmt: skip
every_hostile = pytest.mark.parametrize("kind", HOSTILE, ids=lambda kind: kind.__name__)


@pytest.fixture(scope="module")
def pictures(noise):
    """Marked pictures of different brightness, on both sides of the middle."""
    made = [noise(SIZE, seed=seed) * (0.4 + 0.5 * (seed % 3)) for seed in range(COUNT)]
    for picture in made:
        picture.clamp_(0, 1)[:, 0, 0] = 1.0
    return made


def asked(classifier, explainer, pictures, versus=None):
    """The answers for pictures together, and alone by classifiers that have met none of them."""
    targets = [Target(number % 3, None if versus is None else (number + 1) % 3) for number in range(len(pictures))]
    seen = [Seen.of(classifier, picture) for picture in pictures]
    return explain_several(explainer, classifier, seen, targets), targets


def same(found, true):
    np.testing.assert_allclose(found.values, true.values, rtol=0, atol=1e-5 * max(1e-6, np.abs(true.values).max()))
    assert found.score == pytest.approx(true.score, rel=1e-5, abs=1e-6)


@every_kind
def test_each_gets_what_it_gets_alone(conv, noise, explainer):
    pictures = [noise((29, 24), seed=seed) for seed in range(3)]
    answers, targets = asked(conv, explainer, pictures)
    for answer, picture, target in zip(answers, pictures, targets, strict=True):
        alone = explainer(conv, picture, target)
        same(answer, alone)
        assert answer.target == target
        assert answer.gap == pytest.approx(alone.gap, abs=1e-5)
        assert answer.facts.passes == alone.facts.passes
        assert answer.facts.label == alone.facts.label
        assert answer.facts.compared_with == alone.facts.compared_with
        np.testing.assert_array_equal(answer.picture, alone.picture)


@every_sharing
def test_a_class_can_be_chosen_in_the_one_pass(conv, noise, explainer):
    if explainer.passes(conv) > 1:
        pytest.skip("takes more than one pass")
    picture, logits = noise((29, 24)), []

    def choose(found):
        logits.append(found)
        return Target(2, 1)

    answer, alone = (
        explainer.explain_chosen(conv, Seen.of(conv, picture), choose),
        explainer(conv, picture, Target(2, 1)),
    )
    np.testing.assert_array_equal(answer.values, alone.values)
    assert (answer.target, answer.score, answer.facts.label) == (alone.target, alone.score, alone.facts.label)
    assert answer.facts.passes == len(logits) == 1
    likely = {each.index: each.logit for each in conv.predict(picture, 3)}
    assert logits[0].tolist() == pytest.approx([likely[index] for index in range(3)], rel=1e-5)
    with pytest.raises(ExplanationError, match="not 7"):
        explainer.explain_chosen(conv, Seen.of(conv, picture), lambda _: Target(7))


def test_these_share_passes():
    assert {*map(type, SHARING)} >= {Saliency, InputXGradient, GuidedBackprop, GradCAM, HiResCAM, LayerCAM}


@every_sharing
def test_pictures_share_passes(small, classify, watched_batches, noise, explainer):
    network, batches = watched_batches(small())
    classifier = classify(network, SIZE)
    explainer(classifier, noise(SIZE), Target(0))  # after which the network is known
    batches.clear()
    asked(classifier, explainer, [noise(SIZE, seed=seed) for seed in range(COUNT)])
    passes = explainer.passes(classifier)
    assert batches[:passes] == [COUNT] * passes
    assert batches.count(COUNT) == passes
    assert len(batches) <= 2 * passes + COUNT  # each alone to verify its logits, and one map alone


def test_points_of_several_pictures_share_chunks(small, classify, watched_batches, noise):
    network, batches = watched_batches(small())
    classifier, explainer = classify(network, SIZE), IntegratedGradients(steps=3)
    explainer(classifier, noise(SIZE), Target(0))
    batches.clear()
    asked(classifier, explainer, [noise(SIZE, seed=seed) for seed in range(COUNT)])
    assert len(explainer.points(3)[0]) == 5  # with both ends, for the trace
    assert [size for size in batches if size > 1] == [16, 9]


@pytest.fixture
def watched_batches():
    """(network) -> the network, and the sizes of the batches that it is given."""

    class Watched(nn.Module):
        def __init__(self, network, seen):
            super().__init__()
            self.network, self.seen = network, seen

        def forward(self, x):
            self.seen(len(x))
            return self.network(x)

    def make(network):
        batches = []
        return Watched(network, batches.append), batches

    return make


@every_hostile
@pytest.mark.parametrize(
    "explainer", [Saliency(), GradCAM(), GuidedBackprop(), IntegratedGradients(steps=4)], ids=lambda each: each.title
)
def test_no_neighbour_changes_a_map(small, classify, pictures, kind, explainer):
    answers, targets = asked(classify(kind(small()), SIZE), explainer, pictures)
    fresh = classify(kind(small()), SIZE)
    for answer, picture, target in zip(answers, pictures, targets, strict=True):
        try:
            alone = explainer(fresh, picture, target)
        except ExplanationError:
            assert isinstance(answer, ExplanationError)
        else:
            same(answer, alone)


@pytest.mark.parametrize("kind", [LargestOfAll, MeanDecides, PlaceDecides, LastIsLost, GradientOfTheLargest])
def test_the_networks_are_hostile(small, classify, pictures, kind):
    """Without a check, some picture would have had another map."""
    classifier = classify(kind(small()), SIZE)
    assert not classifier.traits.alone  # or nothing would be proved
    given = torch.stack(pictures).requires_grad_()
    (together,) = torch.autograd.grad(classifier.network(given)[:, 0].sum(), given)
    alone = [torch.autograd.grad(classifier.network(one[None])[0, 0], given)[0][row] for row, one in enumerate(given)]
    assert any(not torch.allclose(*pair, atol=1e-6) for pair in zip(together, alone, strict=True))


def test_a_picture_without_an_answer_spoils_no_other(small, classify, noise):
    class Overflowing(Hostile):
        def spoilt(self, x):
            return self.network(x)

        def forward(self, x):
            return self.network(x) / torch.where(x[:, :1, 0, 0] == 0.125, 0.0, 1.0)

    pictures = [noise(SIZE, seed=seed) for seed in range(3)]
    pictures[1][:, 0, 0] = 0.125
    classifier = classify(Overflowing(small()), SIZE)
    answers, targets = asked(classifier, Saliency(), pictures)
    assert isinstance(answers[1], ExplanationError)
    assert "not finite" in str(answers[1])
    for row in (0, 2):
        same(answers[row], Saliency()(classifier, pictures[row], targets[row]))


def test_a_gradient_that_is_not_finite_spoils_no_other(small, classify, noise):
    class Root(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, x):
            return self.network(x) + x[:, 0, 0, :1].sqrt()

    pictures = [noise(SIZE, seed=seed).clone() for seed in range(3)]
    pictures[2][:, 0, 0] = 0
    classifier = classify(Root(small()), SIZE)
    answers, targets = asked(classifier, Saliency(), pictures)
    assert isinstance(answers[2], ExplanationError)
    for row in (0, 1):
        same(answers[row], Saliency()(classifier, pictures[row], targets[row]))


def test_classes_are_compared_and_those_that_do_not_exist_refused(conv, noise):
    pictures = [noise((29, 24), seed=seed) for seed in range(3)]
    answers, targets = asked(conv, Saliency(), pictures, versus=True)
    for answer, picture, target in zip(answers, pictures, targets, strict=True):
        same(answer, Saliency()(conv, picture, target))
    seen = [Seen.of(conv, picture) for picture in pictures]
    first, second, _ = explain_several(Saliency(), conv, seen, [Target(0), Target(7), Target(1)])
    assert isinstance(second, ExplanationError)
    same(first, Saliency()(conv, pictures[0], Target(0)))


def test_none_and_one(conv, noise):
    assert explain_several(Saliency(), conv, [], []) == []
    picture = noise((29, 24))
    (answer,) = explain_several(Saliency(), conv, [Seen.of(conv, picture)], [Target(1)])
    same(answer, Saliency()(conv, picture, Target(1)))
