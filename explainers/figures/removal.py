"""The score while pixels are removed or brought back: one figure, whose stops the browser shows without the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.experiments.removal.outcome import MOVED, Curves, RemovalOutcome
from explainers.figures.colours import BLUE, GREEN, GREY, ORANGE, VIOLET
from explainers.figures.parts import FULL_SPAN, Span, axes, encoded, heading, hidden_slider, square

LEFT, RIGHT = (0.05, 0.49), (0.56, 1.0)
TOP, BOTTOM = (0.45, 1.0), (0.0, 0.36)
PANELS: tuple[tuple[int, Span], ...] = ((0, LEFT), (1, RIGHT))  # deletion and insertion: a picture over a curve each
SUMMARY_PANELS: tuple[tuple[int, Span], ...] = ((0, (0.05, 0.46)), (1, (0.57, 0.98)))  # with room for the ends' numbers
FIRST_CURVE_PANEL = 2  # panels 0 and 1 hold pictures
FIRST_SHARE = 0.2  # the stop that is shown first: most curves have moved by then, and something of the picture is left
BAND_COLOURS = {"all": "rgba(138, 143, 152, 0.22)", "half": "rgba(138, 143, 152, 0.34)"}
OTHER_COLOURS = (GREEN, VIOLET, GREY)
JPEG_ABOVE = 128  # pixels on a side: single pixels can't be seen in larger pictures, so these are JPEGs


def removal(outcome: RemovalOutcome, others: Mapping[str, RemovalOutcome]) -> go.Figure:
    """Draw both pictures at each share of pixels, and both curves with those that they are compared with.

    A slider that isn't drawn says what each stop shows.
    others: the outcomes of other methods by name, whose curves are drawn thin.
    """
    shares = outcome.deletion.shares
    first = int(np.argmin(abs(shares - FIRST_SHARE)))
    layout = go.Layout(
        shapes=[_marker(FIRST_CURVE_PANEL + panel, shares[first]) for panel, _ in PANELS],
        annotations=_headings(outcome, first),
        sliders=[_stops(outcome, first)],
        margin={"l": 2, "r": 18, "t": 22, "b": 84},
        legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "font": {"size": 11}},
        hovermode="x",
    )
    traces: list[go.Image | go.Scatter] = []
    for (panel, across), side in zip(PANELS, outcome.sides, strict=True):
        layout.update(square(panel, across, TOP, side.pictures.shape[2:]))
        traces += _frames(side, panel, first)
    low, high = _range(outcome, others)
    for (panel, across), side in zip(PANELS, outcome.sides, strict=True):
        layout.update(_axes(side, FIRST_CURVE_PANEL + panel, across, BOTTOM, (low, high)))
        other_curves = {name: other.sides[panel] for name, other in others.items()}
        traces += _curves(side, other_curves, FIRST_CURVE_PANEL + panel)
    return go.Figure(traces, layout)


def removal_summary(outcome: RemovalOutcome) -> go.Figure:
    """Draw both curves with those that they are compared with, small and without pictures."""
    layout = go.Layout(
        annotations=[
            heading(f"<b>{side.name}</b>: beats {side.beaten} of {MOVED} copies", across, 1.0) | {"font": {"size": 11}}
            for (_, across), side in zip(SUMMARY_PANELS, outcome.sides, strict=True)
        ],
        margin={"l": 2, "r": 16, "t": 18, "b": 24},
        showlegend=False,
        hovermode="x",
    )
    traces: list[go.Scatter] = []
    few_ticks = {"title": None, "tickvals": [0, 0.5, 1]}
    for (panel, across), side in zip(SUMMARY_PANELS, outcome.sides, strict=True):
        layout.update(_axes(side, panel, across, FULL_SPAN, _range(outcome, {})))
        number = str(panel + 1) if panel else ""
        layout.update({f"xaxis{number}": few_ticks, f"yaxis{number}": {"nticks": 4}})
        traces += _curves(side, {}, panel)
    return go.Figure(traces, layout)


def _frames(side: Curves, panel: int, first: int) -> list[go.Image]:
    """Draw one picture per share; that with the index `first` is visible."""
    kind: Literal["png", "jpeg"] = "png" if max(side.pictures.shape[2:]) <= JPEG_ABOVE else "jpeg"
    return [
        go.Image(source=encoded(levels / 255, kind), visible=stop == first, hoverinfo="skip", **axes(panel))
        for stop, levels in enumerate(side.pictures)
    ]


def _curves(side: Curves, others: Mapping[str, Curves], panel: int) -> list[go.Scatter]:
    """Draw the moved maps' curves as a band, and the other curves over it."""
    low, quarter, three_quarters, high = np.quantile(side.moved, [0, 0.25, 0.75, 1], axis=0)
    thin = {"width": 1.5}
    lines: list[tuple[str, Array, dict[str, Any], dict[str, Any]]] = [
        ("", high, {"width": 0}, {}),
        (
            f"the map moved to {MOVED} wrong places",
            low,
            {"width": 0},
            {"fill": "tonexty", "fillcolor": BAND_COLOURS["all"]},
        ),
        ("", three_quarters, {"width": 0}, {}),
        ("half of these", quarter, {"width": 0}, {"fill": "tonexty", "fillcolor": BAND_COLOURS["half"]}),
        ("a blob in the middle", side.centre, {"color": ORANGE, **thin}, {}),
        ("random pixels", side.random, {"color": GREY, "dash": "dot", **thin}, {}),
    ]
    lines += [
        (name, other.map, {"color": OTHER_COLOURS[number % len(OTHER_COLOURS)], "dash": "dash", **thin}, {})
        for number, (name, other) in enumerate(others.items())
    ]
    traces = [
        go.Scatter(
            x=side.compared,
            y=values,
            name=name,
            mode="lines",
            line=line,
            legendgroup=name,
            showlegend=bool(name) and not side.rising,
            hoverinfo="skip" if line["width"] == 0 else "all",
            hovertemplate=None if line["width"] == 0 else "%{y:.3g}",
            **fill,
            **axes(panel),
        )
        for name, values, line, fill in lines
    ]
    map_curve = go.Scatter(
        x=side.shares, y=side.fine, name="this map", mode="lines", line={"color": BLUE, "width": 3.5}
    )
    return [
        *traces,
        map_curve.update(legendgroup="map", showlegend=not side.rising, hovertemplate="%{y:.3g}", **axes(panel)),
    ]


