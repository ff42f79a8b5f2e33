"""Colours that are particular to a class, and a test whether the classifier goes by them.

Clusters of maps don't find a colour cast: it is everywhere, so no region of the map stands out. Here the mean and the
standard deviation of each channel are compared: those of the whole class with the other classes', and those of the two
groups into which a class's colours fall (2-means) with each other. What is particular is tried out: pictures of other
classes are shifted to the colours of the group's pictures, and the group's pictures to those of other classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from explainers.arrays import Array
from explainers.audit.findings.causal import FEWEST, CausalTest, Effect
from explainers.audit.findings.evidence import Evidence
from explainers.audit.findings.finding import AuditFinding
from explainers.audit.findings.listing import listed
from explainers.audit.findings.partitions import two_means
from explainers.audit.runs.columns import UNKNOWN
from explainers.markdown import escaped
from explainers.numbers import counted, percent, significant

SMALLEST_CLASS = 20  # pictures
LEAST_DISTANCE = 0.3  # of the means of two groups, in standard deviations of the data set: closer ones aren't tested
MOST_TESTED = 30  # groups of a run
FLATTEST, MOST_STRETCHED = 0.01, 3.0  # standard deviation of a channel, and how much it may grow: noise isn't blown up
CAVEAT = (
    "Colours can belong to the class: grass is green. The test shifts the mean and the contrast of each channel of the "
    "whole picture, and no single place."
)


@dataclass(frozen=True, eq=False)
class Group:
    """Pictures of a class whose colours are particular.

    part:     "whole", or the number of the half.
    members:  the places of its pictures in the evidence, the most typical first; others: of those it is compared with.
    distance: of the two mean colours, in standard deviations of the data set, in the channel where it is largest.
    """

    index: int
    part: str
    members: Array
    others: Array
    distance: float


def groups(evidence: Evidence) -> list[Group]:
    """Return groups whose colours are particular, the most distant first."""
    known = np.isfinite(evidence.colours).all(1)
    if not known.any():
        return []
    spread = evidence.colours[known].std(0)
    colours = (evidence.colours - evidence.colours[known].mean(0)) / np.where(spread > 1e-6, spread, 1)
    result: list[Group] = []
    for index in (int(index) for index in np.unique(evidence.classes) if index != UNKNOWN):
        own = np.flatnonzero(known & (evidence.classes == index) & (evidence.explained == index))
        if len(own) < SMALLEST_CLASS:
            continue
        halves = two_means(colours[own])
        compared = {"whole": (own, np.flatnonzero(known & (evidence.classes != index)))}
        compared |= {str(half): (own[halves == half], own[halves != half]) for half in (0, 1)}
        for part, (members, others) in compared.items():
            if min(len(members), len(others)) >= FEWEST:
                middle = colours[members].mean(0)
                distance = float(np.abs(middle - colours[others].mean(0)).max())
                typical = np.argsort(np.linalg.norm(colours[members] - middle, axis=1), kind="stable")
                result.append(Group(index, part, members[typical], others, distance))
    return sorted((each for each in result if each.distance >= LEAST_DISTANCE), key=lambda each: -each.distance)


def recolour(receiver: Tensor, donor: Tensor) -> Tensor:
    """Return a picture (C, H, W) with the mean and the standard deviation of each of another one's channels."""
    mean, spread = (receiver.mean((1, 2), keepdim=True), receiver.std((1, 2), keepdim=True))
    stretch = (donor.std((1, 2), keepdim=True) / spread.clamp_min(FLATTEST)).clamp_max(MOST_STRETCHED)
    return ((receiver - mean) * stretch + donor.mean((1, 2), keepdim=True)).clamp(0, 1)


def findings(evidence: Evidence, particular: Sequence[Group], test: CausalTest | None) -> Iterator[AuditFinding]:
    """Yield a finding for the surest group of each class."""
    best: dict[int, tuple[float, Group, Effect | None, Effect | None]] = {}
    for number, group in enumerate(particular):
        forth = back = None
        if test and number < MOST_TESTED:
            elsewhere = np.flatnonzero(evidence.classes != group.index)
            forth = test.effect(group.index, recolour, group.members, group.others)
            back = test.lost(group.index, recolour, group.members, elsewhere, group.members)
        sure = forth.sure if forth else 0.0
        if group.index not in best or sure > best[group.index][0]:
            best[group.index] = sure, group, forth, back
    for sure, group, forth, back in sorted(best.values(), key=lambda each: -each[0]):
        rest = group.others[evidence.classes[group.others] == group.index]
        places, tried = listed(test, group.index, recolour, forth, group.members, rest)
        yield _finding(evidence, _sentence(evidence, group, forth, back) + tried, sure, group, forth, back, places)


def _sentence(evidence: Evidence, group: Group, forth: Effect | None, back: Effect | None) -> str:
    name, count = escaped(evidence.name(group.index)), counted(len(group.members), "picture")
    compared = "those of the other classes" if group.part == "whole" else "the others of the class"
    said = (
        f"The colours of {count} of {name} are {significant(group.distance)} standard deviations from {compared}, in "
        "the channel where they differ most."
    )
    if forth is None:
        said += " What these colours do was not tested."
    else:
        said += (
            f" Shifted to these colours, {forth.flips} of {counted(forth.trials, 'picture')} of other classes "
            f"({percent(forth.flips / forth.trials)}) are taken for {name}; shifted to those that they are compared "
            f"with, {forth.control_flips} of {forth.control_trials}."
        )
    if back is not None:
        said += (
            f" Shifted to colours of other classes, {back.flips} of {back.trials} of its own aren't taken for {name} "
            f"any more; shifted among themselves, {back.control_flips} of {back.control_trials}."
        )
    return said


def _finding(
    evidence: Evidence,
    sentence: str,
    sure: float,
    group: Group,
    forth: Effect | None,
    back: Effect | None,
    places: Array,
) -> AuditFinding:
    means, name = evidence.colours[group.members].mean(0), escaped(evidence.name(group.index))
    return evidence.finding(
        id=f"colour-{group.index}-{group.part}",
        kind="colour",
        title=f"{name}: colours of {'the class' if group.part == 'whole' else 'a part of the class'}",
        sentence=sentence,
        caveat=CAVEAT,
        label=group.index,
        sure=sure,
        places=places,
        numbers=(
            *(forth.numbers if forth else ()),
            *(((f"back: {key}", value) for key, value in back.numbers) if back else ()),
            ("distance", group.distance),
            *((f"mean of channel {number + 1}", float(value)) for number, value in enumerate(means[:3])),
        ),
    )
