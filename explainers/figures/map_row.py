"""A few small maps in one row, for a first look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.figures.colours import peak, stops
from explainers.figures.map import Look
from explainers.figures.parts import FULL_SPAN, Trace, axes, heading, photo, square, unchecked

GAP = 0.03  # between two maps, as a share of the width
TITLE_LINE = 14  # pixels


def map_row(maps: Sequence[tuple[str, Array | None]], look: Look, *, signed: bool) -> go.Figure:
    """Draw maps (H, W), each on a colour scale of its own, below their titles; where there is None, only the title.

    A picture (C, H, W) is drawn as it is. A map may be NaN where there is nothing to show. Titles may have two lines.
    """
    width = (1 - GAP * (len(maps) - 1)) / len(maps)
    traces: list[Trace] = []
    layout, titles = dict[str, object](), []
    size = next((heat.shape[-2:] for _, heat in maps if heat is not None), (1, 1))
    for panel, (title, heat) in enumerate(maps):
        across = panel * (width + GAP), panel * (width + GAP) + width
        layout |= square(panel, across, FULL_SPAN, (size[0], size[1]))
        titles.append(heading(title, across, 1.0) | {"font": {"size": 11}})
        if heat is None:
            continue
        if heat.ndim > 2:
            traces.append(photo(heat, panel))
            continue
        strongest = peak(heat[np.isfinite(heat)], look.clip)
        scale = {"colorscale": stops(look.colours), "zmin": -strongest if signed else 0.0, "zmax": strongest}
        traces.append({"type": "heatmap", "z": heat, "showscale": False, "hoverinfo": "skip", **scale, **axes(panel)})
    lines = max(title.count("<br>") + bool(title) for title, _ in maps)
    margin = {"l": 0, "r": 0, "t": TITLE_LINE * lines + 4 * bool(lines), "b": 0}
    return unchecked(traces, layout | {"annotations": titles, "margin": margin})
