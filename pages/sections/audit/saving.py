"""An audit as files: a report to read, print or send, and its rows as a table."""

from __future__ import annotations

import streamlit as st

from explainers.audit.browsing.export import as_csv
from explainers.audit.browsing.selection import Selection, selected
from explainers.report.audit import audit_report
from pages.sections.audit.audit import Audit
from pages.sections.audit.notes import noted


def offer_downloads(audit: Audit, selection: Selection) -> None:
    """Offer the report of the whole audit, and the rows of the pictures that are looked at."""
    st.markdown("**Save**")
    with st.container(horizontal=True, key="audit-downloads"):
        st.download_button("Report (HTML)", lambda: _report(audit), "audit.html", key="audit-report", on_click="ignore")
        st.download_button(
            "Table (CSV)", lambda: _rows(audit, selection), "audit.csv", key="audit-csv", on_click="ignore"
        )
    st.caption("The report is about the whole audit, the table about the pictures that the filters leave.")


def _report(audit: Audit) -> str:
    notes = {subject: tuple(each.note for each in written) for subject, written in noted(audit).notes.items()}
    return audit_report(audit.run, audit.findings, notes=notes)


def _rows(audit: Audit, selection: Selection) -> str:
    places = selected(audit.table, audit.findings, selection)
    return as_csv(audit.run, [int(number) for number in audit.table.numbers[places]])
