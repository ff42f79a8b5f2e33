"""How many steps are enough: maps by numbers of steps, and how accurate they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from explainers.explanation import Explanation, reduce
from explainers.figures.colours import BLUE, GREEN, GREY, ORANGE, VIOLET, peak, scale, whole
from explainers.figures.map import Look
from explainers.figures.parts import FULL_SPAN, axes, heading, square
from explainers.paths.step_grid import StepGrid
from explainers.paths.trace import SETTLED_CHANGE, SETTLED_GAP, Level

PERCENT_TICKS = (0.001, 0.01, 0.1, 1, 2, 5, 10, 20, 50, 100)  # of the axis in per cent
RULE_COLOURS = {
    "trapezoid": BLUE,
    "midpoint": ORANGE,
    "left": GREEN,
    "right": VIOLET,
    "gauss-legendre": GREY,
}


def by_steps(explanation: Explanation, grid: StepGrid, look: Look) -> go.Figure:
    """Draw the trapezoid rule's map at each level of the grid, on one colour scale; a slider chooses in the browser."""
    heats = [reduce(grid.values("trapezoid", steps), explanation.reduction) for steps in grid.steps]
    strongest = peak(heats[-1], look.clip)
    traces = [
        go.Heatmap(
            z=whole(heat, strongest),
            coloraxis="coloraxis",
            hoverinfo="skip",
            visible=steps == grid.steps[-1],
            **axes(0),
        )
        for steps, heat in zip(grid.steps, heats, strict=True)
    ]
    notes = [heading(_accuracy(level), FULL_SPAN, 1.0) for level in grid.levels("trapezoid")]
    slider_steps = [
        {
            "method": "update",
            "label": str(steps),
            "args": [
                {"visible": [steps == shown_steps for shown_steps in grid.steps]},
                {"annotations[0].text": note["text"]},
            ],
        }
        for steps, note in zip(grid.steps, notes, strict=True)
    ]
    bar = {"x": 0.5, "y": -0.01, "yanchor": "top", "len": 0.8}
    return go.Figure(
        traces,
        go.Layout(
            **square(0, FULL_SPAN, FULL_SPAN, (heats[0].shape[0], heats[0].shape[1])),
            coloraxis=scale(look.colours, strongest, signed=explanation.signed, **bar),
            annotations=notes[-1:],
            sliders=[_slider(slider_steps)],
            margin={"l": 2, "r": 2, "t": 24, "b": 124},
        ),
    )


def _accuracy(level: Level) -> str:
    """Describe in one line how accurate a map is."""
    parts = [f"{level.points} points"]
    parts += [f"changed by {level.change:.1%}"] if level.change is not None else []
    return ", ".join(parts + ([f"gap {level.gap:.1%}"] if level.gap is not None else []))


def _slider(slider_steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the slider that chooses a level; it starts at the last."""
    return {
        "active": len(slider_steps) - 1,
        "steps": slider_steps,
        "currentvalue": {"prefix": "Map by so many steps: ", "font": {"size": 13}},
        "pad": {"t": 48},
        "ticklen": 3,
        "font": {"size": 11},
    }


def convergence(levels_by_rule: Mapping[str, Sequence[Level]], steps_by_rule: Mapping[str, Sequence[int]]) -> go.Figure:
    """Draw the change of the map and the completeness gap against the number of steps, for several rules.

    Both are in per cent, on logarithmic axes; gaps that aren't judged are left out.

    levels_by_rule, steps_by_rule: the levels of each rule, and how many steps each of them has.
    """
    traces: list[go.Scatter] = []
    for rule, levels in levels_by_rule.items():
        for kind, dash, width, percent in (
            ("change", "solid", 2.5, [_percent(level.change) for level in levels]),
            ("gap", "dot", 1.5, [_percent(level.gap) for level in levels]),
        ):
            traces.append(
                go.Scatter(
                    x=list(steps_by_rule[rule]),
                    y=percent,
                    name=f"{rule}: {kind}",
                    legendgroup=kind,
                    mode="lines+markers",
                    line={"color": RULE_COLOURS[rule], "dash": dash, "width": width},
                    marker={"size": 6, "symbol": "circle" if kind == "change" else "circle-open"},
                    hovertemplate=f"{rule}, %{{x}} steps: {kind} %{{y:.2f}} %<extra></extra>",
                )
            )
    ticks = sorted({count for counts in steps_by_rule.values() for count in counts})
    limits = [(SETTLED_CHANGE, "2%: the map has settled"), (SETTLED_GAP, "5%: it adds up")]
    return go.Figure(
        traces,
        go.Layout(
            height=430,
            margin={"l": 0, "r": 8, "t": 8, "b": 0},
            xaxis={"title": "steps", "type": "log", "tickvals": ticks, "ticktext": [str(tick) for tick in ticks]},
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
            ],
            annotations=[
                {"text": text, "xref": "paper", "x": 1, "xanchor": "right", "y": math.log10(100 * limit)}
                | {"yanchor": "bottom", "showarrow": False, "font": {"size": 11}}
                for limit, text in limits
            ],
        ),
    )


def _percent(share: float | None) -> float | None:
    """Convert a share to per cent; None for 0, which a logarithmic axis can't show."""
    return 100 * share if share else None
