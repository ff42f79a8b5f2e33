"""Pieces that turn the grid into other shapes and back, or scale it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.fuzz_networks.parts import WIDTH, Draw, Piece, convolution, linear, norm


class PixelShuffled(Piece):
    """Cells become channels and back, with a convolution and its norm in between."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm = convolution(draw, WIDTH // 4, WIDTH // 4), norm(draw, WIDTH // 4)

    def forward(self, x: Tensor) -> Any:
        return F.pixel_unshuffle(self.norm(self.conv(F.pixel_shuffle(x, 2))), 2)


class Tokens(Piece):
    """The grid becomes a row of tokens, for a linear layer, and a grid again."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.norm, self.linear = nn.LayerNorm(WIDTH), linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Any:
        tokens = x.flatten(2).transpose(1, 2)
        tokens = tokens + F.gelu(self.linear(self.norm(tokens)))
        return tokens.transpose(1, 2).reshape(x.shape)


class NormOfTokens(Piece):
    """A norm whose gradient comes back transposed, with strides that torch's own backward pass gets wrong."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm, self.linear = convolution(draw), norm(draw), linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Any:
        tokens = self.linear(self.norm(self.conv(x)).flatten(2).transpose(1, 2))
        return tokens.transpose(1, 2).unflatten(2, x.shape[2:])


class MixedCells(Piece):
    """A linear layer over all cells of each channel, as in MLP-Mixer."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.linear = linear(shape[2] * shape[3], shape[2] * shape[3])

    def forward(self, x: Tensor) -> Any:
        return x + F.silu(self.linear(x.flatten(2))).view_as(x)


class Unfolded(Piece):
    """Patches are cut out, weighed and laid back."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.weight = nn.Parameter(torch.randn(WIDTH * 9, WIDTH) * (WIDTH * 9) ** -0.5)

    def forward(self, x: Tensor) -> Any:
        patches = F.unfold(x, 3, padding=1)
        return torch.einsum("npc,pk->nkc", patches, self.weight).view(x.shape).relu()


class UnevenPooling(Piece):
    """A convolution and its norm, with pooling that halves one direction only, or an odd window."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm = convolution(draw), norm(draw)
        self.pool = draw.choice(
            (
                nn.MaxPool2d((2, 1)),
                nn.MaxPool2d(3, (1, 2), 1),
                nn.AvgPool2d((1, 2)),
                nn.AvgPool2d(3, (2, 1), 1, count_include_pad=False),
                nn.AdaptiveAvgPool2d((5, None)),
                nn.LPPool2d(2, (2, 1)),
            )
        )

    def forward(self, x: Tensor) -> Any:
        return self.pool(self.norm(self.conv(x)).relu())


class Rescaled(Piece):
    """The grid is scaled down and up again, as in a U-Net, and joined with itself."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm = convolution(draw), norm(draw)
        self.mode = draw.choice(("nearest", "bilinear", "bicubic"))

    def forward(self, x: Tensor) -> Any:
        small = self.norm(self.conv(F.avg_pool2d(x, 2))).relu_()
        return x + F.interpolate(small, x.shape[2:], mode=self.mode)


class Moved(Piece):
    """Channels are shuffled, and cells rolled, flipped and padded by reflection."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm = convolution(draw, padding=0, kernel_size=3), norm(draw)
        self.shuffle, self.shift = nn.ChannelShuffle(2), draw.randrange(1, 4)

    def forward(self, x: Tensor) -> Any:
        padded = F.pad(self.shuffle(x).roll(self.shift, 3), (1, 1, 1, 1), mode="reflect")
        return self.norm(self.conv(padded)).relu().flip(2)


class Windows(Piece):
    """The grid is cut into windows of two by two, as in Swin, each of which is mixed by itself."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm, self.linear = convolution(draw), norm(draw), linear(4 * WIDTH, 4 * WIDTH)

    def forward(self, x: Tensor) -> Any:
        x = self.norm(self.conv(x))[:, :, : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2]
        count, _, height, width = x.shape
        windows = x.view(count, WIDTH, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5).flatten(3)
        mixed = self.linear(windows).relu().view(count, height // 2, width // 2, WIDTH, 2, 2)
        return mixed.permute(0, 3, 1, 4, 2, 5).reshape(x.shape)


RESHAPED: tuple[type[Piece], ...] = (
    *(PixelShuffled, Tokens, NormOfTokens, MixedCells, Unfolded, UnevenPooling, Rescaled, Moved, Windows),
)
