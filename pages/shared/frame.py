"""What every page opens with, and the one place where an error becomes a message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from explainers import ExplanationError
from explainers.proof import escaped
from pages.shared import state

STYLE = """<style>
.stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 2rem; }
.stSidebar [data-testid="stSidebarHeader"] { height: 2.5rem; min-height: 2.5rem; }
:is(.st-key-map-area, .st-key-preview-area) { container-type: inline-size; }
:is(.st-key-panels, .st-key-preview-panels) { flex: none !important; height: calc(100cqw + 170px) !important; }
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


@contextmanager
def frame(title: str, motto: str) -> Iterator[None]:
    """A page with its heading; whatever a visitor can put right is said and leaves the rest of the page alone."""
    st.set_page_config(page_title=f"{title} · Whypixel", page_icon="🔍", layout="wide", initial_sidebar_state=350)
    st.html(STYLE)
    state.begin()
    st.markdown(f"## {title}\n{motto}")
    with messages():
        yield


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
