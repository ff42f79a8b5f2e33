"""Opens a result again as it was: its picture, its settings and its look, on the page that it was kept on."""

from __future__ import annotations

import streamlit as st

from explainers.images.photo import Photo
from explainers.reviews.keeping import is_installed
from explainers.reviews.review import PICTURE, Review
from pages.shared import state, strip
from pages.shared.heading import PAGES
from pages.shared.keep import remember_opened, the_board
from pages.shared.look import restore_look
from pages.shared.own_picture import PHOTO_KEY, dismiss_refusal
from pages.shared.tray import keep_tray, kept_tray

OPEN_HINT = "This goes to the page that it was kept on, and computes the map again."


def open_again(review: Review) -> None:
    """End this run for one of the page of the result. Raises ExplanationError where its picture isn't there."""
    subject = review.subject
    presenting = {key: text for key, text in state.settings().items() if key == "present"}
    settings = dict(subject.settings) | presenting
    if not is_installed(subject):
        photo = _picture_of(review)
        dismiss_refusal()
        keep_tray(kept_tray().with_photo(photo))
        state.keep_upload(photo)
        settings |= {strip.SAMPLE_KEY: strip.OWN, PHOTO_KEY: photo.fingerprint}
    state.replace(settings)
    restore_look(subject.look)
    remember_opened(review.entries[0].opinion.name, subject.page, subject.values_digest)
    st.switch_page(PAGES.get(subject.page, PAGES["explain"])[1])


def _picture_of(review: Review) -> Photo:
    """Return the picture of a review: the visitor's own where it is the same one, or else as it was kept."""
    subject = review.subject
    own = next((photo for photo in kept_tray() if photo.digest == subject.picture_digest), None)
    return own or Photo.read(subject.picture_name, the_board().file(review.id, PICTURE))
