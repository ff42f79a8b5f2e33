"""What was found: a list, the surest first, and each with its pictures and what people say of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explainers.audit.browsing.selection import Selection, finding_of
from explainers.audit.findings.finding import AuditFinding
from explainers.audit.runs.rows import MAP_SIDE
from explainers.audit.runs.titles import excess
from explainers.figures.audit_pictures import map_picture
from explainers.markdown import plain
from explainers.numbers import counted, short
from pages.sections.audit.audit import Audit
from pages.sections.audit.choosing import FINDING_KEY, look_at
from pages.sections.audit.notes import Noted, noted, show_earlier_notes, show_notes
from pages.sections.audit.pager import show_pager, shown_of

FINDINGS_KEY, FINDINGS_SHOWN = "findings-page", 6
LIST_SIDE, ONE_SIDE = 96, 224  # pixels of a mean map
NOT_YET = (
    "These maps haven't been searched for findings yet. The command does so once all are computed; until then, "
    "Confusion and the filters show the pictures that are done."
)
HOW_TO = (
    "**Look** shows a finding's pictures: open some on Explain, and write down what you think. Findings marked “To "
    "look at” are less certain and may be chance."
)
NOTHING, NOTHING_HERE = "There are no findings.", "There are no findings about this class."
OUTDATED = "These are the findings in the first {count}. More have come since, and the same command looks again."


def show_findings(audit: Audit, selection: Selection) -> None:
    """Draw the list of what was found, or the finding that is chosen."""
    findings = audit.findings
    if findings is None:
        if not audit.problem:  # which says why there are none
            st.info(NOT_YET)
        show_earlier_notes(audit)
        return
    if findings.pictures < len(audit.table):
        st.caption(OUTDATED.format(count=counted(findings.pictures, "picture")))
    if chosen := finding_of(findings, selection.finding):
        _show_one(audit, chosen)
        return
    listed = [each for each in findings.findings if selection.label in (None, each.label)]
    if not listed:
        st.info(NOTHING if selection.label is None else NOTHING_HERE)
    else:
        st.caption(HOW_TO)
    said = noted(audit)
    reported = sum(each.reported for each in listed)
    if listed and not reported:
        st.markdown("**No finding is sure enough to be reported.**")
    _show_list(audit, listed, said)
    for sentence in findings.notes:
        st.caption(sentence)
    show_earlier_notes(audit)


def _show_list(audit: Audit, listed: Sequence[AuditFinding], said: Noted) -> None:
    shown = shown_of(FINDINGS_KEY, len(listed), FINDINGS_SHOWN)
    for number in shown:
        finding = listed[number]
        with st.container(horizontal=True, vertical_alignment="center", key=f"finding-row-{number}", gap="small"):
            _draw_map(finding, LIST_SIDE)
            with st.container(key=f"finding-about-{number}", gap=None):
                st.markdown(f"{_badge(finding)} **{finding.title}**")
                st.markdown(finding.sentence)
                st.caption(_facts(finding, said))
            st.button(
                "Look",
                key=f"look-at-finding-{number}",
                on_click=look_at,
                kwargs={FINDING_KEY: finding.id},
                help=f"Show the pictures of: {plain(finding.title)}",
            )
    show_pager(FINDINGS_KEY, len(listed), FINDINGS_SHOWN, "finding")


def _show_one(audit: Audit, finding: AuditFinding) -> None:
    st.button(
        "All findings",
        key="all-findings",
        icon=":material/arrow_back:",
        on_click=look_at,
        kwargs={FINDING_KEY: ""},
    )
    with st.container(horizontal=True, key="finding-one"):
        _draw_map(finding, ONE_SIDE)
        with st.container(key="finding-one-about", gap="small"):
            st.markdown(f"{_badge(finding)} **{finding.title}**")
            st.markdown(finding.sentence)
            st.caption(finding.caveat)
            st.markdown("\n".join(f"- {name}: {short(value)}" for name, value in finding.numbers))
    show_notes(audit, finding.id)


def _draw_map(finding: AuditFinding, side: int) -> None:
    if len(finding.mean_map) == MAP_SIDE**2:
        heat = np.array(finding.mean_map).reshape(MAP_SIDE, MAP_SIDE)
        st.image(map_picture(heat, side), width=side, alt=f"The mean map of: {plain(finding.title)}")
    else:
        st.container(width=side)


def _badge(finding: AuditFinding) -> str:
    return ":red-badge[Found]" if finding.reported else ":gray-badge[To look at]"


def _facts(finding: AuditFinding, said: Noted) -> str:
    facts = [excess(finding), counted(len(finding.pictures), "picture")]
    if notes := said.get(finding.id):
        facts.append(counted(len(notes), "note"))
        facts += [f"**{tag}**" for tag in said.tags(finding.id)]
    return " · ".join(facts)
