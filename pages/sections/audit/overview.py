"""The numbers of a whole audit, and how far it has come."""

from __future__ import annotations

import html

import streamlit as st

from explainers.audit.browsing.overview import overview
from explainers.audit.runs.progress import progress
from explainers.audit.runs.titles import ASKED, classifier_title, method_title
from explainers.markdown import escaped
from explainers.numbers import counted
from pages.sections.audit.audit import Audit

POLL_INTERVAL = 5.0  # seconds between looks how far a run has come


def show_overview(audit: Audit) -> None:
    """Draw what was asked, the numbers of all rows and, while there are more to come, how far it has come."""
    plan = audit.run.plan
    st.caption(
        f"**{escaped(audit.name)}**: {escaped(classifier_title(plan))}, {escaped(method_title(plan))}. "
        f"Each map explains {ASKED[plan.asked]} ({plan.scale})."
    )
    if audit.run.missing():
        with st.container(key="audit-progress"):
            st.fragment(_show_progress, run_every=POLL_INTERVAL)(audit)
    if audit.problem:
        st.warning(escaped(audit.problem))
    numbers = "".join(
        f"<div><dt>{html.escape(number.title)}</dt><dd>{html.escape(number.value)}</dd>"
        f"<dd>{html.escape(number.hint)}</dd></div>"
        for number in overview(audit.table)
    )
    st.html(f'<dl class="audit-numbers">{numbers}</dl>')
    if audit.table.unmatched:
        st.caption(escaped(audit.table.unmatched))


def _show_progress(audit: Audit) -> None:
    """Draw how far the run has come; what has come since the page was drawn is shown on a click, or all would jump."""
    now = progress(audit.run)
    st.progress(now.pictures / max(1, now.total), escaped(now.sentence))
    more = now.pictures - len(audit.table)
    label = f"Show {counted(more, 'more picture')}" if more > 0 else "Some pictures are gone: show what is left"
    if more and st.button(label, key="show-more-pictures"):
        st.rerun()
