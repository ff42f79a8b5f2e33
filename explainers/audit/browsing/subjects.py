"""What notes on an audit are about: findings by their ids, clusters by their pictures.

A cluster has a number, but the next search may give that to another one. So what is said of a cluster is kept under its
class and the hash of which pictures it has, and a cluster of other pictures never gets it. Notes on what isn't there
any more are kept, and shown apart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from explainers.audit.findings.finding import Findings
from explainers.markdown import plain

CLUSTER = re.compile(r"cluster (\d{1,6}) [0-9a-f]+")  # earlier versions wrote its number in the place of the hash
FINDING = re.compile(r"[a-z]+-(\d{1,6})(-.*)?")
DIGITS = 16  # of a hash


def cluster_subject(label: int, numbers: Iterable[int]) -> str:
    """Return what notes on a cluster of a class are kept under.

    numbers: of its pictures.
    """
    text = ",".join(map(str, sorted(numbers)))
    return f"cluster {label} {hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}"


def subjects(findings: Findings | None, names: Mapping[int, str]) -> dict[str, str]:
    """Return all that notes can be about now, and what it is called, as plain text.

    names: of the classes, by their index.
    """
    if findings is None:
        return {}
    known = {finding.id: plain(finding.title) for finding in findings.findings}
    for label, assigned in findings.clusters:
        clusters: dict[int, list[int]] = {}
        for number, cluster in assigned:
            clusters.setdefault(cluster, []).append(number)
        for cluster, numbers in clusters.items():
            known[cluster_subject(label, numbers)] = f"{names.get(label, 'a class')}, cluster {cluster + 1}"
    return known


def earlier_in_words(subject: str, names: Mapping[int, str]) -> str:
    """Name, as plain text, what a note was about that isn't there any more."""
    for kind, form in (("cluster", CLUSTER), ("finding", FINDING)):
        if (found := form.fullmatch(subject)) and (name := names.get(int(found[1]))):
            return f"an earlier {kind} of {name}"
    return "an earlier finding"
