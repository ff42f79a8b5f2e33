"""The frame of every page, and the one place where an error becomes a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import ExplanationError
from explainers.markdown import escaped
from pages.shared import state

FRAME_STYLE = """
.stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 2rem; }
.stSidebar [data-testid="stSidebarHeader"] { height: 2.5rem; min-height: 2.5rem; }
"""

PAGES = {  # in the order of the navigation
    "dashboard.py": ("Explain", "One map and its proof"),
    "pages/compare.py": ("Compare", "Many maps side by side"),
    "pages/path.py": ("Path", "Integrated Gradients from the inside"),
    "pages/trust.py": ("Trust", "Whether to believe the map"),
}


@contextmanager
def frame(title: str, motto: str, *styles: str) -> Iterator[Callable[[], None]]:
    """Open a page with its heading; an error that the visitor can put right becomes a message on the page.

    Yields a function to be called once all settings are drawn: it writes them into the address, and into the links to
    the other pages.

    styles: the style sheets of the page's sections. They are sent with the heading, or the layout would jump.
    """
    st.set_page_config(page_title=f"{title} · Whypixel", page_icon="🔍", layout="wide", initial_sidebar_state=350)
    state.begin()
    navigation = st.sidebar.container(key="navigation").empty()
    _link(navigation)

    def publish_settings() -> None:
        state.publish()
        state.deliver()
        _link(navigation)

    style_sheet = "".join((FRAME_STYLE, *styles))
    st.markdown(f"## {title}\n{motto}\n\n<style>{style_sheet}</style>", unsafe_allow_html=True)
    with messages():
        yield publish_settings
    state.deliver(last=True)


def _link(place: DeltaGenerator) -> None:
    """Draw links to the pages. They carry the settings, so that the browser's back button returns to them, too."""
    with place.container(horizontal=True):
        for page, (label, hint) in PAGES.items():
            st.page_link(page, label=label, help=hint, query_params=state.settings())


@contextmanager
def messages() -> Iterator[None]:
    """Show an error that the visitor can put right as a message in this place of the page."""
    try:
        yield
    except ExplanationError as error:
        show(error)


def show(error: ExplanationError | str) -> None:
    """Show an error as a message."""
    st.error(escaped(str(error)))


def ink() -> str:
    """Return the colour of text in the visitor's theme."""
    return "#fafafa" if st.context.theme.type == "dark" else "#31333f"
