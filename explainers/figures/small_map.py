"""Small maps side by side, each a figure of its own, so that they find room in any window."""

from __future__ import annotations

import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.figures.colours import stops
from explainers.figures.parts import WHOLE, axes, photo, square

SIDE = 168  # of a tile, on the screen


def tile(heat: Array, colours: str, strongest: float, *, signed: bool) -> go.Figure:
    """A map (H, W) on a colour scale that it shares with others: `strongest` gets the strongest colour."""
    low, hover = -strongest if signed else 0.0, "%{z:.3g}<extra></extra>"
    heatmap = go.Heatmap(
        z=heat, colorscale=stops(colours), zmin=low, zmax=strongest, showscale=False, hovertemplate=hover, **axes(0)
    )
    return _framed(heatmap, heat.shape[0], heat.shape[1])


def picture_tile(picture: Array) -> go.Figure:
    """A picture (C, H, W) beside them."""
    return _framed(photo(picture, 0), picture.shape[1], picture.shape[2])


def _framed(trace: go.Heatmap | go.Image, height: int, width: int) -> go.Figure:
    margin = {"l": 0, "r": 0, "t": 0, "b": 0}
    return go.Figure(
        trace, go.Layout(**square(0, WHOLE, WHOLE, (height, width)), width=SIDE, height=SIDE, margin=margin)
    )
