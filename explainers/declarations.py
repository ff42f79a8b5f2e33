"""What a method declares of itself: facts that widgets, messages, checks, documentation and tests are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from explainers.classifiers.classifier import Classifier
from explainers.errors import ExplanationError
from explainers.explanation import Coverage, Reduction, Scale, Target, Unit
from explainers.settings import Configurable, Layer

SLOPE = Unit("slope", "gradient", "change of the {scale} per unit of brightness")
CONTRIBUTION = Unit("contribution", "attribution", "contribution to the {scale}")
SLOPE_CONTRIBUTION = Unit("contribution by slope", "attribution", "contribution to the {scale}, by its slope")
RISE_WHERE_SHOWN = Unit("rise where shown", "attribution", "rise of the {scale} where shown")
WEIGHTED_ACTIVATION = Unit("weighted activation", "activation", "weighted activation of the layer")


Family = Literal["gradient", "path variant", "class activation map", "attention", "perturbation"]
Preset = Literal["tutorials", "classes", "baselines", "layers", "classifiers"]


@dataclass(frozen=True)
class CaptumCode:
    """Code for Captum alone that gives the values of a method's map.

    kind:  the class of `captum.attr` that it takes.
    lines: Python that sets `values` (1, C, h, w), given `classifier`, `pictures` (1, C, H, W) in pixel units, and
           `score`, a module that returns the explained score of such pictures and holds its network as `score.network`.
    exact: whether the values are equal; otherwise they are the same to rounding.
    """

    kind: str
    lines: tuple[str, ...]
    exact: bool = True


@dataclass(frozen=True)
class Examples:
    """Settings of a method for its tests, where the defaults don't suit them.

    uncut:     settings with which nothing is cut off at zero.
    per_pixel: settings with which a pixel has a value of its own, and not that of a patch.
    many:      settings with which many chunks pass; None: the method never passes many.
    definite:  settings with which the cost is known beforehand.
    few:       settings for a rough map of few passes.
    rounding:  the value that a pixel which the network doesn't see may have, because of rounding.
    """

    uncut: Mapping[str, Any] = field(default_factory=dict)
    per_pixel: Mapping[str, Any] = field(default_factory=dict)
    many: Mapping[str, Any] | None = None
    definite: Mapping[str, Any] = field(default_factory=dict)
    few: Mapping[str, Any] = field(default_factory=dict)
    rounding: float = 0.0


@dataclass(frozen=True)
class Declared(Configurable):
    """What is known of a method before any of its maps, with its settings.

    family:            the group of methods that it belongs to in menus and comparisons.
    formula:           its values in LaTeX: S is the score, x the picture, x' a baseline, A_k a feature map of a layer.
    scales:            the kinds of score that it can explain.
    unit:              the quantity that the values of its maps are.
    reduction:         how its channels are combined by default; see `default_reduction`.
    complete:          whether the values add up to score - baseline score.
    linear:            whether the map of a difference of scores is the difference of their maps.
    lies_on:           whether the values lie on the picture's pixels or on the grid of a layer.
    by_region:         whether all pixels of a region share one value, even pixels that the network doesn't see.
    asks_score:        whether the map depends on a score at all.
    needs_attention:   whether it reads the attention of a transformer.
    asks_late:         whether it passes the unchanged picture once, and needs the class only afterwards, so that the
                       same pass can choose it.
    forward_only:      whether it takes no gradients, so that more pictures pass at once.
    changes_gradients: whether it has a backward rule of its own, so that its gradients are not those of the network.
    shows_regardless:  what its maps show of the picture, in words, whatever the network is; empty if nothing.
    presets:           the comparisons that show it beside methods of other families, and its place in each.
    stands_on, ours:   the parts of Captum that it is built on, and what is our own and why, as Markdown for the
                       documentation.
    examples:          settings for its tests.
    """

    family: ClassVar[Family]
    formula: ClassVar[str]
    scales: ClassVar[tuple[Scale, ...]] = ("logit", "probability")
    unit: ClassVar[Unit] = SLOPE
    reduction: ClassVar[Reduction] = "sum of magnitudes"
    complete: ClassVar[bool] = False
    linear: ClassVar[bool] = False
    lies_on: ClassVar[Literal["picture", "layer"]] = "picture"
    by_region: ClassVar[bool] = False
    asks_score: ClassVar[bool] = True
    needs_attention: ClassVar[bool] = False
    asks_late: ClassVar[bool] = False
    forward_only: ClassVar[bool] = False
    changes_gradients: ClassVar[bool] = False
    shows_regardless: ClassVar[str] = ""
    presets: ClassVar[Mapping[Preset, int]] = {}
    stands_on: ClassVar[str] = ""
    ours: ClassVar[str] = ""
    examples: ClassVar[Examples] = Examples()

    @classmethod
    def coverage(cls, classifier: Classifier) -> Coverage | None:
        """Count the activations of a network that the method's backward rule changes; None if it has no such rule."""
        return None

    @property
    def rectified(self) -> bool:
        """Whether ReLU or a square is part of the method, so that its map has no negative values."""
        return False

    @property
    def empty_because(self) -> str:
        """Why a map of this method can be zero everywhere, to follow "because"; empty without a particular reason."""
        return ""

    def default_reduction(self, target: Target) -> Reduction:
        """Return how the channels of a map for this target are combined by default.

        A sum of magnitudes would show evidence against a class as bright as evidence for it. That matters where the
        values add up to a score, and where two classes are compared.
        """
        return "signed sum" if self.complete or target.versus is not None else self.reduction

    def uses_fused(self, classifier: Classifier) -> bool:
        """Return whether it may run the copy of the network whose BatchNorm is folded into the convolutions.

        It must not if its rule amplifies the different rounding of that copy, or if it reads a layer whose output is
        different there. A single pass runs the network as it is, because to verify a copy costs another.
        """
        return True

    def in_captum(self, classifier: Classifier) -> CaptumCode | None:
        """Return code for Captum alone that gives the same values; None if there is none.

        What a parent returns doesn't count for its children, whose maps are others.
        """
        return None

    def passes(self, classifier: Classifier) -> int:
        """Return the cost of a map: the largest number of pictures that pass through the network."""
        return 1

    def check(self, classifier: Classifier, target: Target) -> None:
        """Check, before any work, that the method can explain this target of the classifier.

        Raises ExplanationError for a class or layer that the classifier doesn't have, and for a scale that the method
        can't explain.
        """
        for index in (target.index, target.versus):
            if index is not None and not 0 <= index < len(classifier.labels):
                raise ExplanationError(f"{classifier.name} has classes 0 to {len(classifier.labels) - 1}, not {index}.")
        if target.scale not in self.scales:
            raise ExplanationError(
                f"{self.title} explains the {self.scales[0]} only, not the {target.scale}. Choose the {self.scales[0]}."
            )
        for name, knob in self.knobs().items():
            value = getattr(self, name)
            if isinstance(knob, Layer) and value and value not in {layer.name for layer in classifier.layers()}:
                raise ExplanationError(
                    f"{self.title}: {classifier.name} has no layer {value!r} that runs once and gives a grid."
                )

    @classmethod
    def refusal(cls, classifier: Classifier) -> str:
        """Say why the method, with its usual settings, can't explain any score of this classifier; empty if it can."""
        try:
            cls().check(classifier, Target(0))
        except ExplanationError as error:
            return str(error)
        return ""
