"""The section on whether the map depends on what the classifier has learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import streamlit as st

from explainers import Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Finding, Randomisation, RandomisationOutcome, Step
from explainers.figures import Look, randomisation
from explainers.markdown import escaped
from explainers.question import Question
from pages.sections.trust.section import outcome
from pages.shared.controls import choose_settings
from pages.shared.tiles import NO_MODE_BAR, show_tile, titled

INTRODUCTION = (
    "All that a classifier has learnt is in its weights. Here they are replaced by random ones, **from its last layer "
    "to its first**, and the map is made again after each stage. A map that is about what was learnt must change. One "
    "that stays shows the picture and the network's wiring: it would look as convincing for a classifier that knows "
    "nothing. *Guided backpropagation* and *Zeiler-Fergus* are known for that: they find the picture's edges again, "
    "whatever the last layers say ([Adebayo et al. 2018](https://arxiv.org/abs/1810.03292)). Changing is the least "
    "that a map must do; it proves no more."
)
MEASURES_CAPTION = (
    "**ρ** is Spearman's rank correlation with the map as it is: whether both put the pixels in the same order (1: the "
    "same, 0: no relation). **SSIM** compares what both look like."
)


class RandomisationSection:
    """The maps of the classifier with its weights randomised stage by stage, and the map for another class."""

    title: ClassVar[str] = "Does it depend on the classifier?"

    def __init__(self, classifier: Classifier) -> None:
        st.markdown(f"#### {self.title}\n{INTRODUCTION}")
        with st.expander("Settings of this experiment"):
            self._experiment = choose_settings(Randomisation, classifier)
        self.place = st.container(key="randomisation")

    def experiments(self) -> Sequence[Experiment]:
        """Return the randomisation experiment with the chosen settings."""
        return (self._experiment,)

    def show(self, explainer: Explainer, question: Question, explanation: Explanation, look: Look) -> Finding | None:
        """Draw the maps, the curves of their similarity, and all numbers."""
        result: RandomisationOutcome | None = outcome(self._experiment, explainer, question, explanation)
        if result is None:
            return None
        finding = result.finding
        st.markdown(f"**{escaped(finding.sentence)}** {escaped(finding.caveat)}")
        with st.container(horizontal=True, gap="small", key="cascade"):
            for number, step in enumerate((*result.steps, *result.again)):
                between_ends = 0 < number < len(result.steps) - 1
                name = f"down to {step.name}" if between_ends else step.name
                _show_step(step, name, f"stage-{number}", look, signed=result.signed)
        signs = "with their signs" if result.signed else "without signs"
        before, after = _two_digits(result.steps[0].spread), _two_digits(result.steps[-1].spread)
        st.caption(
            f"The maps are compared {signs}, as they are drawn, each on a colour scale of its own. Each is made with "
            f"random weights from the output down to the block that it is named after, seed {self._experiment.seed}. "
            f"The logits spread by {before} over the classes (standard deviation) as it is, and by {after} with all "
            "weights random."
        )
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.plotly_chart(randomisation(result), key="survival", config=NO_MODE_BAR)
            st.caption(MEASURES_CAPTION)
        with right:
            _show_other(result, explanation, look)
        with st.expander("All numbers of this experiment"):
            _show_numbers(result, explanation.target.scale)
        return finding


def _show_step(step: Step, name: str, key: str, look: Look, *, signed: bool) -> None:
    """Draw a map with its name and its similarity to the first, or say why there is none."""
    below = step.why or f"ρ {_two_digits(step.correlation)}, SSIM {_two_digits(step.similarity)}"
    if step.heat is None:
        titled(escaped(name), escaped(below), f"map-{key}")
    else:
        show_tile(escaped(name), escaped(below), f"map-{key}", step.heat, look, signed=signed)


def _show_other(result: RandomisationOutcome, explanation: Explanation, look: Look) -> None:
    """Draw the map for another class, if there is one."""
    if result.other is None:
        return
    st.markdown(
        f"**The map for another class.** The likeliest class beside *{escaped(explanation.facts.label)}* is "
        f"*{escaped(result.other.name)}*. Near ρ = 1 the map shows what is in the picture, and hardly what speaks for "
        "the one class or the other."
    )
    _show_step(result.other, result.other.name, "other", look, signed=result.signed)


def _show_numbers(result: RandomisationOutcome, scale: str) -> None:
    """Draw a table with a row for each randomised classifier."""
    steps = (*result.steps, *result.again)
    columns = {
        "Weights drawn anew": [step.name for step in steps],
        "ρ": [step.correlation for step in steps],
        "ρ with signs": [step.by_sign for step in steps],
        "SSIM": [step.similarity for step in steps],
        "Spread of the logits": [step.spread for step in steps],
        f"Explained {scale}": [step.score for step in steps],
    }
    formats = {name: st.column_config.NumberColumn(format="%.2f") for name in list(columns)[1:]}
    st.dataframe(columns, hide_index=True, column_config=formats, key="cascade-numbers")
    st.caption("With signs: of the maps' signed sums over the channels, for methods whose values have signs.")


def _two_digits(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
