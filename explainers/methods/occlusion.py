"""Occlusion: a patch slides over the picture, and hides what is under it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import captum.attr
import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.declarations import CaptumCode, Examples, Family
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction, Unit
from explainers.images.baselines import solid
from explainers.passes import Passes
from explainers.settings import colour, number


@dataclass(frozen=True)
class Occlusion(Explainer):
    """How far the score falls when a patch of the picture is covered.

    A patch of one colour slides over the picture. Each pixel gets the mean drop in score over the patches that covered
    it: red helps the class, blue hurts it. The method asks the classifier directly and needs no gradient.
    """

    title: ClassVar[str] = "Occlusion"
    paper: ClassVar[str] = "https://arxiv.org/abs/1311.2901"
    formula: ClassVar[str] = (
        r"\mathrm{mean}_{P \ni i} \big(S(x) - S(x \text{ with } P \text{ covered})\big),"
        r" \quad P: \text{the patches over the pixel } i"
    )
    family: ClassVar[Family] = "perturbation"
    linear: ClassVar[bool] = True
    forward_only: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(
        per_pixel={"patch": 1, "stride": 1}, many={"patch": 2, "stride": 2}, rounding=1e-6
    )  # Captum averages over patches, whose scores round differently in other batches
    stands_on: ClassVar[str] = "Captum `Occlusion`"
    ours: ClassVar[str] = "colour in pixel space; the fall of the score is shared among a pixel's channels"
    reduction: ClassVar[Reduction] = "signed sum"
    unit: ClassVar[Unit] = Unit("fall where covered", "attribution", "fall of the {scale} where covered")

    patch: int | None = number(
        None,
        1,
        256,
        label="Patch size",
        hint="The side of the patch, in pixels that the classifier sees.",
        automatic="a fifth of the picture's side",
        first=16,
    )
    stride: int | None = number(
        None,
        1,
        256,
        label="Distance between patches",
        hint="In pixels that the classifier sees.",
        automatic="half the patch",
        first=8,
    )
    colour: str = colour("#7f7f7f", label="Colour of the patch", hint="What the picture is covered with.")

    def passes(self, classifier: Classifier) -> int:
        _, windows, strides = self._windows(classifier)
        shifts = (
            math.ceil((side - window) / stride) + 1
            for side, window, stride in zip(classifier.size, windows, strides, strict=True)
        )
        return 1 + math.prod(shifts)

    def in_captum(self, classifier: Classifier) -> CaptumCode | None:
        channels, windows, strides = self._windows(classifier)
        lines = (
            f"colour = pictures.new_tensor({solid(self.colour, channels).tolist()}).view(1, -1, 1, 1)",
            "occlusion = Occlusion(score).attribute(",
            "    pictures,",
            f"    sliding_window_shapes={(channels, *windows)},",
            f"    strides={(channels, *strides)},",
            "    baselines=colour.expand_as(pictures),",
            ")",
            f"values = occlusion / {channels}  # all channels are covered together, and share the fall of the score",
        )
        return CaptumCode("Occlusion", lines, exact=False)

    @torch.no_grad()
    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        channels, windows, strides = self._windows(passes.classifier)
        values = captum.attr.Occlusion(passes.in_chunks).attribute(
            pictures,
            sliding_window_shapes=(channels, *windows),
            strides=(channels, *strides),
            baselines=solid(self.colour, channels).to(pictures).view(1, -1, 1, 1).expand_as(pictures),
            additional_forward_args=passes.rows(),
            perturbations_per_eval=max(1, passes.chunks.size // len(pictures)),
        )
        # The channels of a pixel are covered together, and each gets the whole fall of the score: share it among them.
        return Attribution(values / channels)

    def _windows(self, classifier: Classifier) -> tuple[int, tuple[int, int], tuple[int, int]]:
        height, width = classifier.size
        patch = self.patch or max(1, round(min(height, width) / 5))
        windows = min(patch, height), min(patch, width)
        stride = self.stride or max(1, patch // 2)
        return classifier.channels, windows, (min(stride, windows[0]), min(stride, windows[1]))
