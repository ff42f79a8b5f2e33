"""What the Trust page's tests have found for this very map, in one line."""

from __future__ import annotations

import streamlit as st

from explainers import Explainer, Explanation
from explainers.experiments.verdict import verdict
from explainers.question import Question
from pages.shared import state
from pages.shared.findings import known_findings


def show_verdict(explainer: Explainer, question: Question, explanation: Explanation) -> None:
    """Say what the tests that have been run found, with a link to the page that runs them. Nothing is run here."""
    findings = list(known_findings(explainer, question, explanation).values())
    summary = verdict(findings) if findings else "**Not tested yet.**"
    st.markdown("**Verdict**")
    st.page_link(
        "pages/trust.py",
        label=f"{summary} {'More' if findings else 'Test this map'} on the Trust page",
        icon=":material/verified_user:",
        query_params=state.settings(),
    )
