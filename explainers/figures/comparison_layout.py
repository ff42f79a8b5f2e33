"""Where tiles stand in a figure, and the texts around them. Sizes are in pixels on the screen."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from explainers.figures.parts import Span

TILE_SIDES = {1: 340, 2: 340, 3: 300, 4: 224, 5: 178}  # by columns: all fill a window of 1440 beside its sidebar
TILE_GAP = 10
TITLE_HEIGHT = 38  # for two lines of title
PROOF_HEIGHT = 34  # for two lines of proof
BAR_HEIGHT, UNIT_LINE_HEIGHT = 36, 13  # for a colour bar, and for each line of its unit
SMALL_FONT, LETTER_WIDTH = 11, 5.5  # size of a font, and how wide its letters are on average


@dataclass(frozen=True)
class Tiling:
    """The grid of tiles, and the sizes that follow from it.

    own:   whether each tile has its own colour bar; else there is one bar under all tiles.
    units: the units that are written under the bars.
    """

    columns: int
    rows: int
    own: bool
    units: Sequence[str]

    @property
    def side(self) -> int:
        return TILE_SIDES[self.columns]

    @property
    def width(self) -> int:
        return self.columns * (self.side + TILE_GAP) - TILE_GAP

    @property
    def height(self) -> int:
        return self.rows * self._row + (0 if self.own else self._bar)

    @property
    def _row(self) -> int:
        return TITLE_HEIGHT + self.side + PROOF_HEIGHT + (self._bar if self.own else 0)

    @property
    def _length(self) -> int:
        """The length of a colour bar with its numbers."""
        return self.side if self.own else min(self.width, 340)

    @property
    def _bar(self) -> int:
        """The height of a colour bar with its unit."""
        return BAR_HEIGHT + UNIT_LINE_HEIGHT * max(
            (wrapped(unit, self._length, 3).count("<br>") + 1 for unit in self.units), default=1
        )

    def tile(self, number: int) -> tuple[Span, Span]:
        """Return a tile's domain across and down, as shares of the figure."""
        row, column = divmod(number, self.columns)
        left, top = column * (self.side + TILE_GAP), row * self._row + TITLE_HEIGHT
        across = left / self.width, (left + self.side) / self.width
        return across, (1 - (top + self.side) / self.height, 1 - top / self.height)

    def bar(self, number: int, low: float, high: float, unit: str) -> dict[str, Any]:
        """Return the colour bar under a tile's proof, or under all tiles."""
        across, down = self.tile(number)
        middle, top = (
            (sum(across) / 2, down[0] - PROOF_HEIGHT / self.height) if self.own else (0.5, self._bar / self.height)
        )
        place = {"x": middle, "y": top, "len": (self._length - 40) / self.width, "xpad": 0, "ypad": 0}
        return place | colourbar(low, high, wrapped(unit, self._length, 3))


def colourbar(low: float, high: float, unit: str) -> dict[str, Any]:
    """Return a horizontal colour bar for the space under a map."""
    ticks = (low, 0.0, high) if low else (0.0, high / 2, high)
    return {
        "orientation": "h",
        "xanchor": "center",
        "yanchor": "top",
        "thickness": 6,
        "tickvals": ticks,
        "ticktext": [f"{tick:.0f}" if abs(tick) >= 100 else f"{tick:.2g}" for tick in ticks],
        "tickfont": {"size": 10},
        "title": {"text": unit, "side": "bottom", "font": {"size": 10}},
    }


def wrapped(text: str, width: float, lines: int) -> str:
    """Break a text into at most `lines` lines of a width, and shorten it if it doesn't fit."""
    wrapped_lines = textwrap.wrap(text, int(width / LETTER_WIDTH), max_lines=lines, placeholder=" …")
    return "<br>".join(map(plain, wrapped_lines))


def plain(text: str) -> str:
    """Escape a label, so that Plotly takes nothing in it for a tag."""
    return html.escape(text, quote=False)
