"""Showing what came back: the classifier's answer, the map, and its proof."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Classifier, Explainer, Explanation, Prediction, proof
from explainers.figures import answer, panels, saturation
from pages.shared import state
from pages.shared.frame import ink
from pages.shared.look import choose_look, last_look
from pages.shared.question import choose_class
from pages.shared.tiles import BARE


def show_answer(likely: Sequence[Prediction], chosen: int) -> None:
    """What the classifier says, each bar a choice."""
    st.markdown("**What the classifier says**")
    bars = answer(likely, chosen, ink())
    st.plotly_chart(bars, key="answer", on_select=_pick, selection_mode="points", config=BARE)
    st.caption("Click a bar to explain that class.")


def _pick() -> None:
    """Explain the class whose bar was clicked."""
    if points := state.widget("answer")["selection"]["points"]:
        choose_class(points[0]["y"])


def show_proof(explainer: Explainer, classifier: Classifier, explanation: Explanation) -> None:
    """What was explained, how far it adds up, what it covers and what it cost; and why a map is empty."""
    st.markdown("**Its proof**")
    said = (
        proof.explained(explanation),
        proof.completeness(explanation),
        proof.steps(explanation),
        proof.coverage(explainer.inner, classifier),
        proof.cost(explanation),
    )
    st.markdown("\n".join(f"- {sentence}" for sentence in said if sentence))
    if reason := proof.why_empty(explanation):
        st.warning(reason)


def show_method(explainer: Explainer) -> None:
    """What to know about the method before believing its map."""
    st.markdown("**What to know about it**")
    st.markdown(explainer.about())


class MapArea:
    """The place of the map: a preview where the map takes a while, then the map itself."""

    def __init__(self) -> None:
        self._area: DeltaGenerator = st.container()

    def preview(self, explanation: Explanation) -> None:
        """Draw a first map, marked as such."""
        self._area = self._area.empty()
        explanation, look = last_look(explanation)
        with self._area.container(key="preview-area"):
            figure = st.container(key="preview-panels")
            figure.plotly_chart(panels(explanation, look), height="stretch", key="preview", config=BARE)
            st.caption(f"A first look after {explanation.facts['passes']} passes. The map is still being computed.")

    def show(self, explanation: Explanation) -> None:
        """Draw the panels, and under them how they are drawn."""
        with self._area.container(key="map-area"):
            figure = st.container(key="panels")
            explanation, look = choose_look(explanation)
            about = f"{explanation.facts['method']} for {explanation.facts['class']}"
            figure.plotly_chart(panels(explanation, look), height="stretch", key="map", alt=about)


def show_curves(explanation: Explanation) -> None:
    """The saturation curves of path methods."""
    if curves := saturation(explanation):
        st.markdown("#### Saturation: on the way from the baseline (alpha 0) to the picture (alpha 1)")
        for number, (column, (title, figure)) in enumerate(zip(st.columns(3), curves.items(), strict=True)):
            column.markdown(f"**{title}**")
            column.plotly_chart(figure, key=f"curve-{number}", config=BARE)
