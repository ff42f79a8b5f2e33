"""The frame of every page, and the one place where an error becomes a message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import state
from pages.shared.loading import LoadingError, loaded, loading
from pages.shared.place import Place

if TYPE_CHECKING:  # it takes seconds, and the heading is drawn before
    from explainers import ExplanationError

PAGES = {  # in the order of the navigation
    "dashboard.py": ("Explain", "One map and its proof"),
    "pages/compare.py": ("Compare", "Many maps side by side"),
    "pages/path.py": ("Path", "Integrated Gradients from the inside"),
    "pages/trust.py": ("Trust", "Whether to believe the map"),
}


class Page:
    """A page whose heading is drawn: the places of what comes, the import of what draws it, the settings in links.

    settings: the place of its settings, in the sidebar.
    """

    def __init__(self, sections: str) -> None:
        self._sections = sections
        self._loaded, self._places = loaded(sections), list[Place]()
        self._navigation = st.sidebar.container(key="navigation").empty()
        _link(self._navigation)
        with st.sidebar:
            self.settings = self.place("36rem")

    def place(self, height: str, key: str | None = None) -> Place:
        """Take the next place, which is grey in that height while the page is loading."""
        self._places.append(place := Place(key, None if self._loaded else height))
        return place

    def imports(self) -> AbstractContextManager[None]:
        """Import in this block what draws the page: not before, because it takes seconds."""
        return loading(self._sections)

    def publish_settings(self) -> None:
        """Write all settings, once they are drawn, into the address, and into the links to the other pages."""
        state.publish()
        state.deliver()
        _link(self._navigation)

    def end(self) -> None:
        """Leave no place grey."""
        for place in self._places:
            place.end()


@contextmanager
def frame(title: str, motto: str, sections: str = "") -> Iterator[Page]:
    """Open a page with its heading; an error that the visitor can put right becomes a message on the page.

    sections: the folder of the page's sections. Their style sheets are sent with the heading, or the layout would jump.
    """
    st.set_page_config(page_title=f"{title} · Whypixel", page_icon="🔍", layout="wide", initial_sidebar_state=350)
    state.begin()
    st.markdown(f"## {title}\n{motto}\n\n<style>{_styles(sections)}</style>", unsafe_allow_html=True)
    page = Page(sections)
    try:
        with messages():
            yield page
    except LoadingError as error:
        st.error(f"{error} Install what requirements.txt lists there, and reload this page.")
    page.end()
    state.deliver(last=True)


@cache
def _styles(sections: str) -> str:
    """Return the style sheets of what all pages share, and of a folder of sections."""
    pages = Path(__file__).parents[1]
    folders = (pages / "shared", *([pages / "sections" / sections] if sections else []))
    return "".join(file.read_text(encoding="utf-8") for folder in folders for file in sorted(folder.glob("*.css")))


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
    except LoadingError:  # without which there is no ExplanationError
        raise
    except Exception as error:
        from explainers import ExplanationError

        if not isinstance(error, ExplanationError):
            raise
        show(error)


def show(error: ExplanationError | str) -> None:
    """Show an error as a message."""
    from explainers.markdown import escaped

    st.error(escaped(str(error)))


def ink() -> str:
    """Return the colour of text in the visitor's theme."""
    return "#fafafa" if st.context.theme.type == "dark" else "#31333f"
