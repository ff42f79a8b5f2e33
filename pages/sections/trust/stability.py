"""Is the map stable?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import streamlit as st

from explainers import Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Finding, Sensitivity, Stability, StabilityOutcome, StabilityTrial
from explainers.figures import Look
from explainers.markdown import escaped
from pages.sections.trust.section import outcome
from pages.shared import state
from pages.shared.controls import choose_settings
from pages.shared.question import Question
from pages.shared.tiles import show_tile

WORDS = (
    "You would give the same reasons for a picture with a little noise, one moved by two pixels, or its mirror image. "
    "Does the map? It is made again for each of them and **mapped back**, so that all tiles should look alike. Under "
    "each: the *rank correlation* with the first map (1: it puts the pixels in the same order; 0: it has nothing to do "
    "with it), and how far the score changed. Where the score itself changes much, the map may change, too."
)
EXPERTS = "For experts: max-sensitivity and infidelity"


class StabilitySection:
    """The map for pictures that hardly differ, side by side."""

    title: ClassVar[str] = "Is it stable?"

    def __init__(self, classifier: Classifier) -> None:
        st.markdown(f"#### {self.title}")
        st.markdown(WORDS)
        with st.container(horizontal=True, gap="medium", key="stability-settings", vertical_alignment="bottom"):
            self._experiment = choose_settings(Stability, classifier)
        self._sensitivity: Sensitivity | None = None
        self.place = st.container(key="stability-section")
        with st.expander(EXPERTS):
            st.markdown(f"{Sensitivity.summary()} [Paper]({Sensitivity.paper})\n\n{Sensitivity.about()}")
            if st.toggle("Compute them", key=state.setting("stability-captum", False)):
                self._sensitivity = choose_settings(Sensitivity, classifier)
            self._below = st.container(key="sensitivity")

    def experiments(self) -> Sequence[Experiment]:
        return self._experiment, self._sensitivity or Sensitivity()

    def show(self, asked: Question, explainer: Explainer, explanation: Explanation, look: Look) -> Finding | None:
        """Draw a tile for each map, and say how alike they are."""
        found: StabilityOutcome | None = outcome(self._experiment, asked, explainer, explanation)
        if found is not None:
            _draw(found, look)
            st.markdown(escaped(found.finding.sentence))
            st.caption(found.finding.caveat)
        if self._sensitivity is not None:
            with self._below:
                measured = outcome(self._sensitivity, asked, explainer, explanation)
                if measured is not None:
                    st.markdown(escaped(measured.finding.sentence))
                    st.caption(measured.finding.caveat)
        return None if found is None else found.finding


def _draw(found: StabilityOutcome, look: Look) -> None:
    """All maps, each on its own colours: it is their order that is compared."""
    with st.container(horizontal=True, gap="small", key="trials"):
        show_tile("The map", f"score {found.score:.3g}", "trial-0", found.heat, look, signed=found.signed)
        for number, trial in enumerate(found.trials, 1):
            show_tile(
                trial.name.capitalize(), _below(found, trial), f"trial-{number}", trial.heat, look, signed=found.signed
            )


def _below(found: StabilityOutcome, trial: StabilityTrial) -> str:
    same = "no order" if trial.correlation is None else f"{trial.correlation:.2f}"
    return f"{same}, score {round(found.change(trial), 2) + 0.0:+.0%}"  # + 0.0, so that nothing is not minus nothing
