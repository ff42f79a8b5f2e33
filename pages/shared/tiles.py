"""Small maps with a title above and a caption below."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.arrays import Array
from explainers.figures import SMALL_MAP_SIDE, Look, peak, tile

NO_MODE_BAR = {"displayModeBar": False}  # Plotly's configuration for figures that nobody needs to zoom


def titled(title: str, below: str, key: str) -> DeltaGenerator:
    """Draw a title and a caption, and return the place between them, as wide as a small map."""
    with st.container(width=SMALL_MAP_SIDE, gap="xxsmall", key=f"about-{key}"):
        st.markdown(f"**{title}**")
        place = st.container()
        st.caption(below)
    return place


def show_tile(title: str, below: str, key: str, heat: Array, look: Look, *, signed: bool) -> None:
    """Draw a small map (H, W) on a colour scale of its own; it is NaN where there is nothing to show."""
    figure = tile(heat, look.colours, peak(heat[np.isfinite(heat)], look.clip), signed=signed)
    titled(title, below, key).plotly_chart(figure, key=key, config=NO_MODE_BAR, alt=f"{title}: {below}")
