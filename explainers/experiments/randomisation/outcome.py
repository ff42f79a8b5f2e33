"""What came of a map when the classifier's weights were drawn anew, and what that says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explainers.arrays import Array
from explainers.experiments.base import Finding

DEPENDS, STAYS = 0.3, 0.6  # rank correlation with the map of random weights: below the one, above the other
UNMOVED = 0.8  # with the map of a random last layer: above it, the map is not about the decision
COARSE = 400  # cells: two maps that have nothing to do with each other are more than .05 apart from 0 by chance
FADED = 0.01  # of the logits' spread: where random weights leave less, they answer the same to every picture


@dataclass(frozen=True, eq=False)
class Step:
    """The map with part of the weights drawn anew, against the one with none.

    name:        what was drawn anew: of all that was, the block that is nearest to the input.
    heat:        (H, W) or None. why: there is none, or nothing to compare, in a sentence.
    correlation: Spearman's, of `heat` with the original's; by_sign: of both maps' signed sums over the channels, for
                 methods whose values have signs.
    similarity:  SSIM of both as they are drawn. All three are None where undefined.
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
    """The map as it is and from the last layer down to all weights drawn anew.

    keeps:   what maps of the method show of the picture whatever the network, in words.
    signed:  whether the heats that are compared have a sign.
    cells:   numbers in a map, before it is scaled up to the picture.
    steps:   the original first; the last has all weights drawn anew.
    again:   further draws of all weights.
    other:   the original network's map for another class, which is its name; None where there is none.
    """

    keeps: str
    signed: bool
    cells: int
    steps: tuple[Step, ...]
    again: tuple[Step, ...]
    other: Step | None

    @property
    def whole(self) -> tuple[Step, ...]:
        """The draws of all weights."""
        return self.steps[-1], *self.again

    def mean(self, measure: Callable[[Step], float | None]) -> float | None:
        """Of the draws of all weights in which it is defined."""
        found = [value for step in self.whole if (value := measure(step)) is not None]
        return float(np.mean(found)) if found else None

    @property
    def correlation(self) -> float | None:
        """Spearman's with the map of random weights, the mean of the draws."""
        return self.mean(lambda step: step.correlation)

    @property
    def last_layer(self) -> float | None:
        """Spearman's with the map of a random last layer; None, too, where that is no stage of its own."""
        return self.steps[1].correlation if len(self.steps) > 2 else None

    @property
    def finding(self) -> Finding:
        speaks, said = self._judged()
        return Finding(speaks, said, self._caveat(speaks))

    def _judged(self) -> tuple[Literal["for", "against", "neither"], str]:
        rho, last = self.correlation, self.last_layer
        if rho is None:
            return "neither", f"With all weights random there is nothing to compare. {self.steps[-1].why}"
        figures = f"rank correlation {rho:.2f} with the map of random weights{self._range()}"
        if rho > STAYS:
            return "against", f"It would look much the same for a classifier that has learnt nothing: {figures}."
        if last is not None and last > UNMOVED:
            return "against", (
                "It hardly depends on the decision: with a random last layer the classifier's answers are random, and "
                f"the map is still the same (rank correlation {last:.2f}). With all weights random, it is {rho:.2f}."
            )
        if rho < DEPENDS:
            return "for", f"It depends on what the classifier has learnt: {figures}."
        return "neither", f"Part of it stays when the classifier forgets all: {figures}."

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
        found = [step.correlation for step in self.whole if step.correlation is not None]
        if len(self.whole) == 1:
            return ""
        several = f"mean of {len(found)} draws"
        rest = ""
        if len(found) < len(self.whole):
            several, rest = f"mean of {len(found)} of {len(self.whole)} draws", "; the rest gave nothing to compare"
        return f" ({several}, from {min(found):.2f} to {max(found):.2f}{rest})"

    def _caveat(self, speaks: str) -> str:
        said = ["A map that depends on the weights may still be wrong: noise would change, too."]
        if speaks == "against":
            said = ["What it shows may still be what the classifier looks at: this map is just no evidence of it."]
        by_sign = self.mean(lambda step: step.by_sign)
        if self.keeps:
            said.append(f"Maps of this method are in part alike for any network: they show {self.keeps}.")
        if not self.signed and by_sign is not None:
            said.append(
                "Without signs, any two maps of one network have something in common, such as the grid of its strides; "
                f"with signs, the correlation is {by_sign:.2f}."
            )
        if self.cells < COARSE:
            chance = 1 / np.sqrt(self.cells - 1) if self.cells > 1 else 1.0
            said.append(
                f"Maps of {self.cells} cells have little to compare: those of unrelated networks often correlate by "
                f"±{chance:.2f} or more."
            )
        before, after = self.steps[0].spread, self.steps[-1].spread
        if before and after is not None and after < FADED * before:
            said.append("The random network says nearly the same to every class, which is not how a classifier fails.")
        return " ".join(said)
