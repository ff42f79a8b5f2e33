"""Pieces in which a convolution, its output, its weight or its norm is used elsewhere, too, so it mustn't change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.fuzz_networks.parts import WIDTH, Draw, Piece, activation, convolution, norm
from tools.fuzz_networks.pieces.folded import ConvNorm


class OutputReadBeside(ConvNorm):
    """The convolution's output is read beside its norm, by a call that may return something else than a tensor."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.way = draw.randrange(9)

    def forward(self, x: Tensor) -> Any:
        h = self.conv(x)
        return F.relu(self.norm(h) + 0.5 * self.read(h))

    def read(self, h: Tensor) -> Tensor:
        match self.way:
            case 0:
                return torch.cat(h.chunk(2, 1)[::-1], 1)
            case 1:
                return torch.cat(torch.split(h, [2, WIDTH - 2], 1)[::-1], 1)
            case 2:
                return torch.stack(h.unbind(1)[::-1], 1)
            case 3:
                return h[:, [1, 0, *range(2, WIDTH)]]
            case 4:
                copied = torch.zeros_like(h)
                copied[:, 1:] = h[:, :-1]
                return copied
            case 5:
                return h.max(1, keepdim=True)[0]
            case 6:
                return h.sort(1)[0]
            case 7:
                return torch.var_mean(h, (2, 3), keepdim=True)[1]
        copied = torch.empty_like(h)
        copied[:] = h
        return copied


class TiedWeights(ConvNorm):
    """Two convolutions share one weight, and only one of them is followed by a norm."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.twin = convolution(draw, groups=1, kernel_size=1, padding=0, padding_mode="zeros")
        self.conv = convolution(draw, groups=1, kernel_size=1, padding=0, padding_mode="zeros")
        self.twin.weight = self.conv.weight

    def forward(self, x: Tensor) -> Any:
        return super().forward(x) + self.twin(x.relu())


class WeightRead(ConvNorm):
    """The convolution's weight is read by its name: standardised, measured or used in another convolution."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.way = draw.randrange(3)

    def forward(self, x: Tensor) -> Any:
        y, weight = super().forward(x), self.conv.weight
        match self.way:
            case 0:
                return y + x * weight.square().mean().sqrt()
            case 1:
                return y * weight.flatten(1).norm(dim=1).view(1, -1, 1, 1)
        return y + F.conv2d(x, weight - weight.mean(), None, 1, self.conv.padding, 1, self.conv.groups)


class RunTwice(ConvNorm):
    """One convolution or one norm, or both, run more than once."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.other, self.activation, self.way = convolution(draw), activation(draw), draw.randrange(4)
        self.other_norm = norm(draw)

    def forward(self, x: Tensor) -> Any:
        match self.way:
            case 0:
                return super().forward(self.activation(super().forward(x)))
            case 1:
                return self.norm(self.conv(x)) + self.norm(self.other(x))
            case 2:
                h = self.conv(x)
                return self.norm(h) * self.activation(self.other_norm(h))
        for _ in range(3):
            x = self.conv(x).tanh()
        return self.norm(self.conv(x))


class NormAsFunction(ConvNorm):
    """The norm is a function of the module's tensors, or is written out."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.way = draw.randrange(3)

    def forward(self, x: Tensor) -> Any:
        h, m = self.conv(x), self.norm
        mean, var = m.running_mean, m.running_var
        assert mean is not None
        assert var is not None
        match self.way:
            case 0:
                return F.batch_norm(h, mean, var, m.weight, m.bias, False, 0.0, m.eps)
            case 1:
                h = F.conv2d(x, self.conv.weight, None, 1, self.conv.padding, 1, self.conv.groups)
                return F.batch_norm(h, mean, var, m.weight, m.bias, eps=m.eps)
        columns = [value.view(1, -1, 1, 1) for value in (mean, var, m.weight, m.bias)]
        return (h - columns[0]) / (columns[1] + m.eps).sqrt() * columns[2] + columns[3]


class NormRead(ConvNorm):
    """The norm runs, and its numbers are read by their names."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.way = draw.randrange(3)

    def forward(self, x: Tensor) -> Any:
        match self.way:
            case 0:
                return super().forward(x) * self.norm.weight.abs().mean()
            case 1:
                return super().forward(x) + x * self.norm.get_buffer("running_var").view(1, -1, 1, 1)
        return super().forward(x) if isinstance(self.norm, nn.BatchNorm2d) else self.conv(x)


class HookOnConvolution(ConvNorm):
    """A hook on the convolution changes its output, or keeps it for later."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.kept: list[Tensor] = []
        if draw.coin():
            self.conv.register_forward_hook(_doubled)
        else:
            self.conv.register_forward_hook(lambda module, inputs, output: self.kept.append(output))

    def forward(self, x: Tensor) -> Any:
        y = super().forward(x)
        return y + self.kept.pop() if self.kept else y


def _doubled(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
    return output * 2


class Closure(ConvNorm):
    """The forward pass is a closure, which a copy of the module still runs on the original."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.activation = activation(draw)
        self.run: Callable[[Tensor], Any] = lambda x: self.activation(self.norm(self.conv(x)))

    def forward(self, x: Tensor) -> Any:
        return self.run(x)


SHARED: tuple[type[Piece], ...] = (
    *(OutputReadBeside, TiedWeights, WeightRead, RunTwice, NormAsFunction, NormRead, HookOnConvolution, Closure),
)
