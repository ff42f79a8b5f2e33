"""The verdict of all experiments in words. It is never one number: they ask different things, and may disagree."""

from __future__ import annotations

import streamlit as st

from explainers import Explainer
from explainers.experiments import Finding
from explainers.experiments.verdict import verdict
from explainers.question import Question
from pages.sections.trust.card import Card, Invitation, Result, key_of, rough, want

VERDICT_CAVEAT = (
    "No test proves a map right. They ask different things and often disagree, and each has its own blind spot, named "
    "in its details."
)


class VerdictPlace:
    """The place of the verdict, which is drawn again when all experiments have ended.

    waiting: the place where the progress of the map under test is drawn.
    """

    def __init__(self, explainer: Explainer, question: Question) -> None:
        with st.container(key="verdict"):
            self._place, self.waiting = st.empty(), st.container()
        self._question, self._findings, self._cards = key_of(explainer, question), list[Finding | None](), list[Card]()
        self._place.markdown("The tests are running.")

    def take(self, card: Card, result: Result) -> None:
        """Add the result of a card's experiment."""
        if not isinstance(result, Invitation):
            self._findings.append(result)
        if result is None:
            self._cards.append(card)

    def end(self) -> None:
        """Draw the verdict of all findings together, and one button for all experiments that wait."""
        with self._place.container(gap="xsmall"):
            st.markdown(verdict(self._findings))
            st.caption(VERDICT_CAVEAT)
            if len(self._cards) > 1:
                cost = rough(sum(card.seconds for card in self._cards))
                label = f"Run the {len(self._cards)} waiting tests ({cost})"
                icon = ":material/play_arrow:"
                st.button(label, key="run-all", on_click=want, args=(self._question,), icon=icon)
