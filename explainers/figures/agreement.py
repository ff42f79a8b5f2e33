"""How far maps agree: a matrix of numbers, the difference of two maps, and two maps swapped on one spot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.explanation import Explanation, Unit
from explainers.figures.colours import peak, stops
from explainers.figures.comparison import Tile, Tints, comparison, ranges, tile_trace, underlay, unit, view
from explainers.figures.comparison_layout import colourbar, plain
from explainers.figures.parts import FULL_SPAN, square

MAX_CELL = 44  # width and height of a matrix cell in pixels, if there is room
BLINK_SIDE = 360


def matrix(values: Array, tiles: Mapping[int, str]) -> go.Figure:
    """Draw a matrix (n, n) of numbers from -1 to 1 in blue and red, with a dash for NaN.

    Rows and columns are labelled with the numbers of the tiles, {number: title}.
    """
    numbers, titles = [str(number) for number in tiles], list(tiles.values())
    count = len(titles)
    cell = max(26, min(MAX_CELL, 400 // count))
    figures = [[f"{value:.2f}".replace("0.", ".") if value == value else "–" for value in row] for row in values]
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


def difference(first: Tile, second: Tile, heats: tuple[Array, Array], tints: Tints) -> go.Figure:
    """Draw two maps, and the first minus the second, with a common zoom.

    heats: both maps on one grid. Maps in different units, or of different classifiers, are first divided by the number
           that gets the strongest colour. Raises ValueError if one of the tiles has no map.
    """
    first_map, second_map = first.explanation, second.explanation
    if first_map is None or second_map is None:
        raise ValueError("both must have a map")
    comparable = first_map.facts.unit == second_map.facts.unit and first_map.facts.weights == second_map.facts.weights
    strongest = (1.0, 1.0) if comparable else tuple(peak(heat, tints.clip) for heat in heats)
    heat_difference = heats[0] / strongest[0] - heats[1] / strongest[1]
    unit_text = unit([first_map]) if comparable else "share of each map's strongest colour"
    (left, top, right, bottom), (x0, y0, x1, y1) = first_map.box, second_map.box
    box = max(left, x0), max(top, y0), min(right, x1), min(bottom, y1)
    first_less_second = replace(
        first_map,
        values=heat_difference[None].astype(np.float32),
        picture=_cropped(first_map, heat_difference),
        box=box,
        reduction="signed sum",
        rectified=False,
        facts=replace(first_map.facts, unit=Unit("difference", None, unit_text)),
    )
    mean_difference = float(np.abs(heat_difference).mean())
    line = (
        f"on average {mean_difference:.2g} apart"
        if comparable
        else f"on average {mean_difference:.0%} of the strongest apart"
    )
    tiles = [first, second, Tile("The first less the second", line, first_less_second)]
    return comparison(tiles, 3, replace(tints, shared=False))


def _cropped(explanation: Explanation, heat: Array) -> Array:
    """Return the picture under a difference: plain grey where the classifiers see different parts of the photo."""
    same_grid = explanation.picture.shape[1:] == heat.shape
    return explanation.picture if same_grid else np.full((3, *heat.shape), 0.5, np.float32)


def blink(first: Tile, second: Tile, tints: Tints) -> go.Figure:
    """Draw two maps on the same spot; buttons swap them in the browser, without the server.

    The button called blink does nothing by itself: a script on the page looks for it and presses the others in turn.
    """
    maps, titles = [tile.explanation for tile in (first, second) if tile.explanation], (first.title, second.title)
    limits = ranges(maps, tints)
    layout = go.Layout(
        width=BLINK_SIDE,
        height=BLINK_SIDE + 104,
        margin={"l": 0, "r": 0, "t": 62, "b": 42},
        **square(0, FULL_SPAN, FULL_SPAN, (1, 1)),
        images=[underlay(maps[0], 0)],
        updatemenus=[_buttons(titles)],
    )
    layout.update({key: value for key, value in view(maps).items() if key.startswith(("xaxis_", "yaxis_"))})
    traces = []
    for explanation, (low, high) in zip(maps, limits, strict=True):
        bar = {"x": 0.5, "y": 0, "len": 0.9, "ypad": 2} | colourbar(low, high, unit([explanation]))
        traces.append(tile_trace(explanation, 0, tints.signed if low < 0 else tints.unsigned, low, high, bar))
    for trace, shown in zip(traces, (True, False), strict=True):
        trace.visible = shown
    layout.update(annotations=[_title(titles[0])])
    return go.Figure(traces, layout)


def _title(text: str) -> dict[str, Any]:
    place = {"x": 0.5, "y": 1, "xref": "paper", "yref": "paper", "yanchor": "bottom", "xanchor": "center"}
    return {"text": f"<b>{plain(text)}</b>", **place, "showarrow": False, "font": {"size": 13}}


def _buttons(titles: tuple[str, str]) -> dict[str, Any]:
    """Return the buttons: blink and stop, and one that shows each map."""

    def show(number: int) -> dict[str, Any]:
        change = {"visible": [number == 0, number == 1]}, {"annotations[0].text": _title(titles[number])["text"]}
        return {"label": ("First", "Second")[number], "method": "update", "args": change}

    blinking = {"label": "Blink", "name": "blink", "method": "skip"}, {"label": "Stop", "method": "skip"}
    place = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "pad": {"b": 24}}
    return {
        "type": "buttons",
        "direction": "right",
        "showactive": False,
        **place,
        "buttons": [*blinking, show(0), show(1)],
    }
