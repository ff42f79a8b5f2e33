"""Integrated Gradients on a path that puts off the pixels whose gradient is large."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.explainer import Attribution, Explainer
from explainers.images.baselines import DISTANCE, baseline
from explainers.methods.gradients import Saliency
from explainers.passes import Passes
from explainers.paths.integrate import integrate
from explainers.paths.quadrature import quadrature
from explainers.settings import choice, number


def further(along: Tensor, weights: Tensor, sizes: Tensor, goal: float, *, fraction: float, max_dist: float) -> Tensor:
    """Where the path goes next: (n,) how far each number of a picture is from baseline, 0, to picture, 1.

    along:    (n,) how far each has come; weights: (n,) its whole way; sizes: (n,) its gradient's magnitude.
    goal:     the share of all ways together to have gone.
    fraction: the share of the numbers that go at a time, those of the smallest gradient first.
    max_dist: how far a number may be ahead of the goal or behind it.
    """
    ahead = min(goal + max_dist, 1.0)
    along = torch.where(weights > 0, along.clamp(min=max(goal - max_dist, 0.0)), ahead)
    missing = goal * float(weights.sum()) - float((weights * along).sum())
    waiting = (along < ahead).nonzero()[:, 0]
    sizes, order = sizes[waiting].sort(stable=True)
    waiting = waiting[order]
    reach = (weights[waiting] * (ahead - along[waiting])).cumsum(0)
    group, start, gone = math.floor(fraction * (len(along) - 1)) + 1, 0, 0.0
    while gone < missing and start < len(waiting):
        last = sizes[min(start + group, len(waiting)) - 1]
        stop = int(torch.searchsorted(sizes, last, right=True))  # equals go together
        going, far = waiting[start:stop], float(reach[stop - 1])
        share = min(1.0, (missing - gone) / (far - gone))
        along[going] = ahead if share == 1 else along[going] + share * (ahead - along[going])
        start, gone = stop, far
    return along


@dataclass(frozen=True)
class GuidedIntegratedGradients(Explainer):
    """How much each pixel contributes on a path that changes what matters least first.

    From the baseline, the pixels of the smallest gradients change first, so that the path keeps away from steep places
    that have nothing to do with the picture and the map is less noisy than that of Integrated Gradients. The values add
    up to the score minus the baseline's (completeness) as closely as the points on each step allow. The path is the
    class's own, so the difference of two classes' maps is not the map of the difference.
    """

    title: ClassVar[str] = "Guided Integrated Gradients"
    paper: ClassVar[str] = "https://arxiv.org/abs/2106.09788"
    complete: ClassVar[bool] = True
    keeps: ClassVar[str] = DISTANCE
    unit: ClassVar[str] = "contribution to the {scale}"

    steps: int = number(50, 1, 1000, hint="Steps of the path. More is slower and keeps closer to the small gradients.")
    points: int = number(3, 1, 50, hint="Points on each step. More is slower and makes the values add up better.")
    baseline: str = choice(
        "black",
        "white",
        "grey",
        "dataset mean",
        hint="The picture that stands for nothing there, where the path starts.",
    )
    fraction: float = number(0.25, 0.05, 1.0, 0.05, hint="Share of the picture that changes at a time; 1: straight.")
    max_dist: float = number(0.02, 0.0, 1.0, 0.01, hint="How far the path may leave the straight one; 0: not at all.")

    def passes(self, classifier: Classifier) -> int:
        return self.steps * (1 + self.points) + 1

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        starts = baseline(self.baseline, pictures, mean=passes.classifier.mean)[:, 0]
        spans, values, at = pictures - starts, torch.zeros_like(pictures), starts
        along = torch.zeros(pictures.shape, dtype=torch.float64)  # on the CPU, where sums repeat bit for bit
        for step in range(1, self.steps + 1):
            moving = zip(along, spans, _gradients(passes, at), strict=True)
            along = torch.stack([self._further(*each, step / self.steps) for each in moving])
            to = starts + along.to(pictures) * spans if step < self.steps else pictures
            # The authors weigh the step by the gradient at its start, which was chosen for being small: nothing adds up
            path = integrate(
                lambda points, rows: passes(points[0], rows),
                (to,),
                (at,),
                *quadrature("midpoint", self.points),
                run=passes.run,
            )
            values, at = values + path.gradients[0] * (to - at), to
        with torch.no_grad():
            scores = passes.in_chunks(pictures, passes.rows())
        before = passes.answers[: len(pictures), passes.column, None]  # at the first step's start
        return Attribution(values, scores=scores, baselines=starts[:, None], baseline_scores=before)

    def _further(self, along: Tensor, span: Tensor, gradient: Tensor, goal: float) -> Tensor:
        weights, sizes = (each.double().abs().flatten().cpu() for each in (span, gradient))
        return further(along.flatten(), weights, sizes, goal, fraction=self.fraction, max_dist=self.max_dist).view_as(
            along
        )


def _gradients(passes: Passes, points: Tensor) -> Tensor:
    """(N, C, H, W) of the score, one point for each target."""
    rows, found = passes.rows(), []
    passes.run(len(points), lambda part: found.append(Saliency().gradient(passes, points[part], rows[part])))
    return torch.cat(found)
