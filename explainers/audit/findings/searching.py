"""Looks for all kinds of findings in the rows of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explainers.audit.findings import borders, clusters, colours, confusion, displaced, missed, scikit_learn
from explainers.audit.findings.causal import CausalTest
from explainers.audit.findings.evidence import Evidence
from explainers.audit.findings.finding import AuditFinding
from explainers.audit.findings.partitions import Partition
from explainers.audit.findings.pictures import Pictures
from explainers.audit.findings.stages import Stages
from explainers.audit.runs.columns import UNKNOWN
from explainers.errors import ExplanationError
from explainers.markdown import escaped
from explainers.numbers import counted, listed

MOST_NAMED = 5  # classes, in a note


@dataclass(frozen=True)
class Found:
    """The parts of `Findings` of the same names."""

    findings: tuple[AuditFinding, ...]
    clusters: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    notes: tuple[str, ...]


def search(evidence: Evidence, pictures: Pictures | None, stages: Stages | None = None) -> Found:
    """Look for all kinds of findings.

    pictures: for causal tests; None where they can't be made.
    stages:   counts the classes that were looked through, the tests, and the pictures that were tried alone.
    """
    stages = stages or Stages()
    notes: list[str] = [*_lacking(evidence)]
    try:
        scikit_learn.require()
        enough, too_few = clusters.classes(evidence)
        candidates = _candidates(evidence, enough, stages)
        notes += _too_small(evidence, too_few)
        particular = colours.groups(evidence)
    except ExplanationError as error:
        candidates, particular = [], []
        notes.append(str(error))
    unusual = borders.edges(evidence)
    if pictures and len(candidates) > clusters.MOST_TESTED:
        notes.append(f"Of {len(candidates):,} clusters of maps, the {clusters.MOST_TESTED} most distinct were tested.")
    test = CausalTest(evidence, pictures, stages) if pictures else None
    if test:
        stages.begin("Tests", _tests(candidates, unusual, particular))
    results = clusters.tested(candidates, test)
    edges, groups = borders.tested(evidence, unusual, test), colours.tested(evidence, particular, test)
    found = [
        *clusters.findings(evidence, clusters.distinct(results), test),
        *borders.findings(evidence, edges, test),
        *colours.findings(evidence, groups, test),
        *missed.findings(evidence),
        *displaced.findings(evidence),
        *confusion.findings(evidence),
    ]
    found.sort(key=lambda finding: (not finding.reported, -finding.sure))  # a stable sort: causal tests before the rest
    return Found(tuple(found), _assigned(evidence, clusters.chosen_partitions(results)), tuple(notes))


def _candidates(evidence: Evidence, classes: Sequence[int], stages: Stages) -> list[clusters.Cluster]:
    """Return the clusters of the maps of some classes."""
    candidates: list[clusters.Cluster] = []
    stages.begin("Clusters", len(classes))
    for index in classes:
        candidates += clusters.candidates(evidence, index)
        stages.step()
    return candidates


def _tests(candidates: Sequence[object], unusual: Sequence[object], particular: Sequence[object]) -> int:
    """Return how many changes are tried."""
    return (
        min(len(candidates), clusters.MOST_TESTED)
        + min(len(unusual), borders.MOST_TESTED)
        + 2 * min(len(particular), colours.MOST_TESTED)
    )


def _assigned(evidence: Evidence, chosen: dict[int, Partition]) -> tuple[tuple[int, tuple[tuple[int, int], ...]], ...]:
    """Return for each class the cluster of each of its pictures."""
    assigned = []
    for index, partition in sorted(chosen.items()):
        numbers = evidence.numbers[evidence.members(index)].tolist()
        assigned.append((index, tuple(zip(numbers, partition.clusters.tolist(), strict=True))))
    return tuple(assigned)


def _lacking(evidence: Evidence) -> Sequence[str]:
    """Say what the rows lack that some kinds of findings need."""
    if not len(evidence.numbers):
        return ("No picture has a map, so nothing was looked for.",)
    notes = []
    if not (evidence.labels != UNKNOWN).any():
        notes.append("No picture has a label, so classes are the predicted ones, and there is no confusion table.")
    if not np.isfinite(evidence.scalars["box_area"]).any():
        notes.append("No picture has a box around its object, so maps that miss it weren't looked for.")
    if not (evidence.removal != "").any():
        notes.append("The maps weren't tested by deletion and insertion, so rejected maps weren't looked for.")
    if (zero := int((~evidence.has_map).sum())) > 0:
        notes.append(f"{counted(zero, 'map')} of zeros can't be compared with others.")
    if len({*evidence.classes.tolist()} - {UNKNOWN}) < 2:
        notes.append("There is one class only, so nothing was pasted into pictures of others.")
    return notes


def _too_small(evidence: Evidence, too_few: Sequence[int]) -> Sequence[str]:
    if not too_few:
        return ()
    names = listed([escaped(evidence.name(index)) for index in too_few], MOST_NAMED)
    return (
        f"To have clusters, a class needs {clusters.SMALLEST_CLASS} maps that explain it. {names} "
        f"{'has' if len(too_few) == 1 else 'have'} fewer.",
    )
