"""The heading of every page: its title and motto, the links to all pages, and the switch of presenter mode."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from pages.shared import state
from pages.shared.figure_code import fetch_figure_code

PAGES = {  # by the folder of their sections, in the order of the navigation
    "explain": ("Explain", "dashboard.py"),
    "compare": ("Compare", "pages/compare.py"),
    "path": ("Path", "pages/path.py"),
    "trust": ("Trust", "pages/trust.py"),
    "audit": ("Audit", "pages/audit.py"),
    "reviews": ("Reviews", "pages/reviews.py"),
    "models": ("Models", "pages/models.py"),
    "learn": ("Learn", "pages/learn.py"),
}
HERE_KEY = "here"  # of the name of the page that is drawn
PAGE_TO_OPEN_KEY = "page to open"  # of the name of the page that a visitor wants instead
WITHOUT_FIGURES = ("reviews", "models")
NOT_PRESENTED = ("models",)  # nobody presents where classifiers come from
FIRST_PAGE = "explain"
WHERE_TO_BEGIN = "New here? Choose a picture, then a method."
PRESENT_HINT = "Large type and no sidebar. Page Up and Page Down go from page to page, Escape ends it."
LARGE_TYPE = Path(__file__).with_name("on_demand") / "present.css"
SHORTEN = """<script>{
  const url = new URL(location), shown = KEYS
  for (const key of [...url.searchParams.keys()]) if (!shown.includes(key)) url.searchParams.delete(key)
  history.replaceState(history.state, "", url)
}</script>"""
KEYS_SCRIPT = f"<script>{Path(__file__).with_name('present.js').read_text(encoding='utf-8')}</script>"


class Heading:
    """The heading of a page. Its links carry the settings, so that the browser's back button returns to them, too."""

    def __init__(self, title: str, motto: str, page: str, styles: str) -> None:
        """Draw the heading.

        page:   which of PAGES this is.
        styles: the style sheets of the page. They are sent with the title, or the layout would jump.
        """
        self._page, self._motto = page, motto
        with st.container(key="top", gap=None):
            with st.container(horizontal=True, vertical_alignment="center", key="top-line"):
                st.markdown(f"# {title}\n\n<style>{styles}</style>", unsafe_allow_html=True, width="content")
                self._navigation = st.container(key="navigation", width="content").empty()
                present_key = state.setting("present", False)
                self._presents = st.toggle("Present", key=present_key, help=PRESENT_HINT, width="content")
            self._motto_place = st.container(key="motto").empty()
            self._address_place = st.empty()
            if page not in WITHOUT_FIGURES:
                fetch_figure_code()
            if self._presents:
                st.html(LARGE_TYPE)
                st.html(KEYS_SCRIPT, unsafe_allow_javascript=True)
        self.update()

    def update(self) -> None:
        """Draw what depends on the settings: the links, and where to begin while nothing has been chosen."""
        begins = self._page == FIRST_PAGE and not state.settings()
        self._motto_place.markdown(f"{self._motto} **{WHERE_TO_BEGIN}**" if begins else self._motto)
        pages = [page for page in PAGES if not self._presents or page not in NOT_PRESENTED]
        here = pages.index(self._page) if self._page in pages else None
        with self._navigation.container(horizontal=True, gap="xxsmall", vertical_alignment="center"):
            if self._presents and here:
                link("← Back", pages[here - 1])
            for page in pages:
                if page == self._page:
                    here_mark = f'<span aria-current="page">{PAGES[page][0]}</span>'
                    st.markdown(here_mark, unsafe_allow_html=True, width="content")
                else:
                    link(PAGES[page][0], page)
            if self._presents and here is not None and here + 1 < len(pages):
                link("Next →", pages[here + 1])

    def shorten_address(self) -> None:
        """Leave no setting of another page in the address that the visitor sees; Streamlit keeps it as it came."""
        if state.carries():
            keys = json.dumps(state.shown_keys()).replace("<", "\\u003c")
            self._address_place.html(SHORTEN.replace("KEYS", keys), unsafe_allow_javascript=True)


def link(label: str, page: str) -> None:
    """Draw a link to one of PAGES with all settings; nothing where it is missing, as in tests of a single page."""
    if page in PAGES:
        st.page_link(PAGES[page][1], label=label, query_params=state.settings())
