"""The map that is tried, small: its place is the Explain page."""

from __future__ import annotations

import streamlit as st

from explainers import Explanation
from explainers.figures import Look, picture_tile
from pages.shared.tiles import BARE, show_tile, titled


def show_map(explanation: Explanation, look: Look) -> None:
    """The picture and the map, and what is explained."""
    with st.container(horizontal=True, gap="small", key="tried"):
        titled("Picture", "what the classifier sees", "tried-picture").plotly_chart(
            picture_tile(explanation.picture), key="tried-picture", config=BARE
        )
        title, below = explanation.facts["method"], f"for {explanation.facts['class']}"
        show_tile(title, below, "tried-map", explanation.heat, look, signed=explanation.signed)
