"""Draws the tiles of a comparison: each with its title, map, line of proof and colour scale."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence
from itertools import count
from pathlib import Path

import streamlit as st

from explainers import Explanation
from explainers.figures import Tile, Tints, common_view, gradient, map_in_photo, scale_texts, spans
from explainers.figures.parts import Span
from pages.shared.place import Place
from pages.shared.tiles import NO_MODE_BAR

TITLE_LETTERS = 100  # that a row of titles holds in one line
LINKED_SCRIPT = f"<script>{Path(__file__).with_name('linked.js').read_text(encoding='utf-8')}</script>"


class Grid:
    """Places for the tiles of a comparison, row by row. In a narrow window they wrap.

    matrix: whether the tiles have two axes; then they are scrolled instead, so that rows stay together.
    """

    def __init__(self, key: str, titles: Sequence[str], columns: int, *, matrix: bool = False) -> None:
        lines = 2 if max(map(len, titles)) > TITLE_LETTERS // columns else 1
        shape = {"columns": columns, "narrow-columns": columns if matrix else min(columns, 2), "title-lines": lines}
        declarations = "; ".join(f"--{name}: {value}" for name, value in shape.items())
        st.html(f"<style>.st-key-tiles-{key} {{ {declarations} }}</style>")
        with st.container(key=f"area-{key}"), st.container(key=f"tiles-{key}"):
            self._places = [Place() for _ in titles]
        st.html(LINKED_SCRIPT, unsafe_allow_javascript=True)
        self._key, self._titles, self._looks = key, titles, count()

    def wait(self, number: int) -> None:
        """Say in a tile's place that it is still to come."""
        with self._places[number].preview():
            _write(self._titles[number], "waiting …")

    def look(self, number: int, tile: Tile) -> None:
        """Draw a first look at a tile, which another drawing replaces."""
        with self._places[number].preview():
            self._draw_one(f"early-{next(self._looks)}", tile, Tints())

    def draw(self, number: int, tile: Tile, tints: Tints) -> None:
        """Draw a tile that shares nothing with the others."""
        with self._places[number].fill():
            self._draw_one(f"tile-{number}", tile, tints)

    def draw_all(self, tiles: Sequence[Tile], tints: Tints, except_for: Collection[int] = ()) -> None:
        """Draw all tiles but some, in the part of their photo that at least one of them shows."""
        maps = [tile.explanation for tile in tiles if tile.explanation]
        limits = iter(spans(maps, tints))
        for number, tile in enumerate(tiles):
            span = next(limits) if tile.explanation else None
            if number not in except_for:
                with self._places[number].fill():
                    alike = [each.explanation for each in tiles if each.explanation and each.photo == tile.photo]
                    self._draw(f"tile-{number}", tile, tints, alike, span)

    def _draw_one(self, key: str, tile: Tile, tints: Tints) -> None:
        maps = [tile.explanation] if tile.explanation else []
        self._draw(key, tile, tints, maps, *spans(maps, tints))

    def _draw(self, key: str, tile: Tile, tints: Tints, maps: Sequence[Explanation], span: Span | None = None) -> None:
        """Draw a tile on a scale with these ends, in the part of the photo that at least one of these maps shows."""
        explanation = tile.explanation
        if explanation is None or span is None:
            _write(tile.title, tile.line)
            return
        colours = tints.colours(span)
        figure = map_in_photo(explanation, common_view(maps), span, colours)
        st.html(_title(tile.title))
        about = f"{tile.title}: {tile.line}"
        st.plotly_chart(figure, height="stretch", key=f"{self._key}-{key}", config=NO_MODE_BAR, alt=about)
        st.html(f'<div class="tile-line">{html.escape(tile.line)}</div>{_scale(explanation, span, colours)}')


def show_opacity() -> None:
    """Draw the slider for the opacity of all maps over their pictures; it works in the browser, without the server."""
    slider = '<input type="range" min="0" max="1" step="0.05" value="1" data-opacity>'
    st.html(f'<label class="opacity">Opacity {slider}</label>', width="content")


def _write(title: str, reason: str) -> None:
    """Write in place of a map why there is none."""
    st.html(f'{_title(title)}<div class="tile-reason">{html.escape(reason)}</div>')


def _title(title: str) -> str:
    return f'<div class="tile-title">{html.escape(title)}</div>'


def _scale(explanation: Explanation, span: Span, colours: str) -> str:
    """Return a bar of the colours, with the numbers at its ends, what they speak for, and their unit."""
    numbers = scale_texts(explanation, span)
    return (
        f'<div class="tile-bar" style="background: {gradient(colours)}"></div>'
        f'<div class="tile-numbers">{"".join(f"<span>{number}</span>" for number in numbers)}</div>'
        f'<div class="tile-unit">{html.escape(explanation.facts.unit.text)}</div>'
    )