def _range(outcome: RemovalOutcome, others: Mapping[str, RemovalOutcome]) -> tuple[float, float]:
    """Return the range of all scores with some room: both panels share it, so that they can be compared."""
    scores = [side.scores for shown in (outcome, *others.values()) for side in shown.sides]
    low, high = min(float(values.min()) for values in scores), max(float(values.max()) for values in scores)
    room = 0.04 * (high - low) or 0.1
    return low - room, high + room


def _axes(side: Curves, panel: int, across: Span, down: Span, reach: tuple[float, float]) -> dict[str, Any]:
    """Return the axes of a panel of curves; `reach` is the range of the scores."""
    number = str(panel + 1) if panel else ""
    small = {"tickfont": {"size": 10}, "fixedrange": True, "automargin": False}
    text = {"text": f"pixels {'brought back' if side.rising else 'removed'}", "standoff": 2, "font": {"size": 11}}
    x = {"domain": across, "anchor": f"y{number}", "range": [0, 1], "nticks": 6, "tickformat": ".0%", "title": text}
    y = {"domain": down, "anchor": f"x{number}", "range": reach, "nticks": 6}
    y["tickformat"] = ".0%" if side.scale == "probability" else ""
    return {f"xaxis{number}": x | small, f"yaxis{number}": y | small}


def _marker(panel: int, share: float) -> dict[str, Any]:
    """Return the vertical line that marks the slider's share in a panel."""
    where = {"xref": f"x{panel + 1}", "yref": f"y{panel + 1} domain", "x0": share, "x1": share, "y0": 0, "y1": 1}
    return {"type": "line", **where, "line": {"color": GREY, "width": 2, "dash": "dot"}}


def _headings(outcome: RemovalOutcome, stop: int) -> list[dict[str, Any]]:
    """Return the headings of the panels at a stop of the slider."""
    notes = []
    for (_, across), side in zip(PANELS, outcome.sides, strict=True):
        share = side.shares[stop]
        score = f"{side.fine[stop]:.1%}" if side.scale == "probability" else f"{side.fine[stop]:.3g}"
        notes.append(
            heading(f"<b>{side.name}</b>: {_percent(share)} {'back' if side.rising else 'removed'}", across, TOP[1])
        )
        notes.append(heading(f"<b>{side.scale.capitalize()}</b>: {score}", across, BOTTOM[1]))
    return notes


def _percent(share: float) -> str:
    return f"{share:.0%}" if share in (0, 1) or share > 0.095 else f"{share:.1%}"


def _stops(outcome: RemovalOutcome, first: int) -> dict[str, Any]:
    """Return the slider for the share of pixels that isn't drawn."""
    shares = outcome.deletion.shares.tolist()
    steps = []
    for stop, share in enumerate(shares):
        seen = [place == stop for _ in PANELS for place in range(len(shares))]
        lines = {f"shapes[{line}].{end}": share for line in range(len(PANELS)) for end in ("x0", "x1")}
        texts = {f"annotations[{number}].text": note["text"] for number, note in enumerate(_headings(outcome, stop))}
        moved = list(range(len(seen)))
        steps.append({"method": "update", "label": _percent(share), "args": [{"visible": seen}, lines | texts, moved]})
    return hidden_slider(steps, first)
