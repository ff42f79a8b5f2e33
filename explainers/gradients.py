"""Methods that follow the gradient of the score back to the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import captum.attr
from torch import Tensor

from explainers.base import Explainer, Found
from explainers.engine import Passes


@dataclass(frozen=True)
class Saliency(Explainer):
    """How strongly the score reacts when a pixel changes a little.

    Also called vanilla gradient or sensitivity analysis: the gradient of the score with respect to the picture. It is
    faithful to the classifier but noisy, and it is zero where the score is saturated, even on pixels that matter.
    """

    title: ClassVar[str] = "Vanilla gradient"
    paper: ClassVar[str] = "https://arxiv.org/abs/1312.6034"

    def attribute(self, passes: Passes, pictures: Tensor) -> Found:
        gradient = captum.attr.Saliency(passes).attribute(
            pictures.clone().requires_grad_(), abs=False, additional_forward_args=passes.rows()
        )
        return Found(gradient)
