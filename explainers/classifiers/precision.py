"""Computes networks of half precision in float32: their rounding would change a gradient map by up to a third."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from explainers.classifiers.preparing import fingerprint, weights_and_buffers
from explainers.runtime.cloning import clone
from explainers.runtime.coarse import is_coarse


def is_half(network: nn.Module) -> bool:
    """Return whether a weight or buffer of a network is in half precision."""
    return any(map(_is_half, weights_and_buffers(network)))


class Widened:
    """A copy in float32 of a network of half precision, whose weights follow those of the network.

    network: the copy.
    """

    def __init__(self, original: nn.Module) -> None:
        self._original, self._weights = original, fingerprint(original)
        self.network = clone(original, share_weights=False)
        self.network._apply(widen)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def follow(self) -> None:
        """Convert the weights and buffers again if the network's were trained on."""
        if (weights := fingerprint(self._original)) == self._weights:
            return
        pairs = zip(weights_and_buffers(self.network), weights_and_buffers(self._original), strict=True)
        for tensor, source in pairs:
            tensor.copy_(source)
        self._weights = weights


def widen(tensor: Tensor) -> Tensor:
    """Return a tensor of half precision or less in float32, and any other as it is."""
    return tensor.float() if _is_half(tensor) else tensor


def _is_half(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and is_coarse(tensor.dtype)
