"""What an audit has found: pictures that have something in common, with a sentence about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["cluster", "border", "colour", "missed", "displaced", "confusion"]


@dataclass(frozen=True)
class AuditFinding:
    """Pictures of a run with something in common.

    id:       tells it from the others of the run, and stays the same when it is found again.
    kind:     what looked for it.
    title:    what was found, in a few words; sentence: the same with its numbers; caveat: what it doesn't prove.
    label:    the index of the class that it is about; None for all classes.
    sure:     how sure it is, from 0 to 1: findings are sorted by it.
    reported: whether it is more than chance, by a threshold that was fixed beforehand. What isn't is still listed, as
              something to look at.
    pictures: the numbers of its pictures, those that show it best first.
    mean_map: the mean of their small maps, row by row (MAP_SIDE ** 2 values); empty where there is none.
    cells:    the cells of the small map that were tested, as their numbers; empty where none were.
    numbers:  its measures, by name.
    """

    id: str
    kind: Kind
    title: str
    sentence: str
    caveat: str
    label: int | None
    sure: float
    reported: bool
    pictures: tuple[int, ...]
    mean_map: tuple[float, ...]
    cells: tuple[int, ...]
    numbers: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Findings:
    """The file of what was found in a run.

    run:       the hash of the run, so that nobody takes this for what was found in another one.
    pictures:  how many rows it was found in; more may have come since.
    findings:  the surest first, those that are reported before the rest.
    clusters:  for each class with clusters, its index and the cluster of each of its pictures, by their numbers.
    embedding: for each picture with a map, its number and its place in the plane.
    notes:     what couldn't be looked for, in sentences.
    """

    format: str
    version: int
    run: str
    pictures: int
    findings: tuple[AuditFinding, ...]
    clusters: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    embedding: tuple[tuple[int, float, float], ...]
    notes: tuple[str, ...]
