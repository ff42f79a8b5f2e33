"""Small maps, each its own figure, so that a row of them can wrap in a narrow window."""

from __future__ import annotations

import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.figures.colours import stops
from explainers.figures.parts import FULL_SPAN, Trace, axes, photo, square, unchecked

SMALL_MAP_SIDE = 168  # width and height on the screen, in pixels
OUTLINE = "rgba(128, 128, 128, 0.5)"  # seen on white and on black


def tile(heat: Array, colours: str, strongest: float, *, signed: bool, side: int = SMALL_MAP_SIDE) -> go.Figure:
    """Draw a map (H, W) on a colour scale that it shares with others: `strongest` gets the strongest colour."""
    low, hover = -strongest if signed else 0.0, "%{z:.3g}<extra></extra>"
    heatmap = {
        "type": "heatmap",
        "z": heat,
        "colorscale": stops(colours),
        "zmin": low,
        "zmax": strongest,
        "showscale": False,
        "hovertemplate": hover,
        **axes(0),
    }
    return _framed(heatmap, heat.shape[0], heat.shape[1], side)


def picture_tile(picture: Array, side: int = SMALL_MAP_SIDE) -> go.Figure:
    """Draw a picture (C, H, W) as large as a small map, with an outline, or a white one couldn't be seen on white."""
    figure = _framed(photo(picture, 0), picture.shape[1], picture.shape[2], side)
    return figure.add_shape(
        type="rect", xref="paper", yref="paper", x0=0, x1=1, y0=0, y1=1, line={"color": OUTLINE, "width": 1}
    )


def _framed(trace: Trace, height: int, width: int, side: int) -> go.Figure:
    sides = {"width": side, "height": side, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
    return unchecked([trace], square(0, FULL_SPAN, FULL_SPAN, (height, width)) | sides)
