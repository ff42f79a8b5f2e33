"""The result of an explanation: the classifier's answer, the map, and its proof."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers import Classifier, Explainer, Explanation, Prediction, proof
from explainers.figures import answer, panels, saturation
from pages.shared import state
from pages.shared.frame import ink
from pages.shared.look import choose_look, last_look
from pages.shared.place import Place
from pages.shared.question import choose_class
from pages.shared.tiles import NO_MODE_BAR


def show_answer(likely: Sequence[Prediction], chosen: int) -> None:
    """Draw the likeliest classes as bars; a click on one of them chooses its class."""
    st.markdown("**What the classifier says**")
    bars = answer(likely, chosen, ink())
    st.plotly_chart(bars, key="answer", on_select=_explain_clicked, selection_mode="points", config=NO_MODE_BAR)
    st.caption("Click a bar to explain that class.")


def _explain_clicked() -> None:
    """Explain the class whose bar was clicked."""
    if points := state.widget("answer")["selection"]["points"]:
        choose_class(points[0]["y"])


def show_proof(explainer: Explainer, classifier: Classifier, explanation: Explanation) -> None:
    """List what was explained, how far it adds up, what it covers and what it cost; and warn of what is unusual."""
    st.markdown("**Its proof**")
    sentences = (
        proof.explained(explanation),
        proof.completeness(explanation),
        proof.accuracy(explanation),
        proof.samples(explanation),
        proof.steps(explanation),
        proof.coverage(explainer.inner, classifier),
        proof.verification(explanation),
        proof.cost(explanation),
    )
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences if sentence))
    for warning in (proof.why_empty(explanation), proof.caution(explanation)):
        if warning:
            st.warning(warning)


def show_method(explainer: Explainer) -> None:
    """Say what one should know about the method before believing its map."""
    st.markdown("**What to know about it**")
    st.markdown(explainer.about())


class MapArea:
    """The place of the map: a preview where the map takes a while, then the map itself."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def preview(self, explanation: Explanation) -> None:
        """Draw a first map, and say that it is one."""
        explanation, look = last_look(explanation)
        with self._place.preview(key="preview-area"):
            figure = st.container(key="preview-panels")
            figure.plotly_chart(panels(explanation, look), height="stretch", key="preview", config=NO_MODE_BAR)
            st.caption(
                f"A first look after {explanation.facts.passes} passes. {proof.accuracy(explanation) or ''} "
                "The map is still being computed."
            )

    def show(self, explanation: Explanation) -> None:
        """Draw the panels, and under them the widgets that choose how they are drawn."""
        with self._place.fill(key="map-area"):
            figure = st.container(key="panels")
            figure.empty()  # so that the panels have their place already when the widgets under them are drawn
            explanation, look = choose_look(explanation)
            about = f"{explanation.facts.method} for {explanation.facts.label}"
            figure.plotly_chart(panels(explanation, look), height="stretch", key="map", alt=about)


def show_curves(explanation: Explanation) -> None:
    """Draw the saturation curves; only path methods have some."""
    if curves := saturation(explanation):
        st.markdown("#### Saturation: on the way from the baseline (alpha 0) to the picture (alpha 1)")
        for number, (column, (title, figure)) in enumerate(zip(st.columns(3), curves.items(), strict=True)):
            column.markdown(f"**{title}**")
            column.plotly_chart(figure, key=f"curve-{number}", config=NO_MODE_BAR)
