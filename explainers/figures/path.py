"""How a map builds up on the path from the baseline: one figure, whose stops the browser shows without the server."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.explanation import SCALES, Explanation, Scale, reduce
from explainers.figures.colours import BLUE, GREEN, GREY, ORANGE, VIOLET, peak, scale, whole
from explainers.figures.map import Look
from explainers.figures.parts import RUG_AXIS, Span, axes, encoded, heading, hidden_slider, rug, square
from explainers.figures.path_layout import (
    ARRANGEMENTS,
    BAR_GAP,
    CURVE_PANELS,
    GRADIENT,
    MAP,
    MEAN,
    PICTURE,
    SCORE,
    SLOPE,
    WIDE,
)
from explainers.numbers import percent, significant
from explainers.paths.snapshots import Snapshots
from explainers.paths.trace import Trace


def path(explanation: Explanation, snapshots: Snapshots, look: Look) -> go.Figure:
    """Draw the picture, the gradient and the cumulative map at each stop on the path, and curves along the path.

    The picture is the image over the baseline with opacity alpha. Each stop has its own traces of maps as whole numbers
    (`colours.whole`), and one stop is visible at a time. A slider that isn't drawn says what each stop shows, and the
    layout's meta how the panels are arranged in narrow and in wide windows. Raises ValueError if the explanation has no
    path.
    """
    trace, baselines = explanation.trace, explanation.baselines
    if trace is None or baselines is None:
        raise ValueError("the explanation has no path")
    cumulative, gradients = (
        np.stack([reduce(values, explanation.reduction) for values in stops])
        for stops in (snapshots.cumulative, snapshots.gradients)
    )
    strengths = peak(cumulative[-1], look.clip), peak(gradients, look.clip)
    size = explanation.picture.shape[1], explanation.picture.shape[2]
    layout = go.Layout(
        shapes=[_marker(panel) for panel in CURVE_PANELS],
        annotations=_headings(explanation, trace, snapshots.alphas[-1]),
        sliders=[_stops(explanation, trace, snapshots.alphas)],
        # What makes room for the legend by itself leaves the colour bars where they were, on the panels.
        margin={"l": 2, "r": 2, "t": 22, "b": WIDE.bottom, "autoexpand": False},
        legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "font": {"size": 11}},
        hovermode="x",
        coloraxis=_bar(explanation, look, strengths[0], WIDE.spans[MAP]),
        coloraxis2=_bar(explanation, look, strengths[1], WIDE.spans[GRADIENT]),
        meta=ARRANGEMENTS,
        **_curve_axes(explanation.target.scale),
    )
    for panel in (PICTURE, MAP, GRADIENT):
        layout.update(square(panel, *WIDE.spans[panel], size))
    traces = [
        *(
            go.Image(source=encoded(picture), hoverinfo="skip", **axes(PICTURE))
            for picture in (baselines[0], explanation.picture)
        ),
        *_stack(cumulative, strengths[0], MAP, "coloraxis"),
        *_stack(gradients, strengths[1], GRADIENT, "coloraxis2"),
        *_curves(explanation, trace),
        rug(trace.alphas, "x4", "y8"),
    ]
    return go.Figure(traces, layout)


def _stack(heats: Array, strongest: float, panel: int, coloraxis: str) -> list[go.Heatmap]:
    """Draw one map per stop; the last one is visible."""
    return [
        go.Heatmap(z=whole(heat, strongest), coloraxis=coloraxis, hoverinfo="skip", visible=left == 1, **axes(panel))
        for left, heat in zip(range(len(heats), 0, -1), heats, strict=True)
    ]


def _bar(explanation: Explanation, look: Look, strongest: float, place: tuple[Span, Span]) -> dict[str, Any]:
    """Return the colour axis of a panel, with its bar under the panel."""
    (left, right), (foot, _) = place
    bar = {"x": (left + right) / 2, "y": foot - BAR_GAP, "len": WIDE.bar, "xanchor": "center", "yanchor": "top"}
    return scale(look.colours, strongest, signed=explanation.signed, **bar)


def _curves(explanation: Explanation, trace: Trace) -> list[go.Scatter]:
    """Draw score, slope and mean gradient along the path."""
    scale, other_scale = explanation.target.scale, next(name for name in SCALES if name != explanation.target.scale)
    scores = {"logit": trace.logits, "probability": trace.probabilities}
    added = (explanation.baseline_score or 0.0) + trace.cumulative
    thick, thin, dashed = {"width": 3}, {"width": 1.5}, {"width": 2, "dash": "dash"}
    lines = (
        (scale, scores[scale], "x4", "y4", {"color": BLUE, **thick}),
        ("baseline + attributions so far", added, "x4", "y4", {"color": ORANGE, **dashed}),
        (f"{other_scale} (right axis)", scores[other_scale], "x4", "y7", {"color": GREY, **thin}),
        ("slope", trace.slopes, "x5", "y5", {"color": VIOLET, **thick}),
        ("mean gradient", trace.gradient_mean, "x6", "y6", {"color": GREEN, **thick}),
        ("mean magnitude", trace.gradient_size, "x6", "y6", {"color": GREEN, **dashed}),
    )
    return [
        go.Scatter(
            x=trace.alphas, y=values, name=name, mode="lines", line=line, xaxis=x, yaxis=y, hovertemplate="%{y:.3g}"
        )
        for name, values, x, y, line in lines
    ]


def _curve_axes(scale: Scale) -> dict[str, Any]:
    """Return the axes of all curves; the score's panel has a second one for the other scale, and one for the rug."""
    curve_axes: dict[str, Any] = {}
    tick_format, other_format = (".0%", "") if scale == "probability" else ("", ".0%")
    small = {"tickfont": {"size": 10}, "fixedrange": True, "automargin": False}
    for panel in CURVE_PANELS:
        across, down = WIDE.spans[panel]
        ends = {"tickvals": [0, 0.5, 1], "ticktext": ["alpha 0", "0.5", "1"]}
        curve_axes[f"xaxis{panel + 1}"] = {"domain": across, "anchor": f"y{panel + 1}", "range": [0, 1], **ends}
        curve_axes[f"yaxis{panel + 1}"] = {"domain": down, "anchor": f"x{panel + 1}", "nticks": 4}
    curve_axes["yaxis7"] = {
        **curve_axes["yaxis4"],
        "overlaying": "y4",
        "side": "right",
        "tickmode": "auto",
        "tickformat": other_format,
    }
    curve_axes["yaxis4"] |= {"tickformat": tick_format}
    curve_axes["yaxis7"] |= {"showgrid": False, "zeroline": False, "color": GREY}
    return {name: axis | small for name, axis in curve_axes.items()} | {"yaxis8": {"overlaying": "y4", **RUG_AXIS}}


