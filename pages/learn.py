"""The Learn page holds the lessons, for a class or for somebody alone, and explains every method."""

from __future__ import annotations

import streamlit as st

from pages.shared import state
from pages.shared.frame import frame, messages
from pages.shared.heading import PAGES


def learn() -> None:
    """Draw the page. In a function, because Streamlit keeps the variables of a script after its run."""
    with frame("What does a map say?", "Lessons to try things out in, ten to fifteen minutes each.", "learn") as page:
        body, link = page.place("420px"), None
        with page.imports():
            from pages.sections.learn.choosing import choose_classifier, choose_lesson, settings_of
            from pages.sections.learn.contents import show_contents
            from pages.sections.learn.steps import show_step
            from pages.sections.learn.teaching import offer_sheets
        with page.settings.fill(), messages():
            lesson = choose_lesson()
            lab = choose_classifier()
            offer_sheets(lesson, lab)
        with body.fill(key="learn"), messages():
            link = show_step(lesson, lab) if lesson else show_contents(lab)
        page.publish_settings()
        if link:
            state.replace(settings_of(link, lab))
            st.switch_page(PAGES[link.page][1])


learn()
