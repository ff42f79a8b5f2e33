"""The section on deletion and insertion, each compared with the same map in the wrong place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import streamlit as st

from explainers import EXPLAINERS, Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Finding, Removal
from explainers.experiments.removal.outcome import MOVED, Curves, RemovalOutcome
from explainers.figures import Look, removal
from explainers.question import Question
from pages.sections.trust.section import measured, outcome
from pages.shared import state
from pages.shared.controls import choose_settings
from pages.shared.frame import show
from pages.shared.stops import stops
from pages.shared.tiles import NO_MODE_BAR

INTRODUCTION = rf"""
Pixels are **removed** in the order of the map, the hottest first, and the classifier is asked again and again
(*deletion*). Then they are **brought back** in the same order (*insertion*). If the classifier does lean on these
pixels, its score falls early in the one and rises early in the other. One number says how early: the area under the
curve, the mean score $F$ over the shares $p$ of pixels,

$$\int_0^1 F(p) \, dp$$

**Small is good in deletion, large in insertion.** But small against what? Against **the same map in the wrong place**:
moved around the picture's edges by quarters of the picture, and mirrored, in {MOVED} ways. Those have its grain and its
areas, and know nothing of where the object is. Their curves are the grey band. A map that is right leaves the band.

:material/warning: **Do not hold a map against random pixels** (dotted). Scattered holes destroy any network's score, so
fine-grained maps, even wrong ones, look good in deletion, and most maps of whole areas beat random pixels in insertion.
That says something of the grain, and nothing of whether the map is true.

**Move the slider** to see what the classifier saw. A blob in the middle is drawn too: objects mostly stand there, so
a map has to be better than that to tell you something new.
"""
MAX_OTHER_METHODS = 3  # the curves of more would be hard to tell apart
TABLE_HEAD = "| | area | area / score | in wrong places, mean | beats | by | blob in the middle | random |"


class RemovalSection:
    """The curves of deletion and insertion, those they are compared with, and the pictures behind them."""

    title: ClassVar[str] = "Does the map matter?"

    def __init__(self, classifier: Classifier) -> None:
        st.markdown(f"#### {self.title}")
        introduction, right = st.columns([2, 5], gap="medium")
        introduction.markdown(INTRODUCTION)
        with introduction.expander("Settings", key="removal-settings"):
            self._experiment = choose_settings(Removal, classifier)
        with right:
            self.place = st.container(key="removal-area")
            kinds = {kind.slug(): kind for kind in EXPLAINERS}
            chosen: list[str] = st.multiselect(
                "Other methods beside it",
                kinds,
                format_func=lambda slug: kinds[slug].title,
                key=state.setting(
                    "removal-others", [], lambda slugs: len(slugs) <= MAX_OTHER_METHODS and kinds.keys() >= {*slugs}
                ),
                max_selections=MAX_OTHER_METHODS,
                placeholder="None",
                help="With their usual settings, each in the same experiment: it takes as long again.",
            )
        self._others = [kinds[slug] for slug in chosen]

    def experiments(self) -> Sequence[Experiment]:
        """Return the removal experiment with the chosen settings."""
        return (self._experiment,)

    def show(self, explainer: Explainer, question: Question, explanation: Explanation, look: Look) -> Finding | None:
        """Draw the curves and the table."""
        result: RemovalOutcome | None = outcome(self._experiment, explainer, question, explanation)
        if result is None:
            return None
        others = self._other_outcomes(explainer, question)
        stops("removal-area", "Pixels removed, or brought back")
        figure = st.container(key="removal-figure")
        about = "The score while pixels are removed, and while they are brought back"
        figure.plotly_chart(removal(result, others), height="stretch", key="removal", config=NO_MODE_BAR, alt=about)
        st.container(key="removal-table").markdown(_table({explainer.title: result, **others}))
        st.caption(f"{result.finding.sentence} {result.finding.caveat}")
        return result.finding

    def _other_outcomes(self, explainer: Explainer, question: Question) -> Mapping[str, RemovalOutcome]:
        """Run the experiment on the other methods and return its results by title; say which methods refuse."""
        others: dict[str, RemovalOutcome] = {}
        for kind in self._others:
            if kind is type(explainer):
                continue
            measurement = measured(kind(), question, [self._experiment])
            for refusal in measurement.refusals:
                show(refusal)
            for result in measurement.outcomes:
                assert isinstance(result, RemovalOutcome)
                others[kind.title] = result
        return others


def _table(results: Mapping[str, RemovalOutcome]) -> str:
    """Write the areas as a Markdown table, one row for each curve."""
    rows = [TABLE_HEAD, "|---" + "|---:" * (TABLE_HEAD.count("|") - 2) + "|"]
    names = {name: f", {name}" if len(results) > 1 else "" for name in results}
    rows += [_row(curves.name + names[name], curves) for name, result in results.items() for curves in result.sides]
    return "\n".join(rows)


def _row(name: str, curves: Curves) -> str:
    area, relative = curves.area(curves.map), curves.relative(curves.area(curves.map))
    cells = [
        name,
        f"{area:.3g}",
        "undefined" if relative is None else f"{relative:.2f}",
        f"{curves.area(curves.moved.mean(0)):.3g}",
        f"{curves.beaten} of {MOVED}",
        "" if curves.distance is None else f"{curves.distance:+.1f} sd",
        f"{curves.area(curves.centre):.3g}",
        f"{curves.area(curves.random):.3g}",
    ]
    return f"| {' | '.join(cells)} |"
