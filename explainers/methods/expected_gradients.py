"""Expected Gradients: the mean of Integrated Gradients over many random baselines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.explainer import CONTRIBUTION, Attribution, Examples, Explainer, Family
from explainers.explanation import Unit
from explainers.images.baselines import DISTANCE_FROM_BASELINE
from explainers.methods.gradients import Saliency
from explainers.methods.sampling import moments, seeds
from explainers.passes import Passes
from explainers.settings import choice, number, seed


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
    family: ClassVar[Family] = "gradient"
    examples: ClassVar[Examples] = Examples(few={"draws": 5})
    linear: ClassVar[bool] = True
    stands_on: ClassVar[str] = "Captum `Saliency`"
    ours: ClassVar[str] = (
        "the draws: Captum's `GradientShap` takes them from the global generators, leaves to chance how often a "
        "baseline counts, and keeps all in memory"
    )
    complete: ClassVar[bool] = True
    shows_regardless: ClassVar[str] = DISTANCE_FROM_BASELINE
    unit: ClassVar[Unit] = CONTRIBUTION

    background: str = choice("plain colours", "noise", hint="What the random pictures look like.")
    draws: int = number(20, 1, 50, hint="Random pictures. More is slower and steadier.")
    points: int = number(5, 1, 50, hint="Points on the way from each of them.")
    seed: int = seed()

    def passes(self, classifier: Classifier) -> int:
        return 1 + self.draws + self.draws * self.points

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        alpha_seed, *picture_seeds = seeds(self.seed, 1 + self.draws)
        baselines = torch.stack([self._picture(seed, pictures[0]) for seed in picture_seeds])
        alphas = _stratified(alpha_seed, self.draws, self.points).to(pictures).view(-1, 1, 1, 1)
        with torch.no_grad():
            scores = passes.in_chunks(pictures, passes.rows())
            baseline_scores = [passes.in_chunks(baselines, row.expand(len(baselines))) for row in passes.rows()]
        values = []
        for row, picture in enumerate(pictures):

            def sample(numbers: range, rows: Tensor, picture: Tensor = picture) -> Tensor:
                spans = picture - baselines[[number % len(baselines) for number in numbers]]
                points = picture - (1 - alphas[list(numbers)]) * spans
                return spans * Saliency().gradient(passes, points, rows)

            values.append(moments(passes, len(alphas), row, torch.zeros_like(picture), sample)[0])
        return Attribution(
            torch.stack(values),
            scores=scores,
            baselines=baselines.expand(len(pictures), *baselines.shape),
            baseline_scores=torch.stack(baseline_scores),
        )

    def _picture(self, seed: int, like: Tensor) -> Tensor:
        """Draw a picture (C, H, W) in pixel units: of noise, or of one colour."""
        shape = like.shape if self.background == "noise" else (len(like), 1, 1)
        return torch.rand(shape, generator=torch.Generator().manual_seed(seed)).to(like).expand_as(like)


def _stratified(seed: int, draws: int, points: int) -> Tensor:
    """Draw draws * points stratified random numbers from 0 to 1.

    One lies in each of draws * points equal intervals, in random order, so each number is uniformly distributed. The
    numbers i, i + draws, i + 2 * draws, ... of one draw lie one in each of `points` equal intervals.
    """
    generator = torch.Generator().manual_seed(seed)
    order = [part * draws + torch.randperm(draws, generator=generator) for part in range(points)]
    return (torch.cat(order) + torch.rand(draws * points, generator=generator)) / (draws * points)
