"""How a map comes about on the way from the baseline: one figure, moved by alpha in the browser alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.explanation import SCALES, Explanation, Scale, reduce
from explainers.figures.colours import BLUE, GREY, ORANGE, peak, scale, whole
from explainers.figures.map import Look
from explainers.figures.parts import Span, axes, encoded, heading, slider, square
from explainers.paths.trace import Trace

LEFT, RIGHT = (0.0, 0.48), (0.52, 1.0)
TOP, MIDDLE, BOTTOM = (0.695, 1.0), (0.3, 0.605), (0.0, 0.205)
CURVES = {4: (RIGHT, MIDDLE), 5: (LEFT, BOTTOM), 6: (RIGHT, BOTTOM)}  # axes of score, slope and mean gradient


def path(explanation: Explanation, look: Look) -> go.Figure:
    """Picture, gradient and map so far at each stop on the path, and the curves that lead there.

    A slider moves all of them. The picture is the image over the baseline with opacity alpha; the maps are one trace of
    whole numbers for each stop (`parts.whole`), of which one is seen. Raises ValueError without slices.
    """
    kept, trace, baselines = explanation.slices, explanation.trace, explanation.baselines
    if kept is None or trace is None or baselines is None:
        raise ValueError("nothing was kept of the path: ask for it with `keep`")
    cumulative, gradients = (
        np.stack([reduce(values, explanation.reduction) for values in each])
        for each in (kept.cumulative, kept.gradients)
    )
    strengths = peak(cumulative[-1], look.clip), peak(gradients, look.clip)
    size = explanation.picture.shape[1], explanation.picture.shape[2]
    places = (LEFT, TOP), (RIGHT, TOP), (LEFT, MIDDLE)  # picture, map so far, gradient
    layout = go.Layout(
        shapes=[_marker(panel) for panel in CURVES],
        annotations=_headings(explanation, trace, kept.alphas[-1]),
        sliders=[_slider(explanation, trace, kept.alphas)],
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
        *(go.Image(source=encoded(each), hoverinfo="skip", **axes(0)) for each in (baselines[0], explanation.picture)),
        *_stack(cumulative, strengths[0], 1, "coloraxis"),
        *_stack(gradients, strengths[1], 2, "coloraxis2"),
        *_curves(explanation, trace),
    ]
    return go.Figure(traces, layout)


def _stack(heats: Array, strongest: float, panel: int, coloraxis: str) -> list[go.Heatmap]:
    """One map a stop, the last in sight."""
    return [
        go.Heatmap(z=whole(heat, strongest), coloraxis=coloraxis, hoverinfo="skip", visible=left == 1, **axes(panel))
        for left, heat in zip(range(len(heats), 0, -1), heats, strict=True)
    ]


def _bar(explanation: Explanation, look: Look, strongest: float, across: Span, down: Span) -> dict[str, Any]:
    """The colours of a panel, with a bar under it."""
    place = {"x": sum(across) / 2, "y": down[0] - 0.002, "len": 0.42, "xanchor": "center", "yanchor": "top"}
    return scale(look.colours, strongest, signed=explanation.signed, **place)


def _curves(explanation: Explanation, trace: Trace) -> list[go.Scatter]:
    scale, other = explanation.target.scale, next(s for s in SCALES if s != explanation.target.scale)
    known = {"logit": trace.logits, "probability": trace.probabilities}
    added = (explanation.baseline_score or 0.0) + trace.cumulative
    thick, thin, dashed = {"width": 3}, {"width": 1.5}, {"width": 2, "dash": "dash"}
    lines = (
        (scale, known[scale], "x4", "y4", {"color": BLUE, **thick}),
        ("baseline + attributions so far", added, "x4", "y4", {"color": ORANGE, **dashed}),
        (f"{other} (scale on the right)", known[other], "x4", "y7", {"color": GREY, **thin}),
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
    found: dict[str, Any] = {}
    known, other = (".0%", "") if scale == "probability" else ("", ".0%")
    small = {"tickfont": {"size": 10}, "fixedrange": True}
    for panel, (across, down) in CURVES.items():
        title = {"text": "alpha", "standoff": 0, "font": {"size": 11}}
        found[f"xaxis{panel}"] = {"domain": across, "anchor": f"y{panel}", "range": [0, 1], "nticks": 6, "title": title}
        found[f"yaxis{panel}"] = {"domain": down, "anchor": f"x{panel}", "ticklabelposition": "inside top", "nticks": 5}
    found["yaxis7"] = {**found["yaxis4"], "overlaying": "y4", "side": "right", "tickmode": "auto", "tickformat": other}
    found["yaxis4"] |= {"tickformat": known}
    found["yaxis7"] |= {"showgrid": False, "zeroline": False, "color": GREY}
    return {name: axis | small for name, axis in found.items()}


def _marker(panel: int) -> dict[str, Any]:
    """The line that shows where alpha is."""
    where = {"xref": f"x{panel}", "yref": f"y{panel} domain", "x0": 1.0, "x1": 1.0, "y0": 0, "y1": 1}
    return {"type": "line", **where, "line": {"color": GREY, "width": 2, "dash": "dot"}}


def _headings(explanation: Explanation, trace: Trace, alpha: float) -> list[dict[str, Any]]:
    """What the panels show, with the numbers at that alpha."""
    at = int(np.searchsorted(trace.alphas, alpha))
    logit, probability, added = trace.logits[at], trace.probabilities[at], trace.cumulative[at]
    texts = (
        (f"<b>Picture at alpha {alpha:.2f}</b>", LEFT, TOP),
        (f"<b>Map so far</b>: adds up to {added:.3g}", RIGHT, TOP),
        (f"<b>Gradient here</b>: mean size {trace.gradient_size[at]:.2g}", LEFT, MIDDLE),
        (f"<b>Score</b>: logit {logit:.3g}, {probability:.1%}", RIGHT, MIDDLE),
        (f"<b>Slope</b> of the {explanation.target.scale}: {trace.slopes[at]:.3g}", LEFT, BOTTOM),
        ("<b>Mean gradient</b> over all pixels", RIGHT, BOTTOM),
    )
    return [heading(text, across, down[1]) for text, across, down in texts]


def _slider(explanation: Explanation, trace: Trace, alphas: Array) -> dict[str, Any]:
    """Alpha, in the browser alone."""
    count = len(alphas)
    moved = list(range(1, 2 + 2 * count))  # the image and both stacks of maps
    steps = []
    for stop, alpha in enumerate(alphas.tolist()):
        seen = [place == stop for _ in range(2) for place in range(count)]
        lines = {f"shapes[{line}].{end}": alpha for line in range(len(CURVES)) for end in ("x0", "x1")}
        notes = enumerate(_headings(explanation, trace, alpha))
        texts = {f"annotations[{number}].text": note["text"] for number, note in notes}
        change = {"opacity": [alpha, *[1] * len(seen)], "visible": [True, *seen]}
        steps.append({"method": "update", "label": f"{alpha:.2f}", "args": [change, lines | texts, moved]})
    return slider(steps, count - 1, "alpha ")
