"""The Explain page shows one map of one picture, classifier and method, with the prediction and the check beside it."""

from __future__ import annotations

import streamlit as st

from pages.shared.frame import frame, messages


def explain() -> None:
    """Draw the page. In a function, because Streamlit keeps the variables of a script after its run."""
    with frame(
        "Why did it say that?",
        "Which pixels made an image classifier decide, and whether to trust the map.",
        "explain",
    ) as page:
        with st.container(horizontal=True, key="result"):
            with st.container(key="map-column"):
                waiting, map_place = st.container(key="waiting"), page.place("158%")
            with st.container(key="side"):
                answer_place, check_place = page.place("12rem", key="answer-area"), page.place("8rem", key="check-area")
                verdict_place, look_place = page.place("3rem", key="verdict-line"), page.place("9rem", key="look-line")
                details_place = st.container(key="details")
        curves_place = st.container(key="curves")
        with page.imports():
            from pages.sections.explain.result import MapArea, show_answer, show_check, show_curves, show_details
            from pages.sections.explain.verdict import show_verdict
            from pages.shared import work
            from pages.shared.method import choose_explainer
            from pages.shared.question import ask
        with waiting, messages():
            with page.settings.fill():
                question, likely, explainer = ask(choose_explainer)
            page.publish_settings()
            with answer_place.fill():
                show_answer(likely, question)
            map_area = MapArea(map_place, look_place)
            explanation = work.explanation(explainer, question, map_area.preview)
            map_area.show(explainer, question, likely, explanation)
            with check_place.fill():
                show_check(explanation)
            with verdict_place.fill():
                show_verdict(explainer, question, explanation)
            with details_place:
                show_details(explainer, question.classifier, explanation)
            with curves_place:
                show_curves(explanation)


explain()
