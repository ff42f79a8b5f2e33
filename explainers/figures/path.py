"""How a map builds up on the path from the baseline: one figure, and a slider for alpha that needs no server."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.explanation import SCALES, Explanation, Scale, reduce
from explainers.figures.colours import BLUE, GREY, ORANGE, peak, scale, whole
from explainers.figures.map import Look
from explainers.figures.parts import RUG_AXIS, Span, axes, encoded, heading, rug, slider, square
from explainers.paths.snapshots import Snapshots
from explainers.paths.trace import Trace

LEFT, RIGHT = (0.0, 0.48), (0.52, 1.0)
TOP, MIDDLE, BOTTOM = (0.695, 1.0), (0.3, 0.605), (0.0, 0.205)
CURVE_SPANS = {4: (RIGHT, MIDDLE), 5: (LEFT, BOTTOM), 6: (RIGHT, BOTTOM)}  # axes of score, slope and mean gradient


def path(explanation: Explanation, snapshots: Snapshots, look: Look) -> go.Figure:
    """Draw the picture, the gradient and the cumulative map at each stop on the path, and curves along the path.

    A slider moves all of them. The picture is the image over the baseline with opacity alpha. Each stop has its own
    traces of maps as whole numbers (`colours.whole`), and one stop is visible at a time. Raises ValueError if the
    explanation has no path.
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
    places = (LEFT, TOP), (RIGHT, TOP), (LEFT, MIDDLE)  # picture, map so far, gradient
    layout = go.Layout(
        shapes=[_marker(panel) for panel in CURVE_SPANS],
        annotations=_headings(explanation, trace, snapshots.alphas[-1]),
        sliders=[_slider(explanation, trace, snapshots.alphas)],
        margin={"l": 2, "r": 2, "t": 100, "b": 60},
        legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "font": {"size": 11}},
        hovermode="x",
        coloraxis=_bar(explanation, look, strengths[0], RIGHT, TOP),
        coloraxis2=_bar(explanation, look, strengths[1], LEFT, MIDDLE),
        **_curve_axes(explanation.target.scale),
    )
    for panel, (across, down) in enumerate(places):
        layout.update(square(panel, across, down, size))
    traces = [
        *(
            go.Image(source=encoded(picture), hoverinfo="skip", **axes(0))
            for picture in (baselines[0], explanation.picture)
        ),
        *_stack(cumulative, strengths[0], 1, "coloraxis"),
        *_stack(gradients, strengths[1], 2, "coloraxis2"),
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


def _bar(explanation: Explanation, look: Look, strongest: float, across: Span, down: Span) -> dict[str, Any]:
    """Return the colour axis of a panel, with its bar under the panel."""
    place = {"x": sum(across) / 2, "y": down[0] - 0.002, "len": 0.42, "xanchor": "center", "yanchor": "top"}
    return scale(look.colours, strongest, signed=explanation.signed, **place)


def _curves(explanation: Explanation, trace: Trace) -> list[go.Scatter]:
    """Draw score, slope and mean gradient along the path."""
    scale, other_scale = explanation.target.scale, next(name for name in SCALES if name != explanation.target.scale)
    scores = {"logit": trace.logits, "probability": trace.probabilities}
    added = (explanation.baseline_score or 0.0) + trace.cumulative
    thick, thin, dashed = {"width": 3}, {"width": 1.5}, {"width": 2, "dash": "dash"}
    lines = (
        (scale, scores[scale], "x4", "y4", {"color": BLUE, **thick}),
        ("baseline + attributions so far", added, "x4", "y4", {"color": ORANGE, **dashed}),
        (f"{other_scale} (scale on the right)", scores[other_scale], "x4", "y7", {"color": GREY, **thin}),
        ("slope", trace.slopes, "x5", "y5", {"color": BLUE, **thick}),
        ("mean gradient", trace.gradient_mean, "x6", "y6", {"color": BLUE, **thick}),
        ("mean of its magnitude", trace.gradient_size, "x6", "y6", {"color": ORANGE, **dashed}),
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
    small = {"tickfont": {"size": 10}, "fixedrange": True}
    for panel, (across, down) in CURVE_SPANS.items():
        title = {"text": "alpha", "standoff": 0, "font": {"size": 11}}
        curve_axes[f"xaxis{panel}"] = {
            "domain": across,
            "anchor": f"y{panel}",
            "range": [0, 1],
            "nticks": 6,
            "title": title,
        }
        curve_axes[f"yaxis{panel}"] = {
            "domain": down,
            "anchor": f"x{panel}",
            "ticklabelposition": "inside top",
            "nticks": 5,
        }
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
    where = {"xref": f"x{panel}", "yref": f"y{panel} domain", "x0": 1.0, "x1": 1.0, "y0": 0, "y1": 1}
    return {"type": "line", **where, "line": {"color": GREY, "width": 2, "dash": "dot"}}


def _headings(explanation: Explanation, trace: Trace, alpha: float) -> list[dict[str, Any]]:
    """Return the headings of the panels, with the numbers at that alpha."""
    point = int(np.searchsorted(trace.alphas, alpha))
    logit, probability, added = trace.logits[point], trace.probabilities[point], trace.cumulative[point]
    texts = (
        (f"<b>Picture at alpha {alpha:.2f}</b>", LEFT, TOP),
        (f"<b>Map so far</b>: adds up to {added:.3g}", RIGHT, TOP),
        (f"<b>Gradient here</b>: mean size {trace.gradient_size[point]:.2g}", LEFT, MIDDLE),
        (f"<b>Score</b>: logit {logit:.3g}, {probability:.1%}", RIGHT, MIDDLE),
        (f"<b>Slope</b> of the {explanation.target.scale}: {trace.slopes[point]:.3g}", LEFT, BOTTOM),
        ("<b>Mean gradient</b> over all pixels", RIGHT, BOTTOM),
    )
    return [heading(text, across, down[1]) for text, across, down in texts]


def _slider(explanation: Explanation, trace: Trace, alphas: Array) -> dict[str, Any]:
    """Return the slider for alpha, which works in the browser, without the server."""
    count = len(alphas)
    moved = list(range(1, 2 + 2 * count))  # the image and both stacks of maps
    steps = []
    for stop, alpha in enumerate(alphas.tolist()):
        seen = [place == stop for _ in range(2) for place in range(count)]
        lines = {f"shapes[{line}].{end}": alpha for line in range(len(CURVE_SPANS)) for end in ("x0", "x1")}
        notes = enumerate(_headings(explanation, trace, alpha))
        texts = {f"annotations[{number}].text": note["text"] for number, note in notes}
        change = {"opacity": [alpha, *[1] * len(seen)], "visible": [True, *seen]}
        steps.append({"method": "update", "label": f"{alpha:.2f}", "args": [change, lines | texts, moved]})
    return slider(steps, count - 1, "alpha ")
