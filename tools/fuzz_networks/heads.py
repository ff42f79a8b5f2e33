"""How random networks begin and end: with functions of the picture, a stem, and heads that give logits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.fuzz_networks.parts import WIDTH, Draw, convolution, linear, norm


class Stem(nn.Module):
    """A convolution from 3 channels to WIDTH, with a norm and a ReLU in some draws."""

    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self.conv = convolution(draw, 3, kernel_size=3, padding=1)
        self.norm = norm(draw) if draw.coin() else nn.Identity()
        self.relu = draw.choice((nn.ReLU(inplace=True), nn.ReLU(), nn.Identity()))

    def forward(self, x: Tensor) -> Any:
        return self.relu(self.norm(self.conv(x)))


class RootStem(Stem):
    """The root or the logarithm of the picture is taken first: the gradient at a black pixel is infinite."""

    only_relu = False  # as of pieces

    def __init__(self, draw: Draw) -> None:
        super().__init__(draw)
        self.log = draw.coin()

    def forward(self, x: Tensor) -> Any:
        x = x.clamp(min=0)
        return super().forward((x + 1e-3).log() if self.log else x.sqrt())


class Head(nn.Module):
    """The logits (N, classes) of a grid (N, WIDTH, h, w): a linear layer on the mean of each channel."""

    def __init__(self, draw: Draw, shape: torch.Size, classes: int) -> None:
        super().__init__()
        self.linear = linear(WIDTH, classes)

    def forward(self, x: Tensor) -> Any:
        return self.linear(x.mean((2, 3)))


class PooledHead(Head):
    """Channels are pooled by a module, by their maximum or their root mean square."""

    def __init__(self, draw: Draw, shape: torch.Size, classes: int) -> None:
        super().__init__(draw, shape, classes)
        self.pool = draw.choice((nn.AdaptiveMaxPool2d(1), nn.AdaptiveAvgPool2d(1), nn.LPPool2d(2, shape[2:])))

    def forward(self, x: Tensor) -> Any:
        return self.linear(self.pool(x).flatten(1))


class FlatHead(Head):
    """A linear layer reads every cell."""

    def __init__(self, draw: Draw, shape: torch.Size, classes: int) -> None:
        super().__init__(draw, shape, classes)
        self.linear = linear(shape.numel(), classes)

    def forward(self, x: Tensor) -> Any:
        return self.linear(x.reshape(len(x), -1))


class ScoreGridHead(Head):
    """A convolution gives a score per class and cell, whose means are the logits."""

    def __init__(self, draw: Draw, shape: torch.Size, classes: int) -> None:
        super().__init__(draw, shape, classes)
        self.conv, self.norm = nn.Conv2d(WIDTH, classes, 1), norm(draw, classes)

    def forward(self, x: Tensor) -> Any:
        return self.norm(self.conv(x)).mean((2, 3))


class MaskedHead(Head):
    """The last class is masked out, with a logit that dwarfs the others."""

    def forward(self, x: Tensor) -> Any:
        logits = super().forward(x)
        masked = torch.arange(logits.shape[1]) == logits.shape[1] - 1
        return logits.masked_fill(masked, -1e9)


class TokenHead(Head):
    """A class token gathers the cells, and a linear layer reads the token."""

    def __init__(self, draw: Draw, shape: torch.Size, classes: int) -> None:
        super().__init__(draw, shape, classes)
        self.token = nn.Parameter(torch.randn(1, 1, WIDTH))

    def forward(self, x: Tensor) -> Any:
        tokens = torch.cat([self.token.expand(len(x), -1, -1), x.flatten(2).transpose(1, 2)], 1)
        return self.linear(F.scaled_dot_product_attention(tokens[:, :1], tokens, tokens)[:, 0])


class NamedHead(Head):
    """The logits are a field of an object, as in Hugging Face's networks."""

    def forward(self, x: Tensor) -> Any:
        return SimpleNamespace(logits=super().forward(x))


HEADS = (*(Head, Head, PooledHead, FlatHead, ScoreGridHead, MaskedHead, TokenHead), NamedHead)
