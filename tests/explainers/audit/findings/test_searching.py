"""The search as a whole, in a world whose answers are known, and on what is degenerate."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from explainers.audit.findings import clusters
from explainers.audit.findings.causal import PAIRS
from explainers.audit.findings.searching import search
from explainers.audit.findings.stages import Stages

from .conftest import World, evidence_of, first_cluster


@pytest.fixture(scope="module")
def found():
    """What is found in the world."""
    world = World()
    return search(world.evidence, world)


def test_the_mark_is_the_surest_cluster_with_its_pictures(world, found):
    first = first_cluster(found.findings)
    assert first in found.findings[:3]
    assert first.label == 1
    assert first.reported
    assert {*first.pictures} == {*np.flatnonzero(world.marked)}
    assert dict(first.numbers)["score"] == 1.0
    assert "in the lower left" in first.title
    assert {*first.cells} <= {row * 32 + column for row in range(20, 32) for column in range(12)}


def test_a_blue_class_is_found_by_its_colours(world, found):
    blue = {finding.id: finding for finding in found.findings}["colour-2-whole"]
    assert blue.reported
    assert {*blue.pictures} == {*np.flatnonzero(world.classes == 2)}
    assert dict(blue.numbers)["score"] > 0.6
    assert dict(blue.numbers)["back: score"] > 0.6


def test_the_border_detector_finds_the_mark_too(world, found):
    (border,) = (each for each in found.findings if each.kind == "border")
    assert border.label == 1
    assert border.reported
    assert {*border.pictures} >= {*np.flatnonzero(world.marked)}


def test_nothing_is_reported_without_a_mark():
    world = World(marked=False)
    world.pictures[:, 2] = world.pictures[:, 1]  # no class is blue either
    assert [each.id for each in search(world.evidence, world).findings if each.reported] == []


def test_the_same_rows_give_the_same_findings(world, found):
    assert search(world.evidence, world) == found


def test_findings_are_sorted_and_have_names_of_their_own(found):
    findings = found.findings
    order = [(not each.reported, -each.sure) for each in findings]
    assert order == sorted(order)
    assert len({each.id for each in findings}) == len(findings)
    assert all(0 <= each.sure <= 1 and each.sentence.endswith(".") and each.pictures for each in findings)


def test_progress_ends_where_it_said_and_may_cancel(world):
    told = []
    search(world.evidence, world, Stages(lambda *stage: told.append(stage)))
    assert [*dict.fromkeys(stage for stage, *_ in told)][:3] == ["Clusters", "Tests", "Pictures of one, one by one"]
    begun = [number for number, (_, done, _) in enumerate(told) if not done]
    for first, following in zip(begun, [*begun[1:], len(told)], strict=True):
        stage, _, total = told[first]
        assert told[first:following] == [(stage, done, total) for done in range(total + 1)]

    def stop(stage, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(world.evidence, world, Stages(stop))


def test_the_number_of_passes_is_bounded(world, monkeypatch):
    monkeypatch.setattr(clusters, "MOST_TESTED", 2)
    found = search(world.evidence, world)
    assert any("the 2 most distinct were tested" in note for note in found.notes)
    assert world.passed <= 2 * PAIRS * (2 + 9 + 2 * 9)
    assert any(each.kind == "border" for each in found.findings)


def test_every_map_of_a_class_with_clusters_is_in_one(world, found):
    assigned = dict(found.clusters)
    assert {number for number, _ in assigned[1]} == {*np.flatnonzero(world.classes == 1)}
    groups = dict(assigned[1])
    assert len({groups[number] for number in np.flatnonzero(world.marked)}) == 1


def test_without_pictures_clusters_are_listed_and_nothing_is_reported(world):
    findings = search(world.evidence, None).findings
    assert {each.kind for each in findings} >= {"cluster", "colour", "border"}
    assert not any(each.reported or each.sure for each in findings)
    assert all("not tested" in each.sentence for each in findings if each.kind in ("cluster", "colour", "border"))


def test_pictures_that_are_gone_are_done_without(world):
    world.lost = {*range(0, 120, 3)}
    assert first_cluster(search(world.evidence, world).findings).label == 1
    world.lost = {*range(120)}
    assert not any(each.reported for each in search(world.evidence, world).findings)


def test_a_label_is_a_strangers_text():
    world = World()
    evidence = replace(world.evidence, names={0: "a|b", 1: "<b>*[x](y)", 2: ""})
    first = first_cluster(search(evidence, world).findings)
    assert "\\<b\\>\\*\\[x\\]\\(y\\)" in first.sentence
    assert "<b>" not in first.sentence + first.title


def test_notes_say_what_could_not_be_looked_for(found):
    assert found.notes == (
        "No picture has a box around its object, so maps that miss it weren't looked for.",
        "The maps weren't tested by deletion and insertion, so rejected maps weren't looked for.",
    )
    few = evidence_of(np.ones((24, 32, 32)), [*[0] * 21, 1, 2, 2], names={0: "zero", 1: "o|ne", 2: "two"})
    notes = search(few, None).notes
    assert "To have clusters, a class needs 20 maps that explain it. o\\|ne, two have fewer." in notes
    unlabelled = replace(few, labels=np.full(24, -1), explained=np.zeros(24, int))
    notes = search(unlabelled, None).notes
    assert "No picture has a label, so classes are the predicted ones, and there is no confusion table." in notes
    assert "There is one class only, so nothing was pasted into pictures of others." in notes


def test_without_scikit_learn_the_rest_is_found_all_the_same(world, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    found = search(world.evidence, world)
    assert {each.kind for each in found.findings} == {"border"}
    assert any("pip install -r explainers/audit/requirements.txt" in note for note in found.notes)


NOISE = np.random.default_rng(3).random((60, 32, 32))


@pytest.mark.parametrize(
    ("maps", "classes"),
    [
        (np.ones((60, 32, 32)), np.repeat([0, 1, 2], 20)),
        (np.zeros((60, 32, 32)), np.repeat([0, 1, 2], 20)),
        (NOISE, np.zeros(60, int)),
        (NOISE, np.arange(60)),
        (NOISE[:1], [0]),
        (NOISE[:0], np.zeros(0, int)),
        (np.repeat(NOISE[:2], 30, 0), np.zeros(60, int)),
        (np.repeat(NOISE[:3], 20, 0), np.tile([0, 1, 2], 20)),
        (NOISE, np.full(60, -1)),
        (np.where(np.arange(60)[:, None, None] % 2, NOISE, 0), np.repeat([0, 1], 30)),
    ],
    ids=[
        *("all equal", "all zero", "one class", "one picture a class", "one picture", "none", "two maps"),
        *("three maps", "no class", "half of them zero"),
    ],
)
def test_what_is_degenerate_reports_nothing(maps, classes):
    world = World(each=20, marked=False)
    evidence = evidence_of(maps, classes, colours=np.ones((len(maps), 6)))
    found = search(evidence, world)
    assert not any(each.reported for each in found.findings)
    assert all(np.isfinite([each.sure, *dict(each.numbers).values()]).all() for each in found.findings)
