"""The Path page shows Integrated Gradients from the inside, for the same question as the other pages."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.frame import frame, messages

ALPHA_STOPS = 21  # positions of the alpha slider


def path() -> None:
    """Draw the page. In a function, because Streamlit keeps the variables of a script after its run."""
    with frame(
        "How does it add up?",
        "Integrated Gradients, step by step: alpha goes from the baseline to your picture.",
        "path",
    ) as page:
        body = page.place("560px")
        with page.imports():
            from explainers.methods.path_record import PathMethod, record_passes
            from pages.sections.path.baselines import BaselinesSection
            from pages.sections.path.pictures import PicturesSection
            from pages.sections.path.saturation import SaturationSection
            from pages.sections.path.steps import RECORD_STEPS, StepsSection
            from pages.shared import work
            from pages.shared.controls import choose_settings
            from pages.shared.keep import Keepable, offer_to_keep
            from pages.shared.question import ask
            from pages.shared.save import offer_files
        with page.settings.fill():
            question, likely, explainer = ask(partial(choose_settings, PathMethod))
        with body.fill():
            saturation, cost_place = SaturationSection(), st.empty()
            pictures, steps, baselines = PicturesSection(), StepsSection(), BaselinesSection()
            page.publish_settings()
            classifier = question.classifier
            path_passes = record_passes(explainer, explainer.passes(classifier), RECORD_STEPS)
            max_passes = (
                pictures.count + path_passes + steps.passes(explainer, RECORD_STEPS) + baselines.passes(explainer)
            )
            cost_place.caption(f"At most {max_passes:,} passes through {classifier.name}.")
            with saturation.waiting, messages():
                record = work.record(explainer, question, ALPHA_STOPS, RECORD_STEPS, saturation.preview)
                path_passes, steps_taken = record.explanation.facts.passes, record.grid.steps[-1] if record.grid else 0
                other_passes = steps.passes(explainer, steps_taken) + baselines.passes(explainer)
                cost_place.caption(
                    f"{pictures.count + path_passes + other_passes:,} passes through {classifier.name}: "
                    f"{path_passes:,} on the path, {pictures.count} for the pictures below, {other_passes:,} for other "
                    "rules and baselines. Moving alpha takes none."
                )
                record, look = saturation.show(record)
                with saturation.save_place:
                    offer_files(explainer, question, likely, record.explanation, look, path=True)
                    offer_to_keep({"": Keepable(question.photo, record.explanation, look)}, "path")
                pictures.show(explainer, question)
                steps.show(explainer, question, record, look)
                baselines.show(explainer, question, record, look)


path()
