"""Does a map depend on what the classifier has learnt? Its map is compared with those of randomised weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from explainers.classifiers import Classifier, Prediction
from explainers.errors import ExplanationError
from explainers.experiments.base import Experiment, ExperimentProgress
from explainers.experiments.randomisation.outcome import RandomisationOutcome, Step
from explainers.experiments.randomisation.stages import Stage, stages
from explainers.experiments.randomisation.weights import RandomisedClassifier, cascade
from explainers.experiments.similarity import rank_correlation, ssim
from explainers.explainer import Explainer
from explainers.explanation import Explanation, Target
from explainers.images.photo import Photo
from explainers.passes import Progress
from explainers.question import Question
from explainers.settings import number, seed

ALL_WEIGHTS = "all weights"
NO_ORDER = "One of the two maps is the same everywhere, so it puts the pixels in no order."


@dataclass(frozen=True)
class Randomisation(Experiment):
    """Makes the map again with the classifier's weights replaced by random ones, from its last layer to its first.

    A map of what the classifier has learnt can't survive this. One that stays the same shows the picture and the
    network's wiring, and would look much the same for a classifier that has learnt nothing. A map that changes depends
    on the weights, but that is all it proves: noise would change, too. Each tensor of weights is drawn from a normal
    distribution with its own mean and standard deviation; running statistics are kept.
    """

    title: ClassVar[str] = "Cascading randomisation"
    pace: ClassVar[float] = 2.3  # each randomised network is made ready anew, and not fused
    paper: ClassVar[str] = "https://arxiv.org/abs/1810.03292"

    stages: int = number(
        6, 1, 12, hint="How many steps from the last layer down to the whole network. Each takes a map."
    )
    draws: int = number(
        3,
        1,
        10,
        label="Draws of all weights",
        hint="How often the whole network is randomised. The verdict takes their mean, because single draws differ.",
    )
    seed: int = seed(hint="Fixes the random weights.")

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        networks = self.stages + self.draws  # the original, one per stage, and further draws of all weights
        # Each network is asked for its answer and a map, and the original also for the map of another class.
        return networks + (networks + 1) * explainer.repeatable.passes(classifier)

    def run(
        self, explainer: Explainer, question: Question, explanation: Explanation, progress: ExperimentProgress
    ) -> RandomisationOutcome:
        classifier = question.classifier
        parts = stages(classifier.network, classifier.probe(), self.stages)
        if not parts:
            raise ExplanationError(f"{classifier.name} has no weights that could be drawn anew.")
        comparison = _MapComparison(explainer, question, explanation, progress)
        steps, names = [comparison.original_step], [*(part.name for part in parts[:-1]), ALL_WEIGHTS]
        for name, redrawn in zip(names, cascade(classifier, parts, self.seed), strict=True):
            steps.append(comparison.step(name, redrawn))
        one_stage, further_draws = Stage("all", tuple(name for part in parts for name in part.parameters)), []
        for draw in range(1, self.draws):
            (redrawn,) = cascade(classifier, [one_stage], self.seed + draw)
            further_draws.append(comparison.step(f"{ALL_WEIGHTS}, draw {draw + 1}", redrawn))
        return RandomisationOutcome(
            explainer.inner.shows_regardless,
            explanation.signed,
            explanation.values[0].size,
            tuple(steps),
            tuple(further_draws),
            comparison.other_class(),
        )


class _MapComparison:
    """Computes the maps of networks with other weights, and compares them with the classifier's own map.

    All of them pass unfused, the classifier too, so that its map differs from theirs by the weights alone.
    """

    def __init__(
        self,
        explainer: Explainer,
        question: Question,
        explanation: Explanation,
        progress: ExperimentProgress,
    ) -> None:
        classifier, self._target = question.classifier, question.target
        self._explainer, self._reduction, self._progress = explainer.repeatable, explanation.reduction, progress
        self._photo = Photo.of(classifier.see(question.photo.image)[0])
        self._unfused = RandomisedClassifier(classifier, classifier.network)  # with the original weights
        self._likely = self._answer(self._unfused)
        self._original = self._map(self._unfused, self._target)
        self.original_step = self._compared("as it is", self._original, self._likely)

    def step(self, name: str, redrawn: RandomisedClassifier) -> Step:
        """Compute and compare the map of a network with other weights, or say why there is none."""
        try:
            likely = self._answer(redrawn)
        except ExplanationError as error:
            return Step(name, why=str(error))
        try:
            return self._compared(name, self._map(redrawn, self._target), likely)
        except ExplanationError as error:
            return Step(name, spread=_spread(likely), why=str(error))

    def other_class(self) -> Step | None:
        """Compute and compare the map for the likeliest class that is not part of the question."""
        in_question = self._target.index, self._target.versus
        others = [prediction for prediction in self._likely if prediction.index not in in_question]
        if not others:
            return None
        explanation = self._map(self._unfused, replace(self._target, index=others[0].index))
        return self._compared(others[0].label, explanation, self._likely)

    def _answer(self, classifier: Classifier) -> list[Prediction]:
        """Return a network's predictions for all classes, the likeliest first."""
        self._progress.report(Progress(0))
        likely = classifier.predict(self._photo.image, len(classifier.labels))
        self._progress.done += 1
        return likely

    def _map(self, classifier: Classifier, target: Target) -> Explanation:
        explanation = self._progress.explain(self._explainer, Question(self._photo, classifier, target))
        if not np.isfinite(explanation.values).all():
            raise ExplanationError("The map has numbers that are not finite.")
        return explanation.reduced(self._reduction)

    def _compared(self, name: str, explanation: Explanation, likely: Sequence[Prediction]) -> Step:
        original = self._original
        signed_sums = [one_map.reduced("signed sum").heat for one_map in (original, explanation)]
        correlation = rank_correlation(original.heat, explanation.heat)
        return Step(
            name,
            explanation.heat,
            correlation,
            None if explanation.rectified else rank_correlation(*signed_sums),
            ssim(original.heat, explanation.heat),
            _spread(likely),
            explanation.score,
            "" if correlation is not None else NO_ORDER,
        )


def _spread(likely: Sequence[Prediction]) -> float:
    """Return the standard deviation of the logits over the classes."""
    return float(np.std([prediction.logit for prediction in likely]))
