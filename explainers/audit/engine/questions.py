"""What is asked about each picture of an audit: the class that its map explains, and the one it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from explainers.audit.plan import Plan
from explainers.classifiers import Classifier
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

    @property
    def index(self) -> int:
        return int(self.logits.argmax())

    def likeliest_but(self, index: int) -> int:
        """Return the likeliest class but one. Raises ExplanationError if there is no other."""
        if len(self.logits) < 2:
            raise ExplanationError(ONE_CLASS)
        return int(self.logits.index_fill(0, self.logits.new_tensor([index]).long(), -np.inf).argmax())

    @classmethod
    def of(cls, classifier: Classifier, picture: Tensor, *, differentiable: bool) -> Predictions:
        """Predict for a picture (C, H, W), alone. Raises ExplanationError where the network gives no logits for it.

        differentiable: whether gradients are switched on, as they are when it is explained.
        """
        logits = answers_alone(classifier, picture[None], differentiable=differentiable)
        return cls(logits[0], classifier.probabilities(logits)[0])


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
