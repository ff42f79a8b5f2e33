"""The target of an explanation, and its result: a map with the facts that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from numbers import Integral
from typing import Any, Literal

import numpy as np
import torch
from torch.nn import functional as F

from explainers.arrays import Array
from explainers.classifiers.admission import Output
from explainers.classifiers.traits import Traits
from explainers.classifiers.view import Box, View
from explainers.errors import ExplanationError
from explainers.paths.trace import SCORE_ROUNDING, Level, Trace

Scale = Literal["logit", "probability"]
Reduction = Literal["sum of magnitudes", "signed sum", "largest"]
SCALES: tuple[Scale, ...] = ("logit", "probability")
REDUCTIONS: tuple[Reduction, ...] = ("sum of magnitudes", "signed sum", "largest")


@dataclass(frozen=True)
class Target:
    """The score that is explained: s(index), or s(index) - s(versus), where s is the logit or the probability."""

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
            raise ExplanationError("Choose two different classes: a class can't be compared with itself.")


ValueKind = Literal["gradient", "squared gradient", "attribution", "activation", "probability"]


@dataclass(frozen=True)
class Unit:
    """The quantity that a map's values are. Two units are equal if their names and kinds are, whatever their texts.

    name: the name of the quantity.
    kind: the kind of value; a gradient, for instance, predicts a change of score when it is multiplied by a change of
          brightness, and an attribution does not. None: the kind of the method that is repeated.
    text: the quantity in words, with {scale} for the kind of score and {inner} for the unit of the method that is
          repeated.
    """

    name: str
    kind: ValueKind | None
    text: str = field(compare=False)

    def for_map(self, scale: Scale, inner: Unit | None = None) -> Unit:
        """Return the unit of a map, given the scale and, for a method that repeats another, the unit of that method."""
        inner_text = "" if inner is None else inner.text.format(scale=scale)
        name = ", ".join([self.name, *([] if inner is None else [inner.name]), scale])
        return Unit(name, self.kind or (inner.kind if inner else None), self.text.format(scale=scale, inner=inner_text))


@dataclass(frozen=True)
class Sampling:
    """The random samples that a map is made of.

    count:   their number.
    name:    what they are, in words.
    settled: whether they are enough for the tolerance; None if their number was chosen.
    """

    count: int
    name: str
    settled: bool | None = None


@dataclass(frozen=True)
class Facts:
    """How a map was computed.

    method:        the title of the method.
    slug:          its name in addresses.
    settings:      its settings that have an effect.
    classifier:    the name of the classifier.
    weights:       the identity of the classifier.
    source:        the name by which `load_classifier` loads it; None for a network that was handed over.
    view:          how the classifier's input is cut out of a photo.
    mean, std:     what its input is normalised by, per channel, in pixel units.
    output:        what turns its logits into probabilities.
    label:         the class that is explained.
    versus:        the other class, if the difference of two scores is explained.
    scale:         the kind of score that is explained.
    unit:          what the values are.
    passes:        how many pictures passed through the network.
    checks:        how many of them passed again, alone, through the network as it is, to verify what it answered.
    folded:        whether they passed through the prepared copy of it, whose answers were verified.
    refuted:       whether a faster way of passing them was tried first, and gave different answers.
    widened:       whether its weights are in half precision, and it was run in float32.
    traits:        how the network must be run.
    chunk:         how many passed at once at the end.
    halvings:      how often the chunk was halved because memory ran out.
    seconds:       the time from the picture to the map, waiting included.
    device:        the device of the network.
    seed:          the seed of the random numbers; None if none were drawn.
    versions:      the versions of the packages that the map depends on.
    compared_with: the classes from which the map sets the label apart, for methods that choose some.
    empty_because: why a map of this method can be zero everywhere; empty if there is no reason particular to it.
    opposite:      the other class of a network of one logit: evidence against the label is evidence for it; None for
                   other networks, and where the difference of two scores is explained.
    negated:       whether the logit of the label is minus the network's own.
    """

    method: str
    slug: str
    settings: Mapping[str, Any]
    classifier: str
    weights: str
    source: str | None
    view: View
    mean: tuple[float, ...]
    std: tuple[float, ...]
    output: Output
    label: str
    versus: str | None
    scale: Scale
    unit: Unit
    passes: int
    checks: int
    folded: bool
    refuted: bool
    widened: bool
    traits: Traits
    chunk: int
    halvings: int
    seconds: float
    device: str
    seed: int | None
    versions: Mapping[str, str]
    compared_with: tuple[str, ...] = ()
    empty_because: str = ""
    opposite: str | None = None
    negated: bool = False

    def json(self) -> dict[str, Any]:
        """Return the facts as values that JSON can hold."""
        listed = {name: list(getattr(self, name)) for name in ("mean", "std", "compared_with")}
        return asdict(self) | {"settings": dict(self.settings)} | listed


@dataclass(frozen=True)
class Coverage:
    """How many activations of one forward pass a backward rule changes.

    covered:   the number of calls that it changes.
    total:     the number of all activations; if some are unreached, there may be more.
    names:     the number of calls that it doesn't change, by the name of the function.
    unreached: the number of ReLUs, at least, that are no calls, so that it can't change them.
    """

    covered: int
    total: int
    names: Mapping[str, int]
    unreached: int = 0

    @property
    def ratio(self) -> str:
        """What part is covered, in words."""
        return f"{self.covered} of {'at least ' if self.unreached else ''}{self.total}"


def reduce(values: Array, reduction: Reduction) -> Array:
    """Combine the channels of values (C, h, w) to one number per pixel, (h, w)."""
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
    """A map, with what proves it.

    picture:   (C, H, W) float32 in pixel units, as the classifier sees it.
    box:       (left, top, right, bottom) of this picture in the upright photo, in pixels of the photo.
    values:    (C, h, w) float32, signed; for class activation maps (1, h, w), on the layer's grid. Gradients are in
               score per pixel unit (0 is black, 1 is white), attributions in score.
    rectified: whether ReLU or a square is part of the method, so that values are never negative.
    target:    what was explained.
    score:     its value for the picture.
    baselines: (k, C, H, W), or None; baseline_score: the mean of their scores.
    residual:  sum(values) - (score - baseline_score) for complete methods, else None.
    error:     the expected relative L1 distance of `values` from the exact map, which endlessly many points or samples
               would give; None where nothing is sampled, or the distance is unknown.
    standard_error: (C, h, w) float32, the standard deviation of the values from one set of random samples to another;
               None where none are drawn, or it is unknown.
    sampling:  the random samples, for methods that draw some.
    trace:     the values recorded along the path, for path methods.
    history:   the levels of automatic steps, of which the last has this map; empty if the steps were chosen.
    segments:  (H, W) the number of each pixel's superpixel, for methods over superpixels, else None.
    photo_size: (width, height) of the upright photo; None where a tensor was given instead of one.
    facts:     how it was computed.
    """

    picture: Array
    box: Box
    values: Array
    target: Target
    score: float
    facts: Facts
    reduction: Reduction = "sum of magnitudes"
    rectified: bool = False
    baselines: Array | None = None
    baseline_score: float | None = None
    residual: float | None = None
    error: float | None = None
    standard_error: Array | None = None
    sampling: Sampling | None = None
    trace: Trace | None = None
    history: tuple[Level, ...] = ()
    segments: Array | None = None
    photo_size: tuple[int, int] | None = None

    @cached_property
    def heat(self) -> Array:
        """The map with its channels combined, (H, W) float32; a coarse grid is scaled up bilinearly to the picture."""
        grid, size = reduce(self.values, self.reduction), self.picture.shape[1:]
        if grid.shape == size:
            return grid
        scaled = F.interpolate(torch.from_numpy(grid)[None, None], size=size, mode="bilinear", align_corners=False)
        return scaled[0, 0].numpy()

    @property
    def coarse(self) -> bool:
        """Whether the values lie on a grid of their own, and not on the picture's pixels."""
        return tuple(self.values.shape[1:]) != tuple(self.picture.shape[1:])

    @property
    def signed(self) -> bool:
        """Whether the heat has signs."""
        return self.reduction == "signed sum" and not self.rectified

    @property
    def takes_sides(self) -> bool:
        """Whether positive heat speaks for the target and negative heat against it; a gradient speaks of brightness."""
        return self.signed and self.facts.unit.kind not in (None, "gradient")

    @property
    def gap(self) -> float | None:
        """|residual| as a share of |score - baseline score|; None where the scores are equal but for rounding."""
        if self.residual is None or self.baseline_score is None:
            return None
        change, scale = self.score - self.baseline_score, max(abs(self.score), abs(self.baseline_score))
        return None if abs(change) <= SCORE_ROUNDING * scale else abs(self.residual / change)

    @property
    def converged(self) -> bool | None:
        """Whether automatic steps or samples ended because the map had settled; None if their number was chosen."""
        if self.sampling:
            return self.sampling.settled
        return self.history[-1].settled if self.history else None

    def check_finite(self) -> None:
        """Raise ExplanationError for a map whose values are not all finite, saying where they come from."""
        if np.isfinite(self.values).all():
            return
        places: list[str] = []
        if self.trace is not None:
            alphas = self.trace.alphas[~np.isfinite(self.trace.gradient_size)].tolist()
            ends = {0.0: "at the baseline", 1.0: "at the picture"}
            places = [ends.get(alpha, f"{alpha:.0%} of the way from the baseline to the picture") for alpha in alphas]
        ways = ["choose another baseline"] if self.baselines is not None else []
        ways += ["explain the logit"] if self.target.scale == "probability" else []
        ways += ["choose a method that needs no gradient, such as Occlusion"]
        raise ExplanationError(
            f"{self.facts.method}: the gradient of {self.facts.classifier} is not finite "
            f"{' and '.join(places[:2]) or 'for this picture'}, so there is no map. You could {', or '.join(ways)}."
        )

    def reduced(self, reduction: Reduction) -> Explanation:
        """Return the same explanation with its channels combined by `reduction`."""
        return replace(self, reduction=reduction)
