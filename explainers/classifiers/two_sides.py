"""A network of one logit as a classifier of two classes: evidence against the one is evidence for the other."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

NO, YES = 0, 1  # the numbers of the two classes


def show_both_sides(network: nn.Module, logits: object, labels: int, output: str) -> None:
    """Let a network of one logit z give (-z, z) if it has two labels: sigmoid makes 1 - p and p of them.

    logits: what the network gave for one picture.
    """
    if labels == 2 and output == "sigmoid" and isinstance(logits, Tensor) and logits.shape == (1, 1):
        network.register_forward_hook(_both_sides)


def shows_both_sides(network: nn.Module) -> bool:
    """Whether `show_both_sides` has changed what a network, or the one that it was copied from, gives."""
    return any(hook is _both_sides for hook in network._forward_hooks.values())


def both_sides(values: Tensor, dim: int) -> Tensor:
    """Return values of one logit, which have the size 1 along `dim`, for both classes."""
    return torch.cat([-values, values], dim)


def _both_sides(module: nn.Module, inputs: Any, output: Any) -> Any:
    return both_sides(output, 1) if isinstance(output, Tensor) and output.ndim == 2 else output
