"""When memory runs out: smaller chunks, the same map, and a sentence where even one picture doesn't fit."""

import weakref

import pytest
import torch
from torch import nn

from explainers import (
    EXPLAINERS,
    LIME,
    RISE,
    BlurIntegratedGradients,
    ExpectedGradients,
    ExplanationError,
    FeatureAblation,
    GuidedIntegratedGradients,
    IntegratedGradients,
    KernelSHAP,
    Occlusion,
    Saliency,
    SmoothGrad,
    Target,
)
from explainers.passes import Passes
from explainers.runtime.chunks import Chunks, enough_memory
from explainers.runtime.turns import turns

TARGET = Target(1)
CPU = (  # as torch 2.15 says it
    "[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes. "
    "Error code 12 (Cannot allocate memory)"
)
SHORTAGES = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError(CPU),
]
OTHERS = [RuntimeError("shapes cannot be multiplied"), ValueError("can't allocate memory"), KeyboardInterrupt()]
SENTENCE = "^There is not enough memory to run even one picture through this classifier. Choose a smaller classifier, "


def kind_of(value):
    return type(value).__name__


# Chunks


def worked(chunks, count, room, error):
    """The slices that `chunks` worked through and those that it tried in vain, where `room` pictures fit."""
    done, failed = [], []

    def work(part):
        if part.stop - part.start > room:
            failed.append(part)
            raise error
        done.append(part)

    chunks.run(count, work)
    return done, failed


@pytest.mark.parametrize("error", SHORTAGES, ids=kind_of)
@pytest.mark.parametrize("room", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 100])
def test_everything_is_worked_through_once_in_order_however_little_fits(count, room, error):
    chunks = Chunks(8)
    done, failed = worked(chunks, count, room, error)
    assert [index for part in done for index in range(part.start, part.stop)] == list(range(count))
    assert chunks.halvings == len(failed)
    assert (chunks.size == 8) == (chunks.halvings == 0) == (min(count, 8) <= room)
    assert all(part.stop - part.start <= chunks.size for part in done[1:])


@pytest.mark.parametrize(("count", "size", "room", "left"), [(8, 8, 3, 2), (20, 64, 3, 2), (9, 64, 8, 4), (5, 4, 1, 1)])
def test_chunks_are_halved_from_what_was_tried_and_stay_so(count, size, room, left):
    chunks = Chunks(size)
    worked(chunks, count, room, MemoryError())
    assert chunks.size == left
    halvings = chunks.halvings
    done, failed = worked(chunks, count, room, MemoryError())
    assert failed == []
    assert [part.stop - part.start for part in done[:-1]] == [left] * (len(done) - 1)
    assert (chunks.size, chunks.halvings) == (left, halvings)


def test_memory_that_runs_out_on_the_way_costs_only_the_chunk_it_ran_out_in():
    done = []

    def work(part):
        done.append(part)
        if part.start >= 8 and part.stop - part.start > 2:
            raise MemoryError

    Chunks(4).run(12, work)
    assert done == [slice(0, 4), slice(4, 8), slice(8, 12), slice(8, 10), slice(10, 12)]


def test_nothing_is_worked_through_where_there_is_nothing():
    assert worked(Chunks(8), 0, 0, MemoryError()) == ([], [])


@pytest.mark.parametrize("error", SHORTAGES, ids=kind_of)
def test_one_picture_that_does_not_fit_is_an_error(error):
    with pytest.raises(type(error)) as raised:
        worked(Chunks(8), 9, 0, error)
    assert raised.value is error


@pytest.mark.parametrize("error", OTHERS, ids=kind_of)
def test_other_errors_pass_at_once(error):
    chunks, asked = Chunks(8), []

    def work(part):
        asked.append(part)
        raise error

    with pytest.raises(type(error)) as raised:
        chunks.run(9, work)
    assert raised.value is error
    assert asked == [slice(0, 8)]
    assert (chunks.size, chunks.halvings) == (8, 0)


def test_what_did_not_fit_is_let_go_before_the_next_try():
    class Activations:
        pass

    kept = []

    def work(part):
        assert [ref() for ref in kept] == [None] * len(kept)
        activations = Activations()
        kept.append(weakref.ref(activations))
        if part.stop - part.start > 1:
            raise MemoryError

    Chunks(8).run(8, work)
    assert len(kept) == 3 + 8


# The sentence


@pytest.mark.parametrize("error", SHORTAGES, ids=kind_of)
def test_it_is_said_when_memory_runs_out(error):
    with pytest.raises(ExplanationError, match=SENTENCE) as raised, enough_memory():
        raise error
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__  # it holds the activations that didn't fit


@pytest.mark.parametrize("error", OTHERS, ids=kind_of)
def test_other_errors_are_left_as_they_are(error):
    with pytest.raises(type(error)) as raised, enough_memory():
        raise error
    assert raised.value is error


def test_with_enough_of_it_nothing_happens():
    with enough_memory():
        pass


# Methods


class Backwards(torch.autograd.Function):
    """Nothing, but that memory may run out on the way back."""

    @staticmethod
    def forward(ctx, x, allocate):
        ctx.allocate = allocate
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        ctx.allocate(gradient)
        return gradient, None


class Narrow(nn.Module):
    """A network that so many pictures at once don't fit into, there or back."""

    def __init__(self, network, allocate, back):
        super().__init__()
        self.network, self.allocate, self.back = network, allocate, back

    def forward(self, x):
        if self.back:
            return self.network(Backwards.apply(x, self.allocate))
        found = self.network(x)
        self.allocate(x)
        return found


