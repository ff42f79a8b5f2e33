"""Grad-CAM and its kin: a layer's feature maps, and the score's gradient at them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import captum.attr
import torch
from captum._utils.gradient import compute_layer_gradients_and_eval
from torch import Tensor, nn
from torch.nn import functional as F

from explainers.classifiers import Classifier
from explainers.explainer import Attribution
from explainers.explanation import Coverage, Reduction, Scale, Target
from explainers.methods.guided_backprop import GuidedBackprop
from explainers.methods.on_layer import OnLayer
from explainers.passes import Passes
from explainers.settings import number


@dataclass(frozen=True)
class GradCAM(OnLayer):
    """Where a deep layer found evidence for the class, on that layer's coarse grid.

    Each feature map of the layer is weighted by the mean gradient of the score with respect to it; the weighted sum
    goes through ReLU, so only evidence for the class is left. On a network that ends in pooling and one linear layer it
    is CAM, up to scale.
    """

    title: ClassVar[str] = "Grad-CAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/1610.02391"

    def on(self, layer: nn.Module, passes: Passes, pictures: Tensor) -> Tensor:
        found: Tensor = captum.attr.LayerGradCam(passes, layer).attribute(
            pictures, additional_forward_args=passes.rows()
        )
        return found


@dataclass(frozen=True)
class _Weighed(OnLayer):
    """A sum over a layer's feature maps, weighed by something made of the gradient with respect to them."""

    def on(self, layer: nn.Module, passes: Passes, pictures: Tensor) -> Tensor:
        (gradients,), (grids,) = compute_layer_gradients_and_eval(
            passes, layer, pictures, additional_forward_args=passes.rows()
        )
        found: Tensor = (self.weights(grids, gradients) * grids).sum(1, keepdim=True)
        return found

    @staticmethod
    def weights(grids: Tensor, gradients: Tensor) -> Tensor:
        """What to multiply feature maps (N, K, h, w) by, given the gradient there; (N, K, 1, 1) is one for each map."""
        raise NotImplementedError


@dataclass(frozen=True)
class HiResCAM(_Weighed):
    """Which cells of a deep layer's grid the score was made of.

    Feature maps times their gradient, cell by cell, without Grad-CAM's averaging, which can light up cells that the
    score doesn't use. Where one linear layer reads the grid, the values (without ReLU) add up to the logit minus the
    bias; where the grid is averaged first, it is Grad-CAM. In earlier layers it can be as noisy as a gradient.
    """

    title: ClassVar[str] = "HiResCAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/2011.08891"
    unit: ClassVar[str] = "contribution to the {scale}, by its slope"

    @staticmethod
    def weights(grids: Tensor, gradients: Tensor) -> Tensor:
        return gradients


@dataclass(frozen=True)
class LayerCAM(_Weighed):
    """Where a layer, even an early one with a fine grid, holds what speaks for the class.

    Each cell of each feature map is weighed by its own gradient, where that is positive. So it keeps the detail of
    early layers, where Grad-CAM's averages mean little; evidence against the class is left out, and the values add up
    to nothing in particular.
    """

    title: ClassVar[str] = "LayerCAM"
    paper: ClassVar[str] = "https://doi.org/10.1109/TIP.2021.3089943"

    @staticmethod
    def weights(grids: Tensor, gradients: Tensor) -> Tensor:
        return gradients.relu()


@dataclass(frozen=True)
class GradCAMPlusPlus(_Weighed):
    """Where a deep layer found evidence for the class, with several objects of it shown alike.

    Grad-CAM whose averages count positive gradients only, the more the fewer cells share them; the shares follow from
    the derivatives of exp(logit), so it knows logits only, and a common factor is left out. It is meant for layers
    after a ReLU: where feature maps are negative, a share's denominator can come near zero.
    """

    title: ClassVar[str] = "Grad-CAM++"
    paper: ClassVar[str] = "https://arxiv.org/abs/1710.11063"
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)

    @staticmethod
    def weights(grids: Tensor, gradients: Tensor) -> Tensor:
        below = 2 + (gradients * grids.sum((2, 3), keepdim=True))  # of the paper's fraction, both parts over gradient^2
        shares = torch.where((gradients != 0) & (below != 0), 1 / below, 0)
        return (shares * gradients.relu()).sum((2, 3), keepdim=True)


