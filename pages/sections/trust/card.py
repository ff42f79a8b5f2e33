"""What the cards of the Trust page have in common."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Finding
from explainers.experiments.table import Measured, measure
from explainers.figures import Look
from explainers.glossary import with_terms
from explainers.markdown import escaped
from explainers.numbers import duration
from explainers.question import Question
from pages.shared import state, work
from pages.shared.look import last_look
from pages.shared.tiles import NO_MODE_BAR

WANTED_KEY = "wanted"  # of the requests of this visit: long experiments, all on a question, and tables
VERDICT_ICONS = {
    "for": ":green[:material/thumb_up:]",
    "against": ":red[:material/thumb_down:]",
    "neither": ":material/help:",
}


def measured(explainer: Explainer, question: Question, experiments: Sequence[Experiment]) -> Measured:
    """Run experiments on another method's map for the question, reduced as that method's maps are drawn."""
    return measure(explainer, question, experiments, explain=_as_drawn, run=work.outcome)


def _as_drawn(explainer: Explainer, question: Question) -> Explanation:
    return last_look(work.explanation(explainer, question))[0]


def key_of(explainer: Explainer, question: Question) -> Hashable:
    """Return the hashable key of the map that all experiments on the page are about."""
    return explainer, question.key


def wanted(request: Hashable) -> bool:
    """Whether the visitor has asked for this."""
    return request in state.recall(WANTED_KEY, set())


def want(request: Hashable) -> None:
    """Note that the visitor asks for a long experiment, for all of a question, or for a table."""
    state.remember(WANTED_KEY, state.recall(WANTED_KEY, set()) | {request})


def rough(seconds: float) -> str:
    """Write an estimate of a duration, which isn't better than its first two digits."""
    return f"about {max(1, round(seconds))} s" if seconds < 10 else f"about {duration(float(f'{seconds:.2g}'))}"


@dataclass(frozen=True)
class Invitation:
    """An experiment that can't run yet: the sentence says what the visitor has to do first."""

    sentence: str


Result = Finding | Invitation | None  # None: it waits for a click


class Card:
    """One question about a map: a card with a small figure and a line, and its details on a click.

    name:         of the card in keys; title: the question.
    introduction: what the experiment does and shows, in Markdown. plan: the same in a sentence, while it waits.
    place:        the place of the outcome, or of the message that says why there is none.
    details:      the place of the details; they are drawn only while it is open.
    seconds:      about how long the experiment takes, if it waits for a click.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    introduction: ClassVar[str]
    plan: ClassVar[str]

    def __init__(self, classifier: Classifier) -> None:
        self.seconds = 0.0
        with st.container(border=True, key=f"card-{self.name}", gap="xsmall"):
            self._heading = st.empty()
            self._head("")
            self.place: DeltaGenerator = st.container(key=f"{self.name}-card", gap="xsmall")
            expander = st.expander(
                "Details and settings",
                key=state.setting(f"{self.name}-details", False),
                on_change="rerun",
                type="compact",
            )
        self.open = bool(expander.open)
        with expander:
            st.markdown(self.introduction)
            with st.container(horizontal=True, gap="medium", key=f"{self.name}-settings", vertical_alignment="bottom"):
                self.choose(classifier)
            self.details: DeltaGenerator = st.container(key=f"{self.name}-section")

    def choose(self, classifier: Classifier) -> None:
        """Draw the widgets of the experiment's settings."""
        raise NotImplementedError

    def experiments(self) -> Sequence[Experiment]:
        """Return the experiments that any method's map can be put through, the card's own first; none if it can't run.

        They have the settings chosen here.
        """
        raise NotImplementedError

    def show(self, explainer: Explainer, question: Question, explanation: Explanation, look: Look) -> Result:
        """Run the experiment and draw what came out. Raises ExplanationError."""
        raise NotImplementedError

    def waits(self, experiment: Experiment, explainer: Explainer, question: Question) -> bool:
        """Whether the experiment takes so long that the visitor has to ask for it, and hasn't."""
        passes = round(experiment.pace * experiment.passes(explainer, question.classifier))
        asked = wanted((experiment, key_of(explainer, question))) or wanted(key_of(explainer, question))
        return work.takes_long(passes, question.classifier) and not asked

    def cost(self, explainer: Explainer, question: Question) -> float:
        """Return the cost of the experiment in passes; nothing while it waits or can't run."""
        own = self.experiments()[:1]
        if not own or self.waits(own[0], explainer, question):
            return 0.0
        return own[0].pace * own[0].passes(explainer, question.classifier)

    def outcome(
        self, experiment: Experiment, explainer: Explainer, question: Question, explanation: Explanation
    ) -> Any:
        """Run an experiment and return its outcome; while it waits, draw a button that runs it, and return None."""
        if not self.waits(experiment, explainer, question):
            return work.outcome(experiment, explainer, question, explanation)
        seconds = experiment.seconds(explainer, question, explanation)
        if experiment in self.experiments()[:1]:
            self.seconds = seconds
            st.markdown(self.plan)
        st.button(
            f"Run ({rough(seconds)})",
            key=f"run-{experiment.slug()}",
            on_click=want,
            args=((experiment, key_of(explainer, question)),),
            icon=":material/play_arrow:",
        )
        return None

    def conclude(self, finding: Finding) -> Finding:
        """Write the finding's line below the figure, and mark the heading with its verdict."""
        self._head(VERDICT_ICONS[finding.speaks])
        st.markdown(escaped(finding.line))
        return finding

    def invite(self, sentence: str) -> Invitation:
        """Say what the visitor has to do before the experiment can run."""
        self._head(":material/draw:")
        st.markdown(sentence)
        return Invitation(sentence)

    def draw(self, figure: Any, about: str) -> None:
        """Draw the card's small figure."""
        key = f"{self.name}-small"
        st.container(key=f"{key}-figure").plotly_chart(figure, height="stretch", key=key, config=NO_MODE_BAR, alt=about)

    def _head(self, icon: str) -> None:
        self._heading.markdown(f"### {icon} {self.title}", help=with_terms(self.plan))
