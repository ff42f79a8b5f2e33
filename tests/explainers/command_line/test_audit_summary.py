"""What an audit prints is for people, or for programs."""

import json

import pytest

from explainers.audit.findings.finding import AuditFinding, Findings
from explainers.audit.runs.run import Run
from explainers.audit.runs.summary import Summary
from explainers.command_line.audit_summary import document, text
from explainers.command_line.pictures import as_json_line

SUMMARY = Summary(3, 3, 2, 1, (("torn.png", "It is torn."),))


def finding(number, reported):
    sentence = f"**{number} pictures** of \\_espresso\\_ have it\x1b[31m."
    return AuditFinding(
        f"id{number}", "cluster", "A mark", sentence, "It proves nothing.", 3, 0.9, reported, (2, 0), (0.5,), (1,),
        (("flips", 0.25), ("undefined", float("nan"))),
    )  # fmt: skip


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path / "our runs" / "run", None)


def found(*findings):
    return Findings("whypixel audit findings", 1, "run", 3, findings, (), (), ("Boxes are missing.",))


def test_people_are_told_what_is_more_than_chance(run):
    lines = text(run, SUMMARY, found(finding(7, True), finding(5, False))).splitlines()
    assert lines == [
        "2 of 3 pictures have a map.",
        "The classifier is right about 50.0% of the 2 pictures whose class is known.",
        "1 picture has none:",
        "  torn.png: It is torn.",
        "1. 7 pictures of _espresso_ have it\\x1b[31m.",
        "1 less sure finding is on the page, and may be chance.",
        "Boxes are missing.",
        f"For a report in one file: python -m explainers audit-report '{run.folder}' --out report.html",
        f"To look at it, open the page Audit: WHYPIXEL_RUNS='{run.folder.parent}' streamlit run dashboard.py",
    ]
    assert "No finding is sure enough to be reported." in text(run, SUMMARY, found())


def test_programs_get_everything_but_the_maps(run):
    row = json.loads(as_json_line(document(run, SUMMARY, found(finding(7, True)))))
    assert (row["pictures"], row["labelled"], row["accuracy"]) == (3, 2, 0.5)
    assert row["broken"] == [{"picture": "torn.png", "error": "It is torn."}]
    assert row["notes"] == ["Boxes are missing."]
    assert row["findings"][0] == {
        "id": "id7",
        "kind": "cluster",
        "title": "A mark",
        "sentence": "**7 pictures** of \\_espresso\\_ have it\x1b[31m.",
        "caveat": "It proves nothing.",
        "label": 3,
        "sure": 0.9,
        "reported": True,
        "pictures": [2, 0],
        "numbers": [["flips", 0.25], ["undefined", "nan"]],
    }
