"""Arrays: their type, how far two lie apart, and how much memory they take."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def relative_l1(values: Any, before: Any) -> float:
    """Relative L1 distance of two maps, arrays or tensors; 0 between two maps of nothing."""
    size = float(abs(values).sum())
    return float(abs(values - before).sum()) / size if size else 0.0


def nbytes(value: Any) -> int:
    """Bytes of the arrays in a value: an array, or a dataclass or tuple that holds some."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple):
        return sum(map(nbytes, value))
    if is_dataclass(value) and not isinstance(value, type):
        return sum(map(nbytes, vars(value).values()))
    return 0
