"""Explain: one picture, one classifier, one method, and the proof beside the map."""

from __future__ import annotations

import streamlit as st

from pages.shared import state, work
from pages.shared.controls import choose_explainer
from pages.shared.frame import frame, messages
from pages.shared.picture import choose_picture
from pages.shared.question import choose_classifier, choose_target
from pages.shared.result import MapArea, show_answer, show_curves, show_method, show_proof

with frame(
    "Why did it say that?", "Which pixels made an image classifier decide, and whether to believe that picture."
):
    with st.sidebar:
        photo = choose_picture()
        classifier = choose_classifier()
        likely = work.predictions(classifier, photo)
        target = choose_target(classifier, likely)
        explainer = choose_explainer(classifier)
    state.publish()
    left, right = st.container(key="result").columns([1, 2], gap="medium")
    below = st.container(key="curves")
    with left:
        show_answer(likely, target.index)
        proof = st.container(key="proof")
    with right:
        waiting, area = st.container(key="waiting"), MapArea()
    with waiting, messages():
        explanation = work.explanation(explainer, classifier, photo, target, area.preview)
        with proof:
            show_proof(explainer, classifier, explanation)
            show_method(explainer)
        area.show(explanation)
        with below:
            show_curves(explanation)
