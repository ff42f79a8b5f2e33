"""How a map changed when the classifier's weights were randomised, and what that says about the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explainers.arrays import Array
from explainers.experiments.base import Finding

DEPENDS_BELOW, STAYS_ABOVE = 0.3, 0.6  # rank correlation with the map of random weights
UNMOVED_ABOVE = 0.8  # rank correlation with the map of a random last layer: the map is not about the decision
COARSE_MAP_CELLS = 400  # with fewer, rank correlations of unrelated maps have a standard deviation above 0.05
FADED_LOGIT_SPREAD = 0.01  # of the original logits' spread: with less, a network answers the same to all pictures


@dataclass(frozen=True, eq=False)
class Step:
    """The map with part of the weights randomised, compared with the original map.

    name:        the block nearest to the input whose weights are randomised.
    heat:        the map (H, W), or None; why: a sentence on why there is no map or nothing to compare.
    correlation: Spearman's rank correlation of `heat` with the original map; by_sign: that of both maps' signed sums
                 over the channels, for methods whose values have signs.
    similarity:  SSIM of both maps as they are drawn. All three measures are None where undefined.
    spread:      standard deviation of the logits over the classes; score: the explained number.
    """

    name: str
    heat: Array | None = None
    correlation: float | None = None
    by_sign: float | None = None
    similarity: float | None = None
    spread: float | None = None
    score: float | None = None
    why: str = ""


@dataclass(frozen=True, eq=False)
class RandomisationOutcome:
    """The original map, and the maps while weights are randomised from the last layer down to all of them.

    shows_regardless: what maps of the method show of the picture whatever the network, in words.
    signed:           whether the compared maps have signs.
    cells:            how many numbers a map has before it is scaled up to the picture.
    steps:            the original first; in the last one all weights are randomised.
    again:            further draws of all weights.
    other:            the original network's map for another class, whose label is its name; None if there is none.
    """

    shows_regardless: str
    signed: bool
    cells: int
    steps: tuple[Step, ...]
    again: tuple[Step, ...]
    other: Step | None

    @property
    def whole(self) -> tuple[Step, ...]:
        """All draws in which every weight is randomised."""
        return self.steps[-1], *self.again

    def mean(self, measure: Callable[[Step], float | None]) -> float | None:
        """Return the mean of a measure over the draws of all weights in which it is defined."""
        values = [value for step in self.whole if (value := measure(step)) is not None]
        return float(np.mean(values)) if values else None

    @property
    def correlation(self) -> float | None:
        """Spearman's rank correlation with the map of random weights, averaged over the draws."""
        return self.mean(lambda step: step.correlation)

    @property
    def last_layer(self) -> float | None:
        """Spearman's rank correlation with the map of a random last layer; None if that is no stage of its own."""
        return self.steps[1].correlation if len(self.steps) > 2 else None

    @property
    def finding(self) -> Finding:
        speaks, line, evidence = self._judged()
        return Finding(speaks, line, f"{line} {evidence}", self._caveat(speaks))

    def _judged(self) -> tuple[Literal["for", "against", "neither"], str, str]:
        """Return the verdict, the line that says it, and its evidence in a sentence."""
        rho, last = self.correlation, self.last_layer
        if rho is None:
            return "neither", "With all weights random there is nothing to compare.", self.steps[-1].why
        evidence = f"Its rank correlation with the map of random weights is {rho:.2f}{self._range()}."
        if rho > STAYS_ABOVE:
            return "against", "It would look much the same if the classifier had learnt nothing.", evidence
        if last is not None and last > UNMOVED_ABOVE:
            line = "It hardly depends on the decision: with a random last layer, the map stays the same."
            return "against", line, f"Their rank correlation is {last:.2f}. {evidence}"
        if rho < DEPENDS_BELOW:
            return "for", "It depends on what the classifier has learnt.", evidence
        return "neither", "Part of it stays when the classifier forgets everything.", evidence

    @property
    def numbers(self) -> Mapping[str, float | None]:
        return {
            "ρ, random weights": self.correlation,
            "ρ with signs, random weights": self.mean(lambda step: step.by_sign),
            "SSIM, random weights": self.mean(lambda step: step.similarity),
            "ρ, random last layer": self.last_layer,
            "ρ, another class": self.other.correlation if self.other else None,
        }

    def _range(self) -> str:
        known = [step.correlation for step in self.whole if step.correlation is not None]
        if len(self.whole) == 1:
            return ""
        draws = f"mean of {len(known)} draws"
        rest = ""
        if len(known) < len(self.whole):
            draws, rest = f"mean of {len(known)} of {len(self.whole)} draws", "; the rest gave nothing to compare"
        return f" ({draws}, from {min(known):.2f} to {max(known):.2f}{rest})"

    def _caveat(self, speaks: str) -> str:
        parts = ["A map that depends on the weights may still be wrong: noise would change, too."]
        if speaks == "against":
            parts = ["What it shows may still be what the classifier looks at, but this map is no evidence of it."]
        by_sign = self.mean(lambda step: step.by_sign)
        if self.shows_regardless:
            parts.append(
                f"In part, maps of this method look alike for every network: they show {self.shows_regardless}."
            )
        if not self.signed and by_sign is not None:
            parts.append(
                "Without signs, any two maps of one network have something in common, such as the grid of its strides; "
                f"with signs, the correlation is {by_sign:.2f}."
            )
        if self.cells < COARSE_MAP_CELLS:
            chance = 1 / np.sqrt(self.cells - 1) if self.cells > 1 else 1.0
            parts.append(
                f"Maps of {self.cells} cells have little to compare: those of unrelated networks often correlate by "
                f"±{chance:.2f} or more."
            )
        before, after = self.steps[0].spread, self.steps[-1].spread
        if before and after is not None and after < FADED_LOGIT_SPREAD * before:
            parts.append(
                "The random network gives every class nearly the same score, which is not how a classifier fails."
            )
        return " ".join(parts)
