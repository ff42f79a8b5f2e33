"""Finds the layers of a network that put out a grid on which a class activation map can be drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explainers.classifiers.layouts import CHANNELS_FIRST, Layout, layout
from explainers.runtime.cloning import clone

POOLING_LAYERS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
PASS_THROUGH_LAYERS = ("Dropout", "Dropout2d", "Identity")  # by class name: in eval mode they return their input


@dataclass(frozen=True)
class GridLayer:
    """A layer that runs once in a pass and puts out a grid of more than one cell.

    features: whether the grid holds features that the logits depend on. It doesn't if it is a pooled copy of the grid
              before it, or holds one score per class and cell, whose means are the logits (SqueezeNet's head).
    layout:   how the layer's output holds the grid.
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
    """Return the layers that put out a grid in a pass over `picture` (1, C, H, W), in the order in which they finish.

    A module that runs several times in a pass has no single grid and is left out.
    """
    outputs: list[tuple[str, nn.Module, Any]] = []
    copy = clone(network)
    for name, module in copy.named_modules():
        if name and not isinstance(module, torch.jit.ScriptModule):  # a scripted module takes no hooks
            module.register_forward_hook(lambda m, _, output, name=name: outputs.append((name, m, output)))
    with torch.no_grad():
        logits = copy(picture)
    runs = Counter(name for name, _, _ in outputs)
    tensor_outputs = [(name, module, output) for name, module, output in outputs if isinstance(output, Tensor)]
    outputs.clear()
    pooled = {id(output) for _, module, output in tensor_outputs if isinstance(module, POOLING_LAYERS)}
    layouts = _output_layouts([output for _, _, output in tensor_outputs], (picture.shape[2], picture.shape[3]))
    unread_layers = _unread_token_layers(
        copy,
        picture,
        outputs,
        {name: output_layout for (name, *_), output_layout in zip(tensor_outputs, layouts, strict=True)},
    )

    def has_features(name: str, module: nn.Module, output: Tensor, grid: Tensor) -> bool:
        means = grid.mean((2, 3))
        is_score_grid = (
            isinstance(logits, Tensor) and means.shape == logits.shape and torch.allclose(means, logits, rtol=1e-3)
        )
        is_copy = id(output) in pooled or type(module).__name__ in PASS_THROUGH_LAYERS
        return not is_copy and not is_score_grid and name not in unread_layers

    layers = tuple(
        GridLayer(
            name,
            type(module).__name__,
            channels,
            height,
            width,
            has_features(name, module, output, grid),
            output_layout,
        )
        for (name, module, output), output_layout in zip(tensor_outputs, layouts, strict=True)
        if output_layout and runs[name] == 1
        for grid in [output_layout.grid(output)]
        for channels, height, width in [grid.shape[1:]]
        if height * width > 1
    )
    outputs.clear()  # or the cycle of network, hooks and outputs would stay until the next garbage collection
    return layers


def _output_layouts(outputs: list[Tensor], picture: tuple[int, int]) -> list[Layout | None]:
    """Return how each output of a pass holds a grid; tokens hold the grid that came before them."""
    layouts: list[Layout | None] = []
    cells: tuple[int, int] | None = None
    for output in outputs:
        layouts.append(output_layout := layout(output.shape, picture, cells))
        if output_layout and output_layout.order == "channels first":
            cells = output.shape[2], output.shape[3]
    return layouts


def _unread_token_layers(
    network: nn.Module, picture: Tensor, outputs: list[tuple[str, nn.Module, Any]], layouts: dict[str, Layout | None]
) -> set[str]:
    """Return the token layers whose cells change no logit, because only the class token is read after them."""
    if not any(output_layout and output_layout.order == "tokens" for output_layout in layouts.values()):
        return set()
    with torch.enable_grad():
        logits = network(picture.clone().requires_grad_())
        tracked_outputs = [
            (name, output) for name, _, output in outputs if isinstance(output, Tensor) and output.requires_grad
        ]
        gradients = torch.autograd.grad(
            logits.square().sum(), [output for _, output in tracked_outputs], allow_unused=True
        )
    return {
        name
        for (name, _), gradient in zip(tracked_outputs, gradients, strict=True)
        if (output_layout := layouts.get(name)) and output_layout.order == "tokens"
        if gradient is None or not output_layout.grid(gradient).any()
    }


def default_layer(layers: tuple[GridLayer, ...]) -> GridLayer | None:
    """Return the deepest layer with a grid of features; None if there is none."""
    return next((layer for layer in reversed(layers) if layer.features), None)
