"""What an experiment on a map is, and what its outcome holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from explainers.classifiers import Classifier
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.passes import OnProgress, Progress
from explainers.question import Question
from explainers.settings import Configurable


@dataclass(frozen=True)
class Finding:
    """What an experiment says about a map, in plain words.

    speaks:   whether the result supports the map, contradicts it, or does neither.
    line:     the result in one short sentence.
    sentence: the same with its numbers.
    caveat:   what the result does not prove.
    """

    speaks: Literal["for", "against", "neither"]
    line: str
    sentence: str
    caveat: str


class Outcome(Protocol):
    """The outcome of an experiment, with everything that is needed to draw it.

    finding: what the outcome says about the map.
    numbers: the measures by name, for a table of several methods; a measure that is undefined is None.
    """

    @property
    def finding(self) -> Finding: ...
    @property
    def numbers(self) -> Mapping[str, float | None]: ...


@dataclass(frozen=True)
class Experiment(Configurable):
    """One experiment with its settings: a test that a map can pass or fail.

    pace: how long one of its passes takes, against one of the map under test (measured on EfficientNet-Lite0).
    """

    pace: ClassVar[float] = 1.0

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        """Return the cost: the largest number of pictures that pass through the network."""
        raise NotImplementedError

    def seconds(self, explainer: Explainer, question: Question, explanation: Explanation) -> float:
        """Estimate how long the experiment takes at most, from how long the map took."""
        facts = explanation.facts
        return self.pace * self.passes(explainer, question.classifier) * facts.seconds / max(1, facts.passes)

    def __call__(
        self,
        explainer: Explainer,
        question: Question,
        explanation: Explanation,
        *,
        on_progress: OnProgress | None = None,
    ) -> Outcome:
        """Run the experiment on `explanation`, the answer of `explainer` to the question with its channels reduced.

        on_progress: called between chunks; it may raise an exception to cancel the experiment.
        Raises ExplanationError for problems that the caller can put right.
        """
        progress = ExperimentProgress(self.passes(explainer, question.classifier), on_progress)
        return self.run(explainer, question, explanation, progress)

    def run(
        self, explainer: Explainer, question: Question, explanation: Explanation, progress: ExperimentProgress
    ) -> Outcome:
        """Do the work of a call; `progress` counts the passes of all its maps together."""
        raise NotImplementedError


class ExperimentProgress:
    """The progress of an experiment that computes several maps.

    total: the largest number of passes that all maps together need; done: the number of passes that are finished.
    """

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self.total, self.on_progress, self.done = total, on_progress, 0

    def explain(self, explainer: Explainer, question: Question) -> Explanation:
        """Compute one of the maps."""
        explanation = explainer.explain(question, on_progress=self.report)
        self.done += explanation.facts.passes
        return explanation

    def report(self, progress: Progress) -> None:
        """Report the progress of the whole experiment, given the progress of its current part."""
        if self.on_progress:
            self.on_progress(Progress(min(self.done + progress.done, self.total), self.total))
