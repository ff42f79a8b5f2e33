"""The settings of a page as a link and as a file, and the widget that opens such a file again."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from explainers import ExplanationError
from explainers.images.photo import Photo
from explainers.report.settings_file import MAX_BYTES, SettingsFile
from pages.shared import state
from pages.shared.frame import show
from pages.shared.heading import HERE_KEY, PAGE_TO_OPEN_KEY, PAGES
from pages.shared.question import USUAL_FIT_KEY
from pages.shared.share_widgets import TOKEN_KEY

FILES_KEY = "settings-files"  # of the number of files that were opened: the widget is empty again after each
PROBLEM_KEY = "settings-problem"  # of why a file couldn't be opened, and the settings that it left as they were
MAX_MEGABYTES = 1  # the least that the widget can ask for; `MAX_BYTES` counts


def offer_settings(stem: str, photo: Photo) -> None:
    """Draw the link to this page with a button that copies it, the settings as a file, and a widget that opens one."""
    st.code(link(), language=None, wrap_lines=True)
    page, settings = state.recall(HERE_KEY), state.address()
    settings.pop(TOKEN_KEY, None)  # which would give the picture itself to everybody who gets the file
    file = SettingsFile(page, settings, photo.name, "" if photo.sample else photo.fingerprint)
    st.download_button("Settings (JSON)", file.write, f"{stem}-settings.json", key="save-settings", on_click="ignore")
    st.file_uploader(
        "Open a settings file",
        key=(key := f"settings-file-{state.recall(FILES_KEY, 0)}"),
        type="json",
        max_upload_size=MAX_MEGABYTES,
        on_change=_open,
        args=(key,),
        help="This opens the page that the file was saved from, with its settings. It contains no picture: if one of "
        "your own isn't here, the page asks for it.",
    )
    sentence, settings_then = state.recall(PROBLEM_KEY) or ("", None)
    if sentence and settings_then == state.settings():
        show(sentence)


def link() -> str:
    """Return the page's address with its settings, as the browser has it."""
    page, address = st.context.url or "", state.address()
    root = "" if urlsplit(page).path else "/"
    return f"{page}{root}" + (f"?{urlencode(address)}" if address else "")


def _open(key: str) -> None:
    """Go to the page of a file, with its settings in place of all others; or remember why it can't be opened."""
    file = state.widget(key)
    if file is None or isinstance(file, DeletedFile):  # a browser may name a file that this server doesn't have
        return
    state.remember(FILES_KEY, state.recall(FILES_KEY, 0) + 1)
    state.remember(PROBLEM_KEY, None)
    try:
        opened = SettingsFile.read(file.getvalue()[: MAX_BYTES + 1], PAGES)
    except ExplanationError as error:
        state.remember(PROBLEM_KEY, (str(error), state.settings()))
    else:
        state.replace(opened.settings)
        state.unlearn(USUAL_FIT_KEY)  # of the classifier that was chosen before
        state.remember(PAGE_TO_OPEN_KEY, opened.page)
    state.free(file)
