"""The parts that figures are made of: pictures, axes, headings and sliders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.figures.colours import GREY
from explainers.images.encoding import Kind, as_image, data_address

Span = tuple[float, float]
RUG_AXIS = {"range": [-0.03, 1], "visible": False, "fixedrange": True}  # over that of the panel
Trace = dict[str, Any]  # of a figure, as Plotly's own schema describes it
FULL_SPAN: Span = (0.0, 1.0)  # the whole figure, across or down


def unchecked(traces: Sequence[Trace], layout: dict[str, Any]) -> go.Figure:
    """Make a figure of what Plotly would accept as it is, and spare it the check, which takes nine tenths of the time.

    It is for the figures that every run of a page draws anew; a test has Plotly check them.
    """
    return go.Figure(traces, layout, _validate=False)


def encoded(picture: Array, kind: Kind = "png") -> str:
    """Encode a picture (C, H, W) in pixel units as a data address; PNG loses only what 8 bits can't hold."""
    return data_address(as_image(picture), kind)


def photo(picture: Array, panel: int) -> Trace:
    """Draw a picture (C, H, W): as PNG where single pixels can be seen, as JPEG if it is larger."""
    kind: Kind = "png" if max(picture.shape[1:]) <= 128 else "jpeg"
    return {"type": "image", "source": encoded(picture, kind), "hoverinfo": "skip", **axes(panel)}


def borders(segments: Array, panel: int) -> Trace:
    """Draw thin lines between superpixels, given the number (H, W) of each pixel's superpixel."""
    below, right = (np.argwhere(np.diff(segments, axis=axis)) for axis in (0, 1))
    x = np.concatenate([below[:, [1, 1]] + [-0.5, 0.5], right[:, [1, 1]] + [0.5, 0.5]])
    y = np.concatenate([below[:, [0, 0]] + [0.5, 0.5], right[:, [0, 0]] + [-0.5, 0.5]])
    ends = np.stack([np.pad(coordinates, ((0, 0), (0, 1)), constant_values=np.nan).ravel() for coordinates in (x, y)])
    return {
        "type": "scatter",
        "x": ends[0],
        "y": ends[1],
        "mode": "lines",
        "line": {"color": "white", "width": 1},
        "hoverinfo": "skip",
        "showlegend": False,
        "connectgaps": False,
        **axes(panel),
    }


def rug(alphas: Array, xaxis: str, yaxis: str) -> Trace:
    """Draw a short line for each point of a path, at the foot of a panel; `yaxis` is laid out by `RUG_AXIS`."""
    return {
        "type": "scatter",
        "x": alphas,
        "y": np.zeros(len(alphas)),
        "name": "points that passed",
        "mode": "markers",
        "marker": {"symbol": "line-ns", "size": 9, "line": {"width": 1, "color": GREY}},
        "hoverinfo": "skip",
        "showlegend": False,
        "xaxis": xaxis,
        "yaxis": yaxis,
    }


def axes(panel: int) -> dict[str, str]:
    """Return the names of a panel's axes; panels are counted from 0."""
    number = str(panel + 1) if panel else ""
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def square(panel: int, across: Span, down: Span, size: tuple[int, int]) -> dict[str, Any]:
    """Return the layout of a panel's axes in pixels of a picture (height, width), top down; all zoom with panel 0."""
    number, (height, width) = str(panel + 1) if panel else "", size
    hidden = {"visible": False, "constrain": "domain"}
    x = {**hidden, "domain": across, "anchor": f"y{number}", "range": [-0.5, width - 0.5]}
    y = {**hidden, "domain": down, "anchor": f"x{number}", "range": [height - 0.5, -0.5]}
    x |= {"matches": "x"} if panel else {}
    y |= {"matches": "y"} if panel else {"scaleanchor": "x", "scaleratio": 1}
    return {f"xaxis{number}": x, f"yaxis{number}": y}


def cells(box: tuple[float, float, float, float], heat: Array) -> dict[str, float]:
    """Return where a map's cells (h, w) lie, in the units of the box (left, top, right, bottom) that they fill."""
    (left, top, right, bottom), (height, width) = box, heat.shape
    across, down = (right - left) / width, (bottom - top) / height
    return {"x0": left + across / 2, "dx": across, "y0": top + down / 2, "dy": down}


def heading(text: str, across: Span, top: float) -> dict[str, Any]:
    """Return a title centred over a panel."""
    place = {"x": sum(across) / 2, "y": top, "xref": "paper", "yref": "paper", "yanchor": "bottom"}
    return {"text": text, **place, "xanchor": "center", "showarrow": False, "font": {"size": 13}}


def hidden_slider(steps: list[dict[str, Any]], active: int) -> dict[str, Any]:
    """Return a slider that isn't drawn: it says what each stop of the figure shows, and the page moves it."""
    return {"visible": False, "active": active, "steps": steps}
