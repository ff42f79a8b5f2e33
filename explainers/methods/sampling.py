"""Means over random pictures: draws that repeat, and sums that keep nothing of a chunk."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from explainers.passes import Passes

# (numbers of the samples, the target's row for each of them) -> their values (n, ...)
Sample = Callable[[range, Tensor], Tensor]


def seeds(seed: int, count: int) -> list[int]:
    """A seed for each of `count` samples, so that a chunk is drawn when it's its turn, and again if it didn't fit."""
    return [int(each) for each in torch.randint(2**62, (count,), generator=torch.Generator().manual_seed(seed))]


def gaussian(seed: int, like: Tensor) -> Tensor:
    """Standard normal numbers in the shape of `like`, the same on every device."""
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed)).to(like)


def moments(passes: Passes, count: int, row: int, centre: Tensor, sample: Sample) -> tuple[Tensor, Tensor]:
    """The mean and the mean square of what `count` samples differ from `centre`, each shaped as it.

    Differences to a number near the mean keep their digits when they are squared. Memory doesn't grow with `count`.
    """
    sums = torch.zeros_like(torch.stack([centre, centre]))

    def work(part: slice) -> None:
        numbers = range(part.start, part.stop)
        rows = torch.full((len(numbers),), row, device=passes.index.device)
        away = sample(numbers, rows) - centre
        sums.add_(torch.stack([away.sum(0), away.square().sum(0)]))

    passes.run(count, work)
    mean, square = sums / count
    return mean, square
