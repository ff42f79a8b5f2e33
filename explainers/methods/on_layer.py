"""The base class of methods whose map lies on the grid of one layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn

from explainers.classifiers import Classifier
from explainers.declarations import WEIGHTED_ACTIVATION, Examples, Family
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction, Target, Unit
from explainers.passes import Passes
from explainers.runtime.gradients import unreached
from explainers.settings import layer, switch

EMPTY_BECAUSE_ONLY_AGAINST = (
    "this layer holds evidence against the class only, and the method leaves that out. Switch off "
    '"Only evidence for the class" to see it, or choose another layer.'
)


@dataclass(frozen=True)
class OnLayer(Explainer):
    """The base class of methods whose map lies on the grid of one layer."""

    family: ClassVar[Family] = "class activation map"
    lies_on: ClassVar[Literal["picture", "layer"]] = "layer"
    examples: ClassVar[Examples] = Examples(uncut={"relu": False})
    unit: ClassVar[Unit] = WEIGHTED_ACTIVATION
    reduction: ClassVar[Reduction] = "signed sum"

    layer: str | None = layer(hint="Deeper layers give coarser maps and are closer to the decision.")
    relu: bool = switch(
        True,
        label="Only evidence for the class",
        hint="As in the paper, which applies a ReLU. Switched off, the map also shows evidence against the class.",
    )

    @property
    def rectified(self) -> bool:
        return self.relu

    @property
    def empty_because(self) -> str:
        return EMPTY_BECAUSE_ONLY_AGAINST if self.relu else ""

    def check(self, classifier: Classifier, target: Target) -> None:
        """Also raise ExplanationError for networks in which no layer gives a grid."""
        super().check(classifier, target)
        if self.layer is None and classifier.layer is None:
            raise ExplanationError(f"{self.title} needs a layer that gives a grid, and {classifier.name} has none.")

    def uses_fused(self, classifier: Classifier) -> bool:
        return (self.layer or classifier.layer) not in classifier.altered_layers

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        name = self.layer or passes.classifier.layer or ""
        (layout,) = (layer.layout for layer in passes.classifier.layers() if layer.name == name)
        try:  # the pictures need no gradient, so autograd records nothing before the layer
            values = self.on(layout.lens(passes.network.get_submodule(name)), passes, pictures)
        except RuntimeError as error:
            if not unreached(error):
                raise
            raise ExplanationError(
                f"{self.title}: no gradient of the score reaches the layer {name!r}. The score doesn't depend on it, "
                f"or {passes.classifier.name} computes without a record of its steps after it. Choose another layer, "
                "or a method that needs no gradient, such as Score-CAM or Occlusion."
            ) from error
        return Attribution(values.relu() if self.relu else values)

    def on(self, layer: nn.Module, passes: Passes, pictures: Tensor) -> Tensor:
        """Return the maps (N, 1, h, w) of pictures (N, C, H, W) on the grid of `layer`, before ReLU."""
        raise NotImplementedError
