"""What the sections of the Trust page have in common."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Finding
from explainers.figures import Look
from pages.shared import state, work
from pages.shared.question import Question

WANTED = "wanted"  # experiments that were asked for


def outcome(experiment: Experiment, asked: Question, explainer: Explainer, explanation: Explanation) -> Any:
    """What came out of an experiment, or None: a long one waits for a click on a button that says what it costs."""
    passes = experiment.passes(explainer, asked.classifier)
    every = question(asked, explainer)
    this = (experiment, every)
    if work.takes_long(passes, asked.classifier) and not (wanted(this) or wanted(every)):
        label = f"Run: up to {passes:,} passes"
        st.button(label, key=f"run-{experiment.slug()}", on_click=want, args=(this,), icon=":material/play_arrow:")
        return None
    return work.outcome(experiment, explainer, asked.classifier, asked.photo, explanation)


def question(asked: Question, explainer: Explainer) -> Hashable:
    """What all experiments on a page are about."""
    return explainer, asked.classifier.identity, asked.photo.digest, asked.target


def wanted(what: Hashable) -> bool:
    """Whether it was asked for in this visit."""
    return what in state.noted(WANTED, set())


def want(what: Hashable) -> None:
    """Ask for a long experiment, for all on a question, or for a table."""
    state.note(WANTED, state.noted(WANTED, set()) | {what})


@dataclass(frozen=True)
class Invitation:
    """What an experiment needs of the visitor before it can be asked anything, in a sentence."""

    sentence: str


class Section(Protocol):
    """One question to a map: made with its words and controls, shown when the map is there.

    title: the question, as the verdict names it.
    place: where its outcome is drawn, or the sentence that says why there is none.
    """

    title: ClassVar[str]
    place: DeltaGenerator

    def __init__(self, classifier: Classifier) -> None: ...

    def experiments(self) -> Sequence[Experiment]:
        """What any method's map can be put through, with the settings chosen here."""

    def show(
        self, asked: Question, explainer: Explainer, explanation: Explanation, look: Look
    ) -> Finding | Invitation | None:
        """Run the experiment and draw what came out; None while it waits for a click. Raises ExplanationError."""
