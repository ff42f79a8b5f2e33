"""What every page opens with, and the one place where an error becomes a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import ExplanationError
from explainers.markdown import escaped
from pages.shared import state

STYLE = """<style>
.stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 2rem; }
.stSidebar [data-testid="stSidebarHeader"] { height: 2.5rem; min-height: 2.5rem; }
:is(
  .st-key-map-area, .st-key-preview-area, .st-key-journey-area, .st-key-steps-area, .st-key-removal-area,
  .st-key-pointing-area
) {
  container-type: inline-size;
}
:is(.st-key-panels, .st-key-preview-panels) { flex: none !important; height: calc(100cqw + 170px) !important; }
:is(.st-key-journey-figure, .st-key-preview-journey-figure) {
  flex: none !important; height: calc(158cqw + 180px) !important;
}
@container (max-width: 500px) {  /* small panels, and as much between them */
  :is(.st-key-journey-figure, .st-key-preview-journey-figure) { height: calc(158cqw + 360px) !important; }
}
.st-key-pointing-figure { flex: none !important; height: 100cqw !important; }
.st-key-removal-figure { flex: none !important; height: calc(92cqw + 230px) !important; }
.st-key-steps-figure { flex: none !important; height: calc(100cqw + 148px) !important; }
/* these have a width of their own, and may be wider than the window */
:is([class*="st-key-mosaic"], .st-key-removal-table) { overflow-x: auto; }
.st-key-removal-table td { white-space: nowrap; }
.st-key-waiting { min-height: 3rem; }
@media (max-width: 1250px) {
  :is(.st-key-result, .st-key-curves) > div > .stHorizontalBlock > .stColumn { flex: 1 1 100% !important; }
  /* answer, map, proof: the map keeps its place when the proof arrives */
  .st-key-result > div > .stHorizontalBlock > .stColumn:first-child,
  .st-key-result > div > .stHorizontalBlock > .stColumn:first-child > .stVerticalBlock { display: contents; }
  .st-key-result > div > .stHorizontalBlock > .stColumn:first-child > .stVerticalBlock > * { flex: 1 1 100%; }
  .st-key-result > div > .stHorizontalBlock > .stColumn:last-child { order: 1; }
  .st-key-result .stColumn:first-child :has(> .st-key-proof) { order: 2; }
}
</style>"""


PAGES = {  # in the order of the navigation
    "dashboard.py": ("Explain", "One map and its proof"),
    "pages/compare.py": ("Compare", "Many maps side by side"),
    "pages/path.py": ("Path", "Integrated Gradients from the inside"),
    "pages/trust.py": ("Trust", "Whether to believe the map"),
}


@contextmanager
def frame(title: str, motto: str) -> Iterator[Callable[[], None]]:
    """A page with its heading; whatever a visitor can put right is said and leaves the rest of the page alone.

    Gives a function that is called when all settings are drawn: it writes them into the address, and into the links to
    the other pages.
    """
    st.set_page_config(page_title=f"{title} · Whypixel", page_icon="🔍", layout="wide", initial_sidebar_state=350)
    state.begin()
    navigation = st.sidebar.container(key="navigation").empty()
    _link(navigation)

    def settle() -> None:
        state.publish()
        _link(navigation)

    st.markdown(f"## {title}\n{motto}\n\n{STYLE}", unsafe_allow_html=True)
    with messages():
        yield settle


def _link(place: DeltaGenerator) -> None:
    """Links to the pages, with the settings: the browser's back button comes to an address that has them."""
    with place.container(horizontal=True):
        for page, (label, hint) in PAGES.items():
            st.page_link(page, label=label, help=hint, query_params=state.settings())


@contextmanager
def messages() -> Iterator[None]:
    """Say, in this place of the page, what a visitor can put right."""
    try:
        yield
    except ExplanationError as error:
        show(error)


def show(error: ExplanationError | str) -> None:
    """The one way an error becomes a message."""
    st.error(escaped(str(error)))


def ink() -> str:
    """The colour of text in the theme that the visitor uses."""
    return "#fafafa" if st.context.theme.type == "dark" else "#31333f"
