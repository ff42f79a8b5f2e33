"""Whether what a file of findings says can be of its run: the file may be of another one, or written by hand."""

from __future__ import annotations

import math
from itertools import chain

from explainers.audit.findings.finding import AuditFinding, Findings
from explainers.audit.runs.rows import MAP_SIDE

MOST_CLASSES = 10**6


def fits(findings: Findings, pictures: int) -> bool:
    """Return whether all that is found is about pictures, classes and cells that a run of so many pictures can have."""
    numbers = chain(
        chain.from_iterable(finding.pictures for finding in findings.findings),
        (number for _, assigned in findings.clusters for number, _ in assigned),
        (number for number, _, _ in findings.embedding),
    )
    groups = (group for _, assigned in findings.clusters for _, group in assigned)
    ids = [finding.id for finding in findings.findings]
    return (
        0 <= findings.pictures <= pictures
        and len({*ids}) == len(ids)
        and all(0 <= number < pictures for number in numbers)
        and all(0 <= group < pictures for group in groups)
        and all(0 <= index < MOST_CLASSES for index, _ in findings.clusters)
        and all(math.isfinite(place) for _, *places in findings.embedding for place in places)
        and all(map(_is_possible, findings.findings))
    )


def _is_possible(finding: AuditFinding) -> bool:
    cells = MAP_SIDE**2
    return (
        0 <= finding.sure <= 1
        and (finding.label is None or 0 <= finding.label < MOST_CLASSES)
        and len(finding.mean_map) in (0, cells)
        and all(map(math.isfinite, finding.mean_map))
        and all(0 <= cell < cells for cell in finding.cells)
    )
