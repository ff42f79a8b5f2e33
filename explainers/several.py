"""Explains several pictures at once. What a picture gets never depends on the others: that is checked for each of them.

Many networks answer faster to several pictures at once, and nearly all answer to each as they do to it alone. Where
one doesn't, every picture is explained by a call of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.classifiers.agreement import GRADIENT_TOLERANCE
from explainers.classifiers.classifier import Classifier
from explainers.errors import ExplanationError
from explainers.explainer import Explainer, Seen
from explainers.explanation import Explanation, Target

Answer = Explanation | ExplanationError


def explain_several(
    explainer: Explainer, classifier: Classifier, seen: Sequence[Seen], targets: Sequence[Target]
) -> list[Answer]:
    """Explain why `classifier` gives each of several pictures its score for the target of the same number.

    Returns an explanation, or what a call raises, for each of them. A map is that of a call for its picture alone,
    apart from rounding. What is checked is the logits of each picture, by a pass of it alone through the network as it
    is. For methods of several passes, so are samples of the others, and the gradient at each picture. For all other
    methods, so is the whole map of one picture: the largest map, because a gradient that comes from other pictures'
    scores makes a map larger.
    """
    if explainer.shares_passes and len(seen) > 1 and not classifier.traits.alone:
        together = _together(explainer, classifier, seen, targets)
        if together is not None:
            return [_finite(each) for each in together]
    return [_alone(explainer, classifier, each, target) for each, target in zip(seen, targets, strict=True)]


def _together(
    explainer: Explainer, classifier: Classifier, seen: Sequence[Seen], targets: Sequence[Target]
) -> list[Explanation] | None:
    """Return the explanations; None where each picture must be explained alone."""
    try:
        explanations = explainer.explain_together(classifier, seen, targets)
    except Exception:  # one of the pictures can't be explained, or the network takes one at a time: a call will say so
        return None
    if explanations is None or (explainer.passes(classifier) > 1 and not explainer.changes_gradients):
        return explanations
    row = int(np.argmax([np.abs(each.values).sum(dtype=float) for each in explanations]))
    alone = _alone(explainer, classifier, seen[row], targets[row])
    if isinstance(alone, ExplanationError) or not _same(explanations[row], alone):
        return None
    return explanations


def _alone(explainer: Explainer, classifier: Classifier, seen: Seen, target: Target) -> Answer:
    try:
        return explainer.explain_by(explainer.attribute, classifier, seen, target, None)
    except ExplanationError as error:
        return error


def _finite(explanation: Explanation) -> Answer:
    try:
        explanation.check_finite()
    except ExplanationError as error:
        return error
    return explanation


def _same(found: Explanation, true: Explanation) -> bool:
    """Return whether two maps of a picture agree as gradients of the same function do."""
    distance = np.linalg.norm((found.values - true.values).astype(np.float64))
    return bool(distance <= GRADIENT_TOLERANCE * np.linalg.norm(true.values.astype(np.float64)))
