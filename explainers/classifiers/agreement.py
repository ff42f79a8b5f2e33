"""Judges whether two computations of the same function agree, apart from rounding."""

from __future__ import annotations

import torch
from torch import Tensor

LOGIT_TOLERANCE = 1e-4  # rounding changes logits by a hundredth of that
GRADIENT_TOLERANCE = 1e-2  # relative, in the Euclidean norm: on MobileNetV2, a ReLU6 near its kink changes it by 2e-3
ROUNDING_UNITS = 32  # for numbers coarser than float32


def same_logits(found: Tensor, true: Tensor) -> bool:
    """Return whether logits (..., classes) agree, each judged by its own size.

    Logits near zero are judged by the lower quartile of the sizes of all that aren't zero. The largest size would allow
    anything where a class is masked out by -1e9. NaN counts as 0, and infinity as the largest number.
    """
    if found.shape != true.shape or not true.numel():
        return found.shape == true.shape
    if not true.is_floating_point():  # `Classifier.check` refuses such logits
        return torch.equal(found, true)
    dtype = true.dtype
    found, true = (logits.detach().double().nan_to_num() for logits in (found, true))
    sizes = true.abs()
    usual = (
        sizes.masked_fill(sizes == 0, torch.nan)
        .nanquantile(0.25, -1, keepdim=True, interpolation="lower")
        .nan_to_num(0)
    )
    allowed = _tolerance(LOGIT_TOLERANCE, dtype) * torch.maximum(sizes, usual)
    return bool(((found - true).abs() <= allowed).all())


def same_gradient(found: Tensor, true: Tensor, norm: float) -> bool:
    """Return whether two gradients agree, given the projections (K,) of both on random directions of unit variance.

    norm: the Euclidean norm of the true one.
    """
    distance = (found - true).double().square().mean().sqrt()
    return bool(distance <= _tolerance(GRADIENT_TOLERANCE, true.dtype) * norm)


def _tolerance(relative: float, dtype: torch.dtype) -> float:
    return max(relative, ROUNDING_UNITS * torch.finfo(dtype).eps)
