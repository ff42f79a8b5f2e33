"""How far a map stays as it is, and what that says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explainers.arrays import Array
from explainers.experiments.base import Finding
from explainers.experiments.similarity import spread

Kind = Literal["noise", "shifted", "mirrored", "seeds"]
WORDS: dict[Kind, str] = {
    "noise": "under noise",
    "shifted": "when shifted",
    "mirrored": "when mirrored",
    "seeds": "with another seed",
}
ALIKE, UNLIKE = 0.6, 0.3  # rank correlation: above the one, sanity checks call two maps alike, below the other unlike
CHANGED = 0.1  # of the score: where it changes by more, the answer is another one and so may the map be
CAVEAT = (
    "Stable is not the same as right. A map that never changes is perfectly stable, smooth maps look stabler than fine "
    "ones, and a classifier may really use other pixels of a mirrored picture."
)


@dataclass(frozen=True, eq=False)
class StabilityTrial:
    """The map of a picture that hardly differs, mapped back.

    heat:        (H, W) on the original's pixels; NaN where the other picture doesn't show them.
    correlation: Spearman's with the original map over the pixels that both show; None where one knows no order.
    score:       what is explained, for the other picture.
    """

    kind: Kind
    name: str
    heat: Array
    correlation: float | None
    score: float


@dataclass(frozen=True, eq=False)
class StabilityOutcome:
    """The map (H, W) as the trials made it, its score, and the trials."""

    heat: Array
    score: float
    trials: tuple[StabilityTrial, ...]
    signed: bool

    def of(self, kind: Kind) -> float | None:
        """The mean rank correlation of the trials of that kind; None without any."""
        known = [each.correlation for each in self.trials if each.kind == kind and each.correlation is not None]
        return float(np.mean(known)) if known else None

    def change(self, trial: StabilityTrial) -> float:
        """How far the score changed, as a share of it."""
        return (trial.score - self.score) / (abs(self.score) or 1.0)

    @property
    def spread(self) -> float | None:
        """How far the maps of several seeds lie from their mean, on average (relative L1); None without seeds."""
        others = [each.heat for each in self.trials if each.kind == "seeds"]
        return spread([self.heat, *others]) if others else None

    @property
    def finding(self) -> Finding:
        known = {kind: self.of(kind) for kind in WORDS}
        found = {kind: value for kind, value in known.items() if value is not None}
        if not found:
            return Finding("neither", "The map puts no pixel before another: there is no order to compare.", CAVEAT)
        listed = ", ".join(f"{value:.2f} {WORDS[kind]}" for kind, value in found.items())
        changes = [abs(self.change(each)) for each in self.trials]
        sentence = f"Rank correlation with the map: {listed}. The score changes by up to {max(changes):.0%}."
        if self.spread is not None:
            sentence += f" Maps of several seeds lie {self.spread:.0%} from their mean (relative L1)."
        other = sum(change > CHANGED for change in changes)
        steady = [
            each.correlation
            for each in self.trials
            if each.correlation is not None and abs(self.change(each)) <= CHANGED
        ]
        if other:
            sentence += f" In {other} of {len(changes)} trials that is more than {CHANGED:.0%}: these are not judged."
        if not steady:
            return Finding("neither", f"{sentence} So nothing is left to judge.", CAVEAT)
        if min(steady) >= ALIKE:
            return Finding("for", f"{sentence} The map stays.", CAVEAT)
        if np.mean(steady) < UNLIKE:
            return Finding("against", f"{sentence} The map becomes another one while the answer stays.", CAVEAT)
        return Finding("neither", f"{sentence} The map partly stays.", CAVEAT)

    @property
    def numbers(self) -> Mapping[str, float | None]:
        return {f"rank correlation, {kind}": self.of(kind) for kind in WORDS} | {"spread over seeds": self.spread}
