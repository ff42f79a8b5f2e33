"""Works on parts of a run: the same for one process, for several, and for machines of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from torch import Tensor

from explainers.audit.cases.labels import match
from explainers.audit.engine import measuring
from explainers.audit.engine.measuring import Row
from explainers.audit.engine.questions import Predictions, predict, predict_anew, resolved, target
from explainers.audit.engine.reading import Picture, read_ahead
from explainers.audit.runs import opening
from explainers.audit.runs.run import Run
from explainers.classifiers import Classifier
from explainers.classifiers.preparing import fingerprint
from explainers.errors import ExplanationError
from explainers.experiments import Removal
from explainers.experiments.base import ExperimentProgress
from explainers.explainer import Explainer, Seen
from explainers.explanation import Explanation, Target
from explainers.images.photo import Photo
from explainers.likeliest import TargetChoice
from explainers.question import Question
from explainers.several import explain_several

UNSTEADY = "The classifier answers this picture differently each time, so no map of it could be repeated."
CHANGED = "The classifier's weights changed while the audit was computed, so these maps would be another classifier's."
Readable = Sequence[tuple[Picture, Seen]]
OnPictures = Callable[[int], None]  # is told how many more pictures are done


@dataclass(frozen=True, eq=False)
class Worker:
    """A run with the classifier and the method that compute it.

    labels:  for each picture, the index of the class that it shows; None where that isn't known.
    weights: the fingerprint of the classifier's weights when it was found to be the run's.
    """

    run: Run
    classifier: Classifier
    explainer: Explainer
    labels: Sequence[int | None]
    weights: Hashable

    @classmethod
    def open(cls, folder: Path) -> Worker:
        """Load what a run needs. Raises ExplanationError where that isn't there, or has changed since it began."""
        return cls.of(run := Run.open(folder), opening.classifier(run))

    @classmethod
    def of(cls, run: Run, classifier: Classifier) -> Worker:
        """Make the worker of a run whose classifier is loaded already. Raises ExplanationError if that is another."""
        opening.check_identity(run, classifier)
        weights = fingerprint(classifier.copies.original)
        labels = [case.label for case in run.cases]
        classes = match(labels, classifier.labels).classes
        return cls(run, classifier, opening.explainer(run), resolved(labels, classes), weights)

    def rows(self, part: int, on_pictures: OnPictures | None = None) -> list[Row]:
        """Compute the rows of a part, chunk by chunk.

        Which pictures form a chunk depends on the plan alone; whether they share passes, on the device and the method.
        Raises LostSourceError where the pictures are out of reach, and ExplanationError where the weights, which a
        network shares with whoever handed it over, have changed; what is wrong with one picture stands in its row.
        """
        plan, rows = self.run.plan, list[Row]()
        numbers = plan.numbers(part)
        with read_ahead(plan.source, self.run.cases, numbers, self.classifier, plan.chunk) as pictures:
            for chunk in _chunks(pictures, plan.chunk):
                rows += self._rows(chunk)
                if on_pictures:
                    on_pictures(len(chunk))
        if fingerprint(self.classifier.copies.original) != self.weights:
            raise ExplanationError(CHANGED)
        return rows

    def _rows(self, pictures: Sequence[Picture]) -> list[Row]:
        """Compute the rows of a chunk. A picture that can't be read is left out, and the others keep their company."""
        rows = {each.number: self._of_picture(each) for each in pictures}
        readable = [(each, each.seen) for each in pictures if each.seen]
        answers = self._one_by_one(readable) if self._passes_once else None
        for (picture, _), row in zip(readable, answers or self._together(readable), strict=True):
            rows[picture.number] |= row
        return list(rows.values())

    @property
    def _passes_once(self) -> bool:
        """Whether a picture's class is chosen in the pass that explains it, which is then a pass of it alone.

        Pictures that pass together take a pass more each, by which they are verified. That pays only on a GPU.
        """
        return self.classifier.device.type == "cpu" and self.explainer.asks_late

    def _one_by_one(self, readable: Readable) -> list[Row] | None:
        """Explain each picture in the pass that chooses its class, and return its columns.

        Returns None where a second pass of the first picture that has a map answers otherwise.
        """
        rows: list[Row] = [{} for _ in readable]
        steady, stand_in = False, TargetChoice(scale=self.run.plan.scale).example()
        for row, (picture, seen) in zip(rows, readable, strict=True):

            def choose(logits: Tensor, picture: Picture = picture, row: Row = row) -> Target:
                predictions = Predictions.of(self.classifier, logits)
                row.update(self._of_predictions(picture, predictions))
                return self._target(picture, predictions)

            try:
                answer = self.explainer.explain_by(
                    self.explainer.attribute, self.classifier, seen, stand_in, None, choose=choose
                )
                steady = steady or predict_anew(self.classifier, seen.picture).agree(answer.target, answer.score)
                if not steady:
                    return None
                row |= self._of_map(picture, seen, answer)
            except ExplanationError as error:
                row["error"] = str(error)
        return rows

    def _together(self, readable: Readable) -> list[Row]:
        """Predict for each picture alone, then explain them together; return the columns of each."""
        inputs, by_gradient = [seen.picture for _, seen in readable], not self.explainer.forward_only
        rows: list[Row] = [{} for _ in readable]
        explained: list[tuple[Row, Picture, Seen, Predictions, Target]] = []
        predicted = predict(self.classifier, inputs, differentiable=by_gradient)
        for row, (picture, seen), predictions in zip(rows, readable, predicted, strict=True):
            try:
                if isinstance(predictions, ExplanationError):
                    raise predictions
                row |= self._of_predictions(picture, predictions)
                explained.append((row, picture, seen, predictions, self._target(picture, predictions)))
            except ExplanationError as error:
                row["error"] = str(error)
        answers = explain_several(
            self.explainer, self.classifier, [each[2] for each in explained], [each[4] for each in explained]
        )
        for (row, picture, seen, predictions, _), answer in zip(explained, answers, strict=True):
            try:
                row |= self._of_answer(picture, seen, predictions, answer)
            except ExplanationError as error:
                row["error"] = str(error)
        return rows

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

        A network whose answer to one picture depends on those before it may have answered otherwise then: it is asked
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
        return row | self._of_map(picture, seen, answer)

    def _of_map(self, picture: Picture, seen: Seen, answer: Explanation) -> Row:
        """Return the columns of a map."""
        tested = self._tested(seen, answer) if self.run.plan.removal else {}
        return tested | measuring.of_map(answer, picture.box)

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
