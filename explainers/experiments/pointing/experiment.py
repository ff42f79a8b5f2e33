"""Whether a map points at what somebody drew a box around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from PIL import Image
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError
from explainers.experiments.base import Experiment
from explainers.experiments.pointing.boxes import elsewhere, held
from explainers.experiments.pointing.hiding import FILLS, hide
from explainers.experiments.pointing.hits import hit
from explainers.experiments.pointing.outcome import PointingOutcome
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.passes import OnProgress
from explainers.settings import choice, number

PLACES = 9  # corners, edges and middle, at most


@dataclass(frozen=True)
class Pointing(Experiment):
    """Whether the map points at the object, and whether the classifier needs what it points at.

    The pointing game asks whether the map's strongest pixel lies in a box that a person drew. To see whether the
    classifier looks there at all, the box is hidden, and a patch of the same size elsewhere.

    box: (left, top, right, bottom) in pixels of the upright photo.
    """

    title: ClassVar[str] = "Pointing game"
    paper: ClassVar[str] = "https://arxiv.org/abs/1608.00507"

    box: Box | None = None
    tolerance: int = number(
        0, 0, 50, hint="How far outside the box the peak may lie, in pixels of the classifier's picture. The paper: 15."
    )
    fill: str = choice(*FILLS, hint="What hides the box. Whatever it is, it is new to the classifier.")

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        return 2 + PLACES

    def __call__(
        self,
        explainer: Explainer,
        classifier: Classifier,
        image: Image.Image | Tensor,
        explanation: Explanation,
        *,
        on_progress: OnProgress | None = None,
    ) -> PointingOutcome:
        """Raises ExplanationError, too, without a box, or for one that holds nothing of what the classifier sees."""
        if self.box is None:
            raise ExplanationError("Draw a box around the object first.")
        picture, view = classifier.see(image)
        mask = held([self.box], view, classifier.size)
        found = hit(explanation, self.box, tolerance=self.tolerance)
        others, target = elsewhere(mask), explanation.target
        hidden = hide(classifier, picture, mask, others, target, self.fill, on_progress)
        return PointingOutcome(
            found, hidden, f"the {target.scale} of {explanation.facts['class']}", target.scale == "logit"
        )
