"""Expected Gradients: the mean of Integrated Gradients over many random baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.declarations import CONTRIBUTION, Examples, Family
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Unit
from explainers.images.baselines import DISTANCE_FROM_BASELINE
from explainers.methods.gradients import Saliency
from explainers.methods.sampling import (
    Drawn,
    Estimate,
    Extend,
    Moments,
    Plan,
    attribution,
    explain,
    samples,
    sampling_tolerance,
    seeds,
)
from explainers.passes import Passes
from explainers.settings import choice, number, seed

DRAWS, MOST_DRAWS = 20, 50  # by default, and at most


@dataclass(frozen=True)
class ExpectedGradients(Explainer):
    """How much each pixel contributes, compared with many random pictures instead of one baseline.

    The mean of Integrated Gradients over many random pictures as baselines, from gradients at random points on the
    paths between them and the picture. The values add up to the score minus the mean score of the random pictures, up
    to a sampling error that the gap shows. No single colour is invisible, but random pictures are not what the
    classifier was trained on (the paper takes pictures from the training data). Unlike in Captum's GradientShap, no
    noise is added to the picture, every random picture counts the same, and the points are spread evenly over each
    path.
    """

    title: ClassVar[str] = "Expected Gradients"
    paper: ClassVar[str] = "https://arxiv.org/abs/1906.10670"
    formula: ClassVar[str] = (
        r"\mathrm{E}_{x', \alpha}\Big[(x - x') \odot \frac{\partial S}{\partial x}\big(x' + \alpha (x -"
        r" x')\big)\Big]"
    )
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

    background: str = choice(
        "plain colours",
        "noise",
        label="Random pictures",
        hint="What the pictures look like that this one is compared with.",
    )
    draws: int | None = samples(
        DRAWS, 1, MOST_DRAWS, label="Number of random pictures", hint="More is slower and steadier."
    )
    tolerance: float = sampling_tolerance(only_if={"draws": None})
    points: int = number(
        5, 1, 50, label="Points per picture", hint="Points on the path from each random picture to yours."
    )
    seed: int = seed()

    def passes(self, classifier: Classifier) -> int:
        return 1 + self._plan.most * self._plan.passes

    @property
    def repeatable(self) -> Explainer:
        return replace(self, draws=DRAWS) if self.draws is None else self

    @property
    def _plan(self) -> Plan:
        return Plan.of("random pictures", self.draws, MOST_DRAWS, self.tolerance, passes=1 + self.points)

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        plan = self._plan
        alpha_seed, *picture_seeds = seeds(self.seed, 1 + plan.most)
        alphas = _stratified(alpha_seed, plan.most, self.points).to(pictures)
        with torch.no_grad():
            scores = passes.in_chunks(pictures, passes.rows())
        baselines = [pictures[:0]] * len(pictures)
        baseline_scores = [scores[:0]] * len(pictures)

        def extend(row: int) -> Extend:
            picture = pictures[row]
            moments, rest = Moments(torch.zeros_like(picture), 2), torch.zeros_like(picture)

            def work(part: slice) -> None:
                nonlocal rest
                numbers = torch.arange(part.start, part.stop, device=picture.device)
                draws, points = numbers // self.points, numbers % self.points
                spans = picture - baselines[row][draws]
                at = picture - (1 - alphas[points * plan.most + draws].view(-1, 1, 1, 1)) * spans
                contributions = spans * Saliency().gradient(passes, at, numbers.new_full(numbers.shape, row))
                sums = [contributions[draws == draw].sum(0) for draw in range(int(draws[0]), int(draws[-1]) + 1)]
                sums[0] = sums[0] + rest
                left = sums.pop() if part.stop % self.points else torch.zeros_like(picture)
                if sums:
                    moments.add(torch.stack(sums) / self.points)
                rest = left  # of a draw that has points in the next chunk, too

            def to(count: int) -> Estimate:
                drawn = torch.stack([self._picture(seed, picture) for seed in picture_seeds[moments.count : count]])
                with torch.no_grad():
                    drawn_scores = passes.in_chunks(drawn, passes.rows()[row].expand(len(drawn)))
                baselines[row] = torch.cat([baselines[row], drawn])
                baseline_scores[row] = torch.cat([baseline_scores[row], drawn_scores])
                passes.run(count * self.points, work, start=moments.count * self.points)
                mean, square = moments.means
                return Estimate.of_mean(mean.to(picture), square - mean.square(), count)

            return to

        def finish(drawn: Sequence[Drawn]) -> Attribution:
            return attribution(drawn, scores=scores, baselines=baselines, baseline_scores=baseline_scores)

        return explain(passes, plan, map(extend, range(len(pictures))), finish)

    def _picture(self, seed: int, like: Tensor) -> Tensor:
        """Draw a picture (C, H, W) in pixel units: of noise, or of one colour."""
        shape = like.shape if self.background == "noise" else (len(like), 1, 1)
        return (
            torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float32)
            .to(like)
            .expand_as(like)
        )


def _stratified(seed: int, draws: int, points: int) -> Tensor:
    """Draw draws * points stratified random numbers from 0 to 1.

    One lies in each of draws * points equal intervals, in random order, so each number is uniformly distributed. The
    numbers i, i + draws, i + 2 * draws, ... of one draw lie one in each of `points` equal intervals.
    """
    generator = torch.Generator().manual_seed(seed)
    order = [part * draws + torch.randperm(draws, generator=generator) for part in range(points)]
    return (torch.cat(order) + torch.rand(draws * points, generator=generator, dtype=torch.float32)) / (draws * points)
