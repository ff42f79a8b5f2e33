"""Widgets that take pictures, as files or from the camera, and what reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFile

from explainers import ExplanationError
from explainers.images.headers import FORMAT_NAMES, MAX_BYTES
from explainers.images.photo import Photo
from explainers.images.reading import check_length
from explainers.images.tray import MAX_PHOTOS, Tray
from pages.shared import state

MAX_MEGABYTES = MAX_BYTES // 10**6
MAX_REFUSALS = 5  # that are told one by one
TOO_LARGE = Path(__file__).with_name("on_demand") / "too_large.css"


def ask_for_pictures(keep: Callable[[str], None]) -> None:
    """Draw the widgets that take files, or a picture from the camera; each is empty again after it has been used.

    keep: is called with the key of the widget that was given something, which `take` empties.
    """
    number = state.recall("given", 0)
    if st.toggle("Use the camera", key="camera", help="Your browser asks for your permission first."):
        st.camera_input("Take a picture", key=(key := f"camera-{number}"), on_change=keep, args=(key,))
    else:
        st.html(TOO_LARGE)
        st.file_uploader(
            "Upload pictures",
            key=(key := f"upload-{number}"),
            accept_multiple_files=True,
            max_upload_size=MAX_MEGABYTES,
            on_change=keep,
            args=(key,),
            help=f"{', '.join(FORMAT_NAMES)}. Up to {MAX_PHOTOS} pictures, each of up to {MAX_MEGABYTES} MB and 50 "
            "megapixels. Pictures are turned upright, and their transparent parts become white.",
        )
    bounds = f"Files of more than {MAX_MEGABYTES} MB are left out."
    st.caption(f"{bounds} Pictures stay in this server's memory for your visit only.")


def take(key: str) -> list[UploadedFile]:
    """Return the files that a widget was given; the widget is drawn anew, and empty."""
    given = state.widget(key)
    files = given if isinstance(given, list) else [given]
    # A browser may name a file that this server doesn't have.
    files = [file for file in files if file is not None and not isinstance(file, DeletedFile)]
    if files:
        state.remember("given", state.recall("given", 0) + 1)
    return files


def read_into(tray: Tray, files: Sequence[UploadedFile]) -> tuple[Tray, list[Photo], list[str]]:
    """Read files one after the other, and drop their bytes; stop where the tray has no room for the next.

    Return the tray with what could be read, the new photos, and why the others couldn't, in sentences.
    """
    photos, refusals = list[Photo](), list[str]()
    for file in files:
        try:
            check_length(file.size)  # the server takes larger files, for classifiers
            tray.check_room()
            photo = Photo.read(file.name, file.getvalue())
            tray = tray.with_photo(photo)
            photos.append(photo)
        except ExplanationError as error:
            refusals.append(f"{file.name}: {error}")
        state.free(file)
    if (more := len(refusals) - MAX_REFUSALS) > 1:
        refusals[MAX_REFUSALS:] = [f"{more} more files were refused."]
    return tray, photos, refusals
