"""Pieces that go through the grid step by step, or look at all of it at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.fuzz_networks.parts import WIDTH, Draw, Piece, convolution, linear, norm
from tools.fuzz_networks.pieces.folded import ConvNorm


class Recurrent(Piece):
    """A GRU or an LSTM reads the rows of the grid, or its columns, one after the other."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.unit = draw.choice((nn.GRU, nn.LSTM, nn.RNN))(WIDTH, WIDTH, batch_first=True)
        self.by_rows = draw.coin()

    def forward(self, x: Tensor) -> Any:
        cells = x.permute(0, 2, 3, 1) if self.by_rows else x.permute(0, 3, 2, 1)
        states = self.unit(cells.flatten(0, 1))[0].view(cells.shape)
        return x + 2 * (states.permute(0, 3, 1, 2) if self.by_rows else states.permute(0, 3, 2, 1))


class ConvolutionRepeated(ConvNorm):
    """One convolution runs several times, and a norm follows each time or at the end."""

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.times, self.each_time = draw.randrange(2, 4), draw.coin()

    def forward(self, x: Tensor) -> Any:
        h = x
        for _ in range(self.times):
            h = self.conv(h)
            h = self.norm(h).relu() if self.each_time else h.relu()
        return h + x if self.each_time else self.norm(h)


class StateOverRows(Piece):
    """A state is carried from row to row by a norm and a linear layer of this network's own."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm, self.linear = convolution(draw), norm(draw), linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Any:
        rows = self.norm(self.conv(x)).unbind(2)
        states = [rows[0]]
        for row in rows[1:]:
            carried = self.linear(states[-1].transpose(1, 2)).transpose(1, 2)
            states.append(torch.tanh(row + carried))
        return torch.stack(states, 2)


class Attention(Piece):
    """Attention between cells: torch's module, its function, or written out with a mask of -1e9."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.module = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
        nn.init.normal_(self.module.in_proj_weight, std=WIDTH**-0.5)
        self.mix, self.way = linear(WIDTH, 3 * WIDTH), draw.randrange(3)

    def forward(self, x: Tensor) -> Any:
        tokens = x.flatten(2).transpose(1, 2)
        if self.way == 0:
            return x + self.module(tokens, tokens, tokens, need_weights=False)[0].transpose(1, 2).reshape(x.shape)
        query, key, value = self.mix(tokens).chunk(3, 2)
        if self.way == 1:
            return x + F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(x.shape)
        scores = query @ key.transpose(1, 2) * WIDTH**-0.5
        hidden = torch.ones_like(scores[0], dtype=torch.bool).triu(1)
        mixed = scores.masked_fill(hidden, -1e9).softmax(2) @ value
        return x + mixed.transpose(1, 2).reshape(x.shape)


class ChannelAttention(Piece):
    """Attention between channels, whose map has the size of a small grid."""

    only_relu = False

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        super().__init__(draw, shape)
        self.conv, self.norm, self.drop = convolution(draw), norm(draw), nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Any:
        rows = F.normalize(self.norm(self.conv(x)).flatten(2), dim=2)
        return x + (self.drop((rows @ rows.transpose(1, 2) * 2).softmax(2)) @ rows).view(x.shape)


class Accumulated(ConvNorm):
    """Values are summed up along the rows, and squashed."""

    only_relu = False

    def forward(self, x: Tensor) -> Any:
        return torch.tanh(super().forward(x).cumsum(3) / 4)


SEQUENTIAL: tuple[type[Piece], ...] = (
    *(Recurrent, ConvolutionRepeated, StateOverRows, Attention, ChannelAttention, Accumulated),
)
