"""What the tiles of a grid can differ in. All values are words that hold for every picture and classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from explainers import EXPLAINERS, Classifier, Explainer, Explanation, ExplanationError, Range
from explainers.classifiers import BUNDLED
from explainers.explanation import SCALES, Scale
from explainers.images.baselines import BASELINES
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.guided_backprop import GuidedBackprop
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.paths.quadrature import GRIDS
from pages.shared.question import Question, catalogue

KINDS = {kind.slug(): kind for kind in EXPLAINERS}
TUTORIAL = tuple(kind.slug() for kind in (Saliency, GuidedBackprop, IntegratedGradients, GradCAM))
THIS, THAT, RATHER = "this class", "that class", "this rather than that"
DEPTHS = {"shallowest": 0.0, "a quarter deep": 0.25, "half deep": 0.5, "three quarters deep": 0.75, "deepest": 1.0}
AUTOMATIC = "automatic"


@dataclass(frozen=True)
class Wish:
    """What one tile shall show.

    classifier:    its name; None: the one that was asked.
    label, versus: the class, by its name, and the other where the difference is explained.
    layer:         one of DEPTHS or a layer's name; None: the method's own choice.
    """

    explainer: Explainer
    classifier: str | None
    label: str
    versus: str | None
    scale: Scale
    layer: str | None = None

    @staticmethod
    def of(asked: Question, explainer: Explainer) -> Wish:
        """What the sidebar says."""
        labels, target = asked.classifier.labels, asked.target
        versus = None if target.versus is None else labels[target.versus]
        return Wish(explainer, None, labels[target.index], versus, target.scale)


@dataclass(frozen=True)
class Axis:
    """One thing that tiles differ in.

    options: what there is to choose from, given the question.
    first:   what is chosen at first.
    apply:   a wish with that value. Raises ExplanationError where it has no meaning.
    text:    a value for the visitor.
    met:     what the value turned out to be in a tile, where its name doesn't say it.
    """

    name: str
    options: Callable[[Question], Sequence[str]]
    first: tuple[str, ...]
    apply: Callable[[Wish, str, Question], Wish]
    hint: str
    text: Callable[[str], str] = str
    met: Callable[[Explanation], str] | None = None

    def title(self, value: str, found: Explanation | None) -> str:
        """Of a tile."""
        return self.met(found) if self.met and found else self.text(value).partition(" · ")[0]


def runner_up(asked: Question) -> str:
    """The class to hold this one against: the chosen other, else the likeliest other."""
    labels, target = asked.classifier.labels, asked.target
    others = [target.versus] if target.versus is not None else [row.index for row in asked.likely]
    return labels[next(index for index in others if index != target.index)]


def deep(classifier: Classifier, wanted: str) -> str:
    """The name of a layer: itself, or the one that lies so deep among those up to the deepest features."""
    names = [layer.name for layer in classifier.layers()]
    if wanted not in DEPTHS:
        return wanted
    if not names or classifier.layer is None:
        raise ExplanationError(f"{classifier.name} has no layer that gives a grid.")
    return names[round(DEPTHS[wanted] * names.index(classifier.layer))]


def with_setting(explainer: Explainer, name: str, value: Any) -> Explainer:
    """The method with another setting."""
    return replace(explainer, **{name: value})


def _classifier(wish: Wish, value: str, asked: Question) -> Wish:
    return replace(wish, classifier=value)


def _class(wish: Wish, value: str, asked: Question) -> Wish:
    this = asked.classifier.labels[asked.target.index]
    match value:
        case "this class":
            return replace(wish, label=this, versus=None)
        case "that class":
            return replace(wish, label=runner_up(asked), versus=None)
        case "this rather than that":
            return replace(wish, label=this, versus=runner_up(asked))
    return replace(wish, label=value, versus=None)


def _classes(found: Explanation) -> str:
    this, other = found.facts["class"], found.facts["rather than"]
    return str(this) if other is None else f"{this} rather than {other}"


def _scale(wish: Wish, value: str, asked: Question) -> Wish:
    return replace(wish, scale=cast(Scale, value))


def _method(wish: Wish, value: str, asked: Question) -> Wish:
    return replace(wish, explainer=wish.explainer if value == wish.explainer.slug() else KINDS[value]())


def _layer(wish: Wish, value: str, asked: Question) -> Wish:
    _knob(wish.explainer, "layer")
    return replace(wish, layer=value)


def _set(name: str) -> Callable[[Wish, str, Question], Wish]:
    """Sets the method's knob of that name."""

    def apply(wish: Wish, value: str, asked: Question) -> Wish:
        whole = isinstance(_knob(wish.explainer, name), Range)
        setting: Any = (None if value == AUTOMATIC else int(value)) if whole else value
        return replace(wish, explainer=with_setting(wish.explainer, name, setting))

    return apply


def _knob(explainer: Explainer, name: str) -> Any:
    knob = explainer.knobs().get(name)
    if knob is None:
        raise ExplanationError(f"{explainer.title} has no {name} to choose.")
    if not knob.matters(asdict(explainer)):
        raise ExplanationError(f"{explainer.title} uses no {name} with its other settings as they are.")
    return knob


AXES = {  # in the order they are applied: a method's baseline is set after the method
    axis.name: axis
    for axis in (
        Axis(
            "classifier",
            lambda asked: tuple(catalogue()),
            (BUNDLED, "resnet18"),
            _classifier,
            "All explain the same class, found by its name. One marked ↓ downloads its weights.",
            lambda name: catalogue()[name],
        ),
        Axis(
            "class",
            lambda asked: (THIS, THAT, RATHER, *asked.classifier.labels),
            (THIS, THAT, RATHER),
            _class,
            'This is the sidebar\'s "Class to explain"; that is its "Rather than", or else the likeliest other.',
            met=_classes,
        ),
        Axis(
            "scale",
            lambda asked: SCALES,
            SCALES,
            _scale,
            "The logit is the class's own score; the probability also depends on all other classes.",
        ),
        Axis(
            "method",
            lambda asked: tuple(KINDS),
            TUTORIAL,
            _method,
            "The sidebar's method has the settings chosen there, the others their usual ones.",
            lambda slug: KINDS[slug].title,
        ),
        Axis(
            "baseline",
            lambda asked: BASELINES,
            ("black", "white", "random"),
            _set("baseline"),
            "Where the path starts, for methods that have a path.",
        ),
        Axis(
            "layer",
            lambda asked: (*DEPTHS, *(layer.name for layer in asked.classifier.layers())),
            tuple(DEPTHS),
            _layer,
            "By depth, or by the name that this classifier gives it; for methods that draw on a layer's grid.",
            met=lambda found: str(found.facts["settings"]["layer"]),
        ),
        Axis(
            "steps",
            lambda asked: (AUTOMATIC, *map(str, GRIDS)),
            ("8", "32", "128", AUTOMATIC),
            _set("steps"),
            "Points on the path.",
        ),
        Axis(
            "seed",
            lambda asked: tuple(map(str, range(10))),
            ("0", "1", "2", "3"),
            _set("seed"),
            "Start of the random numbers, for methods that draw some.",
        ),
    )
}
