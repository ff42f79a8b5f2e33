"""Maps that the displaced-maps test rejects: their pixels matter no more than the same map's in wrong places."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explainers.audit.findings.evidence import Evidence
from explainers.audit.findings.finding import AuditFinding
from explainers.audit.findings.rates import rates
from explainers.markdown import escaped
from explainers.numbers import counted, percent

AGAINST = "against"  # as the column `removal` says
CAVEAT = (
    "A rejected map says little about what the classifier looks at, so don't draw conclusions from it. The test "
    "removes and adds pixels, which makes pictures unlike those that the classifier has learnt from."
)


def findings(evidence: Evidence) -> Iterator[AuditFinding]:
    """Yield the classes whose maps are rejected more often than the others'."""
    known = evidence.removal != ""
    if not known.any():
        return
    beaten = np.nansum([evidence.scalars["deletion_beaten"], evidence.scalars["insertion_beaten"]], axis=0)
    for rate in rates(evidence, known, evidence.removal == AGAINST):
        name = escaped(evidence.name(rate.index))
        places = rate.places[np.argsort(beaten[rate.places], kind="stable")]
        yield evidence.finding(
            id=f"displaced-{rate.index}",
            kind="displaced",
            title=f"{name}: maps that are no better in the right place",
            sentence=(
                f"Deletion and insertion speak against {rate.count} of {counted(rate.total, 'map')} of {name} "
                f"({percent(rate.share)}): moved to wrong places, these maps do as well. Of the other classes' maps, "
                f"that is so for {percent(rate.other_share)}."
            ),
            caveat=CAVEAT,
            label=rate.index,
            sure=rate.sure,
            places=places,
            numbers=rate.numbers,
        )
