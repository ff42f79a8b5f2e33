import pytest
import torch
from torch.nn import functional as F

from explainers.runtime.memory_reads import recording_reads


@pytest.fixture
def pictures():
    return torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("read", "count"),
    [
        (lambda h: h + 1, 1),
        (lambda h: h + h, 1),
        (lambda h: (h + 1, h - 1), 2),
        (lambda h: h[:, :1] + 1, 2),  # the view, and what reads it
        (lambda h: torch.zeros(2, 3).copy_(h), 1),
        (lambda h: h.relu_(), 1),
        (lambda h: torch.ones(3), 0),
    ],
)
def test_counts_the_operations_that_were_given_a_tensors_memory(pictures, read, count):
    with recording_reads(pictures) as reads:
        h = pictures * 2
        read(h)
    assert reads.readers(h) == count


def test_counts_from_an_operation_on(pictures):
    with recording_reads(pictures) as reads:
        h = pictures * 2
        h.sin()
        start = len(reads.read)
        h.cos()
    assert (reads.readers(h), reads.readers(h, start)) == (2, 1)


@pytest.mark.parametrize(
    ("write", "count"),
    [
        (lambda h: h.relu_(), 1),
        (lambda h: h[:, :1].add_(1), 1),
        (lambda h: torch.sin(h, out=h), 1),
        (lambda h: torch.nn.functional.hardtanh(h, inplace=True), 1),
        (lambda h: torch.zeros(2, 3).copy_(h), 0),
        (lambda h: torch.zeros(2, 3).addcmul_(h, value=2, tensor2=h), 0),
        (lambda h: h + 1, 0),
    ],
)
def test_counts_the_operations_that_may_have_changed_a_tensors_memory(pictures, write, count):
    with recording_reads(pictures) as reads:
        h = pictures * 2
        start = len(reads.read)
        write(h)
    assert (reads.writers(h), reads.writers(h, len(reads.read))) == (count, 0)
    assert reads.readers(h, start) > 0


@pytest.mark.parametrize(
    "decide",
    [
        lambda x: bool((x > 2).any()),
        lambda x: x.sum().item(),
        lambda x: x.tolist(),
        lambda x: x.numpy(),
        lambda x: x[x > 2],
        lambda x: x.masked_select(x > 2),
        lambda x: x.nonzero(),
        lambda x: x.unique(),
        lambda x: x.unique_consecutive(),
        lambda x: x.long().flatten().bincount(),
        lambda x: torch.equal(x, x + 1),
        lambda x: torch.ones(3).repeat_interleave(x[1].long()),
        lambda x: torch.zeros(2, 3).copy_(x).sum().item(),
        lambda x: (x * 2).relu_().max().item(),
    ],
)
def test_values_of_the_picture_that_reach_python_decide(pictures, decide):
    with recording_reads(pictures) as reads:
        decide(pictures)
    assert reads.decides


@pytest.mark.parametrize(
    "work",
    [
        lambda x: F.relu(x).sum(),
        lambda x: x.where(x > 2, 0),
        lambda x: x[torch.tensor([1, 0])],
        lambda x: torch.ones(3)[torch.tensor([True, False, True])].sum().item() + x,
        lambda x: x.sort().values.topk(2).indices,
        lambda x: x.shape[0] * len(x),
    ],
)
def test_other_values_and_shapes_decide_nothing(pictures, work):
    with recording_reads(pictures) as reads:
        work(pictures)
    assert not reads.decides
