"""Which layers of a network give a grid that a class activation map can be drawn on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explainers.tracing import clone

POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
PASSIVE = ("Dropout", "Dropout2d", "Identity")  # they hand on what they are given


@dataclass(frozen=True)
class GridLayer:
    """A layer that ran once in a pass and gave a grid of more than one cell.

    features: whether the grid holds features, and neither a thinned copy of the grid before (pooling) nor one score per
              class and cell, whose means are the logits (SqueezeNet's head).
    """

    name: str
    kind: str
    channels: int
    height: int
    width: int
    features: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.height} × {self.width}, {self.channels} channels)"


def grid_layers(network: nn.Module, picture: Tensor) -> tuple[GridLayer, ...]:
    """The layers that a pass over `picture` (1, C, H, W) ran and that gave (1, channels, h, w), in order of their end.

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
    pooled = {id(output) for _, module, output in outputs if isinstance(module, POOLS)}

    def has_features(module: nn.Module, grid: Tensor) -> bool:
        means = grid.mean((2, 3))
        scores = isinstance(logits, Tensor) and means.shape == logits.shape and torch.allclose(means, logits, rtol=1e-3)
        return id(grid) not in pooled and type(module).__name__ not in PASSIVE and not scores

    layers = tuple(
        GridLayer(name, type(module).__name__, channels, height, width, has_features(module, output))
        for name, module, output in outputs
        if runs[name] == 1 and isinstance(output, Tensor) and output.ndim == 4
        for channels, height, width in [output.shape[1:]]
        if height * width > 1
    )
    outputs.clear()  # the hooks hold them, and the network the hooks: it would all stay until the next collection
    return layers


def default_layer(layers: tuple[GridLayer, ...]) -> GridLayer | None:
    """The deepest grid of features."""
    return next((layer for layer in reversed(layers) if layer.features), None)
