"""How the output of a layer holds a grid: with channels first, with channels last, or as a row of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from explainers.classifiers.places import ROUNDING, Places, even, gathered, line


@dataclass(frozen=True)
class Layout:
    """How an output holds a grid of h x w cells with K channels.

    order:  "channels first" (N, K, h, w), "channels last" (N, h, w, K), or "tokens" (N, before + h * w + after, K).
    height: h, for tokens only, because the shape of their output doesn't tell.
    before, after: the number of tokens that belong to no cell, such as a class token or registers.
    """

    order: Literal["channels first", "channels last", "tokens"] = "channels first"
    height: int = 0
    before: int = 0
    after: int = 0

    def grid(self, output: Tensor) -> Tensor:
        """Return the grid (N, K, h, w) in a layer's output."""
        match self.order:
            case "channels first":
                return output
            case "channels last":
                return output.permute(0, 3, 1, 2)
        rows = output[:, self.before : output.shape[1] - self.after].transpose(1, 2)
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
            tokens = grid.flatten(2).transpose(1, 2)
            return torch.cat([output[:, : self.before], tokens, output[:, output.shape[1] - self.after :]], 1)

        layer.register_forward_hook(pass_through_lens)
        return lens


CHANNELS_FIRST = Layout()


def layout(places: Places, shape: torch.Size) -> Layout | None:
    """Return how an output (1, ...) with numbers at these places holds a grid of the picture; None if it holds none."""
    if shape[0] != 1:
        return None
    if len(shape) == 3:
        return _token_layout(places, shape)
    if len(shape) == 4:
        if _is_grid(places, shape, channels=1, dims=(2, 3)):
            return CHANNELS_FIRST
        if _is_grid(places, shape, channels=3, dims=(1, 2)):
            return Layout("channels last")
    return None


def _is_grid(places: Places, shape: torch.Size, *, channels: int, dims: tuple[int, int]) -> bool:
    lines = [line(gathered(axis, [channels]), dim, shape[dim]) for axis, dim in zip(places.axes, dims, strict=True)]
    return all(along is not None and _covers_picture(along) for along in lines)


def _token_layout(places: Places, shape: torch.Size) -> Layout | None:
    rows, columns = (gathered(axis, [2]).flatten().expand(shape[1]) for axis in places.axes)
    cells = (~(rows.isnan() & columns.isnan())).nonzero().flatten().tolist()
    if not cells or len(cells) != cells[-1] + 1 - cells[0]:  # a token between them belongs to no cell
        return None
    rows, columns = rows[cells], columns[cells]
    width = len(cells) if bool(rows.isnan().any()) else int(((rows - rows[0]).abs() < ROUNDING).sum())
    if len(cells) % width:
        return None
    grid = Places((rows.view(1, 1, -1, width), columns.view(1, 1, -1, width)))
    if not _is_grid(grid, grid.axes[0].shape, channels=1, dims=(2, 3)):
        return None
    return Layout("tokens", len(cells) // width, cells[0], shape[1] - 1 - cells[-1])


def _covers_picture(along: Tensor) -> bool:
    """Return whether places (n,) divide the picture from top to bottom, or from left to right, give or take a cell."""
    if len(along) == 1:
        return True
    step = (along[-1] - along[0]) / (len(along) - 1)
    return even(along) and bool(step > 0 and along[0] < 1.5 * step and 1 - along[-1] < 1.5 * step)
