"""How a layer's output holds its grid: channels first, channels last, or as a row of tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

ODD = math.log(1.6)  # a grid this far from the picture's proportions may be something else
EXTRA = 5  # tokens at most that belong to no cell: one for the class, four registers


@dataclass(frozen=True)
class Layout:
    """What is where in an output with a grid of h x w cells.

    order:  "channels first" (N, K, h, w), "channels last" (N, h, w, K), or "tokens" (N, extra + h * w, K), where those
            that belong to no cell, such as the class token, come first.
    height: of the grid; for tokens only, whose output doesn't tell.
    """

    order: Literal["channels first", "channels last", "tokens"] = "channels first"
    height: int = 0
    extra: int = 0

    def grid(self, output: Tensor) -> Tensor:
        """The grid (N, K, h, w) in a layer's output."""
        match self.order:
            case "channels first":
                return output
            case "channels last":
                return output.permute(0, 3, 1, 2)
        rows = output[:, self.extra :].transpose(1, 2)
        return rows.reshape(*rows.shape[:2], self.height, -1)

    def lens(self, layer: nn.Module) -> nn.Module:
        """A module through which the layer's grid passes as (N, K, h, w): the layer, or one put behind it for good."""
        if self.order == "channels first":
            return layer
        lens = nn.Identity()

        def look(layer: nn.Module, given: object, output: Tensor) -> Tensor:
            seen: Tensor = lens(self.grid(output))
            if self.order == "channels last":
                return seen.permute(0, 2, 3, 1)
            return torch.cat([output[:, : self.extra], seen.flatten(2).transpose(1, 2)], 1)

        layer.register_forward_hook(look)
        return lens


CHANNELS_FIRST = Layout()


def layout(shape: Sequence[int], picture: tuple[int, int], cells: tuple[int, int] | None) -> Layout | None:
    """How an output of this shape holds a grid; None if it holds none.

    picture: height and width of the input, whose proportions a grid has.
    cells:   height and width of the last grid before it, which tokens are made of.
    """
    if len(shape) == 4:
        first, last = (_oddness(shape[i : i + 2], picture) for i in (2, 1))
        return Layout("channels last" if first > ODD and last < first else "channels first")
    if len(shape) == 3 and cells and 0 <= (extra := shape[1] - math.prod(cells)) <= EXTRA:
        return Layout("tokens", cells[0], extra)
    return None


def _oddness(grid: Sequence[int], picture: tuple[int, int]) -> float:
    return abs(math.log(grid[0] / grid[1]) - math.log(picture[0] / picture[1]))
