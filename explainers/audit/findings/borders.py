"""Maps that lie at the border or in a corner of the picture, far more than those of the other classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from explainers.arrays import Array
from explainers.audit.findings.causal import FEWEST, CausalTest, Tested, pasting
from explainers.audit.findings.evidence import Evidence
from explainers.audit.findings.finding import AuditFinding
from explainers.audit.findings.listing import listed
from explainers.audit.findings.regions import share_in
from explainers.audit.findings.shares import ALIKE, least_excess, likeness
from explainers.audit.runs.columns import UNKNOWN
from explainers.audit.runs.rows import MAP_SIDE
from explainers.markdown import escaped
from explainers.numbers import counted, percent

BORDER, CORNER = 3, 8  # cells of the small map, of 32: a tenth and a quarter of the side
UNUSUAL = 0.97  # of the other classes' maps have less in the region than one that is called unusual
LEAST_EXCESS = 0.05  # of the class's maps are unusual beyond what chance explains, or nothing is tested
MOST_TESTED = 30  # of a run
MOST_LISTED = 2  # of a class
CAVEAT = (
    "Objects can stand at the edge of a picture. A clear difference shows that the region decides, not why. Look at "
    "the pictures."
)


@dataclass(frozen=True)
class Region:
    """A region of the picture.

    where: in words; part: what is there, in a word.
    cells: of the small map, by their numbers.
    """

    where: str
    part: str
    cells: tuple[int, ...]


def _regions() -> tuple[Region, ...]:
    """Return the corners and the borders."""
    grid = np.arange(MAP_SIDE**2).reshape(MAP_SIDE, MAP_SIDE)
    frame = np.ones_like(grid, bool)
    frame[BORDER:-BORDER, BORDER:-BORDER] = False
    corners = {
        "in the upper left corner": grid[:CORNER, :CORNER],
        "in the upper right corner": grid[:CORNER, -CORNER:],
        "in the lower left corner": grid[-CORNER:, :CORNER],
        "in the lower right corner": grid[-CORNER:, -CORNER:],
    }
    borders = {
        "at the upper border": grid[:BORDER],
        "at the lower border": grid[-BORDER:],
        "at the left border": grid[:, :BORDER],
        "at the right border": grid[:, -BORDER:],
        "along the whole border": grid[frame],
    }
    return tuple(
        Region(where, part, tuple(cells.ravel().tolist()))
        for part, regions in (("corner", corners), ("border", borders))
        for where, cells in regions.items()
    )


REGIONS = _regions()


@dataclass(frozen=True, eq=False)
class Edge:
    """Maps of a class with an unusual share in a region.

    members:      the places of these pictures in the evidence, the most unusual first; rest: of the class's others.
    threshold:    the share that they exceed.
    other_count:  how many maps of other classes exceed it, of other_total.
    excess:       how much larger the class's share of such maps is than the other classes', at least.
    """

    index: int
    region: Region
    members: Array
    rest: Array
    threshold: float
    other_count: int
    other_total: int
    excess: float


def edges(evidence: Evidence) -> list[Edge]:
    """Return what is unusual in each class and region, the most unusual first."""
    unusual: list[Edge] = []
    indices = [int(index) for index in np.unique(evidence.classes) if index != UNKNOWN]
    own = {index: evidence.members(index) for index in indices}
    for region in REGIONS:
        shares = share_in(evidence.maps, region.cells)
        for index, places in own.items():
            others = shares[(evidence.classes != index) & evidence.has_map]
            if min(len(places), len(others)) < FEWEST:
                continue
            threshold = float(np.quantile(others, UNUSUAL))
            exceeds = shares[places] > threshold
            count, other_count = int(exceeds.sum()), int((others > threshold).sum())
            excess = least_excess(count, len(places), other_count, len(others))
            if excess >= LEAST_EXCESS and count >= FEWEST:
                members = places[exceeds][np.argsort(-shares[places[exceeds]], kind="stable")]
                rest = places[~exceeds]
                unusual.append(Edge(index, region, members, rest, threshold, other_count, len(others), excess))
    return sorted(unusual, key=lambda edge: -edge.excess)


def tested(evidence: Evidence, unusual: Sequence[Edge], test: CausalTest | None) -> list[Tested[Edge]]:
    """Test the most unusual regions, MOST_TESTED at most, and return all, the surest first.

    Those of one class are tested against its other pictures; where nearly all of its pictures are unusual, against
    pictures of other classes.
    """
    results = []
    for number, edge in enumerate(unusual):
        controls = edge.rest if len(edge.rest) >= FEWEST else np.flatnonzero(evidence.classes != edge.index)
        change = pasting(edge.region.cells)
        effect = test.effect(edge.index, change, edge.members, controls) if test and number < MOST_TESTED else None
        results.append(Tested(edge, effect))
    return sorted(results, key=lambda each: -each.sure)


def findings(evidence: Evidence, results: Sequence[Tested[Edge]], test: CausalTest | None) -> Iterator[AuditFinding]:
    """Yield a finding for the surest regions of each class."""
    kept: dict[int, list[Edge]] = {}
    for result in results:
        edge = result.subject
        own = kept.setdefault(edge.index, [])
        if len(own) < MOST_LISTED and all(likeness(edge.members, other.members) <= ALIKE for other in own):
            own.append(edge)
            yield _finding(evidence, result, test)


def _finding(evidence: Evidence, result: Tested[Edge], test: CausalTest | None) -> AuditFinding:
    edge, effect, region = result.subject, result.effect, result.subject.region
    name, total = escaped(evidence.name(edge.index)), len(edge.members) + len(edge.rest)
    said = (
        f"The edge of the picture stands out: in {len(edge.members):,} of {counted(total, 'map')} of {name}, more than "
        f"{percent(edge.threshold)} of the map lies {region.where}, as it does in "
        f"{percent(edge.other_count / edge.other_total)} of the other classes' maps."
    )
    if effect is None:
        said += f" What this {region.part} does was not tested."
    else:
        control = "the class's other pictures" if len(edge.rest) >= FEWEST else "pictures of other classes"
        said += (
            f" With this {region.part} pasted from these pictures of {name}, {effect.flips} of "
            f"{counted(effect.trials, 'picture')} of other classes ({percent(effect.flips / effect.trials)}) were "
            f"taken for {name}; with it pasted from {control}, {effect.control_flips} of {effect.control_trials}."
        )
    places, tried = listed(test, edge.index, pasting(region.cells), effect, edge.members, edge.rest)
    return evidence.finding(
        id=f"border-{edge.index}-{region.where.replace(' ', '-')}",
        kind="border",
        title=f"{name}: maps at the edge, {region.where}",
        sentence=said + tried,
        caveat=CAVEAT,
        label=edge.index,
        sure=result.sure,
        places=places,
        cells=region.cells,
        numbers=(
            *(effect.numbers if effect else ()),
            ("share of the class's maps", len(edge.members) / total),
            ("share of the other classes' maps", edge.other_count / edge.other_total),
        ),
    )
