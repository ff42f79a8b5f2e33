"""A box on the picture: it is drawn with the mouse or typed, and stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from explainers.classifiers.view import Box
from pages.shared import state
from pages.shared.own_picture import BOX_KEY
from pages.shared.question import ASKED_PHOTO_KEY

EDGES = ("left", "top", "right", "bottom")
MAX_DIGITS = 6  # of a coordinate
OWNER_KEY = "boxed"  # of the last box and the photo it was drawn on


def chosen_box() -> Box | None:
    """Return the box that the address names, in whole pixels of the upright photo; forget one of another photo.

    Call this before the settings are written into the address, so that going back doesn't restore an outdated box.
    """
    numbers: list[str] = state.value(state.setting(BOX_KEY, [], _is_box_or_none), [])
    if not numbers:
        return None
    box, photo = _parsed_box(numbers), state.recall(ASKED_PHOTO_KEY)
    last_box, owner = state.recall(OWNER_KEY, (None, None))
    if box == last_box and photo != owner:
        clear()
        return None
    state.remember(OWNER_KEY, (box, photo))
    return box


def clear() -> None:
    """Forget the box."""
    state.choose(BOX_KEY, [])


def drawn_in(chart: str, view: Box) -> Any:
    """Make the callback for the chart of that key, on which a box can be drawn in pixels of the photo."""
    return partial(_keep_drawn, chart, view)


def type_box(box: Box | None, view: Box) -> None:
    """Draw inputs for the four edges, for visitors who can't draw a box or want it exact."""
    left, top, right, bottom = view
    aside, down = (right - left) / 4, (bottom - top) / 4
    shown_box = box or _whole_pixels((left + aside, top + down, right - aside, bottom - down), view)
    for column, edge, number in zip(st.columns(4), EDGES, shown_box, strict=True):
        state.choose(f"{BOX_KEY}-{edge}", int(number))
        column.number_input(
            edge.capitalize(), 0, 10**MAX_DIGITS - 1, step=1, key=f"{BOX_KEY}-{edge}", on_change=_keep_typed
        )


def _keep_drawn(chart: str, view: Box) -> None:
    """Keep the box that was drawn; a mere click selects nothing and changes nothing."""
    for selection in state.widget(chart)["selection"]["box"]:
        (left, right), (top, bottom) = sorted(selection["x"]), sorted(selection["y"])
        _keep(_whole_pixels((left, top, right, bottom), view))


def _keep_typed() -> None:
    """Keep the box that was typed, whichever way round."""
    left, top, right, bottom = (state.widget(f"{BOX_KEY}-{edge}") for edge in EDGES)
    _keep((min(left, right), min(top, bottom), max(left, right), max(top, bottom)))


def _keep(box: Box) -> None:
    texts = [str(int(number)) for number in box]
    if _is_box_or_none(texts):
        state.choose(BOX_KEY, texts)


def _whole_pixels(box: Box, view: Box) -> Box:
    """Round a box to whole pixels and limit it to the view."""
    left, top, right, bottom = (
        round(min(max(number, view[edge % 2], 0), view[edge % 2 + 2])) for edge, number in enumerate(box)
    )
    return left, top, right, bottom


def _is_box_or_none(texts: Sequence[str]) -> bool:
    """Whether these are the edges of a box that isn't empty, as whole numbers, or no texts at all."""
    if not texts:
        return True
    if len(texts) != len(EDGES) or not all(text.isdecimal() and len(text) <= MAX_DIGITS for text in texts):
        return False
    left, top, right, bottom = _parsed_box(texts)
    return left < right and top < bottom


def _parsed_box(texts: Sequence[str]) -> Box:
    left, top, right, bottom = map(int, texts)
    return left, top, right, bottom
