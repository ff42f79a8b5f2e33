"""What is asked, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from explainers.errors import ExplanationError

if TYPE_CHECKING:  # they speak of what is explained here
    from explainers.grid import Grid
    from explainers.slices import Slices

Array = NDArray[Any]
Scale = Literal["logit", "probability"]
Reduction = Literal["sum of magnitudes", "signed sum", "largest"]
SCALES: tuple[Scale, ...] = ("logit", "probability")
REDUCTIONS: tuple[Reduction, ...] = ("sum of magnitudes", "signed sum", "largest")
SETTLED_CHANGE, SETTLED_GAP = 0.02, 0.05  # between two levels of automatic steps, and to completeness
JUDGED = 0.05  # of the score's range on the path: where the ends differ by less, a share of the difference says little
ROUNDING = 1e-4  # of a score: the same picture in a chunk of another size differs by up to a tenth of this


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


@dataclass(frozen=True, eq=False)
class Trace:
    """What was met on the path, at each alpha from 0 (baseline) to 1 (picture); averaged over baselines.

    alphas:        (P,) ascending.
    logits, probabilities: (P,) of the target, as index or index minus versus.
    slopes:        (P,) dF/dalpha of the explained number; its integral is score - baseline score.
    cumulative:    (P,) that integral up to each alpha by the rule that was used; its last value is sum(values).
    gradient_mean: (P,) mean of the gradient over all pixels and channels, in score per pixel unit.
    gradient_size: (P,) mean of its magnitude.
    """

    alphas: Array
    logits: Array
    probabilities: Array
    slopes: Array
    cumulative: Array
    gradient_mean: Array
    gradient_size: Array


@dataclass(frozen=True)
class Level:
    """One level of automatic steps: a grid of points on the path and what its map is worth.

    points: how many, on each path.
    change: relative L1 distance of its map from that of the level before, which has half the steps; None for the first.
    gap:    completeness gap; None where it isn't judged, because the score's ends differ by less than 5 % of its range.
    """

    points: int
    change: float | None
    gap: float | None

    @property
    def settled(self) -> bool:
        """Whether more points are not worth while: the map changed by less than 2 % and the gap is under 5 %."""
        still = self.change is not None and self.change < SETTLED_CHANGE
        return still and (self.gap is None or self.gap < SETTLED_GAP)


def apart(values: Any, before: Any) -> float:
    """Relative L1 distance of two maps, arrays or tensors; 0 between two maps of nothing."""
    size = float(abs(values).sum())
    return float(abs(values - before).sum()) / size if size else 0.0


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
    slices: Slices | None = None
    grid: Grid | None = None

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
        return None if abs(change) <= ROUNDING * scale else abs(self.residual / change)

    @property
    def converged(self) -> bool | None:
        """Whether automatic steps ended because the map had settled; None where the steps were chosen."""
        return self.history[-1].settled if self.history else None

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return _nbytes(self)

    def reduced(self, reduction: Reduction) -> Explanation:
        """The same explanation with its channels combined in another way."""
        return replace(self, reduction=reduction)


def _nbytes(value: Any) -> int:
    if is_dataclass(value):
        return sum(map(_nbytes, vars(value).values()))
    return value.nbytes if isinstance(value, np.ndarray) else 0