@dataclass(frozen=True)
class FinerCAM(GradCAM):
    """Where a deep layer found what sets the class apart from those most like it.

    Grad-CAM of the logit minus a share of the mean logit of the classes that score closest to it, so what they have in
    common weighs less. A share of 0 is Grad-CAM, and so is a classifier without other classes. Which classes were
    compared is said with the map.
    """

    title: ClassVar[str] = "Finer-CAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/2501.11309"
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)

    gamma: float = number(0.6, 0.0, 1.0, 0.05, hint="Share of the similar classes' mean logit that is taken away.")
    similar: int = number(3, 1, 20, hint="Similar classes, those whose logits are closest.")

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        taken: list[tuple[Tensor, Tensor]] = []

        def contrast(network: nn.Module, given: Any, logits: Tensor) -> Tensor:
            classes = self._similar(logits.detach(), passes)
            away = self.gamma * logits.gather(1, classes).sum(1) / max(1, classes.shape[1])
            taken.append((classes, away.detach()))
            return logits - away[:, None] * F.one_hot(passes.index, logits.shape[1])

        handle = passes.network.register_forward_hook(contrast)  # the call's own copy of it
        try:
            found = super().attribute(passes, pictures)
        finally:
            handle.remove()
        ((classes, away),) = taken
        labels = passes.classifier.labels
        facts = [{"compared with": [labels[each] for each in row]} for row in classes.tolist()]
        return replace(found, scores=passes.answers[:, 0] + away, facts=facts)

    def _similar(self, logits: Tensor, passes: Passes) -> Tensor:
        """(N, k) the classes whose logits are closest to the target's, which are neither it nor its versus."""
        asked = passes.index[:, None] if passes.versus is None else torch.stack([passes.index, passes.versus], 1)
        distances = (logits - logits.gather(1, passes.index[:, None])).abs().scatter(1, asked, torch.inf)
        others = max(0, logits.shape[1] - asked.shape[1])
        return distances.argsort(dim=1, stable=True)[:, : min(self.similar, others)]


@dataclass(frozen=True)
class GuidedGradCAM(GradCAM):
    """Edges and textures, kept only where a deep layer found evidence for the class.

    Guided backpropagation times Grad-CAM, scaled up bilinearly. It is as sharp as the one and as much about
    the class as the other, but its detail is guided backpropagation's, which mostly restores the picture.
    """

    title: ClassVar[str] = "Guided Grad-CAM"
    reduction: ClassVar[Reduction] = "sum of magnitudes"
    unit: ClassVar[str] = "guided gradient × Grad-CAM, of the {scale}"

    @property
    def rectified(self) -> bool:
        return False

    @classmethod
    def coverage(cls, classifier: Classifier) -> Coverage:
        """How many of the activation calls of one forward pass are ReLUs."""
        return GuidedBackprop.coverage(classifier)

    def prepared(self, classifier: Classifier) -> bool:
        return GuidedBackprop().prepared(classifier)

    def passes(self, classifier: Classifier) -> int:
        return 2

    def check(self, classifier: Classifier, target: Target) -> None:
        """Refuse, too, what guided backpropagation refuses."""
        super().check(classifier, target)
        GuidedBackprop().check(classifier, target)

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        coarse = super().attribute(passes, pictures).values
        fine = GuidedBackprop().gradient(passes, pictures, passes.rows())
        return Attribution(fine * F.interpolate(coarse, size=fine.shape[2:], mode="bilinear", align_corners=False))
