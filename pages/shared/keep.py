"""The popover that keeps a result on the review board, and the sentence that says whether one is again as it was.

What speaks to the database is imported when somebody keeps something: most visitors never do.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from explainers import Explanation
from explainers.errors import ExplanationError
from explainers.figures import Look
from explainers.images.photo import Photo
from explainers.markdown import escaped
from explainers.reviews.location import VARIABLE, is_on, location
from explainers.reviews.review import Opinion, values_digest
from pages.shared import share_widgets, state
from pages.shared.heading import link
from pages.shared.look import look_values
from pages.shared.opinions import ask_opinion, refuse, start_anew

if TYPE_CHECKING:  # SQLAlchemy takes a while to load
    from explainers.reviews.board import Board

FORM, MAP_KEY = "keep", "keep-map"
FORM_WIDTH = 450  # CSS pixels
WISH_KEY, KEPT_RESULT_KEY, OPENED_KEY = "keep-wish", "kept-result", "opened-review"
NOT_KEPT = ("present", "photo", "shared")  # settings that say nothing of the result: a shared picture's link is secret
WHO_SEES_IT = (
    "This server stores the picture with its name, the map, and what you write here. Anybody who can open this "
    "dashboard can see them on the Reviews page, until somebody removes them."
)
OFF = f"Whoever runs this server has switched the review board off ({VARIABLE}=off), so nothing is kept here."
SHARED = (
    "Somebody else shares this picture by a link, which ends after a day or when they withdraw it. To keep a result, "
    "upload the picture yourself."
)
CHANGED = "The result changed before it could be kept. Please look at it again, and then press Keep."
SAME = "This is the map that {name} kept, bit for bit."
DIFFERENT = (
    "This map isn't quite the one that {name} kept: its numbers differ. The classifier, the picture, a package or the "
    "machine may have changed since then. The review still shows the map as it was."
)


@dataclass(frozen=True)
class Result:
    """Identifies a result: the page it is on, the picture, and the map."""

    page: str
    picture_digest: str
    values_digest: str


@dataclass(frozen=True)
class Wish:
    """What is to be kept in the next run, under an id that makes it the same however often somebody clicks."""

    id: str
    result: Result
    opinion: Opinion


@dataclass(frozen=True)
class Opened:
    """The review that was opened last: who kept it, where and with which map, and the results that came of it."""

    name: str
    page: str
    values_digest: str
    results: tuple[Result, ...] | None = None


@dataclass(frozen=True)
class Keepable:
    """A map that can be kept: the photo that it is of, and how it is drawn."""

    photo: Photo
    explanation: Explanation
    look: Look

    def on(self, page: str) -> Result:
        """Return what identifies it as a result of a page."""
        return Result(page, self.photo.digest, values_digest(self.explanation))

    @property
    def is_shared(self) -> bool:
        """Whether somebody else shares the photo by a link."""
        return share_widgets.shared_photo(self.photo.fingerprint) is self.photo


def offer_to_keep(results: Mapping[str, Keepable], page: str) -> None:
    """Draw the popover, unless there is no board. The settings of the page must be drawn by now.

    results: the maps of the page by their titles; one of several is chosen.
    page:    the folder of the page's sections.
    """
    if not is_on() or not results:
        return
    with st.popover("Keep", key="keep"), st.container(width=FORM_WIDTH):
        keepable = results[_choose(list(results))]
        result = keepable.on(page)
        wish: Wish | None = state.recall(WISH_KEY)
        if wish:
            _fulfil(wish, result, keepable)
        if state.recall(KEPT_RESULT_KEY) == result:
            st.markdown("**Kept.** On the Reviews page, others can add their verdicts.")
            link("Go to the Reviews page", "reviews")
        elif keepable.is_shared:
            st.caption(SHARED)
        else:
            st.caption(WHO_SEES_IT)
            ask_opinion(FORM, "Keep", partial(_wish, result))
    _say_whether_it_is_the_same(page, results.values())


def the_board() -> Board:
    """Return the review board of this server. Raises ExplanationError where there is none."""
    from explainers.reviews.board import board

    if (place := location()) is None:
        raise ExplanationError(OFF)
    return board(place)


def remember_opened(name: str, page: str, digest: str) -> None:
    """Note which review is opened next, so that the page can say whether its result is the same."""
    state.remember(OPENED_KEY, Opened(name, page, digest))


def _wish(result: Result, opinion: Opinion) -> None:
    """Have a result kept in the next run, if it is still there: only then are all its parts at hand."""
    if state.recall(KEPT_RESULT_KEY) == result:  # the second click of a double click
        return
    before: Wish | None = state.recall(WISH_KEY)
    id = before.id if before and before.result == result else secrets.token_hex(16)
    state.remember(WISH_KEY, Wish(id, result, opinion))


def _fulfil(wish: Wish, result: Result, keepable: Keepable) -> None:
    """Keep what is to be kept. A run that ends before leaves it to the next one."""
    try:
        if wish.result != result:
            raise ExplanationError(CHANGED)
        with st.spinner("Keeping the result"):
            _keep(wish, keepable)
    except ExplanationError as error:
        refuse(FORM, str(error))
    else:
        state.remember(KEPT_RESULT_KEY, result)
        start_anew(FORM)
    state.remember(WISH_KEY, None)


def _keep(wish: Wish, keepable: Keepable) -> None:
    from explainers.reviews.keeping import files, subject

    settings = {key: text for key, text in state.drawn().items() if key not in NOT_KEPT}
    photo, explanation, look = keepable.photo, keepable.explanation, keepable.look
    about = subject(explanation, photo, wish.result.page, settings, look_values(explanation, look))
    the_board().keep(wish.id, about, files(explanation, photo, look), wish.opinion)


def _choose(titles: Sequence[str]) -> str:
    """Choose which of several maps is kept."""
    if len(titles) == 1:
        return titles[0]
    if state.widget(MAP_KEY) not in titles:
        state.prefer(MAP_KEY, titles[0])
    chosen: str = st.selectbox("Which map?", titles, key=MAP_KEY, help="A verdict is about one map.")
    return chosen


def _say_whether_it_is_the_same(page: str, keepables: Iterable[Keepable]) -> None:
    """Hold the first results after a review was opened against what was kept."""
    opened: Opened | None = state.recall(OPENED_KEY)
    if opened is None or opened.page != page:
        return
    results = tuple(keepable.on(page) for keepable in keepables)
    if opened.results is None:
        opened = replace(opened, results=results)
        state.remember(OPENED_KEY, opened)
    if opened.results != results:
        return
    if opened.values_digest in [result.values_digest for result in results]:
        st.caption(SAME.format(name=escaped(opened.name)))
    else:
        st.warning(DIFFERENT.format(name=escaped(opened.name)))
