"""A slider that moves a figure from stop to stop in the browser, without the server, and can play all of them."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
PLAY_BUTTON = '<button type="button">Play</button>'


def stops(area: str, label: str, *, plays: bool = False) -> None:
    """Draw the slider of the figure in the container of the key `area`.

    The figure's own slider is hidden (`parts.stops`): it says what each stop shows, and keyboards couldn't reach it.
    plays: whether there is a button that shows one stop after the other.
    """
    name = escape(label)
    st.html(
        f'<div class="stops" data-area="{escape(area)}">{PLAY_BUTTON if plays else ""}'
        f'<label>{name} <input type="range" min="0" max="0" step="1" value="0"></label><output>–</output></div>'
        f"<script>{SCRIPT}</script>",
        unsafe_allow_javascript=True,
    )
