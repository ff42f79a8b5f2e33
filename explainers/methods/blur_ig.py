"""Blur Integrated Gradients: the path leads from a blurred picture to the sharp one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.declarations import CONTRIBUTION, Examples, Family
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Unit
from explainers.passes import Passes
from explainers.paths.integrate import integrate
from explainers.settings import number


def gaussian_blurs(picture: Tensor, deviations: Tensor) -> Tensor:
    """Return (n, C, H, W), a picture (C, H, W) blurred by Gaussians of standard deviations (n,) in pixels.

    A deviation of 0 leaves the picture unchanged. Outside of the picture, all is black. The kernel is not cut off, so
    the blur changes smoothly with the deviation.
    """
    vertical_blurs, horizontal_blurs = (
        _blur_matrices(deviations, side).to(picture)[:, None] for side in picture.shape[1:]
    )
    return vertical_blurs @ picture @ horizontal_blurs.mT


def _blur_matrices(deviations: Tensor, side: int) -> Tensor:
    """Return (n, side, side), the matrices that blur a line of pixels."""
    sigmas = deviations.double().cpu().clamp(min=1e-3)[:, None]  # at 1e-3, a neighbour's weight is 0, as at no blur
    reach = math.ceil(8 * float(sigmas.max()))
    kernel = torch.exp(-((torch.arange(max(reach, side) + 1) / sigmas) ** 2) / 2)
    totals = 2 * kernel[:, : reach + 1].sum(1) - 1
    pixels = torch.arange(side)
    return kernel[:, (pixels[:, None] - pixels).abs()] / totals[:, None, None]


@dataclass(frozen=True)
class BlurIntegratedGradients(Explainer):
    """How much each pixel contributes while the picture comes into focus.

    The gradient is followed from a blurred picture to the sharp one, so no colour has to stand for "nothing". The
    values add up to the score minus the blurred picture's score (completeness). It shows details rather than areas of
    one colour, which blurring hardly changes, except at the border, because everything outside the picture counts as
    black.
    """

    title: ClassVar[str] = "Blur Integrated Gradients"
    paper: ClassVar[str] = "https://arxiv.org/abs/2004.03383"
    formula: ClassVar[str] = (
        r"\int_{\sigma}^{0} \frac{\partial S}{\partial x}(x_s) \odot \frac{\partial x_s}{\partial s}\, ds,"
        r" \quad x_s = x \text{ blurred by } s, \; \sigma: \text{the blur at the start}"
    )
    family: ClassVar[Family] = "path variant"
    linear: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(many={"steps": 200}, few={"steps": 16})
    stands_on: ClassVar[str] = "the kernel of Integrated Gradients"
    ours: ClassVar[str] = (
        "Captum has none. The blur's path is taken for a chain of straight ones, so the values of a linear model add "
        "up exactly; the whole Gaussian kernel is used"
    )
    complete: ClassVar[bool] = True
    shows_regardless: ClassVar[str] = "the picture's details, as its slopes are multiplied by what the blur changes"
    unit: ClassVar[Unit] = CONTRIBUTION

    steps: int = number(
        50, 1, 1000, hint="Points on the path. More is slower and closer to the exact map.", axis="steps"
    )
    blur: float = number(
        20.0,
        1.0,
        100.0,
        1.0,
        label="Blur at the start",
        hint="Its radius, as a share of the picture's longer side.",
        unit="%",
    )

    def passes(self, classifier: Classifier) -> int:
        return 2 + self.steps

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        deviations = torch.linspace(self.blur / 100 * max(pictures.shape[2:]), 0, self.steps + 1, dtype=torch.float64)
        blurred = torch.cat([gaussian_blurs(picture, deviations[:1]) for picture in pictures])
        with torch.no_grad():
            scores, baseline_scores = passes.in_chunks(torch.cat([pictures, blurred]), passes.rows().repeat(2)).chunk(2)
        values = [
            self._integral(passes, picture, deviations, row)
            for picture, row in zip(pictures, passes.rows(), strict=True)
        ]
        return Attribution(
            torch.stack(values), scores=scores, baselines=blurred[:, None], baseline_scores=baseline_scores[:, None]
        )

    def _integral(self, passes: Passes, picture: Tensor, deviations: Tensor, row: Tensor) -> Tensor:
        """Return the attributions (C, H, W) on a chain of straight paths, each with the gradient at its middle."""
        values = torch.zeros_like(picture)

        def work(part: slice) -> None:
            corners = gaussian_blurs(picture, deviations[part.start : part.stop + 1])
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
