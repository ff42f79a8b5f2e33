"""Modes that see every operation import torch's compiler only where something is compiled."""

import sys

import torch

from explainers.runtime.dispatch import COMPILER, DispatchMode


class Counting(DispatchMode):
    """Counts operations, and those that the compiler is kept out of."""

    def __init__(self):
        super().__init__()
        self.operations = self.shielded = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.operations += 1
        frame = sys._getframe(1)
        while frame:
            self.shielded += "_dynamo" in frame.f_code.co_filename
            frame = frame.f_back
        return func(*args, **(kwargs or {}))


def test_without_a_compiler_every_operation_is_seen_and_it_is_not_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, COMPILER, raising=False)
    with Counting() as counting:
        assert torch.ones(3).add(1).equal(torch.full((3,), 2.0))
    assert counting.operations >= 2
    assert counting.shielded == 0
    assert COMPILER not in sys.modules


def test_where_there_is_a_compiler_it_is_kept_out():
    import torch._dynamo

    with Counting() as counting:
        torch.ones(3).add(1)
    assert counting.operations >= 2
    assert counting.shielded >= counting.operations
