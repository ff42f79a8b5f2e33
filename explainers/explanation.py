"""What is asked, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Any, Literal

import numpy as np
import torch
from torch.nn import functional as F

from explainers.arrays import Array
from explainers.errors import ExplanationError
from explainers.paths.snapshots import Snapshots
from explainers.paths.step_grid import StepGrid
from explainers.paths.trace import Level, Trace

Scale = Literal["logit", "probability"]
Reduction = Literal["sum of magnitudes", "signed sum", "largest"]
SCALES: tuple[Scale, ...] = ("logit", "probability")
REDUCTIONS: tuple[Reduction, ...] = ("sum of magnitudes", "signed sum", "largest")
SCORE_ROUNDING = 1e-4  # of a score: the same picture in a chunk of another size differs by up to a tenth of this


@dataclass(frozen=True)
class Target:
    """The number that is explained: s(index), or s(index) - s(versus), with s the logit or the probability."""

    index: int
    versus: int | None = None
    scale: Scale = "logit"

    def __post_init__(self) -> None:
        for name in ("index", "versus"):
            value = getattr(self, name)
            if isinstance(value, bool) or not (isinstance(value, Integral) or (value is None and name == "versus")):
                raise ExplanationError(f"A target's {name} must be the number of a class, not {value!r}.")
        if self.scale not in SCALES:
            raise ExplanationError(f"What is explained must be the {' or the '.join(SCALES)}, not {self.scale!r}.")
        if self.versus == self.index:
            raise ExplanationError("Choose two different classes: a class can't be explained rather than itself.")


@dataclass(frozen=True)
class Coverage:
    """How many activation calls of one forward pass a backward rule changes; `names`: those it doesn't, with counts."""

    covered: int
    total: int
    names: Mapping[str, int]


def reduce(values: Array, reduction: Reduction) -> Array:
    """(C, h, w) -> (h, w): one number per pixel out of one per channel."""
    match reduction:
        case "sum of magnitudes":
            return np.abs(values).sum(0)  # type: ignore[no-any-return]
        case "signed sum":
            return values.sum(0)  # type: ignore[no-any-return]
        case "largest":
            return np.abs(values).max(0)  # type: ignore[no-any-return]
    raise ExplanationError(f"Channels can be combined by {', '.join(REDUCTIONS)}, not by {reduction!r}.")


@dataclass(frozen=True, eq=False)
class Explanation:
    """A map and its proof.

    picture:   (C, H, W) float32 in pixel units, as the classifier sees it.
    box:       (left, top, right, bottom), that view in the upright photo's pixels.
    values:    (C, h, w) float32, signed; for class activation maps (1, h, w), the layer's own grid. Gradients are in
               score per pixel unit (0 is black, 1 is white), attributions in score.
    rectified: whether ReLU or a square is part of the method, so that values are never negative.
    target:    what was explained; score: its value for the picture.
    baselines: (k, C, H, W) or None; baseline_score: the mean of their scores.
    residual:  sum(values) - (score - baseline_score) for complete methods, else None.
    trace:     the path, for path methods.
    history:   the levels of automatic steps, the last one's map is this one; empty where the steps were chosen.
    segments:  (H, W) which superpixel each pixel belongs to, for methods over superpixels, else None.
    slices, grid: what path methods keep for who wants to look inside, where asked to.
    facts:     settings, classifier, weights, passes, seconds, device, versions, seed: JSON values.
    """

    picture: Array
    box: tuple[float, float, float, float]
    values: Array
    target: Target
    score: float
    facts: Mapping[str, Any]
    reduction: Reduction = "sum of magnitudes"
    rectified: bool = False
    baselines: Array | None = None
    baseline_score: float | None = None
    residual: float | None = None
    trace: Trace | None = None
    history: tuple[Level, ...] = ()
    segments: Array | None = None
    slices: Snapshots | None = None
    grid: StepGrid | None = None

    @cached_property
    def heat(self) -> Array:
        """(H, W) float32 on the classifier's input: the channels reduced, a coarse grid scaled up bilinearly."""
        grid, size = reduce(self.values, self.reduction), self.picture.shape[1:]
        if grid.shape == size:
            return grid
        scaled = F.interpolate(torch.from_numpy(grid)[None, None], size=size, mode="bilinear", align_corners=False)
        return scaled[0, 0].numpy()

    @property
    def signed(self) -> bool:
        """Whether negative heat means evidence against the target."""
        return self.reduction == "signed sum" and not self.rectified

    @property
    def gap(self) -> float | None:
        """|residual| as a share of |score - baseline score|; None where there is nothing to share out."""
        if self.residual is None or self.baseline_score is None:
            return None
        change, scale = self.score - self.baseline_score, max(abs(self.score), abs(self.baseline_score))
        return None if abs(change) <= SCORE_ROUNDING * scale else abs(self.residual / change)

    @property
    def converged(self) -> bool | None:
        """Whether automatic steps ended because the map had settled; None where the steps were chosen."""
        return self.history[-1].settled if self.history else None

    def reduced(self, reduction: Reduction) -> Explanation:
        """The same explanation with its channels combined in another way."""
        return replace(self, reduction=reduction)
