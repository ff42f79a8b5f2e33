"""Which pictures of a run are looked at: of a class, of a finding, in a cluster, inside a line, in a range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explainers.arrays import Array
from explainers.audit.browsing.measures import MEASURES
from explainers.audit.browsing.overview import written
from explainers.audit.browsing.table import Table
from explainers.audit.findings.finding import AuditFinding, Findings
from explainers.audit.runs.columns import UNKNOWN
from explainers.markdown import plain

Outcome = Literal["all", "correct", "wrong", "broken"]
OUTCOMES: dict[Outcome, str] = {"all": "All", "correct": "Right", "wrong": "Wrong", "broken": "Broken"}
JUDGED: tuple[Outcome, ...] = ("correct", "wrong")  # which nobody can tell where no classes are known
Point = tuple[float, float]
MAX_CORNERS = 40  # of a line around pictures, so that it has room in an address


@dataclass(frozen=True)
class Selection:
    """Which pictures are looked at; None, or what is empty, stands for all.

    label:      the index of the class that they show.
    prediction: the index of the class that the classifier gives them.
    outcome:    whether the answer is right, or there is none.
    finding:    the id of the finding that they belong to.
    cluster:    the index of a class, and the number of one of its clusters.
    lasso:      the corners of a line around their places in the plane.
    measure:    the measure that they are sorted by; rising: whether the lowest come first.
    low, high:  between which its values are.
    """

    label: int | None = None
    prediction: int | None = None
    outcome: Outcome = "all"
    finding: str = ""
    cluster: tuple[int, int] | None = None
    lasso: tuple[Point, ...] = ()
    measure: str = ""
    rising: bool = False
    low: float | None = None
    high: float | None = None


def selected(table: Table, findings: Findings | None, selection: Selection) -> Array:
    """Return the places in the table of the pictures that are looked at.

    Those of a finding come in its order, those of a measure from its one end to the other, all others as in the list.
    """
    places = np.arange(len(table))
    if selection.finding:
        chosen = finding_of(findings, selection.finding)
        places = table.places(np.array(chosen.pictures if chosen else ()))
    if selection.cluster is not None:
        places = _kept(places, table.places(np.array(members(findings, *selection.cluster))))
    if len(selection.lasso) > 2:
        places = _kept(places, _inside(table, findings, selection.lasso))
    keep = np.ones(len(places), bool)
    if selection.label is not None:
        keep &= table.labels[places] == selection.label
    if selection.prediction is not None:
        keep &= table.predictions[places] == selection.prediction
    if selection.outcome == "broken":
        keep &= ~table.has_map[places]
    elif selection.outcome != "all":
        keep &= table.correct[places] == (selection.outcome == "correct")
    places = places[keep]
    return _sorted(table, places, selection) if selection.measure else places


def finding_of(findings: Findings | None, id: str) -> AuditFinding | None:
    """Return the finding of that id, if there is one."""
    return next((finding for finding in findings.findings if finding.id == id), None) if findings else None


def members(findings: Findings | None, label: int, cluster: int) -> list[int]:
    """Return the numbers of the pictures in a cluster of a class."""
    assigned = dict(findings.clusters).get(label, ()) if findings else ()
    return [number for number, group in assigned if group == cluster]


def clusters(findings: Findings, label: int | None = None) -> list[tuple[int, int, int]]:
    """Return the clusters of a class, or of all: its index, the cluster's number, and how many pictures it has."""
    counted = Counter(
        (index, cluster) for index, assigned in findings.clusters if label in (None, index) for _, cluster in assigned
    )
    return [(index, cluster, count) for (index, cluster), count in sorted(counted.items())]


def thinned(across: Sequence[float], down: Sequence[float]) -> tuple[Point, ...]:
    """Return the corners of a line that was drawn, or as many of them as an address has room for."""
    corners = list(zip(across, down, strict=True))
    step = -(-len(corners) // MAX_CORNERS)
    return tuple(corners[::step]) if corners else ()


def confused(table: Table) -> list[tuple[int, int, Array]]:
    """Return the pairs of a class and another one that it was taken for, with their pictures' places, most first."""
    wrong = np.flatnonzero(table.correct == 0)
    pairs, which = np.unique(np.stack([table.labels[wrong], table.predictions[wrong]], 1), axis=0, return_inverse=True)
    cells = [
        (int(label), int(said), wrong[which.ravel() == place])
        for place, (label, said) in enumerate(pairs)
        if UNKNOWN not in (label, said)
    ]
    return sorted(cells, key=lambda cell: -len(cell[2]))


def in_words(table: Table, findings: Findings | None, selection: Selection) -> str:
    """Say which pictures are looked at, as plain text; an empty one for all."""
    names, parts = table.names, []
    if chosen := finding_of(findings, selection.finding):
        parts.append(f"of “{plain(chosen.title)}”")
    if selection.cluster is not None:
        label, cluster = selection.cluster
        parts.append(f"in cluster {cluster + 1} of {names.get(label, 'a class')}")
    if len(selection.lasso) > 2:
        parts.append("inside your line")
    if selection.label is not None:
        parts.append(f"that show {names.get(selection.label, 'this class')}")
    if selection.prediction is not None:
        parts.append(f"taken for {names.get(selection.prediction, 'this class')}")
    if selection.outcome != "all":
        kinds = {"correct": "with the right answer", "wrong": "with a wrong answer", "broken": "without a map"}
        parts.append(kinds[selection.outcome])
    if selection.measure and (bounds := _bounds(selection)):
        parts.append(f"with {MEASURES[selection.measure].title.lower()} {bounds}")
    return ", ".join(parts)


def _bounds(selection: Selection) -> str:
    """Say between which values a measure is; nothing where it has no bounds."""
    share = MEASURES[selection.measure].share
    low, high = (None if end is None else written(end, share=share) for end in (selection.low, selection.high))
    if low is None or high is None:
        return f"above {low}" if low is not None else f"below {high}" if high is not None else ""
    return f"from {low} to {high}"


def _kept(places: Array, others: Array) -> Array:
    """Return those of some places that are among others, too, in their order."""
    return places[np.isin(places, others)]


def _sorted(table: Table, places: Array, selection: Selection) -> Array:
    """Return the places whose values are in the range, from one end to the other."""
    values = table.measures[selection.measure][places]
    keep = np.isfinite(values)
    keep &= values >= (-np.inf if selection.low is None else selection.low)
    keep &= values <= (np.inf if selection.high is None else selection.high)
    places, values = places[keep], values[keep]
    order: Array = np.argsort(values if selection.rising else -values, kind="stable")
    return places[order]


def _inside(table: Table, findings: Findings | None, corners: Sequence[Point]) -> Array:
    """Return the places in the table of the pictures inside a line, which is closed."""
    if not findings or not findings.embedding:
        return np.zeros(0, int)
    numbers, across, down = np.array(findings.embedding, float).T
    inside, (x0, y0) = np.zeros(len(numbers), bool), corners[-1]
    for x1, y1 in corners:  # a point is inside if a ray from it crosses the line an odd number of times
        if y0 != y1:
            crosses = (y0 > down) != (y1 > down)
            inside ^= crosses & (across < x0 + (down - y0) * (x1 - x0) / (y1 - y0))
        x0, y0 = x1, y1
    return table.places(numbers[inside].astype(int))
