"""The right maps of a network, by plain autograd on the network as it is: one picture at a time, nothing folded.

None of it is shared with the explainers. In float64 it is the oracle; in float32 it shows what rounding alone does.
Torch's BatchNorm is written out here, because its own backward pass in eval mode is wrong for a batch of one whose
gradient comes back transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from explainers import Target

TORCH_BATCH_NORM = F.batch_norm
Combine = Callable[[Tensor, Tensor], Tensor]  # (output, gradient) of a layer -> a map


class Oracle:
    """The scores and gradients of one network for one target.

    network:   the network as it is; it becomes the oracle's and is converted to `dtype`.
    mean, std: of pixels, per channel.
    nudge:     the share by which each pixel is changed, to see what rounding could do; black stays black.
    """

    def __init__(
        self,
        network: nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
        target: Target,
        dtype: torch.dtype = torch.float64,
        nudge: Tensor | float = 0.0,
    ) -> None:
        self.nudge = nudge
        self.network, self.target, self.dtype = network.to(dtype).requires_grad_(False), target, dtype
        self.buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
        self.mean, self.std = (torch.tensor(values, dtype=dtype).view(1, 3, 1, 1) for values in (mean, std))

    def score(self, picture: Tensor) -> Tensor:
        """Return the score () of a picture (C, H, W), as if it were the first to pass."""
        for name, buffer in self.network.named_buffers():
            buffer.copy_(self.buffers[name])
        output = self.network((picture.to(self.dtype)[None] * (1 + self.nudge) - self.mean) / self.std)
        logits = getattr(output, "logits", output)
        answers = logits[0].softmax(0) if self.target.scale == "probability" else logits[0]
        score: Tensor = answers[self.target.index]
        return score if self.target.versus is None else score - answers[self.target.versus]

    def gradient(self, picture: Tensor) -> Tensor:
        """Return the gradient (C, H, W) of the score with respect to a picture in pixel units."""
        point = picture.detach().to(self.dtype, copy=True).requires_grad_()
        with patch.object(F, "batch_norm", batch_norm):  # in the backward pass, too, where checkpointing runs it again
            torch.autograd.backward(self.score(point))  # and not torch.autograd.grad, which some checkpointing refuses
        return torch.zeros_like(point) if point.grad is None else point.grad

    def integrated(self, picture: Tensor, baseline: Tensor, rule: Sequence[tuple[float, float]]) -> Tensor:
        """Return Integrated Gradients by a rule of (alpha, weight)."""
        end, start = picture.to(self.dtype), baseline.to(self.dtype)
        mean = sum(weight * self.gradient(start + alpha * (end - start)) for alpha, weight in rule)
        return mean * (end - start)

    def smoothed(self, picture: Tensor, noises: Sequence[Tensor]) -> Tensor:
        """Return the mean gradient of a picture with each of the noises added."""
        return torch.stack([self.gradient(picture + noise) for noise in noises]).mean(0)

    def at_layer(self, picture: Tensor, layer: str, combine: Combine) -> Tensor:
        """Combine a layer's output (K, h, w) with the gradient of the score with respect to it, (K, h, w)."""
        outputs: list[Tensor] = []

        def watch(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
            output.retain_grad()
            outputs.append(output)
            return output.clone()  # which what comes after may change in place

        hook = self.network.get_submodule(layer).register_forward_hook(watch)
        try:
            self.gradient(picture)
        finally:
            hook.remove()
        (output,) = outputs
        assert output.grad is not None
        return combine(output[0].detach(), output.grad[0])

    def guided(self, picture: Tensor) -> Tensor:
        """Return guided backpropagation: what comes back to a ReLU is cut off below zero before the ReLU's own gate."""
        with _Guided():
            return self.gradient(picture)


def batch_norm(
    x: Tensor,
    mean: Tensor | None,
    var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Return what torch's function of this name does, by arithmetic whose gradient is right."""
    if training or mean is None or var is None:
        return TORCH_BATCH_NORM(x, mean, var, weight, bias, training, momentum, eps)
    shape = (1, -1, *[1] * (x.ndim - 2))
    normal = (x - mean.view(shape)) / (var.view(shape) + eps).sqrt()
    scaled = normal if weight is None else normal * weight.view(shape)
    return scaled if bias is None else scaled + bias.view(shape)


class _Guided(TorchFunctionMode):
    """Puts a hook on what every call of ReLU returns, which cuts the gradient off below zero."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs := kwargs or {}))
        name, (floor, *_) = getattr(func, "__name__", ""), (*args[1:2], kwargs.get("min_val"))
        is_relu = name in ("relu", "relu_", "relu6") or (name in ("hardtanh", "hardtanh_") and floor == 0)
        if is_relu and result.requires_grad:  # it doesn't in the first pass of some checkpointing
            result.register_hook(lambda gradient: gradient.clamp(min=0))
        return result