def _marker(panel: int) -> dict[str, Any]:
    """Return the vertical line that marks the current alpha in a panel."""
    where = {"xref": f"x{panel + 1}", "yref": f"y{panel + 1} domain", "x0": 1.0, "x1": 1.0, "y0": 0, "y1": 1}
    return {"type": "line", **where, "line": {"color": GREY, "width": 2, "dash": "dot"}}


def _headings(explanation: Explanation, trace: Trace, alpha: float) -> list[dict[str, Any]]:
    """Return the headings of the panels, with the numbers at that alpha."""
    point = int(np.searchsorted(trace.alphas, alpha))
    logit, probability = significant(trace.logits[point]), percent(trace.probabilities[point])
    texts = (
        (PICTURE, f"<b>Picture</b> at alpha {alpha:.2f}"),
        (GRADIENT, f"<b>Gradient here</b>: magnitude {significant(trace.gradient_size[point])}"),
        (MAP, f"<b>Map so far</b>: adds up to {significant(trace.cumulative[point])}"),
        (SCORE, f"<b>Score</b>: logit {logit}, {probability}"),
        (SLOPE, f"<b>Slope</b>: {significant(trace.slopes[point])}"),
        (MEAN, f"<b>Mean gradient</b>: {significant(trace.gradient_mean[point])}"),
    )
    return [heading(text, WIDE.spans[panel][0], WIDE.spans[panel][1][1]) for panel, text in texts]


def _stops(explanation: Explanation, trace: Trace, alphas: Array) -> dict[str, Any]:
    """Return the slider for alpha that isn't drawn."""
    count = len(alphas)
    moved = list(range(1, 2 + 2 * count))  # the image and both stacks of maps
    steps = []
    for stop, alpha in enumerate(alphas.tolist()):
        seen = [place == stop for _ in range(2) for place in range(count)]
        lines = {f"shapes[{line}].{end}": alpha for line in range(len(CURVE_PANELS)) for end in ("x0", "x1")}
        notes = enumerate(_headings(explanation, trace, alpha))
        texts = {f"annotations[{number}].text": note["text"] for number, note in notes}
        change = {"opacity": [alpha, *[1] * len(seen)], "visible": [True, *seen]}
        steps.append({"method": "update", "label": f"{alpha:.2f}", "args": [change, lines | texts, moved]})
    return hidden_slider(steps, count - 1)
