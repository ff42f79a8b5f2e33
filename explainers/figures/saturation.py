"""Score, slope and mean gradient along the path from a baseline to the picture, as curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.explanation import Explanation
from explainers.figures.colours import BLUE, GREEN, GREY, ORANGE, VIOLET
from explainers.figures.parts import RUG_AXIS, Trace, rug, unchecked

Line = tuple[str, Array, dict[str, Any]]  # its name, its values and its style


def saturation(explanation: Explanation) -> dict[str, go.Figure]:
    """Draw three figures over alpha, from the baseline (0) to the picture (1), by title; none without a path.

    They show the score with the integral of its slope, which agrees with it if the map is complete; the slope; and the
    mean gradient. A rug at their foot shows the points that passed.
    """
    trace = explanation.trace
    if trace is None or explanation.baseline_score is None:
        return {}
    scale = explanation.target.scale
    scores = trace.logits if scale == "logit" else trace.probabilities
    added = explanation.baseline_score + trace.cumulative
    curves: dict[str, Sequence[Line]] = {
        f"Score: the {scale} along the path": (
            (scale, scores, {"color": BLUE, "width": 3}),
            ("baseline + attributions so far", added, {"color": ORANGE, "width": 2, "dash": "dash"}),
        ),
        f"Slope: change of the {scale} per alpha": (("slope", trace.slopes, {"color": GREEN, "width": 3}),),
        "Mean gradient over all pixels": (
            ("signed", trace.gradient_mean, {"color": VIOLET, "width": 3}),
            ("magnitude", trace.gradient_size, {"color": GREY, "width": 2, "dash": "dash"}),
        ),
    }
    return {title: _curves(trace.alphas, lines) for title, lines in curves.items()}


def _curves(alphas: Array, lines: Sequence[Line]) -> go.Figure:
    traces: list[Trace] = [
        {
            "type": "scatter",
            "x": alphas,
            "y": values,
            "name": name,
            "mode": "lines",
            "line": style,
            "hovertemplate": "%{y:.3g}",
        }
        for name, values, style in lines
    ]
    layout = {
        "height": 250,
        "margin": {"l": 44, "r": 8, "t": 8, "b": 40},
        "hovermode": "x unified",
        "showlegend": len(lines) > 1,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "xaxis": {"title": {"text": "alpha", "standoff": 8}, "range": [0, 1], "automargin": False},
        "yaxis": {"zeroline": True, "ticklabelposition": "outside", "automargin": False},
        "yaxis2": {"overlaying": "y", **RUG_AXIS},
    }
    return unchecked([*traces, rug(alphas, "x", "y2")], layout)
