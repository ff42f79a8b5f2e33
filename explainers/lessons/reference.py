"""What is to be known of a method, in sentences that are made from its declaration."""

from __future__ import annotations

from collections.abc import Iterator

from explainers.classifiers import Classifier
from explainers.explainer import Explainer
from explainers.markdown import escaped
from explainers.numbers import counted

SYMBOLS = (
    "In the formulas, S is the score, x the picture and x' a baseline. A with an index is a feature map of a layer, "
    "and ⊙ multiplies pixel by pixel."
)


def properties(kind: type[Explainer]) -> list[str]:
    """Say what holds for every map of a method, in Markdown."""
    return list(_properties(kind))


def _properties(kind: type[Explainer]) -> Iterator[str]:
    """Yield the sentences about what a method promises, and then those about what it can't show."""
    where = "on the pixels of the picture" if kind.lies_on == "picture" else "on the coarse grid of a layer"
    yield f"Its values lie {where}."
    if kind.complete:
        yield "They add up to the score minus the baseline's score (completeness)."
    if kind.linear:
        before = ", before negative values are cut off" if kind().rectified else ""
        yield f"The map of a difference of two classes is the difference of their maps{before}."
    if kind.by_region:
        yield "All pixels of a region share one value, also those that the classifier doesn't look at."
    if not kind.asks_score:
        yield "It asks about no class: the map is the same for every class."
    elif len(kind.scales) == 1:
        yield f"It explains the {kind.scales[0]} only."
    if kind.forward_only:
        yield "It needs no gradient."
    if kind.changes_gradients:
        yield "It has a backward rule of its own, so its gradients aren't those of the network."
    if kind.needs_attention:
        yield "It reads the attention of a transformer, so other networks have no such map."
    if kind.shows_regardless:
        yield f"Whatever the classifier is, its maps show {kind.shows_regardless}."


def cost(kind: type[Explainer], classifier: Classifier) -> str:
    """Say what a map costs with the usual settings, or why the classifier has none."""
    if refusal := kind.refusal(classifier):
        return f"Not with {escaped(classifier.name)}. {escaped(refusal)}"
    method = kind()
    passes, most = method.passes(classifier), "" if method.repeatable is method else "at most "
    return f"It costs {most}{counted(passes, 'pass', 'passes')} through {escaped(classifier.name)}."


def foundation(kind: type[Explainer]) -> str:
    """Say which parts of Captum a method stands on, and what is our own, in Markdown."""
    stands_on = f"It stands on {kind.stands_on}." if kind.stands_on else ""
    return " ".join(filter(None, (stands_on, f"Our own: {kind.ours}." if kind.ours else "")))
