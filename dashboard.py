"""The Explain page shows one map of one picture, classifier and method, with the proof beside it."""

from __future__ import annotations

import streamlit as st

from pages.shared.frame import frame, messages

with frame(
    "Why did it say that?",
    "Which pixels made an image classifier decide, and whether to trust the map.",
    "explain",
) as page:
    left, right = st.container(key="result").columns([1, 2], gap="medium")
    with left:
        answer_place, proof_place = page.place("16rem", key="answer-area"), page.place("12rem", key="proof")
    with right:
        waiting, map_place = page.place("3rem", key="waiting"), page.place("calc(100% + 170px)")
    curves_place = st.container(key="curves")
    with page.imports():
        from pages.sections.explain.result import MapArea, show_answer, show_curves, show_method, show_proof
        from pages.shared import work
        from pages.shared.method import choose_explainer
        from pages.shared.question import ask
    with page.settings.fill():
        question, likely, explainer = ask(choose_explainer)
    page.publish_settings()
    with answer_place.fill():
        show_answer(likely, question.target.index)
    map_area = MapArea(map_place)
    with waiting.fill(), messages():
        explanation = work.explanation(explainer, question, map_area.preview)
        with proof_place.fill():
            show_proof(explainer, question.classifier, explanation)
            show_method(explainer)
        map_area.show(explanation)
        with curves_place:
            show_curves(explanation)
