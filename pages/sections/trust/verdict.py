"""What all experiments together say, in words: never one number, for they ask different things and disagree."""

from __future__ import annotations

import streamlit as st

from explainers import Explainer
from explainers.experiments import Finding
from explainers.markdown import escaped
from pages.sections.trust.section import Invitation, question, want
from pages.shared.question import Question

SIGNS = {"for": ":green[:material/thumb_up:]", "against": ":red[:material/thumb_down:]", "neither": ":material/help:"}
CAVEAT = (
    "None of this proves a map right. The experiments ask different things and often disagree; each has a blind side "
    "of its own, named at its place."
)


class VerdictPlace:
    """The verdict, which grows as experiments end."""

    def __init__(self, explainer: Explainer, asked: Question) -> None:
        self._place, self._findings = st.container(key="verdict").empty(), dict[str, Finding | Invitation | None]()
        self._question = question(asked, explainer)
        self._draw("The experiments are under way.")

    def take(self, title: str, finding: Finding | Invitation | None) -> None:
        """Add what the experiment of that title found, or what it needs first; None: it waits for a click."""
        self._findings[title] = finding

    def end(self) -> None:
        """Say what all of them say together."""
        asked = [each for each in self._findings.values() if not isinstance(each, Invitation)]
        self._draw(summed(asked))

    def _draw(self, summary: str) -> None:
        with self._place.container():
            st.markdown(f"#### The verdict\n{summary}")
            lines = [
                f"- {_sign(each)} **{title}** {escaped(each.sentence)}"
                for title, each in self._findings.items()
                if each
            ]
            st.markdown("\n".join(lines))
            st.caption(CAVEAT)
            if any(finding is None for finding in self._findings.values()):
                st.button("Run the experiments that wait", key="run-all", on_click=want, args=(self._question,))


def _sign(found: Finding | Invitation) -> str:
    return ":material/draw:" if isinstance(found, Invitation) else SIGNS[found.speaks]


def summed(findings: list[Finding | None]) -> str:
    """One sentence on what the experiments say together."""
    said = [each.speaks for each in findings if each]
    pro, contra, waiting = said.count("for"), said.count("against"), len(findings) - len(said)
    if not said:
        text = "No experiment has been run yet."
    elif contra and pro:
        text = f"**The experiments disagree**: {pro} for the map, {contra} against it."
    elif contra:
        text = f"**Do not lean on this map**: {contra} against it, none for it."
    elif pro:
        text = f"**Nothing speaks against this map**, and {pro} of {len(said)} for it."
    else:
        text = "**Open**: no experiment speaks clearly for or against this map."
    return text + (f" {waiting} wait{'s' * (waiting == 1)} for a click." if waiting else "")
