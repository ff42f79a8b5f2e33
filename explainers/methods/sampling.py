"""Moments over random pictures, with draws that can be repeated, and memory for one chunk."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from explainers.passes import Passes

# (numbers of n samples, the number of the target for each of them) -> their values (n, ...)
Sample = Callable[[range, Tensor], Tensor]


def seeds(seed: int, count: int) -> list[int]:
    """Return a seed for each of `count` samples, so that a chunk can be drawn when it passes, and again if need be."""
    return [int(value) for value in torch.randint(2**62, (count,), generator=torch.Generator().manual_seed(seed))]


def gaussian(seed: int, like: Tensor) -> Tensor:
    """Draw standard normal numbers in the shape of `like`, the same on every device."""
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed)).to(like)


def moments(passes: Passes, count: int, row: int, centre: Tensor, sample: Sample) -> tuple[Tensor, Tensor]:
    """Return the mean and the mean square of the differences between `count` samples and `centre`, in its shape.

    Differences from a value near the mean lose fewer digits when they are squared. Memory doesn't grow with `count`.
    """
    sums = torch.zeros_like(torch.stack([centre, centre]))

    def work(part: slice) -> None:
        numbers = range(part.start, part.stop)
        rows = torch.full((len(numbers),), row, device=passes.index.device)
        differences = sample(numbers, rows) - centre
        sums.add_(torch.stack([differences.sum(0), differences.square().sum(0)]))

    passes.run(count, work)
    mean, square = sums / count
    return mean, square
