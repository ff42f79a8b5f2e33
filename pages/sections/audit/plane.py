"""All maps as points in a plane, where alike ones are neighbours, and the line that somebody draws around some."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from explainers.arrays import Array
from explainers.audit.browsing.measures import MEASURES
from explainers.audit.browsing.selection import Selection, selected, thinned
from explainers.audit.runs.columns import UNKNOWN
from explainers.figures import plane
from explainers.figures.audit import GROUP_COLOURS, MAX_DRAWN
from explainers.numbers import counted
from pages.sections.audit.audit import Audit
from pages.sections.audit.choosing import LASSO_KEY, line_texts, look_at
from pages.shared import state

CHART_KEY, COLOUR_KEY = "maps-in-plane", "coloured-by"
GROUPINGS = {
    "class": "Class that they show",
    "prediction": "Class that they are taken for",
    "answer": "Right or wrong",
    "cluster": "Cluster",
}
NEED_CLASSES = "class", "answer"  # of which there is nothing to see where no picture's class is known
HOW_TO = (
    "**Draw a line around some points** to see their pictures. Similar maps lie close together; the axes have no "
    "meaning."
)
NO_PLANE = "The maps aren't laid out as points yet. The command does so once all are computed."
REST = {"class": "class unknown", "prediction": "no answer", "answer": "not known", "cluster": "in no cluster"}
OTHERS = "others"  # where groups are among the rest, too


def show_plane(audit: Audit, selection: Selection) -> None:
    """Draw the maps as points; what isn't looked at is pale."""
    findings = audit.findings
    if not findings or not findings.embedding:
        if not audit.problem:  # which says why there are none
            st.info(NO_PLANE)
        return
    numbers, *coordinates = np.array(findings.embedding, float).T
    rows = audit.table.places(numbers.astype(int))
    groupings = {name: title for name, title in GROUPINGS.items() if audit.has_classes or name not in NEED_CLASSES}
    offered = groupings | {name: MEASURES[name].title for name in MEASURES if _is_there(audit, name)}
    by: str = st.selectbox(
        "Coloured by",
        offered,
        format_func=lambda name: f"Coloured by: {offered[name].lower()}",
        key=state.setting(COLOUR_KEY, next(iter(offered)), offered.__contains__),
        label_visibility="collapsed",
    )
    st.caption(HOW_TO)
    seen = np.isin(rows, selected(audit.table, findings, selection))
    everything = {offered[by]: np.arange(len(rows))}
    groups, others = _groups(audit, by, rows, selection) if by in GROUPINGS else (everything, "")
    values = None if by in GROUPINGS else audit.table.measures[by][rows]
    st.plotly_chart(
        plane(np.stack(coordinates, 1), groups, seen, selection.lasso, values, others=others),
        key=CHART_KEY,
        on_select=_keep_line,
        selection_mode="lasso",
        config={"displaylogo": False, "modeBarButtons": [["zoom2d", "pan2d", "lasso2d", "resetScale2d"]]},
        alt=f"{counted(len(rows), 'map')} as points, coloured by {offered[by].lower()}; {int(seen.sum()):,} are looked "
        "at. The filters choose the same pictures without a mouse.",
    )
    if len(rows) > MAX_DRAWN:
        st.caption(f"{MAX_DRAWN:,} of {len(rows):,} are drawn; a line selects among all of them.")
    if selection.lasso:
        st.button("Remove the line", key="clear-line", on_click=look_at, kwargs={LASSO_KEY: []})


def _keep_line() -> None:
    """Keep the line that was drawn; a mere click selects nothing and changes nothing."""
    for line in state.widget(CHART_KEY)["selection"]["lasso"]:
        corners = thinned(line["x"], line["y"])
        if len(corners) > 2:
            look_at(**{LASSO_KEY: line_texts(corners)})


def _is_there(audit: Audit, name: str) -> bool:
    return bool(np.isfinite(audit.table.measures[name]).any())


def _groups(audit: Audit, by: str, rows: Array, selection: Selection) -> tuple[Mapping[str, Array], str]:
    """Return which points belong together, the largest groups by their titles, and the title of all others."""
    titles = np.array(_titles(audit, by, rows, selection), object)
    names, counts = np.unique(titles[titles != ""], return_counts=True)
    largest = names[np.argsort(-counts, kind="stable")][: len(GROUP_COLOURS)]
    groups = {str(title): np.flatnonzero(titles == title) for title in sorted(largest)}
    others = REST[by] if len(largest) == len(names) else OTHERS
    rest = np.flatnonzero(~np.isin(titles, largest))
    return groups | ({others: rest} if len(rest) else {}), others


def _titles(audit: Audit, by: str, rows: Array, selection: Selection) -> list[str]:
    """Return the title of each point's group; empty where it has none."""
    table = audit.table
    if by in ("class", "prediction"):
        indexes = table.labels if by == "class" else table.predictions
        return ["" if index == UNKNOWN else audit.class_name(int(index)) for index in indexes[rows]]
    if by == "answer":
        return [{1: "right", 0: "wrong"}.get(int(correct), "") for correct in table.correct[rows]]
    clusters = {
        number: f"{audit.class_name(label)} {cluster + 1}"
        for label, assigned in (audit.findings.clusters if audit.findings else ())
        for number, cluster in assigned
        if selection.label in (None, label)
    }
    return [clusters.get(int(number), "") for number in table.numbers[rows]]
