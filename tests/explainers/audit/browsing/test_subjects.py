"""Notes on a cluster are about its pictures, whatever number it has; what is about nothing any more is named."""

from dataclasses import replace

from explainers.audit.browsing.subjects import cluster_subject, earlier_in_words, subjects
from explainers.audit.findings.finding import AuditFinding, Findings

FINDING = AuditFinding("border-3-left", "border", "**li\\_on**: maps", "", "", 3, 0.5, True, (2, 0), (), (), ())
FINDINGS = Findings("f", 2, "run", 3, (FINDING,), ((3, ((0, 0), (4, 1), (2, 1))),), (), ())
NAMES = {3: "lion"}


def test_a_cluster_is_known_by_its_class_and_pictures_alone():
    subject = cluster_subject(3, [4, 2])
    assert subject == cluster_subject(3, (2, 4))
    assert len({subject, cluster_subject(4, [4, 2]), cluster_subject(3, [42]), cluster_subject(3, [2])}) == 4
    known = subjects(FINDINGS, NAMES)
    assert known == {
        "border-3-left": "li_on: maps",
        cluster_subject(3, [0]): "lion, cluster 1",
        subject: "lion, cluster 2",
    }
    renumbered = replace(FINDINGS, clusters=((3, ((0, 1), (4, 0), (2, 0))),))
    assert subjects(renumbered, NAMES)[subject] == "lion, cluster 1"
    assert subjects(None, NAMES) == {}


def test_what_is_not_there_any_more_is_named_as_far_as_it_can_be():
    assert earlier_in_words("cluster 3 0", NAMES) == "an earlier cluster of lion"  # as earlier versions wrote it
    assert earlier_in_words(cluster_subject(3, [1]), NAMES) == "an earlier cluster of lion"
    assert earlier_in_words("colour-3-whole", NAMES) == "an earlier finding of lion"
    assert earlier_in_words("missed-3", NAMES) == "an earlier finding of lion"
    for subject in ("missed", "cluster 9 0", "cluster 99999999999 0", "<b>"):
        assert earlier_in_words(subject, NAMES) == "an earlier finding"
