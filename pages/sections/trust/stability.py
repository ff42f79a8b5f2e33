"""The section on whether the map is stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import streamlit as st

from explainers import Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Finding, Sensitivity, Stability, StabilityOutcome, StabilityTrial
from explainers.figures import Look
from explainers.markdown import escaped
from explainers.question import Question
from pages.sections.trust.section import outcome
from pages.shared import state
from pages.shared.controls import choose_settings
from pages.shared.tiles import show_tile

INTRODUCTION = (
    "You would give the same reasons for a picture with a little noise, one moved by two pixels, or its mirror image. "
    "Does the map? It is made again for each of them and **mapped back**, so that all tiles should look alike. Under "
    "each: the *rank correlation* with the first map (1: it puts the pixels in the same order; 0: it has nothing to do "
    "with it), and how far the score changed. Where the score itself changes much, the map may change, too."
)
SENSITIVITY_TITLE = "For experts: max-sensitivity and infidelity"


class StabilitySection:
    """The maps for pictures that hardly differ, side by side."""

    title: ClassVar[str] = "Is it stable?"

    def __init__(self, classifier: Classifier) -> None:
        st.markdown(f"#### {self.title}")
        st.markdown(INTRODUCTION)
        with st.container(horizontal=True, gap="medium", key="stability-settings", vertical_alignment="bottom"):
            self._experiment = choose_settings(Stability, classifier)
        self._sensitivity: Sensitivity | None = None
        self.place = st.container(key="stability-section")
        with st.expander(SENSITIVITY_TITLE):
            st.markdown(f"{Sensitivity.summary()} [Paper]({Sensitivity.paper})\n\n{Sensitivity.about()}")
            if st.toggle("Compute them", key=state.setting("stability-captum", False)):
                self._sensitivity = choose_settings(Sensitivity, classifier)
            self._below = st.container(key="sensitivity")

    def experiments(self) -> Sequence[Experiment]:
        """Return both experiments; the table has sensitivity even where the page doesn't show it."""
        return self._experiment, self._sensitivity or Sensitivity()

    def show(self, explainer: Explainer, question: Question, explanation: Explanation, look: Look) -> Finding | None:
        """Draw a tile for each map, and say how similar they are."""
        result: StabilityOutcome | None = outcome(self._experiment, explainer, question, explanation)
        if result is not None:
            _draw(result, look)
            st.markdown(escaped(result.finding.sentence))
            st.caption(result.finding.caveat)
        if self._sensitivity is not None:
            with self._below:
                sensitivity = outcome(self._sensitivity, explainer, question, explanation)
                if sensitivity is not None:
                    st.markdown(escaped(sensitivity.finding.sentence))
                    st.caption(sensitivity.finding.caveat)
        return None if result is None else result.finding


def _draw(result: StabilityOutcome, look: Look) -> None:
    """Draw all maps, each on its own colour scale, since only the order of their values is compared."""
    with st.container(horizontal=True, gap="small", key="trials"):
        show_tile("The map", f"score {result.score:.3g}", "trial-0", result.heat, look, signed=result.signed)
        for number, trial in enumerate(result.trials, 1):
            show_tile(
                trial.name.capitalize(),
                _caption(result, trial),
                f"trial-{number}",
                trial.heat,
                look,
                signed=result.signed,
            )


def _caption(result: StabilityOutcome, trial: StabilityTrial) -> str:
    similarity = "no order" if trial.correlation is None else f"{trial.correlation:.2f}"
    return f"{similarity}, score {round(result.change(trial), 2) + 0.0:+.0%}"  # + 0.0 turns -0.0 into 0.0
