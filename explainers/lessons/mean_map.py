"""The mean of a class's maps: what is in the same place in many pictures stays, and the rest fades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.explainer import Explainer
from explainers.explanation import Target
from explainers.lessons.drawings import BOX, BOX_SHARE
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.integrated_gradients import IntegratedGradients

GRADIENT, PATH, CAM = "vanilla gradient", "Integrated Gradients from grey", "Grad-CAM"
METHODS: dict[str, Explainer] = {
    GRADIENT: Saliency(),
    PATH: IntegratedGradients(steps=12, rule="trapezoid", baseline="grey"),
    CAM: GradCAM(),
}
MAPPED = 24  # pictures, whose maps are averaged


@dataclass(frozen=True, eq=False)
class MeanMap:
    """The mean of the magnitudes of some maps, and one of them.

    mean, first: (H, W), in shares of the sum.
    """

    mean: Array
    first: Array

    @property
    def share(self) -> float:
        """The share of the mean map that lies in the box of the mark."""
        return inside(self.mean)

    @property
    def times(self) -> float:
        """How many times as much lies in the box as its area would have by chance."""
        return self.share / BOX_SHARE

    @property
    def peaks_in_box(self) -> bool:
        """Whether the strongest pixel of the mean map lies in the box of the mark."""
        return bool(self.mean[BOX].max() == self.mean.max())


def inside(values: Array) -> float:
    """Return the share of a map of magnitudes (H, W) that lies in the box of the mark; 0 for a map of zeros."""
    total = float(values.sum())
    return float(values[BOX].sum()) / total if total else 0.0


def mean_map(method: Explainer, classifier: Classifier, pictures: Tensor, target: Target) -> MeanMap:
    """Explain pictures (n, 3, H, W), and return the mean of their maps, each of which counts the same."""
    maps = [_magnitudes(method, classifier, picture, target) for picture in pictures]
    return MeanMap(np.mean(maps, 0), maps[0])


def _magnitudes(method: Explainer, classifier: Classifier, picture: Tensor, target: Target) -> Array:
    heat = method(classifier, picture, target).reduced("sum of magnitudes").heat
    return heat / (float(heat.sum()) or 1.0)
