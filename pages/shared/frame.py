"""The frame of every page, and the one place where an error becomes a message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import streamlit as st

from pages.shared import state, stopping
from pages.shared.heading import HERE_KEY, PAGE_TO_OPEN_KEY, PAGES, Heading
from pages.shared.loading import LoadingError, loaded, loading
from pages.shared.place import Place

if TYPE_CHECKING:  # it takes seconds, and the heading is drawn before
    from explainers import ExplanationError

Kind = Literal["info", "warning", "error"]


class NoResult(Exception):
    """There is no result to show; the sentence says why, and what the visitor can do.

    kind: how it is shown, "info", "warning" or "error".
    """

    def __init__(self, sentence: str, kind: Kind = "info") -> None:
        super().__init__(sentence)
        self.kind = kind


class Page:
    """A page whose heading is drawn: the places of what comes, the import of what draws it, the settings in links.

    settings: the place of its settings, in the sidebar.
    """

    def __init__(self, sections: str, heading: Heading) -> None:
        self._sections, self._heading = sections, heading
        self._loaded, self._places = loaded(sections), list[Place]()
        self._published = False
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
        self._publish(complete=True)
        self._heading.shorten_address()

    def _publish(self, *, complete: bool) -> None:
        self._published = True
        state.publish(complete=complete)
        state.deliver()
        self._heading.update()

    def end(self) -> None:
        """Leave no place grey, and keep the settings of a page that ended before they were all drawn."""
        if not self._published:
            self._publish(complete=False)
        for place in self._places:
            place.end()


@contextmanager
def frame(title: str, motto: str, sections: str = "") -> Iterator[Page]:
    """Open a page with its heading; an error that the visitor can put right becomes a message on the page.

    sections: the folder of the page's sections.
    """
    st.set_page_config(page_title=f"{title} · Whypixel", page_icon="🔍", layout="wide", initial_sidebar_state=300)
    state.begin()
    _go_where_asked(sections)
    page = Page(sections, Heading(title, motto, sections, _styles(sections)))
    stop_place = st.empty()
    try:
        with stopping.noticed(), messages():
            yield page
    except LoadingError as error:
        st.error(f"{error} Install what requirements.txt lists there, and reload this page.")
    page.end()
    with stop_place:
        stopping.offer_start()
    state.deliver(last=True)


def _go_where_asked(here: str) -> None:
    """Go to another page if a widget of the last run asked for it."""
    wanted = state.recall(PAGE_TO_OPEN_KEY)
    state.remember(PAGE_TO_OPEN_KEY, None)
    if wanted not in (None, here):
        st.switch_page(PAGES[wanted][1], query_params=state.settings())
    state.remember(HERE_KEY, here)


@cache
def _styles(sections: str) -> str:
    """Return the style sheets of what all pages share, and of a folder of sections."""
    pages = Path(__file__).parents[1]
    folders = (pages / "shared", *([pages / "sections" / sections] if sections else []))
    return "".join(file.read_text(encoding="utf-8") for folder in folders for file in sorted(folder.glob("*.css")))


@contextmanager
def messages() -> Iterator[None]:
    """Show an error that the visitor can put right as a message in this place of the page."""
    try:
        yield
    except LoadingError:  # without which there is no ExplanationError
        raise
    except NoResult as reason:
        show(str(reason), reason.kind)
    except Exception as error:
        from explainers import ExplanationError

        if not isinstance(error, ExplanationError):
            raise
        show(error, getattr(error, "kind", "error"))


def show(error: ExplanationError | str, kind: Kind = "error") -> None:
    """Show an error, or what else keeps a page from its result, as a message."""
    from explainers.markdown import escaped

    draw = {"info": st.info, "warning": st.warning, "error": st.error}[kind]
    draw(escaped(str(error)))
