"""Arrays: their type, the distance of two, and the memory that they take."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]  # `NDArray[Any]` hides what it is when the program runs, since NumPy 2.5


def relative_l1(values: Any, before: Any) -> float:
    """Return the sum of |values - before| as a share of the sum of |values|; 0 where `values` are all 0.

    Both may be arrays or tensors.
    """
    size = float(abs(values).sum())
    return float(abs(values - before).sum()) / size if size else 0.0


def nbytes(value: Any) -> int:
    """Return the number of bytes of the arrays in a value: an array, or a dataclass or tuple that holds arrays."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple):
        return sum(map(nbytes, value))
    if is_dataclass(value) and not isinstance(value, type):
        return sum(map(nbytes, vars(value).values()))
    return 0
