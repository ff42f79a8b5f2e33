"""The map under test, drawn small, as the Explain page shows it in full."""

from __future__ import annotations

import streamlit as st

from explainers import Explanation
from explainers.figures import Look, picture_tile
from pages.shared.tiles import NO_MODE_BAR, show_tile, titled


def show_map(explanation: Explanation, look: Look) -> None:
    """Draw the picture and the map, and say what is explained."""
    with st.container(horizontal=True, gap="small", key="tried"):
        titled("Picture", "what the classifier sees", "tried-picture").plotly_chart(
            picture_tile(explanation.picture), key="tried-picture", config=NO_MODE_BAR
        )
        title, below = explanation.facts.method, f"for {explanation.facts.label}"
        show_tile(title, below, "tried-map", explanation.heat, look, signed=explanation.signed)
