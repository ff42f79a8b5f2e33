"""Widgets that choose a picture: a sample, an upload or one from the camera."""

from __future__ import annotations

import time

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from explainers import ExplanationError
from explainers.images.headers import FORMATS
from explainers.images.levels import LEVELS
from explainers.images.photo import Photo
from explainers.images.samples import SAMPLES
from explainers.markdown import escaped
from pages.shared import state
from pages.shared.frame import show

PICTURE_SOURCES = ("Samples", "Upload", "Camera")
OWN_PICTURE_KEY = "own-picture"  # of the setting that says whether the visitor's own picture is shown
LOST = "Your own picture is no longer on this server. Please choose it again."
SAMPLE_PHOTOS = {sample.name: Photo.read(sample.title, sample.data) for sample in SAMPLES}


def choose_picture() -> Photo:
    """Choose the picture to explain: the visitor's own if there is one and its source is selected, else a sample."""
    if state.value(OWN_PICTURE_KEY, False) and state.upload() is None:
        state.choose("source", "Upload")
        state.remember("refusal", LOST)
        state.remember("removals", time.time_ns())  # the browser may still show the file in the widget that had it
    source = st.segmented_control(
        "Picture",
        PICTURE_SOURCES,
        default=PICTURE_SOURCES[0],
        required=True,
        key="source",
        persist_state="session",
        help="Your own picture is kept in this server's memory for your visit only.",
    )
    if source == "Samples":
        return _choose_sample()
    key = f"{source}-{state.recall('removals', 0)}"  # a new key empties the widget
    if source == "Upload":
        st.file_uploader(
            "Upload a picture",
            [*(name.lower() for name in FORMATS), "jpg", "tif"],
            key=key,
            on_change=_keep_upload,
            args=(key,),
            help="Up to 20 MB and 50 megapixels. Pictures are turned upright, and what is transparent becomes white.",
        )
    else:
        st.camera_input(
            "Take a picture",
            key=key,
            on_change=_keep_upload,
            args=(key,),
            help="The browser asks for the camera only here.",
        )
    if refusal := state.recall("refusal"):
        show(refusal)
    return _uploaded_photo() or _sample_photo()


def _choose_sample() -> Photo:
    with st.container(horizontal=True, wrap=False, gap="small"):
        for photo in SAMPLE_PHOTOS.values():
            st.image(photo.thumbnail, width=84, alt=photo.name)
    st.pills(
        "Sample",
        tuple(SAMPLE_PHOTOS),
        format_func=lambda name: SAMPLE_PHOTOS[name].name,
        required=True,
        key=state.setting("sample", SAMPLES[0].name, SAMPLE_PHOTOS.__contains__),
        help="Photos that come with the installed packages; the bundled classifier gets them right.",
    )
    return _sample_photo()


def _sample_photo() -> Photo:
    return SAMPLE_PHOTOS[state.value("sample", SAMPLES[0].name, SAMPLE_PHOTOS.__contains__)]


def _uploaded_photo() -> Photo | None:
    """Draw the visitor's own photo with a button to remove it, and return it, if there is one."""
    photo = state.upload()
    state.choose(state.setting(OWN_PICTURE_KEY, False), photo is not None)
    if photo is None:
        st.caption("Until then, the sample is shown.")
        return None
    left, right = st.columns([1, 2], wrap=False, vertical_alignment="center")
    photo = _adjusted(photo)
    left.image(photo.thumbnail, alt=photo.name, width="stretch")
    right.caption(escaped(photo.name))
    right.button("Remove", key="remove", on_click=_forget_upload, help="Forget this picture and go back to the sample.")
    return photo


def _adjusted(photo: Photo) -> Photo:
    """Let the visitor choose the levels of a photo that has some, and say what was done to it."""
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
    if photo.note:
        st.caption(photo.note)
    return photo


def _keep_upload(key: str) -> None:
    """Keep a new picture if it can be read; otherwise remember why not and keep the one before."""
    file = state.widget(key)
    if isinstance(file, DeletedFile):  # a browser names a file that this server doesn't have
        return
    state.remember("refusal", None)
    if file is None:
        return
    try:
        photo = Photo.read(file.name, file.getvalue())
    except ExplanationError as error:
        state.remember("refusal", f"{file.name}: {error}")
    else:
        state.keep_upload(photo)


def _forget_upload() -> None:
    state.keep_upload(None)
    state.remember("refusal", None)
    state.remember("removals", state.recall("removals", 0) + 1)
