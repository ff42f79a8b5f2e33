"""Small maps with a title over them and a line below."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.arrays import Array
from explainers.figures import SIDE, Look, peak, tile

BARE = {"displayModeBar": False}  # Plotly's configuration of figures that aren't zoomed


def titled(title: str, below: str, key: str) -> DeltaGenerator:
    """A place of a small map's width, with a title over it and a line below."""
    with st.container(width=SIDE, gap="xxsmall", key=f"about-{key}"):
        st.markdown(f"**{title}**")
        place = st.container()
        st.caption(below)
    return place


def show_tile(title: str, below: str, key: str, heat: Array, look: Look, *, signed: bool) -> None:
    """A small map (H, W) on a colour scale of its own; NaN where there is nothing to show."""
    figure = tile(heat, look.colours, peak(heat[np.isfinite(heat)], look.clip), signed=signed)
    titled(title, below, key).plotly_chart(figure, key=key, config=BARE)