@pytest.fixture(params=["there", "back"])
def narrow(request, small, attentive, classify, conv64):
    """A classifier like `conv64`, and a list: what is in it is how many pictures fit, if there is something."""
    room = []

    def allocate(tensor):
        if room and len(tensor) > room[0]:
            raise RuntimeError(CPU)

    kind = request.node.callspec.params.get("kind")
    make = attentive if kind and kind.needs_attention else small
    network = Narrow(make(dtype=torch.float64), allocate, request.param == "back")
    return classify(network, conv64.size, mean=conv64.mean, std=conv64.std, name="narrow"), room


def attributed(explainer, classifier, picture):
    """What a method finds, in the classifier's own precision, and the passes that it made."""
    with Passes(classifier, [TARGET], fused=True, forward_only=explainer.forward_only) as passes:
        return explainer.attribute(passes, picture[None]), passes


@pytest.mark.parametrize(
    ("narrow", "explainer", "halvings"),
    [
        *((way, IntegratedGradients(steps=20), 3) for way in ("there", "back")),  # 16, 8, 4, 2
        *((way, IntegratedGradients(), 3) for way in ("there", "back")),
        ("back", IntegratedGradients(baseline="random", draws=2), 3),  # 16, 8, 4, 2
        ("back", BlurIntegratedGradients(steps=20), 3),
        ("back", GuidedIntegratedGradients(steps=2, points=20), 3),
        ("back", SmoothGrad(samples=20), 3),
        ("back", ExpectedGradients(draws=11, points=8), 3),
        *(  # no way back: 32, 16, 8, 4, 2
            ("there", kind(**kind.examples.few), 4) for kind in (Occlusion, FeatureAblation, LIME, KernelSHAP, RISE)
        ),
    ],
    ids=str,
    indirect=["narrow"],
)
def test_the_map_comes_in_smaller_chunks(narrow, conv64, noise, apart, explainer, halvings):
    (classifier, room), picture = narrow, noise(conv64.size, dtype=torch.float64)
    before, expected = attributed(explainer, classifier, picture)
    room.append(3)
    found, passes = attributed(explainer, classifier, picture)
    assert apart(found.values, before.values) < 1e-9
    assert (passes.chunks.size, passes.chunks.halvings) == (2, halvings)
    assert passes.count == len(passes.answers) == expected.count
    torch.testing.assert_close(passes.answers, expected.answers, rtol=1e-9, atol=0)
    if isinstance(explainer, IntegratedGradients):
        assert (found.traces[0].alphas == before.traces[0].alphas).all()
        for curve, whole in zip(vars(found.traces[0]).values(), vars(before.traces[0]).values(), strict=True):
            assert curve == pytest.approx(whole, rel=1e-9, abs=1e-12)
        levels = [[level.points for level in of.histories[0]] for of in (found, before)]
        assert levels[0] == levels[1]

    explanation = explainer(classifier, picture, TARGET)
    assert apart(explanation.values, found.values[0]) < 1e-6  # which are kept in float32
    facts = explanation.facts
    assert (facts.passes, facts.chunk, facts.halvings) == (expected.count, 2, halvings)


def test_several_pictures_share_what_fits(narrow, conv64, noise, apart):
    classifier, room = narrow
    pictures = torch.stack([noise(conv64.size, seed=seed, dtype=torch.float64) for seed in range(3)])
    targets, explainer = [Target(0), Target(2), Target(1)], IntegratedGradients(steps=9)
    found = []
    for _ in range(2):
        with Passes(classifier, targets, fused=True) as passes:
            found.append(explainer.attribute(passes, pictures))
        room.append(3)
    assert apart(found[1].values, found[0].values) < 1e-9
    assert passes.chunks.halvings == 3  # 16, 8, 4, 2: what one chunk has learned, the next ones know
    assert passes.count == 3 * 11


@pytest.mark.parametrize("narrow", ["there"], indirect=True)
@pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)
def test_a_picture_that_never_fits_is_refused_in_a_sentence(narrow, noise, job, kind):
    classifier, room = narrow
    room.append(0)
    with pytest.raises(ExplanationError, match=SENTENCE):
        kind()(classifier, noise(classifier.size), TARGET)
    room.clear()
    rough = kind(**kind.examples.few)
    assert job(lambda: rough(classifier, noise(classifier.size), TARGET)).get().heat.any()  # no turn was lost


@pytest.mark.parametrize("narrow", ["back"], indirect=True)
@pytest.mark.parametrize("kind", [IntegratedGradients, Saliency], ids=lambda kind: kind.__name__)
def test_a_picture_whose_gradient_never_fits_is_refused_in_a_sentence(narrow, noise, kind):
    classifier, room = narrow
    room.append(0)
    with pytest.raises(ExplanationError, match=SENTENCE):
        kind()(classifier, noise(classifier.size), TARGET)


@pytest.mark.parametrize("narrow", ["there"], indirect=True)
def test_a_prediction_that_does_not_fit_is_refused_in_a_sentence(narrow, noise, job):
    classifier, room = narrow
    room.append(0)
    with pytest.raises(ExplanationError, match=SENTENCE):
        classifier.predict(noise(classifier.size))
    with turns(torch.device("cpu")):  # no turn was lost
        room.clear()
    assert job(lambda: classifier.predict(noise(classifier.size))).get()
