"""The Compare page shows many maps side by side."""

from __future__ import annotations

import streamlit as st

from pages.shared.frame import frame, messages


def compare() -> None:
    """Draw the page. In a function, because Streamlit keeps the variables of a script after its run."""
    with frame("How do they compare?", "Many maps side by side, zoomed together and measured.", "compare") as page:
        body = page.place("70vh")
        with page.imports():
            from pages.sections.compare.drawing import choose_drawing
            from pages.sections.compare.grid import show_opacity
            from pages.sections.compare.keep import offer_tile_to_keep
            from pages.sections.compare.plan import choose_comparison, summary
            from pages.sections.compare.presets import offer_presets
            from pages.sections.compare.save import offer_comparison
            from pages.sections.compare.tiles import compute, offer_another_try
            from pages.sections.compare.views import AGREEMENT, Views, choose_view
            from pages.shared.method import choose_explainer
            from pages.shared.question import ask
        with page.settings.fill():
            question, likely, explainer = ask(choose_explainer)
        with body.fill(key="compare"):
            offer_presets(question.classifier, explainer)
            with st.container(horizontal=True, vertical_alignment="center", key="compare-line"):
                view = choose_view()
                edit = st.popover("Edit")
                about = st.container(width="content")
                show_opacity()
                save_place = st.container(horizontal=True, width="content")
            with edit:
                comparison, drawing = choose_comparison(question, likely, explainer), choose_drawing()
            about.caption(summary(comparison))
            waiting = st.container(key="compare-waiting")
            views = Views(view, comparison, drawing)
            page.publish_settings()
            with waiting:
                tiles = compute(comparison, question, views)
                offer_another_try()
            with save_place:
                shown = [drawing.of(tile) for tile in tiles]
                with_agreement = view == AGREEMENT
                offer_comparison(comparison, question, likely, shown, drawing.tints, with_agreement=with_agreement)
                offer_tile_to_keep(tiles, drawing)
            with messages():
                views.show(tiles)


compare()
