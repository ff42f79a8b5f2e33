"""Which pictures of a run are looked at: every filter alone, several together, and what an address could say."""

import numpy as np
import pytest

from explainers.audit.browsing.selection import (
    MAX_CORNERS,
    Selection,
    clusters,
    confused,
    finding_of,
    in_words,
    members,
    selected,
    thinned,
)
from explainers.audit.browsing.table import read_table
from explainers.audit.findings import read_findings
from tools.made_run import INDEX, made_run

TEAPOT, ESPRESSO = INDEX["teapot"], INDEX["espresso"]
EVERYWHERE = ((-99.0, -99.0), (99.0, -99.0), (99.0, 99.0), (-99.0, 99.0))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of 150 pictures, its rows and what was found in them."""
    folder = tmp_path_factory.mktemp("made")
    run = made_run(folder / "run", folder / "pictures", 150)
    return run, read_table(run), read_findings(run)


@pytest.fixture
def chosen(made):
    """(**selection) -> the places that are selected."""
    _, table, findings = made
    return lambda **selection: selected(table, findings, Selection(**selection))


def test_nothing_that_is_chosen_is_all_in_their_order(made, chosen):
    assert chosen().tolist() == [*range(150)]
    assert in_words(*made[1:], Selection()) == ""


def test_classes_answers_and_broken_ones(made, chosen):
    _, table, _ = made
    assert {*table.labels[chosen(label=TEAPOT)]} == {TEAPOT}
    assert len(chosen(label=TEAPOT)) == 30
    assert len(chosen(label=12345)) == 0
    wrong = chosen(label=TEAPOT, outcome="wrong")
    assert 0 < len(wrong) < 30
    assert {*table.predictions[wrong]} == {ESPRESSO}
    assert wrong.tolist() == chosen(label=TEAPOT, prediction=ESPRESSO).tolist()
    assert [table.errors[place] for place in chosen(outcome="broken")] == ["This file is no picture that can be read."]
    assert len(chosen(outcome="correct")) + len(chosen(outcome="wrong")) + len(chosen(outcome="broken")) == 150


def test_pictures_of_a_finding_come_in_its_order(made, chosen):
    _, table, findings = made
    finding = findings.findings[0]
    assert table.numbers[chosen(finding=finding.id)].tolist() == [*finding.pictures]
    assert len(chosen(finding="no such finding")) == 0
    assert finding_of(findings, "no such finding") is None
    assert finding_of(None, finding.id) is None


def test_clusters_partition_their_class(made, chosen):
    _, table, findings = made
    own = [(cluster, count) for label, cluster, count in clusters(findings, TEAPOT)]
    assert [cluster for cluster, _ in own] == [0, 1]
    for cluster, count in own:
        places = chosen(cluster=(TEAPOT, cluster))
        assert len(places) == count == len(members(findings, TEAPOT, cluster))
        assert {*table.labels[places]} == {TEAPOT}
    assert sum(count for *_, count in clusters(findings)) == int(table.has_map.sum())
    assert len(chosen(cluster=(TEAPOT, 99))) == 0


def test_a_line_takes_in_what_lies_within_it_and_nothing_else(made, chosen):
    _, table, findings = made
    assert chosen(lasso=EVERYWHERE).tolist() == np.flatnonzero(table.has_map).tolist()
    assert len(chosen(lasso=tuple((x + 1000, y) for x, y in EVERYWHERE))) == 0
    notched = ((0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (4.0, 1.0), (0.0, 8.0))  # without what lies in its notch
    places = {number: (x, y) for number, x, y in findings.embedding}

    def is_inside(x, y):
        return 0 < x < 8 and 0 < y < (8 - 7 * x / 4 if x < 4 else 7 * (x - 4) / 4 + 1)

    expected = {number for number, (x, y) in places.items() if is_inside(x, y)}
    assert 0 < len(expected) < len(places)
    assert {int(number) for number in table.numbers[chosen(lasso=notched)]} == expected
    assert chosen(lasso=tuple(reversed(notched))).tolist() == chosen(lasso=notched).tolist()


def test_a_measure_sorts_and_bounds(made, chosen):
    _, table, _ = made
    gaps = table.measures["gap"]
    falling, rising = chosen(measure="gap"), chosen(measure="gap", rising=True)
    assert (np.diff(gaps[falling]) <= 0).all()
    assert (np.diff(gaps[rising]) >= 0).all()
    assert len(falling) == int(table.has_map.sum())  # what has none can't be sorted
    low, high = sorted(gaps[falling][[10, 40]])
    assert len(chosen(measure="gap", low=low, high=high)) == 31
    assert len(chosen(measure="deletion_beaten")) == 0  # which this run hasn't


def test_several_filters_hold_together(made, chosen):
    both = chosen(label=TEAPOT, outcome="wrong", lasso=EVERYWHERE, measure="gap", cluster=(TEAPOT, 1))
    assert {*both} == {*chosen(label=TEAPOT, outcome="wrong")} & {*chosen(cluster=(TEAPOT, 1))}


def test_what_is_looked_at_is_said(made):
    _, table, findings = made
    selection = Selection(TEAPOT, ESPRESSO, "wrong", findings.findings[0].id, (TEAPOT, 1), EVERYWHERE, "gap", low=0.1)
    said = in_words(table, findings, selection)
    assert said.startswith("of “A corner that decides”, in cluster 2 of teapot, inside your line, that show teapot, ")
    assert said.endswith("taken for espresso, with a wrong answer, with completeness gap above 10.0%")
    assert in_words(table, findings, Selection(measure="gap", high=0.2)) == "with completeness gap below 20.0%"
    assert in_words(table, findings, Selection(measure="gap")) == ""


def test_wrong_answers_are_counted_by_kind_the_most_frequent_first(made):
    _, table, _ = made
    cells = confused(table)
    assert sum(len(places) for *_, places in cells) == int((table.correct == 0).sum())
    assert [len(places) for *_, places in cells] == sorted((len(places) for *_, places in cells), reverse=True)
    for label, said, places in cells:
        assert label != said
        assert {*table.labels[places]} == {label}
        assert {*table.predictions[places]} == {said}


def test_before_anything_was_found_the_rows_can_still_be_chosen(made):
    _, table, _ = made
    assert len(selected(table, None, Selection(label=TEAPOT))) == 30
    assert len(selected(table, None, Selection(lasso=EVERYWHERE))) == 0
    assert len(selected(table, None, Selection(cluster=(TEAPOT, 0)))) == 0


@pytest.mark.parametrize("count", [0, 1, 3, MAX_CORNERS, MAX_CORNERS + 1, 1000])
def test_a_line_has_room_in_an_address(count):
    corners = thinned(range(count), range(count))
    assert len(corners) <= MAX_CORNERS
    assert len(corners) >= min(count, MAX_CORNERS // 2)
