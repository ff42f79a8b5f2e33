"""Passes through a network: private, counted, in order, cancellable, one chunk at a time."""

import threading
import time
from types import SimpleNamespace
from typing import ClassVar

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from explainers import (
    CAM,
    ExplanationError,
    GuidedBackprop,
    IntegratedGradients,
    Occlusion,
    Progress,
    Saliency,
    ScoreCAM,
    Target,
)
from explainers.passes import Passes, chunk_size
from explainers.runtime.turns import turns

TARGET = Target(1)
CPU = torch.device("cpu")


class Cancelled(BaseException):
    """Raised by a progress bar whose visitor has left."""


@pytest.fixture
def passes():
    """(classifier, *targets, ...) -> passes that have been entered."""
    entered = []

    def enter(classifier, *targets, **more):
        entered.append(Passes(classifier, targets or [TARGET], fused=True, **more).__enter__())
        return entered[-1]

    yield enter
    for own in entered:
        own.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("size", "device", "chunk"),
    [
        ((224, 224), "cpu", 8),
        ((112, 112), "cpu", 16),
        ((64, 64), "cpu", 16),
        ((5, 7), "cpu", 16),
        ((299, 299), "cpu", 4),
        ((999, 999), "cpu", 1),
        ((224, 224), "cuda", 32),
        ((299, 299), "cuda", 16),
        ((160, 160), "cuda:1", 60),
        ((64, 64), "cuda", 64),
        ((999, 999), "cuda", 4),
        ((224, 224), "mps", 8),
    ],
)
def test_the_chunk_follows_from_the_size_and_the_device_alone(size, device, chunk):
    classifier = SimpleNamespace(size=size, device=torch.device(device))
    assert chunk_size(classifier) == chunk
    assert chunk_size(classifier, forward_only=True) == 2 * chunk


