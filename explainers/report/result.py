"""What goes into a report: results with all that they answer, and what has failed beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from explainers.classifiers import Prediction
from explainers.experiments import Finding
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.figures import Look
from explainers.figures.parts import Span
from explainers.question import Question


@dataclass(frozen=True, eq=False)
class Result:
    """A map, with the question that it answers and what is known about it.

    likely:   what the classifier predicts for the photo, the likeliest first.
    findings: what tests of this map found, by their titles.
    look:     how the map is drawn; None: as on the pages.
    span:     the numbers that get the colours at the ends of the scale; None: the map's own.
    title:    what tells it from the other results of a report; empty: the photo's name and the class.
    """

    explainer: Explainer
    question: Question
    explanation: Explanation
    likely: Sequence[Prediction]
    findings: Mapping[str, Finding] = field(default_factory=dict)
    look: Look | None = None
    span: Span | None = None
    title: str = ""


@dataclass(frozen=True)
class Failure:
    """A result that isn't there, and why, in a sentence."""

    title: str
    reason: str
