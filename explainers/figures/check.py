"""The sum of a map above the score that it explains, as bars."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from explainers.check import Check
from explainers.figures.colours import BLUE, GREY, ORANGE
from explainers.figures.parts import unchecked

ROW_HEIGHT = 18  # pixels


def check(given: Check) -> go.Figure:
    """Draw the baseline's score, the pixels' sum from where that ends, and under them the classifier's score.

    If the last two end at the same place, the map is complete.
    """
    bars = [
        _bar("baseline", 0.0, given.baseline, GREY),
        _bar("+ pixels", given.baseline, given.pixels, BLUE),
        _bar("classifier", 0.0, given.score, ORANGE),
    ]
    layout = {
        "barmode": "overlay",
        "bargap": 0.3,
        "showlegend": False,
        "height": ROW_HEIGHT * len(bars),
        "margin": {"l": 66, "r": 0, "t": 0, "b": 0},
        "xaxis": {"showgrid": False, "showticklabels": False, "zeroline": True, "fixedrange": True},
        "yaxis": {"showgrid": False, "autorange": "reversed", "fixedrange": True, "ticks": "", "automargin": False},
        "dragmode": False,
    }
    return unchecked(bars, layout)


def _bar(name: str, start: float, length: float, colour: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "y": [name],
        "base": [start],
        "x": [length],
        "name": name,
        "marker": {"color": colour},
        "hovertemplate": "%{y}: %{x:.3g}<extra></extra>",
    }
