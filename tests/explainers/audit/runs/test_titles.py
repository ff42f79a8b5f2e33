"""A plan and a finding in words, known here or not."""

from dataclasses import replace

import pytest

from explainers.audit.findings import read_findings
from explainers.audit.runs.plan import ASKED as ALL_ASKED
from explainers.audit.runs.titles import ASKED, classifier_title, excess, method_title
from tools.made_run import made_run


@pytest.fixture
def run(tmp_path):
    return made_run(tmp_path / "run", tmp_path / "pictures", 20)


def test_what_is_known_has_its_title_and_what_isnt_its_name(run):
    assert (classifier_title(run.plan), method_title(run.plan)) == ("PocketNet", "Integrated Gradients")
    strange = replace(run.plan, classifier="gone", method="forgotten")
    assert (classifier_title(strange), method_title(strange)) == ("gone", "forgotten")
    assert {*ASKED} == {*ALL_ASKED}


def test_how_sure_a_finding_is_is_no_probability(run):
    finding = read_findings(run).findings[0]
    assert excess(finding) == "At least 92.0 percentage points above the comparison"
    assert excess(replace(finding, sure=0.0)) == "No difference is certain"
