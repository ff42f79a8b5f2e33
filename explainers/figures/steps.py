"""How many points are enough: maps of uniform steps and of adaptive points, and how accurate they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explainers.explanation import Explanation, reduce
from explainers.figures.colours import BLUE, GREEN, GREY, ORANGE, VIOLET, peak, scale, whole
from explainers.figures.map import Look
from explainers.figures.parts import FULL_SPAN, axes, heading, hidden_slider, square
from explainers.paths.step_grid import GridLevel, StepGrid
from explainers.paths.trace import SETTLED_GAP, Level

PERCENT_TICKS = (0.001, 0.01, 0.1, 1, 2, 5, 10, 20, 50, 100)  # of the axis in per cent
RULE_STYLES = {  # colour and symbol; left and right are equally good
    "trapezoid": (BLUE, "circle"),
    "midpoint": (VIOLET, "circle"),
    "left": (GREEN, "triangle-left"),
    "right": (GREEN, "triangle-right"),
    "gauss-legendre": (GREY, "circle"),
    "adaptive": (ORANGE, "circle"),
}


def by_steps(explanation: Explanation, grid: StepGrid, look: Look) -> go.Figure:
    """Draw the map of each number of uniform steps (trapezoid rule), and that of the adaptive points as the last.

    They share one colour scale, and one is visible at a time. A slider that isn't drawn says what each stop shows.
    """
    labels = [*map(str, grid.steps), "adaptive"]
    maps = [*(grid.values("trapezoid", steps) for steps in grid.steps), grid.adaptive]
    heats = [reduce(values, explanation.reduction) for values in maps]
    strongest = peak(heats[-1], look.clip)
    traces = [
        go.Heatmap(
            z=whole(heat, strongest),
            coloraxis="coloraxis",
            hoverinfo="skip",
            visible=label == labels[-1],
            **axes(0),
        )
        for label, heat in zip(labels, heats, strict=True)
    ]
    texts = [*map(_accuracy, grid.levels("trapezoid")), _expected_accuracy(grid.history[-1])]
    notes = [heading(text, FULL_SPAN, 1.0) for text in texts]
    stops = [
        {
            "method": "update",
            "label": label,
            "args": [{"visible": [label == shown for shown in labels]}, {"annotations[0].text": note["text"]}],
        }
        for label, note in zip(labels, notes, strict=True)
    ]
    bar = {"x": 0.5, "y": -0.01, "yanchor": "top", "len": 0.8}
    return go.Figure(
        traces,
        go.Layout(
            **square(0, FULL_SPAN, FULL_SPAN, (heats[0].shape[0], heats[0].shape[1])),
            coloraxis=scale(look.colours, strongest, signed=explanation.signed, **bar),
            annotations=notes[-1:],
            sliders=[hidden_slider(stops, len(stops) - 1)],
            margin={"l": 2, "r": 2, "t": 24, "b": 34},
        ),
    )


def _accuracy(level: GridLevel) -> str:
    """Describe in one line how accurate a map of uniform steps is."""
    return f"{level.points} points, {level.distance:.1%} from the adaptive map{_gap(level.gap)}"


def _expected_accuracy(level: Level) -> str:
    """Describe in one line how accurate the map of the adaptive points is."""
    return f"{level.points} points, error about {level.error:.1%}{_gap(level.gap)}"


def _gap(gap: float | None) -> str:
    return "" if gap is None else f", gap {gap:.1%}"


def convergence(grid: StepGrid, levels_by_rule: Mapping[str, Sequence[GridLevel]]) -> go.Figure:
    """Draw how accurate maps are against their number of points, for rules of uniform steps and for adaptive points.

    Of uniform steps, that is the distance from the adaptive map; of adaptive points, their expected error; and of both,
    the completeness gap. All are in per cent, on logarithmic axes; gaps that aren't judged are left out.
    """
    history = grid.history
    lines = [
        _line("adaptive", "expected error", history, [level.error for level in history]),
        _line("adaptive", "gap", history, [level.gap for level in history]),
    ]
    for rule, levels in levels_by_rule.items():
        lines.append(_line(rule, "distance", levels, [level.distance for level in levels]))
        lines.append(_line(rule, "gap", levels, [level.gap for level in levels]))
    ticks = sorted({level.points for level in levels_by_rule["trapezoid"]})
    limits = [(history[-1].error, "the adaptive map's own error"), (SETTLED_GAP, "5%: it adds up")]
    return go.Figure(
        lines,
        go.Layout(
            height=430,
            margin={"l": 0, "r": 8, "t": 8, "b": 0},
            xaxis={
                "title": "points on the path",
                "type": "log",
                "tickvals": ticks,
                "ticktext": [str(tick) for tick in ticks],
            },
            yaxis={
                "title": "per cent",
                "type": "log",
                "tickvals": PERCENT_TICKS,
                "ticktext": [f"{tick:g}" for tick in PERCENT_TICKS],
            },
            legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0, "font": {"size": 11}},
            shapes=[
                {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 100 * limit, "y1": 100 * limit}
                | {"line": {"color": GREY, "width": 1, "dash": "dash"}}
                for limit, _ in limits
                if _is_drawn(limit)
            ],
            annotations=[
                {"text": text, "xref": "paper", "x": 1, "xanchor": "right", "y": math.log10(100 * limit)}
                | {"yanchor": "top" if limit < SETTLED_GAP else "bottom", "showarrow": False, "font": {"size": 11}}
                for limit, text in limits
                if _is_drawn(limit)
            ],
        ),
    )


def _line(
    name: str, kind: str, levels: Sequence[Level] | Sequence[GridLevel], shares: Sequence[float | None]
) -> go.Scatter:
    is_gap, is_adaptive, (colour, symbol) = kind == "gap", name == "adaptive", RULE_STYLES[name]
    return go.Scatter(
        x=[level.points for level in levels],
        y=[100 * share if share is not None and _is_drawn(share) else None for share in shares],
        name=f"{name}: {kind}",
        legendgroup="gap" if is_gap else "error",
        mode="lines" if is_adaptive else "lines+markers",
        line={"color": colour, "dash": "dot" if is_gap else "solid", "width": (1.5 if is_gap else 2.5) + is_adaptive},
        marker={"size": 6, "symbol": f"{symbol}-open" if is_gap else symbol},
        hovertemplate=f"{name}, %{{x}} points: {kind} %{{y:.2f}}%<extra></extra>",
    )


def _is_drawn(share: float) -> bool:
    """Return whether a logarithmic axis can show a share."""
    return 0 < share < math.inf
