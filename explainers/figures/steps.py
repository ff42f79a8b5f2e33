"""How many steps are enough: maps of many step counts, and what each is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from explainers.explanation import Explanation, reduce
from explainers.figures.colours import BLUE, GREEN, GREY, ORANGE, VIOLET, peak, scale, whole
from explainers.figures.map import Look
from explainers.figures.parts import WHOLE, axes, heading, square
from explainers.paths.step_grid import StepGrid
from explainers.paths.trace import SETTLED_CHANGE, SETTLED_GAP, Level

TICKS = (0.001, 0.01, 0.1, 1, 2, 5, 10, 20, 50, 100)  # per cent
INKS = {
    "trapezoid": BLUE,
    "midpoint": ORANGE,
    "left": GREEN,
    "right": VIOLET,
    "gauss-legendre": GREY,
}


def by_steps(explanation: Explanation, grid: StepGrid, look: Look) -> go.Figure:
    """The trapezoid rule's map at each level of the grid, on one colour scale; a slider chooses, in the browser."""
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
    notes = [heading(_worth(level), WHOLE, 1.0) for level in grid.levels("trapezoid")]
    slides = [
        {
            "method": "update",
            "label": str(steps),
            "args": [
                {"visible": [steps == other for other in grid.steps]},
                {"annotations[0].text": note["text"]},
            ],
        }
        for steps, note in zip(grid.steps, notes, strict=True)
    ]
    bar = {"x": 0.5, "y": -0.01, "yanchor": "top", "len": 0.8}
    return go.Figure(
        traces,
        go.Layout(
            **square(0, WHOLE, WHOLE, (heats[0].shape[0], heats[0].shape[1])),
            coloraxis=scale(look.colours, strongest, signed=explanation.signed, **bar),
            annotations=notes[-1:],
            sliders=[_slider(slides)],
            margin={"l": 2, "r": 2, "t": 24, "b": 124},
        ),
    )


def _worth(level: Level) -> str:
    """What a map is worth, in a line."""
    parts = [f"{level.points} points"]
    parts += [f"changed by {level.change:.1%}"] if level.change is not None else []
    return ", ".join(parts + ([f"gap {level.gap:.1%}"] if level.gap is not None else []))


def _slider(slides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "active": len(slides) - 1,
        "steps": slides,
        "currentvalue": {"prefix": "Map by so many steps: ", "font": {"size": 13}},
        "pad": {"t": 48},
        "ticklen": 3,
        "font": {"size": 11},
    }


def convergence(worth: Mapping[str, Sequence[Level]], steps: Mapping[str, Sequence[int]]) -> go.Figure:
    """Change of the map and completeness gap against steps, for several rules: {rule: levels}, {rule: their steps}.

    Both in per cent, on logarithmic axes; a gap that isn't judged is left out.
    """
    traces: list[go.Scatter] = []
    for rule, levels in worth.items():
        for kind, dash, width, percent in (
            ("change", "solid", 2.5, [_percent(level.change) for level in levels]),
            ("gap", "dot", 1.5, [_percent(level.gap) for level in levels]),
        ):
            traces.append(
                go.Scatter(
                    x=list(steps[rule]),
                    y=percent,
                    name=f"{rule}: {kind}",
                    legendgroup=kind,
                    mode="lines+markers",
                    line={"color": INKS[rule], "dash": dash, "width": width},
                    marker={"size": 6, "symbol": "circle" if kind == "change" else "circle-open"},
                    hovertemplate=f"{rule}, %{{x}} steps: {kind} %{{y:.2f}} %<extra></extra>",
                )
            )
    ticks = sorted({count for counts in steps.values() for count in counts})
    limits = [(SETTLED_CHANGE, "2 %: the map has settled"), (SETTLED_GAP, "5 %: it adds up")]
    return go.Figure(
        traces,
        go.Layout(
            height=430,
            margin={"l": 0, "r": 8, "t": 8, "b": 0},
            xaxis={"title": "steps", "type": "log", "tickvals": ticks, "ticktext": [str(tick) for tick in ticks]},
            yaxis={"title": "per cent", "type": "log", "tickvals": TICKS, "ticktext": [f"{tick:g}" for tick in TICKS]},
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
    """In per cent; nothing where a logarithmic axis has no place for it."""
    return 100 * share if share else None
