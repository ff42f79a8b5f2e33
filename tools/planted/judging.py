"""What an audit finds of a plant, compared with where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explainers.audit.findings.finding import AuditFinding
from explainers.lessons.training import PLANTED

FIRST = 3  # findings, among which the plant must be
LEAST = 0.9  # recall and precision of what counts as the plant


@dataclass(frozen=True)
class Judgement:
    """How well a run's findings tell of its plant.

    place:      of the first of the reported findings that is about the planted class, from 1; None where there is none.
    kind:       of it.
    recall:     the share of the planted pictures that it names.
    precision:  the share of planted pictures among those that it names.
    sure:       of the surest causal finding, reported or not: what the threshold is compared with.
    alarms:     the ids of reported findings that aren't about the planted class.
    """

    place: int | None
    kind: str
    recall: float
    precision: float
    sure: float
    alarms: tuple[str, ...]

    @property
    def is_found(self) -> bool:
        """Whether the plant is among the first findings, with nearly all of its pictures and few others."""
        return self.place is not None and self.place <= FIRST and min(self.recall, self.precision) >= LEAST


def judged(findings: Sequence[AuditFinding], planted: frozenset[int]) -> Judgement:
    """Judge the findings of a run, the surest first, by the numbers of the planted pictures; none if there is no plant.

    Any reported finding about another class is a false alarm; without a plant, each is.
    """
    reported = [finding for finding in findings if finding.reported]
    about = [(place, each) for place, each in enumerate(reported, 1) if planted and each.label == PLANTED]
    place, first = about[0] if about else (None, None)
    named = frozenset(first.pictures) if first else frozenset()
    right = len(named & planted)
    return Judgement(
        place=place,
        kind=first.kind if first else "",
        recall=right / len(planted) if planted else float("nan"),
        precision=right / len(named) if named else float("nan"),
        sure=max((each.sure for each in findings if each.kind in ("cluster", "border", "colour")), default=0.0),
        alarms=tuple(each.id for each in reported if not (planted and each.label == PLANTED)),
    )
