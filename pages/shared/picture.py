"""Choosing a picture: a sample, an upload or the camera."""

from __future__ import annotations

import streamlit as st

from explainers import ExplanationError, read_image
from explainers.images.reading import FORMATS
from explainers.images.samples import SAMPLES
from explainers.markdown import escaped
from pages.shared import state
from pages.shared.frame import show
from pages.shared.photo import Photo

SOURCES = ("Samples", "Upload", "Camera")
SAMPLE_PHOTOS = {sample.name: Photo(sample.title, sample.data) for sample in SAMPLES}


def choose_picture() -> Photo:
    """The picture to explain: the visitor's own where they look for it and have one, else the chosen sample."""
    source = st.segmented_control(
        "Picture",
        SOURCES,
        default=SOURCES[0],
        required=True,
        key="source",
        persist_state="session",
        help="Your own picture is kept in this server's memory for your visit only.",
    )
    if source == "Samples":
        return _choose_sample()
    key = f"{source}-{state.noted('removals', 0)}"  # a new key empties the widget
    if source == "Upload":
        st.file_uploader(
            "Upload a picture",
            [*(name.lower() for name in FORMATS), "jpg", "tif"],
            key=key,
            on_change=_take,
            args=(key,),
            help="Up to 20 MB and 50 megapixels; turned upright, transparency on white.",
        )
    else:
        st.camera_input(
            "Take a picture", key=key, on_change=_take, args=(key,), help="The browser asks for the camera only here."
        )
    if refusal := state.noted("refusal"):
        show(refusal)
    return _own() or _sample()


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
    return _sample()


def _sample() -> Photo:
    return SAMPLE_PHOTOS[state.value("sample", SAMPLES[0].name)]


def _own() -> Photo | None:
    photo = state.upload()
    if photo is None:
        st.caption("Until then, the sample is shown.")
        return None
    left, right = st.columns([1, 2], wrap=False, vertical_alignment="center")
    left.image(photo.thumbnail, alt=photo.name, width="stretch")
    right.caption(escaped(photo.name))
    right.button("Remove", key="remove", on_click=_remove, help="Forget this picture and go back to the sample.")
    return photo


def _take(key: str) -> None:
    """Keep a new picture if it can be read; a refused one leaves everything as it was."""
    file = state.widget(key)
    state.note("refusal", None)
    if file is None:
        return
    photo = Photo(file.name, file.getvalue())
    try:
        read_image(photo.data)
    except ExplanationError as error:
        state.note("refusal", f"{photo.name}: {error}")
    else:
        state.keep_upload(photo)


def _remove() -> None:
    state.keep_upload(None)
    state.note("refusal", None)
    state.note("removals", state.noted("removals", 0) + 1)
