"""Lets the browser fetch the code that draws figures while the server still computes the first one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

STATIC = Path(st.__file__).with_name("static")
PATTERN = "static/js/PlotlyChart.*.js"
ADDRESSES = [f"./{file.relative_to(STATIC).as_posix()}" for file in STATIC.glob(PATTERN)]  # once, not at every run


def fetch_figure_code() -> None:
    """Have Streamlit's module of Plotly figures fetched and compiled; its own import finds it there.

    By itself the page asks for it when the first figure arrives, and takes a second or more. Where another release of
    Streamlit has no such file, that stays so.
    """
    for address in ADDRESSES:
        st.html(f'<script>import("{address}").catch(() => {{}})</script>', unsafe_allow_javascript=True)
