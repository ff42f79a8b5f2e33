"""Compare: many maps of one picture side by side."""

from __future__ import annotations

import streamlit as st

from pages.sections.compare.plan import choose_plan
from pages.sections.compare.presets import offer_presets
from pages.sections.compare.tiles import compute, offer_another_try
from pages.sections.compare.views import Views
from pages.shared.controls import choose_explainer
from pages.shared.frame import frame, messages
from pages.shared.question import ask

with frame("How do they compare?", "One picture, many maps: side by side, with one zoom, and measured.") as settle:
    with st.sidebar:
        asked = ask()
        explainer = choose_explainer(asked.classifier)
    offer_presets()
    plan = choose_plan(asked)
    views = Views(plan)
    settle()
    with views.waiting:
        pieces = compute(plan, asked, explainer, views.preview)
        offer_another_try()
    with messages():
        views.show(pieces)
