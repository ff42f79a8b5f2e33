"""The map under test, drawn small, as the Explain page shows it in full."""

from __future__ import annotations

import streamlit as st

from explainers import Explanation
from explainers.figures import Look, map_row
from pages.shared.tiles import NO_MODE_BAR

MAP_WIDTH = 220  # pixels of the screen, for picture and map


def show_map(explanation: Explanation, look: Look) -> None:
    """Draw the picture and the map."""
    figure = map_row([("", explanation.picture), ("", explanation.heat)], look, signed=explanation.signed)
    about = (
        f"What the classifier sees, and the map under test: {explanation.facts.method} for {explanation.facts.label}"
    )
    place = st.container(key="tried-small-figure")
    place.plotly_chart(figure, height="stretch", key="tried", config=NO_MODE_BAR, alt=about)
