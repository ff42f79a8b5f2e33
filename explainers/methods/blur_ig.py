"""Integrated Gradients on the way from a blurred picture to the sharp one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.explainer import Attribution, Explainer
from explainers.passes import Passes
from explainers.paths.integrate import integrate
from explainers.settings import number


def sharpening(picture: Tensor, deviations: Tensor) -> Tensor:
    """(n, C, H, W): a picture (C, H, W) after Gaussian blurs of standard deviations (n,) in pixels; 0 is none.

    What lies outside of the picture is black. The whole kernel is taken, so the blur changes smoothly.
    """
    down, across = (_blurs(deviations, side).to(picture)[:, None] for side in picture.shape[1:])
    return down @ picture @ across.mT


def _blurs(deviations: Tensor, side: int) -> Tensor:
    """(n, side, side), the matrices that blur a line of pixels."""
    wide = deviations.double().cpu().clamp(min=1e-3)[:, None]  # at which a neighbour has no weight at all
    reach = math.ceil(8 * float(wide.max()))
    kernel = torch.exp(-((torch.arange(max(reach, side) + 1) / wide) ** 2) / 2)
    whole = 2 * kernel[:, : reach + 1].sum(1) - 1
    place = torch.arange(side)
    return kernel[:, (place[:, None] - place).abs()] / whole[:, None, None]


@dataclass(frozen=True)
class BlurIntegratedGradients(Explainer):
    """How much each pixel contributes while the picture comes into focus.

    The gradient is followed from the blurred picture to the sharp one, so no colour has to stand for nothing there: the
    values add up to the score minus the blurred picture's (completeness). It shows details rather than areas of one
    colour, which a blur hardly changes, except at the border: what lies outside of the picture counts as black.
    """

    title: ClassVar[str] = "Blur Integrated Gradients"
    paper: ClassVar[str] = "https://arxiv.org/abs/2004.03383"
    complete: ClassVar[bool] = True
    keeps: ClassVar[str] = "the picture's details, as its slopes are multiplied by what the blur changes"
    unit: ClassVar[str] = "contribution to the {scale}"

    steps: int = number(50, 1, 1000, hint="Stretches of the way. More is slower and closer to the exact map.")
    blur: float = number(20.0, 1.0, 100.0, 1.0, hint="Blur at the start, in per cent of the longer side.")

    def passes(self, classifier: Classifier) -> int:
        return 2 + self.steps

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        deviations = torch.linspace(self.blur / 100 * max(pictures.shape[2:]), 0, self.steps + 1, dtype=torch.float64)
        starts = torch.cat([sharpening(picture, deviations[:1]) for picture in pictures])
        with torch.no_grad():
            scores, before = passes.in_chunks(torch.cat([pictures, starts]), passes.rows().repeat(2)).chunk(2)
        values = [
            self._integral(passes, picture, deviations, row)
            for picture, row in zip(pictures, passes.rows(), strict=True)
        ]
        return Attribution(
            torch.stack(values), scores=scores, baselines=starts[:, None], baseline_scores=before[:, None]
        )

    def _integral(self, passes: Passes, picture: Tensor, deviations: Tensor, row: Tensor) -> Tensor:
        """(C, H, W): the way is taken for a chain of straight ones, each with the gradient at its middle."""
        values = torch.zeros_like(picture)

        def work(part: slice) -> None:
            corners = sharpening(picture, deviations[part.start : part.stop + 1])
            path = integrate(
                lambda points, which: passes(points[0], row.expand(len(which))),
                (corners[1:],),
                (corners[:-1],),
                [0.5],
                [1.0],
                run=lambda count, whole: whole(slice(0, count)),
            )
            values.add_((path.gradients[0] * (corners[1:] - corners[:-1])).sum(0))

        passes.run(self.steps, work)
        return values
