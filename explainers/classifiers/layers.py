"""Finds the layers of a network that put out a grid on which a class activation map can be drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from explainers.classifiers.layouts import CHANNELS_FIRST, Layout, layout
from explainers.classifiers.place_tracer import PlaceTracer
from explainers.classifiers.places import Places
from explainers.numbers import counted
from explainers.runtime.cloning import clone

POOLING_LAYERS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
PASS_THROUGH_LAYERS = ("Dropout", "Dropout2d", "Identity")  # by class name: in eval mode they return their input


@dataclass(frozen=True)
class GridLayer:
    """A layer that runs once in a pass and puts out a grid of more than one cell.

    features: whether the grid holds features that the logits depend on. It doesn't if it is a pooled copy of the grid
              before it, holds one score per class and cell, whose means are the logits (SqueezeNet's head), or holds
              the queries, keys or values of attention.
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
        more = self.layout.before + self.layout.after
        tokens = f", {counted(more, 'more token')}" if more else ""
        return f"{self.name} ({self.height} × {self.width}, {self.channels} channels{tokens})"


@dataclass(frozen=True)
class _Output:
    """What a module put out in a pass, and where in the picture its numbers lie."""

    name: str
    module: nn.Module
    value: Any
    places: Places | None

    @cached_property
    def layout(self) -> Layout | None:
        return layout(self.places, self.value.shape) if self.places else None


def grid_layers(network: nn.Module, picture: Tensor) -> tuple[GridLayer, ...]:
    """Return the layers that put out a grid in a pass over `picture` (1, C, H, W), in the order in which they finish.

    A module that runs several times in a pass has no single grid and is left out.
    """
    try:
        with torch.enable_grad():
            return _layers_of_pass(network, picture)
    except RuntimeError:  # where a network has no gradient, none tells which tokens are read
        with torch.no_grad():
            return _layers_of_pass(network, picture)


def _layers_of_pass(network: nn.Module, picture: Tensor) -> tuple[GridLayer, ...]:
    copy, outputs = clone(network), list[_Output]()
    for parameter in copy.parameters():
        if not parameter.any():  # such as a head before training: nothing would seem to be read by what follows it
            parameter.data = torch.linspace(-1, 1, parameter.numel()).to(parameter).view_as(parameter)
    traced = picture.clone().requires_grad_()  # also without gradients, or checkpoints would warn
    if torch.is_grad_enabled():
        traced = traced * 1  # a network may change its input in place, but not a leaf
    with PlaceTracer(traced) as tracer:

        def keep(name: str, module: nn.Module, output: Any) -> None:
            outputs.append(_Output(name, module, output, tracer.of(output) if isinstance(output, Tensor) else None))

        for name, module in copy.named_modules():
            if name and not isinstance(module, torch.jit.ScriptModule):  # a scripted module takes no hooks
                module.register_forward_hook(lambda m, _, output, name=name: keep(name, m, output))
        logits = copy(traced)
    runs = Counter(output.name for output in outputs)
    pooled = {id(output.value) for output in outputs if isinstance(output.module, POOLING_LAYERS)}
    unread = _unread_tokens(logits, outputs)

    def has_features(output: _Output, grid: Tensor) -> bool:
        means = grid.mean((2, 3))
        is_score_grid = (
            isinstance(logits, Tensor) and means.shape == logits.shape and torch.allclose(means, logits, rtol=1e-3)
        )
        is_copy = id(output.value) in pooled or type(output.module).__name__ in PASS_THROUGH_LAYERS
        is_factor = output.places is not None and output.places.source in tracer.factors
        return not (is_copy or is_score_grid or is_factor or output.name in unread)

    layers = tuple(
        GridLayer(
            output.name,
            type(output.module).__name__,
            channels,
            height,
            width,
            has_features(output, grid),
            output.layout,
        )
        for output in outputs
        if output.layout and runs[output.name] == 1
        for grid in [output.layout.grid(output.value.detach())]
        for channels, height, width in [grid.shape[1:]]
        if height * width > 1
    )
    outputs.clear()  # or the cycle of network, hooks and outputs would stay until the next garbage collection
    return layers


def _unread_tokens(logits: Any, outputs: list[_Output]) -> set[str]:
    """Return the layers whose cells change no logit, because only other tokens are read after them."""
    tokens = [
        (output, output.layout)
        for output in outputs
        if output.layout and output.layout.order == "tokens" and output.value.requires_grad
    ]
    if not tokens or not isinstance(logits, Tensor) or not logits.requires_grad:
        return set()
    values = [output.value for output, _ in tokens]
    gradients = torch.autograd.grad(logits.square().sum(), values, materialize_grads=True)
    return {
        output.name
        for (output, output_layout), gradient in zip(tokens, gradients, strict=True)
        if not output_layout.grid(gradient).any()
    }


def default_layer(layers: tuple[GridLayer, ...]) -> GridLayer | None:
    """Return the deepest layer with a grid of features; None if there is none."""
    return next((layer for layer in reversed(layers) if layer.features), None)
