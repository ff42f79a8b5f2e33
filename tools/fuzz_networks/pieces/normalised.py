"""Pieces with other normalisations than a BatchNorm that knows its statistics."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from tools.fuzz_networks.parts import WIDTH, Draw, Piece, convolution, norm


class OtherNorm(Piece):
    """GroupNorm, InstanceNorm (also with running statistics) or local response normalisation after a convolution."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.relu = convolution(draw), nn.ReLU(inplace=draw.coin())
        self.norm: nn.Module = draw.choice(
            (
                nn.GroupNorm(draw.choice((1, 2, 4)), WIDTH),
                nn.InstanceNorm2d(WIDTH, affine=True),
                nn.InstanceNorm2d(WIDTH, track_running_stats=True),
                nn.LocalResponseNorm(3, alpha=0.5),
            )
        )

    def forward(self, x: Tensor) -> Any:
        return self.relu(self.norm(self.conv(x)))


class ChannelsLastNorm(Piece):
    """LayerNorm or RMSNorm over channels that were moved to the end, as in ConvNeXt."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv = convolution(draw)
        self.norm = draw.choice((nn.LayerNorm, nn.RMSNorm))(WIDTH, eps=1e-5)

    def forward(self, x: Tensor) -> Any:
        return x + self.norm(self.conv(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class BatchStatistics(Piece):
    """BatchNorm without running statistics: every picture is judged by the company it keeps."""

    only_relu = True

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv = convolution(draw)
        self.norm = nn.BatchNorm2d(WIDTH, track_running_stats=False)

    def forward(self, x: Tensor) -> Any:
        return self.norm(self.conv(x)).relu()


class NormBefore(Piece):
    """A BatchNorm that no convolution precedes; without weights in some draws."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.norm: nn.BatchNorm2d = norm(draw)
        if draw.coin():
            self.norm = nn.BatchNorm2d(WIDTH, affine=False)
        self.conv = convolution(draw)

    def forward(self, x: Tensor) -> Any:
        return self.conv(self.norm(x).relu())


class ComputedWeight(Piece):
    """A convolution whose weight is computed at each pass: weight_norm, spectral_norm (old or new) or pruned."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.norm = norm(draw)
        conv: Any = convolution(draw)
        with warnings.catch_warnings():  # the old forms are deprecated, and people still bring them
            warnings.simplefilter("ignore")
            match draw.randrange(5):
                case 0:
                    conv = weight_norm(conv)
                case 1:
                    conv = parametrizations.weight_norm(conv)
                case 2:
                    conv = spectral_norm(conv)
                case 3:
                    conv = parametrizations.spectral_norm(conv)
                case 4:
                    conv = prune.l1_unstructured(conv, "weight", amount=0.4)  # type: ignore[no-untyped-call]
        self.conv = conv

    def forward(self, x: Tensor) -> Any:
        return self.norm(self.conv(x)).relu()


class TransposedConvNorm(Piece):
    """A transposed convolution, or one that only looks like an ordinary one, before a norm."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        if draw.coin():
            self.conv: nn.Module = nn.ConvTranspose2d(WIDTH, WIDTH, 3, padding=1)
        else:
            self.conv = Standardised(WIDTH, WIDTH, 3, padding=1)
        self.norm = norm(draw)

    def forward(self, x: Tensor) -> Any:
        return self.norm(self.conv(x)).relu()


class Standardised(nn.Conv2d):
    """A convolution that standardises its weight at each pass."""

    def forward(self, x: Tensor) -> Any:
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return self._conv_forward(x, weight / weight.std((1, 2, 3), keepdim=True) / 5, self.bias)


NORMALISED: tuple[type[Piece], ...] = (
    *(OtherNorm, ChannelsLastNorm, BatchStatistics, NormBefore, ComputedWeight, TransposedConvNorm),
)
