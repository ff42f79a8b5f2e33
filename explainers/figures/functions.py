"""Curves of functions, bars of a few numbers, and small grids whose numbers can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.figures.colours import BLUE, GREY, ORANGE, stops
from explainers.figures.parts import Trace, unchecked

CHART_HEIGHT = 280  # pixels
GRID_SIDE = 260
PLAIN = {"hovermode": False, "dragmode": False, "margin": {"l": 44, "r": 8, "t": 28, "b": 40}}
MAX_NUMBERED = 8  # cells on a side of a grid whose numbers have room


@dataclass(frozen=True, eq=False)
class Curve:
    """A line through points, or the points alone.

    x, y:   (n,).
    colour: of the colours of lines.
    dash:   whether the line is dashed.
    points: whether only the points are drawn.
    """

    name: str
    x: Array | Sequence[float]
    y: Array | Sequence[float]
    colour: str = BLUE
    dash: bool = False
    points: bool = False


def curves(lines: Sequence[Curve], x_title: str, y_title: str = "") -> go.Figure:
    """Draw curves over one number."""
    traces: list[Trace] = [
        {
            "type": "scatter",
            "x": line.x,
            "y": line.y,
            "name": line.name,
            "mode": "markers" if line.points else "lines",
            "line": {"color": line.colour, "width": 3, "dash": "dash" if line.dash else "solid"},
            "marker": {"color": line.colour, "size": 11},
            "hoverinfo": "skip",
        }
        for line in lines
    ]
    layout = {
        **PLAIN,
        "height": CHART_HEIGHT,
        "showlegend": len(lines) > 1,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "xaxis": {"title": {"text": x_title, "standoff": 8}, "fixedrange": True, "zeroline": True},
        "yaxis": {"title": {"text": y_title}, "fixedrange": True, "zeroline": True},
    }
    return unchecked(traces, layout)


def bars(numbers: Mapping[str, float]) -> go.Figure:
    """Draw a bar for each number, those below zero in another colour."""
    colours = [BLUE if number >= 0 else ORANGE for number in numbers.values()]
    trace = {
        "type": "bar",
        "x": list(numbers.values()),
        "y": list(numbers),
        "orientation": "h",
        "marker": {"color": colours},
        "text": [f"{number:.3g}" for number in numbers.values()],
        "textposition": "auto",
    }
    layout = {
        **PLAIN,
        "height": 56 + 36 * len(numbers),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 32},
        "xaxis": {"fixedrange": True, "zeroline": True},
        "yaxis": {"fixedrange": True, "autorange": "reversed", "automargin": True, "tickfont": {"size": 13}},
    }
    return unchecked([trace], layout)


def grid(numbers: Array, colours: str, *, signed: bool = False, digits: int = 3) -> go.Figure:
    """Draw a grid (h, w) of square cells, each with its number where there is room."""
    strongest = float(abs(numbers).max()) or 1.0
    trace: Trace = {
        "type": "heatmap",
        "z": numbers,
        "colorscale": stops(colours),
        "zmin": -strongest if signed else 0.0,
        "zmax": strongest,
        "showscale": False,
        "hovertemplate": "%{z:.3g}<extra></extra>",
        "xgap": 1,
        "ygap": 1,
    }
    if max(numbers.shape) <= MAX_NUMBERED:
        trace |= {"text": [[f"{number:.{digits}g}" for number in row] for row in numbers], "texttemplate": "%{text}"}
    hidden = {"visible": False, "fixedrange": True, "constrain": "domain"}
    (height, width), line = numbers.shape, max(numbers.shape) / GRID_SIDE  # a pixel, which two sides lack
    layout = {
        "width": GRID_SIDE,
        "height": GRID_SIDE,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "plot_bgcolor": GREY,  # of the lines between the cells, which are white where the page is
        "xaxis": {**hidden, "range": [-0.5 - line, width - 0.5]},
        "yaxis": {**hidden, "range": [height - 0.5, -0.5 - line], "scaleanchor": "x"},
    }
    return unchecked([trace], layout)
