"""A map over its picture, with the box that somebody drew."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.classifiers.view import Box
from explainers.explanation import Explanation
from explainers.figures.colours import BLUE, fading, peak, stops
from explainers.figures.map import Look
from explainers.figures.parts import FULL_SPAN, axes, cells, encoded, square

MAX_MARKED_PEAKS = 20  # more of them would hide the map
MIDDLE_TEXT = "the middle of the picture"


def pointing(
    explanation: Explanation, look: Look, box: Box | None, peaks: Array, *, drawable: bool = True
) -> go.Figure:
    """Draw the map over the picture, in pixels of the upright photo; where `drawable`, a box can be drawn on it.

    box:   (left, top, right, bottom), or None if there is no box yet.
    peaks: (k, 2) row and column of the map's strongest pixels; marked if they are few.
    """
    heat, view = explanation.heat, explanation.box
    strongest, signed = peak(heat, look.clip), explanation.signed
    positions = cells(view, heat)
    picture = go.Image(source=encoded(explanation.picture), hoverinfo="skip", **positions, **axes(0))
    heatmap = go.Heatmap(
        z=heat,
        colorscale=fading(stops(look.colours), signed),
        zmin=-strongest if signed else 0.0,
        zmax=strongest,
        showscale=False,
        opacity=0.85,
        hovertemplate="%{z:.3g}<extra></extra>",
        **positions,
    )
    marks = [_mark("the map's peak", "x", *_places(peaks, positions))] if 0 < len(peaks) <= MAX_MARKED_PEAKS else []
    middle = _mark(MIDDLE_TEXT, "cross-thin", [(view[0] + view[2]) / 2], [(view[1] + view[3]) / 2])
    layout = go.Layout(
        **square(0, FULL_SPAN, FULL_SPAN, (heat.shape[0], heat.shape[1])),
        shapes=[] if box is None else _outline(box),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="select" if drawable else False,
        newselection={"line": {"color": BLUE, "width": 2, "dash": "solid"}},
        showlegend=False,
    )
    layout.update(xaxis_range=[view[0], view[2]], yaxis_range=[view[3], view[1]])
    layout.yaxis.scaleratio = positions["dx"] / positions["dy"]
    return go.Figure([picture, heatmap, *marks, middle], layout)


def _places(peaks: Array, positions: dict[str, float]) -> tuple[Array, Array]:
    """Return where pixels lie on the photo, across and down."""
    rows, columns = np.asarray(peaks).T
    return positions["x0"] + columns * positions["dx"], positions["y0"] + rows * positions["dy"]


def _mark(name: str, symbol: str, across: Array | list[float], down: Array | list[float]) -> go.Scatter:
    """Draw a white mark; all but the thin cross have a black outline, so that they can be seen on any map."""
    line = {"color": "white" if symbol == "cross-thin" else "black", "width": 2}
    marker = {"symbol": symbol, "size": 13, "color": "white", "line": line}
    return go.Scatter(x=across, y=down, mode="markers", marker=marker, hovertemplate=f"{name}<extra></extra>")


def _outline(box: Box) -> list[dict[str, object]]:
    """Return the box's outline: a white line on a wider black one."""
    corners = dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))
    return [
        {"type": "rect", **corners, "line": {"color": colour, "width": width}}
        for colour, width in (("black", 5), ("white", 2))
    ]
