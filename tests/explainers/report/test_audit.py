"""The report of an audit: one file that needs nothing from outside and says what was found, and how it was computed."""

import re
from dataclasses import replace

import pytest

from explainers.audit.browsing.selection import members
from explainers.audit.browsing.subjects import cluster_subject
from explainers.audit.findings import read_findings
from explainers.audit.runs.run import Run
from explainers.report.audit import audit_report
from explainers.reviews.audit_notes import AuditNote
from tools.made_run import INDEX, made_run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return made_run(folder / "run", folder / "secret place", 120)


@pytest.fixture(scope="module")
def page(made):
    return audit_report(made, read_findings(made))


def test_it_says_what_was_found_with_pictures_and_sentences(page, made):
    for finding in read_findings(made).findings:
        assert finding.title in page
        assert finding.sentence in page
    assert page.count('class="finding"') == 3
    assert page.index("A corner that decides") < page.index("To look at") < page.index("Teapots called espresso")
    assert page.count('alt="The mean map of its pictures"') == 3
    assert len(re.findall('alt="The map over ', page)) == 8 + 8 + 8
    assert "teapot taken for espresso" in page
    assert "This file is no picture that can be read." in page


def test_it_says_how_it_was_computed_and_where_nothing_lies(page, made):
    plan = made.plan
    for said in (plan.sha256, plan.identity, "Integrated Gradients (Steps: 8, Baseline: black)", "torch 2.15.0"):
        assert said in page
    assert "120 pictures from secret place" in page
    assert str(made.folder.parent) not in page


def test_it_fills_in_what_an_audit_knows_of_the_model_card(page):
    card = page.partition('id="model-card"')[2]
    assert "whose class is known. " in card
    assert "Accuracy by class, the lowest first:" in card
    assert "The provider fills in what it is for" in card


def test_it_needs_nothing_from_outside(page):
    assert "Content-Security-Policy" in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "<script" not in page
    assert "@page" in page  # it prints


def test_nobody_has_looked_yet(tmp_path):
    page = audit_report(made_run(tmp_path / "run", tmp_path / "pictures", 40, parts=1, part=8), None)
    assert "These maps hadn't been searched for findings" in page
    assert "8 of 40 pictures" in page


def test_nothing_is_there_yet(tmp_path):
    page = audit_report(made_run(tmp_path / "run", tmp_path / "pictures", 40, parts=0, part=8), None)
    assert "0 of 40 pictures so far." in page


def test_strangers_texts_are_words_and_nothing_else(tmp_path):
    made = made_run(tmp_path / "made", tmp_path / "pictures", 8, part=8)
    evil = "<img src=x onerror=alert(1)>"
    plan = replace(made.plan, classifier=evil, source=f"/data/{evil.replace('/', '')}", versions={evil: evil})
    run = Run.create(tmp_path / "run", plan, made.cases)
    names = {"path": evil, "label": evil, "prediction": f"{evil}2"}
    run.write_part(0, [made.row(number) | names for number in range(8)])
    findings = read_findings(made)
    notes = {findings.findings[0].id: [AuditNote((evil[:29],), evil, evil)], "cluster 1 2": [AuditNote((), evil, "x")]}
    page = audit_report(run, replace(findings, notes=(evil,)), notes=notes)
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_notes_stand_with_their_finding_and_others_at_the_end(made):
    findings = read_findings(made)
    notes = {
        findings.findings[0].id: [AuditNote(("shortcut",), "Anna", "It is the mark.")],
        cluster_subject(INDEX["lion"], members(findings, INDEX["lion"], 0)): [AuditNote((), "Bert", "Looks right.")],
        f"cluster {INDEX['lion']} 1": [AuditNote((), "Cleo", "It was there.")],
    }
    page = audit_report(made, findings, notes=notes)
    assert page.index("A corner that decides") < page.index("It is the mark.") < page.index("Maps at the border")
    assert "lion, cluster 1" in page.partition("More notes")[2]
    assert page.index("More notes") < page.index("Looks right.") < page.index("Notes of an earlier search")
    assert page.index("About an earlier cluster of lion") < page.index("It was there.")
