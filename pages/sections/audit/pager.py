"""The way through a long list, page by page; the page stands in the address."""

from __future__ import annotations

import math

import streamlit as st

from explainers.numbers import counted
from pages.shared import state

MAX_PAGES = 100_000


def shown_of(key: str, count: int, size: int) -> range:
    """Return which of so many things are on the chosen page; the last page where there are fewer pages than chosen."""
    number: int = state.value(state.setting(key, 1, lambda number: 1 <= number <= MAX_PAGES), 1)
    if number > (last := max(1, math.ceil(count / size))):
        state.choose(key, number := last)
    return range((number - 1) * size, min(number * size, count))


def show_pager(key: str, count: int, size: int, what: str) -> None:
    """Draw the buttons to the pages before and after, where there are several.

    what: what there are so many of, in the singular.
    """
    if count <= size:
        return
    number, last = state.value(key, 1), math.ceil(count / size)
    first = (number - 1) * size + 1
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-pager"):
        for label, other in (("Previous", number - 1), ("Next", number + 1)):
            off = not 1 <= other <= last
            st.button(label, key=f"{key}-{label.lower()}", disabled=off, on_click=state.choose, args=(key, other))
        st.caption(f"{first:,} to {min(number * size, count):,} of {counted(count, what)}", width="content")
