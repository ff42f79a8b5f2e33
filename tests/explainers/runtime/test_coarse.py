"""Numbers coarser than float32 are told by their type, and seen wherever an operation puts them out."""

import pytest
import torch

from explainers.runtime.coarse import CoarseNumbers, is_coarse

COARSE = (torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.complex32)
OTHERS = (torch.float32, torch.float64, torch.complex64, torch.complex128, torch.int8, torch.int64, torch.bool)


@pytest.mark.parametrize(
    ("dtype", "expected"), [*((dtype, True) for dtype in COARSE), *((dtype, False) for dtype in OTHERS)], ids=str
)
def test_a_type_tells(dtype, expected):
    assert is_coarse(dtype) is expected


class Inside(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.bfloat16().float()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x.half().float(), True),
        (Inside.apply, True),
        (lambda x: (x > 0).float().sum(), False),
        (lambda x: torch.topk(x, 2), False),
    ],
)
def test_operations_are_seen_also_those_that_autograd_does_not_know(function, expected):
    with CoarseNumbers() as coarse:
        function(torch.rand(4))
    assert coarse.found is expected
