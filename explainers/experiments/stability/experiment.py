"""Does a map stay the same when the picture hardly changes?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.experiments.base import Experiment, ExperimentProgress
from explainers.experiments.similarity import rank_correlation
from explainers.experiments.stability.outcome import Kind, StabilityOutcome, StabilityTrial
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.question import Question
from explainers.settings import Seed, number, seed

MapBack = Callable[[Array], Array]
SHIFT_DIRECTIONS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}  # rows, columns


@dataclass(frozen=True)
class Stability(Experiment):
    """Whether the map stays the same when the picture hardly changes.

    To a person, a picture with a little noise, moved by a few pixels or mirrored is still the same picture. So the map
    should be the same, in the same place. It is mapped back and compared by rank correlation, and the change of the
    score is given as well: where the answer itself changes, a different map is no fault. Methods that draw random
    numbers are also tried with other seeds.
    """

    title: ClassVar[str] = "Stability"
    pace: ClassVar[float] = 1.4
    paper: ClassVar[str] = "https://arxiv.org/abs/1806.08049"

    noise: float = number(0.02, 0.0, 0.5, 0.01, hint="Its standard deviation, where 1 is the way from black to white.")
    draws: int = number(3, 1, 20, label="Noisy pictures", hint="How many; random methods also try as many other seeds.")
    shift: int = number(
        2, 1, 32, hint="How far the picture is moved to each of four sides, in pixels that the classifier sees."
    )
    seed: int = seed()

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        maps = 1 + self.draws + len(SHIFT_DIRECTIONS) + 1 + self.draws * len(explainer.repeatable.seeds)
        return maps * explainer.repeatable.passes(classifier)

    def run(
        self, explainer: Explainer, question: Question, explanation: Explanation, progress: ExperimentProgress
    ) -> StabilityOutcome:
        method, (picture, _) = explainer.repeatable, question.classifier.see(question.photo.image)
        trials: list[StabilityTrial] = []

        def heat_and_score(variant: Explainer, image: Tensor) -> tuple[Array, float]:
            answer = progress.explain(variant, question.about(image))
            return answer.reduced(explanation.reduction).heat, answer.score

        heat, score = heat_and_score(method, picture)
        for kind, name, similar_picture, map_back in self._similar_pictures(picture):
            trial_heat, trial_score = heat_and_score(method, similar_picture)
            trials.append(_trial(kind, name, heat, map_back(trial_heat), trial_score))
        for turn, reseeded in enumerate(self._reseeded(method)):
            trial_heat, trial_score = heat_and_score(reseeded, picture)
            trials.append(_trial("seeds", f"another seed, {turn + 1}", heat, trial_heat, trial_score))
        return StabilityOutcome(heat, score, tuple(trials), explanation.signed)

    def _similar_pictures(self, picture: Tensor) -> Iterator[tuple[Kind, str, Tensor, MapBack]]:
        """Iterate over pictures that hardly differ: (kind of change, its name, the picture, what maps its map back)."""
        generator = torch.Generator().manual_seed(self.seed)
        for turn in range(self.draws):
            noise = torch.randn(picture.shape, generator=generator, dtype=torch.float64).to(picture)
            yield "noise", f"noise, draw {turn + 1}", picture + self.noise * noise, np.asarray
        distance = min(self.shift, min(picture.shape[1:]) - 1)
        for side, (down, across) in SHIFT_DIRECTIONS.items() if distance else ():
            shift = distance * down, distance * across
            yield (
                "shifted",
                f"{distance} px {side}",
                moved(picture, *shift),
                partial(moved_back, down=shift[0], across=shift[1]),
            )
        yield "mirrored", "mirrored", picture.flip(2), lambda heat: heat[:, ::-1]

    def _reseeded(self, method: Explainer) -> Iterator[Explainer]:
        """Iterate over the method with other seeds, `draws` for each of its seeds; none if it draws no numbers."""
        for name in method.seeds:
            knob, first = method.knobs()[name], method.settings[name] + 1
            assert isinstance(knob, Seed)
            for turn in range(self.draws):
                next_seed: dict[str, Any] = {name: (first + turn) % (int(knob.high) + 1)}
                yield replace(method, **next_seed)


def moved(picture: Tensor, down: int, across: int) -> Tensor:
    """Move a picture (C, H, W) by so many pixels; the pixels at its edge are repeated to fill the gap."""
    padding = max(across, 0), max(-across, 0), max(down, 0), max(-down, 0)
    height, width = picture.shape[1:]
    top, left = max(-down, 0), max(-across, 0)
    return F.pad(picture[None], padding, mode="replicate")[0, :, top : top + height, left : left + width]


def moved_back(heat: Array, down: int, across: int) -> Array:
    """Move the map (H, W) of a moved picture back onto the original's pixels; NaN where they were moved out of view."""
    height, width = heat.shape
    original = np.full_like(heat, np.nan)
    original[max(-down, 0) : height - max(down, 0), max(-across, 0) : width - max(across, 0)] = heat[
        max(down, 0) : height + min(down, 0), max(across, 0) : width + min(across, 0)
    ]
    return original


def _trial(kind: Kind, name: str, heat: Array, trial_heat: Array, score: float) -> StabilityTrial:
    """Compare the map of a trial, mapped back, with the original map `heat` where the trial's picture shows it."""
    known = np.isfinite(trial_heat)
    correlation = rank_correlation(heat[known], trial_heat[known])
    return StabilityTrial(kind, name, np.ascontiguousarray(trial_heat), correlation, score)
