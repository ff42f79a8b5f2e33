"""The classifier's likeliest classes, as bars."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from explainers.classifiers import Prediction
from explainers.figures.colours import BLUE, GREY
from explainers.figures.parts import unchecked
from explainers.numbers import percent

ROW_HEIGHT = 28  # pixels


def answer(predictions: Sequence[Prediction], chosen: int) -> go.Figure:
    """Draw bars for the likeliest classes, the chosen one in colour. Each row can be clicked on its whole length."""
    rows = list(reversed(predictions))
    labels = [row.label for row in rows]
    probabilities = [row.probability for row in rows]
    text = [f"{html.escape(row.label)}  {percent(row.probability)}" for row in rows]
    kept = {"marker": {"opacity": 1}}  # a click on one bar doesn't fade the others
    bar = {"type": "bar", "y": labels, "orientation": "h", "selected": kept, "unselected": kept}
    track = bar | {
        "x": [1.0] * len(rows),
        "marker": {"color": "rgba(128,128,128,0.12)"},
        "hoverinfo": "none",  # shows nothing but hears clicks, which "skip" doesn't
    }
    bars = bar | {
        "x": probabilities,
        "marker": {"color": [BLUE if row.index == chosen else GREY for row in rows]},
        "opacity": 0.55,
        "customdata": [row.logit for row in rows],
        "hovertemplate": "%{y}: %{x:.2%}, logit %{customdata:.2f}<extra></extra>",
    }
    names = {
        "type": "scatter",
        "x": [0.015] * len(rows),
        "y": labels,
        "text": text,
        "mode": "text",
        "textposition": "middle right",
        "hoverinfo": "skip",
    }
    layout = {
        "barmode": "overlay",
        "bargap": 0.2,
        "showlegend": False,
        "height": ROW_HEIGHT * len(rows),
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "xaxis": {"visible": False, "range": [0, 1], "fixedrange": True},
        "yaxis": {"visible": False, "fixedrange": True},
        "dragmode": False,
    }
    return unchecked([track, bars, names], layout)
