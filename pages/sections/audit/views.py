"""The views of an audit: what was found, all maps in a plane, clusters, and what is taken for what."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explainers.audit.browsing.selection import Selection
from pages.sections.audit.audit import Audit
from pages.sections.audit.clusters import show_clusters
from pages.sections.audit.confusion import show_confusion
from pages.sections.audit.findings import show_findings
from pages.sections.audit.plane import show_plane
from pages.shared import state

VIEW_KEY = "audit-view"
Show = Callable[[Audit, Selection], None]
VIEWS: dict[str, tuple[str, Show]] = {
    "findings": ("Findings", show_findings),
    "maps": ("All maps", show_plane),
    "clusters": ("Clusters", show_clusters),
    "confusion": ("Confusion", show_confusion),
}


def choose_view(audit: Audit) -> Show:
    """Choose a view, and return what draws it."""
    name = st.segmented_control(
        "View",
        VIEWS,
        format_func=lambda name: VIEWS[name][0],
        required=True,
        key=state.setting(VIEW_KEY, "findings", VIEWS.__contains__),
        label_visibility="collapsed",
    )
    return VIEWS[name or "findings"][1]
