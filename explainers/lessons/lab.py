"""What lessons compute with: a classifier, sample photos, and ways to get predictions and maps of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from explainers.classifiers import Classifier, Prediction, Source
from explainers.explainer import Explainer
from explainers.explanation import Explanation, Scale, Target
from explainers.images.photo import Photo
from explainers.images.samples import SAMPLES, sample
from explainers.markdown import escaped
from explainers.passes import OnProgress
from explainers.question import Question

Result = TypeVar("Result", covariant=True)
NAMES = {each.title: each.name for each in SAMPLES}


def _read(name: str) -> Photo:
    """Read a sample photo."""
    return Photo.read(name, sample(name).data)


def _predict(classifier: Classifier, photo: Photo) -> Sequence[Prediction]:
    """Predict the five likeliest classes of a photo."""
    return classifier.predict(photo.image, 5)


def _explain(explainer: Explainer, question: Question) -> Explanation:
    """Compute a map."""
    return explainer.explain(question)


class Task(Protocol[Result]):
    """Work of a lesson that takes seconds.

    key:   a value that is equal for tasks with the same result.
    doing: what is being done, for a progress bar.
    """

    @property
    def key(self) -> Hashable: ...
    @property
    def doing(self) -> str: ...
    def run(self, on_progress: OnProgress) -> Result:
        """Do the work; `on_progress` may raise an exception to cancel it."""
        ...


def _do(task: Task[Any]) -> Any:
    """Carry out a task, and tell nobody how far it is."""
    return task.run(lambda progress: None)


def _load(source: Source) -> Classifier:
    """Load another classifier."""
    return source.load()


@dataclass(frozen=True, eq=False)
class Lab:
    """A classifier with the means to question it. Pages hand over means that remember their results.

    read:    (name of a sample) -> the photo.
    predict: (classifier, photo) -> its likeliest classes, the likeliest first.
    explain: (method, question) -> the map.
    load:    (source) -> another classifier.
    do:      (task) -> its result; call `result_of`, which knows its type.
    """

    classifier: Classifier
    read: Callable[[str], Photo] = _read
    predict: Callable[[Classifier, Photo], Sequence[Prediction]] = _predict
    explain: Callable[[Explainer, Question], Explanation] = _explain
    load: Callable[[Source], Classifier] = _load
    do: Callable[[Task[Any]], Any] = _do

    def with_classifier(self, classifier: Classifier) -> Lab:
        """Return the same means for another classifier."""
        return replace(self, classifier=classifier)

    def result_of(self, task: Task[Result]) -> Result:
        """Return the result of a task. Raises ExplanationError."""
        result: Result = self.do(task)
        return result

    def likely(self, title: str) -> Sequence[Prediction]:
        """Return the likeliest classes of the sample with this title, the likeliest first."""
        return self.predict(self.classifier, self.read(NAMES[title]))

    def question(self, title: str, rank: int = 0, scale: Scale = "logit") -> Question:
        """Ask why the classifier gives the sample with this title its score.

        rank: which of its likeliest classes is explained, counted from 0.
        """
        target = Target(self.likely(title)[rank].index, scale=scale)
        return Question(self.read(NAMES[title]), self.classifier, target)

    def label(self, question: Question) -> str:
        """Name the class that a question is about, in Markdown."""
        return f"*{escaped(self.classifier.labels[question.target.index])}*"
