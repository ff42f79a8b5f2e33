"""Widgets that choose the audit, and which of its pictures are looked at; all of it stands in the address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from explainers.arrays import Array
from explainers.audit.browsing.measures import MEASURES
from explainers.audit.browsing.selection import JUDGED, MAX_CORNERS, OUTCOMES, Point, Selection, finding_of
from explainers.audit.runs.shelf import ShelvedRun
from explainers.figures import spread
from explainers.numbers import short
from pages.sections.audit.audit import Audit
from pages.shared import state
from pages.shared.frame import NoResult
from pages.shared.tiles import NO_MODE_BAR

RUN_KEY = "run"
LABEL_KEY, PREDICTION_KEY, OUTCOME_KEY = "shows", "called", "outcome"
FINDING_KEY, CLUSTER_KEY, LASSO_KEY = "finding", "cluster", "lasso"
MEASURE_KEY, RANGE_KEY, RISING_KEY = "measure", "between", "rising"
PICTURES_KEY = "pictures"  # of the number of the page of pictures
RANGE_SLIDER = "range-of-measure"
ALL, NO_MEASURE = "", ""
DEFAULTS: Mapping[str, Any] = {
    LABEL_KEY: ALL,
    PREDICTION_KEY: ALL,
    OUTCOME_KEY: "all",
    FINDING_KEY: "",
    CLUSTER_KEY: "",
    LASSO_KEY: [],
    MEASURE_KEY: NO_MEASURE,
    RANGE_KEY: [],
    RISING_KEY: False,
}
CLUSTER = re.compile(r"(\d{1,6})\.(\d{1,4})")
MAX_ID = 120  # characters of a finding's name


def choose_audit(shelved: Mapping[str, ShelvedRun]) -> Audit | None:
    """Choose an audit of the list, and read it; None for the list. Raises ExplanationError, NoResult."""
    if not shelved:
        return None
    names = ("", *shelved)
    name: str = st.selectbox(
        "Audit",
        names,
        format_func=lambda name: name or "All audits",
        key=state.setting(RUN_KEY, "", names.__contains__),
        on_change=start_anew,
    )
    if not name:
        return None
    entry = shelved[name]
    if entry.run is None:
        raise NoResult(entry.problem, "error")
    return Audit.of(name, entry.run)


def choose_selection(audit: Audit) -> Selection:
    """Choose which pictures are looked at."""
    table = audit.table
    st.markdown("**Which pictures?**")
    label = _choose_class("They show", LABEL_KEY, audit, table.labels)
    prediction = _choose_class("They are taken for", PREDICTION_KEY, audit, table.predictions)
    outcomes = [outcome for outcome in OUTCOMES if audit.has_classes or outcome not in JUDGED]
    outcome = st.segmented_control(
        "Answer",
        outcomes,
        format_func=OUTCOMES.__getitem__,
        required=True,
        key=state.setting(OUTCOME_KEY, "all", outcomes.__contains__),
        on_change=first_page,
        help="Broken ones couldn't be read or explained, so they have no map.",
    )
    measure, low, high, rising = _choose_measure(audit)
    finding = state.value(state.setting(FINDING_KEY, "", lambda text: len(text) <= MAX_ID), "")
    cluster = state.value(state.setting(CLUSTER_KEY, "", _is_cluster_or_none), "")
    corners = state.value(state.setting(LASSO_KEY, [], _is_line), [])
    selection = Selection(
        label=label,
        prediction=prediction,
        outcome=outcome or "all",
        finding=finding if finding_of(audit.findings, finding) else "",
        cluster=_parsed_cluster(cluster),
        lasso=_points(corners),
        measure=measure,
        rising=rising,
        low=low,
        high=high,
    )
    if selection != Selection():
        st.button("Show all pictures", key="clear-selection", on_click=start_anew)
    return selection


def start_anew() -> None:
    """Look at all pictures of an audit from the next run on."""
    for key, default in DEFAULTS.items():
        state.choose(key, default)
    first_page()


def look_at(**chosen: Any) -> None:
    """Look at other pictures from the next run on; what the keys don't name stays as it is."""
    for key, value in chosen.items():
        state.choose(key, value)
    first_page()


