"""Where tiles stand in a figure, and what is written around them. Sizes are pixels on the screen."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from explainers.figures.parts import Span

SIDES = {1: 340, 2: 340, 3: 300, 4: 224, 5: 178}  # of a tile, by columns: all fill a window of 1440 beside its sidebar
GAP = 10
HEAD = 38  # for two lines of title
FOOT = 34  # for two lines of proof
BAR, LINE = 36, 13  # for a colour bar, and for each line of its unit
SMALL, LETTER = 11, 5.5  # size of a font, and how wide its letters are on average


@dataclass(frozen=True)
class Tiling:
    """Where the tiles are.

    own:   whether each has a colour bar of its own; else there is one under all.
    units: what stands under the bars.
    """

    columns: int
    rows: int
    own: bool
    units: Sequence[str]

    @property
    def side(self) -> int:
        return SIDES[self.columns]

    @property
    def width(self) -> int:
        return self.columns * (self.side + GAP) - GAP

    @property
    def height(self) -> int:
        return self.rows * self._row + (0 if self.own else self._bar)

    @property
    def _row(self) -> int:
        return HEAD + self.side + FOOT + (self._bar if self.own else 0)

    @property
    def _length(self) -> int:
        """Of a colour bar with its numbers."""
        return self.side if self.own else min(self.width, 340)

    @property
    def _bar(self) -> int:
        """How high it is with its unit."""
        return BAR + LINE * max((wrapped(unit, self._length, 3).count("<br>") + 1 for unit in self.units), default=1)

    def tile(self, number: int) -> tuple[Span, Span]:
        """Its domain across and down, as shares of the figure."""
        row, column = divmod(number, self.columns)
        left, top = column * (self.side + GAP), row * self._row + HEAD
        across = left / self.width, (left + self.side) / self.width
        return across, (1 - (top + self.side) / self.height, 1 - top / self.height)

    def bar(self, number: int, low: float, high: float, unit: str) -> dict[str, Any]:
        """The colour bar under a tile's proof, or under all tiles."""
        across, down = self.tile(number)
        middle, top = (sum(across) / 2, down[0] - FOOT / self.height) if self.own else (0.5, self._bar / self.height)
        place = {"x": middle, "y": top, "len": (self._length - 40) / self.width, "xpad": 0, "ypad": 0}
        return place | colourbar(low, high, wrapped(unit, self._length, 3))


def colourbar(low: float, high: float, unit: str) -> dict[str, Any]:
    """A bar that lies under a map."""
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
    """Text that fits into so many lines of that width."""
    found = textwrap.wrap(text, int(width / LETTER), max_lines=lines, placeholder=" …")
    return "<br>".join(map(plain, found))


def plain(text: str) -> str:
    """A label as text that Plotly takes for no tag."""
    return html.escape(text, quote=False)
