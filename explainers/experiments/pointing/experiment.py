"""Does a map point at the object that somebody drew a box around?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from explainers.classifiers import Classifier
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError
from explainers.experiments.base import Experiment, ExperimentProgress
from explainers.experiments.pointing.boxes import elsewhere, held
from explainers.experiments.pointing.hiding import BOX_FILLS, hide
from explainers.experiments.pointing.hits import hit
from explainers.experiments.pointing.outcome import PointingOutcome
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.question import Question
from explainers.settings import choice, number

MAX_OTHER_PLACES = 9  # for a box of the same size: corners, edges and middle


@dataclass(frozen=True)
class Pointing(Experiment):
    """Whether the map points at the object, and whether the classifier needs what it points at.

    The pointing game asks whether the map's strongest pixel lies in a box that a person drew. To see whether the
    classifier uses what is there at all, the box is hidden, and then a patch of the same size elsewhere.

    box: (left, top, right, bottom) in pixels of the upright photo.
    """

    title: ClassVar[str] = "Pointing game"
    pace: ClassVar[float] = 0.45  # without gradients
    paper: ClassVar[str] = "https://arxiv.org/abs/1608.00507"

    box: Box | None = None
    tolerance: int = number(
        0,
        0,
        50,
        label="Tolerance around the box",
        hint="How far outside the box the peak may lie, in pixels that the classifier sees. The paper takes 15.",
    )
    fill: str = choice(
        *BOX_FILLS, label="Hide the box with", hint="Whatever you choose, the classifier has hardly seen its like."
    )

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        return 2 + MAX_OTHER_PLACES

    def run(
        self, explainer: Explainer, question: Question, explanation: Explanation, progress: ExperimentProgress
    ) -> PointingOutcome:
        """Do the work of a call. Raises ExplanationError without a box, or if the classifier sees nothing of it."""
        if self.box is None:
            raise ExplanationError("Draw a box around the object first.")
        classifier, target = question.classifier, question.target
        picture, view = classifier.see(question.photo.image)
        mask = held([self.box], view, classifier.size)
        score = hit(explanation, self.box, tolerance=self.tolerance)
        other_masks = elsewhere(mask)
        hidden = hide(classifier, picture, mask, other_masks, target, self.fill, progress.on_progress)
        return PointingOutcome(
            score, hidden, f"the {target.scale} of {explanation.facts.label}", target.scale == "logit"
        )
