"""Path: Integrated Gradients from the inside, for the question that the other pages ask, too."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explainers.methods.integrated_gradients import IntegratedGradients
from pages.sections.path.baselines import BaselinesSection
from pages.sections.path.pictures import StripSection
from pages.sections.path.saturation import JourneySection
from pages.sections.path.steps import KEPT, StepsSection
from pages.shared import work
from pages.shared.controls import choose_settings
from pages.shared.frame import frame, messages
from pages.shared.question import ask

STOPS = 21  # of alpha

with frame(
    "How does the map come about?", "Integrated Gradients from the inside: path, saturation, steps, baselines."
) as settle:
    with st.sidebar:
        asked = ask()
        explainer = choose_settings(IntegratedGradients, asked.classifier)
    cost = st.empty()
    strip, journey, steps, baselines = StripSection(), JourneySection(), StepsSection(), BaselinesSection()
    settle()
    looked = replace(explainer, keep=STOPS, grid=KEPT)
    most = strip.count + looked.passes(asked.classifier) + steps.passes(explainer, KEPT) + baselines.passes(explainer)
    cost.caption(f"At most {most} passes through {asked.classifier.name}.")
    strip.show(explainer, asked)
    with journey.waiting, messages():
        explanation = work.explanation(
            looked, asked.classifier, asked.photo, asked.target, journey.preview, "Integrating along the path"
        )
        path, reached = explanation.facts["passes"], explanation.grid.steps[-1] if explanation.grid else 0
        others = steps.passes(explainer, reached) + baselines.passes(explainer)
        cost.caption(
            f"{strip.count + path + others} passes through {asked.classifier.name}: {strip.count} for the pictures, "
            f"{path} on the path, {others} for other rules and baselines. None when alpha moves."
        )
        explanation, look = journey.show(explanation)
        steps.show(explainer, asked, explanation, look)
        baselines.show(explainer, asked, explanation, look)
