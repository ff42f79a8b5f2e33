"""The axes of a comparison: what its tiles can differ in. Values are names that suit every photo and classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from explainers.classifiers.catalogue import find, sources
from explainers.classifiers.classifier import Prediction
from explainers.comparison.variants import DEPTHS, Variant
from explainers.declarations import Preset
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.explanation import SCALES, Explanation, Scale
from explainers.images.baselines import BASELINES
from explainers.methods import BY_SLUG, EXPLAINERS
from explainers.paths.quadrature import NESTED_STEPS
from explainers.question import Question
from explainers.settings import Range

THIS, THAT, RATHER = "this class", "that class", "this compared with that"
AUTOMATIC = "automatic"
Likely = Sequence[Prediction]


def in_preset(preset: Preset) -> tuple[type[Explainer], ...]:
    """Return the methods that declare a place in a preset, in the order of their places."""
    return tuple(sorted((kind for kind in EXPLAINERS if preset in kind.presets), key=lambda kind: kind.presets[preset]))


@dataclass(frozen=True)
class Axis:
    """One thing that tiles can differ in. Its values are texts.

    options:  returns the values to choose from, given the question.
    first:    the values that are chosen at first.
    apply:    returns a variant with that value. Raises ExplanationError where it makes no sense.
    title:    writes a value in the title of a tile.
    option:   writes a value in the list of options, if that differs from its title.
    resolved: writes what a value such as "half deep" came to in a tile's explanation; None: its title says it.
    """

    name: str
    options: Callable[[Question], Sequence[str]]
    first: tuple[str, ...]
    apply: Callable[[Variant, str, Question, Likely], Variant]
    hint: str
    title: Callable[[str], str] = str
    option: Callable[[str], str] | None = None
    resolved: Callable[[str, Explanation], str] | None = None

    def text(self, value: str) -> str:
        """Write a value for the list of options."""
        return (self.option or self.title)(value)

    def tile_title(self, value: str, explanation: Explanation | None) -> str:
        """Write a value for the title of a tile."""
        return self.resolved(value, explanation) if self.resolved and explanation else self.title(value)


def runner_up(question: Question, likely: Likely) -> str:
    """Return the label of the class to compare with: the question's other class, else the likeliest other."""
    labels, target = question.classifier.labels, question.target
    others = [target.versus] if target.versus is not None else [row.index for row in likely]
    return labels[next(index for index in others if index != target.index)]


def _classifier(variant: Variant, value: str, question: Question, likely: Likely) -> Variant:
    return replace(variant, classifier=value)


def _class(variant: Variant, value: str, question: Question, likely: Likely) -> Variant:
    explained = question.classifier.labels[question.target.index]
    match value:
        case "this class":
            return replace(variant, label=explained, versus=None)
        case "that class":
            return replace(variant, label=runner_up(question, likely), versus=None)
        case "this compared with that":
            return replace(variant, label=explained, versus=runner_up(question, likely))
    return replace(variant, label=value, versus=None)


def class_title(value: str, explanation: Explanation) -> str:
    """Name the explained class, and the one that it is compared with."""
    label, versus = explanation.facts.label, explanation.facts.versus
    return label if versus is None else f"{label} compared with {versus}"


def _scale(variant: Variant, value: str, question: Question, likely: Likely) -> Variant:
    return replace(variant, scale=cast(Scale, value))


def _method(variant: Variant, value: str, question: Question, likely: Likely) -> Variant:
    return replace(variant, explainer=variant.explainer if value == variant.explainer.slug() else BY_SLUG[value]())


def _depth(variant: Variant, value: str, question: Question, likely: Likely) -> Variant:
    _setting_on(variant.explainer, "layer")
    return replace(variant, depth=value)


def _layer_title(value: str, explanation: Explanation) -> str:
    """Name the layer that a depth came to."""
    return str(explanation.facts.settings[BY_SLUG[explanation.facts.slug].on_axis("layer") or ""])


def _setter(axis: str) -> Callable[[Variant, str, Question, Likely], Variant]:
    """Make the function that applies a value to the method's setting on that axis."""

    def apply(variant: Variant, value: str, question: Question, likely: Likely) -> Variant:
        explainer = variant.explainer
        name = _setting_on(explainer, axis)
        setting: Any = value
        if isinstance(explainer.knobs()[name], Range):
            setting = None if value == AUTOMATIC else int(value)
        return replace(variant, explainer=replace(explainer, **{name: setting}))

    return apply


def _setting_on(explainer: Explainer, axis: str) -> str:
    """Find the name of the method's setting on that axis. Raises ExplanationError where none matters."""
    name = explainer.on_axis(axis)
    if name is None:
        raise ExplanationError(f"{explainer.title} has no {axis} to choose. Compare methods that have one.")
    if not explainer.knobs()[name].matters(asdict(explainer)):
        raise ExplanationError(
            f"{explainer.title} uses no {axis} with its other settings as they are. Change those in the sidebar."
        )
    return name


def at_hand() -> tuple[str, ...]:
    """Return the names of all classifiers, those that need no download first."""
    return tuple(source.name for source in sorted(sources(), key=lambda source: source.origin == "download"))


AXES = {  # in the order of application: the method comes before its settings
    axis.name: axis
    for axis in (
        Axis(
            "classifier",
            lambda question: tuple(source.name for source in sources()),
            at_hand()[:2],
            _classifier,
            "All explain the same class, found by its name. ↓: the weights are downloaded first.",
            lambda name: find(name).title,
            lambda name: find(name).description,
        ),
        Axis(
            "class",
            lambda question: (THIS, THAT, RATHER, *question.classifier.labels),
            (THIS, THAT, RATHER),
            _class,
            "This is the class in the sidebar. That is what it is compared with there, or else the next most likely.",
            resolved=class_title,
        ),
        Axis(
            "scale",
            lambda question: SCALES,
            SCALES,
            _scale,
            "The logit is the class's own score; the probability also depends on all other classes.",
        ),
        Axis(
            "method",
            lambda question: tuple(BY_SLUG),
            tuple(kind.slug() for kind in in_preset("tutorials")),
            _method,
            "The method of the sidebar has the settings chosen there; the others have their usual ones.",
            lambda slug: BY_SLUG[slug].title,
        ),
        Axis(
            "baseline",
            lambda question: BASELINES,
            ("black", "white", "random"),
            _setter("baseline"),
            'The picture that stands for "nothing", where the path starts. For methods that have one.',
        ),
        Axis(
            "layer",
            lambda question: (*DEPTHS, *(layer.name for layer in question.classifier.layers())),
            tuple(DEPTHS),
            _depth,
            "By depth, or by its name in this classifier. For methods that read a layer.",
            resolved=_layer_title,
        ),
        Axis(
            "steps",
            lambda question: (AUTOMATIC, *map(str, NESTED_STEPS)),
            ("8", "32", "128", AUTOMATIC),
            _setter("steps"),
            "Points on the path.",
        ),
        Axis(
            "seed",
            lambda question: tuple(map(str, range(10))),
            ("0", "1", "2", "3"),
            _setter("seed"),
            "Fixes the random draws, for methods that make some.",
        ),
    )
}
