"""The tray of the visitor's own pictures: their thumbnails, of which one is shown, and the buttons around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from explainers.images.photo import Photo
from explainers.images.tray import Tray
from explainers.markdown import escaped
from pages.shared import state
from pages.shared.strip import background

TRAY_KEY = "tray"  # of the thumbnails
KEYS_SCRIPT = f"<script>{Path(__file__).with_suffix('.js').read_text(encoding='utf-8')}</script>"
Choose = Callable[[Photo], None]


def kept_tray() -> Tray:
    """Return the pictures that the visitor has brought."""
    tray: Tray = state.recall(TRAY_KEY, Tray())
    return tray


def keep_tray(tray: Tray) -> None:
    """Keep these pictures for this visit, and forget all others."""
    state.remember(TRAY_KEY, tray)
    state.hold_for(TRAY_KEY, [photo.digest for photo in tray])


def choose_from_tray(shown: str, choose: Choose) -> None:
    """Draw the thumbnails of all pictures, where there are several, with buttons that go from one to the next.

    shown:  the fingerprint of the picture that is shown; it may be none of these.
    choose: is called with the picture that is chosen.
    """
    tray = kept_tray()
    if len(tray) < 2:
        return
    names = {fingerprint: escaped(name) for fingerprint, name in tray.names().items()}
    is_here = shown in names
    pictures = "".join(background(TRAY_KEY, number, photo.thumbnail, "jpeg") for number, photo in enumerate(tray, 1))
    state.choose(TRAY_KEY, shown if is_here else None)
    with st.container(key="tray-area", gap="small"):
        st.html(f"<style>{pictures}</style>{KEYS_SCRIPT}", unsafe_allow_javascript=True)
        st.pills(
            "Your pictures",
            tuple(names),
            format_func=names.__getitem__,
            required=is_here,
            key=TRAY_KEY,
            on_change=_choose_clicked,
            args=(choose,),
            width="stretch",
        )
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False):
            _offer_step("Previous", "previous", -1, shown, choose)
            place = f"{[*names].index(shown) + 1} of {len(tray)}" if is_here else f"{len(tray)} pictures"
            st.caption(place, width="content")
            _offer_step("Next", "next", 1, shown, choose)


def _offer_step(label: str, key: str, step: int, shown: str, choose: Choose) -> None:
    st.button(
        label,
        key=f"tray-{key}",
        disabled=kept_tray().beside(shown, step) is None,
        on_click=_choose_beside,
        args=(shown, step, choose),
        help=f"Alt and {'→' if step > 0 else '←'}",
    )


def _choose_clicked(choose: Choose) -> None:
    if photo := kept_tray().find(state.widget(TRAY_KEY) or ""):
        choose(photo)


def _choose_beside(shown: str, step: int, choose: Choose) -> None:  # arguments that hold no photo beyond the visit
    if photo := kept_tray().beside(shown, step):
        choose(photo)
