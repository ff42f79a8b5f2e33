"""The causal test: what makes pictures of other classes be taken for a class, when it is put into them?

A cluster of maps tells where the classifier looks in some pictures of a class. Whether what is there makes the class is
tried out: that region of its pictures is pasted into pictures of other classes, and so is the same region of the
class's other pictures. A flip is a picture that is taken for the class afterwards, and wasn't before. What counts is by
how much the flips of the first exceed those of the second: where the object itself lies there, both flip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.arrays import Array
from explainers.audit.findings.evidence import Evidence
from explainers.audit.findings.pictures import Pictures, readable
from explainers.audit.findings.shares import least_excess
from explainers.audit.findings.stages import Stages
from explainers.audit.runs.rows import MAP_SIDE

PAIRS = 96  # pictures that something is put into: the interval of a share is .1 to either side at most
FEWEST = 8  # pictures of either kind, without which nothing is said
RECEIVERS = 16  # pictures that a single one is tried on
AT_ONCE = 32  # changed pictures, that are in memory together
SEED = 18
Subject = TypeVar("Subject")

Change = Callable[[Tensor, Tensor], Tensor]  # (receiver, donor), each (C, H, W), -> the changed receiver


@dataclass(frozen=True)
class Effect:
    """What a change does, and what the same does that is made with other pictures.

    flips, trials:                 how many pictures were taken for the class after the change, of how many.
    control_flips, control_trials: the same of the control.
    """

    flips: int
    trials: int
    control_flips: int
    control_trials: int

    @property
    def score(self) -> float:
        """The share of flips minus that of the control."""
        if not (self.trials and self.control_trials):
            return 0.0
        return self.flips / self.trials - self.control_flips / self.control_trials

    @property
    def sure(self) -> float:
        """The lower end of the score's 95% interval, or 0."""
        return least_excess(self.flips, self.trials, self.control_flips, self.control_trials)

    @property
    def numbers(self) -> tuple[tuple[str, float], ...]:
        """The measures of a finding."""
        return (
            ("flips", self.flips),
            ("trials", self.trials),
            ("control flips", self.control_flips),
            ("control trials", self.control_trials),
            ("score", self.score),
        )


@dataclass(frozen=True, eq=False)
class Tested(Generic[Subject]):
    """What has a region, such as a cluster, and what that region does; None where that wasn't tested."""

    subject: Subject
    effect: Effect | None

    @property
    def sure(self) -> float:
        return self.effect.sure if self.effect else 0.0


