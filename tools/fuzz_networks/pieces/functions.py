"""Pieces made of functions that few networks call, or that write common ones in another way."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from tools.fuzz_networks.parts import WIDTH, Draw, Piece, activation, convolution, norm
from tools.fuzz_networks.pieces.folded import ConvNorm


class ReLUByAnotherName(ConvNorm):
    """A rectifier that isn't a call of ReLU."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.way = draw.randrange(9)

    def forward(self, x: Tensor) -> Any:
        h = super().forward(x)
        match self.way:
            case 0:
                return h.clamp(min=0)
            case 1:
                return h.clamp_(0, 6)
            case 2:
                return torch.maximum(h, h.new_zeros(()))
            case 3:
                return torch.where(h > 0, h, 0)
            case 4:
                return h * (h > 0)
            case 5:
                return F.threshold(h, 0.1, 0.0)
            case 6:
                return (h + h.abs()) / 2
            case 7:
                return Rectified.apply(h)
        h[h < 0] = 0
        return h


class Rectified(torch.autograd.Function):
    """A rectifier with a backward rule of its own, which is the derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return gradients[0] * (x > 0)


def _gate(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x) + 0.1 * torch.tanh(x)


@cache
def scripted_gate() -> Callable[[Tensor], Tensor]:
    """Compile an activation, once."""
    with warnings.catch_warnings():  # scripting is deprecated, and people still bring it
        warnings.simplefilter("ignore")
        compiled: Callable[[Tensor], Tensor] = torch.jit.script(_gate)
    return compiled


class Scripted(ConvNorm):
    """An activation that is a scripted function."""

    def forward(self, x: Tensor) -> Any:
        return scripted_gate()(super().forward(x))


class Clamped(ConvNorm):
    """Values are cut off at both ends, in place or not."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.in_place = draw.coin()

    def forward(self, x: Tensor) -> Any:
        h = super().forward(x)
        return h.clamp_(-1, 1.5) if self.in_place else h.clamp(-1, 1.5)


class Maximum(Piece):
    """The larger of two branches, or of pairs of channels (maxout)."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm, self.pairs = convolution(draw, outputs=2 * WIDTH), norm(draw, 2 * WIDTH), draw.coin()

    def forward(self, x: Tensor) -> Any:
        h = self.norm(self.conv(x))
        return h.unflatten(1, (WIDTH, 2)).amax(2) if self.pairs else torch.maximum(*h.chunk(2, 1))


class Sorted(ConvNorm):
    """Channels are sorted, or only the largest are kept."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.keep = draw.coin()

    def forward(self, x: Tensor) -> Any:
        h = super().forward(x)
        if self.keep:
            values, places = h.topk(WIDTH // 2, 1)
            return torch.zeros_like(h).scatter(1, places, values)
        return h.sort(1, descending=True)[0]


class Frequencies(ConvNorm):
    """A filter in the frequency domain."""

    def forward(self, x: Tensor) -> Any:
        spectrum = torch.fft.rfft2(super().forward(x), norm="ortho")
        weights = 1 / (1 + torch.arange(spectrum.shape[3], dtype=x.dtype, device=x.device))
        return torch.fft.irfft2(spectrum * weights, s=x.shape[2:], norm="ortho")


class UnitLength(ConvNorm):
    """Every cell is scaled to the length of one, or by the picture's own spread."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.cell = draw.coin()

    def forward(self, x: Tensor) -> Any:
        h = super().forward(x)
        return F.normalize(h, dim=1) * 2 if self.cell else h / (h.std((1, 2, 3), keepdim=True) + 0.1)


class Gated(ConvNorm):
    """Squeeze and excitation, or a gated linear unit."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.squeeze, self.excite = convolution(draw, outputs=4), convolution(draw, 4)
        self.activation = activation(draw)

    def forward(self, x: Tensor) -> Any:
        h = super().forward(x)
        means = F.adaptive_avg_pool2d(h, 1).expand(-1, -1, 3, 3)
        gate = self.excite(self.activation(self.squeeze(means)))
        return h * gate.mean((2, 3), keepdim=True).sigmoid()


class Checkpointed(ConvNorm):
    """The pass is repeated in the backward pass to save memory."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.relu, self.reentrant = nn.ReLU(inplace=True), draw.coin(0.3)

    def forward(self, x: Tensor) -> Any:
        return checkpoint(lambda h: self.relu(self.norm(self.conv(h))), x, use_reentrant=self.reentrant)


class PartlyDetached(ConvNorm):
    """A branch through which no gradient flows."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.other = convolution(draw)

    def forward(self, x: Tensor) -> Any:
        with torch.no_grad():
            frozen = self.norm(self.conv(x)).relu()
        return self.other(x) * frozen.sigmoid()


FUNCTIONS: tuple[type[Piece], ...] = (
    *(ReLUByAnotherName, Scripted, Clamped, Maximum, Sorted, Frequencies, UnitLength, Gated, Checkpointed),
    PartlyDetached,
)
