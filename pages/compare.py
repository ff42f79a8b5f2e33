"""Compare: many maps of one picture side by side."""

from __future__ import annotations

import streamlit as st

from pages.shared.controls import choose_explainer
from pages.shared.frame import frame, messages
from pages.shared.grid.plan import choose_plan
from pages.shared.grid.presets import offer_presets
from pages.shared.grid.tiles import compute, offer_another_try
from pages.shared.grid.views import Views
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
