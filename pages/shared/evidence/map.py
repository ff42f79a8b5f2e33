"""The map that is tried, small: its place is the Explain page."""

from __future__ import annotations

import streamlit as st

from explainers import Explanation
from explainers.figures import Look, peak, picture_tile, tile
from pages.shared.result import BARE, titled


def show_map(explanation: Explanation, look: Look) -> None:
    """The picture and the map, and what is explained."""
    strongest = peak(explanation.heat, look.clip)
    with st.container(horizontal=True, gap="small", key="tried"):
        titled("Picture", "what the classifier sees", "tried-picture").plotly_chart(
            picture_tile(explanation.picture), key="tried-picture", config=BARE
        )
        figure = tile(explanation.heat, look.colours, strongest, signed=explanation.signed)
        below = f"for {explanation.facts['class']}"
        titled(explanation.facts["method"], below, "tried-map").plotly_chart(figure, key="tried-map", config=BARE)
