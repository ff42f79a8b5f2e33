"""The model card that an audit can fill in: beside what is known of a classifier, what it did on the pictures."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from explainers.audit.browsing.overview import accuracy, known_pictures
from explainers.audit.browsing.table import Table
from explainers.audit.runs.plan import Plan
from explainers.audit.runs.titles import classifier_title
from explainers.classifiers.catalogue import find
from explainers.classifiers.source import Source
from explainers.errors import ExplanationError
from explainers.numbers import counted, listed, percent
from explainers.report.model_card import UNKNOWN, Card, Entry, published_accuracy

SHOWN_CLASSES = 20


def audit_card(plan: Plan, table: Table) -> Card:
    """Return the card of an audit's classifier, in the order of the paper's headings."""
    use, factors, training, analyses, ethics = UNKNOWN
    source = _source(plan)
    measured = accuracy(table)
    known = counted(known_pictures(table), "picture")
    metrics = "" if measured is None else f"Top-1 accuracy {percent(measured)} on the {known} whose class is known. "
    entries = (
        Entry("Model details", _details(plan, source), asked="who made it, when, and its version"),
        use,
        factors,
        Entry(
            "Metrics",
            (metrics + published_accuracy(source)).strip(),
            asked="the measures that were chosen for its use, and why",
        ),
        Entry(
            "Evaluation data",
            f"{counted(plan.pictures, 'picture')}, of whose list the SHA-256 is {plan.sha256}.",
            asked="where the pictures and labels come from, and how they were chosen",
        ),
        training,
        Entry(analyses.heading, _of_classes(table), analyses.asked),
        ethics,
        Entry(
            "Caveats",
            "What was found, with what each finding doesn't prove, stands under “What was found”.",
            asked="what else limits the classifier",
        ),
    )
    return Card(plan.identity, classifier_title(plan), entries)


def _source(plan: Plan) -> Source | None:
    """Return where the classifier was loaded from, as far as that is known here and now."""
    if plan.checkpoint is None and plan.labels is None:
        with suppress(ExplanationError):
            return find(plan.classifier)
    return None


def _details(plan: Plan, source: Source | None) -> str:
    origin = (
        f"Loaded under the name {plan.classifier}."
        if plan.checkpoint is None
        else "Its weights were loaded from a file."
    )
    licence = f" Licence of the weights: {source.licence}." if source and source.licence else ""
    return f"{classifier_title(plan)}. {origin}{licence} Hash of architecture, weights and view: {plan.identity}."


def _of_classes(table: Table) -> str:
    """Return the accuracy for each class that the pictures show, the worst first."""
    shares = []
    for index in table.classes(table.labels):
        places = np.flatnonzero(table.labels == index)
        if (share := accuracy(table, places)) is not None:
            shares.append((share, f"{table.names[index]} {percent(share)} of {len(places):,}"))
    texts = [text for _, text in sorted(shares)]
    return f"Accuracy by class, the lowest first: {listed(texts, SHOWN_CLASSES)}." if texts else ""
