"""Superpixel ablation: superpixels are hidden one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import captum.attr
from torch import Tensor

from explainers.explanation import Unit
from explainers.methods.on_superpixels import OnSuperpixels
from explainers.methods.sampling import Drawn, Estimate
from explainers.passes import Passes


@dataclass(frozen=True)
class FeatureAblation(OnSuperpixels):
    """How far the score falls when a superpixel, a region of similar colour, is hidden.

    Each pixel gets the whole drop in score of its superpixel: red helps the class, blue hurts it, as with occlusion,
    but here the patches follow the picture's edges. The method asks the classifier directly and needs no gradient. It
    can't see what two regions do together: where either one is enough, hiding one of them changes nothing.
    """

    title: ClassVar[str] = "Superpixel ablation"
    paper: ClassVar[str] = "https://doi.org/10.1109/TKDE.2007.190734"
    formula: ClassVar[str] = r"S(x) - S(x \text{ with the superpixel hidden})"
    linear: ClassVar[bool] = True
    stands_on: ClassVar[str] = "Captum `FeatureAblation`"
    ours: ClassVar[str] = (
        "the superpixels: scikit-image's SLIC, joined until they are as many as asked for, so that the cost is known "
        "before; colour in pixel space; the fall of the score is shared among a pixel's channels"
    )
    unit: ClassVar[Unit] = Unit("fall where hidden", "attribution", "fall of the {scale} where hidden")

    def cost(self, regions: int) -> int:
        return 1 + regions

    def effects(
        self,
        passes: Passes,
        picture: Tensor,
        fill: Tensor,
        labels: Tensor,
        row: Tensor,
        preview: Callable[[Drawn], None],
    ) -> Drawn:
        values = captum.attr.FeatureAblation(passes.in_chunks).attribute(
            picture[None],
            baselines=fill[None],
            feature_mask=labels.expand_as(picture)[None],
            additional_forward_args=row,
            perturbations_per_eval=passes.chunks.size,
        )
        effects: Tensor = values.new_zeros(int(labels.max()) + 1)
        effects[labels.flatten()] = values[0, 0].flatten()  # all pixels of a superpixel have the same value
        return Drawn(Estimate(effects, None))
