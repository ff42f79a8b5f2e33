"""Works on parts of a run: the same for one process, for several, and for machines of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from explainers.audit.cases.labels import match
from explainers.audit.engine import measuring
from explainers.audit.engine.measuring import Row
from explainers.audit.engine.questions import Predictions, predict, predict_anew, resolved, target
from explainers.audit.engine.reading import Picture, read_ahead
from explainers.audit.runs import opening
from explainers.audit.runs.run import Run
from explainers.classifiers import Classifier
from explainers.errors import ExplanationError
from explainers.experiments import Removal
from explainers.experiments.base import ExperimentProgress
from explainers.explainer import Explainer, Seen
from explainers.explanation import Explanation, Target
from explainers.images.photo import Photo
from explainers.question import Question
from explainers.several import explain_several

UNSTEADY = "The classifier answers this picture differently each time, so no map of it could be repeated."
OnPictures = Callable[[int], None]  # is told how many more pictures are done


@dataclass(frozen=True, eq=False)
class Worker:
    """A run with the classifier and the method that compute it.

    labels: for each picture, the index of the class that it shows; None where that isn't known.
    """

    run: Run
    classifier: Classifier
    explainer: Explainer
    labels: Sequence[int | None]

    @classmethod
    def open(cls, folder: Path) -> Worker:
        """Load what a run needs. Raises ExplanationError where that isn't there, or has changed since it began."""
        return cls.of(run := Run.open(folder), opening.classifier(run))

    @classmethod
    def of(cls, run: Run, classifier: Classifier) -> Worker:
        """Make the worker of a run whose classifier is loaded already. Raises ExplanationError if that is another."""
        opening.check_identity(run, classifier)
        labels = [case.label for case in run.cases]
        classes = match(labels, classifier.labels).classes
        return cls(run, classifier, opening.explainer(run), resolved(labels, classes))

    def rows(self, part: int, on_pictures: OnPictures | None = None) -> list[Row]:
        """Compute the rows of a part, chunk by chunk: which pictures pass together hangs on the plan alone.

        Raises LostSourceError where the pictures are out of reach; what is wrong with one of them stands in its row.
        """
        plan, rows = self.run.plan, list[Row]()
        numbers = plan.numbers(part)
        with read_ahead(plan.source, self.run.cases, numbers, self.classifier, plan.chunk) as pictures:
            for chunk in _chunks(pictures, plan.chunk):
                rows += self._rows(chunk)
                if on_pictures:
                    on_pictures(len(chunk))
        return rows

    def _rows(self, pictures: Sequence[Picture]) -> list[Row]:
        """Compute the rows of a chunk. A picture that can't be read is left out, and the others keep their company."""
        rows = {each.number: self._of_picture(each) for each in pictures}
        seen = [(each, each.seen) for each in pictures if each.seen]
        inputs, by_gradient = [what.picture for _, what in seen], not self.explainer.forward_only
        asked: list[tuple[Picture, Seen, Predictions, Target]] = []
        predicted = predict(self.classifier, inputs, differentiable=by_gradient)
        for (picture, what), predictions in zip(seen, predicted, strict=True):
            try:
                if isinstance(predictions, ExplanationError):
                    raise predictions
                rows[picture.number] |= self._of_predictions(picture, predictions)
                asked.append((picture, what, predictions, self._target(picture, predictions)))
            except ExplanationError as error:
                rows[picture.number]["error"] = str(error)
        answers = explain_several(
            self.explainer, self.classifier, [what for _, what, _, _ in asked], [target for _, _, _, target in asked]
        )
        for (picture, what, predictions, _), answer in zip(asked, answers, strict=True):
            try:
                rows[picture.number] |= self._of_answer(picture, what, predictions, answer)
            except ExplanationError as error:
                rows[picture.number]["error"] = str(error)
        return list(rows.values())

    def _of_picture(self, picture: Picture) -> Row:
        return measuring.of_picture(picture, self.labels[picture.number], self.classifier.labels)

    def _of_predictions(self, picture: Picture, predictions: Predictions) -> Row:
        return measuring.of_predictions(predictions, self.labels[picture.number], self.classifier.labels)

    def _target(self, picture: Picture, predictions: Predictions) -> Target:
        return target(self.run.plan, predictions, self.labels[picture.number])

    def _of_answer(
        self, picture: Picture, seen: Seen, predictions: Predictions, answer: Explanation | ExplanationError
    ) -> Row:
        """Return the columns of a map, whose score must be that of the prediction.

        A network whose answer to one picture hangs on those before it may have answered otherwise then: it is asked
        once more, about this picture alone. Raises ExplanationError where there is no map, and where the answers still
        differ.
        """
        if isinstance(answer, ExplanationError):
            raise answer
        row: Row = {}
        if not predictions.agree(answer.target, answer.score):
            predictions = predict_anew(self.classifier, seen.picture)
            row = self._of_predictions(picture, predictions)
            answer = self.explainer.explain_by(
                self.explainer.attribute, self.classifier, seen, self._target(picture, predictions), None
            )
            if not predictions.agree(answer.target, answer.score):
                raise ExplanationError(UNSTEADY)
        if self.run.plan.removal:
            row |= self._tested(seen, answer)
        return row | measuring.of_map(answer, picture.box)

    def _tested(self, seen: Seen, explanation: Explanation) -> Row:
        """Return the columns of deletion and insertion."""
        question = Question(Photo.of(seen.picture), self.classifier, explanation.target)
        experiment = Removal()
        progress = ExperimentProgress(experiment.passes(self.explainer, self.classifier), None)
        outcome = experiment.run(self.explainer, question, explanation, progress)
        return {
            "deletion_beaten": outcome.deletion.beaten,
            "insertion_beaten": outcome.insertion.beaten,
            "removal": outcome.finding.speaks,
        }


def _chunks(pictures: Iterator[Picture], size: int) -> Iterator[list[Picture]]:
    while chunk := list(islice(pictures, size)):
        yield chunk
