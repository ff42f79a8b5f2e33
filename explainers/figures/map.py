"""A map beside its picture: four panels with a common zoom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.explanation import Explanation, reduce
from explainers.figures.colours import fading, peak, stops
from explainers.figures.parts import Trace, axes, borders, cells, heading, photo, square, unchecked

OVERLAYS = ("map on picture", "picture on map")
GRIDS = ("bilinear", "as computed")
PANEL_SPANS = (
    ((0.0, 0.49), (0.53, 1.0)),
    ((0.51, 1.0), (0.53, 1.0)),
    ((0.0, 0.49), (0.0, 0.47)),
    ((0.51, 1.0), (0.0, 0.47)),
)


@dataclass(frozen=True)
class Look:
    """How a map is drawn; none of it changes what was computed.

    colours: a key of COLOURS.
    clip:    percentile of the map's magnitudes that gets the strongest colour.
    grid:    one of GRIDS: how a coarse map is scaled up.
    overlay: one of OVERLAYS: the map over the picture, transparent at zero; or the picture over the map, at .4.
    borders: whether the borders of superpixels are drawn, for methods that have them.
    """

    colours: str = "inferno"
    clip: float = 99.0
    grid: str = "bilinear"
    overlay: str = "map on picture"
    borders: bool = False


def panels(explanation: Explanation, look: Look) -> go.Figure:
    """Draw picture, baseline, map and overlay; without a baseline, the picture as seen through the map is drawn.

    Signed maps are drawn symmetric about zero, the others from zero.
    """
    heat, (height, width) = explanation.heat, explanation.picture.shape[1:]
    strongest = peak(heat, look.clip)
    drawn = heat if look.grid == "bilinear" else reduce(explanation.values, explanation.reduction)
    low, scale = -strongest if explanation.signed else 0.0, stops(look.colours)
    map_on_top = look.overlay == "map on picture"
    positions = cells((-0.5, -0.5, width - 0.5, height - 0.5), drawn)

    def heatmap(corner: int, colours: Any, **rest: Any) -> Trace:
        return {
            "type": "heatmap",
            "z": drawn,
            "colorscale": colours,
            "zmin": low,
            "zmax": strongest,
            "hovertemplate": "%{z:.3g}<extra></extra>",
            **positions,
            **axes(corner),
            **rest,
        }

    bar = {"orientation": "h", "y": -0.01, "yanchor": "top", "thickness": 10, "title": _unit(explanation), "nticks": 5}
    second_panel = (
        ("Baseline", explanation.baselines[0])
        if explanation.baselines is not None
        else (
            "Picture through the map",
            explanation.picture * np.clip(np.abs(heat) / strongest, 0, 1),
        )
    )
    picture = photo(explanation.picture, 0)
    traces = [
        picture,
        photo(second_panel[1], 1),
        heatmap(2, scale, colorbar=bar),
        picture | axes(3),
        heatmap(
            3,
            fading(scale, explanation.signed) if map_on_top else scale,
            showscale=False,
            opacity=0.9 if map_on_top else 0.6,
        ),
    ]
    if look.borders and explanation.segments is not None:
        traces += [borders(explanation.segments, corner) for corner in (0, 3)]
    titles = ("What the classifier sees", second_panel[0], "Attribution map", "Overlay")
    return unchecked(traces, _square_layout(titles, height, width, _slider(map_on_top)))


def _square_layout(titles: Sequence[str], height: int, width: int, slider: dict[str, Any]) -> dict[str, Any]:
    """Return the layout of four panels in pixels, top down, whose axes follow those of the first panel."""
    panels: dict[str, Any] = {}
    for corner, (across, down) in enumerate(PANEL_SPANS):
        panels |= square(corner, across, down, (height, width))
    notes = [heading(title, across, down[1]) for title, (across, down) in zip(titles, PANEL_SPANS, strict=True)]
    margin = {"l": 0, "r": 0, "t": 22, "b": 118}
    return {**panels, "annotations": notes, "sliders": [slider], "margin": margin, "dragmode": "zoom"}


def _slider(map_on_top: bool) -> dict[str, Any]:
    """Return the slider for the overlay's opacity, which works in the browser, without the server."""
    steps = [
        {
            "method": "restyle",
            "label": f"{share / 10:.1f}",
            "args": [{"opacity": share / 10 if map_on_top else 1 - share / 10}, [4]],
        }
        for share in range(11)
    ]
    name = "map" if map_on_top else "picture"
    return {
        "active": 9 if map_on_top else 4,
        "steps": steps,
        "currentvalue": {"prefix": f"Overlay: opacity of the {name} ", "font": {"size": 12}},
        "pad": {"t": 62},
        "ticklen": 3,
        "font": {"size": 10},
    }


def _unit(explanation: Explanation) -> dict[str, Any]:
    return {"text": explanation.facts.unit.text, "side": "bottom", "font": {"size": 12}}
