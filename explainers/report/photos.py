"""A report of many photos, all asked the same question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from explainers.errors import ExplanationError
from explainers.experiments import Finding
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.images.photo import Photo
from explainers.question import Question
from explainers.report.html import report
from explainers.report.result import Failure, Result
from explainers.report.section import Section


def photos_report(
    photos: Sequence[Photo],
    explainer: Explainer,
    question: Question,
    explain: Callable[[Question], Explanation],
    findings: Callable[[Question, Explanation], Mapping[str, Finding]],
    *,
    class_is_chosen: bool,
) -> str:
    """Return a report of photos as HTML. One map after the other is computed, drawn and let go.

    question:        what is asked of all of them, whatever its own photo is.
    explain:         returns the map of the method for a question.
    findings:        returns what tests of a map have found, by their titles.
    class_is_chosen: whether all are asked about the question's class, and not each about its own top prediction.
    """

    def sections() -> Iterator[Section | Failure]:
        for photo in photos:
            try:
                likely = question.classifier.predict(photo.image)
                index = question.target.index if class_is_chosen else likely[0].index
                asked = replace(question, photo=photo, target=replace(question.target, index=index))
                explanation = explain(asked)
            except ExplanationError as error:
                yield Failure(photo.name, str(error))
            else:
                yield Section.of(Result(explainer, asked, explanation, likely, findings(asked, explanation)))

    return report(sections())
