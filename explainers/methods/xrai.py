"""XRAI: regions of the picture, ranked by their mean of Integrated Gradients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.declarations import CONTRIBUTION, Examples, Family
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction, Unit
from explainers.images.segments import SEGMENTED_SIDE, segmentations
from explainers.methods.integrated_gradients import REPEATABLE_STEPS, IntegratedGradients
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

    The picture is cut into segments from fine to coarse, and those where Integrated Gradients is densest are taken
    first. The pixels of a region share its total. The map is the mean of two, from a black and a white baseline, so
    dark and light things count the same, and it adds up to the score minus the mean score of the baselines
    (completeness). Regions follow the picture's colours, so it can't show a thing without an edge. Automatic steps are
    those of Integrated Gradients, for the mean of both baselines.
    """

    title: ClassVar[str] = "XRAI"
    paper: ClassVar[str] = "https://arxiv.org/abs/1906.02825"
    formula: ClassVar[str] = (
        r"\frac{1}{|R|} \sum_{i \in R} I_i,"
        r" \quad I: \text{mean of Integrated Gradients from} \; \text{a black and a white baseline},"
        r" \; R: \text{the pixel's region, of } |R| \text{ pixels}"
    )
    family: ClassVar[Family] = "path variant"
    by_region: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(many={"steps": 100}, definite={"steps": 7}, few={"steps": 10})
    stands_on: ClassVar[str] = "Integrated Gradients; scikit-image's `felzenszwalb`"
    ours: ClassVar[str] = (
        "Captum has none. The sum over the channels, not the largest, so that the values add up; segments cover the "
        "picture, so they aren't widened; a small picture is segmented at 224 px"
    )
    reduction: ClassVar[Reduction] = "signed sum"
    complete: ClassVar[bool] = True
    shows_regardless: ClassVar[str] = "the outlines of its regions, which are cut by colour"
    unit: ClassVar[Unit] = CONTRIBUTION

    steps: int | None = number(
        None,
        1,
        1000,
        hint="Points on each of its two paths. More is slower and closer to the exact map.",
        automatic="as many as needed",
        usual=(5, 20, 50, 200),
        first=50,
        axis="steps",
    )

    @property
    def repeatable(self) -> XRAI:
        return replace(self, steps=REPEATABLE_STEPS) if self.steps is None else self

    def passes(self, classifier: Classifier) -> int:
        return 2 * self._path.passes(classifier) if self.steps else self._path.passes(classifier)

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        segments = [segmentations(picture) for picture in pictures]
        baselines = torch.stack([torch.zeros_like(pictures), torch.ones_like(pictures)], 1)
        found = self._path.integrate(passes, self._path.runs(passes, pictures, baselines), preview=False)
        attributions = found.values.sum(1).double().cpu().numpy()
        heat = [ranked_regions(*picture)[0] for picture in zip(attributions, segments, strict=True)]
        values = torch.from_numpy(np.stack(heat)).to(pictures)[:, None] / pictures.shape[1]
        # How far the regions' map is from the exact one isn't known: a small error may change which is the densest.
        return replace(found, values=values.expand_as(pictures), errors=None, traces=None)

    @property
    def _path(self) -> IntegratedGradients:
        """The integral along the two paths; automatic steps are those that their mean needs."""
        return IntegratedGradients(steps=self.steps)
