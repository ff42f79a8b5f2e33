"""Widgets for a picture of the visitor's own: an upload, one from the camera, or one that somebody shares by a link.

The address names it by its fingerprint, and nothing else is ever explained in its place.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from explainers import ExplanationError
from explainers.images.headers import FORMAT_NAMES, MAX_BYTES
from explainers.images.levels import LEVELS
from explainers.images.photo import Photo, is_fingerprint, size_in_words
from explainers.images.reading import check_length
from explainers.images.samples import samples
from explainers.markdown import escaped
from pages.shared import share_widgets, state, strip
from pages.shared.frame import NoResult, show

PHOTO_KEY = "photo"  # of the fingerprint of the visitor's own photo, in the address
BOX_KEY = "box"  # of the edges of the box that a visitor drew on the photo, as texts; it doesn't fit any other photo
MAX_MEGABYTES = MAX_BYTES // 10**6
TOO_LARGE = Path(__file__).with_name("on_demand") / "too_large.css"
INVITATION = "Upload a picture of your own or take one with the camera. Or choose a sample."
MISSING = (
    "This link is about a picture of {size} that isn't here: a link identifies the picture without containing it, and "
    "the server keeps an upload for one visit only. Please upload the same file again."
)
ENDED = (
    "The picture of this link, {size}, is no longer shared: it was withdrawn, its day has passed, or the server "
    "was restarted. If you have the same file, please upload it here."
)
OTHER = "This isn't the picture that the link was about, which has {size}. What you see is about the new one."


def own_photo() -> Photo | None:
    """Return the visitor's own photo, or the one that the link shares, if there is one."""
    upload, named = state.upload(), _named()
    if upload and upload.fingerprint == named:
        return upload
    return share_widgets.shared_photo(named) or upload


def choose_own_picture() -> Photo:
    """Choose a picture of the visitor's own. Raises NoResult with what is to be done where there is none."""
    state.setting(PHOTO_KEY, "", _names_a_photo)
    share_widgets.declare()
    photo, named, refusal = own_photo(), _named(), state.recall("refusal")
    if photo and not refusal and named in ("", photo.fingerprint):
        state.choose(PHOTO_KEY, photo.fingerprint)
        photo = _shown(photo)
        with st.expander("Another picture"):
            _ask_for_one()
        return photo
    _ask_for_one()
    if photo:
        st.button(f"Continue with {escaped(photo.name)}", key="go-on", on_click=_go_on_with_it)
    if refusal:
        raise NoResult(refusal, "error")
    if not named:
        raise NoResult(INVITATION)
    sentence = ENDED if share_widgets.has_ended() else MISSING
    raise NoResult(sentence.format(size=size_in_words(named)), "warning")


def dismiss_refusal() -> None:
    """Forget what was said of the last file that was given."""
    state.remember("refusal", None)
    state.remember("other", None)


def _shown(photo: Photo) -> Photo:
    """Draw the name of the photo, what was done to it, and what can be; return it with the chosen levels."""
    if other := state.recall("other"):
        show(other, "warning")
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.caption(f"**{escaped(photo.name)}**")
        hint = "Forget this picture, withdraw its link if you have shared it, and go back to the samples."
        st.button("Remove", key="remove", on_click=_forget, help=hint)
    if photo is state.upload():
        photo = _adjusted(photo)
    if photo.note:
        st.caption(photo.note)
    share_widgets.offer()
    return photo


def _adjusted(photo: Photo) -> Photo:
    """Let the visitor choose the levels of a photo that has some."""
    if photo.levels:
        levels: str = st.selectbox(
            "Black and white",
            LEVELS,
            format_func=LEVELS.__getitem__,
            key=state.setting("levels", "automatic", LEVELS.__contains__),
            help="Which of the file's values are shown as black and as white. Its pixels hold more than 8 bits.",
        )
        if levels != photo.levels:
            photo = photo.with_levels(levels)
            state.keep_upload(photo)
    return photo


def _ask_for_one() -> None:
    """Draw the widgets that take a file, or a picture from the camera; each is empty again after it has been used."""
    number = state.recall("given", 0)
    if st.toggle("Use the camera", key="camera", help="Your browser asks for your permission first."):
        st.camera_input("Take a picture", key=(key := f"camera-{number}"), on_change=_keep, args=(key,))
    else:
        st.html(TOO_LARGE)
        st.file_uploader(
            "Upload a picture",
            key=(key := f"upload-{number}"),
            max_upload_size=MAX_MEGABYTES,
            on_change=_keep,
            args=(key,),
            help=f"{', '.join(FORMAT_NAMES)}. Up to {MAX_MEGABYTES} MB and 50 megapixels. Pictures are turned upright, "
            "and what is transparent becomes white.",
        )
    st.caption(f"Up to {MAX_MEGABYTES} MB. It stays in this server's memory for your visit only.")


def _keep(key: str) -> None:
    """Keep a new picture if it can be read; otherwise remember why not."""
    file = state.widget(key)
    if file is None or isinstance(file, DeletedFile):  # a browser may name a file that this server doesn't have
        return
    dismiss_refusal()
    state.remember("given", state.recall("given", 0) + 1)
    try:
        check_length(file.size)  # the server takes larger files, for classifiers
        photo = Photo.read(file.name, file.getvalue())
    except ExplanationError as error:
        state.remember("refusal", f"{file.name}: {error}")
    else:
        named, before = _named(), own_photo()
        if named and named not in (photo.fingerprint, before and before.fingerprint):
            state.remember("other", OTHER.format(size=size_in_words(named)))
        _go_on(photo)
        state.choose("camera", False)
    state.free(file)


def _named() -> str:
    """Return the fingerprint that the address names; an empty text if it names none."""
    named: str = state.value(PHOTO_KEY, "", _names_a_photo)
    return named


def _names_a_photo(text: str) -> bool:
    return not text or is_fingerprint(text)


def _go_on(photo: Photo) -> None:
    """Explain this photo from the next run on."""
    if _named() != photo.fingerprint:
        state.forget(BOX_KEY)
        share_widgets.leave()
    state.remember("refusal", None)
    state.keep_upload(photo)
    state.choose(PHOTO_KEY, photo.fingerprint)


def _go_on_with_it() -> None:  # a callback's arguments would hold the photo beyond the visit
    if photo := own_photo():
        _go_on(photo)


def _forget() -> None:
    dismiss_refusal()
    if photo := own_photo():
        share_widgets.withdraw_own(photo)
    share_widgets.leave()
    state.keep_upload(None)
    state.choose(PHOTO_KEY, "")
    strip.choose(samples()[0].name)
