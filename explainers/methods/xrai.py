"""XRAI: regions of the picture, ranked by their mean of Integrated Gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.explainer import CONTRIBUTION, Attribution, Examples, Explainer, Family
from explainers.explanation import Reduction, Unit
from explainers.images.segments import SEGMENTED_SIDE, segmentations
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.passes import Passes
from explainers.settings import number

MIN_PIXELS_LEFT = 50  # of a segment, for it to become a region; for a picture whose longer side has 224 pixels


def ranked_regions(attributions: Array, segments: Array) -> tuple[Array, Array]:
    """Return the mean attribution (H, W) and the rank (H, W), from 0, of the region of each pixel.

    The segment with the highest mean attribution becomes the first region. Its pixels are removed from all other
    segments, and the next region is chosen in the same way. So every pixel is in one region, whose attribution is the
    sum of those of its pixels.

    attributions: (H, W).
    segments:     (L, H, W), L segmentations of the whole picture.
    """
    means, ranks = np.zeros(attributions.shape), np.full(attributions.shape, -1)
    min_pixels = MIN_PIXELS_LEFT * means.size / SEGMENTED_SIDE**2
    unassigned, rank = np.ones(attributions.shape, bool), 0
    while unassigned.any():
        labels = segments[:, unassigned]
        sizes = np.bincount(labels.ravel(), minlength=segments.max() + 1)
        sums = np.bincount(labels.ravel(), np.tile(attributions[unassigned], len(labels)), len(sizes))
        eligible = sizes >= max(1, min(min_pixels, sizes.max()))
        densest = np.where(eligible, sums / np.maximum(sizes, 1), -np.inf).argmax()
        region = (segments == densest).any(0) & unassigned
        means[region], ranks[region] = sums[densest] / sizes[densest], rank
        unassigned, rank = unassigned & ~region, rank + 1
    return means, ranks


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
    family: ClassVar[Family] = "path variant"
    by_region: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(many={"steps": 500}, few={"steps": 10})
    stands_on: ClassVar[str] = "Integrated Gradients; scikit-image's `felzenszwalb`"
    ours: ClassVar[str] = (
        "Captum has none. The sum over the channels, not the largest, so that the values add up; segments cover the "
        "picture, so they aren't widened; a small picture is segmented at 224 px"
    )
    reduction: ClassVar[Reduction] = "signed sum"
    complete: ClassVar[bool] = True
    shows_regardless: ClassVar[str] = "the outlines of its regions, which are cut by colour"
    unit: ClassVar[Unit] = CONTRIBUTION

    steps: int = number(
        50, 1, 1000, hint="Points on each of the two paths. More is slower and more exact.", axis="steps"
    )

    def passes(self, classifier: Classifier) -> int:
        return sum(path.passes(classifier) for path in self._paths())

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        segments = [segmentations(picture) for picture in pictures]
        black, white = (path.attribute(passes, pictures) for path in self._paths())
        attributions = ((black.values + white.values) / 2).sum(1).double().cpu().numpy()
        heat = [ranked_regions(*picture)[0] for picture in zip(attributions, segments, strict=True)]
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


def _side_by_side(*tensors: Tensor | None) -> Tensor:
    return torch.cat([tensor for tensor in tensors if tensor is not None], 1)
