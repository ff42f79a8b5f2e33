"""Which layers of a network give a grid that a class activation map can be drawn on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explainers.classifiers.layouts import CHANNELS_FIRST, Layout, layout
from explainers.runtime.cloning import clone

POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
PASSIVE = ("Dropout", "Dropout2d", "Identity")  # they hand on what they are given


@dataclass(frozen=True)
class GridLayer:
    """A layer that ran once in a pass and gave a grid of more than one cell.

    features: whether the grid holds features that the logits depend on, and neither a thinned copy of the grid before
              (pooling) nor one score per class and cell, whose means are the logits (SqueezeNet's head).
    layout:   how its output holds the grid.
    """

    name: str
    kind: str
    channels: int
    height: int
    width: int
    features: bool
    layout: Layout = CHANNELS_FIRST

    def __str__(self) -> str:
        return f"{self.name} ({self.height} × {self.width}, {self.channels} channels)"


def grid_layers(network: nn.Module, picture: Tensor) -> tuple[GridLayer, ...]:
    """The layers that a pass over `picture` (1, C, H, W) ran and that gave a grid, in order of their end.

    A module that runs several times in a pass has no single grid and is left out.
    """
    outputs: list[tuple[str, nn.Module, Any]] = []
    private = clone(network)
    for name, module in private.named_modules():
        if name and not isinstance(module, torch.jit.ScriptModule):  # which takes no hooks
            module.register_forward_hook(lambda m, _, output, name=name: outputs.append((name, m, output)))
    with torch.no_grad():
        logits = private(picture)
    runs = Counter(name for name, _, _ in outputs)
    met = [(name, module, output) for name, module, output in outputs if isinstance(output, Tensor)]
    outputs.clear()
    pooled = {id(output) for _, module, output in met if isinstance(module, POOLS)}
    layouts = _layouts([output for _, _, output in met], (picture.shape[2], picture.shape[3]))
    unread = _unread(private, picture, outputs, {name: here for (name, *_), here in zip(met, layouts, strict=True)})

    def has_features(name: str, module: nn.Module, output: Tensor, grid: Tensor) -> bool:
        means = grid.mean((2, 3))
        scores = isinstance(logits, Tensor) and means.shape == logits.shape and torch.allclose(means, logits, rtol=1e-3)
        passive = id(output) in pooled or type(module).__name__ in PASSIVE
        return not passive and not scores and name not in unread

    layers = tuple(
        GridLayer(name, type(module).__name__, channels, height, width, has_features(name, module, output, grid), here)
        for (name, module, output), here in zip(met, layouts, strict=True)
        if here and runs[name] == 1
        for grid in [here.grid(output)]
        for channels, height, width in [grid.shape[1:]]
        if height * width > 1
    )
    outputs.clear()  # the hooks hold them, and the network the hooks: it would all stay until the next collection
    return layers


def _layouts(outputs: list[Tensor], picture: tuple[int, int]) -> list[Layout | None]:
    """How each output of a pass holds a grid; a row of tokens is as long as the grid it was made of."""
    found: list[Layout | None] = []
    cells: tuple[int, int] | None = None
    for output in outputs:
        found.append(here := layout(output.shape, picture, cells))
        if here and here.order == "channels first":
            cells = output.shape[2], output.shape[3]
    return found


def _unread(
    private: nn.Module, picture: Tensor, outputs: list[tuple[str, nn.Module, Any]], layouts: dict[str, Layout | None]
) -> set[str]:
    """The layers of tokens whose cells change no logit, because only the class token is read after them."""
    if not any(here and here.order == "tokens" for here in layouts.values()):
        return set()
    with torch.enable_grad():
        logits = private(picture.clone().requires_grad_())
        rows = [(name, output) for name, _, output in outputs if isinstance(output, Tensor) and output.requires_grad]
        gradients = torch.autograd.grad(logits.square().sum(), [output for _, output in rows], allow_unused=True)
    return {
        name
        for (name, _), gradient in zip(rows, gradients, strict=True)
        if (here := layouts.get(name)) and here.order == "tokens"
        if gradient is None or not here.grid(gradient).any()
    }


def default_layer(layers: tuple[GridLayer, ...]) -> GridLayer | None:
    """The deepest grid of features."""
    return next((layer for layer in reversed(layers) if layer.features), None)
