"""All measures for several methods, as a table and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from explainers import EXPLAINERS, Explainer, ExplanationError
from pages.sections.trust.section import Section, want, wanted
from pages.shared import state, work
from pages.shared.look import last_look
from pages.shared.question import Question

REMARKS = "remarks"
MANY = 6  # methods at a time: each goes through every experiment


class TableSection:
    """Which methods; the table and its download when they have been through all experiments."""

    def __init__(self, explainer: Explainer) -> None:
        st.markdown(
            "#### All measures, for several methods\n"
            "Every method goes through the experiments above, with their settings. **Do not add the columns up**: they "
            "measure different things, and metrics of maps are known to disagree."
        )
        kinds = {kind.slug(): kind for kind in EXPLAINERS}
        chosen = st.multiselect(
            "Methods",
            kinds,
            format_func=lambda slug: kinds[slug].title,
            max_selections=MANY,
            key=state.setting("trust-methods", [], lambda slugs: len(slugs) <= MANY and {*slugs} <= {*kinds}),
            help="The method of this page with its settings, the others with their usual ones.",
        )
        self._methods = [explainer if slug == explainer.slug() else kinds[slug]() for slug in chosen]
        self._place = st.container(key="measures")

    def show(self, asked: Question, sections: Sequence[Section]) -> None:
        """Draw the table, or a button that says what it costs."""
        if not self._methods:
            return
        with self._place:
            key = (*self._methods, asked.classifier.identity, asked.photo.digest, asked.target)
            if not wanted(key):
                cost = sum(_cost(method, asked, sections) for method in self._methods)
                st.button(f"Compute: up to {cost:,} passes", key="run-table", on_click=want, args=(key,))
                return
            rows = [_row(method, asked, sections) for method in self._methods]
            names = dict.fromkeys(name for row in rows for name in row)
            columns = [name for name in names if name != REMARKS or any(row[name] for row in rows)]
            st.dataframe([{name: row.get(name) for name in columns} for row in rows], key="table", hide_index=True)
            st.download_button("Download as CSV", _file(rows, columns, asked), "trust.csv", "text/csv", key="csv")


def _cost(method: Explainer, asked: Question, sections: Sequence[Section]) -> int:
    passes = [each.passes(method, asked.classifier) for section in sections for each in section.experiments()]
    return method.passes(asked.classifier) + sum(passes)


def _row(method: Explainer, asked: Question, sections: Sequence[Section]) -> dict[str, Any]:
    """A method's measures by name; what could not be measured is said in its remarks."""
    about: dict[str, Any] = {"method": method.title}
    measures: dict[str, float | None] = {}
    remarks: list[str] = []
    try:
        found = work.explanation(method, asked.classifier, asked.photo, asked.target)
    except ExplanationError as refusal:
        return about | {REMARKS: str(refusal)}
    explanation, _ = last_look(found)
    for experiment in (each for section in sections for each in section.experiments()):
        try:
            measures |= work.outcome(experiment, method, asked.classifier, asked.photo, explanation).numbers
        except ExplanationError as refusal:
            remarks.append(str(refusal))
    return about | {REMARKS: " ".join(remarks)} | measures


def _file(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], asked: Question) -> str:
    """The rows as CSV, each with what it is about: a table that is passed on must say that itself."""
    labels, target = asked.classifier.labels, asked.target
    about = {
        "picture": asked.photo.name,
        "sha256 of the picture": asked.photo.digest,
        "classifier": asked.classifier.name,
        "weights": asked.classifier.identity,
        "class": labels[target.index],
        "rather than": "" if target.versus is None else labels[target.versus],
        "scale": target.scale,
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns, *about], extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**row, **about} for row in rows)
    return text.getvalue()
