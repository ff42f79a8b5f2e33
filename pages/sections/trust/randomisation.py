"""Whether the map depends on what the classifier has learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import streamlit as st

from explainers import Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Finding, Randomisation, RandomisationOutcome, Step
from explainers.figures import Look, randomisation
from explainers.markdown import escaped
from pages.sections.trust.section import outcome
from pages.shared.controls import choose_settings
from pages.shared.question import Question
from pages.shared.tiles import BARE, show_tile, titled

WORDS = (
    "All that a classifier has learnt is in its weights. Here they are replaced by random ones, **from its last layer "
    "to its first**, and the map is made again after each stage. A map that is about what was learnt must change. One "
    "that stays shows the picture and the network's wiring: it would look as convincing for a classifier that knows "
    "nothing. *Guided backpropagation* and *Zeiler-Fergus* are known for that: they find the picture's edges again, "
    "whatever the last layers say ([Adebayo et al. 2018](https://arxiv.org/abs/1810.03292)). Changing is the least "
    "that a map must do; it proves no more."
)
MEASURES = (
    "**ρ** is Spearman's rank correlation with the map as it is: whether both put the pixels in the same order (1: the "
    "same, 0: no relation). **SSIM** compares what both look like."
)


class RandomisationSection:
    """The map with the weights drawn anew, stage by stage, and for another class."""

    title: ClassVar[str] = "Does it depend on the classifier?"

    def __init__(self, classifier: Classifier) -> None:
        st.markdown(f"#### {self.title}\n{WORDS}")
        with st.expander("Settings of this experiment"):
            self._experiment = choose_settings(Randomisation, classifier)
        self.place = st.container(key="randomisation")

    def experiments(self) -> Sequence[Experiment]:
        return (self._experiment,)

    def show(self, asked: Question, explainer: Explainer, explanation: Explanation, look: Look) -> Finding | None:
        """Draw the maps, how alike they are, and all numbers."""
        found: RandomisationOutcome | None = outcome(self._experiment, asked, explainer, explanation)
        if found is None:
            return None
        finding = found.finding
        st.markdown(f"**{escaped(finding.sentence)}** {escaped(finding.caveat)}")
        with st.container(horizontal=True, gap="small", key="cascade"):
            for number, step in enumerate((*found.steps, *found.again)):
                inside = 0 < number < len(found.steps) - 1
                name = f"down to {step.name}" if inside else step.name
                _show(step, name, f"stage-{number}", look, signed=found.signed)
        what = "with their signs" if found.signed else "without signs"
        before, after = _figure(found.steps[0].spread), _figure(found.steps[-1].spread)
        st.caption(
            f"The maps are compared {what}, as they are drawn, each on a colour scale of its own. Each is made with "
            f"random weights from the output down to the block that it is named after, seed {self._experiment.seed}. "
            f"The logits spread by {before} over the classes (standard deviation) as it is, and by {after} with all "
            "weights random."
        )
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.plotly_chart(randomisation(found), key="survival", config=BARE)
            st.caption(MEASURES)
        with right:
            _show_other(found, explanation, look)
        with st.expander("All numbers of this experiment"):
            _show_numbers(found, explanation.target.scale)
        return finding


def _show(step: Step, name: str, key: str, look: Look, *, signed: bool) -> None:
    """A map with its name and how alike it is, or why there is none."""
    below = step.why or f"ρ {_figure(step.correlation)}, SSIM {_figure(step.similarity)}"
    if step.heat is None:
        titled(escaped(name), escaped(below), f"map-{key}")
    else:
        show_tile(escaped(name), escaped(below), f"map-{key}", step.heat, look, signed=signed)


def _show_other(found: RandomisationOutcome, explanation: Explanation, look: Look) -> None:
    """The map for another class."""
    if found.other is None:
        return
    st.markdown(
        f"**The map for another class.** The likeliest class beside *{escaped(explanation.facts['class'])}* is "
        f"*{escaped(found.other.name)}*. Near ρ = 1 the map shows what is in the picture, and hardly what speaks for "
        "the one class or the other."
    )
    _show(found.other, found.other.name, "other", look, signed=found.signed)


def _show_numbers(found: RandomisationOutcome, scale: str) -> None:
    """One row for each network."""
    every = (*found.steps, *found.again)
    columns = {
        "Weights drawn anew": [step.name for step in every],
        "ρ": [step.correlation for step in every],
        "ρ with signs": [step.by_sign for step in every],
        "SSIM": [step.similarity for step in every],
        "Spread of the logits": [step.spread for step in every],
        f"Explained {scale}": [step.score for step in every],
    }
    figures = {name: st.column_config.NumberColumn(format="%.2f") for name in list(columns)[1:]}
    st.dataframe(columns, hide_index=True, column_config=figures, key="cascade-numbers")
    st.caption("With signs: of the maps' signed sums over the channels, for methods whose values have signs.")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
