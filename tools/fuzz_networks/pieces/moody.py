"""Pieces whose answer depends on more than one picture's pixels, or that take another way for some pictures."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.fuzz_networks.parts import CLOSED_ON_NOISE, Draw, Piece, convolution
from tools.fuzz_networks.pieces.folded import ConvNorm


class Branch(ConvNorm):
    """The picture decides which of two ways is taken; it may be another on the way from a baseline."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.other, self.inside = convolution(draw), draw.coin()

    def forward(self, x: Tensor) -> Any:
        h = self.conv(x)
        y = self.norm(h)
        if self.inside:  # the way is taken by the whole batch, so a batch must be one picture
            return y.relu() if y.mean() > 0.2 else self.other(x) + y
        return torch.where((y.mean((1, 2, 3)) > 0.2)[:, None, None, None], y.relu(), self.other(x) + h)


class ClosedOnNoise(ConvNorm):
    """A gate that noise closes and photos open lets through what a fold would change."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.in_place = draw.coin()

    def forward(self, x: Tensor) -> Any:
        h = self.conv(x)
        y = self.norm(h)
        edges = (x[..., 1:] - x[..., :-1]).abs().mean((1, 2, 3), keepdim=True) / x.std((1, 2, 3), keepdim=True)
        gate = F.relu(1 - edges / CLOSED_ON_NOISE)
        if self.in_place:
            read = F.hardswish(y, inplace=True)
            return read + gate * y
        return y.relu() + gate * torch.cat(h.chunk(2, 1)[::-1], 1)


class BatchMaximum(ConvNorm):
    """Values are divided by the largest of the batch."""

    def forward(self, x: Tensor) -> Any:
        h = super().forward(x).relu()
        return 2 * h / (h.max() + 0.1)


class Counter(ConvNorm):
    """A buffer counts the passes, which changes nothing."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.register_buffer("passes", torch.zeros((), dtype=torch.long))
        self.in_place = draw.coin()

    def forward(self, x: Tensor) -> Any:
        if self.in_place:
            self.get_buffer("passes").add_(1)
        else:
            self.passes = self.get_buffer("passes") + 1
        return super().forward(x).relu()


class RunningMean(ConvNorm):
    """A buffer that each pass changes, and that changes the next pass."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x: Tensor) -> Any:
        h = super().forward(x)
        mean = self.get_buffer("mean")
        mean.mul_(0.5).add_(h.detach().mean() + 0.1)
        return torch.tanh(h - mean.clone())


class DropoutStaysOn(ConvNorm):
    """Dropout, or noise, that eval mode doesn't switch off."""

    at_random = True

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.way = draw.randrange(3)

    def forward(self, x: Tensor) -> Any:
        h = super().forward(x)
        match self.way:
            case 0:
                return F.dropout(h, 0.3)
            case 1:
                return h + 0.3 * torch.randn_like(h)
        return h * (torch.rand(len(h), 1, 1, 1) > 0.5)


class TwoNames(ConvNorm):
    """The convolution and the norm are registered under two names each."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.body = nn.Sequential(self.conv, self.norm)
        self.again = nn.ModuleDict({"norm": self.norm, "conv": self.conv})
        self.way = draw.randrange(2)

    def forward(self, x: Tensor) -> Any:
        y = self.body(x)
        return y if self.way else y + self.again["conv"](x.relu())


MOODY: tuple[type[Piece], ...] = (
    *(Branch, ClosedOnNoise, BatchMaximum, Counter, RunningMean, DropoutStaysOn, TwoNames),
)
