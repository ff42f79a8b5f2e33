"""What the Trust page's tests have found for this very map, in one line."""

from __future__ import annotations

import streamlit as st

from explainers import Explainer, Explanation
from explainers.experiments import Experiment, Finding, Pointing, Randomisation, Removal, Stability
from explainers.experiments.verdict import verdict
from explainers.question import Question
from pages.shared import state, work
from pages.shared.own_picture import BOX_KEY

TESTS = (Removal, Randomisation, Stability, Pointing)


def show_verdict(explainer: Explainer, question: Question, explanation: Explanation) -> None:
    """Say what the tests that have been run found, with a link to the page that runs them. Nothing is run here."""
    findings = known_findings(explainer, question, explanation)
    summary = verdict(findings) if findings else "**Not tested yet.**"
    st.markdown("**Verdict**")
    st.page_link(
        "pages/trust.py",
        label=f"{summary} {'More' if findings else 'Test this map'} on the Trust page",
        icon=":material/verified_user:",
        query_params=state.settings(),
    )


def known_findings(explainer: Explainer, question: Question, explanation: Explanation) -> list[Finding]:
    """Return what the tests of this map found when each of them was run last; that of a box only for this visitor's."""
    latest: dict[type[Experiment], Finding] = {}
    for experiment, outcome in work.known_outcomes(explainer, question, explanation):
        if isinstance(experiment, TESTS) and not _has_another_box(experiment):
            latest[type(experiment)] = outcome.finding
    return list(latest.values())


def _has_another_box(experiment: Experiment) -> bool:
    """Whether an experiment is about a box that isn't the one that this visitor has drawn."""
    if not isinstance(experiment, Pointing):
        return False
    drawn: list[str] = state.value(BOX_KEY, [])
    return drawn != [str(int(edge)) for edge in experiment.box or ()]
