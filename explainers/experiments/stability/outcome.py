"""How much of a map stays the same, and what that says about the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explainers.arrays import Array
from explainers.experiments.base import Finding
from explainers.experiments.similarity import spread

Kind = Literal["noise", "shifted", "mirrored", "seeds"]
KIND_TEXTS: dict[Kind, str] = {
    "noise": "under noise",
    "shifted": "when shifted",
    "mirrored": "when mirrored",
    "seeds": "with another seed",
}
ALIKE_FROM, UNLIKE_BELOW = 0.6, 0.3  # rank correlation: how sanity checks call two maps alike or unlike
MAX_SCORE_CHANGE = 0.1  # as a share of the score: beyond it the answer is a different one, so the map may differ, too
CAVEAT = (
    "Stable doesn't mean right. A map that never changes is perfectly stable, smooth maps look more stable than fine "
    "ones, and a classifier may really use other pixels of a mirrored picture."
)


@dataclass(frozen=True, eq=False)
class StabilityTrial:
    """The map of a picture that hardly differs from the original, or of another seed, mapped back.

    kind:        what was changed; name: the change in words.
    heat:        (H, W) on the original's pixels; NaN where the changed picture doesn't show them.
    correlation: Spearman's rank correlation with the original map over the pixels that both pictures show; None if one
                 of the maps is constant there.
    score:       the explained score, for the changed picture.
    """

    kind: Kind
    name: str
    heat: Array
    correlation: float | None
    score: float


@dataclass(frozen=True, eq=False)
class StabilityOutcome:
    """The trials, and what they are compared with.

    heat:   the original map (H, W), computed in the same way as those of the trials; score: its explained score.
    signed: whether the map has signs.
    """

    heat: Array
    score: float
    trials: tuple[StabilityTrial, ...]
    signed: bool

    def mean_correlation(self, kind: Kind) -> float | None:
        """Return the mean rank correlation of the trials of a kind; None if it is defined for none of them."""
        known = [trial.correlation for trial in self.trials if trial.kind == kind and trial.correlation is not None]
        return float(np.mean(known)) if known else None

    def change(self, trial: StabilityTrial) -> float:
        """Return the change of the score in a trial, as a share of the original score."""
        return (trial.score - self.score) / (abs(self.score) or 1.0)

    @property
    def spread(self) -> float | None:
        """The mean distance of the maps of several seeds from their mean (relative L1); None if there are no seeds."""
        seed_heats = [trial.heat for trial in self.trials if trial.kind == "seeds"]
        return spread([self.heat, *seed_heats]) if seed_heats else None

    @property
    def finding(self) -> Finding:
        means = {kind: self.mean_correlation(kind) for kind in KIND_TEXTS}
        defined = {kind: value for kind, value in means.items() if value is not None}
        if not defined:
            line = "The map gives all pixels the same value, so there is no order to compare."
            return Finding("neither", line, line, CAVEAT)
        listed = ", ".join(f"{value:.2f} {KIND_TEXTS[kind]}" for kind, value in defined.items())
        changes = [abs(self.change(trial)) for trial in self.trials]
        sentence = f"Rank correlation with the original map: {listed}. The score changes by up to {max(changes):.0%}."
        if self.spread is not None:
            sentence += f" Maps of several seeds lie {self.spread:.0%} from their mean (relative L1)."
        not_judged = sum(change > MAX_SCORE_CHANGE for change in changes)
        judged = [
            trial.correlation
            for trial in self.trials
            if trial.correlation is not None and abs(self.change(trial)) <= MAX_SCORE_CHANGE
        ]
        if not_judged:
            trials = f"{not_judged} of {len(changes)} trials"
            sentence += f" In {trials} it changes by more than {MAX_SCORE_CHANGE:.0%}; these are not judged."
        speaks, line = self._judged(judged)
        return Finding(speaks, line, f"{line} {sentence}", CAVEAT)

    @staticmethod
    def _judged(correlations: Sequence[float]) -> tuple[Literal["for", "against", "neither"], str]:
        """Return the verdict on the trials that are judged, and the line that says it."""
        if not correlations:
            return "neither", "The score changes too much to judge the map."
        if min(correlations) >= ALIKE_FROM:
            return "for", "The map is stable."
        if np.mean(correlations) < UNLIKE_BELOW:
            return "against", "The map changes although the answer stays."
        return "neither", "The map is partly stable."

    @property
    def numbers(self) -> Mapping[str, float | None]:
        correlations = {f"rank correlation, {kind}": self.mean_correlation(kind) for kind in KIND_TEXTS}
        return correlations | {"spread over seeds": self.spread}
