"""Which classes are taken for which, with the mean map of each pair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from explainers.arrays import Array
from explainers.audit.findings.evidence import Evidence
from explainers.audit.findings.finding import AuditFinding
from explainers.audit.findings.shares import least_excess
from explainers.audit.runs.columns import UNKNOWN
from explainers.markdown import escaped
from explainers.numbers import counted, percent

FEWEST = 5  # pictures of a pair
MOST_LISTED = 30
CAVEAT = "Labels can be wrong, and a picture can show both classes. The count says that they are confused, not why."


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell of the confusion table.

    label, prediction: the indices of the class that is shown, and of the one that the picture is taken for.
    places:            of its pictures in the evidence.
    total:             the pictures of the label.
    other_count, other_total: the pictures of other classes that are taken for the same class, and all of these; those
                       that are of that class don't count.
    """

    label: int
    prediction: int
    places: Array
    total: int
    other_count: int
    other_total: int

    @property
    def sure(self) -> float:
        """By how much this class is taken for the other more often than the rest is, at least; 0 for right answers."""
        if self.label == self.prediction:
            return 0.0
        return least_excess(len(self.places), self.total, self.other_count, self.other_total)


def table(evidence: Evidence) -> list[Cell]:
    """Return the cells of the confusion table that aren't empty, right answers too, by label and prediction."""
    known = np.flatnonzero((evidence.labels != UNKNOWN) & (evidence.predictions != UNKNOWN))
    if not len(known):
        return []
    pairs = np.stack([evidence.labels[known], evidence.predictions[known]], 1)
    kinds, which = np.unique(pairs, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    parts = np.split(known[order], np.cumsum(np.bincount(which.ravel()))[:-1])
    of_label, taken_for = (
        dict(zip(*(each.tolist() for each in np.unique(column, return_counts=True)), strict=True)) for column in pairs.T
    )
    cells, filled = [], [*zip(kinds.tolist(), parts, strict=True)]
    right = {label: len(part) for (label, prediction), part in filled if label == prediction}
    for (label, prediction), part in filled:
        other_count = taken_for[prediction] - right.get(prediction, 0) - len(part)
        other_total = len(known) - of_label[label] - of_label.get(prediction, 0)
        cells.append(Cell(label, prediction, part, of_label[label], other_count, other_total))
    return cells


def findings(evidence: Evidence) -> Iterator[AuditFinding]:
    """Yield the pairs of classes that are confused more often than chance explains, or most often; the surest first."""
    confused = [cell for cell in table(evidence) if cell.label != cell.prediction and len(cell.places) >= FEWEST]
    surest = sorted(confused, key=lambda cell: (-cell.sure, -len(cell.places)))
    for cell in surest[:MOST_LISTED]:
        name, other = (escaped(evidence.name(index)) for index in (cell.label, cell.prediction))
        probability = np.nan_to_num(evidence.scalars["probability"][cell.places])
        places = cell.places[np.argsort(-probability, kind="stable")]
        elsewhere = ""
        if cell.other_total:
            elsewhere = f" Of the other classes' pictures, {percent(cell.other_count / cell.other_total)} are."
        yield evidence.finding(
            id=f"confusion-{cell.label}-{cell.prediction}",
            kind="confusion",
            title=f"{name} taken for {other}",
            sentence=(
                f"{len(places)} of {counted(cell.total, 'picture')} of {name} ({percent(len(places) / cell.total)}) "
                f"are taken for {other}.{elsewhere}"
            ),
            caveat=CAVEAT,
            label=cell.label,
            sure=cell.sure,
            places=places,
            numbers=(
                ("pictures of the class taken for it", len(places)),
                ("pictures of the class", cell.total),
                ("pictures of other classes taken for it", cell.other_count),
                ("pictures of other classes", cell.other_total),
            ),
        )
