"""The Trust page puts the Explain page's map through experiments that speak for or against believing it."""

from __future__ import annotations

import streamlit as st

from pages.shared.frame import frame, messages

with frame(
    "Should you believe this map?", "Experiments that could prove it wrong, and what came out.", "trust"
) as page:
    body = page.place("70vh")
    with page.imports():
        from pages.sections.trust.map import show_map
        from pages.sections.trust.pointing import PointingSection
        from pages.sections.trust.randomisation import RandomisationSection
        from pages.sections.trust.removal import RemovalSection
        from pages.sections.trust.section import Section
        from pages.sections.trust.stability import StabilitySection
        from pages.sections.trust.table import TableSection
        from pages.sections.trust.verdict import VerdictPlace
        from pages.shared import work
        from pages.shared.look import last_look
        from pages.shared.method import choose_explainer
        from pages.shared.question import ask
    with page.settings.fill():
        question, _, explainer = ask(choose_explainer)
    with body.fill():
        left, right = st.container(key="trial").columns([2, 3], gap="medium")
        with right:
            verdict = VerdictPlace(explainer, question)
        kinds: tuple[type[Section], ...] = RemovalSection, RandomisationSection, StabilitySection, PointingSection
        sections = [kind(question.classifier) for kind in kinds]
        table = TableSection(explainer)
        page.publish_settings()
        with left, messages():
            explanation = work.explanation(explainer, question)
            explanation, look = last_look(explanation)
            show_map(explanation, look)
            for section in sections:
                with section.place, messages():
                    verdict.take(section.title, section.show(explainer, question, explanation, look))
            verdict.end()
            table.show(question, sections)
