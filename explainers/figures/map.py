"""A map on its picture, large, with both and the baseline beneath: four panels with a common zoom."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.explanation import Explanation, reduce
from explainers.figures.colours import GREY, SIGNED_COLOURS, fading, peak, stops
from explainers.figures.parts import Span, Trace, axes, borders, cells, heading, photo, square, unchecked
from explainers.figures.smoothing import smoothed
from explainers.numbers import significant

OVERLAYS = ("map on picture", "picture on map")
# In widths of the figure, from the top: the overlay, the band of slider and colour bar, headings, the small panels.
BAND, HEADINGS, GAP = 0.21, 0.05, 0.02
SMALL_SIDE = (1 - 2 * GAP) / 3
HEIGHT = 1 + BAND + HEADINGS + SMALL_SIDE
OVERLAY_FOOT, SMALL_TOP = 1 - 1 / HEIGHT, SMALL_SIDE / HEIGHT  # from the foot of the figure
SMALL_SPANS: Sequence[Span] = [(left, left + SMALL_SIDE) for left in (0, SMALL_SIDE + GAP, 2 * (SMALL_SIDE + GAP))]
PANEL_SPANS = (
    *((across, (0.0, SMALL_TOP)) for across in (SMALL_SPANS[0], SMALL_SPANS[2], SMALL_SPANS[1])),
    ((0.0, 1.0), (OVERLAY_FOOT, 1.0)),
)
SLIDER_START = 0.17  # of the figure's width: its name stands before it
BAR_TOP = OVERLAY_FOOT - 0.095 / HEIGHT
BAR_THICKNESS = 10  # pixels
SMALL_FONT = {"size": 11}
MAX_NAME_LENGTH = 18  # characters of a class beside the colour bar


@dataclass(frozen=True)
class Look:
    """How a map is drawn; none of it changes what was computed.

    colours: a key of COLOURS.
    clip:    percentile of the map's magnitudes that gets the strongest colour.
    smooth:  whether the values of a coarse grid run into each other, and whether each pixel of any other map is drawn
             as the mean of its surroundings.
    overlay: one of OVERLAYS: the map over the picture, transparent at zero; or the picture over the map, at 0.4.
    borders: whether the borders of superpixels are drawn, for methods that have them.
    """

    colours: str = "inferno"
    clip: float = 99.0
    smooth: bool = False
    overlay: str = OVERLAYS[0]
    borders: bool = False

    @classmethod
    def first(cls, explanation: Explanation) -> Look:
        """Return how an explanation is drawn at first."""
        return cls(SIGNED_COLOURS if explanation.signed else cls.colours, smooth=explanation.coarse)


def panels(explanation: Explanation, look: Look) -> go.Figure:
    """Draw the overlay, and beneath it picture, map and baseline; or, without a baseline, the picture through the map.

    Signed maps are drawn symmetric about zero, the others from zero. The figure is HEIGHT times as high as it is wide.
    """
    (height, width), fine = explanation.picture.shape[1:], not explanation.coarse
    heat = smoothed(explanation.heat) if look.smooth and fine else explanation.heat
    strongest = peak(heat, look.clip)
    drawn = heat if look.smooth or fine else reduce(explanation.values, explanation.reduction)
    low, scale = -strongest if explanation.signed else 0.0, stops(look.colours)
    map_on_top = look.overlay == OVERLAYS[0]
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

    second_title, second = _second_panel(explanation, heat, strongest)
    picture = photo(explanation.picture, 0)
    traces = [
        picture,
        photo(second, 1),
        heatmap(2, scale, colorbar=_bar()),
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
    titles = "Picture", second_title, "Map"
    notes = [heading(title, across, down[1]) for title, (across, down) in zip(titles, PANEL_SPANS, strict=False)]
    notes += [_slider_name(map_on_top), *_scale_notes(explanation, low, strongest)]
    layout = _square_layout(height, width) | {"annotations": notes, "sliders": [_slider(map_on_top)]}
    return unchecked(traces, layout)


def _second_panel(explanation: Explanation, heat: Array, strongest: float) -> tuple[str, Array]:
    """Return the title and the picture of the panel of the baseline, or of the picture seen through the map."""
    if explanation.baselines is None:
        return "Picture through map", explanation.picture * np.clip(np.abs(heat) / strongest, 0, 1)
    several = len(explanation.baselines)
    return "Baseline" if several == 1 else f"First of {several} baselines", explanation.baselines[0]


def _square_layout(height: int, width: int) -> dict[str, Any]:
    """Return the layout of four panels in pixels, top down, whose axes follow those of the first panel."""
    panels: dict[str, Any] = {}
    for corner, (across, down) in enumerate(PANEL_SPANS):
        panels |= square(corner, across, down, (height, width))
    return {**panels, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}, "dragmode": "zoom"}


def _slider(map_on_top: bool) -> dict[str, Any]:
    """Return the slider for the overlay's opacity, which works in the browser, without the server."""
    steps = [
        {
            "method": "restyle",
            "label": "",
            "args": [{"opacity": share / 10 if map_on_top else 1 - share / 10}, [4]],
        }
        for share in range(11)
    ]
    return {
        "active": 9 if map_on_top else 4,
        "steps": steps,
        "currentvalue": {"visible": False},
        "x": SLIDER_START,
        "len": 1 - SLIDER_START,
        "y": OVERLAY_FOOT,
        "yanchor": "top",
        "pad": {"t": 6, "l": 8, "r": 8},
        "ticklen": 0,
        "bgcolor": GREY,
        "bordercolor": GREY,
        "minorticklen": 0,
    }


