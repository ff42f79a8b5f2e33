"""Integrated Gradients gathered in regions, the densest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction
from explainers.images.segments import SIDE, segmentations
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.passes import Passes
from explainers.settings import number

FEWEST = 50  # pixels that must be left of a segment for it to count


def ranked(attributions: Array, segments: Array) -> tuple[Array, Array]:
    """(H, W) each pixel's region's mean attribution, and (H, W) the regions' ranks from 0.

    The segment (of (L, H, W), which all cover the picture) with the highest mean attribution becomes a region. Of the
    others there remain the pixels that it leaves, and so on. So every pixel is in one region, whose attribution is
    what its pixels had together.
    """
    heat, ranks = np.zeros(attributions.shape), np.full(attributions.shape, -1)
    fewest, left, rank = FEWEST * heat.size / SIDE**2, np.ones(attributions.shape, bool), 0
    while left.any():
        labels = segments[:, left]
        sizes = np.bincount(labels.ravel(), minlength=segments.max() + 1)
        sums = np.bincount(labels.ravel(), np.tile(attributions[left], len(labels)), len(sizes))
        eligible = sizes >= max(1, min(fewest, sizes.max()))
        best = np.where(eligible, sums / np.maximum(sizes, 1), -np.inf).argmax()
        region = (segments == best).any(0) & left
        heat[region], ranks[region] = sums[best] / sizes[best], rank
        left, rank = left & ~region, rank + 1
    return heat, ranks


@dataclass(frozen=True)
class XRAI(Explainer):
    """Which regions of the picture contribute most for their size.

    The picture is cut into segments from fine to coarse, and those in which Integrated Gradients is densest are taken
    first; a region's pixels share what they have together. The map is the mean of those of a black and a white
    baseline, so dark and light things count alike, and adds up to the score minus the baselines' (completeness).
    Regions are those of the picture's colours: it can't show a thing that has no edge.
    """

    title: ClassVar[str] = "XRAI"
    paper: ClassVar[str] = "https://arxiv.org/abs/1906.02825"
    reduction: ClassVar[Reduction] = "signed sum"
    complete: ClassVar[bool] = True
    keeps: ClassVar[str] = "the outlines of its regions, which are cut by colour"
    unit: ClassVar[str] = "contribution to the {scale}"

    steps: int = number(50, 1, 1000, hint="Points on each of the two paths. More is slower and more exact.")

    def passes(self, classifier: Classifier) -> int:
        return sum(path.passes(classifier) for path in self._paths())

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        segments = [segmentations(picture) for picture in pictures]
        black, white = (path.attribute(passes, pictures) for path in self._paths())
        attributions = ((black.values + white.values) / 2).sum(1).double().cpu().numpy()
        heat = [ranked(*each)[0] for each in zip(attributions, segments, strict=True)]
        values = torch.from_numpy(np.stack(heat)).to(pictures)[:, None] / pictures.shape[1]
        return replace(
            black,
            values=values.expand_as(pictures),
            baselines=_side_by_side(black.baselines, white.baselines),
            baseline_scores=_side_by_side(black.baseline_scores, white.baseline_scores),
            traces=None,
            histories=None,
        )

    def _paths(self) -> Iterator[IntegratedGradients]:
        return (IntegratedGradients(steps=self.steps, baseline=name) for name in ("black", "white"))


def _side_by_side(*of_baselines: Tensor | None) -> Tensor:
    return torch.cat([each for each in of_baselines if each is not None], 1)
