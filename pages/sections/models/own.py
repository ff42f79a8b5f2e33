"""Takes in a classifier of the visitor's own: a file, questions about what it doesn't say, and a preview."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from explainers.classifiers.own.answers import Answers, suggest
from explainers.classifiers.own.classifier import OwnClassifier
from explainers.classifiers.own.storage import STORAGE, UPLOADS_VARIABLE, uploads_allowed
from explainers.images.photo import Photo
from explainers.markdown import escaped
from pages.sections.models.answers import ask_answers, ask_candidate
from pages.sections.models.preview import show_preview
from pages.sections.models.upload import MAX_MEGABYTES, Upload
from pages.shared import own_classifiers, state
from pages.shared.frame import messages, show

UPLOAD_KEY, COUNT_KEY, PREVIEWED_KEY = "model-upload", "model-uploads", "model-preview"
FORMATS = (
    "Drop a file here: a state_dict (.pth, .pt, .bin, .ckpt, .safetensors), or the .zip of a timm or Hugging Face "
    "folder."
)
OFF = (
    f"Whoever runs this server has switched uploads off ({UPLOADS_VARIABLE}=off), so it takes no files. What they have "
    "put into the server's folder is in the list."
)
MAX_TITLE = 60  # characters


def add_own(photo: Photo | None) -> bool:
    """Draw the place where a classifier is dropped, or the questions about one; return whether one was kept."""
    if not uploads_allowed():
        st.markdown("**Add your own**")
        st.caption(OFF)
        return False
    upload: Upload | None = state.recall(UPLOAD_KEY)
    if upload and not upload.is_read:
        with st.spinner(f"Reading {escaped(upload.name)}"):
            upload.read()
    if upload is None or upload.file is None:
        _offer(upload)
        return False
    return _ask(upload, photo)


def remove(name: str) -> None:
    """Remove a classifier of the visitor's own, with its file."""
    for own in own_classifiers.kept():
        if own.name == name:
            own_classifiers.let_go(own)
            STORAGE.discard(own.file)


def _offer(refused: Upload | None) -> None:
    """Draw the place where a file is dropped, and why the last one was not taken."""
    st.markdown("**Add your own**", help="The file is only read: nothing that it may contain is run.")
    st.file_uploader(
        "The file of your classifier",
        key=(key := f"model-{state.recall(COUNT_KEY, 0)}"),
        max_upload_size=MAX_MEGABYTES,
        on_change=_take,
        args=(key,),
        label_visibility="collapsed",
    )
    st.caption(
        f"{FORMATS} Up to {MAX_MEGABYTES} MB. It is recognised by its weights, stays on this server for your visit "
        "only, and nobody else sees it."
    )
    if refused:
        show(f"{refused.name}: {refused.refusal}")


def _take(key: str) -> None:
    """Write a file that was dropped to the disk, and drop it from memory."""
    file = state.widget(key)
    if file is None or isinstance(file, DeletedFile):  # a browser may name a file that this server doesn't have
        return
    _let_go()
    number = state.recall(COUNT_KEY, 0) + 1
    state.remember(COUNT_KEY, number)
    state.remember(UPLOAD_KEY, Upload.receive(file, file.name, number, state.visit_name()))
    state.free(file)


def _ask(upload: Upload, photo: Photo | None) -> bool:
    """Ask what the file doesn't say, and show the picture as its classifier sees it; return whether it was kept."""
    file = upload.file
    assert file
    with st.container(horizontal=True, vertical_alignment="center", key="own-line"):
        st.markdown(f"**{escaped(file.name)}**", width="content")
        st.button("Another file", key="model-another", on_click=_let_go, help="Forget this file.")
    own, kept = None, False
    with st.container(horizontal=True, key="own-columns"):
        with st.container(key="own-questions"), messages():
            candidate = ask_candidate(upload)
            if file.notes:
                st.caption(" ".join(map(escaped, file.notes)))
            answers = ask_answers(upload, candidate, suggest(file, candidate))
            answers.check()
            title = _title(upload, answers)
            own = OwnClassifier.of(file, candidate, answers, title)
        with st.container(key="own-preview"):
            _release(own)
            if own:
                with messages():
                    kept = show_preview(own, photo)
    if own and kept:
        _keep(own)
    return kept


def _title(upload: Upload, answers: Answers) -> str:
    """Ask what the classifier is to be called."""
    assert upload.file
    usual = upload.file.name.rpartition(".")[0] or upload.file.name
    text: str | None = st.text_input(
        "Name of the classifier",
        usual[:MAX_TITLE],
        key=f"model-{upload.number}-title",
        max_chars=MAX_TITLE,
        help="As it will stand in the list of classifiers, for you alone.",
    )
    title = " ".join((text or usual).split())
    others = [own.title for own in own_classifiers.kept() if own.file.folder != upload.file.folder]
    return title if title not in others else f"{title} ({upload.number})"


def _keep(own: OwnClassifier) -> None:
    """Keep the classifier, and explain with it from now on."""
    for other in own_classifiers.kept():
        if other.name == own.name:  # the same file with the same answers
            STORAGE.discard(other.file)
    own_classifiers.keep(own)
    state.remember(UPLOAD_KEY, None)
    state.remember(PREVIEWED_KEY, None)
    state.remember("failure", None)
    state.choose(own_classifiers.CLASSIFIER_KEY, own.name)


def _release(own: OwnClassifier | None) -> None:
    """Forget what was computed for the last preview, if this is another."""
    before: OwnClassifier | None = state.recall(PREVIEWED_KEY)
    if before and (own is None or before.digest != own.digest):
        state.hold_for(before.name, ())
    state.remember(PREVIEWED_KEY, own)


def _let_go() -> None:
    """Forget the file about which questions are asked."""
    _release(None)
    if upload := state.recall(UPLOAD_KEY):
        upload.discard()
    state.remember(UPLOAD_KEY, None)
