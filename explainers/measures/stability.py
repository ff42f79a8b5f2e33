"""Whether a map stays as it is when the picture hardly changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from explainers.base import Explainer
from explainers.classifiers import Classifier
from explainers.engine import OnProgress
from explainers.explanation import Array, Explanation
from explainers.knobs import Range, number
from explainers.measures.experiment import Experiment, Finding, Tally
from explainers.measures.maps import rank_correlation, spread

Back = Callable[[Array], Array]
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
SIDES = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}  # rows, columns


@dataclass(frozen=True, eq=False)
class Trial:
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


@dataclass(frozen=True)
class Stability(Experiment):
    """Whether the map stays when the picture hardly changes.

    A person sees no difference between the picture and one with a little noise, a few pixels to the side, or mirrored.
    The map should then be the same, at the same place. It is mapped back and compared by rank correlation, and the
    change of the score is told: where the answer itself changes, another map is no fault. Methods that draw random
    numbers are asked with other seeds, too.
    """

    title: ClassVar[str] = "Stability"
    paper: ClassVar[str] = "https://arxiv.org/abs/1806.08049"

    noise: float = number(0.02, 0.0, 0.5, 0.01, hint="Standard deviation of the noise; 1 is from black to white.")
    draws: int = number(3, 1, 20, hint="Noisy pictures, and other seeds of random methods.")
    shift: int = number(2, 1, 32, hint="Pixels of the classifier's picture, to each of four sides.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.")

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        maps = 1 + self.draws + len(SIDES) + 1 + self.draws * _random(explainer)
        return maps * explainer.repeated.passes(classifier)

    def __call__(
        self,
        explainer: Explainer,
        classifier: Classifier,
        image: Image.Image | Tensor,
        explanation: Explanation,
        *,
        on_progress: OnProgress | None = None,
    ) -> Steadiness:
        method, (picture, _) = explainer.repeated, classifier.see(image)
        tally, trials = Tally(self.passes(explainer, classifier), on_progress), list[Trial]()

        def ask(one: Explainer, other: Tensor) -> tuple[Array, float]:
            found = tally.explain(one, classifier, other, explanation.target)
            return found.reduced(explanation.reduction).heat, found.score

        heat, score = ask(method, picture)
        for kind, name, other, back in self._others(picture):
            found, reached = ask(method, other)
            trials.append(_trial(kind, name, heat, back(found), reached))
        for turn, other_seed in enumerate(self._seeds(method)):
            found, reached = ask(other_seed, picture)
            trials.append(_trial("seeds", f"another seed, {turn + 1}", heat, found, reached))
        return Steadiness(heat, score, tuple(trials), explanation.signed)

    def _others(self, picture: Tensor) -> Iterator[tuple[Kind, str, Tensor, Back]]:
        """Pictures that hardly differ, and how a map of each is mapped back."""
        generator = torch.Generator().manual_seed(self.seed)
        for turn in range(self.draws):
            noise = torch.randn(picture.shape, generator=generator, dtype=torch.float64).to(picture)
            yield "noise", f"noise, draw {turn + 1}", picture + self.noise * noise, np.asarray
        far = min(self.shift, min(picture.shape[1:]) - 1)
        for side, (down, across) in SIDES.items() if far else ():
            shift = far * down, far * across
            yield (
                "shifted",
                f"{far} px {side}",
                moved(picture, *shift),
                partial(moved_back, down=shift[0], across=shift[1]),
            )
        yield "mirrored", "mirrored", picture.flip(2), lambda heat: heat[:, ::-1]

    def _seeds(self, method: Explainer) -> Iterator[Explainer]:
        knob = method.knobs().get("seed")
        if _random(method) and isinstance(knob, Range):
            seeds = int(knob.high) + 1
            first = method.settings["seed"] + 1
            for turn in range(self.draws):
                other: dict[str, Any] = {"seed": (first + turn) % seeds}
                yield replace(method, **other)


@dataclass(frozen=True, eq=False)
class Steadiness:
    """The map (H, W) as the trials made it, its score, and the trials."""

    heat: Array
    score: float
    trials: tuple[Trial, ...]
    signed: bool

    def of(self, kind: Kind) -> float | None:
        """The mean rank correlation of the trials of that kind; None without any."""
        known = [each.correlation for each in self.trials if each.kind == kind and each.correlation is not None]
        return float(np.mean(known)) if known else None

    def change(self, trial: Trial) -> float:
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

    @property
    def nbytes(self) -> int:
        return int(self.heat.nbytes + sum(each.heat.nbytes for each in self.trials))


def moved(picture: Tensor, down: int, across: int) -> Tensor:
    """A picture (C, H, W) moved by so many pixels; its edge fills what comes free."""
    aside = max(across, 0), max(-across, 0), max(down, 0), max(-down, 0)
    height, width = picture.shape[1:]
    top, left = max(-down, 0), max(-across, 0)
    return F.pad(picture[None], aside, mode="replicate")[0, :, top : top + height, left : left + width]


def moved_back(heat: Array, down: int, across: int) -> Array:
    """A moved picture's map (H, W) on the pixels of the picture; NaN where nothing of the picture was moved to."""
    height, width = heat.shape
    back = np.full_like(heat, np.nan)
    back[max(-down, 0) : height - max(down, 0), max(-across, 0) : width - max(across, 0)] = heat[
        max(down, 0) : height + min(down, 0), max(across, 0) : width + min(across, 0)
    ]
    return back


def _trial(kind: Kind, name: str, heat: Array, other: Array, score: float) -> Trial:
    both = np.isfinite(other)
    return Trial(kind, name, np.ascontiguousarray(other), rank_correlation(heat[both], other[both]), score)


def _random(explainer: Explainer) -> bool:
    """Whether it draws random numbers that change its map."""
    return "seed" in explainer.repeated.settings
