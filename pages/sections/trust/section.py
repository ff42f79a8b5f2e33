"""What the sections of the Trust page have in common."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Finding
from explainers.experiments.table import Measured, measure
from explainers.figures import Look
from explainers.question import Question
from pages.shared import state, work
from pages.shared.look import last_look

WANTED_KEY = "wanted"  # of the requests of this visit: long experiments, all on a question, and tables


def outcome(experiment: Experiment, explainer: Explainer, question: Question, explanation: Explanation) -> Any:
    """Run an experiment and return its outcome; a long one waits for a click on a button with its cost (None)."""
    passes = experiment.passes(explainer, question.classifier)
    all_experiments = key_of(explainer, question)
    this_experiment = (experiment, all_experiments)
    if work.takes_long(passes, question.classifier) and not (wanted(this_experiment) or wanted(all_experiments)):
        label = f"Run: up to {passes:,} passes"
        st.button(
            label, key=f"run-{experiment.slug()}", on_click=want, args=(this_experiment,), icon=":material/play_arrow:"
        )
        return None
    return work.outcome(experiment, explainer, question, explanation)


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


@dataclass(frozen=True)
class Invitation:
    """An experiment that can't run yet: the sentence says what the visitor has to do first."""

    sentence: str


class Section(Protocol):
    """A section that asks one question about a map: it draws its text and controls when made, and its outcome later.

    title: the question, as the verdict names it.
    place: the place of its outcome, or of the message that says why there is none.
    """

    title: ClassVar[str]
    place: DeltaGenerator

    def __init__(self, classifier: Classifier) -> None: ...

    def experiments(self) -> Sequence[Experiment]:
        """Return the experiments that any method's map can be put through, with the settings chosen here."""

    def show(
        self, explainer: Explainer, question: Question, explanation: Explanation, look: Look
    ) -> Finding | Invitation | None:
        """Run the experiment and draw what came out; None while it waits for a click. Raises ExplanationError."""
