"""A map over its picture, with a box that somebody drew."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.classifiers.view import Box
from explainers.explanation import Explanation
from explainers.figures.colours import BLUE, fading, peak, stops
from explainers.figures.map import Look
from explainers.figures.parts import WHOLE, axes, cells, encoded, square

MARKED = 20  # peaks: more would hide the map
MIDDLE = "the middle of the picture"


def pointing(explanation: Explanation, look: Look, box: Box | None, peaks: Array) -> go.Figure:
    """The map over the picture, in pixels of the upright photo, ready for a box to be drawn (`dragmode`).

    box:   (left, top, right, bottom), drawn if there is one.
    peaks: (k, 2) row and column of the map's strongest pixels; marked if they are few.
    """
    heat, view = explanation.heat, explanation.box
    strongest, signed = peak(heat, look.clip), explanation.signed
    place = cells(view, heat)
    picture = go.Image(source=encoded(explanation.picture), hoverinfo="skip", **place, **axes(0))
    heatmap = go.Heatmap(
        z=heat,
        colorscale=fading(stops(look.colours), signed),
        zmin=-strongest if signed else 0.0,
        zmax=strongest,
        showscale=False,
        opacity=0.85,
        hovertemplate="%{z:.3g}<extra></extra>",
        **place,
    )
    marks = [_mark("the map's peak", "x", *_places(peaks, place))] if 0 < len(peaks) <= MARKED else []
    middle = _mark(MIDDLE, "cross-thin", [(view[0] + view[2]) / 2], [(view[1] + view[3]) / 2])
    layout = go.Layout(
        **square(0, WHOLE, WHOLE, (heat.shape[0], heat.shape[1])),
        shapes=[] if box is None else _outline(box),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="select",
        newselection={"line": {"color": BLUE, "width": 2, "dash": "solid"}},
        showlegend=False,
    )
    layout.update(xaxis_range=[view[0], view[2]], yaxis_range=[view[3], view[1]])
    layout.yaxis.scaleratio = place["dx"] / place["dy"]
    return go.Figure([picture, heatmap, *marks, middle], layout)


def _places(peaks: Array, place: dict[str, float]) -> tuple[Array, Array]:
    """Where pixels lie on the photo, across and down."""
    rows, columns = np.asarray(peaks).T
    return place["x0"] + columns * place["dx"], place["y0"] + rows * place["dy"]


def _mark(name: str, symbol: str, across: Array | list[float], down: Array | list[float]) -> go.Scatter:
    """White on black, so that it is seen on any map."""
    line = {"color": "white" if symbol == "cross-thin" else "black", "width": 2}
    marker = {"symbol": symbol, "size": 13, "color": "white", "line": line}
    return go.Scatter(x=across, y=down, mode="markers", marker=marker, hovertemplate=f"{name}<extra></extra>")


def _outline(box: Box) -> list[dict[str, object]]:
    """A white line on a wider black one."""
    corners = dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))
    return [
        {"type": "rect", **corners, "line": {"color": colour, "width": width}}
        for colour, width in (("black", 5), ("white", 2))
    ]
