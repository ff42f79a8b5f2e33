"""Hashes of networks whose state is more than plain tensors."""

import functools

import pytest
import torch
from torch import nn

from explainers.classifiers.identity import identity


class Carrier(nn.Module):
    """A network with extra state, buffers and settings."""

    def __init__(self, state=None, buffer=None, setting=None):
        super().__init__()
        self.state, self.setting = state, setting
        self.register_buffer("buffer", buffer)

    def get_extra_state(self):
        return self.state

    def set_extra_state(self, state):
        self.state = state


class Record:
    def __init__(self, value):
        self.value, self.itself = value, self


STATES = [
    {"version": 1},
    {"version": 2},
    {"scales": torch.ones(2)},
    {"scales": torch.zeros(2)},
    [1, 2],
    {1, 2},
    frozenset({"a", "b"}),
    b"bytes",
    torch.float16,
    Record(1),
    Record(2),
    [Record(torch.ones(1)), None],
]


def test_extra_states_of_any_kind_are_told_apart():
    assert len({identity(Carrier(state), ()) for state in STATES}) == len(STATES)


@pytest.mark.parametrize("make", [lambda: Record(1), object, lambda: {"a": object()}, lambda: [Record([object()])]])
def test_equal_extra_states_have_one_hash_wherever_they_lie_in_memory(make):
    one, other = make(), make()
    assert identity(Carrier(one), ()) == identity(Carrier(other), ())


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support")
def test_tensors_of_every_kind_are_told_apart():
    tensors = [
        torch.tensor([1.0, 2.0]),
        torch.tensor([1.0, 3.0]),
        torch.tensor([1.0, 2.0]).to_sparse(),
        torch.tensor([[1.0, 2.0]]).to_sparse_csr(),
        torch.tensor([1 + 2j, 3.0]),
        torch.tensor([1 + 2j, 3.0]).conj(),
        torch.tensor([1, 2], dtype=torch.int8),
        torch.tensor(1.5),
        torch.tensor([1.0, 2.0], dtype=torch.bfloat16),
        torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn),
        torch.zeros(0, 3),
        torch.zeros(3, 0),
    ]
    assert len({identity(Carrier(buffer=tensor), ()) for tensor in tensors}) == len(tensors)
    for tensor in tensors:
        assert identity(Carrier(buffer=tensor), ()) == identity(Carrier(buffer=tensor.clone()), ())


@pytest.mark.filterwarnings("ignore::UserWarning")  # that quantised tensors are deprecated
def test_quantised_tensors_are_told_by_their_integers_and_scales():
    scales, zeros, values = torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), torch.tensor([[1.0], [2.0]])
    tensors = [torch.quantize_per_tensor(values, scale, zero, torch.qint8) for scale in (0.1, 0.2) for zero in (0, 1)]
    tensors += [torch.quantize_per_channel(values, scale, zeros, 0, torch.qint8) for scale in (scales, 2 * scales)]
    assert len({identity(Carrier(buffer=tensor), ()) for tensor in tensors}) == len(tensors)


def scaled(factor):
    return lambda x: x * factor


def test_functions_are_told_by_their_code_and_constants_not_by_where_they_lie():
    def settings():
        return [
            lambda x: x + 1,
            lambda x: x + 2,
            lambda x: x - 1,
            lambda x, y=1: x + y,
            lambda x, y=2: x + y,
            scaled(2),
            scaled(3),
            functools.partial(max, 1),
            functools.partial(max, 2),
            (max, lambda x: {"a", "b"}),
        ]

    hashes = [[identity(Carrier(setting=setting), ()) for setting in settings()] for _ in range(2)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes[0])) == len(hashes[0])


def test_a_function_that_knows_its_network_is_no_trouble():
    network = Carrier()
    network.setting = lambda x: network(x)
    assert identity(network, ()) == identity(network, ())
