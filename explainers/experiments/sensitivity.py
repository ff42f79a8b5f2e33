"""Captum's max-sensitivity and infidelity, of our maps and passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from captum.metrics import infidelity, sensitivity_max
from PIL import Image
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.experiments.base import Experiment, ExperimentProgress, Finding
from explainers.explainer import Explainer
from explainers.explanation import SCORE_ROUNDING, Explanation
from explainers.passes import OnProgress
from explainers.settings import number

PATCH = 5  # of the picture's short side: what is hidden is that share of it wide and high
SLOPES = Explainer.unit.partition(" {")[0]  # how the unit of maps begins that are slopes, not contributions
CAVEAT = (
    "Both are small for a map that says little: a constant map has sensitivity 0, and infidelity is scaled to suit the "
    "map. The score's own curvature keeps even exact gradients from infidelity 0."
)


@dataclass(frozen=True)
class Sensitivity(Experiment):
    """How far the map can change when no pixel changes by much, and how well it foretells what hiding a patch does.

    Max-sensitivity: the largest relative change of the map (L2) over random pictures in which no channel of a pixel
    differs by more than the radius. Infidelity: the mean squared error when the fall of the score is foretold from the
    map, for random square patches set to the baseline (black, for methods without one); the map is scaled to suit best.
    """

    title: ClassVar[str] = "Max-sensitivity and infidelity"
    paper: ClassVar[str] = "https://arxiv.org/abs/1901.09392"

    radius: float = number(
        0.02, 0.0, 0.5, 0.01, hint="The most that a channel of a pixel changes; 1 is black to white."
    )
    samples: int = number(10, 1, 100, hint="Random pictures whose maps are compared.")
    patches: int = number(50, 2, 500, hint="Random patches that are hidden.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.")

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        return (1 + self.samples) * explainer.repeated.passes(classifier) + self.patches + 1

    def __call__(
        self,
        explainer: Explainer,
        classifier: Classifier,
        image: Image.Image | Tensor,
        explanation: Explanation,
        *,
        on_progress: OnProgress | None = None,
    ) -> SensitivityOutcome:
        picture, target = classifier.see(image)[0][None], explanation.target
        progress, generator = (
            ExperimentProgress(self.passes(explainer, classifier), on_progress),
            torch.Generator().manual_seed(self.seed),
        )

        def maps(pictures: Tensor | tuple[Tensor, ...]) -> tuple[Tensor]:
            every = pictures if isinstance(pictures, Tensor) else pictures[0]
            with torch.enable_grad():  # Captum asks without
                found = [progress.explain(explainer.repeated, classifier, each, target).values for each in every]
            return (torch.from_numpy(np.ascontiguousarray(np.stack(found))),)

        def shaken(pictures: Tensor, radius: float) -> Tensor:
            draws = torch.rand(pictures.shape, generator=generator, dtype=torch.float64)
            return pictures + (radius * (2 * draws - 1)).to(pictures)

        sensitivity = float(
            sensitivity_max(
                maps, picture, perturb_func=shaken, perturb_radius=self.radius, n_perturb_samples=self.samples
            )[0]
        )
        passing = explainer.passing(classifier, picture[0], target, total=self.patches + 1, on_progress=progress.report)
        with passing as (passes, _), torch.no_grad():
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
            falls = scores[-1] - scores[: self.patches]  # the picture itself is asked last
            size = float((falls**2).mean())
        return SensitivityOutcome(
            sensitivity, error, error / size if size > (SCORE_ROUNDING * float(scores[-1])) ** 2 else None
        )


@dataclass(frozen=True, eq=False)
class SensitivityOutcome:
    """What came out.

    sensitivity: relative change of the map, at most.
    infidelity:  mean squared error of the foretold falls, in squares of the score.
    missed:      that, as a share of the falls' own mean square: from 0, foretold exactly, to 1; None without any fall.
    """

    sensitivity: float
    infidelity: float
    missed: float | None

    @property
    def finding(self) -> Finding:
        sentence = (
            f"The map changes by up to {self.sensitivity:.0%} of its size (max-sensitivity). Infidelity is "
            f"{self.infidelity:.3g}"
        )
        if self.missed is None:
            return Finding("neither", f"{sentence}: hiding a patch changes nothing.", CAVEAT)
        return Finding(
            "neither", f"{sentence}: {self.missed:.0%} of what hiding a patch does is not foretold by the map.", CAVEAT
        )

    @property
    def numbers(self) -> Mapping[str, float | None]:
        return {"max-sensitivity": self.sensitivity, "infidelity": self.infidelity, "infidelity, share": self.missed}


class _Hiding:
    """Random square patches of a picture set to the baseline, as Captum's infidelity wants perturbations.

    A slope foretells the fall when it is multiplied by the change of brightness, a contribution by 1 where hidden.
    """

    def __init__(self, explanation: Explanation, count: int, generator: torch.Generator) -> None:
        _, height, width = explanation.picture.shape
        side = max(1, round(min(height, width) / PATCH))
        tops, lefts = (torch.randint(0, most - side + 1, (count,), generator=generator) for most in (height, width))
        self._masks = torch.zeros(count, 1, height, width)
        for mask, top, left in zip(self._masks, tops.tolist(), lefts.tolist(), strict=True):
            mask[:, top : top + side, left : left + side] = 1
        self._baseline = None if explanation.baselines is None else torch.from_numpy(explanation.baselines.mean(0))
        self._slopes = explanation.facts["unit"].startswith(SLOPES)

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        masks = self._masks.to(pictures)
        change = masks * (pictures if self._baseline is None else pictures - self._baseline.to(pictures))
        return change if self._slopes else masks.expand_as(pictures), pictures - change


def _contributions(explanation: Explanation, picture: Tensor) -> Tensor:
    """(1, C, H, W): the map's values, a coarse one scaled up and shared among the channels."""
    if explanation.values.shape == explanation.picture.shape:
        return torch.from_numpy(explanation.values)[None].to(picture)
    heat = torch.from_numpy(explanation.reduced("signed sum").heat).to(picture)
    return (heat / picture.shape[1]).expand_as(picture)
