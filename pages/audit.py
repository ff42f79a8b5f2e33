"""The Audit page shows what the maps of thousands of pictures have in common, also while they are computed."""

from __future__ import annotations

import streamlit as st

from pages.shared.frame import frame, messages


def audit() -> None:
    """Draw the page. In a function, because Streamlit keeps the variables of a script after its run."""
    with frame("Is it always so?", "What the maps of thousands of pictures have in common.", "audit") as page:
        body = page.place("560px")
        with page.imports():
            from explainers.audit.runs.shelf import shelf
            from pages.sections.audit.choosing import choose_audit, choose_selection
            from pages.sections.audit.opening import open_wanted
            from pages.sections.audit.overview import show_overview
            from pages.sections.audit.saving import offer_downloads
            from pages.sections.audit.shelf import show_shelf
            from pages.sections.audit.thumbnails import show_pictures
            from pages.sections.audit.views import choose_view
            from pages.shared import own_classifiers
        own_classifiers.bring_along()
        with body.fill(key="audit"), messages():
            shelved = shelf()
            with page.settings.fill():
                if audit := choose_audit(shelved):
                    selection = choose_selection(audit)
                    offer_downloads(audit, selection)
            if audit is None:
                show_shelf(shelved)
            else:
                show_overview(audit)
                with messages():
                    open_wanted(audit)
                with st.container(horizontal=True, key="audit-columns"):
                    with st.container(key="audit-left"):
                        show_view = choose_view(audit)
                        show_view(audit, selection)
                    with st.container(key="audit-right"):
                        show_pictures(audit, selection)
            page.publish_settings()


audit()
