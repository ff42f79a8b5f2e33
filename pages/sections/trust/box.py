"""A box on the picture, drawn with the mouse or typed; it stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from explainers.classifiers.view import Box
from pages.shared import state
from pages.shared.question import ASKED

KEY = "box"
EDGES = ("left", "top", "right", "bottom")
DIGITS = 6  # of a photo's side, at most
OWNER = "boxed"  # the box that was last on a photo, and which photo


def chosen_box() -> Box | None:
    """The box that the address names, in whole pixels of the upright photo; forgotten if drawn on another photo.

    To be called before the settings are written into the address, so that going back doesn't lead to a stale one.
    """
    numbers: list[str] = state.value(state.setting(KEY, [], _is_box), [])
    if not numbers:
        return None
    box, photo = _box(numbers), state.noted(ASKED)
    drawn, owner = state.noted(OWNER, (None, None))
    if box == drawn and photo != owner:
        clear()
        return None
    state.note(OWNER, (box, photo))
    return box


def clear() -> None:
    """Forget the box."""
    state.choose(KEY, [])


def drawn_in(chart: str, view: Box) -> Any:
    """The callback of a chart of that key on which a box can be drawn, in pixels of the photo."""
    return partial(_take_drawn, chart, view)


def type_box(box: Box | None, view: Box) -> None:
    """Four numbers, for who can't draw or wants it exact."""
    left, top, right, bottom = view
    aside, down = (right - left) / 4, (bottom - top) / 4
    start = box or _whole((left + aside, top + down, right - aside, bottom - down), view)
    for column, edge, number in zip(st.columns(4), EDGES, start, strict=True):
        state.choose(f"{KEY}-{edge}", int(number))
        column.number_input(edge.capitalize(), 0, 10**DIGITS - 1, step=1, key=f"{KEY}-{edge}", on_change=_take_typed)


def _take_drawn(chart: str, view: Box) -> None:
    """Keep what was drawn; a mere click draws nothing and changes nothing."""
    for drawn in state.widget(chart)["selection"]["box"]:
        (left, right), (top, bottom) = sorted(drawn["x"]), sorted(drawn["y"])
        _keep(_whole((left, top, right, bottom), view))


def _take_typed() -> None:
    left, top, right, bottom = (state.widget(f"{KEY}-{edge}") for edge in EDGES)
    _keep((min(left, right), min(top, bottom), max(left, right), max(top, bottom)))


def _keep(box: Box) -> None:
    texts = [str(int(number)) for number in box]
    if _is_box(texts):
        state.choose(KEY, texts)


def _whole(box: Box, view: Box) -> Box:
    """In whole pixels, inside the view."""
    left, top, right, bottom = (
        round(min(max(number, view[side % 2], 0), view[side % 2 + 2])) for side, number in enumerate(box)
    )
    return left, top, right, bottom


def _is_box(texts: Sequence[str]) -> bool:
    """Whether these are four whole numbers with something between them, or nothing."""
    if not texts:
        return True
    if len(texts) != len(EDGES) or not all(text.isdecimal() and len(text) <= DIGITS for text in texts):
        return False
    left, top, right, bottom = _box(texts)
    return left < right and top < bottom


def _box(texts: Sequence[str]) -> Box:
    left, top, right, bottom = map(int, texts)
    return left, top, right, bottom
