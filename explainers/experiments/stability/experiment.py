"""Whether a map stays as it is when the picture hardly changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.experiments.base import Experiment, ExperimentProgress
from explainers.experiments.similarity import rank_correlation
from explainers.experiments.stability.outcome import Kind, StabilityOutcome, StabilityTrial
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.passes import OnProgress
from explainers.settings import Range, number

Back = Callable[[Array], Array]
SIDES = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}  # rows, columns


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
    ) -> StabilityOutcome:
        method, (picture, _) = explainer.repeated, classifier.see(image)
        progress, trials = (
            ExperimentProgress(self.passes(explainer, classifier), on_progress),
            list[StabilityTrial](),
        )

        def ask(one: Explainer, other: Tensor) -> tuple[Array, float]:
            found = progress.explain(one, classifier, other, explanation.target)
            return found.reduced(explanation.reduction).heat, found.score

        heat, score = ask(method, picture)
        for kind, name, other, back in self._others(picture):
            found, reached = ask(method, other)
            trials.append(_trial(kind, name, heat, back(found), reached))
        for turn, other_seed in enumerate(self._seeds(method)):
            found, reached = ask(other_seed, picture)
            trials.append(_trial("seeds", f"another seed, {turn + 1}", heat, found, reached))
        return StabilityOutcome(heat, score, tuple(trials), explanation.signed)

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


def _trial(kind: Kind, name: str, heat: Array, other: Array, score: float) -> StabilityTrial:
    both = np.isfinite(other)
    return StabilityTrial(kind, name, np.ascontiguousarray(other), rank_correlation(heat[both], other[both]), score)


def _random(explainer: Explainer) -> bool:
    """Whether it draws random numbers that change its map."""
    return "seed" in explainer.repeated.settings
