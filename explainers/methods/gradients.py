"""The vanilla gradient, and the gradient times the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import captum.attr
from torch import Tensor

from explainers.classifiers.classifier import Classifier
from explainers.declarations import SLOPE_CONTRIBUTION, CaptumCode, Family, Preset
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Unit
from explainers.passes import Passes


@dataclass(frozen=True)
class Saliency(Explainer):
    """How strongly the score reacts when a pixel changes a little.

    Also called sensitivity analysis: the gradient of the score with respect to the picture. It is faithful to the
    classifier but noisy, and it is zero where the score is saturated, even at pixels that matter.
    """

    title: ClassVar[str] = "Vanilla gradient"
    paper: ClassVar[str] = "https://arxiv.org/abs/1312.6034"
    formula: ClassVar[str] = r"\frac{\partial S}{\partial x}"
    family: ClassVar[Family] = "gradient"
    linear: ClassVar[bool] = True
    asks_late: ClassVar[bool] = True
    presets: ClassVar[Mapping[Preset, int]] = {"tutorials": 1, "classifiers": 1}
    stands_on: ClassVar[str] = "Captum `Saliency`"

    @property
    def shares_passes(self) -> bool:
        return True

    def in_captum(self, classifier: Classifier) -> CaptumCode | None:
        return CaptumCode("Saliency", ("values = Saliency(score).attribute(pictures.requires_grad_(), abs=False)",))

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        return Attribution(self.gradient(passes, pictures, passes.rows()))

    def gradient(self, passes: Passes, pictures: Tensor, rows: Tensor) -> Tensor:
        """Return the maps (n, C, H, W) of pictures (n, C, H, W) for the targets `rows` (n,), in one pass."""
        gradient: Tensor = captum.attr.Saliency(passes).attribute(
            pictures.clone().requires_grad_(), abs=False, additional_forward_args=rows
        )
        return gradient


@dataclass(frozen=True)
class InputXGradient(Saliency):
    """How much each pixel adds to the score, judging by the slope at the picture alone.

    The gradient times the picture in pixel units, that is, times its difference from black: a black pixel gets nothing,
    whatever it means to the classifier. The values add up to the change of the score from a black picture only if the
    score is linear in between. On a network of ReLUs without biases that takes black as zero, they equal Integrated
    Gradients from black.
    """

    title: ClassVar[str] = "Input times gradient"
    paper: ClassVar[str] = "https://arxiv.org/abs/1605.01713"
    formula: ClassVar[str] = r"x \odot \frac{\partial S}{\partial x}"
    presets: ClassVar[Mapping[Preset, int]] = {}
    stands_on: ClassVar[str] = "Captum `InputXGradient`"
    ours: ClassVar[str] = "in pixel units: gradient times (picture - black), not times the normalised picture"
    unit: ClassVar[Unit] = SLOPE_CONTRIBUTION
    shows_regardless: ClassVar[str] = "how bright each pixel is, by which its slope is multiplied"

    def in_captum(self, classifier: Classifier) -> CaptumCode | None:
        return CaptumCode("InputXGradient", ("values = InputXGradient(score).attribute(pictures.requires_grad_())",))

    def gradient(self, passes: Passes, pictures: Tensor, rows: Tensor) -> Tensor:
        product: Tensor = captum.attr.InputXGradient(passes).attribute(
            pictures.clone().requires_grad_(), additional_forward_args=rows
        )
        return product.masked_fill(pictures == 0, 0)  # also where the gradient is infinite
