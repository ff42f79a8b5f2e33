"""How often something is so in a class, and in the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from explainers.arrays import Array
from explainers.audit.findings.evidence import Evidence
from explainers.audit.findings.shares import least_excess
from explainers.audit.runs.columns import UNKNOWN

SMALLEST_CLASS = 8  # maps
MOST_LISTED = 20  # classes


@dataclass(frozen=True, eq=False)
class Rate:
    """A class in which something is so more often than in the others.

    places: of its pictures in the evidence where it is so.
    total:  of all of its pictures that it can be said of.
    other_count, other_total: the same of the other classes.
    """

    index: int
    places: Array
    total: int
    other_count: int
    other_total: int

    @property
    def count(self) -> int:
        return len(self.places)

    @property
    def share(self) -> float:
        return self.count / self.total

    @property
    def other_share(self) -> float:
        return self.other_count / self.other_total

    @property
    def sure(self) -> float:
        """By how much the class's share exceeds the others' at least."""
        return least_excess(self.count, self.total, self.other_count, self.other_total)

    @property
    def numbers(self) -> tuple[tuple[str, float], ...]:
        return (
            ("maps of the class that do", self.count),
            ("maps of the class", self.total),
            ("maps of other classes that do", self.other_count),
            ("maps of other classes", self.other_total),
        )


def rates(evidence: Evidence, known: Array, true: Array) -> Iterator[Rate]:
    """Yield the classes whose share exceeds the others' by more than chance, the surest first.

    known: (n,) whether it can be said of a picture; true: (n,) whether it is so.
    """
    found = []
    for index in (int(index) for index in np.unique(evidence.classes[known]) if index != UNKNOWN):
        own, others = known & (evidence.classes == index), known & (evidence.classes != index)
        if min(own.sum(), others.sum()) >= SMALLEST_CLASS:
            places = np.flatnonzero(own & true)
            found.append(Rate(index, places, int(own.sum()), int((others & true).sum()), int(others.sum())))
    surest = sorted((rate for rate in found if rate.sure > 0), key=lambda rate: -rate.sure)
    yield from surest[:MOST_LISTED]
