"""Explains photos of which nobody knows yet what a classifier sees in them, and says what that is."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from explainers.classifiers.classifier import Classifier, Prediction
from explainers.explainer import Explainer, Seen
from explainers.explanation import Explanation, Scale, Target
from explainers.passes import OnProgress


@dataclass(frozen=True)
class TargetChoice:
    """What is explained of every photo: the score of a class, or the difference of two.

    index:  the class; None: the likeliest, which is another one for each photo.
    versus: the class with which it is compared, if there is one.
    """

    index: int | None = None
    versus: int | None = None
    scale: Scale = "logit"

    def target(self, likeliest: int) -> Target:
        """Return the target of a photo whose likeliest class this is. Raises ExplanationError as `Target` does."""
        return Target(likeliest if self.index is None else self.index, self.versus, self.scale)

    def example(self) -> Target:
        """Return a target such as the photos will have, to be checked before any work: its class may be another."""
        return self.target(1 if self.versus == 0 else 0)


def explain_chosen(
    explainer: Explainer,
    classifier: Classifier,
    image: Image.Image | Tensor,
    choice: TargetChoice,
    *,
    on_progress: OnProgress | None = None,
) -> tuple[Explanation, list[Prediction]]:
    """Explain a photo as a call does, and predict its likeliest classes.

    A method that asks late takes both from one pass. Both are the same as from two passes.

    Raises ExplanationError as both do.
    """
    seen, predicted = Seen.of(classifier, image), list[Prediction]()

    def choose(logits: Tensor) -> Target:
        predicted[:] = classifier.likeliest(logits)
        return choice.target(predicted[0].index)

    target, asks_late = choice.example(), explainer.asks_late
    if not asks_late:
        predicted = classifier.predict(seen.picture)
        target = choice.target(predicted[0].index)
    explanation = explainer.explain_by(
        explainer.attribute, classifier, seen, target, on_progress, choose=choose if asks_late else None
    )
    return explanation, predicted