class CausalTest:
    """Tries changes on pictures of a run. The same pictures are drawn each time.

    stages: counts each change that was tried, and each picture that was tried alone.
    """

    def __init__(self, evidence: Evidence, pictures: Pictures, stages: Stages | None = None) -> None:
        self.evidence, self.pictures, self.stages = evidence, pictures, stages or Stages()
        self._order = np.random.default_rng(SEED).permutation(len(evidence.numbers))
        self._turn = _turns(evidence.classes[self._order])

    def others(self, index: int) -> list[Tensor]:
        """Return pictures of other classes that aren't taken for this one, as many of each class as can be."""
        classes, predictions = (kind[self._order] for kind in (self.evidence.classes, self.evidence.predictions))
        places = np.flatnonzero((classes != index) & (predictions != index))
        places = places[np.argsort(self._turn[places], kind="stable")]
        return readable(self.pictures, self.evidence.numbers[self._order[places]], PAIRS)

    def effect(
        self, index: int, change: Change, donors: Array, controls: Array, control_change: Change | None = None
    ) -> Effect | None:
        """Return the effect of a change on pictures of other classes; None where there are too few pictures.

        donors, controls: the places, in the evidence, of the pictures that something is taken from.
        control_change:   what is done with the controls; None: the same change.
        """
        changes = change, control_change or change
        taken = self._taken_for(index, changes, self.others(index), donors, controls)
        return Effect(*taken) if taken else None

    def lost(self, index: int, change: Change, receivers: Array, donors: Array, controls: Array) -> Effect | None:
        """Return the effect of a change on pictures that are taken for the class: how many aren't any more.

        receivers, donors, controls: the places of the pictures that are changed, and of those that something is taken
                                     from.
        """
        own = self._drawn(receivers[self.evidence.predictions[receivers] == index])
        taken = self._taken_for(index, (change, change), own, donors, controls)
        if not taken:
            return None
        count, trials, control_count, control_trials = taken
        return Effect(trials - count, trials, control_trials - control_count, control_trials)

    def one_by_one(self, index: int, change: Change, places: Array) -> Array:
        """Return (n,) what each of these places does alone: the share of RECEIVERS pictures of other classes that is
        taken for the class after the change; 0 where its picture can't be read.
        """
        receivers, shares = self.others(index), np.zeros(len(places))
        self.stages.begin(f"Pictures of {self.evidence.name(index)}, one by one", len(places))
        for number, place in enumerate(places.tolist()):
            donor = self.pictures.seen(int(self.evidence.numbers[place]))
            if donor is not None:
                turn = [receivers[(RECEIVERS * number + each) % len(receivers)] for each in range(RECEIVERS)]
                changed = torch.stack([change(receiver, donor) for receiver in turn])
                shares[number] = (self.pictures.answers(changed) == index).mean()
            self.stages.step()
        return shares

    def _taken_for(
        self,
        index: int,
        changes: tuple[Change, Change],
        receivers: Sequence[Tensor],
        donors: Array,
        controls: Array,
    ) -> tuple[int, int, int, int] | None:
        """Return how many changed pictures are taken for the class, of how many: with donors, then with controls.

        None where there are too few.
        """
        kinds = [self._drawn(places) for places in (donors, controls)]
        result = None
        if min(map(len, (receivers, *kinds))) >= FEWEST:
            (count, trials), (control_count, control_trials) = (
                self._count(index, change, receivers, kind) for change, kind in zip(changes, kinds, strict=True)
            )
            result = count, trials, control_count, control_trials
        self.stages.step()
        return result

    def _drawn(self, places: Array) -> list[Tensor]:
        drawn = self._order[np.isin(self._order, places)]
        return readable(self.pictures, self.evidence.numbers[drawn], PAIRS)

    def _count(
        self, index: int, change: Change, receivers: Sequence[Tensor], donors: Sequence[Tensor]
    ) -> tuple[int, int]:
        """Return how many changed pictures are taken for the class, of how many.

        Each donor serves once: what few pictures do many times over is no more than they do once. The donors are moved
        on by one, so that no picture meets itself where both are drawn from the same ones.
        """
        pairs = [*zip(receivers, [*donors[1:], donors[0]], strict=False)]
        count = 0
        for start in range(0, len(pairs), AT_ONCE):
            changed = [change(receiver, donor) for receiver, donor in pairs[start : start + AT_ONCE]]
            count += int((self.pictures.answers(torch.stack(changed)) == index).sum())
        return count, len(pairs)


def _turns(classes: Array) -> Array:
    """Return (n,) how many pictures of the same class come before each."""
    turns, order = np.empty(len(classes), np.int64), np.argsort(classes, kind="stable")
    _, starts, counts = np.unique(classes[order], return_index=True, return_counts=True)
    turns[order] = np.arange(len(classes)) - np.repeat(starts, counts)
    return turns


def pasting(cells: Sequence[int]) -> Change:
    """Return the change that pastes some cells of the small map, by their numbers, from the donor into the receiver."""
    grid = torch.zeros(MAP_SIDE**2)
    grid[list(cells)] = 1.0

    def paste(receiver: Tensor, donor: Tensor) -> Tensor:
        size = receiver.shape[1:]
        mask = F.interpolate(grid.view(1, 1, MAP_SIDE, MAP_SIDE), size=size, mode="nearest-exact")[0].bool()
        return torch.where(mask.to(receiver.device), donor, receiver)

    return paste
