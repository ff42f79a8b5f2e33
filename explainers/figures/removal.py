"""What becomes of the score when pixels are removed or brought back: one figure, moved in the browser alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from explainers.arrays import Array
from explainers.experiments.removal.outcome import MOVED, Curves, RemovalOutcome
from explainers.figures.colours import BLUE, GREEN, GREY, ORANGE, VIOLET
from explainers.figures.parts import Span, axes, encoded, heading, slider, square

LEFT, RIGHT = (0.0, 0.48), (0.52, 1.0)
TOP, BOTTOM = (0.478, 1.0), (0.0, 0.4)
PLACES: tuple[tuple[int, Span], ...] = ((0, LEFT), (1, RIGHT))  # deletion and insertion: a picture over a curve each
CURVE = 2  # the first panel that holds curves
FIRST = 0.2  # share of the pixels that the slider starts at: where most curves have moved and something is still seen
SHADES = {"all": "rgba(138, 143, 152, 0.22)", "half": "rgba(138, 143, 152, 0.34)"}
OTHERS = (GREEN, VIOLET, GREY)
JPEG = 128  # pixels on a side beyond which a picture with holes is a JPEG: single pixels are not seen there


def removal(found: RemovalOutcome, others: Mapping[str, RemovalOutcome]) -> go.Figure:
    """Both pictures at each share of pixels, and both curves with all that they are held against.

    A slider moves all of it. others: the same for other methods by their names, drawn thin.
    """
    shares = found.deletion.shares
    first = int(np.argmin(abs(shares - FIRST)))
    layout = go.Layout(
        shapes=[_marker(CURVE + panel, shares[first]) for panel, _ in PLACES],
        annotations=_headings(found, first),
        sliders=[_slider(found, first)],
        margin={"l": 2, "r": 2, "t": 100, "b": 110},
        legend={"orientation": "h", "x": 0, "y": -0.13, "yanchor": "top", "font": {"size": 11}},
        hovermode="x",
    )
    traces: list[go.Image | go.Scatter] = []
    for (panel, across), side in zip(PLACES, found.sides, strict=True):
        layout.update(square(panel, across, TOP, side.pictures.shape[2:]))
        traces += _frames(side, panel, first)
    low, high = _range(found, others)
    for (panel, across), side in zip(PLACES, found.sides, strict=True):
        layout.update(_axes(side, CURVE + panel, across, (low, high)))
        beside = {name: other.sides[panel] for name, other in others.items()}
        traces += _curves(side, beside, CURVE + panel)
    return go.Figure(traces, layout)


def _frames(side: Curves, panel: int, first: int) -> list[go.Image]:
    """One picture a share, the first in sight."""
    kind: Literal["png", "jpeg"] = "png" if max(side.pictures.shape[2:]) <= JPEG else "jpeg"
    return [
        go.Image(source=encoded(levels / 255, kind), visible=stop == first, hoverinfo="skip", **axes(panel))
        for stop, levels in enumerate(side.pictures)
    ]


def _curves(side: Curves, others: Mapping[str, Curves], panel: int) -> list[go.Scatter]:
    """The null as a band, and over it the curves."""
    low, quarter, three, high = np.quantile(side.moved, [0, 0.25, 0.75, 1], axis=0)
    thin = {"width": 1.5}
    lines: list[tuple[str, Array, dict[str, Any], dict[str, Any]]] = [
        ("", high, {"width": 0}, {}),
        (f"the map in {MOVED} wrong places", low, {"width": 0}, {"fill": "tonexty", "fillcolor": SHADES["all"]}),
        ("", three, {"width": 0}, {}),
        ("their middle half", quarter, {"width": 0}, {"fill": "tonexty", "fillcolor": SHADES["half"]}),
        ("a blob in the middle", side.centre, {"color": ORANGE, **thin}, {}),
        ("random pixels", side.random, {"color": GREY, "dash": "dot", **thin}, {}),
    ]
    lines += [
        (name, other.map, {"color": OTHERS[number % len(OTHERS)], "dash": "dash", **thin}, {})
        for number, (name, other) in enumerate(others.items())
    ]
    drawn = [
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
            **more,
            **axes(panel),
        )
        for name, values, line, more in lines
    ]
    mine = go.Scatter(x=side.shares, y=side.fine, name="this map", mode="lines", line={"color": BLUE, "width": 3.5})
    return [*drawn, mine.update(legendgroup="map", showlegend=not side.rising, hovertemplate="%{y:.3g}", **axes(panel))]


def _range(found: RemovalOutcome, others: Mapping[str, RemovalOutcome]) -> tuple[float, float]:
    """Of all scores, with some room: one scale for both, so that they can be compared."""
    scores = [side.scores for each in (found, *others.values()) for side in each.sides]
    low, high = min(float(each.min()) for each in scores), max(float(each.max()) for each in scores)
    room = 0.04 * (high - low) or 0.1
    return low - room, high + room


def _axes(side: Curves, panel: int, across: Span, reach: tuple[float, float]) -> dict[str, Any]:
    number, small = panel + 1, {"tickfont": {"size": 10}, "fixedrange": True}
    text = {"text": f"pixels {'brought back' if side.rising else 'removed'}", "standoff": 2, "font": {"size": 11}}
    x = {"domain": across, "anchor": f"y{number}", "range": [0, 1], "nticks": 6, "tickformat": ".0%", "title": text}
    y = {"domain": BOTTOM, "anchor": f"x{number}", "range": reach, "nticks": 6, "ticklabelposition": "inside top"}
    y["tickformat"] = ".0%" if side.scale == "probability" else ""
    return {f"xaxis{number}": x | small, f"yaxis{number}": y | small}


def _marker(panel: int, share: float) -> dict[str, Any]:
    """The line that shows where the slider is."""
    where = {"xref": f"x{panel + 1}", "yref": f"y{panel + 1} domain", "x0": share, "x1": share, "y0": 0, "y1": 1}
    return {"type": "line", **where, "line": {"color": GREY, "width": 2, "dash": "dot"}}


def _headings(found: RemovalOutcome, stop: int) -> list[dict[str, Any]]:
    """What the panels show at that stop."""
    notes = []
    for (_, across), side in zip(PLACES, found.sides, strict=True):
        share = side.shares[stop]
        score = f"{side.fine[stop]:.1%}" if side.scale == "probability" else f"{side.fine[stop]:.3g}"
        notes.append(
            heading(f"<b>{side.name}</b>: {_percent(share)} {'back' if side.rising else 'removed'}", across, TOP[1])
        )
        notes.append(heading(f"<b>{side.scale.capitalize()}</b>: {score}", across, BOTTOM[1]))
    return notes


def _percent(share: float) -> str:
    return f"{share:.0%}" if share in (0, 1) or share > 0.095 else f"{share:.1%}"


def _slider(found: RemovalOutcome, first: int) -> dict[str, Any]:
    """The share of pixels, in the browser alone."""
    shares = found.deletion.shares.tolist()
    steps = []
    for stop, share in enumerate(shares):
        seen = [place == stop for _ in PLACES for place in range(len(shares))]
        lines = {f"shapes[{line}].{end}": share for line in range(len(PLACES)) for end in ("x0", "x1")}
        texts = {f"annotations[{number}].text": note["text"] for number, note in enumerate(_headings(found, stop))}
        moved = list(range(len(seen)))
        steps.append({"method": "update", "label": _percent(share), "args": [{"visible": seen}, lines | texts, moved]})
    return slider(steps, first, "pixels removed, or brought back: ")
