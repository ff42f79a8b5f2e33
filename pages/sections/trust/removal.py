"""The card on deletion and insertion, each compared with the same map in the wrong place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import streamlit as st

from explainers import Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Removal
from explainers.experiments.removal.outcome import MOVED, Curves, RemovalOutcome
from explainers.figures import Look, removal, removal_summary
from explainers.markdown import escaped
from explainers.methods import BY_SLUG
from explainers.numbers import significant
from explainers.question import Question
from pages.sections.trust.card import Card, Result, measured
from pages.shared import state
from pages.shared.controls import choose_settings
from pages.shared.frame import show
from pages.shared.stops import stops
from pages.shared.tiles import NO_MODE_BAR

INTRODUCTION = rf"""
Pixels are **removed** in the order of the map, the strongest first, and the classifier is asked again and again
(*deletion*). Then they are **brought back** in the same order (*insertion*). If the classifier relies on these pixels,
its score falls early in deletion and rises early in insertion. One number says how early: the area under the curve,
which is the mean score $F$ over the shares $p$ of pixels,

$$\int_0^1 F(p) \, dp$$

**Small is good in deletion, large in insertion.** But small compared with what? With **the same map in the wrong
place**: moved around the picture's edges by quarters of the picture, and mirrored, in {MOVED} ways. These copies are as
fine and as patchy as the map, but know nothing of where the object is. Their curves are the grey band. A good map
leaves the band.

:material/warning: **Don't compare a map with random pixels** (dotted). Scattered holes destroy any network's score, so
fine-grained maps, even wrong ones, look good in deletion, and most maps of whole areas beat random pixels in insertion.
That says something about how fine a map is, and nothing about whether it is true.

**Move the slider** to see what the classifier saw. A blob in the middle is drawn as well: that is where objects usually
are, so a map has to beat it to tell you something new.
"""
MAX_OTHER_METHODS = 3  # the curves of more would be hard to tell apart


class RemovalCard(Card):
    """The curves of deletion and insertion, those they are compared with, and the pictures behind them."""

    name: ClassVar[str] = "removal"
    title: ClassVar[str] = "Does the map matter?"
    introduction: ClassVar[str] = INTRODUCTION
    plan: ClassVar[str] = (
        "Removes the pixels that the map calls important (deletion) and brings them back (insertion), then does the "
        "same with the map moved to wrong places."
    )

    def choose(self, classifier: Classifier) -> None:
        self._experiment = choose_settings(Removal, classifier)
        chosen: list[str] = st.multiselect(
            "Compare with other methods",
            BY_SLUG,
            format_func=lambda slug: BY_SLUG[slug].title,
            key=state.setting(
                "removal-others", [], lambda slugs: len(slugs) <= MAX_OTHER_METHODS and BY_SLUG.keys() >= {*slugs}
            ),
            max_selections=MAX_OTHER_METHODS,
            placeholder="None",
            help="With their usual settings, in the same test. Each takes as long again.",
        )
        self._others = [BY_SLUG[slug] for slug in chosen]

    def experiments(self) -> Sequence[Experiment]:
        return (self._experiment,)

    def show(self, explainer: Explainer, question: Question, explanation: Explanation, look: Look) -> Result:
        result: RemovalOutcome | None = self.outcome(self._experiment, explainer, question, explanation)
        if result is None:
            return None
        finding = result.finding
        self.draw(removal_summary(result), f"The score while pixels are removed and brought back. {finding.sentence}")
        self.conclude(finding)
        if self.open:
            with self.details:
                self._show_details(result, explainer, question)
        return finding

    def _show_details(self, result: RemovalOutcome, explainer: Explainer, question: Question) -> None:
        """Draw the pictures, the curves and the table."""
        others = self._other_outcomes(explainer, question)
        with st.container(key="removal-area"):
            stops("removal-area", "Pixels removed, or brought back")
            figure = st.container(key="removal-figure")
            about = "What the classifier saw while pixels were removed and brought back, and its score"
            figure.plotly_chart(removal(result, others), height="stretch", key="removal", config=NO_MODE_BAR, alt=about)
        st.dataframe(_table({explainer.title: result, **others}), hide_index=True, key="removal-table")
        st.markdown(escaped(result.finding.sentence))
        st.caption(result.finding.caveat)

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


def _table(results: Mapping[str, RemovalOutcome]) -> list[dict[str, Any]]:
    """Return the areas as a table, one row for each curve."""
    names = {name: f", {name}" if len(results) > 1 else "" for name in results}
    return [_row(curves.name + names[name], curves) for name, result in results.items() for curves in result.sides]


def _row(name: str, curves: Curves) -> dict[str, Any]:
    area, relative = curves.area(curves.map), curves.relative(curves.area(curves.map))
    return {
        "curve": name,
        "area": significant(area),
        "area / score": "undefined" if relative is None else f"{relative:.2f}",
        "in wrong places, mean": significant(curves.area(curves.moved.mean(0))),
        "beats": f"{curves.beaten} of {MOVED}",
        "by": "" if curves.distance is None else f"{curves.distance:+.1f} sd",
        "blob in the middle": significant(curves.area(curves.centre)),
        "random pixels": significant(curves.area(curves.random)),
    }
