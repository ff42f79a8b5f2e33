"""Pieces in which a BatchNorm follows a convolution, and nothing else reads either: both may be folded into one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.fuzz_networks.parts import WIDTH, Draw, Piece, activation, convolution, in_place_activation, norm


class ConvNorm(Piece):
    """A convolution and its norm, which other pieces use in other ways."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm = convolution(draw), norm(draw)

    def forward(self, x: Tensor) -> Any:
        return self.norm(self.conv(x))


class ConvNormActivation(ConvNorm):
    """Any activation after the norm."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.activation = activation(draw)

    def forward(self, x: Tensor) -> Any:
        return self.activation(super().forward(x))


class ConvNormReLU(ConvNorm):
    """A ReLU in one of its forms."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.relu = draw.choice(
            (nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(inplace=True), F.relu, torch.relu_, F.relu6)
        )

    def forward(self, x: Tensor) -> Any:
        return self.relu(super().forward(x))


class Strided(Piece):
    """A convolution that halves the grid in one direction or both."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        stride = draw.choice(((2, 2), (1, 2), (2, 1)))
        self.block = nn.Sequential(convolution(draw, stride=stride, padding_mode="zeros"), norm(draw), nn.ReLU())

    def forward(self, x: Tensor) -> Any:
        return self.block(x)


class InPlaceReadAgain(ConvNorm):
    """An activation works in place, and what it changed is read again under its old name."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.activation, self.mix, self.order = in_place_activation(draw), convolution(draw), draw.randrange(3)

    def forward(self, x: Tensor) -> Any:
        h = super().forward(x)
        match self.order:
            case 0:
                self.activation(h)
                return self.mix(h)
            case 1:
                return self.activation(h) * 0.5 + self.mix(h)
        half = h[:, : WIDTH // 2]  # a view, through which the change is seen
        return self.mix(self.activation(h)) + torch.cat([half, half.flip(1)], 1)


class ConvolutionChangedInPlace(ConvNorm):
    """The convolution's output is changed in place before the norm reads it, or after."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.order = draw.randrange(4)

    def forward(self, x: Tensor) -> Any:
        h = self.conv(x)
        match self.order:
            case 0:
                h += x
            case 1:
                h[:, 0] = x[:, 1]
            case 2:
                h[:, : WIDTH // 2].mul_(2)
            case 3:
                return self.norm(h) + h.mul_(0.5)
        return self.norm(h)


class Residual(ConvNorm):
    """The input is added to the output, before or after an activation that may work in place."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.relu, self.after = nn.ReLU(inplace=draw.coin()), draw.coin()

    def forward(self, x: Tensor) -> Any:
        y = super().forward(x)
        if self.after:
            y += x
            return self.relu(y)
        return x + self.relu(y)


class Dense(Piece):
    """Norm, activation and convolution, joined with the input, as in DenseNet."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.first = nn.Sequential(norm(draw), nn.ReLU(inplace=True), convolution(draw, outputs=4))
        self.last = nn.Sequential(norm(draw, WIDTH + 4), nn.ReLU(inplace=True), convolution(draw, WIDTH + 4))

    def forward(self, x: Tensor) -> Any:
        return self.last(torch.cat([x, self.first(x)], 1))


class DropoutBetween(ConvNorm):
    """A dropout, which does nothing in eval mode, or a view, between the convolution and its norm."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.between = draw.choice((nn.Dropout(0.5), nn.Dropout2d(0.5), nn.Identity(), nn.Flatten(2, 2)))

    def forward(self, x: Tensor) -> Any:
        return self.norm(self.between(self.conv(x)))


FOLDED: tuple[type[Piece], ...] = (
    *(ConvNorm, ConvNormActivation, ConvNormReLU, Strided, InPlaceReadAgain),
    *(ConvolutionChangedInPlace, Residual, Dense, DropoutBetween),
)
