"""Makes a network faster without changing its logits: BatchNorm is folded into the convolution before it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explainers.runtime.cloning import clone
from explainers.runtime.recording import record

LOGIT_TOLERANCE = 1e-4  # of the largest logit: folding may change logits by rounding, not by more
# In place, these copy their input for the backward pass; ReLU6 is a Hardtanh.
INPUT_COPYING_ACTIVATIONS = (nn.Hardtanh, nn.SiLU, nn.Hardswish)


class InPlaceWithoutGradient(nn.Module):
    """An activation that works in place unless a gradient is needed: for one, it would have to copy its input."""

    def __init__(self, activation: nn.Hardtanh | nn.SiLU | nn.Hardswish) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        self.activation.inplace = not torch.is_grad_enabled()
        result: Tensor = self.activation(x)
        return result


def prepare(network: nn.Module, pictures: Tensor) -> nn.Module:
    """Copy the module tree of `network` (in eval mode) with convolutions and BatchNorms fused, in channels_last.

    Only the modules change, so code that names or replaces a function of the forward pass still works. Every layer puts
    out what it did before, except a fused convolution, whose output is the BatchNorm's. A plain copy is returned where
    the fused one fails (some networks reshape in a way that channels_last forbids) or changes the logits of `pictures`
    (N, C, H, W), and where the network's output is no tensor.
    """
    with torch.no_grad():
        logits = network(pictures)
        if not isinstance(logits, Tensor):
            return clone(network)
        fused = clone(network)
        for convolution, norm in _fusible_pairs(network, pictures[:1]):
            merged = fuse_conv_bn_eval(_module(fused, convolution), _module(fused, norm))
            _replace(fused, convolution, merged.requires_grad_(False))
            _replace(fused, norm, nn.Identity())
        for name, module in list(fused.named_modules()):
            if isinstance(module, INPUT_COPYING_ACTIVATIONS) and module.inplace:
                _replace(fused, name, InPlaceWithoutGradient(module))
        fused = fused.to(memory_format=torch.channels_last)
        try:
            same = torch.allclose(fused(pictures), logits, rtol=0, atol=LOGIT_TOLERANCE * float(logits.abs().max()))
        except RuntimeError:
            same = False
    return fused if same else clone(network)


def _fusible_pairs(network: nn.Module, picture: Tensor) -> list[tuple[str, str]]:
    """Return the names of (convolution, BatchNorm) that can be fused.

    Both run once per pass, and nothing but the BatchNorm reads the convolution's output.
    """
    convolutions = {id(m.weight): name for name, m in network.named_modules() if type(m) is nn.Conv2d}
    norms = {
        id(m.running_mean): name
        for name, m in network.named_modules()
        if type(m) is nn.BatchNorm2d and m.running_mean is not None
    }
    calls = record(network, picture)
    readers = Counter(
        id(value)
        for call in calls
        if isinstance(call.result, Tensor)  # others, such as those that return a shape, don't read values
        for argument in (*call.args, *call.kwargs.values())
        for value in (argument if isinstance(argument, (list, tuple)) else (argument,))  # torch.cat takes a list
    )
    weight_by_output = {id(call.result): id(call.argument(1, "weight")) for call in calls if call.name == "conv2d"}
    runs = Counter(weight_by_output.values()) + Counter(
        id(c.argument(1, "running_mean")) for c in calls if c.name == "batch_norm"
    )
    return [
        (convolutions[weight], norms[mean])
        for call in calls
        if call.name == "batch_norm"
        and (source := id(call.argument(0, "input"))) in weight_by_output
        and (weight := weight_by_output[source]) in convolutions
        and (mean := id(call.argument(1, "running_mean"))) in norms
        and readers[source] == runs[weight] == runs[mean] == 1
    ]


def _module(network: nn.Module, name: str) -> Any:
    return network.get_submodule(name)


def _replace(network: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, module)
