"""Captum's max-sensitivity and infidelity, computed with our maps and passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from captum.metrics import infidelity, sensitivity_max
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.experiments.base import Experiment, ExperimentProgress, Finding
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.numbers import significant
from explainers.passes import Passes
from explainers.paths.trace import SCORE_ROUNDING
from explainers.question import Question
from explainers.settings import number, seed

PATCHES_PER_SIDE = 5  # how many hidden patches would fit along the picture's short side
CAVEAT = (
    "Both are small for a map that says little: a constant map has a sensitivity of 0, and for infidelity the map is "
    "scaled for the best fit. Because scores are curved, even exact gradients don't reach an infidelity of 0."
)


@dataclass(frozen=True)
class Sensitivity(Experiment):
    """How far the map can change when no pixel changes by much, and how well it predicts what hiding a patch does.

    Max-sensitivity: the largest relative change of the map (L2) over random pictures in which no channel of a pixel
    differs by more than the radius. Infidelity: the mean squared error when the fall of the score is predicted from the
    map, for random square patches set to the baseline (black, for methods without one); the map is scaled for the best
    fit.
    """

    title: ClassVar[str] = "Max-sensitivity and infidelity"
    pace: ClassVar[float] = 2.0
    paper: ClassVar[str] = "https://arxiv.org/abs/1901.09392"

    radius: float = number(
        0.02,
        0.0,
        0.5,
        0.01,
        label="Largest change of a pixel",
        hint="In each colour channel, where 1 is the way from black to white.",
    )
    samples: int = number(10, 1, 100, label="Random pictures", hint="How many maps are compared.")
    patches: int = number(50, 2, 500, label="Random patches", hint="How many are hidden.")
    seed: int = seed()

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        return (1 + self.samples) * explainer.repeatable.passes(classifier) + self.patches + 1

    def run(
        self, explainer: Explainer, question: Question, explanation: Explanation, progress: ExperimentProgress
    ) -> SensitivityOutcome:
        picture, generator = (
            question.classifier.see(question.photo.image)[0][None],
            torch.Generator().manual_seed(self.seed),
        )

        def maps(pictures: Tensor | tuple[Tensor, ...]) -> tuple[Tensor]:
            batch = pictures if isinstance(pictures, Tensor) else pictures[0]
            with torch.enable_grad():  # Captum calls this without gradients
                values = [progress.explain(explainer.repeatable, question.about(image)).values for image in batch]
            return (torch.from_numpy(np.ascontiguousarray(np.stack(values))),)

        def shaken(pictures: Tensor, radius: float) -> Tensor:
            draws = torch.rand(pictures.shape, generator=generator, dtype=torch.float64)
            return pictures + (radius * (2 * draws - 1)).to(pictures)

        sensitivity = float(
            sensitivity_max(
                maps, picture, perturb_func=shaken, perturb_radius=self.radius, n_perturb_samples=self.samples
            )[0]
        )
        hiding_state = generator.get_state()

        @torch.no_grad()
        def hidden(passes: Passes, _: Tensor) -> tuple[float, float, float]:
            generator.set_state(hiding_state)
            rows = torch.zeros(self.patches, dtype=torch.long, device=picture.device)
            error = float(
                infidelity(
                    lambda pictures: passes.in_chunks(pictures, rows[: len(pictures)]),
                    _Hiding(explanation, self.patches, generator),
                    picture,
                    _contributions(explanation, picture),
                    n_perturb_samples=self.patches,
                    normalize=True,
                )[0]
            )
            scores = passes.answers[:, passes.column].double()
            falls = scores[-1] - scores[: self.patches]  # Captum passes the whole picture last
            return error, float((falls**2).mean()), float(scores[-1])

        error, mean_square, score = explainer.pass_pictures(
            question, hidden, total=self.patches + 1, on_progress=progress.report
        )
        return SensitivityOutcome(
            sensitivity, error, error / mean_square if mean_square > (SCORE_ROUNDING * score) ** 2 else None
        )


@dataclass(frozen=True, eq=False)
class SensitivityOutcome:
    """What the two measures came to.

    sensitivity: the largest relative change of the map.
    infidelity:  the mean squared error of the predicted falls of the score, in squares of the score's unit.
    missed:      infidelity as a share of the falls' mean square: 0 if they are predicted exactly, 1 if not at all; None
                 if hiding a patch never changes the score.
    """

    sensitivity: float
    infidelity: float
    missed: float | None

    @property
    def finding(self) -> Finding:
        line = f"The map changes by up to {self.sensitivity:.0%} of its size (max-sensitivity)."
        measured = f"Infidelity is {significant(self.infidelity)}"
        if self.missed is None:
            return Finding("neither", line, f"{line} {measured}: hiding a patch changes nothing.", CAVEAT)
        share = f"the map doesn't predict {self.missed:.0%} of what hiding a patch does"
        return Finding("neither", line, f"{line} {measured}: {share}.", CAVEAT)

    @property
    def numbers(self) -> Mapping[str, float | None]:
        return {"max-sensitivity": self.sensitivity, "infidelity": self.infidelity, "infidelity, share": self.missed}


class _Hiding:
    """Sets random square patches of a picture to the baseline, in the form that Captum's infidelity expects.

    It returns the hidden pictures, and what the map must be multiplied by to predict the fall of the score: the change
    in brightness for a gradient, and a mask of the patch for any other map.
    """

    def __init__(self, explanation: Explanation, count: int, generator: torch.Generator) -> None:
        _, height, width = explanation.picture.shape
        side = max(1, round(min(height, width) / PATCHES_PER_SIDE))
        tops, lefts = (torch.randint(0, extent - side + 1, (count,), generator=generator) for extent in (height, width))
        self._masks = torch.zeros(count, 1, height, width)
        for mask, top, left in zip(self._masks, tops.tolist(), lefts.tolist(), strict=True):
            mask[:, top : top + side, left : left + side] = 1
        self._baseline = None if explanation.baselines is None else torch.from_numpy(explanation.baselines.mean(0))
        self._is_gradient = explanation.facts.unit.kind == "gradient"

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        masks = self._masks.to(pictures)
        change = masks * (pictures if self._baseline is None else pictures - self._baseline.to(pictures))
        return change if self._is_gradient else masks.expand_as(pictures), pictures - change


def _contributions(explanation: Explanation, picture: Tensor) -> Tensor:
    """Return the map's values (1, C, H, W); a coarse map is scaled up and shared equally among the channels."""
    if explanation.values.shape == explanation.picture.shape:
        return torch.from_numpy(explanation.values)[None].to(picture)
    heat = torch.from_numpy(explanation.reduced("signed sum").heat).to(picture)
    return (heat / picture.shape[1]).expand_as(picture)
