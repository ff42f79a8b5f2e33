"""A grid's tiles, looked at in three ways. None of them computes a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Explanation, ExplanationError
from explainers.explanation import REDUCTIONS
from explainers.figures import Piece, Tints, blink, comparison, difference
from pages.sections.compare.agreement import heats_of, show_matrices, show_pair
from pages.sections.compare.plan import COLOURS, OWN, SHARED, Plan
from pages.shared import state
from pages.shared.look import CLIP, choose_colours
from pages.shared.tiles import BARE

MAPS, AGREEMENT, BLINK = VIEWS = "Maps", "Agreement", "Blink"
USUAL = "each method's own"
LINKED = f"<script>{Path(__file__).with_name('linked.js').read_text(encoding='utf-8')}</script>"


class Views:
    """What a visitor wants to look at, asked before anything is computed, and the place for it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        first, second, third = st.columns(3, gap="medium")
        self._view = first.segmented_control(
            "View", VIEWS, required=True, key=state.setting("compare-view", MAPS, VIEWS.__contains__)
        )
        self._colours = second.segmented_control(
            "Colour scale",
            (OWN, SHARED),
            required=True,
            key=state.setting(COLOURS, OWN, (OWN, SHARED).__contains__),
            help="One for all: a colour means the same number in every tile. That says little where units differ.",
        )
        channels = (USUAL, *REDUCTIONS)
        self._channels = third.selectbox(
            "Channels",
            channels,
            key=state.setting("compare-channels", USUAL, channels.__contains__),
            help="How red, green and blue become one number per pixel. Only the signed sum shows evidence against.",
        )
        self._pair = (0, 0)
        if self._view != MAPS:
            left, right, _ = st.columns(3, gap="medium")
            self._pair = self._choose_tile("First map", 1, left), self._choose_tile("Second map", 2, right)
        self.waiting = st.container(key="compare-waiting")
        self._area = st.empty()
        self._drawings = 0

    def preview(self, pieces: Sequence[Piece]) -> None:
        """Draw what is there, with places for the rest."""
        if self._view == MAPS:
            self._drawings += 1
            with self._area.container():
                self._comparison(
                    self._reduced(pieces), Tints(shared=self._colours == SHARED), f"-early-{self._drawings}"
                )

    def show(self, pieces: Sequence[Piece]) -> None:
        """Draw what was chosen."""
        pieces = self._reduced(pieces)
        with self._area.container():
            place, tints = st.container(), self._choose_tints([piece.explanation for piece in pieces])
            with place:
                if self._view == MAPS or not any(piece.explanation for piece in pieces):
                    self._comparison(pieces, tints, "")
                    st.caption(_said(pieces, tints))
                elif self._view == AGREEMENT:
                    show_matrices(pieces)
                    self._difference(pieces, tints)
                else:
                    self._blink(pieces, tints)

    def _choose_tile(self, label: str, start: int, place: DeltaGenerator) -> int:
        """The place of one of the two that are held against each other, counted from 0."""
        numbers = range(1, len(self._plan.tiles) + 1)
        key = state.setting(f"compare-{label.split()[0].lower()}", min(start, len(numbers)), numbers.__contains__)
        return int(place.selectbox(label, numbers, format_func="tile {}".format, key=key)) - 1

    def _choose_tints(self, found: Sequence[Explanation | None]) -> Tints:
        """Colours for maps with and without signs, where there are such; one map with signs turns a shared scale."""
        shared, maps = self._colours == SHARED, [each for each in found if each]
        signed, unsigned = ([each for each in maps if each.signed == signs] for signs in (True, False))
        if shared and signed:
            unsigned = []
        chosen, places = {}, iter(st.columns(3, gap="medium"))
        for name, label, some in (("unsigned", "without", unsigned), ("signed", "with", signed)):
            if some:
                chosen[name] = choose_colours(some[0], next(places), f"Colours of maps {label} signs")
        return Tints(**chosen, clip=CLIP, shared=shared)

    def _reduced(self, pieces: Sequence[Piece]) -> list[Piece]:
        """With their channels combined as chosen."""
        chosen = next((each for each in REDUCTIONS if each == self._channels), None)
        if chosen is None:
            return list(pieces)
        return [replace(piece, explanation=piece.explanation and piece.explanation.reduced(chosen)) for piece in pieces]

    def _comparison(self, pieces: Sequence[Piece], tints: Tints, suffix: str) -> None:
        about = "Attribution maps side by side: " + ", ".join(piece.title for piece in pieces)
        _draw(comparison(pieces, self._plan.columns, tints), f"grid{suffix}", about)

    def _difference(self, pieces: Sequence[Piece], tints: Tints) -> None:
        first, second = _both(pieces, self._pair)
        one, other = heats_of([first, second])
        _draw(difference(first, second, (one, other), tints), "difference", f"{first.title} less {second.title}")

    def _blink(self, pieces: Sequence[Piece], tints: Tints) -> None:
        first, second = _both(pieces, self._pair)
        left, right = st.columns([1, 1], gap="large")
        with left:
            _draw(blink(first, second, tints), "blink", f"{first.title} and {second.title} on one spot", BARE)
        with right:
            show_pair(first, second)


def _draw(figure: Any, key: str, about: str, config: dict[str, Any] | None = None) -> None:
    """A figure with a width of its own: it isn't squeezed into a narrow window, but scrolled."""
    st.html(f"<style>.st-key-{key} {{ min-width: {figure.layout.width}px; }}</style>")
    with st.container(key=f"mosaic-{key}"):
        st.plotly_chart(figure, width="content", key=key, config=config, alt=about)
    st.html(LINKED, unsafe_allow_javascript=True)


def _both(pieces: Sequence[Piece], pair: tuple[int, int]) -> tuple[Piece, Piece]:
    """The two tiles. Raises ExplanationError where one has no map."""
    for number in pair:
        if pieces[number].explanation is None:
            raise ExplanationError(f"Tile {number + 1} has no map: {pieces[number].line}")
    return pieces[pair[0]], pieces[pair[1]]


def _said(pieces: Sequence[Piece], tints: Tints) -> str:
    """Which scale, and what it means here."""
    units = {piece.explanation.facts["unit"] for piece in pieces if piece.explanation}
    zoom = "Drag on a tile to zoom all, double-click to go back, point at a pixel to read it in all."
    if not tints.shared:
        return f"**Each tile has its own colour scale**: compare where, not how much. {zoom}"
    said = "**One colour scale for all tiles.** "
    if len(units) > 1:
        said += f"They have {len(units)} different units ({'; '.join(sorted(units))}): a pale one isn't weaker. "
    return said + zoom
