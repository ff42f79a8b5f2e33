"""One review: the map as it was kept, all that was said of it, and what can be done with it."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from functools import partial

import streamlit as st

from explainers import ExplanationError
from explainers.classifiers.catalogue import find
from explainers.markdown import escaped
from explainers.reviews.board import Board
from explainers.reviews.export import time_in_words
from explainers.reviews.review import BUNDLE, VERDICTS, Entry, Opinion, Review, is_id
from pages.sections.reviews.opening import OPEN_HINT, open_again
from pages.shared import state
from pages.shared.frame import messages
from pages.shared.opinions import ask_opinion, start_anew
from pages.shared.own_classifiers import CLASSIFIER_KEY

REVIEW_KEY = "review"  # of the id of the review that is shown, in the address
FORM = "opinion"
COLOURS = {"sensible": "green", "wrong-reason": "orange", "wrong": "red", "unclear": "gray"}
ICONS = {"sensible": "check_circle", "wrong-reason": "error", "wrong": "cancel", "unclear": "help"}
CLASSIFIER_GONE = (
    "The classifier isn't on this server any more, or it was somebody's own file, so the map can't be computed again. "
    "Everything that was kept is still here."
)


def choose_review() -> str:
    """Return the id of the review that the address names; an empty text for all of them."""
    id: str = state.value(state.setting(REVIEW_KEY, "", lambda text: not text or is_id(text)), "")
    return id


def choose(id: str) -> None:
    """Show this review from the next run on; an empty text: all of them."""
    state.choose(REVIEW_KEY, id)


def show_review(board: Board, id: str) -> None:
    """Draw a review. Raises ExplanationError where it isn't on the board."""
    st.button("All reviews", key="all-reviews", icon=":material/arrow_back:", on_click=choose, args=("",))
    review = board.review(id)
    subject = review.subject
    st.markdown(f"### {escaped(subject.explained)}")
    st.caption(
        f"{escaped(subject.method)} on {escaped(subject.classifier)} for {escaped(subject.picture_name)}. Kept on "
        f"{time_in_words(review.kept_at)}."
    )
    with st.container(horizontal=True, key="review-columns"):
        with st.container(key="review-left"):
            _show_result(board, review)
        with st.container(key="review-right"):
            _show_entries(review)
            with st.expander("Add your verdict", expanded=False, key="add-opinion"):
                ask_opinion(FORM, "Add", partial(_say, board, id))


def mark(verdict: str) -> str:
    """Return a verdict in Markdown, with its sign."""
    return f":{COLOURS[verdict]}[:material/{ICONS[verdict]}: **{VERDICTS[verdict]}**]"


def _show_result(board: Board, review: Review) -> None:
    """Draw the map as it was kept, with its proof, and what can be done with it."""
    bundle = board.file(review.id, BUNDLE)  # handed out as it is: by the time of a click, somebody may have removed it
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        overlay = archive.read("overlay.png")
    st.image(overlay, width="stretch", alt=f"The map over the picture, for {review.subject.explained}")
    if not _has_classifier(review):
        st.warning(CLASSIFIER_GONE)
    with st.container(horizontal=True, key="review-actions"):
        opens = st.button("Open again", key="open-again", type="primary", icon=":material/open_in_new:", help=OPEN_HINT)
        name = f"review-{review.id[:8]}.zip"
        st.download_button("Map (zip)", bundle, name, "application/zip", key="bundle", on_click="ignore")
        with st.popover("Remove", key="remove-review"), messages():
            st.markdown("This removes the picture, the map and all verdicts on it, for everybody. It can't be undone.")
            if st.button("Remove for everybody", key="remove-it"):
                board.remove(review.id)
                choose("")
                st.rerun()
    st.markdown("\n".join(f"- {sentence}" for sentence in review.subject.sentences))
    if opens:
        open_again(review)


def _show_entries(review: Review) -> None:
    """Draw what was said of a result, the newest first."""
    st.markdown("**Verdict**")
    latest, *earlier = reversed(review.entries)
    _show_entry(latest)
    if earlier:
        st.markdown("**Earlier**")
        for entry in earlier:
            _show_entry(entry)


def _show_entry(entry: Entry) -> None:
    opinion = entry.opinion
    st.markdown(f"{mark(opinion.verdict)}  \n{escaped(opinion.name)}, {time_in_words(entry.written_at)}")
    if opinion.note:
        st.markdown("  \n".join(f"> {escaped(line)}" for line in opinion.note.splitlines()))


def _has_classifier(review: Review) -> bool:
    """Whether the classifier of a review is known here by its name."""
    with suppress(ExplanationError):
        find(review.subject.settings.get(CLASSIFIER_KEY, ""))
        return True
    return False


def _say(board: Board, id: str, opinion: Opinion) -> None:
    board.say(id, opinion)
    start_anew(FORM)
