"""How far maps agree: a matrix of numbers, and the difference of two maps."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.explanation import Explanation, Unit
from explainers.figures.colours import peak, stops
from explainers.figures.comparison import Tile, Tints
from explainers.numbers import SEPARATOR, percent, significant

MAX_CELL = 44  # width and height of a matrix cell in pixels, if there is room
MAX_NAME = 28  # letters of a title beside a matrix


def matrix(values: Array, titles: Sequence[str]) -> go.Figure:
    """Draw a matrix (n, n) of numbers from -1 to 1 in blue and red, with a dash for NaN.

    Rows are labelled with the titles of the maps and a number, columns with the number alone.
    """
    numbered = [f"{number}. {title}" for number, title in enumerate(titles, 1)]
    names = [html.escape(name, quote=False) for name in numbered]
    count = len(names)
    numbers = [str(number + 1) for number in range(count)]
    cell = max(26, min(MAX_CELL, 400 // count))
    figures = [[f"{value:.2f}" if value == value else "–" for value in row] for row in values]
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
        customdata=[[(names[row], names[column]) for column in range(count)] for row in range(count)],
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
            yaxis={
                **steady,
                "autorange": "reversed",
                "automargin": True,
                "tickmode": "array",
                "tickvals": numbers,
                "ticktext": [html.escape(_short(name), quote=False) for name in numbered],
            },
            dragmode=False,
        ),
    )


def _short(title: str) -> str:
    """Cut the longest parts of a title to what has room beside the matrix: titles differ in any of them."""
    parts = title.split(SEPARATOR)
    while len(SEPARATOR.join(parts)) > MAX_NAME:
        longest = max(range(len(parts)), key=lambda number: len(parts[number]))
        parts[longest] = f"{parts[longest].removesuffix('…')[:-1].rstrip()}…"
    return SEPARATOR.join(parts)


def difference(first: Tile, second: Tile, heats: tuple[Array, Array], tints: Tints) -> list[Tile]:
    """Return two tiles, and one of the first map minus the second.

    heats: both maps on one grid. Maps in different units, or of different classifiers, are first divided by the number
           that gets the strongest colour. Raises ValueError if one of the tiles has no map.
    """
    first_map, second_map = first.explanation, second.explanation
    if first_map is None or second_map is None:
        raise ValueError("both must have a map")
    comparable = first_map.facts.unit == second_map.facts.unit and first_map.facts.weights == second_map.facts.weights
    strongest = (1.0, 1.0) if comparable else tuple(peak(heat, tints.clip) for heat in heats)
    heat_difference = heats[0] / strongest[0] - heats[1] / strongest[1]
    unit_text = first_map.facts.unit.text if comparable else "share of each map's strongest colour"
    (left, top, right, bottom), (x0, y0, x1, y1) = first_map.box, second_map.box
    box = max(left, x0), max(top, y0), min(right, x1), min(bottom, y1)
    first_minus_second = replace(
        first_map,
        values=heat_difference[None].astype(np.float32),
        picture=_cropped(first_map, heat_difference),
        box=box,
        reduction="signed sum",
        rectified=False,
        facts=replace(first_map.facts, unit=Unit("difference", None, unit_text)),
    )
    mean = float(np.abs(heat_difference).mean())
    apart = significant(mean) if comparable else f"{percent(mean)} of the strongest colour"
    line = f"on average {apart} apart"
    return [first, second, replace(first, title="First minus second", line=line, explanation=first_minus_second)]


def _cropped(explanation: Explanation, heat: Array) -> Array:
    """Return the picture under a difference: plain grey where the classifiers see different parts of the photo."""
    same_grid = explanation.picture.shape[1:] == heat.shape
    return explanation.picture if same_grid else np.full((3, *heat.shape), 0.5, np.float32)
