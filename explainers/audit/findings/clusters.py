"""Clusters of a class's maps, ranked by what their region does in pictures of other classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from explainers.arrays import Array
from explainers.audit.findings.causal import FEWEST, CausalTest, Effect, Tested, pasting
from explainers.audit.findings.evidence import Evidence
from explainers.audit.findings.finding import AuditFinding
from explainers.audit.findings.listing import listed
from explainers.audit.findings.partitions import Partition, partitions
from explainers.audit.findings.regions import excess, in_small_map, in_words, share_in, strong_cells
from explainers.audit.findings.shares import ALIKE, likeness
from explainers.audit.runs.columns import UNKNOWN
from explainers.markdown import escaped
from explainers.numbers import counted, percent

SMALLEST_CLASS = 20  # maps: in fewer there are no clusters to tell from chance
MOST_TESTED = 60  # clusters of a run, of two passes for each of PAIRS pictures: minutes for a large classifier
MOST_LISTED = 5  # of a class
CAVEAT = (
    "A clear difference shows that this region decides, not why. Where the object itself lies in this region in these "
    "pictures, and elsewhere in the others, it shows the object. Look at the pictures."
)


@dataclass(frozen=True, eq=False)
class Cluster:
    """A cluster of maps of a class.

    members, rest: the places of its pictures in the evidence, and of the class's others.
    cells:         the cells of the small map in which its mean map exceeds the others'.
    distinctness:  how much more of the maps lies there, as a share.
    """

    index: int
    partition: Partition
    members: Array
    rest: Array
    cells: tuple[int, ...]
    distinctness: float


def candidates(evidence: Evidence, index: int) -> Iterator[Cluster]:
    """Yield the clusters of a class's maps, each once, that are large enough to be tested."""
    places, seen = evidence.members(index), set[bytes]()
    if len(places) < SMALLEST_CLASS:
        return
    descriptions = evidence.descriptions[places]
    for partition in partitions(descriptions):
        for number in range(partition.count):
            inside = partition.clusters == number
            if min(inside.sum(), (~inside).sum()) < FEWEST or inside.tobytes() in seen:
                continue
            seen.add(inside.tobytes())
            more = excess(descriptions[inside], descriptions[~inside])
            if len(cells := strong_cells(more)):
                distinctness = float(more[cells].sum())
                yield Cluster(index, partition, places[inside], places[~inside], in_small_map(cells), distinctness)


def classes(evidence: Evidence) -> tuple[list[int], list[int]]:
    """Return the indices of the classes with enough maps for clusters, and of the others."""
    present = [int(index) for index in np.unique(evidence.classes) if index != UNKNOWN]
    enough = [index for index in present if len(evidence.members(index)) >= SMALLEST_CLASS]
    return enough, [index for index in present if index not in enough]


def tested(clusters: Sequence[Cluster], test: CausalTest | None) -> list[Tested[Cluster]]:
    """Test the most distinct clusters, MOST_TESTED at most, and return all: the surest first."""
    results = []
    for number, cluster in enumerate(sorted(clusters, key=lambda each: -each.distinctness)):
        effect = None
        if test and number < MOST_TESTED:
            effect = test.effect(cluster.index, pasting(cluster.cells), cluster.members, cluster.rest)
        results.append(Tested(cluster, effect))
    return sorted(results, key=lambda each: (-each.sure, -(each.effect.score if each.effect else 0.0)))


def distinct(results: Sequence[Tested[Cluster]]) -> list[Tested[Cluster]]:
    """Return the results, the surest first, without those of clusters that are much like a surer one."""
    kept: dict[int, list[Tested[Cluster]]] = {}
    for result in results:
        own = kept.setdefault(result.subject.index, [])
        if len(own) < MOST_LISTED and all(
            likeness(result.subject.members, each.subject.members) <= ALIKE for each in own
        ):
            own.append(result)
    return sorted(chain.from_iterable(kept.values()), key=lambda each: -each.sure)


def chosen_partitions(results: Sequence[Tested[Cluster]]) -> dict[int, Partition]:
    """Return for each class the partition with the surest cluster. The results come in that order."""
    chosen: dict[int, Partition] = {}
    for result in results:
        chosen.setdefault(result.subject.index, result.subject.partition)
    return chosen


def findings(evidence: Evidence, results: Sequence[Tested[Cluster]], test: CausalTest | None) -> Iterator[AuditFinding]:
    """Yield what is said of clusters that were tested, or couldn't be."""
    taken: set[str] = set()
    for result in results:
        cluster, effect = result.subject, result.effect
        shares = share_in(evidence.maps[cluster.members], cluster.cells)
        members = cluster.members[np.argsort(-shares, kind="stable")]
        places, tried = listed(test, cluster.index, pasting(cluster.cells), effect, members, cluster.rest)
        name, where = escaped(evidence.name(cluster.index)), in_words(cluster.cells)
        yield evidence.finding(
            id=_id(evidence, cluster, taken),
            kind="cluster",
            title=f"{name}: a cluster of maps that look {where}",
            sentence=_sentence(cluster, effect, name, where, float(shares.mean())) + tried,
            caveat=CAVEAT,
            label=cluster.index,
            sure=result.sure,
            places=places,
            cells=cluster.cells,
            numbers=(
                *(effect.numbers if effect else ()),
                ("share of the maps in the region", float(shares.mean())),
                ("distinctness", cluster.distinctness),
                ("clusters of the partition", cluster.partition.count),
            ),
        )


def _sentence(cluster: Cluster, effect: Effect | None, name: str, where: str, share: float) -> str:
    count, total = len(cluster.members), len(cluster.members) + len(cluster.rest)
    said = (
        f"{count:,} of {counted(total, 'map')} of {name} are alike, and unlike the rest: on average, {percent(share)} "
        f"of each lies in one region {where}, where the others have less."
    )
    if effect is None:
        return f"{said} What this region does was not tested."
    return (
        f"{said} When this region was pasted from the cluster's pictures into {counted(effect.trials, 'picture')} of "
        f"other classes, {effect.flips} ({percent(effect.flips / effect.trials)}) were taken for {name}. When it was "
        f"pasted from the pictures of {name} outside of the cluster, {effect.control_flips} of {effect.control_trials} "
        f"({percent(effect.control_flips / effect.control_trials)}) were."
    )


def _id(evidence: Evidence, cluster: Cluster, taken: set[str]) -> str:
    """Return a name by class and strongest cell: it stays when more rows have come."""
    mean = evidence.maps[cluster.members].mean(0, dtype=np.float32) - evidence.maps[cluster.rest].mean(
        0, dtype=np.float32
    )
    name = plain = f"cluster-{cluster.index}-{int(mean.argmax())}"
    number = 2
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name)
    return name
