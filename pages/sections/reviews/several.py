"""The list of reviews: what is looked for, and a card for each that was found."""

from __future__ import annotations

import math

import streamlit as st

from explainers.markdown import escaped
from explainers.numbers import counted
from explainers.reviews.board import Board, Found, Offered
from explainers.reviews.export import time_in_words
from explainers.reviews.review import VERDICTS, Review, Wanted
from pages.sections.reviews.one import choose, mark
from pages.sections.reviews.opening import OPEN_HINT, open_again
from pages.shared import state
from pages.shared.heading import FIRST_PAGE, link

ALL = "all"
MAX_TEXT = 60  # characters that one can search for
PAGE_KEY = "reviews-page"  # of the number of the page, in the address
CARDS, MAX_PAGES = 24, 10_000  # on a page, and of them
NOTE_LETTERS = 120  # of a note on a card
EMPTY = (
    "**Nothing has been kept yet.** This page collects results together with what people think of them: is the map "
    "sensible, or is the classifier right for the wrong reason? To keep the first one, choose a picture and a method, "
    "and press **Keep** below the map."
)


def choose_wanted(board: Board, offered: Offered) -> tuple[Wanted, Found]:
    """Choose which reviews are looked for, and which page of them is shown; return both."""
    if not offered.count:
        return Wanted(), Found((), 0)
    with st.container(horizontal=True, vertical_alignment="bottom", key="reviews-line"):
        text: str = st.text_input(
            "Search",
            key=state.setting("reviews-find", "", lambda text: len(text) <= MAX_TEXT),
            max_chars=MAX_TEXT,
            icon=":material/search:",
            placeholder="A class, a picture, a word of a note",
        )
        verdict = _choose("Verdict", "reviews-verdict", VERDICTS)
        method = _choose("Method", "reviews-method", dict.fromkeys(offered.methods))
        classifier = _choose("Classifier", "reviews-classifier", dict.fromkeys(offered.classifiers))
        name = _choose("Judged by", "reviews-by", dict.fromkeys(offered.names))
    wanted = Wanted(text, verdict, method, classifier, name)
    number = state.value(state.setting(PAGE_KEY, 1, lambda number: 1 <= number <= MAX_PAGES), 1)
    found = board.find(wanted, (number - 1) * CARDS, CARDS)
    if not found.reviews and number > 1:  # fewer than when that page was chosen
        state.choose(PAGE_KEY, 1)
        found = board.find(wanted, 0, CARDS)
    return wanted, found


def show_reviews(found: Found, offered: Offered) -> None:
    """Draw a card for each review, and the way to the other pages of them."""
    if not offered.count:
        st.info(EMPTY)
        link("Go to the Explain page", FIRST_PAGE)
        return
    if not found.count:
        st.markdown("No review matches. Search for fewer words, or set a filter to All.")
        return
    with st.container(key="review-cards"):
        clicked = [review for review in found.reviews if _show_card(review)]
    _choose_page(found)
    if clicked:
        open_again(clicked[0])


def _choose(label: str, key: str, titles: dict[str, str] | dict[str, None]) -> str:
    """Choose one of what occurs on the board; return an empty text for all of it."""
    options = (ALL, *(name for name in titles if name != ALL))
    chosen: str = st.selectbox(
        label,
        options,
        format_func=lambda name: "All" if name == ALL else titles[name] or name,
        key=state.setting(key, ALL, options.__contains__),
    )
    return "" if chosen == ALL else chosen


def _show_card(review: Review) -> bool:
    """Draw the card of a review; return whether its result is to be opened again."""
    subject, latest = review.subject, review.latest
    with st.container(key=f"review-card-{review.id}", border=True):
        st.image(review.thumbnail, width="stretch", alt=f"{subject.method} for {subject.explained}, over the picture")
        with st.container(key=f"review-about-{review.id}", gap=None):
            st.markdown(f"**{escaped(subject.explained)}**")
            st.caption(f"{escaped(subject.method)} · {escaped(subject.classifier)}")
            st.markdown(mark(latest.opinion.verdict))
            if note := latest.opinion.note:
                short = note if len(note) <= NOTE_LETTERS else f"{note[:NOTE_LETTERS].rstrip()} …"
                st.markdown(escaped(" ".join(short.split())))
            others = len(review.entries) - 1
            more = f" · {counted(others, 'earlier verdict')}" if others else ""
            st.caption(f"{escaped(latest.opinion.name)}, {time_in_words(latest.written_at)}{more}")
        with st.container(horizontal=True, key=f"review-doing-{review.id}"):
            st.button("Discuss", key=f"look-{review.id}", on_click=choose, args=(review.id,))
            return st.button("Open again", key=f"open-{review.id}", help=OPEN_HINT)


def _choose_page(found: Found) -> None:
    """Draw the buttons to the reviews before and after those that are shown."""
    number, last = state.value(PAGE_KEY, 1), math.ceil(found.count / CARDS)
    with st.container(horizontal=True, vertical_alignment="center", key="reviews-pages"):
        if last > 1:
            st.button("Newer", key="newer", disabled=number <= 1, on_click=_turn, args=(number - 1,))
            st.button("Older", key="older", disabled=number >= last, on_click=_turn, args=(number + 1,))
        first = (number - 1) * CARDS + 1
        shown = f", {first} to {first + len(found.reviews) - 1} shown" if last > 1 else ""
        st.caption(f"{counted(found.count, 'review')}{shown}.")


def _turn(number: int) -> None:
    state.choose(PAGE_KEY, number)
