"""A faster network with the same answers: BatchNorm folded into the convolution before it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explainers.runtime.cloning import clone
from explainers.runtime.recording import record

TOLERANCE = 1e-4  # of the largest logit: what folding may change, in rounding
COPYING = (nn.Hardtanh, nn.SiLU, nn.Hardswish)  # in place, they copy their input for the way back; ReLU6 is the first


class Sparing(nn.Module):
    """An activation that works in place only where no gradient is wanted: for one it would copy its input first."""

    def __init__(self, activation: nn.Hardtanh | nn.SiLU | nn.Hardswish) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        self.activation.inplace = not torch.is_grad_enabled()
        found: Tensor = self.activation(x)
        return found


def prepare(network: nn.Module, pictures: Tensor) -> nn.Module:
    """Copy the module tree of `network` (in eval mode) with convolutions and BatchNorms fused, in channels_last.

    Only the modules change, so everything that names or replaces a function of the forward pass still works, and every
    layer gives what it gave but for a fused convolution, whose output is the BatchNorm's. Where the copy fails (some
    networks reshape in a way that channels_last forbids) or changes the logits of `pictures` (N, C, H, W), or the
    network gives something else than a tensor, a plain copy comes back.
    """
    with torch.no_grad():
        before = network(pictures)
        if not isinstance(before, Tensor):
            return clone(network)
        fused = clone(network)
        for convolution, norm in _pairs(network, pictures[:1]):
            merged = fuse_conv_bn_eval(_at(fused, convolution), _at(fused, norm))
            _put(fused, convolution, merged.requires_grad_(False))
            _put(fused, norm, nn.Identity())
        for name, module in list(fused.named_modules()):
            if isinstance(module, COPYING) and module.inplace:
                _put(fused, name, Sparing(module))
        fused = fused.to(memory_format=torch.channels_last)
        try:
            same = torch.allclose(fused(pictures), before, rtol=0, atol=TOLERANCE * float(before.abs().max()))
        except RuntimeError:
            same = False
    return fused if same else clone(network)


def _pairs(network: nn.Module, picture: Tensor) -> list[tuple[str, str]]:
    """Names of (convolution, BatchNorm) where the norm alone reads what the convolution gave, once per pass."""
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
        if isinstance(call.result, Tensor)  # reading a shape is no use of the values
        for argument in (*call.args, *call.kwargs.values())
        for value in (argument if isinstance(argument, (list, tuple)) else (argument,))  # torch.cat takes a list
    )
    made = {id(call.result): id(call.argument(1, "weight")) for call in calls if call.name == "conv2d"}
    runs = Counter(made.values()) + Counter(id(c.argument(1, "running_mean")) for c in calls if c.name == "batch_norm")
    return [
        (convolutions[weight], norms[mean])
        for call in calls
        if call.name == "batch_norm"
        and (source := id(call.argument(0, "input"))) in made
        and (weight := made[source]) in convolutions
        and (mean := id(call.argument(1, "running_mean"))) in norms
        and readers[source] == runs[weight] == runs[mean] == 1
    ]


def _at(network: nn.Module, name: str) -> Any:
    return network.get_submodule(name)


def _put(network: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, module)