def test_passes_begin_with_the_classifiers_chunk(conv, classify):
    assert Passes(conv, [TARGET], fused=True).chunks.size == chunk_size(conv) == 16

    class Means(nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    assert Passes(classify(Means(), (224, 112)), [TARGET], fused=True).chunks.size == 16


def test_the_network_is_a_private_frozen_copy_that_shares_the_weights(conv):
    for prepared, original in ((False, conv.network), (True, conv.prepared)):
        private = Passes(conv, [Target(1)], fused=prepared).network
        assert all(mine is not its for mine, its in zip(private.modules(), original.modules(), strict=True))
        for mine, its in zip(private.parameters(), original.parameters(), strict=True):
            assert mine.data_ptr() == its.data_ptr()
            assert not mine.requires_grad
        assert not any(module.training for module in private.modules())


def test_every_pass_is_counted_and_answered_in_order(conv, noise, passes):
    own = passes(conv, Target(1, scale="probability"))
    pictures = torch.stack([noise(conv.size, seed=seed) for seed in range(5)])
    found = [own(part, torch.zeros(len(part), dtype=torch.long)) for part in pictures.split([1, 3, 1])]
    assert own.count == 5
    logits = conv.network(conv.normalise(pictures))
    torch.testing.assert_close(
        own.answers, torch.stack([logits[:, 1], logits.softmax(1)[:, 1]], 1), rtol=1e-4, atol=1e-6
    )
    assert torch.equal(torch.cat(found), own.answers[:, own.column])


@pytest.mark.parametrize("scale", ["logit", "probability"])
def test_rows_say_whose_target_is_meant(conv, noise, passes, scale):
    own = passes(conv, Target(0, 1, scale), Target(2, 0, scale))
    pictures = torch.stack([noise(conv.size, seed=seed) for seed in range(3)])
    outputs = conv.network(conv.normalise(pictures))
    outputs = outputs if scale == "logit" else outputs.softmax(1)
    expected = torch.stack(
        [outputs[0, 2] - outputs[0, 0], outputs[1, 0] - outputs[1, 1], outputs[2, 2] - outputs[2, 0]]
    )
    torch.testing.assert_close(own(pictures, torch.tensor([1, 0, 1])), expected, rtol=1e-4, atol=1e-6)
    assert own.rows().tolist() == [0, 1]


@pytest.mark.parametrize("other", [Target(0, versus=2), Target(0, scale="probability")], ids=str)
def test_one_call_explains_one_kind_of_number(conv, other):
    with pytest.raises(ValueError, match="must share"):
        Passes(conv, [TARGET, other], fused=True)


def test_progress_is_told_before_each_pass(conv, noise, passes):
    told = []
    own = passes(conv, total=9, on_progress=told.append)
    for count in (2, 3, 4):
        own(noise(conv.size).expand(count, -1, -1, -1), torch.zeros(count, dtype=torch.long))
    assert told == [Progress(0, 9), Progress(2, 9), Progress(5, 9)]


def test_progress_may_cancel(conv, noise, passes):
    def cancel(progress):
        raise Cancelled

    own = passes(conv, on_progress=cancel)
    with pytest.raises(Cancelled):
        own(noise(conv.size)[None], own.rows())
    assert own.count == 0


def test_answers_that_do_not_fit_are_refused(small, classify, noise, passes):
    own = passes(classify(small(), (24, 24), classes=4, name="it"))
    with pytest.raises(ExplanationError, match="it gives"):
        own(noise((24, 24))[None], own.rows())


def test_a_preview_goes_to_whoever_looks(conv, passes):
    seen = []
    looked_at = passes(conv)
    looked_at.on_preview = seen.append
    looked_at.preview("a map")
    passes(conv).preview("a map that nobody looks at")
    assert seen == ["a map"]


# Chunks


def test_pictures_in_chunks_are_answered_as_one(conv, noise, passes):
    whole, parts = passes(conv, TARGET, Target(2)), passes(conv, TARGET, Target(2))
    parts.chunks.size = 3
    pictures = torch.stack([noise(conv.size, seed=seed) for seed in range(7)])
    rows = torch.tensor([0, 1, 1, 0, 0, 1, 0])
    expected = whole(pictures, rows)
    whole.__exit__(None, None, None)  # or the others wait for their turn for ever
    torch.testing.assert_close(parts.in_chunks(pictures, rows), expected, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(parts.answers, whole.answers, rtol=1e-4, atol=1e-6)


def test_answers_of_work_that_failed_are_forgotten(conv, noise, passes):
    own, sizes = passes(conv), []

    def work(part):
        count = part.stop - part.start
        sizes.append(count)
        own(noise(conv.size).expand(count, -1, -1, -1), torch.zeros(count, dtype=torch.long))
        if count > 2:
            raise MemoryError  # on the way back

    own.chunks.size = 4
    own.run(5, work)
    assert sizes == [4, 2, 2, 1]
    assert own.count == len(own.answers) == 5


# Without gradients


class Saved(torch.autograd.Function):
    """Squares that save what their gradient needs."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.square()

    @staticmethod
    def backward(ctx, gradient):
        return 2 * ctx.saved_tensors[0] * gradient


class Unusual(nn.Module):
    """A network in front of which something happens that a gradient would be needed for, or that later passes meet."""

    kept: ClassVar[dict[str, torch.Tensor]] = {}

    def __init__(self, network, how):
        super().__init__()
        self.network, self.how = network, how

    def forward(self, x):
        if self.how == "a tensor of the first pass is kept, outside of the network":
            x = x * self.kept.setdefault("slopes", torch.linspace(0.5, 1.5, x.shape[-1]) * 1.0)
        if self.how == "tensors are overwritten":
            x = x.mul(2).sub_(0.25).clamp_(0.1)
        if self.how == "tensors are saved":
            x = Saved.apply(x)
        if self.how == "checkpoint":
            return checkpoint(self.network, x, use_reentrant=False)
        if self.how == "the gradient of a part":
            with torch.enable_grad():
                inner = x.detach().requires_grad_()
                x = x + torch.autograd.grad(inner.pow(3).sum(), inner)[0]
        return self.network(x)


@pytest.mark.parametrize(
    "how",
    [
        "a tensor of the first pass is kept, outside of the network",
        "tensors are overwritten",
        "tensors are saved",
        "checkpoint",
        "the gradient of a part",
    ],
)
@pytest.mark.parametrize("kind", [Occlusion, ScoreCAM])
def test_what_needs_no_gradient_leaves_a_network_ready_for_one(small, classify, noise, apart, kind, how):
    network, size = Unusual(small(), how), (24, 24)
    classifier = classify(network, size)
    expected = Saliency()(classifier, noise(size), TARGET).values
    Unusual.kept.clear()  # so that the next pass keeps something, which under inference_mode nothing could be saved of
    assert kind.forward_only
    found = kind(**kind.examples.uncut)(classifier, noise(size), TARGET)
    assert found.heat.any()
    assert not found.facts.refuted
    assert apart(Saliency()(classifier, noise(size), TARGET).values, expected) < 1e-6


# Turns


@pytest.fixture
def chunks_of_four(monkeypatch):
    """Four pictures per pass, so that small work takes many."""
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 4)


class Door(torch.autograd.Function):
    """Nothing at all, but that the way back through it is noticed."""

    @staticmethod
    def forward(ctx, x, leave):
        ctx.leave = leave
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        ctx.leave()
        return gradient, None


class Guarded(nn.Module):
    """A network that says when it is entered, and left: at the end of the way back, if there is one."""

    def __init__(self, network, enter, leave):
        super().__init__()
        self.network, self.enter, self.leave = network, enter, leave

    def forward(self, x):
        self.enter()
        back = x.requires_grad
        found = self.network(Door.apply(x, self.leave))
        if not back:
            self.leave()
        return found


def predict(classifier, picture):
    return classifier.predict(picture)


def explain(explainer):
    return lambda classifier, picture: explainer(classifier, picture, TARGET)


WORK = {
    "gradient": explain(Saliency()),
    "guided": explain(GuidedBackprop()),
    "path": explain(IntegratedGradients(steps=20)),
    "occlusion": explain(Occlusion(patch=12, stride=6)),
    "cam": explain(CAM()),
    "prediction": predict,
}


@pytest.mark.usefixtures("chunks_of_four")
def test_one_chunk_at_a_time_computes_there_and_back(small, classify, noise, job):
    inside, most = [], []

    def enter():
        inside.append(threading.current_thread().name)
        most.append(len(inside))
        time.sleep(0.001)  # where others would come in

    def leave():
        time.sleep(0.001)
        most.append(len(inside))
        inside.remove(threading.current_thread().name)

    classifier = classify(Guarded(small(), enter, leave), (24, 24), prepare=False)
    assert classifier.activations
    assert classifier.traits
    explain(IntegratedGradients(steps=20))(classifier, noise((24, 24)))  # and so are the samples of the path
    explain(Occlusion(patch=12, stride=6))(classifier, noise((24, 24)))
    inside.clear()  # for those are verified without a way back
    most.clear()
    start = threading.Barrier(len(WORK))

    def work(ask):
        start.wait()
        for _ in range(3):
            ask(classifier, noise((24, 24)))

    for each in [job(lambda ask=ask: work(ask), name) for name, ask in WORK.items()]:
        each.get()
    assert len(most) == 2 * 3 * (1 + 1 + 6 + 3 + 1 + 1)
    assert set(most) == {1}
    assert inside == []


@pytest.mark.usefixtures("chunks_of_four")
@pytest.mark.parametrize("rivals", [1, 3])
@pytest.mark.parametrize("ask", WORK)
def test_a_short_request_waits_for_at_most_two_chunks_of_longer_ones(small, classify, noise, asked, job, ask, rivals):
    chunks, served, short = [], [], []  # chunks of the long ones; how many when the short one had its first turn

    def enter():
        name = threading.current_thread().name
        if name == "short":
            served.append(len(chunks))
        elif name.startswith("long"):
            chunks.append(name)
            if len(chunks) == 20:
                short.append(job(lambda: WORK[ask](classifier, noise((24, 24))), "short"))
                asked.until("short")

    def leave(progress):
        if short and not short[0].is_alive():
            raise Cancelled

    classifier = classify(Guarded(small(), enter, lambda: None), (24, 24))
    assert classifier.activations
    long = IntegratedGradients(steps=1000)
    with turns(CPU):
        names = [f"long {number}" for number in range(rivals)]
        jobs = [job(lambda: long(classifier, noise((24, 24)), TARGET, on_progress=leave), name) for name in names]
        for name in names:
            asked.until(name)
    for each in jobs:
        with pytest.raises(Cancelled):  # none of them came to its end before
            each.get()
    assert short[0].get()
    assert served[0] - 20 <= 1  # however many had asked before: every third turn is theirs


@pytest.mark.usefixtures("chunks_of_four")
def test_a_cancelled_call_makes_no_further_pass_and_hands_its_turn_on(small, classify, watched, noise, job):
    def cancel(progress):
        if progress.done >= 12:
            raise Cancelled

    batches = []
    classifier = classify(watched(small(), lambda x: batches.append(len(x))), (24, 24))
    batches.clear()
    with pytest.raises(Cancelled):
        IntegratedGradients(steps=100)(classifier, noise((24, 24)), TARGET, on_progress=cancel)
    assert batches == [4, 4, 4]
    job(lambda: classifier.predict(noise((24, 24)))).get()
    assert batches == [4, 4, 4, 1]


@pytest.mark.parametrize("ask", WORK)
def test_work_waits_for_its_turn(small, classify, watched, noise, asked, job, ask):
    batches = []
    classifier = classify(watched(small(), lambda x: batches.append(len(x))), (24, 24))
    assert classifier.activations
    batches.clear()
    with turns(CPU):
        waiting = job(lambda: WORK[ask](classifier, noise((24, 24))), "waiting")
        asked.until("waiting")
        assert batches == []
    assert waiting.get()
    assert batches


class Broken(Exception):
    """Raised by a network."""


@pytest.mark.parametrize("ask", WORK)
def test_a_network_that_fails_loses_no_turn(small, classify, watched, noise, job, ask):
    def fail(x):
        if broken:
            raise Broken

    broken = []
    classifier = classify(watched(small(), fail), (24, 24))
    assert classifier.activations
    broken.append(True)
    with pytest.raises(Broken):
        WORK[ask](classifier, noise((24, 24)))
    broken.clear()
    assert job(lambda: WORK[ask](classifier, noise((24, 24)))).get()


def test_answers_that_are_refused_lose_no_turn(conv, noise, job):
    for ask in WORK.values():
        with pytest.raises(ExplanationError, match="not finite"):
            ask(conv, noise(conv.size) * float("nan"))
    assert job(lambda: conv.predict(noise(conv.size))).get()


def test_a_turn_is_kept_until_the_next_pass_asks_or_the_call_ends(conv, noise, asked, job):
    def once():
        with turns(CPU):
            pass

    with Passes(conv, [TARGET], fused=True) as own:
        job(once).get()  # who has only entered doesn't compute yet
        for name in ("second", "third"):
            own(noise(conv.size)[None], own.rows())
            waiting = job(once, name)
            asked.until(name)
            if name == "second":
                own(noise(conv.size)[None], own.rows())
                waiting.get()
    waiting.get()


def test_who_is_cancelled_while_waiting_gives_back_no_turn(conv, noise):
    told, comes = [], iter([True, False])

    def take(pictures):
        told.append("take")
        if not next(comes):
            raise Cancelled  # as by Ctrl+C

    with pytest.raises(Cancelled), Passes(conv, [TARGET], fused=True) as own:  # noqa: PT012
        own._turns = SimpleNamespace(take=take, give=lambda: told.append("give"))
        own(noise(conv.size)[None], own.rows())
        own(noise(conv.size)[None], own.rows())
    assert told == ["take", "give", "take"]


def test_a_call_asks_for_its_turn_with_all_it_has_had(conv, noise, passes):
    told = []
    own = passes(conv)
    own._turns = SimpleNamespace(take=told.append, give=lambda: None)
    for count in (3, 1, 4):
        own(noise(conv.size).expand(count, -1, -1, -1), torch.zeros(count, dtype=torch.long))
    assert told == [3, 4, 8]


def test_passes_are_refused_where_nobody_would_give_their_turn_back(conv, noise):
    own = Passes(conv, [TARGET], fused=True)
    with pytest.raises(RuntimeError, match="enter the passes"):
        own(noise(conv.size)[None], own.rows())
    with own:
        own(noise(conv.size)[None], own.rows())
    with pytest.raises(RuntimeError, match="enter the passes"):
        own(noise(conv.size)[None], own.rows())
    assert own.count == 1
