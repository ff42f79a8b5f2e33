"""Score, slope and mean gradient along the path from a baseline to the picture, as curves."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.explanation import Explanation
from explainers.figures.colours import BLUE, ORANGE
from explainers.figures.parts import RUG_AXIS, Trace, rug, unchecked


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
    curves = {
        f"Score: the {scale} along the path": ((scale, scores), ("baseline + attributions so far", added)),
        f"Slope: change of the {scale} per alpha": (("slope", trace.slopes),),
        "Mean gradient over all pixels": (("signed", trace.gradient_mean), ("magnitude", trace.gradient_size)),
    }
    return {title: _curves(trace.alphas, lines) for title, lines in curves.items()}


def _curves(alphas: Array, lines: Sequence[tuple[str, Array]]) -> go.Figure:
    styles = ({"color": BLUE, "width": 3}, {"color": ORANGE, "width": 2, "dash": "dash"})
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
        for (name, values), style in zip(lines, styles, strict=False)
    ]
    layout = {
        "height": 250,
        "margin": {"l": 0, "r": 8, "t": 8, "b": 0},
        "hovermode": "x unified",
        "showlegend": len(lines) > 1,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "xaxis": {"title": {"text": "alpha"}, "range": [0, 1]},
        "yaxis": {"zeroline": True},
        "yaxis2": {"overlaying": "y", **RUG_AXIS},
    }
    return unchecked([*traces, rug(alphas, "x", "y2")], layout)
