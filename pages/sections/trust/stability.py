"""The card on whether the map is stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import streamlit as st

from explainers import Classifier, Explainer, Explanation
from explainers.arrays import Array
from explainers.experiments import Experiment, Sensitivity, Stability, StabilityOutcome, StabilityTrial
from explainers.experiments.stability.outcome import Kind
from explainers.figures import Look, map_row
from explainers.markdown import escaped
from explainers.numbers import significant
from explainers.question import Question
from pages.sections.trust.card import Card, Result
from pages.shared import state
from pages.shared.controls import choose_settings
from pages.shared.tiles import show_tile

INTRODUCTION = (
    "You would give the same reasons for a picture with a little noise, one moved by two pixels, or its mirror image. "
    "Does the map? It is made again for each of them and **mapped back**, so all of them should look alike. Under "
    "each: the *rank correlation* with the original map (1: it puts the pixels in the same order; 0: they have nothing "
    "in common), and by how much the score changed. Where the score itself changes a lot, the map may change as well."
)
CARD_TITLES: dict[Kind, str] = {"noise": "noise", "shifted": "shifted", "mirrored": "mirrored", "seeds": "another seed"}


class StabilityCard(Card):
    """The maps for pictures that hardly differ, side by side."""

    name: ClassVar[str] = "stability"
    title: ClassVar[str] = "Is it stable?"
    introduction: ClassVar[str] = INTRODUCTION
    plan: ClassVar[str] = (
        "Makes the map again for nearly the same picture (with a little noise, shifted, mirrored), and compares it "
        "with the original by rank correlation (ρ)."
    )

    def choose(self, classifier: Classifier) -> None:
        self._experiment = choose_settings(Stability, classifier)
        self._sensitivity: Sensitivity | None = None
        wants_more = st.toggle(
            "Max-sensitivity and infidelity",
            key=state.setting("stability-captum", False),
            help=f"For experts. {Sensitivity.summary()} {Sensitivity.about()} [Paper]({Sensitivity.paper})",
        )
        if wants_more:
            self._sensitivity = choose_settings(Sensitivity, classifier)

    def experiments(self) -> Sequence[Experiment]:
        """Return both experiments; the table has sensitivity even where the page doesn't show it."""
        return self._experiment, self._sensitivity or Sensitivity()

    def show(self, explainer: Explainer, question: Question, explanation: Explanation, look: Look) -> Result:
        result: StabilityOutcome | None = self.outcome(self._experiment, explainer, question, explanation)
        if result is not None:
            about = f"The maps of pictures that hardly differ. {result.finding.sentence}"
            self.draw(map_row(_card_maps(result), look, signed=result.signed), about)
            self.conclude(result.finding)
        if self.open:
            with self.details:
                if result is not None:
                    _draw(result, look)
                    st.markdown(escaped(result.finding.sentence))
                    st.caption(result.finding.caveat)
                if self._sensitivity is not None:
                    sensitivity = self.outcome(self._sensitivity, explainer, question, explanation)
                    if sensitivity is not None:
                        st.markdown(escaped(sensitivity.finding.sentence))
                        st.caption(sensitivity.finding.caveat)
        return None if result is None else result.finding


def _card_maps(result: StabilityOutcome) -> list[tuple[str, Array | None]]:
    """Return the original map and the first of each kind of trial, with titles."""
    firsts = {trial.kind: trial for trial in reversed(result.trials)}
    shown = [(CARD_TITLES[kind], firsts[kind]) for kind in CARD_TITLES if kind in firsts]
    maps: list[tuple[str, Array | None]] = [
        (f"{title}<br>ρ {_two_digits(trial)}", trial.heat) for title, trial in shown
    ]
    return [("original<br>", result.heat), *maps]


def _draw(result: StabilityOutcome, look: Look) -> None:
    """Draw all maps, each on its own colour scale, since only the order of their values is compared."""
    with st.container(horizontal=True, gap="small", key="trials"):
        show_tile("The map", f"score {significant(result.score)}", "trial-0", result.heat, look, signed=result.signed)
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
    return f"{_two_digits(trial)}, score {round(result.change(trial), 2) + 0.0:+.0%}"  # + 0.0 turns -0.0 into 0.0


def _two_digits(trial: StabilityTrial) -> str:
    return "no order" if trial.correlation is None else f"{trial.correlation:.2f}"
