"""How far maps agree: a matrix of numbers, the difference of two, and both on one spot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.explanation import Explanation
from explainers.figures.colours import peak, stops
from explainers.figures.comparison import Piece, Tints, comparison, ranges, tile_trace, underlay, unit, view
from explainers.figures.comparison_layout import colourbar, plain
from explainers.figures.parts import WHOLE, square

SHOWN = 44  # pixels of a cell that has its number in it
SIDE = 360


def matrix(values: Array, titles: Sequence[str]) -> go.Figure:
    """(n, n) from -1 to 1, in blue and red; NaN is a dash. Rows and columns bear the numbers that titles begin with."""
    count = len(titles)
    cell = max(26, min(SHOWN, 400 // count))
    figures = [[f"{value:.2f}".replace("0.", ".") if value == value else "–" for value in row] for row in values]
    numbers = [title.partition(".")[0] for title in titles]
    heat = go.Heatmap(
        z=values,
        x=numbers,
        y=numbers,
        text=figures,
        texttemplate="%{text}",
        textfont={"size": 11 if cell >= 36 else 9},
        colorscale=stops("blue to red"),
        zmin=-1,
        zmax=1,
        xgap=1,
        ygap=1,
        customdata=[[(titles[row], titles[column]) for column in range(count)] for row in range(count)],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{text}<extra></extra>",
        colorbar={"thickness": 8, "tickvals": [-1, 0, 1], "len": 1, "outlinewidth": 0},
    )
    steady = {"fixedrange": True, "showgrid": False, "zeroline": False, "type": "category", "ticks": ""}
    return go.Figure(
        heat,
        go.Layout(
            height=max(170, count * cell) + 32,
            margin={"l": 0, "r": 0, "t": 26, "b": 6},
            xaxis={**steady, "side": "top", "tickmode": "linear"},
            yaxis={**steady, "autorange": "reversed", "tickmode": "linear", "automargin": True},
            dragmode=False,
        ),
    )


def difference(first: Piece, second: Piece, heats: tuple[Array, Array], tints: Tints) -> go.Figure:
    """Two maps, and the first less the second, with one zoom.

    heats: theirs on one grid. Maps in different units, or of different classifiers, are first divided by the numbers
    of their strongest colours.
    """
    one, other = first.explanation, second.explanation
    if one is None or other is None:
        raise ValueError("both must have a map")
    alike = all(one.facts.get(fact) == other.facts.get(fact) for fact in ("unit", "weights"))
    sizes = (1.0, 1.0) if alike else tuple(peak(heat, tints.clip) for heat in heats)
    less = heats[0] / sizes[0] - heats[1] / sizes[1]
    said = unit([one]) if alike else "share of each map's strongest colour"
    (left, top, right, bottom), (x0, y0, x1, y1) = one.box, other.box
    box = max(left, x0), max(top, y0), min(right, x1), min(bottom, y1)
    apart = replace(
        one, values=less[None].astype(np.float32), picture=_cropped(one, less), box=box, reduction="signed sum",
        rectified=False, facts={**one.facts, "unit": said},
    )  # fmt: skip
    changed = float(np.abs(less).mean())
    line = f"on average {changed:.2g} apart" if alike else f"on average {changed:.0%} of the strongest apart"
    pieces = [first, second, Piece("The first less the second", line, apart)]
    return comparison(pieces, 3, replace(tints, shared=False))


def _cropped(found: Explanation, heat: Array) -> Array:
    """The picture under a difference; where classifiers see other parts of the photo, a plain grey."""
    same = found.picture.shape[1:] == heat.shape
    return found.picture if same else np.full((3, *heat.shape), 0.5, np.float32)


def blink(first: Piece, second: Piece, tints: Tints) -> go.Figure:
    """Two maps on the same spot, swapped by buttons in the browser alone.

    The one called blink does nothing by itself: it asks the page to press the others in turn.
    """
    maps, titles = [piece.explanation for piece in (first, second) if piece.explanation], (first.title, second.title)
    limits = ranges(maps, tints)
    layout = go.Layout(
        width=SIDE,
        height=SIDE + 104,
        margin={"l": 0, "r": 0, "t": 62, "b": 42},
        **square(0, WHOLE, WHOLE, (1, 1)),
        images=[underlay(maps[0], 0)],
        updatemenus=[_buttons(titles)],
    )
    layout.update({key: value for key, value in view(maps).items() if key.startswith(("xaxis_", "yaxis_"))})
    traces = []
    for each, (low, high) in zip(maps, limits, strict=True):
        bar = {"x": 0.5, "y": 0, "len": 0.9, "ypad": 2} | colourbar(low, high, unit([each]))
        traces.append(tile_trace(each, 0, tints.signed if low < 0 else tints.unsigned, low, high, bar))
    for trace, shown in zip(traces, (True, False), strict=True):
        trace.visible = shown
    layout.update(annotations=[_title(titles[0])])
    return go.Figure(traces, layout)


def _title(text: str) -> dict[str, Any]:
    place = {"x": 0.5, "y": 1, "xref": "paper", "yref": "paper", "yanchor": "bottom", "xanchor": "center"}
    return {"text": f"<b>{plain(text)}</b>", **place, "showarrow": False, "font": {"size": 13}}


def _buttons(titles: tuple[str, str]) -> dict[str, Any]:
    """Both in turn, and each by itself."""

    def show(number: int) -> dict[str, Any]:
        change = {"visible": [number == 0, number == 1]}, {"annotations[0].text": _title(titles[number])["text"]}
        return {"label": ("First", "Second")[number], "method": "update", "args": change}

    turns = {"label": "Blink", "name": "blink", "method": "skip"}, {"label": "Stop", "method": "skip"}
    place = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "pad": {"b": 24}}
    return {
        "type": "buttons",
        "direction": "right",
        "showactive": False,
        **place,
        "buttons": [*turns, show(0), show(1)],
    }
