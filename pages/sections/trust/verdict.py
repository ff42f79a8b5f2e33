"""The verdict of all experiments in words. It is never one number: they ask different things, and may disagree."""

from __future__ import annotations

import streamlit as st

from explainers import Explainer
from explainers.experiments import Finding
from explainers.experiments.verdict import verdict
from explainers.markdown import escaped
from explainers.question import Question
from pages.sections.trust.section import Invitation, key_of, want

VERDICT_ICONS = {
    "for": ":green[:material/thumb_up:]",
    "against": ":red[:material/thumb_down:]",
    "neither": ":material/help:",
}
VERDICT_CAVEAT = (
    "None of this proves a map right. The experiments ask different things and often disagree; each has a blind side "
    "of its own, named at its place."
)


class VerdictPlace:
    """The place of the verdict, which is drawn again when all experiments have ended."""

    def __init__(self, explainer: Explainer, question: Question) -> None:
        self._place, self._findings = st.container(key="verdict").empty(), dict[str, Finding | Invitation | None]()
        self._question = key_of(explainer, question)
        self._draw("The experiments are under way.")

    def take(self, title: str, finding: Finding | Invitation | None) -> None:
        """Add the finding of the experiment of that title, or its invitation; None means that it waits for a click."""
        self._findings[title] = finding

    def end(self) -> None:
        """Draw the verdict of all findings together."""
        findings = [finding for finding in self._findings.values() if not isinstance(finding, Invitation)]
        self._draw(verdict(findings))

    def _draw(self, summary: str) -> None:
        with self._place.container():
            st.markdown(f"#### The verdict\n{summary}")
            items = [
                f"- {_icon(finding)} **{title}** {escaped(finding.sentence)}"
                for title, finding in self._findings.items()
                if finding
            ]
            st.markdown("\n".join(items))
            st.caption(VERDICT_CAVEAT)
            if any(finding is None for finding in self._findings.values()):
                st.button("Run the experiments that wait", key="run-all", on_click=want, args=(self._question,))


def _icon(finding: Finding | Invitation) -> str:
    return ":material/draw:" if isinstance(finding, Invitation) else VERDICT_ICONS[finding.speaks]
