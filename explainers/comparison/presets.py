"""Comparisons worth looking at. The methods in them follow from what each method declares."""

from __future__ import annotations

from dataclasses import dataclass

from explainers.classifiers.classifier import Classifier
from explainers.comparison.axes import RATHER, THAT, THIS, in_preset
from explainers.comparison.variants import DEPTHS
from explainers.declarations import Family
from explainers.explainer import Explainer
from explainers.methods.families import FAMILIES

FEW_PASSES = 10  # methods that need more come last, so that the first row is ready soon
BASELINE_STEPS = 64  # of every map where only the baselines shall differ
Values = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class ComparisonPreset:
    """A comparison with a name.

    across:         the axis of the columns and its values.
    down:           the axis of the rows and its values, if there is one.
    method:         the method with its settings, where all tiles share it.
    shared_colours: whether a colour means the same number in all tiles.
    """

    name: str
    across: Values
    down: Values | None = None
    method: Explainer | None = None
    shared_colours: bool = False


def comparison_presets(
    classifier: Classifier, classifiers: tuple[str, ...], pictures: tuple[str, ...] = ()
) -> tuple[ComparisonPreset, ...]:
    """Return the presets for a classifier.

    classifiers: the two that one preset compares.
    pictures:    the visitor's own; with fewer than two, there is no preset that compares them.
    """
    (path_method,) = in_preset("baselines")
    same_steps = path_method(**{path_method.on_axis("steps") or "": BASELINE_STEPS})
    preset = ComparisonPreset
    return (
        preset("Four classics", _methods(*in_preset("tutorials"))),
        preset("Gradient methods", _family("gradient", classifier)),
        preset("CAM family", _family("class activation map", classifier)),
        preset("Class vs. class", ("class", (THIS, THAT, RATHER)), _methods(*in_preset("classes"))),
        preset("Baselines", ("baseline", ("black", "white", "random")), None, same_steps, shared_colours=True),
        preset("Layers", ("layer", tuple(DEPTHS)), _methods(*in_preset("layers"))),
        preset("Two classifiers", ("classifier", classifiers), _methods(*in_preset("classifiers"))),
        *([preset("Your pictures", ("picture", pictures))] if len(pictures) > 1 else []),
    )


def _methods(*kinds: type[Explainer]) -> Values:
    return "method", tuple(kind.slug() for kind in kinds)


def _family(family: Family, classifier: Classifier) -> Values:
    """Return the axis with all methods of a family, those of few passes first."""
    members = FAMILIES[family].methods()
    return _methods(*sorted(members, key=lambda kind: kind().passes(classifier) > FEW_PASSES))
