"""The clusters of each class's maps: what each looks like on average, and how many pictures it has."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explainers.audit.browsing.selection import Selection, clusters, members
from explainers.audit.browsing.subjects import cluster_subject
from explainers.audit.findings.clusters import SMALLEST_CLASS
from explainers.figures.audit_pictures import map_picture
from explainers.markdown import escaped
from explainers.numbers import counted, percent
from pages.sections.audit.audit import Audit
from pages.sections.audit.choosing import CLUSTER_KEY, cluster_text, look_at
from pages.sections.audit.mosaic import choose_from_mosaic
from pages.sections.audit.notes import show_earlier_notes, show_notes
from pages.sections.audit.pager import show_pager, shown_of

CLUSTERS_KEY, CLUSTERS_SHOWN = "clusters-page", 24
NOT_YET = "There are no clusters yet. The command looks for them once all maps are computed."
NO_CLUSTERS = f"There are no clusters. A class needs {SMALLEST_CLASS} maps that explain it."
HOW_TO = "Each tile is the **mean map** of a cluster. Click on one to see its pictures; “They show” chooses a class."


def show_clusters(audit: Audit, selection: Selection) -> None:
    """Draw the mean map of each cluster, of all classes or of the one that is chosen."""
    findings = audit.findings
    found = clusters(findings, selection.label) if findings else []
    if not findings or not found:
        if not audit.problem:  # which says why there are none
            st.info(NO_CLUSTERS if findings else NOT_YET)
        show_earlier_notes(audit)
        return
    shown = [found[number] for number in shown_of(CLUSTERS_KEY, len(found), CLUSTERS_SHOWN)]
    tiles = {}
    for label, cluster, count in shown:
        mean = audit.table.mean_map(audit.table.places(np.array(members(findings, label, cluster))))
        if mean is not None:
            name = f"{audit.class_name(label)}, cluster {cluster + 1}: {count:,}"
            tiles[cluster_text(label, cluster)] = (name, map_picture(mean))
    st.caption(HOW_TO)
    chosen = cluster_text(*selection.cluster) if selection.cluster else ""
    choose_from_mosaic("Clusters", "cluster-tiles", tiles, chosen, lambda text: look_at(**{CLUSTER_KEY: text}))
    show_pager(CLUSTERS_KEY, len(found), CLUSTERS_SHOWN, "cluster")
    if selection.cluster:
        _show_one(audit, *selection.cluster)
    show_earlier_notes(audit)


def _show_one(audit: Audit, label: int, cluster: int) -> None:
    """Say how many pictures of its class a cluster has, and what people say of it."""
    findings = audit.findings
    own = members(findings, label, cluster)
    total = sum(count for _, _, count in clusters(findings, label)) if findings else 0
    wrong = int((audit.table.correct[audit.table.places(np.array(own))] == 0).sum())
    st.markdown(
        f"**{escaped(audit.class_name(label))}, cluster {cluster + 1}**: {len(own):,} of "
        f"{counted(total, 'picture')} of this class ({percent(len(own) / max(1, total))}), {wrong:,} with a wrong "
        "answer."
    )
    show_notes(audit, cluster_subject(label, own))
