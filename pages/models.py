"""The Models page shows which classifiers there are, and takes in those that visitors bring."""

from __future__ import annotations

import streamlit as st

from pages.shared.frame import frame, messages


def models() -> None:
    """Draw the page. In a function, because Streamlit keeps the variables of a script after its run."""
    with frame(
        "Which classifier?", "Those that come with Whypixel, those to download, and your own.", "models"
    ) as page:
        body = page.place("560px")
        with page.imports():
            from pages.sections.models.catalogue import choose_from_catalogue
            from pages.sections.models.own import add_own
            from pages.shared import own_classifiers
            from pages.shared.picture import choose_picture
        own_classifiers.bring_along()
        photo, is_chosen = None, False
        with page.settings.fill(), messages():
            photo = choose_picture()
        with body.fill(key="models"):
            with st.container(key="own-area"), messages():
                is_chosen |= add_own(photo)
            with st.container(key="catalogue"):
                is_chosen |= choose_from_catalogue()
        page.publish_settings()
        if is_chosen:
            st.switch_page("dashboard.py")


models()