def first_page() -> None:
    """Show the first of the pictures from the next run on."""
    state.choose(PICTURES_KEY, 1)


def cluster_text(label: int, cluster: int) -> str:
    """Write a cluster of a class as it stands in addresses."""
    return f"{label}.{cluster}"


def line_texts(corners: Sequence[Point]) -> list[str]:
    """Write the corners of a line as they stand in addresses."""
    return [f"{number:.4g}" for corner in corners for number in corner]


def _choose_class(label: str, key: str, audit: Audit, indexes: Array) -> int | None:
    """Choose one of the classes that occur; None for all."""
    classes = audit.table.classes(indexes)
    names = [audit.class_name(index) for index in classes]
    texts = {
        str(index): f"{name} ({index})" if names.count(name) > 1 else name
        for index, name in zip(classes, names, strict=True)
    }
    options = (ALL, *texts)
    chosen: str = st.selectbox(
        label,
        options,
        format_func=lambda index: texts.get(index, "Any class"),
        key=state.setting(key, ALL, options.__contains__),
        on_change=first_page,
    )
    return int(chosen) if chosen else None


def _choose_measure(audit: Audit) -> tuple[str, float | None, float | None, bool]:
    """Choose what the pictures are sorted by, and between which values; return both, and which end comes first."""
    offered = [name for name in MEASURES if np.isfinite(audit.table.measures[name]).any()]
    options = (NO_MEASURE, *offered)
    name: str = st.selectbox(
        "Sorted by",
        options,
        format_func=lambda name: MEASURES[name].title if name else "Place in the list",
        key=state.setting(MEASURE_KEY, NO_MEASURE, options.__contains__),
        on_change=_forget_range,
    )
    state.setting(RANGE_KEY, [], _is_range)
    rising_key = state.setting(RISING_KEY, False)
    if not name:
        return NO_MEASURE, None, None, False
    st.caption(MEASURES[name].hint)
    values = audit.table.measures[name]
    least, most = float(np.nanmin(values)), float(np.nanmax(values))
    low, high = map(float, state.value(RANGE_KEY, []) or (least, most))
    title = MEASURES[name].title
    st.plotly_chart(
        spread(values, low, high),
        key="spread",
        config=NO_MODE_BAR,
        alt=f"{title}: from {short(least)} to {short(most)}, most often about {short(float(np.nanmedian(values)))}",
    )
    if least < most:
        state.prefer(RANGE_SLIDER, (max(least, min(low, most)), min(most, max(high, least))))
        st.slider("Between", least, most, step=(most - least) / 200, key=RANGE_SLIDER, on_change=_keep_range)
    rising = st.toggle("Lowest first", key=rising_key, on_change=first_page)
    chosen = state.value(RANGE_KEY, [])
    return name, *(map(float, chosen) if chosen else (None, None)), rising


def _keep_range() -> None:
    low, high = state.widget(RANGE_SLIDER)
    look_at(**{RANGE_KEY: [f"{low:.6g}", f"{high:.6g}"]})


def _forget_range() -> None:
    look_at(**{RANGE_KEY: []})


def _parsed_cluster(text: str) -> tuple[int, int] | None:
    found = CLUSTER.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def _is_cluster_or_none(text: str) -> bool:
    return not text or CLUSTER.fullmatch(text) is not None


def _is_line(texts: Sequence[str]) -> bool:
    """Whether these are the corners of a line, or no texts at all."""
    return not texts or (len(texts) % 2 == 0 and 6 <= len(texts) <= 2 * MAX_CORNERS and _are_numbers(texts))


def _is_range(texts: Sequence[str]) -> bool:
    return not texts or (len(texts) == 2 and _are_numbers(texts))


def _are_numbers(texts: Sequence[str]) -> bool:
    try:
        return bool(np.isfinite([float(text) for text in texts]).all())
    except ValueError:
        return False


def _points(texts: Sequence[str]) -> tuple[Point, ...]:
    numbers = [float(text) for text in texts]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
