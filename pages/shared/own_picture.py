"""Widgets for pictures of the visitor's own: uploads, some from the camera, or one that somebody shares by a link.

The address names the one that is shown by its fingerprint, and nothing else is ever explained in its place.
"""

from __future__ import annotations

import streamlit as st

from explainers.images.levels import LEVELS
from explainers.images.photo import Photo, is_fingerprint, size_in_words
from explainers.images.samples import samples
from explainers.images.tray import Tray
from explainers.markdown import escaped
from pages.shared import share_widgets, state, strip
from pages.shared.frame import NoResult, show
from pages.shared.heading import link
from pages.shared.taking_pictures import ask_for_pictures, read_into, take
from pages.shared.tray import choose_from_tray, keep_tray, kept_tray

PHOTO_KEY = "photo"  # of the fingerprint of the visitor's own photo, in the address
AUDITED_KEY = "pictures of audits"  # of the fingerprints of the pictures that were opened from an audit
BOX_KEY = "box"  # of the edges of the box that a visitor drew on the photo, as texts; it doesn't fit any other photo
INVITATION = "Upload your own pictures, take one with the camera, or choose a sample."
FORGET_ALL = "Forget all your pictures, and withdraw their links."
MISSING = (
    "This link or settings file is about a picture of {size} that isn't here: it names the picture without containing "
    "it, and the server keeps an upload for one visit only. Please upload the same file."
)
ENDED = (
    "The picture of this link, {size}, is no longer shared: it was withdrawn, its day has passed, or the server "
    "was restarted. If you have the same file, please upload it here."
)
OTHER = "This isn't the picture that the link or file was about, which has {size}. What you see is about the new one."


def own_photo() -> Photo | None:
    """Return the visitor's own photo that the address names, or the one that the link shares, or the last one shown."""
    upload, named = state.upload(), _named()
    if upload and upload.fingerprint == named:
        return upload
    return kept_tray().find(named) or share_widgets.shared_photo(named) or upload


def choose_own_picture() -> Photo:
    """Choose a picture of the visitor's own. Raises NoResult with what is to be done where there is none."""
    state.setting(PHOTO_KEY, "", _names_a_photo)
    share_widgets.declare()
    photo, named, refusal = own_photo(), _named(), state.recall("refusal")
    if photo and not refusal and named in ("", photo.fingerprint):
        state.choose(PHOTO_KEY, photo.fingerprint)
        if photo in kept_tray().photos:
            state.keep_upload(photo)  # the address may have gone back to it
        choose_from_tray(photo.fingerprint, _show)
        photo = _shown(photo)
        with st.expander("More pictures"):
            ask_for_pictures(_keep)
        return photo
    ask_for_pictures(_keep)
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
    for key in ("refusal", "refusals", "other"):
        state.remember(key, None)


def _shown(photo: Photo) -> Photo:
    """Draw the name of the photo, what was done to it, and what can be; return it with the chosen levels."""
    if photo.fingerprint in state.recall(AUDITED_KEY, ()):
        link("← Back to the audit", "audit")
    for warning in (state.recall("other"), *(state.recall("refusals") or ())):
        if warning:
            show(warning, "warning")
    several = len(kept_tray()) > 1
    if several:
        st.caption(f"**{escaped(photo.name)}**")
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        if not several:
            st.caption(f"**{escaped(photo.name)}**")
        then = "show the next one" if several else "go back to the samples"
        hint = f"Forget this picture, withdraw its link if you have shared it, and {then}."
        st.button("Remove", key="remove", on_click=_forget, help=hint)
        if several:
            st.button("Remove all", key="remove-all", on_click=_forget_all, help=FORGET_ALL)
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
            keep_tray(kept_tray().with_photo(photo))
            state.keep_upload(photo)
    return photo


def _keep(key: str) -> None:
    """Keep the new pictures that can be read, show one of them, and remember of the others why they are missing."""
    if not (files := take(key)):
        return
    dismiss_refusal()
    named, before = _named(), own_photo()
    tray, photos, refusals = read_into(kept_tray(), files)
    if not photos:
        state.remember("refusal", "\n\n".join(refusals))
        return
    photo = next((photo for photo in photos if photo.fingerprint == named), photos[0])
    if named and named not in (photo.fingerprint, before and before.fingerprint):
        state.remember("other", OTHER.format(size=size_in_words(named)))
    keep_tray(tray)
    _go_on(photo)
    state.remember("refusals", refusals)
    state.choose("camera", False)


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


def _show(photo: Photo) -> None:
    """Show a photo of the tray from the next run on."""
    dismiss_refusal()
    _go_on(photo)


def _go_on_with_it() -> None:  # a callback's arguments would hold the photo beyond the visit
    if photo := own_photo():
        _go_on(photo)


def _forget() -> None:
    """Forget the photo that is shown, and show the one after it, or else the one before."""
    dismiss_refusal()
    photo, tray = own_photo(), kept_tray()
    if photo is None:
        return
    share_widgets.withdraw_own(photo)
    beside = tray.beside(photo.fingerprint, 1) or tray.beside(photo.fingerprint, -1)
    keep_tray(tray.without(photo.fingerprint))
    if beside:
        _go_on(beside)
    else:
        _leave()


def _forget_all() -> None:
    dismiss_refusal()
    for photo in (own_photo(), *kept_tray()):
        if photo:
            share_widgets.withdraw_own(photo)
    keep_tray(Tray())
    _leave()


def _leave() -> None:
    """Go back to the samples."""
    share_widgets.leave()
    state.keep_upload(None)
    state.choose(PHOTO_KEY, "")
    strip.choose(samples()[0].name)
