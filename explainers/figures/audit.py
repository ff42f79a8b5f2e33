"""Figures of an audit: all maps in a plane, and how a measure is spread."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.figures.colours import BLUE, GREEN, GREY, ORANGE, VIOLET, stops
from explainers.figures.parts import Trace, unchecked

PLANE_HEIGHT, SPREAD_HEIGHT = 340, 90  # pixels
MAX_DRAWN = 2500  # points: a browser takes seconds to draw and choose more of them, so that of more a part is drawn
GROUP_COLOURS = (BLUE, ORANGE, GREEN, VIOLET, "#c9a227", "#d1495b")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")  # for those who can't tell the colours apart
FIRST, LAST = 1, 2  # in the legend
BINS = 40
Line = Sequence[tuple[float, float]]


def drawn_of(count: int) -> Array:
    """Return which of so many points are drawn: all, or every few of them."""
    return np.linspace(0, count - 1, min(count, MAX_DRAWN)).round().astype(int) if count else np.zeros(0, int)


def plane(
    places: Array,
    groups: Mapping[str, Array],
    seen: Array,
    lasso: Line = (),
    values: Array | None = None,
    *,
    others: str = "",
) -> go.Figure:
    """Draw the maps of pictures as points in a plane, where alike ones are neighbours; a line can be drawn around some.

    places: (n, 2).
    groups: the points (k,) of each group by its title, no more than there are GROUP_COLOURS besides the others.
    seen:   (n,) bool: the points that are looked at; the others are pale.
    lasso:  the corners of the line that was drawn.
    values: (n,) what colours them in place of the groups, NaN where there is none; the title is the group's.
    others: the title of the group that is grey, and lies below all others; empty if there is none.
    """
    drawn = np.zeros(len(places), bool)
    drawn[drawn_of(len(places))] = True
    looks = iter(zip(GROUP_COLOURS, SYMBOLS, strict=True))
    traces: list[Trace] = []
    for title in sorted(groups, key=lambda title: title != others):
        members = groups[title]
        shown = members[drawn[members]]
        look = (GREY, "circle") if title == others else next(looks)
        traces.append(
            {
                "type": "scatter",
                "x": places[shown, 0],
                "y": places[shown, 1],
                "name": html.escape(title, quote=False),
                "mode": "markers",
                "legendrank": LAST if title == others else FIRST,
                "marker": _marker(*look, seen[shown], None if values is None else values[shown]),
                "hoverinfo": "name",
                "selected": {"marker": {"opacity": 1}},
                "unselected": {"marker": {"opacity": 0.25}},
            }
        )
    hidden = {"visible": False}
    layout = {
        "height": PLANE_HEIGHT,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "dragmode": "lasso",
        "newselection": {"line": {"color": BLUE, "width": 2, "dash": "solid"}},
        "xaxis": hidden,
        "yaxis": {**hidden, "scaleanchor": "x"},
        "showlegend": values is None,
        "legend": {"orientation": "h", "y": 0, "yanchor": "top", "x": 0, "itemclick": False, "itemdoubleclick": False},
        "shapes": [_outline(lasso)] if len(lasso) > 2 else [],
    }
    return unchecked(traces, layout)


def spread(values: Array, low: float | None = None, high: float | None = None) -> go.Figure:
    """Draw how many of the values (n,) lie where; those from `low` to `high` are in colour."""
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite, BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    inside = (edges[1:] >= (-np.inf if low is None else low)) & (edges[:-1] <= (np.inf if high is None else high))
    trace: Trace = {
        "type": "bar",
        "x": middles,
        "y": counts,
        "marker": {"color": [BLUE if shown else GREY for shown in inside]},
        "hovertemplate": "%{x:.3g}: %{y}<extra></extra>",
    }
    fixed = {"fixedrange": True, "showgrid": False}
    layout = {
        "height": SPREAD_HEIGHT,
        "margin": {"l": 0, "r": 0, "t": 4, "b": 20},
        "bargap": 0.05,
        "dragmode": False,
        "xaxis": fixed,
        "yaxis": {**fixed, "visible": False},
    }
    return unchecked([trace], layout)


def _marker(colour: str, symbol: str, seen: Array, values: Array | None) -> dict[str, Any]:
    marker = {"size": 7, "color": colour, "symbol": symbol, "opacity": np.where(seen, 0.85, 0.15)}
    if values is None:
        return marker
    bar = {"thickness": 8, "tickfont": {"size": 10}, "outlinewidth": 0}
    return marker | {"color": values, "colorscale": stops("viridis"), "symbol": "circle", "colorbar": bar}


def _outline(corners: Line) -> dict[str, Any]:
    """Return a closed line as a shape."""
    path = " L ".join(f"{x:.6g},{y:.6g}" for x, y in corners)
    return {"type": "path", "path": f"M {path} Z", "line": {"color": BLUE, "width": 2}, "layer": "above"}
