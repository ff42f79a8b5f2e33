"""A table of what the experiments measure, one row per method."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explainers.errors import ExplanationError
from explainers.experiments.base import Experiment, Outcome
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.question import Question

REMARKS = "remarks"
Explain = Callable[[Explainer, Question], Explanation]
Run = Callable[[Experiment, Explainer, Question, Explanation], Outcome]
Row = Mapping[str, Any]


def _run(experiment: Experiment, explainer: Explainer, question: Question, explanation: Explanation) -> Outcome:
    return experiment(explainer, question, explanation)


@dataclass(frozen=True, eq=False)
class Measured:
    """The result for one method: its outcomes, and a sentence on each measure that could not be taken."""

    explainer: Explainer
    outcomes: tuple[Outcome, ...]
    refusals: tuple[str, ...]

    @property
    def row(self) -> Row:
        """The method's measures by name, and its remarks."""
        row: dict[str, Any] = {"method": self.explainer.title, REMARKS: " ".join(self.refusals)}
        for outcome in self.outcomes:
            row |= outcome.numbers
        return row


def measure(
    explainer: Explainer,
    question: Question,
    experiments: Iterable[Experiment],
    *,
    explain: Explain = Explainer.explain,
    run: Run = _run,
) -> Measured:
    """Run experiments on a method's answer to the question.

    explain, run: compute a map and an outcome; a caller that caches them passes its own functions.
    """
    outcomes: list[Outcome] = []
    refusals: list[str] = []
    try:
        explanation = explain(explainer, question)
    except ExplanationError as refusal:
        return Measured(explainer, (), (str(refusal),))
    for experiment in experiments:
        try:
            outcomes.append(run(experiment, explainer, question, explanation))
        except ExplanationError as refusal:
            refusals.append(str(refusal))
    return Measured(explainer, tuple(outcomes), tuple(refusals))


def columns(rows: Sequence[Row]) -> list[str]:
    """Return the names of the measures in all rows; remarks are among them only if a row has some."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if name != REMARKS or any(row[name] for row in rows)]


def as_csv(rows: Sequence[Row], question: Question) -> str:
    """Write the rows as CSV.

    Each row repeats what it is about, because a table that is passed on must say so itself.
    """
    labels, target = question.classifier.labels, question.target
    about = {
        "picture": question.photo.name,
        "sha256 of the picture": question.photo.digest,
        "classifier": question.classifier.name,
        "weights": question.classifier.identity,
        "class": labels[target.index],
        "rather than": "" if target.versus is None else labels[target.versus],
        "scale": target.scale,
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns(rows), *about], extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**row, **about} for row in rows)
    return text.getvalue()
