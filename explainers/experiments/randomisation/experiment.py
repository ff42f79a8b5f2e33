"""Whether a map depends on what the classifier has learnt: the same map with its weights drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from PIL import Image
from torch import Tensor

from explainers.classifiers import Classifier, Prediction
from explainers.errors import ExplanationError
from explainers.experiments.base import Experiment, ExperimentProgress
from explainers.experiments.randomisation.outcome import RandomisationOutcome, Step
from explainers.experiments.randomisation.stages import Stage, stages
from explainers.experiments.randomisation.weights import RandomisedClassifier, cascade
from explainers.experiments.similarity import rank_correlation, ssim
from explainers.explainer import Explainer
from explainers.explanation import Explanation, Target
from explainers.passes import OnProgress, Progress
from explainers.settings import number

WHOLE = "all weights"
FLAT = "One of the two maps is the same everywhere, so it puts the pixels in no order."


@dataclass(frozen=True)
class Randomisation(Experiment):
    """Makes the map again with the classifier's weights replaced by random ones, from its last layer to its first.

    A map that is about what the classifier has learnt can't survive this. One that stays as it was shows the picture
    and the network's wiring, and would look much the same for a classifier that has learnt nothing. A map that changes
    depends on the weights, and no more is proved: noise would change, too. Each tensor of weights is drawn from a
    normal distribution with its own mean and standard deviation; running statistics are kept.
    """

    title: ClassVar[str] = "Cascading randomisation"
    paper: ClassVar[str] = "https://arxiv.org/abs/1810.03292"

    stages: int = number(6, 1, 12, hint="Steps from the last layer down to all of the network. One map each.")
    draws: int = number(
        3, 1, 10, hint="How often all weights are drawn anew. The verdict is on their mean: single draws differ."
    )
    seed: int = number(0, 0, 9999, hint="Of the random weights.")

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        asked = self.stages + self.draws  # as it is, then the stages, then further draws of all weights
        return asked + (asked + 1) * explainer.repeated.passes(classifier)

    def __call__(
        self,
        explainer: Explainer,
        classifier: Classifier,
        image: Image.Image | Tensor,
        explanation: Explanation,
        *,
        on_progress: OnProgress | None = None,
    ) -> RandomisationOutcome:
        parts = stages(classifier.network, classifier.probe(), self.stages)
        if not parts:
            raise ExplanationError(f"{classifier.name} has no weights that could be drawn anew.")
        progress = ExperimentProgress(self.passes(explainer, classifier), on_progress)
        asking = _Asking(explainer, classifier, image, explanation, progress)
        steps, names = [asking.as_it_is], [*(part.name for part in parts[:-1]), WHOLE]
        for name, redrawn in zip(names, cascade(classifier, parts, self.seed), strict=True):
            steps.append(asking.step(name, redrawn))
        whole, again = Stage("all", tuple(name for part in parts for name in part.parameters)), []
        for draw in range(1, self.draws):
            (redrawn,) = cascade(classifier, [whole], self.seed + draw)
            again.append(asking.step(f"{WHOLE}, draw {draw + 1}", redrawn))
        return RandomisationOutcome(
            explainer.inner.keeps,
            explanation.signed,
            explanation.values[0].size,
            tuple(steps),
            tuple(again),
            asking.other(),
        )


class _Asking:
    """Asks networks of one architecture for a map, and compares it with that of the classifier, unfused like them."""

    def __init__(
        self,
        explainer: Explainer,
        classifier: Classifier,
        image: Image.Image | Tensor,
        explanation: Explanation,
        progress: ExperimentProgress,
    ) -> None:
        self._explainer, self._target, self._reduction = explainer.repeated, explanation.target, explanation.reduction
        self._picture, self._progress = classifier.see(image)[0], progress
        self._unfused = RandomisedClassifier(classifier, classifier.network)  # whose weights nobody draws
        self._likely = self._answer(self._unfused)
        self._original = self._map(self._unfused, self._target)
        self.as_it_is = self._compared("as it is", self._original, self._likely)

    def step(self, name: str, redrawn: RandomisedClassifier) -> Step:
        """The map of a network with other weights, or why there is none."""
        try:
            likely = self._answer(redrawn)
        except ExplanationError as error:
            return Step(name, why=str(error))
        try:
            return self._compared(name, self._map(redrawn, self._target), likely)
        except ExplanationError as error:
            return Step(name, spread=_spread(likely), why=str(error))

    def other(self) -> Step | None:
        """The map for the likeliest class that is not part of the question."""
        asked = self._target.index, self._target.versus
        rest = [prediction for prediction in self._likely if prediction.index not in asked]
        if not rest:
            return None
        found = self._map(self._unfused, replace(self._target, index=rest[0].index))
        return self._compared(rest[0].label, found, self._likely)

    def _answer(self, classifier: Classifier) -> list[Prediction]:
        """What a network says of all classes, the likeliest first."""
        self._progress.report(Progress(0))
        likely = classifier.predict(self._picture, len(classifier.labels))
        self._progress.done += 1
        return likely

    def _map(self, classifier: Classifier, target: Target) -> Explanation:
        found = self._progress.explain(self._explainer, classifier, self._picture, target)
        if not np.isfinite(found.values).all():
            raise ExplanationError("The map has numbers that are not finite.")
        return found.reduced(self._reduction)

    def _compared(self, name: str, found: Explanation, likely: Sequence[Prediction]) -> Step:
        original = self._original
        signed = [each.reduced("signed sum").heat for each in (original, found)]
        correlation = rank_correlation(original.heat, found.heat)
        return Step(
            name,
            found.heat,
            correlation,
            None if found.rectified else rank_correlation(*signed),
            ssim(original.heat, found.heat),
            _spread(likely),
            found.score,
            "" if correlation is not None else FLAT,
        )


def _spread(likely: Sequence[Prediction]) -> float:
    """Standard deviation of the logits over the classes."""
    return float(np.std([prediction.logit for prediction in likely]))
