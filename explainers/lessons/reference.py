"""What is to be known of a method, in sentences that are made from its declaration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from explainers.classifiers import Classifier
from explainers.explainer import Explainer
from explainers.markdown import escaped
from explainers.numbers import counted

SYMBOLS = {  # by what they look like in a formula
    r"(?<![A-Za-z])S(?![A-Za-z])": "S is the score",
    r"(?<![A-Za-z])x(?![A-Za-z])": "x is the picture",
    r"x'": "x' is a baseline",
    r"A_(k|\{k)": "A with an index k is a feature map of the layer",
    r"\\odot": "⊙ multiplies place by place",
    r"ReLU\}": "ReLU turns negative numbers into 0",
    r"g_\{\\text\{below": "g is the gradient that arrives at a ReLU on the way back",
    r"\[[a-z] > 0\]": "a bracket is 1 where it is true and 0 elsewhere",
    r"\\mathrm\{E\}": "E is the mean over random draws of the variables written below it",
    r"\\mathrm\{Var\}": "Var (variance) is the mean squared distance from the mean",
    r"\\mathrm\{Cov\}": "Cov (covariance) is above 0 where two numbers rise together",
    r"argmin": "argmin is the w that makes what follows smallest",
    r"R_0 = I": "I is the identity matrix",
    r"R_l = ": "the map is the row of the class token in the last R",
}


def symbols(kinds: Iterable[type[Explainer]]) -> str:
    """Say what the symbols in the formulas of some methods mean."""
    formulas = " ".join(kind.formula for kind in kinds)
    *others, last = (meaning for look, meaning in SYMBOLS.items() if re.search(look, formulas))
    return f"In the formulas, {', and '.join(filter(None, (', '.join(others), last)))}."


def in_lines(formula: str) -> str:
    """Return a formula with each explanation on a line of its own, so that it fits a narrow screen."""
    lines = r" \\ ".join(re.split(r",? *\\(?:quad|;) *", formula))
    return rf"\begin{{gathered}}{lines}\end{{gathered}}"


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
    passes, most = method.passes(classifier), "at most " if method.passes_vary else ""
    return f"It costs {most}{counted(passes, 'pass', 'passes')} through {escaped(classifier.name)}."


def foundation(kind: type[Explainer]) -> str:
    """Say which parts of Captum a method stands on, and what is our own, in Markdown."""
    stands_on = f"It is built on {kind.stands_on}." if kind.stands_on else ""
    return " ".join(filter(None, (stands_on, f"Our own: {kind.ours}." if kind.ours else "")))
