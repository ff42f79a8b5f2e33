"""The section with the measures of several methods, as a table and as a file."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers import Classifier, Explainer
from explainers.experiments import Experiment
from explainers.experiments.table import as_csv, columns
from explainers.methods import BY_SLUG
from explainers.numbers import counted
from explainers.question import Question
from pages.sections.trust.card import Card, measured, want, wanted
from pages.shared import state

MAX_METHODS = 6  # each of them goes through every experiment


class TableSection:
    """The choice of methods, and the table and its download once they have been through all experiments."""

    def __init__(self, explainer: Explainer) -> None:
        st.markdown(
            "#### Several methods in one table\n"
            "Every method goes through the tests above, with their settings. **Don't add the columns up**: they "
            "measure different things, and measures of maps are known to disagree."
        )
        chosen = st.multiselect(
            "Methods",
            BY_SLUG,
            format_func=lambda slug: BY_SLUG[slug].title,
            max_selections=MAX_METHODS,
            key=state.setting("trust-methods", [], lambda slugs: len(slugs) <= MAX_METHODS and {*slugs} <= {*BY_SLUG}),
            help="This page's method with its settings, the others with their usual ones.",
        )
        self._methods = [explainer if slug == explainer.slug() else BY_SLUG[slug]() for slug in chosen]
        self._place = st.container(key="measures")

    def show(self, question: Question, cards: Sequence[Card]) -> None:
        """Draw the table, or a button that says how many passes it takes."""
        if not self._methods:
            return
        experiments = [experiment for card in cards for experiment in card.experiments()]
        with self._place:
            key = (*self._methods, question.key)
            if not wanted(key):
                cost = sum(_passes(method, question.classifier, experiments) for method in self._methods)
                st.button(
                    f"Compute: up to {counted(cost, 'pass', 'passes')}", key="run-table", on_click=want, args=(key,)
                )
                return
            rows = [measured(method, question, experiments).row for method in self._methods]
            names = columns(rows)
            st.dataframe([{name: row.get(name) for name in names} for row in rows], key="table", hide_index=True)
            st.download_button("Download as CSV", as_csv(rows, question), "trust.csv", "text/csv", key="csv")


def _passes(method: Explainer, classifier: Classifier, experiments: Sequence[Experiment]) -> int:
    return method.passes(classifier) + sum(experiment.passes(method, classifier) for experiment in experiments)
