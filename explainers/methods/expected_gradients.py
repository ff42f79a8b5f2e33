"""Expected Gradients: Integrated Gradients from many random pictures at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.explainer import Attribution, Explainer
from explainers.images.baselines import DISTANCE
from explainers.methods.gradients import Saliency
from explainers.methods.sampling import moments, seeds
from explainers.passes import Passes
from explainers.settings import choice, number


@dataclass(frozen=True)
class ExpectedGradients(Explainer):
    """How much each pixel contributes, compared with many random pictures instead of one baseline.

    The mean of Integrated Gradients over the random pictures, from gradients at random points of the ways between them
    and the picture. The values add up to the score minus the random pictures' mean score, up to an error of sampling
    that the gap shows. No single colour is invisible, but random pictures are not what the classifier was trained on
    (the paper draws them from the training data). Unlike Captum's GradientShap, no noise is added to the picture, each
    random picture counts alike, and the points are spread evenly over each way.
    """

    title: ClassVar[str] = "Expected Gradients"
    paper: ClassVar[str] = "https://arxiv.org/abs/1906.10670"
    complete: ClassVar[bool] = True
    keeps: ClassVar[str] = DISTANCE
    unit: ClassVar[str] = "contribution to the {scale}"

    background: str = choice("plain colours", "noise", hint="What the random pictures look like.")
    draws: int = number(20, 1, 50, hint="Random pictures. More is slower and steadier.")
    points: int = number(5, 1, 50, hint="Points on the way from each of them.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.")

    def passes(self, classifier: Classifier) -> int:
        return 1 + self.draws + self.draws * self.points

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        first, *rest = seeds(self.seed, 1 + self.draws)
        starts = torch.stack([self._picture(seed, pictures[0]) for seed in rest])
        alphas = _spread(first, self.draws, self.points).to(pictures).view(-1, 1, 1, 1)
        with torch.no_grad():
            scores = passes.in_chunks(pictures, passes.rows())
            before = [passes.in_chunks(starts, row.expand(len(starts))) for row in passes.rows()]
        values = []
        for row, picture in enumerate(pictures):

            def sample(numbers: range, rows: Tensor, picture: Tensor = picture) -> Tensor:
                spans = picture - starts[[number % len(starts) for number in numbers]]
                at = picture - (1 - alphas[list(numbers)]) * spans
                return spans * Saliency().gradient(passes, at, rows)

            values.append(moments(passes, len(alphas), row, torch.zeros_like(picture), sample)[0])
        return Attribution(
            torch.stack(values),
            scores=scores,
            baselines=starts.expand(len(pictures), *starts.shape),
            baseline_scores=torch.stack(before),
        )

    def _picture(self, seed: int, like: Tensor) -> Tensor:
        """A random picture (C, H, W) in pixel units: every pixel by itself, or all alike."""
        shape = like.shape if self.background == "noise" else (len(like), 1, 1)
        return torch.rand(shape, generator=torch.Generator().manual_seed(seed)).to(like).expand_as(like)


def _spread(seed: int, draws: int, points: int) -> Tensor:
    """Random numbers from 0 to 1: those numbered i, i + draws, ... lie one in each of `points` equal parts.

    Together they lie one in each of draws * points parts, in random order, so each alone is uniform.
    """
    generator = torch.Generator().manual_seed(seed)
    order = [part * draws + torch.randperm(draws, generator=generator) for part in range(points)]
    return (torch.cat(order) + torch.rand(draws * points, generator=generator)) / (draws * points)
