"""Does the map hit the object?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import streamlit as st

from explainers import Classifier, Explainer, Explanation
from explainers.classifiers.view import Box
from explainers.experiments import Experiment, Finding, Hidden, Pointing, PointingOutcome, peaks
from explainers.figures import Look, picture_tile
from explainers.figures import pointing as figure
from explainers.markdown import escaped
from pages.sections.trust import box as boxes
from pages.sections.trust.section import Invitation, outcome
from pages.shared import state
from pages.shared.controls import choose_settings
from pages.shared.question import Question
from pages.shared.tiles import BARE, titled

WORDS = r"""
You can see where the object is. **Draw a box around it** and compare with the map. Does its strongest pixel (**×**) lie
in the box? That is the *pointing game*. And how much of the attribution $a$ does the box hold, against its share of the
picture?

$$\frac{\sum_{i \in \text{box}} |a_i|}{\sum_i |a_i|} \text{ against } \frac{\text{pixels of the box}}{\text{all}}$$

Photographers put things in the middle (**+**), so it is also said whether the middle would have hit. And a map may miss
the object *and be right*, if the classifier goes by the background: so the box is **hidden**, to see whether the
classifier needs what is in it, and as much is hidden elsewhere, because hiding anything may hurt.
"""
INVITATION = (
    "**Draw a box around the object**: press on the picture, drag, let go. Without a mouse, type its edges below the "
    "picture."
)
CHART = "pointing"


class PointingSection:
    """The map on the picture with a box, and the classifier's answer without what is in the box."""

    title: ClassVar[str] = "Does it hit the object?"

    def __init__(self, classifier: Classifier) -> None:
        st.markdown(f"#### {self.title}")
        st.markdown(WORDS)
        with st.container(horizontal=True, gap="medium", key="pointing-settings", vertical_alignment="bottom"):
            self._experiment = choose_settings(Pointing, classifier)
            self._hide: bool = st.toggle(
                "Hide this",
                key=state.setting("hide", False),
                help="Shows the picture without what is in the box, and what the classifier says then.",
            )
        self._box = boxes.chosen_box()
        self.place = st.container(key="pointing-section")

    def experiments(self) -> Sequence[Experiment]:
        return () if self._box is None else (replace(self._experiment, box=self._box),)

    def show(
        self, asked: Question, explainer: Explainer, explanation: Explanation, look: Look
    ) -> Finding | Invitation | None:
        """Draw the picture to draw on, and what the box says; without one, an invitation."""
        left, right = st.columns([2, 3], gap="medium")
        with left:
            _draw(explanation, look, self._box)
        with right:
            if not (experiments := self.experiments()):
                st.info(INVITATION, icon=":material/draw:")
                return Invitation("Draw a box around the object on the picture below.")
            found: PointingOutcome | None = outcome(experiments[0], asked, explainer, explanation)
            if found is None:
                return None
            st.markdown("\n".join(f"- {escaped(said)}" for said in found.said))
            st.caption(found.finding.caveat)
            if self._hide:
                _show_hidden(found.hidden)
            return found.finding


def _draw(explanation: Explanation, look: Look, box: Box | None) -> None:
    """The picture to draw on, and the box as numbers."""
    drawn = boxes.drawn_in(CHART, explanation.box)
    with st.container(key="pointing-area"):
        st.container(key="pointing-figure").plotly_chart(
            figure(explanation, look, box, peaks(explanation)),
            height="stretch",
            key=CHART,
            on_select=drawn,
            selection_mode="box",
            config=BARE,
            alt=f"{explanation.facts['method']} on the picture, to draw a box on",
        )
    st.caption("Press, drag and let go to draw. Or type the edges, in pixels of your photo:")
    boxes.type_box(box, explanation.box)
    st.button("Clear the box", key="clear-box", on_click=boxes.clear, disabled=box is None)


def _show_hidden(hidden: Hidden) -> None:
    """The picture without what is in the box, and what the classifier says to it."""
    with st.container(horizontal=True, gap="medium", key="hidden"):
        titled("The box hidden", "what the classifier sees now", "hidden-picture").plotly_chart(
            picture_tile(hidden.picture), key="hidden-picture", config=BARE
        )
        rows = [f"| {escaped(label)} | {before:.1%} | {after:.1%} |" for label, before, after in hidden.answers]
        st.markdown("\n".join(["| class | before | box hidden |", "|---|--:|--:|", *rows]))
