"""Explain: one picture, one classifier, one method, and the proof beside the map."""

from __future__ import annotations

import streamlit as st

from pages.sections.explain.result import MapArea, show_answer, show_curves, show_method, show_proof
from pages.shared import work
from pages.shared.controls import choose_explainer
from pages.shared.frame import frame, messages
from pages.shared.question import ask

with frame(
    "Why did it say that?", "Which pixels made an image classifier decide, and whether to believe that picture."
) as settle:
    with st.sidebar:
        asked = ask()
        explainer = choose_explainer(asked.classifier)
    settle()
    left, right = st.container(key="result").columns([1, 2], gap="medium")
    below = st.container(key="curves")
    with left:
        show_answer(asked.likely, asked.target.index)
        proof = st.container(key="proof")
    with right:
        waiting, area = st.container(key="waiting"), MapArea()
    with waiting, messages():
        explanation = work.explanation(explainer, asked.classifier, asked.photo, asked.target, area.preview)
        with proof:
            show_proof(explainer, asked.classifier, explanation)
            show_method(explainer)
        area.show(explanation)
        with below:
            show_curves(explanation)
