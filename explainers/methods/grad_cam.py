"""Grad-CAM and its variants: feature maps of a layer, weighted by the gradient of the score with respect to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import captum.attr
import torch
from captum._utils.gradient import compute_layer_gradients_and_eval
from torch import Tensor, nn
from torch.nn import functional as F

from explainers.classifiers import Classifier
from explainers.classifiers.layouts import CHANNELS_FIRST
from explainers.declarations import SLOPE_CONTRIBUTION, CaptumCode, Preset
from explainers.explainer import Attribution
from explainers.explanation import Coverage, Reduction, Scale, Target, Unit
from explainers.methods.guided_backprop import GuidedBackprop
from explainers.methods.on_layer import OnLayer
from explainers.passes import Passes
from explainers.settings import number


@dataclass(frozen=True)
class GradCAM(OnLayer):
    """Where a deep layer found evidence for the class, on that layer's coarse grid.

    Each feature map of the layer is weighted by the mean gradient of the score with respect to it. The weighted sum
    goes through a ReLU, so only evidence for the class is left. On a network that ends in pooling and one linear layer,
    it equals CAM up to a factor.
    """

    title: ClassVar[str] = "Grad-CAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/1610.02391"
    formula: ClassVar[str] = (
        r"\mathrm{ReLU}\Big(\sum_k a_k A_k\Big),"
        r" \quad a_k = \mathrm{mean}\,\frac{\partial S}{\partial A_k}"
    )
    linear: ClassVar[bool] = True
    asks_late: ClassVar[bool] = True
    presets: ClassVar[Mapping[Preset, int]] = {"tutorials": 4, "classes": 2, "layers": 1, "classifiers": 2}
    stands_on: ClassVar[str] = "Captum `LayerGradCam`"
    ours: ClassVar[str] = (
        "the choice of layers: those that really ran once and gave a grid. Tokens of a vision transformer and outputs "
        "with their channels last (Swin) are read as the grids they are"
    )

    @property
    def shares_passes(self) -> bool:
        return True

    def in_captum(self, classifier: Classifier) -> CaptumCode | None:
        name = self.layer or classifier.layer
        if not any(layer.name == name and layer.layout == CHANNELS_FIRST for layer in classifier.layers()):
            return None  # Captum would take tokens for channels
        relu = ".relu()" * self.relu
        lines = (
            f"layer = score.network.get_submodule({name!r})",
            f"values = LayerGradCam(score, layer).attribute(pictures){relu}",
        )
        return CaptumCode("LayerGradCam", lines)

    def on(self, layer: nn.Module, passes: Passes, pictures: Tensor) -> Tensor:
        maps: Tensor = captum.attr.LayerGradCam(passes, layer).attribute(
            pictures, additional_forward_args=passes.rows()
        )
        return maps


@dataclass(frozen=True)
class _WeightedByGradient(OnLayer):
    """A sum over the feature maps of a layer, with weights that are computed from the gradient with respect to them."""

    asks_late: ClassVar[bool] = True

    @property
    def shares_passes(self) -> bool:
        return True

    def on(self, layer: nn.Module, passes: Passes, pictures: Tensor) -> Tensor:
        (gradients,), (grids,) = compute_layer_gradients_and_eval(
            passes, layer, pictures, additional_forward_args=passes.rows()
        )
        weighted_sum: Tensor = (self.weights(grids, gradients) * grids).sum(1, keepdim=True)
        return weighted_sum

    @staticmethod
    def weights(grids: Tensor, gradients: Tensor) -> Tensor:
        """Return the weights (N, K, h, w) or (N, K, 1, 1) of feature maps (N, K, h, w), given the gradient at them."""
        raise NotImplementedError


@dataclass(frozen=True)
class HiResCAM(_WeightedByGradient):
    """Which cells of a deep layer's grid the score was computed from.

    Feature maps times their gradient, cell by cell, without Grad-CAM's averaging, which can light up cells that the
    score doesn't use. Where one linear layer reads the whole grid, the values (without ReLU) add up to the logit minus
    the bias. Where the grid is averaged first, the map is the same as Grad-CAM's. In earlier layers it can be as noisy
    as a gradient.
    """

    title: ClassVar[str] = "HiResCAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/2011.08891"
    formula: ClassVar[str] = r"\mathrm{ReLU}\Big(\sum_k \frac{\partial S}{\partial A_k} \odot A_k\Big)"
    linear: ClassVar[bool] = True
    stands_on: ClassVar[str] = "Captum's gradients at a layer"
    ours: ClassVar[str] = "Captum has none: it is one line on feature maps and gradients"
    unit: ClassVar[Unit] = SLOPE_CONTRIBUTION

    @staticmethod
    def weights(grids: Tensor, gradients: Tensor) -> Tensor:
        return gradients


@dataclass(frozen=True)
class LayerCAM(_WeightedByGradient):
    """Where a layer, even an early one with a fine grid, finds evidence for the class.

    Each cell of each feature map is weighted by its own gradient, where that is positive. This keeps the detail of
    early layers, where Grad-CAM's averages mean little. Evidence against the class is left out, and the values don't
    add up to anything in particular.
    """

    title: ClassVar[str] = "LayerCAM"
    paper: ClassVar[str] = "https://doi.org/10.1109/TIP.2021.3089943"
    formula: ClassVar[str] = (
        r"\mathrm{ReLU}\Big(\sum_k \mathrm{ReLU}\Big(\frac{\partial S}{\partial A_k}\Big) \odot"
        r" A_k\Big)"
    )
    presets: ClassVar[Mapping[Preset, int]] = {"layers": 2}
    stands_on: ClassVar[str] = "Captum's gradients at a layer"
    ours: ClassVar[str] = "Captum has none: it is one line on feature maps and gradients"

    @staticmethod
    def weights(grids: Tensor, gradients: Tensor) -> Tensor:
        return gradients.relu()


@dataclass(frozen=True)
class GradCAMPlusPlus(_WeightedByGradient):
    """Where a deep layer found evidence for the class, with several objects shown equally.

    Like Grad-CAM, but only positive gradients are averaged, and the fewer cells share one, the more it counts. These
    shares follow from the derivatives of exp(logit), so the method explains logits only, and a common factor is left
    out. It is meant for layers after a ReLU: where feature maps are negative, the denominator of a share can come close
    to zero.
    """

    title: ClassVar[str] = "Grad-CAM++"
    paper: ClassVar[str] = "https://arxiv.org/abs/1710.11063"
    formula: ClassVar[str] = (
        r"\mathrm{ReLU}\Big(\sum_k a_k A_k\Big),"
        r" \quad a_k = \sum_i \frac{\mathrm{ReLU}(g_{ki})}{2 + g_{ki} \sum_j A_{kj}},"
        r" \quad g_{ki} = \frac{\partial S}{\partial A_{ki}}, \; i, j: \text{cells}"
    )
    stands_on: ClassVar[str] = "Captum's gradients at a layer"
    ours: ClassVar[str] = (
        "Captum has none: it is one line on feature maps and gradients. The common factor exp(logit) is left out"
    )
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)

    @staticmethod
    def weights(grids: Tensor, gradients: Tensor) -> Tensor:
        # The denominators of the paper's fractions, divided by gradient^2 like the numerators.
        denominators = 2 + (gradients * grids.sum((2, 3), keepdim=True))
        shares = torch.where((gradients != 0) & (denominators != 0), 1 / denominators, 0)
        return (shares * gradients.relu()).sum((2, 3), keepdim=True)


@dataclass(frozen=True)
class FinerCAM(GradCAM):
    """Where a deep layer found what sets the class apart from those most like it.

    Grad-CAM of the logit minus a share of the mean logit of the most similar classes, those whose logits are closest,
    so that what they have in common counts less. With a share of 0 it is Grad-CAM, and so it is for a classifier with
    one class. The classes that were compared are named beside the map.
    """

    title: ClassVar[str] = "Finer-CAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/2501.11309"
    formula: ClassVar[str] = r"\text{Grad-CAM of } S - \gamma \cdot \mathrm{mean}\,S_{\text{similar}}"
    linear: ClassVar[bool] = False
    presets: ClassVar[Mapping[Preset, int]] = {}
    stands_on: ClassVar[str] = "Captum `LayerGradCam`"
    ours: ClassVar[str] = "the contrast: the logit minus a share of those closest to it, which are named beside the map"
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)
    asks_late: ClassVar[bool] = False

    gamma: float = number(
        0.6, 0.0, 1.0, 0.05, label="Weight of similar classes", hint="The share of their mean logit that is taken away."
    )
    similar: int = number(
        3, 1, 20, label="Similar classes", hint="How many to compare with: those whose logits are closest."
    )

    @property
    def shares_passes(self) -> bool:
        return False  # it changes the logits that would be compared with those of each picture alone

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        contrasts: list[tuple[Tensor, Tensor]] = []

        def contrast(network: nn.Module, inputs: Any, logits: Tensor) -> Tensor:
            classes = self._similar(logits.detach(), passes)
            subtracted = self.gamma * logits.gather(1, classes).sum(1) / max(1, classes.shape[1])
            contrasts.append((classes, subtracted.detach()))
            return logits - subtracted[:, None] * F.one_hot(passes.index, logits.shape[1])

        handle = passes.network.register_forward_hook(contrast)  # `passes.network` belongs to this call
        try:
            attribution = super().attribute(passes, pictures)
        finally:
            handle.remove()
        ((classes, subtracted),) = contrasts
        labels = passes.classifier.labels
        compared_with = [tuple(labels[index] for index in row) for row in classes.tolist()]
        return replace(attribution, scores=passes.answers[:, 0] + subtracted, compared_with=compared_with)

    def _similar(self, logits: Tensor, passes: Passes) -> Tensor:
        """Return (N, k), the classes whose logits are closest to the target's, without the target's own classes."""
        excluded = passes.index[:, None] if passes.versus is None else torch.stack([passes.index, passes.versus], 1)
        distances = (logits - logits.gather(1, passes.index[:, None])).abs().scatter(1, excluded, torch.inf)
        others = max(0, logits.shape[1] - excluded.shape[1])
        return distances.argsort(dim=1, stable=True)[:, : min(self.similar, others)]


@dataclass(frozen=True)
class GuidedGradCAM(GradCAM):
    """Edges and textures, kept only where a deep layer found evidence for the class.

    Guided backpropagation times Grad-CAM, scaled up bilinearly. It is as sharp as the former and as specific to the
    class as the latter, but the detail comes from guided backpropagation, which mostly redraws the picture.
    """

    lies_on: ClassVar[Literal["picture", "layer"]] = "picture"
    linear: ClassVar[bool] = False
    presets: ClassVar[Mapping[Preset, int]] = {}
    stands_on: ClassVar[str] = "Captum `LayerGradCam`, `Saliency`"
    ours: ClassVar[str] = (
        "the rule at the ReLUs, as for guided backpropagation; scaled up bilinearly (Captum's default is nearest "
        "neighbour)"
    )
    title: ClassVar[str] = "Guided Grad-CAM"
    formula: ClassVar[str] = (
        r"G \odot \mathrm{enlarged}(C),"
        r" \quad G: \text{guided backpropagation}, \; C: \text{Grad-CAM}"
    )
    reduction: ClassVar[Reduction] = "sum of magnitudes"
    unit: ClassVar[Unit] = Unit(
        "guided gradient times Grad-CAM", "activation", "guided gradient × Grad-CAM, of the {scale}"
    )

    changes_gradients: ClassVar[bool] = True
    asks_late: ClassVar[bool] = False

    @property
    def rectified(self) -> bool:
        return False

    @classmethod
    def coverage(cls, classifier: Classifier) -> Coverage:
        """Count the activation calls of one forward pass that are ReLUs."""
        return GuidedBackprop.coverage(classifier)

    def uses_fused(self, classifier: Classifier) -> bool:
        return GuidedBackprop().uses_fused(classifier)

    def passes(self, classifier: Classifier) -> int:
        return 2

    def check(self, classifier: Classifier, target: Target) -> None:
        """Also raise ExplanationError where guided backpropagation does."""
        super().check(classifier, target)
        GuidedBackprop().check(classifier, target)

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        coarse = super().attribute(passes, pictures).values
        fine = GuidedBackprop().gradient(passes, pictures, passes.rows())
        return Attribution(fine * F.interpolate(coarse, size=fine.shape[2:], mode="bilinear", align_corners=False))
