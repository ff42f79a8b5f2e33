"""Where the panels of the path's figure are, in wide and in narrow windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explainers.figures.parts import Span

PICTURE, MAP, GRADIENT = range(3)  # panels of pixels
SCORE, SLOPE, MEAN = CURVE_PANELS = 3, 4, 5
HEADED = PICTURE, GRADIENT, MAP, *CURVE_PANELS  # in the order of the headings
BAR_GAP = 0.005  # between a panel and its colour bar
NARROW_BELOW = 640  # pixels of width under which the panels of pixels don't fit into one row


@dataclass(frozen=True)
class Arrangement:
    """Where the panels are in the figure without its margins, and what else depends on its width.

    spans:  of each panel, across and down.
    bar:    the length of the colour bars.
    bottom: the margin that holds the legend, in pixels; font: the size of the headings.
    """

    spans: Mapping[int, tuple[Span, Span]]
    bar: float
    bottom: int
    font: int


WIDE = Arrangement(
    {
        PICTURE: ((0.0, 0.32), (0.42, 1.0)),
        GRADIENT: ((0.34, 0.66), (0.42, 1.0)),
        MAP: ((0.68, 1.0), (0.42, 1.0)),
        SCORE: ((0.04, 0.42), (0.0, 0.27)),
        SLOPE: ((0.525, 0.73), (0.0, 0.27)),
        MEAN: ((0.795, 0.99), (0.0, 0.27)),
    },
    bar=0.28,
    bottom=56,
    font=13,
)
NARROW = Arrangement(
    {
        PICTURE: ((0.0, 0.48), (0.74, 1.0)),
        GRADIENT: ((0.52, 1.0), (0.74, 1.0)),
        MAP: ((0.0, 0.48), (0.39, 0.65)),
        SLOPE: ((0.64, 1.0), (0.39, 0.65)),
        SCORE: ((0.1, 0.9), (0.19, 0.31)),
        MEAN: ((0.1, 0.9), (0.0, 0.1)),
    },
    bar=0.42,
    bottom=98,
    font=11,
)


def _changes(arrangement: Arrangement) -> dict[str, Any]:
    """Return the changes of the layout that put the panels there, by the names that Plotly's relayout takes."""
    changes: dict[str, Any] = {"margin.b": arrangement.bottom}
    for number, panel in enumerate(HEADED):
        across, down = arrangement.spans[panel]
        axis, heading = str(panel + 1) if panel else "", f"annotations[{number}]"
        changes |= {f"xaxis{axis}.domain": across, f"yaxis{axis}.domain": down}
        changes |= {f"{heading}.x": sum(across) / 2, f"{heading}.y": down[1], f"{heading}.font.size": arrangement.font}
    for axis, panel in (("coloraxis", MAP), ("coloraxis2", GRADIENT)):
        (left, right), (foot, _) = arrangement.spans[panel]
        place = {"x": (left + right) / 2, "y": foot - BAR_GAP, "len": arrangement.bar}
        changes |= {f"{axis}.colorbar.{name}": value for name, value in place.items()}
    return changes


# What the browser changes when the figure becomes narrower or wider than `from` pixels (pages/shared/stops.js).
ARRANGEMENTS = {"from": NARROW_BELOW, "wide": _changes(WIDE), "narrow": _changes(NARROW)}
