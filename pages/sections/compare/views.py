"""Three views of the tiles of a comparison. None of them computes a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Explanation, ExplanationError
from explainers.comparison.variants import Comparison
from explainers.explanation import REDUCTIONS
from explainers.figures import Tile, Tints, blink, comparison, difference
from pages.sections.compare.agreement import heats_of, show_matrices, show_pair
from pages.sections.compare.plan import COLOURS_KEY, OWN_SCALES, SHARED_SCALE
from pages.shared import state
from pages.shared.look import DEFAULT_CLIP, choose_colours
from pages.shared.tiles import NO_MODE_BAR

MAPS, AGREEMENT, BLINK = VIEWS = "Maps", "Agreement", "Blink"
OWN_CHANNELS = "each method's own"
LINKED_SCRIPT = f"<script>{Path(__file__).with_name('linked.js').read_text(encoding='utf-8')}</script>"


class Views:
    """The chosen view: its widgets are drawn before anything is computed, its tiles below them as they come."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        first, second, third = st.columns(3, gap="medium")
        self._view = first.segmented_control(
            "View", VIEWS, required=True, key=state.setting("compare-view", MAPS, VIEWS.__contains__)
        )
        self._colours = second.segmented_control(
            "Colour scale",
            (OWN_SCALES, SHARED_SCALE),
            required=True,
            key=state.setting(COLOURS_KEY, OWN_SCALES, (OWN_SCALES, SHARED_SCALE).__contains__),
            help="One for all: a colour means the same number in every tile. That says little where units differ.",
        )
        channels = (OWN_CHANNELS, *REDUCTIONS)
        self._channels = third.selectbox(
            "Channels",
            channels,
            key=state.setting("compare-channels", OWN_CHANNELS, channels.__contains__),
            help="How red, green and blue become one number per pixel. Only the signed sum shows evidence against.",
        )
        self._pair = (0, 0)
        if self._view != MAPS:
            left, right, _ = st.columns(3, gap="medium")
            self._pair = self._choose_tile("First map", 1, left), self._choose_tile("Second map", 2, right)
        self.waiting = st.container(key="compare-waiting")
        self._area = st.empty()
        self._drawings = 0

    def preview(self, tiles: Sequence[Tile]) -> None:
        """Draw the tiles that are ready, with placeholders for the rest."""
        if self._view == MAPS:
            self._drawings += 1
            with self._area.container():
                self._draw_maps(
                    self._reduced(tiles), Tints(shared=self._colours == SHARED_SCALE), f"-early-{self._drawings}"
                )

    def show(self, tiles: Sequence[Tile]) -> None:
        """Draw the chosen view of all tiles."""
        tiles = self._reduced(tiles)
        with self._area.container():
            place, tints = st.container(), self._choose_tints([tile.explanation for tile in tiles])
            with place:
                if self._view == MAPS or not any(tile.explanation for tile in tiles):
                    self._draw_maps(tiles, tints, "")
                    st.caption(_scale_caption(tiles, tints))
                elif self._view == AGREEMENT:
                    show_matrices(tiles)
                    self._difference(tiles, tints)
                else:
                    self._blink(tiles, tints)

    def _choose_tile(self, label: str, start: int, place: DeltaGenerator) -> int:
        """Choose one of the two tiles that are compared; return its index, from 0."""
        numbers = range(1, len(self._comparison.variants) + 1)
        key = state.setting(f"compare-{label.split()[0].lower()}", min(start, len(numbers)), numbers.__contains__)
        return int(place.selectbox(label, numbers, format_func="tile {}".format, key=key)) - 1

    def _choose_tints(self, explanations: Sequence[Explanation | None]) -> Tints:
        """Choose colours for signed and for unsigned maps, where there are any.

        On a shared scale, a single signed map gives all of them the signed one.
        """
        shared, maps = self._colours == SHARED_SCALE, [explanation for explanation in explanations if explanation]
        signed, unsigned = (
            [explanation for explanation in maps if explanation.signed == has_signs] for has_signs in (True, False)
        )
        if shared and signed:
            unsigned = []
        chosen, places = {}, iter(st.columns(3, gap="medium"))
        for name, label, group in (("unsigned", "without", unsigned), ("signed", "with", signed)):
            if group:
                chosen[name] = choose_colours(group[0], next(places), f"Colours of maps {label} signs")
        return Tints(**chosen, clip=DEFAULT_CLIP, shared=shared)

    def _reduced(self, tiles: Sequence[Tile]) -> list[Tile]:
        """Return the tiles with their channels combined as chosen."""
        chosen_reduction = next((reduction for reduction in REDUCTIONS if reduction == self._channels), None)
        if chosen_reduction is None:
            return list(tiles)
        return [
            replace(tile, explanation=tile.explanation and tile.explanation.reduced(chosen_reduction)) for tile in tiles
        ]

    def _draw_maps(self, tiles: Sequence[Tile], tints: Tints, suffix: str) -> None:
        """Draw all tiles; `suffix` tells the figure's key from those of earlier drawings."""
        about = "Attribution maps side by side: " + ", ".join(tile.title for tile in tiles)
        _draw(comparison(tiles, self._comparison.columns, tints), f"grid{suffix}", about)

    def _difference(self, tiles: Sequence[Tile], tints: Tints) -> None:
        """Draw the first map of the chosen pair less the second."""
        first, second = _pair_of_tiles(tiles, self._pair)
        first_heat, second_heat = heats_of([first, second])
        _draw(
            difference(first, second, (first_heat, second_heat), tints),
            "difference",
            f"{first.title} less {second.title}",
        )

    def _blink(self, tiles: Sequence[Tile], tints: Tints) -> None:
        """Draw the maps of the chosen pair by turns in one place, with their agreement beside them."""
        first, second = _pair_of_tiles(tiles, self._pair)
        left, right = st.columns([1, 1], gap="large")
        with left:
            _draw(blink(first, second, tints), "blink", f"{first.title} and {second.title} on one spot", NO_MODE_BAR)
        with right:
            show_pair(first, second)


def _draw(figure: Any, key: str, about: str, config: dict[str, Any] | None = None) -> None:
    """Draw a figure with a width of its own: in a narrow window it is scrolled, not squeezed."""
    st.html(f"<style>.st-key-{key} {{ min-width: {figure.layout.width}px; }}</style>")
    with st.container(key=f"mosaic-{key}"):
        st.plotly_chart(figure, width="content", key=key, config=config, alt=about)
    st.html(LINKED_SCRIPT, unsafe_allow_javascript=True)


def _pair_of_tiles(tiles: Sequence[Tile], pair: tuple[int, int]) -> tuple[Tile, Tile]:
    """Return the two tiles of these indices. Raises ExplanationError where one of them has no map."""
    for number in pair:
        if tiles[number].explanation is None:
            raise ExplanationError(f"Tile {number + 1} has no map: {tiles[number].line}")
    return tiles[pair[0]], tiles[pair[1]]


def _scale_caption(tiles: Sequence[Tile], tints: Tints) -> str:
    """Say which colour scale is used, and what that means for these tiles."""
    units = {tile.explanation.facts.unit for tile in tiles if tile.explanation}
    zoom = "Drag on a tile to zoom all, double-click to go back, point at a pixel to read it in all."
    if not tints.shared:
        return f"**Each tile has its own colour scale**: compare where, not how much. {zoom}"
    caption = "**One colour scale for all tiles.** "
    if len(units) > 1:
        texts = "; ".join(sorted(unit.text for unit in units))
        caption += f"They have {len(units)} different units ({texts}): a pale one isn't weaker. "
    return caption + zoom
