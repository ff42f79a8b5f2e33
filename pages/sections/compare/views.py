"""Three views of the tiles of a comparison. None of them computes a map."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from explainers import ExplanationError
from explainers.comparison.variants import Comparison
from explainers.figures import Tile, Tints, difference
from pages.sections.compare.agreement import check_picture, heats_of, show_matrices, show_pair
from pages.sections.compare.drawing import Drawing
from pages.sections.compare.grid import Grid
from pages.shared import state

MAPS, AGREEMENT, BLINK = VIEWS = "Maps", "Agreement", "Blink"
PAIR = {"compare-first": "First map", "compare-second": "Second map"}


def choose_view() -> str:
    """Choose how the tiles are shown."""
    view: str | None = st.segmented_control(
        "View",
        VIEWS,
        required=True,
        label_visibility="collapsed",
        key=state.setting("compare-view", MAPS, VIEWS.__contains__),
    )
    return view or MAPS  # the widget is required; its type doesn't say so


class Views:
    """The chosen view: the places of its tiles, which are drawn as they come, or once all are there."""

    def __init__(self, view: str, comparison: Comparison, drawing: Drawing) -> None:
        self._view, self._drawing, self._drawn = view, drawing, set[int]()
        titles = [variant.title(None) for variant in comparison.variants]
        self._grid, self._pair = None, (0, 0)
        if view == MAPS:
            self._grid = Grid("maps", titles, comparison.columns, matrix=comparison.is_matrix)
        else:
            self._pair = _choose_pair(titles)
        # Tiles that share their scale, or the part of the photo that they show, wait for each other.
        classifiers = {variant.classifier for variant in comparison.variants}
        self._independent = not drawing.tints.shared and len(classifiers) == 1

    def wait(self, number: int) -> None:
        """Say in a tile's place that it is still to come."""
        if self._grid:
            self._grid.wait(number)

    def look(self, number: int, tile: Tile) -> None:
        """Draw a first look at a tile."""
        if self._grid:
            self._grid.look(number, self._drawing.of(tile))

    def ready(self, number: int, tile: Tile) -> None:
        """Draw a tile, for good if nothing of it depends on the others."""
        if self._grid and self._independent:
            self._grid.draw(number, self._drawing.of(tile), self._drawing.tints)
            self._drawn.add(number)
        else:
            self.look(number, tile)

    def show(self, tiles: Sequence[Tile]) -> None:
        """Draw the chosen view of all tiles."""
        tiles, tints = [self._drawing.of(tile) for tile in tiles], self._drawing.tints
        if self._grid:
            self._grid.draw_all(tiles, tints, except_for=self._drawn)
            st.caption(_reading(tiles, tints))
        elif self._view == AGREEMENT:
            self._show_agreement(tiles)
        else:
            self._show_blink(tiles)

    def _show_agreement(self, tiles: Sequence[Tile]) -> None:
        """Draw how far all maps agree, and the first map of the chosen pair minus the second."""
        show_matrices(tiles)
        first, second = _pair_of_tiles(tiles, self._pair)
        first_heat, second_heat = heats_of([first, second])
        tints = replace(self._drawing.tints, shared=False)
        three = difference(first, second, (first_heat, second_heat), tints)
        Grid("difference", [tile.title for tile in three], 3).draw_all(three, tints)

    def _show_blink(self, tiles: Sequence[Tile]) -> None:
        """Draw the maps of the chosen pair by turns on one spot, with their agreement beside them."""
        pair = _pair_of_tiles(tiles, self._pair)
        left, right = st.columns(2, gap="large")
        titles = [tile.title for tile in pair]
        with left:
            Grid("blink", titles, 1).draw_all(pair, self._drawing.tints)
        with right:
            st.html(_blink_buttons(titles))
            show_pair(*pair)


def _blink_buttons(titles: Sequence[str]) -> str:
    """Return a button that pauses, and one for each map; a script on the page hears them."""
    shows = (f'<button type="button" data-blink="{n}">{html.escape(title)}</button>' for n, title in enumerate(titles))
    return f'<div class="blink-buttons"><button type="button" data-blink>Pause</button>{"".join(shows)}</div>'


def _choose_pair(titles: Sequence[str]) -> tuple[int, int]:
    """Choose the two tiles that are compared; return their indices."""
    first, second = (
        place.selectbox(label, titles, key=state.setting(key, titles[number % len(titles)], titles.__contains__))
        for number, (place, (key, label)) in enumerate(zip(st.columns(2), PAIR.items(), strict=True))
    )
    return titles.index(first), titles.index(second)


def _pair_of_tiles(tiles: Sequence[Tile], pair: tuple[int, int]) -> tuple[Tile, Tile]:
    """Return the two tiles of these indices. Raises ExplanationError where one has no map, or each its own picture."""
    for tile in (tiles[number] for number in pair):
        if tile.explanation is None:
            raise ExplanationError(f"There is no map of {tile.title}: {tile.line} Or choose another map here.")
    first, second = tiles[pair[0]], tiles[pair[1]]
    check_picture((first, second))
    return first, second


def _reading(tiles: Sequence[Tile], tints: Tints) -> str:
    """Say how to read the colours of these tiles."""
    units = {tile.explanation.facts.unit for tile in tiles if tile.explanation}
    zoom = "Drag on a map to zoom all of them, double-click to go back, point at a pixel to read it in all."
    if not tints.shared:
        return f"**Each map has its own colour scale**: compare where, not how much. {zoom}"
    caption = "**One colour scale for all maps.** "
    if len(units) > 1:
        texts = "; ".join(sorted(unit.text for unit in units))
        caption += f"But they have {len(units)} different units ({texts}), so a paler map isn't a weaker one. "
    return caption + zoom
