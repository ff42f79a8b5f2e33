"""The Explain page shows one map of one picture, classifier and method, with the proof beside it."""

from __future__ import annotations

import streamlit as st

from pages.sections.explain.result import RESULT_STYLE, MapArea, show_answer, show_curves, show_method, show_proof
from pages.shared import work
from pages.shared.controls import choose_explainer
from pages.shared.frame import frame, messages
from pages.shared.question import ask

with frame(
    "Why did it say that?",
    "Which pixels made an image classifier decide, and whether to believe that picture.",
    RESULT_STYLE,
) as publish_settings:
    with st.sidebar:
        question, likely = ask()
        explainer = choose_explainer(question.classifier)
    publish_settings()
    left, right = st.container(key="result").columns([1, 2], gap="medium")
    curves_place = st.container(key="curves")
    with left:
        show_answer(likely, question.target.index)
        proof_place = st.container(key="proof")
    with right:
        waiting, map_area = st.container(key="waiting"), MapArea()
    with waiting, messages():
        explanation = work.explanation(explainer, question, map_area.preview)
        with proof_place:
            show_proof(explainer, question.classifier, explanation)
            show_method(explainer)
        map_area.show(explanation)
        with curves_place:
            show_curves(explanation)
