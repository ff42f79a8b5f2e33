"""The card on whether the map points at the object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import streamlit as st

from explainers import Classifier, Explainer, Explanation
from explainers.classifiers.view import Box
from explainers.experiments import Experiment, Hidden, Pointing, PointingOutcome, peaks
from explainers.figures import Look, picture_tile
from explainers.figures import pointing as figure
from explainers.markdown import escaped
from explainers.numbers import percent
from explainers.question import Question
from pages.sections.trust import box as boxes
from pages.sections.trust.card import Card, Result
from pages.shared import state
from pages.shared.controls import choose_settings
from pages.shared.tiles import NO_MODE_BAR, titled

INTRODUCTION = r"""
You can see where the object is. **Draw a box around it** and compare it with the map. Does the map's strongest pixel
(**×**) lie in the box? That is the *pointing game*. And how much of the attribution $a$ does the box hold, compared
with its share of the picture?

$$\frac{\sum_{i \in \text{box}} |a_i|}{\sum_i |a_i|} \text{ against } \frac{\text{pixels of the box}}{\text{all}}$$

Photographers put things in the middle (**+**), so the page also says whether the middle would have hit. And a map may
miss the object *and be right*, if the classifier goes by the background: so the box is **hidden**, to see whether the
classifier needs what is in it, and then the same area elsewhere, because hiding anything may hurt.
"""
INVITATION = "**Draw a box around the object** to test this."
HOW_TO_DRAW = "Press on the picture, drag, and let go. Or type the edges, in pixels of your photo:"
CHART_KEY = "pointing"
SMALL_SIDE = 150  # pixels of the screen; Streamlit draws no figure narrower than that


class PointingCard(Card):
    """The map on the picture with a box, and the classifier's answer when the box is hidden."""

    name: ClassVar[str] = "pointing"
    title: ClassVar[str] = "Does it hit the object?"
    introduction: ClassVar[str] = INTRODUCTION
    plan: ClassVar[str] = "Hides your box, then other places, to see what the classifier needs."

    def choose(self, classifier: Classifier) -> None:
        self._experiment = choose_settings(Pointing, classifier)
        self._hide: bool = st.toggle(
            "Hide the box",
            key=state.setting("hide", False),
            help="Shows the picture without what is in the box, and what the classifier says then.",
        )
        self._box = boxes.chosen_box()

    def experiments(self) -> Sequence[Experiment]:
        """Return the pointing experiment once there is a box."""
        return () if self._box is None else (replace(self._experiment, box=self._box),)

    def show(self, explainer: Explainer, question: Question, explanation: Explanation, look: Look) -> Result:
        if self.open:
            canvas, right = self.details.columns(2, gap="medium")
            with canvas:
                _draw_canvas(explanation, look, self._box)
        with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="pointing-row"):
            with st.container(width=SMALL_SIDE):
                self.draw(
                    figure(explanation, look, self._box, peaks(explanation), drawable=False),
                    f"{explanation.facts.method} on the picture" + ("" if self._box is None else ", with your box"),
                )
            if self._box is None and not self.open:
                st.button("Draw a box", key="draw-box", on_click=state.choose, args=(f"{self.name}-details", True))
        if not (experiments := self.experiments()):
            return self.invite(INVITATION)
        result: PointingOutcome | None = self.outcome(experiments[0], explainer, question, explanation)
        if result is None:
            return None
        self.conclude(result.finding)
        if self.open:
            with right:
                st.markdown("\n".join(f"- {escaped(sentence)}" for sentence in result.sentences))
                st.caption(result.finding.caveat)
                if self._hide:
                    _show_hidden(result.hidden)
        return result.finding


def _draw_canvas(explanation: Explanation, look: Look, box: Box | None) -> None:
    """Draw the picture that the visitor can draw a box on, and the box's edges as numbers."""
    keep_box = boxes.drawn_in(CHART_KEY, explanation.box)
    with st.container(key="pointing-area"):
        st.container(key="pointing-figure").plotly_chart(
            figure(explanation, look, box, peaks(explanation)),
            height="stretch",
            key=CHART_KEY,
            on_select=keep_box,
            selection_mode="box",
            config=NO_MODE_BAR,
            alt=f"{explanation.facts.method} on the picture, to draw a box on",
        )
    st.caption(HOW_TO_DRAW)
    boxes.type_box(box, explanation.box)
    st.button("Clear the box", key="clear-box", on_click=boxes.clear, disabled=box is None)


def _show_hidden(hidden: Hidden) -> None:
    """Draw the picture with the box hidden, and the classifier's answers before and after."""
    with st.container(horizontal=True, gap="medium", key="hidden"):
        titled("The box hidden", "what the classifier sees now", "hidden-picture").plotly_chart(
            picture_tile(hidden.picture),
            key="hidden-picture",
            config=NO_MODE_BAR,
            alt="What the classifier sees with the box hidden",
        )
        rows = [
            f"| {escaped(label)} | {percent(before)} | {percent(after)} |" for label, before, after in hidden.answers
        ]
        st.markdown("\n".join(["| class | before | box hidden |", "|---|--:|--:|", *rows]))
