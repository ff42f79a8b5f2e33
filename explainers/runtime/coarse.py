"""Tells numbers that are coarser than float32: their rounding changes a gradient by up to a third, or by all of it."""

from __future__ import annotations

from typing import Any

import torch

from explainers.runtime.dispatch import DispatchMode
from explainers.runtime.recording import tensors_in

FLOAT_BYTES = 4  # of a number in float32


def is_coarse(dtype: torch.dtype) -> bool:
    """Return whether numbers of this type are coarser than float32: of half precision or less, also complex ones."""
    parts = 2 if dtype.is_complex else 1
    return (dtype.is_floating_point or dtype.is_complex) and dtype.itemsize < FLOAT_BYTES * parts


class CoarseNumbers(DispatchMode):
    """Watches the operations of this thread, also those inside functions with a backward pass of their own.

    found: whether one of them put out coarse numbers.
    """

    supports_higher_order_operators = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found = False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        self.found |= any(is_coarse(tensor.dtype) for tensor in tensors_in(result))
        return result
