"""How the output of a layer holds a grid: with channels first, with channels last, or as a row of tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

MAX_LOG_DISTORTION = math.log(1.6)  # between the proportions of a grid and of the picture; beyond it, it is no grid
MAX_EXTRA_TOKENS = 5  # that belong to no cell: one for the class, and four registers


@dataclass(frozen=True)
class Layout:
    """How an output holds a grid of h x w cells with K channels.

    order:  "channels first" (N, K, h, w), "channels last" (N, h, w, K), or "tokens" (N, extra + h * w, K).
    height: h, for tokens only, because the shape of their output doesn't tell.
    extra:  the number of tokens that belong to no cell, such as the class token; they come first.
    """

    order: Literal["channels first", "channels last", "tokens"] = "channels first"
    height: int = 0
    extra: int = 0

    def grid(self, output: Tensor) -> Tensor:
        """Return the grid (N, K, h, w) in a layer's output."""
        match self.order:
            case "channels first":
                return output
            case "channels last":
                return output.permute(0, 3, 1, 2)
        rows = output[:, self.extra :].transpose(1, 2)
        return rows.reshape(*rows.shape[:2], self.height, -1)

    def lens(self, layer: nn.Module) -> nn.Module:
        """Return a module whose output is the layer's grid (N, K, h, w): the layer, or one that a hook adds to it."""
        if self.order == "channels first":
            return layer
        lens = nn.Identity()

        def pass_through_lens(layer: nn.Module, inputs: object, output: Tensor) -> Tensor:
            grid: Tensor = lens(self.grid(output))
            if self.order == "channels last":
                return grid.permute(0, 2, 3, 1)
            return torch.cat([output[:, : self.extra], grid.flatten(2).transpose(1, 2)], 1)

        layer.register_forward_hook(pass_through_lens)
        return lens


CHANNELS_FIRST = Layout()


def layout(shape: Sequence[int], picture: tuple[int, int], cells: tuple[int, int] | None) -> Layout | None:
    """Return how an output of this shape holds a grid; None if it holds none.

    picture: height and width of the input; a grid has about the same proportions.
    cells:   height and width of the last grid before this output; tokens are made of it.
    """
    if len(shape) == 4:
        if_first, if_last = (_log_distortion(shape[i : i + 2], picture) for i in (2, 1))
        return Layout("channels last" if if_first > MAX_LOG_DISTORTION and if_last < if_first else "channels first")
    if len(shape) == 3 and cells and 0 <= (extra := shape[1] - math.prod(cells)) <= MAX_EXTRA_TOKENS:
        return Layout("tokens", cells[0], extra)
    return None


def _log_distortion(grid: Sequence[int], picture: tuple[int, int]) -> float:
    return abs(math.log(grid[0] / grid[1]) - math.log(picture[0] / picture[1]))
