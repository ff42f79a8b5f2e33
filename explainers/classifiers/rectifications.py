"""Recognises a ReLU or a ReLU6 among the calls of a forward pass, however it is written."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explainers.runtime.recording import Call

KEEPS = (operator.gt, operator.ge)  # x compared with 0: the mask of what a ReLU keeps
DROPS = (operator.lt, operator.le)  # and of what it drops


@dataclass(frozen=True, eq=False)
class Rectification:
    """A call that gives min(max(x, 0), ceiling); in_place: whether it writes the result into x."""

    x: Tensor
    ceiling: float
    in_place: bool


def has_gradient(x: Any) -> bool:
    """Return whether a gradient goes through what is computed from x now."""
    return isinstance(x, Tensor) and x.requires_grad and torch.is_grad_enabled()


def rectification(call: Call, concerns: Callable[[Any], bool] = has_gradient) -> Rectification | None:
    """Return what a call rectifies; None if it is no ReLU, or rectifies what doesn't concern the caller.

    A mask is judged by its values: it must drop all that is negative, and something.
    """
    if (found := _rectified(call)) is None:
        return None
    x, ceiling = found
    if not concerns(x):
        return None
    position = {"hardtanh": 3, "threshold": 3, "relu": 1, "relu6": 1}.get(call.name)
    in_place = call.in_place or (position is not None and bool(call.argument(position, "inplace", False)))
    return Rectification(x, ceiling, in_place)


def _rectified(call: Call) -> tuple[Any, float] | None:
    """Return the input of a ReLU and the value at which it is cut off: infinity for ReLU, 6 for ReLU6."""
    x, second, third = call.argument(0, "input"), call.argument(1, "other"), call.argument(2, "other")
    match call.name:
        case "relu":
            return x, torch.inf
        case "relu6":
            return x, 6.0
        case "hardtanh" if call.argument(1, "min_val", -1.0) == 0:  # what nn.ReLU6 calls
            return x, float(call.argument(2, "max_val", 1.0))
        case "threshold" if call.argument(1, "threshold") == 0 and call.argument(2, "value") == 0:
            return x, torch.inf
        case "clamp" | "clip" | "clamp_min" if _is_zero(call.argument(1, "min"), x):
            ceiling = call.argument(2, "max")
            return (x, torch.inf if ceiling is None else float(ceiling)) if _is_number(ceiling) else None
        case "maximum" | "fmax" | "max":
            return _either(x, second, lambda x, other: isinstance(other, Tensor) and _is_zero(other, x))
        case "mul" | "multiply":
            return _either(x, second, lambda x, other: _is_sign_mask(other, x, KEEPS))
        case "where":
            mask, kept = call.argument(0, "condition"), call.argument(1, "input")
            if isinstance(mask, Tensor) and mask.dtype != torch.bool:  # the method of a tensor: x.where(mask, other)
                mask, kept = kept, mask
            if _is_zero(third, kept) and _is_sign_mask(mask, kept, KEEPS):
                return kept, torch.inf
            return (third, torch.inf) if _is_zero(kept, third) and _is_sign_mask(mask, third, DROPS) else None
        case "masked_fill" | "setitem":
            mask, value = call.argument(1, "mask"), call.argument(2, "value")
            return (x, torch.inf) if _is_zero(value, x) and _is_sign_mask(mask, x, DROPS) else None
    return None


def _either(first: Any, second: Any, rectifies: Callable[[Any, Any], bool]) -> tuple[Any, float] | None:
    """Return the one of two arguments that the other rectifies."""
    for x, other in ((first, second), (second, first)):
        if rectifies(x, other):
            return x, torch.inf
    return None


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, (int, float)) or (isinstance(value, Tensor) and value.numel() == 1)


def _is_zero(value: Any, x: Any) -> bool:
    """Return whether a value is the constant 0, which doesn't change the shape and type of x."""
    if not isinstance(value, Tensor):
        return isinstance(value, (int, float)) and value == 0
    return isinstance(x, Tensor) and _fits(value, x) and not value.requires_grad and not bool(value.any())


def _is_sign_mask(mask: Any, x: Any, comparisons: tuple[Callable[[Any, Any], Any], ...]) -> bool:
    """Return whether a mask is x compared with 0, so that a ReLU keeps, or drops, what it marks."""
    if not (isinstance(mask, Tensor) and isinstance(x, Tensor)):
        return False
    if mask.shape != x.shape or not _fits(mask, x) or not bool((x < 0).any()):
        return False
    return any(torch.equal(mask, comparison(x, 0).to(mask.dtype)) for comparison in comparisons)


def _fits(value: Tensor, x: Tensor) -> bool:
    """Return whether a value combined with x has the shape and the type of x."""
    sizes = zip(reversed(value.shape), reversed(x.shape), strict=False)
    same_shape = value.ndim <= x.ndim and all(size in (1, of_x) for size, of_x in sizes)
    return same_shape and torch.result_type(value, x) == x.dtype
