"""Colours that are particular to a class, and a test whether the classifier goes by them.

Clusters of maps don't find a colour cast: it is everywhere, so no region of the map stands out. Here the mean and the
standard deviation of each channel are compared: those of the whole class with the other classes', and those of the two
groups into which a class's colours fall (2-means) with each other. What is particular is tried out: pictures of other
classes are shifted by the difference between the group's colours and those it is compared with, and the other way as
the control. The shift is the mean difference, because the colours of a single picture are mostly its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.audit.findings.causal import FEWEST, CausalTest, Change, Effect
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


@dataclass(frozen=True, eq=False)
class Tested:
    """A group, and what its colours do; None where that wasn't tested.

    forth: to pictures of other classes that are shifted by the difference, and the other way.
    back:  to the group's own pictures that lose them.
    """

    group: Group
    forth: Effect | None
    back: Effect | None

    @property
    def sure(self) -> float:
        return self.forth.sure if self.forth else 0.0


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


def shift(evidence: Evidence, start: Array, end: Array) -> Change:
    """Return the change that shifts a picture by the difference between the mean colours of the pictures at `end` and
    at `start`: each channel is stretched by the ratio of their contrasts, and moved. What a picture has of its own
    stays.
    """
    (mean, spread), (new_mean, new_spread) = (
        np.split(evidence.colours[places].mean(0, dtype=np.float64), 2) for places in (start, end)
    )
    stretch = np.clip(new_spread / np.maximum(spread, FLATTEST), None, MOST_STRETCHED)
    factor, move = (
        torch.tensor(each, dtype=torch.float32).view(-1, 1, 1) for each in (stretch, new_mean - stretch * mean)
    )

    def shifted(receiver: Tensor, donor: Tensor) -> Tensor:
        return (receiver * factor.to(receiver.device) + move.to(receiver.device)).clamp(0, 1)

    return shifted


def recolour(receiver: Tensor, donor: Tensor) -> Tensor:
    """Return a picture (C, H, W) with the mean and the standard deviation of each of another one's channels."""
    mean, spread = (receiver.mean((1, 2), keepdim=True), receiver.std((1, 2), keepdim=True))
    stretch = (donor.std((1, 2), keepdim=True) / spread.clamp_min(FLATTEST)).clamp_max(MOST_STRETCHED)
    return ((receiver - mean) * stretch + donor.mean((1, 2), keepdim=True)).clamp(0, 1)


def tested(evidence: Evidence, particular: Sequence[Group], test: CausalTest | None) -> list[Tested]:
    """Test the most distant groups, MOST_TESTED at most, and return the surest one of each class, the surest first."""
    best: dict[int, Tested] = {}
    for number, group in enumerate(particular):
        forth = back = None
        if test and number < MOST_TESTED:
            elsewhere = np.flatnonzero(evidence.classes != group.index)
            there, away = (
                shift(evidence, *way) for way in ((group.others, group.members), (group.members, group.others))
            )
            forth = test.effect(group.index, there, group.members, group.others, away)
            back = test.lost(group.index, recolour, group.members, elsewhere, group.members)
        result = Tested(group, forth, back)
        if group.index not in best or result.sure > best[group.index].sure:
            best[group.index] = result
    return sorted(best.values(), key=lambda each: -each.sure)


def findings(evidence: Evidence, results: Sequence[Tested], test: CausalTest | None) -> Iterator[AuditFinding]:
    """Yield what is said of groups that were tested, or couldn't be."""
    for result in results:
        group = result.group
        rest = group.others[evidence.classes[group.others] == group.index]
        places, tried = listed(test, group.index, recolour, result.forth, group.members, rest)
        means, name = evidence.colours[group.members].mean(0), escaped(evidence.name(group.index))
        yield evidence.finding(
            id=f"colour-{group.index}-{group.part}",
            kind="colour",
            title=f"{name}: colours of {'the class' if group.part == 'whole' else 'a part of the class'}",
            sentence=_sentence(result, name) + tried,
            caveat=CAVEAT,
            label=group.index,
            sure=result.sure,
            places=places,
            numbers=(
                *(result.forth.numbers if result.forth else ()),
                *(((f"back: {key}", value) for key, value in result.back.numbers) if result.back else ()),
                ("distance", group.distance),
                *((f"mean of channel {number + 1}", float(value)) for number, value in enumerate(means[:3])),
            ),
        )


def _sentence(result: Tested, name: str) -> str:
    group, forth, back = result.group, result.forth, result.back
    count = counted(len(group.members), "picture")
    compared = "those of the other classes" if group.part == "whole" else "the others of the class"
    said = (
        f"The colours of {count} of {name} are {significant(group.distance)} standard deviations from {compared}, in "
        "the channel where they differ most."
    )
    if forth is None:
        said += " What these colours do was not tested."
    else:
        said += (
            f" Shifted by this difference, {forth.flips} of {counted(forth.trials, 'picture')} of other classes "
            f"({percent(forth.flips / forth.trials)}) are taken for {name}; shifted as far the other way, "
            f"{forth.control_flips} of {forth.control_trials}."
        )
    if back is not None:
        said += (
            f" Shifted to colours of other classes, {back.flips} of {back.trials} of its own aren't taken for {name} "
            f"any more; shifted among themselves, {back.control_flips} of {back.control_trials}."
        )
    return said
