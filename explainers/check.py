"""Checks a map against the score that it explains, in plain words: what its values add up to, or why they don't."""

from __future__ import annotations

import math
from dataclasses import dataclass

from explainers.explanation import Explanation, Scale
from explainers.markdown import escaped
from explainers.numbers import percent

MIN_DECIMALS = 2
SIGNIFICANT_DIGITS = 3
SAME_SCORE = "The baseline scores the same as the picture, so there is no share by which the sum could be off."
NEARLY_SAME_SCORE = (
    "How far the sum is off isn't judged, because the score at the two ends of the path differs by less than 5% of how "
    "much it moves in between, or only by rounding."
)


@dataclass(frozen=True)
class Check:
    """What a map adds up to, beside the score that it explains; all numbers are in that score's unit.

    baseline: the mean score of the baselines.
    pixels:   the sum of all values of the map.
    score:    the classifier's own score for the picture.
    gap:      the difference as a share of what the pixels should add up to; None where that can't be judged.
    why_unjudged: why there is no gap, as a sentence; empty if there is one.
    count:    the number of baselines.
    scale:    the kind of score.
    """

    baseline: float
    pixels: float
    score: float
    gap: float | None
    why_unjudged: str
    count: int
    scale: Scale

    @classmethod
    def of(cls, explanation: Explanation) -> Check | None:
        """Check an explanation; None if its values aren't meant to add up to a score."""
        if explanation.residual is None or explanation.baseline_score is None:
            return None
        pixels, gap, why = explanation.score - explanation.baseline_score + explanation.residual, explanation.gap, ""
        if gap is None:
            why = SAME_SCORE
        elif explanation.history and explanation.history[-1].gap is None:
            gap, why = None, NEARLY_SAME_SCORE
        count = 1 if explanation.baselines is None else len(explanation.baselines)
        return cls(explanation.baseline_score, pixels, explanation.score, gap, why, count, explanation.target.scale)

    @property
    def total(self) -> float:
        """What baseline and pixels add up to."""
        return self.baseline + self.pixels

    @property
    def sum(self) -> str:
        """The sum, as a calculation that is right in the digits that are shown."""
        baseline, total = self._rounded(self.baseline), self._rounded(self.total)
        name = "baseline" if self.count == 1 else f"mean of {self.count} baselines"
        sign = "-" if total < baseline else "+"
        pixels = f"pixels {self._text(abs(total - baseline))}"
        return f"{name} {self._text(baseline)} {sign} {pixels} = **{self._text(total)}**"

    @property
    def verdict(self) -> str:
        """What the classifier says, and how far the sum is off."""
        off = "" if self.gap is None else f" ({percent(self.gap)} off)"
        return f"The classifier says **{self._text(self._rounded(self.score))}**{off}."

    def _text(self, value: float) -> str:
        if self.scale == "probability":
            return f"{value:.{self._decimals - 2}%}"
        return f"{value:.{self._decimals}f}"

    def _rounded(self, value: float) -> float:
        return round(value, self._decimals) + 0.0  # which turns -0.0 into 0.0

    @property
    def _decimals(self) -> int:
        """As many as give the largest number three digits, but at least two."""
        largest = max(abs(self.baseline), abs(self.total), abs(self.score))
        fewest = MIN_DECIMALS + (self.scale == "probability")
        return max(fewest, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(largest))) if largest else fewest


def no_sum(explanation: Explanation) -> str:
    """Say what the numbers of a map are that don't add up to the score, as Markdown."""
    unit = escaped(explanation.facts.unit.text)
    return f"Each value of this map is the {unit}. No value is a share of the score, so there is no sum to check."
