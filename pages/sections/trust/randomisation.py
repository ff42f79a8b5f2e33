"""The card on whether the map depends on what the classifier has learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import streamlit as st

from explainers import Classifier, Explainer, Explanation
from explainers.arrays import Array
from explainers.experiments import Experiment, Randomisation, RandomisationOutcome, Step
from explainers.figures import Look, map_row, randomisation
from explainers.markdown import escaped
from explainers.question import Question
from pages.sections.trust.card import Card, Result
from pages.shared.controls import choose_settings
from pages.shared.tiles import NO_MODE_BAR, show_tile, titled

INTRODUCTION = (
    "Everything that a classifier has learnt is in its weights. Here they are replaced by random ones, **from its last "
    "layer to its first**, and the map is made again after each stage. A map that is about what was learnt must "
    "change. One that stays shows the picture and the network's wiring: it would look just as convincing for a "
    "classifier that knows nothing. *Guided backpropagation* and *Zeiler-Fergus* are known for that: they find the "
    "picture's edges again, whatever the last layers say ([Adebayo et al. 2018](https://arxiv.org/abs/1810.03292)). "
    "Changing is the least that a map must do; it proves no more."
)
MEASURES_CAPTION = (
    "**ρ** is Spearman's rank correlation with the original map: whether both put the pixels in the same order (1: the "
    "same, 0: no relation). **SSIM** compares what both look like."
)


class RandomisationCard(Card):
    """The maps of the classifier with its weights randomised stage by stage, and the map for another class."""

    name: ClassVar[str] = "randomisation"
    title: ClassVar[str] = "Does it depend on the classifier?"
    introduction: ClassVar[str] = INTRODUCTION
    plan: ClassVar[str] = (
        "Makes the classifier forget what it has learnt, from the last layer to the first, and compares the map with "
        "the original each time, by rank correlation (ρ)."
    )

    def choose(self, classifier: Classifier) -> None:
        self._experiment = choose_settings(Randomisation, classifier)

    def experiments(self) -> Sequence[Experiment]:
        return (self._experiment,)

    def show(self, explainer: Explainer, question: Question, explanation: Explanation, look: Look) -> Result:
        result: RandomisationOutcome | None = self.outcome(self._experiment, explainer, question, explanation)
        if result is None:
            return None
        finding = result.finding
        about = f"The map while the classifier's weights are randomised. {finding.sentence}"
        self.draw(map_row(_card_maps(result.steps), look, signed=result.signed), about)
        self.conclude(finding)
        if self.open:
            with self.details:
                self._show_details(result, explanation, look)
        return finding

    def _show_details(self, result: RandomisationOutcome, explanation: Explanation, look: Look) -> None:
        """Draw all maps, the curves of their similarity, and all numbers."""
        st.markdown(f"**{escaped(result.finding.sentence)}** {escaped(result.finding.caveat)}")
        with st.container(horizontal=True, gap="small", key="cascade"):
            for number, step in enumerate((*result.steps, *result.again)):
                between_ends = 0 < number < len(result.steps) - 1
                name = f"down to {step.name}" if between_ends else step.name
                _show_step(step, name, f"stage-{number}", look, signed=result.signed)
        signs = "with their signs" if result.signed else "without signs"
        before, after = _two_digits(result.steps[0].spread), _two_digits(result.steps[-1].spread)
        st.caption(
            f"The maps are compared {signs}, as they are drawn, each on its own colour scale. Each is made with random "
            f"weights from the output down to the block that it is named after, seed {self._experiment.seed}. Across "
            f"the classes, the logits vary by {before} (standard deviation) with the weights as learnt, and by {after} "
            "with all weights random."
        )
        about = "Rank correlation and structural similarity with the original map, after each stage"
        st.plotly_chart(randomisation(result), key="survival", config=NO_MODE_BAR, alt=about)
        st.caption(MEASURES_CAPTION)
        _show_other(result, explanation, look)
        _show_numbers(result, explanation.target.scale)


def _card_maps(steps: Sequence[Step]) -> list[tuple[str, Array | None]]:
    """Return a few maps from the first to the last with titles; in the second, the last layer is random."""
    last = len(steps) - 1
    shown = sorted({0, 1, (2 + last) // 2, last})
    names = {0: "as learnt", 1: "last layer", last: "all layers"}
    return [(f"{names.get(at, f'{at} of {last} stages')}<br>{_rho(steps[at], at)}", steps[at].heat) for at in shown]


def _rho(step: Step, at: int) -> str:
    return f"ρ {_two_digits(step.correlation)}" if at else ""


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
        f"**The map for another class.** After *{escaped(explanation.facts.label)}*, the most likely class is "
        f"*{escaped(result.other.name)}*. If ρ is near 1, the map shows what is in the picture, and hardly what "
        "distinguishes the two classes."
    )
    _show_step(result.other, result.other.name, "other", look, signed=result.signed)


def _show_numbers(result: RandomisationOutcome, scale: str) -> None:
    """Draw a table with a row for each randomised classifier."""
    st.markdown("**All numbers of this test**")
    steps = (*result.steps, *result.again)
    columns = {
        "Random weights": [step.name for step in steps],
        "ρ": [step.correlation for step in steps],
        "ρ with signs": [step.by_sign for step in steps],
        "SSIM": [step.similarity for step in steps],
        "Spread of logits": [step.spread for step in steps],
        f"Explained {scale}": [step.score for step in steps],
    }
    formats = {name: st.column_config.NumberColumn(format="%.2f") for name in list(columns)[1:]}
    st.dataframe(columns, hide_index=True, column_config=formats, key="cascade-numbers")
    st.caption("With signs: for the maps' signed sums over the channels, for methods whose values have signs.")


def _two_digits(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
