"""What is asked about each picture of an audit: the class that its map explains, and the one it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explainers.audit.runs.plan import Plan
from explainers.classifiers import Classifier
from explainers.classifiers.agreement import LOGIT_TOLERANCE, same_logits
from explainers.errors import ExplanationError
from explainers.explanation import Target
from explainers.verification import answers_alone

UNLABELLED = "It has no label that is a class of the classifier, so there is no class to explain."
ONE_CLASS = "The classifier has one class, so there is none to compare it with."


@dataclass(frozen=True, eq=False)
class Predictions:
    """What the classifier predicts for a picture.

    logits, probabilities: (classes,)
    index: of the likeliest class.
    """

    logits: Tensor
    probabilities: Tensor

    @classmethod
    def of(cls, classifier: Classifier, logits: Tensor) -> Predictions:
        return cls(logits, classifier.probabilities(logits[None])[0])

    @property
    def index(self) -> int:
        return int(self.logits.argmax())

    def likeliest_but(self, index: int) -> int:
        """Return the likeliest class but one. Raises ExplanationError if there is no other."""
        if len(self.logits) < 2:
            raise ExplanationError(ONE_CLASS)
        return int(self.logits.index_fill(0, self.logits.new_tensor([index]).long(), -np.inf).argmax())

    def agree(self, target: Target, score: float) -> bool:
        """Return whether they are of the network that gave this score for the target, apart from rounding."""
        if target.scale == "logit":
            found = self.logits.clone()
            found[target.index] = score + (0.0 if target.versus is None else float(self.logits[target.versus]))
            return same_logits(found, self.logits)
        expected = float(self.probabilities[target.index])
        expected -= 0.0 if target.versus is None else float(self.probabilities[target.versus])
        return abs(score - expected) <= LOGIT_TOLERANCE * max(1.0, float(self.logits.abs().max()))


def predict(
    classifier: Classifier, pictures: Sequence[Tensor], *, differentiable: bool
) -> list[Predictions | ExplanationError]:
    """Predict for pictures (C, H, W), each alone, or return why the network gives no logits for it.

    differentiable: whether gradients are switched on, as they are when the pictures are explained.
    """
    if not pictures:
        return []
    try:
        logits = answers_alone(classifier, torch.stack([*pictures]), differentiable=differentiable)
    except ExplanationError as error:
        if len(pictures) == 1:
            return [error]
        return [each for one in pictures for each in predict(classifier, [one], differentiable=differentiable)]
    return [Predictions(*each) for each in zip(logits, classifier.probabilities(logits), strict=True)]


def predict_anew(classifier: Classifier, picture: Tensor) -> Predictions:
    """Predict for a picture (C, H, W) as pages do, in a call of its own, whatever was answered before.

    Raises ExplanationError where the network gives no logits for it.
    """
    classes = classifier.predict(picture, len(classifier.labels))
    logits = torch.tensor([each.logit for each in sorted(classes, key=lambda each: each.index)])
    return Predictions.of(classifier, logits)


def target(plan: Plan, predictions: Predictions, label: int | None) -> Target:
    """Return what a map explains, given the index of the class that the picture shows, where that is known.

    Raises ExplanationError where that is asked about and isn't known.
    """
    likeliest = predictions.index
    if plan.asked == "likeliest":
        return Target(likeliest, scale=plan.scale)
    if label is None:
        raise ExplanationError(UNLABELLED)
    if plan.asked == "label":
        return Target(label, scale=plan.scale)
    other = likeliest if likeliest != label else predictions.likeliest_but(label)
    return Target(label, other, plan.scale)


def resolved(labels: Sequence[str | None], classes: Mapping[str, int]) -> list[int | None]:
    """Return the index of the class that each label names; None where it names none."""
    return [None if label is None else classes.get(label) for label in labels]
