"""Passes through a network: private, counted, in order, cancellable."""

import pytest
import torch
from torch import nn

from explainers import ExplanationError, Progress, Target
from explainers.engine import Passes


def passes(classifier, *targets, **more):
    return Passes(classifier, targets or [Target(1)], prepared=True, **more)


@pytest.mark.parametrize(
    ("size", "chunk"),
    [((224, 224), 8), ((112, 112), 32), ((64, 64), 64), ((5, 7), 64), ((299, 299), 4), ((999, 999), 1)],
)
def test_the_chunk_follows_from_the_size_alone(classify, size, chunk):
    class Means(nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    assert passes(classify(Means(), size)).chunk == chunk


def test_the_network_is_a_private_frozen_copy_that_shares_the_weights(conv):
    for prepared, original in ((False, conv.network), (True, conv.prepared)):
        private = Passes(conv, [Target(1)], prepared=prepared).network
        assert all(mine is not its for mine, its in zip(private.modules(), original.modules(), strict=True))
        for mine, its in zip(private.parameters(), original.parameters(), strict=True):
            assert mine.data_ptr() == its.data_ptr()
            assert not mine.requires_grad
        assert not any(module.training for module in private.modules())


def test_every_pass_is_counted_and_answered_in_order(conv, noise):
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
def test_rows_say_whose_target_is_meant(conv, noise, scale):
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
        passes(conv, Target(1), other)


def test_progress_is_told_before_each_pass(conv, noise):
    told = []
    own = passes(conv, total=9, on_progress=told.append)
    for count in (2, 3, 4):
        own(noise(conv.size).expand(count, -1, -1, -1), torch.zeros(count, dtype=torch.long))
    assert told == [Progress(0, 9), Progress(2, 9), Progress(5, 9)]


def test_progress_may_cancel(conv, noise):
    class Cancelled(BaseException):
        pass

    def cancel(progress):
        raise Cancelled

    own = passes(conv, on_progress=cancel)
    with pytest.raises(Cancelled):
        own(noise(conv.size)[None], own.rows())
    assert own.count == 0


def test_answers_that_do_not_fit_are_refused(small, classify, noise):
    own = passes(classify(small(), (24, 24), classes=4, name="it"))
    with pytest.raises(ExplanationError, match="it gives"):
        own(noise((24, 24))[None], own.rows())
