"""The Trust page puts the Explain page's map through experiments that speak for or against believing it."""

from __future__ import annotations

import streamlit as st

from pages.sections.trust.map import show_map
from pages.sections.trust.pointing import PointingSection
from pages.sections.trust.randomisation import RandomisationSection
from pages.sections.trust.removal import RemovalSection
from pages.sections.trust.section import Section
from pages.sections.trust.stability import StabilitySection
from pages.sections.trust.table import TableSection
from pages.sections.trust.verdict import VerdictPlace
from pages.shared import work
from pages.shared.controls import choose_explainer
from pages.shared.frame import frame, messages
from pages.shared.look import last_look
from pages.shared.question import ask

SECTIONS: tuple[type[Section], ...] = (RemovalSection, RandomisationSection, StabilitySection, PointingSection)

with frame(
    "Should you believe this map?",
    "Experiments that could prove it wrong, and what came out.",
    *(section.style for section in SECTIONS),
) as publish_settings:
    with st.sidebar:
        question, _ = ask()
        explainer = choose_explainer(question.classifier)
    left, right = st.container(key="trial").columns([2, 3], gap="medium")
    with right:
        verdict = VerdictPlace(explainer, question)
    sections = [section(question.classifier) for section in SECTIONS]
    table = TableSection(explainer)
    publish_settings()
    with left, messages():
        explanation = work.explanation(explainer, question)
        explanation, look = last_look(explanation)
        show_map(explanation, look)
        for section in sections:
            with section.place, messages():
                verdict.take(section.title, section.show(explainer, question, explanation, look))
        verdict.end()
        table.show(question, sections)
