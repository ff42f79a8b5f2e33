"""Pictures where the map misses the object's box most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explainers.arrays import Array
from explainers.audit.findings.evidence import Evidence
from explainers.audit.findings.finding import AuditFinding
from explainers.audit.findings.rates import Rate, rates
from explainers.audit.runs.columns import UNKNOWN
from explainers.markdown import escaped
from explainers.numbers import counted, percent

MOST_PICTURES = 200  # of the list of all classes
ALL = "missed"
CAVEAT = (
    "A box is drawn by a person, and holds ground beside the object. What lies outside may be part of what the class "
    "is known by. A map can be wrong, too: look at other methods."
)


def missing(evidence: Evidence) -> tuple[Array, Array]:
    """Return which maps (n,) can be compared with a box, and which of them miss it.

    A map misses its box where the strongest pixel lies outside, and the box holds less of the map than of the picture.
    """
    area, share, peak = (evidence.scalars[name] for name in ("box_area", "box_share", "box_peak"))
    known = np.isfinite(area) & np.isfinite(share) & np.isfinite(peak) & (area > 0)
    return known, known & (peak == 0) & (share < area)


def findings(evidence: Evidence) -> Iterator[AuditFinding]:
    """Yield the classes whose maps miss the box more often than the others', and the list of those that miss it most.

    The list isn't compared with anything, so it comes last: it is something to look at.
    """
    known, misses = missing(evidence)
    if not known.any():
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        density = evidence.scalars["box_share"] / evidence.scalars["box_area"]
    for rate in rates(evidence, known, misses):
        places = rate.places[np.argsort(density[rate.places], kind="stable")]
        yield _class_finding(evidence, rate, places)
    places = np.flatnonzero(misses)
    if len(places):
        places = places[np.argsort(density[places], kind="stable")]
        yield _list_finding(evidence, places[:MOST_PICTURES], len(places), int(known.sum()))


def _class_finding(evidence: Evidence, rate: Rate, places: Array) -> AuditFinding:
    name = escaped(evidence.name(rate.index))
    return evidence.finding(
        id=f"missed-{rate.index}",
        kind="missed",
        title=f"{name}: maps that miss the object",
        sentence=(
            f"{rate.count} of {counted(rate.total, 'map')} of {name} ({percent(rate.share)}) miss the object's box: "
            "the strongest pixel lies outside, and the box holds less of the map than of the picture. Of the other "
            f"classes' maps, {percent(rate.other_share)} do."
        ),
        caveat=CAVEAT,
        label=rate.index,
        sure=rate.sure,
        places=places,
        numbers=rate.numbers,
    )


def _list_finding(evidence: Evidence, places: Array, count: int, total: int) -> AuditFinding:
    first = "" if len(places) == count else f" These are the {len(places)} that miss it most."
    labels = {int(index) for index in evidence.classes[places]}
    return evidence.finding(
        id=ALL,
        kind="missed",
        title="Maps that miss the object most",
        sentence=(
            f"{count} of {counted(total, 'map')} ({percent(count / total)}) miss the object's box: the strongest pixel "
            f"lies outside, and the box holds less of the map than of the picture.{first}"
        ),
        caveat=CAVEAT,
        label=labels.pop() if len(labels) == 1 and UNKNOWN not in labels else None,
        sure=0.0,
        places=places,
        numbers=(("misses", count), ("maps with a box", total)),
    )