def _slider_name(map_on_top: bool) -> dict[str, Any]:
    """Return the slider's name, which stands before it."""
    name = "Map opacity" if map_on_top else "Picture opacity"
    return _note(name, 0.0, "left", OVERLAY_FOOT, yanchor="middle", yshift=-16)


def _bar() -> dict[str, Any]:
    """Return the colour bar under the slider; its numbers are notes, for its ends are named."""
    place = {"x": 0.5, "xpad": 0, "len": 1, "y": BAR_TOP, "yanchor": "top", "ypad": 0, "thickness": BAR_THICKNESS}
    return {"orientation": "h", **place, "showticklabels": False, "ticks": "", "outlinewidth": 0}


def _scale_notes(explanation: Explanation, low: float, strongest: float) -> list[dict[str, Any]]:
    """Return what stands under the colour bar: the numbers at its ends, what they speak for, and their unit."""
    unit, high = explanation.facts.unit.text, significant(strongest)
    below, further = -BAR_THICKNESS - 2, -BAR_THICKNESS - 17
    if not explanation.takes_sides:
        first = f"-{high}" if low else "0"
        texts = ((first, 0.0, "left", below), (unit, 0.5, "center", below), (high, 1.0, "right", below))
    else:
        name, opposite = _short(explanation.facts.label), explanation.facts.opposite
        other = f"against {name}" if opposite is None else f"for {_short(opposite)}"
        texts = (
            (f"-{high} <b>{other}</b>", 0.0, "left", below),
            (f"<b>for {name}</b> {high}", 1.0, "right", below),
            (unit, 0.5, "center", further),
        )
    return [_note(text, x, anchor, BAR_TOP, yanchor="top", yshift=shift) for text, x, anchor, shift in texts]


def _short(label: str) -> str:
    """Cut a long label to what has room beside the colour bar."""
    return html.escape(label if len(label) <= MAX_NAME_LENGTH else label[: MAX_NAME_LENGTH - 1].rstrip() + "…")


def _note(text: str, x: float, anchor: str, y: float, **rest: Any) -> dict[str, Any]:
    place = {"x": x, "xanchor": anchor, "y": y, "xref": "paper", "yref": "paper", "borderpad": 0}
    return {"text": text, **place, "showarrow": False, "font": SMALL_FONT, **rest}
