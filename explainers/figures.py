"""Arrays in, Plotly figures out."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from PIL import Image
from plotly.colors import sample_colorscale, unlabel_rgb

from explainers.classifiers import Prediction
from explainers.explanation import Array, Explanation, reduce

COLOURS = {
    "inferno": "Inferno",
    "viridis": "Viridis",
    "0 white, 1 black": "Greys",
    "jet": "Jet",
    "blue to red": "RdBu_r",
}
OVERLAYS = ("map on picture", "picture on map")
GRIDS = ("bilinear", "as computed")
BLUE, ORANGE, GREY = "#2f86c8", "#dd7a1a", "#8a8f98"  # told apart by colour-blind eyes, on white and on black
CORNERS = (
    ((0.0, 0.49), (0.53, 1.0)),
    ((0.51, 1.0), (0.53, 1.0)),
    ((0.0, 0.49), (0.0, 0.47)),
    ((0.51, 1.0), (0.0, 0.47)),
)


@dataclass(frozen=True)
class Look:
    """How a map is drawn; none of it changes what was computed.

    colours: a key of COLOURS.
    clip:    percentile of the map's magnitudes that gets the strongest colour.
    grid:    one of GRIDS: how a coarse map is scaled up.
    overlay: one of OVERLAYS: the map over the picture, transparent at zero; or the picture over the map, at .4.
    """

    colours: str = "inferno"
    clip: float = 99.0
    grid: str = "bilinear"
    overlay: str = "map on picture"


def panels(explanation: Explanation, look: Look) -> go.Figure:
    """Picture, baseline, map and overlay, two by two, with one zoom; without a baseline, the picture through the map.

    Signed maps are drawn symmetric about zero, the others from zero.
    """
    heat, (height, width) = explanation.heat, explanation.picture.shape[1:]
    peak = float(np.percentile(np.abs(heat), look.clip)) or float(np.abs(heat).max()) or 1.0
    drawn = heat if look.grid == "bilinear" else reduce(explanation.values, explanation.reduction)
    low, stops = -peak if explanation.signed else 0.0, _stops(look.colours)
    over = look.overlay == "map on picture"
    cells = {"x0": width / drawn.shape[1] / 2 - 0.5, "dx": width / drawn.shape[1]}
    cells |= {"y0": height / drawn.shape[0] / 2 - 0.5, "dy": height / drawn.shape[0]}

    def heatmap(corner: int, colours: Any, **rest: Any) -> go.Heatmap:
        hover = "%{z:.3g}<extra></extra>"
        return go.Heatmap(
            z=drawn, colorscale=colours, zmin=low, zmax=peak, hovertemplate=hover, **cells, **_axes(corner), **rest
        )

    bar = {"orientation": "h", "y": -0.01, "yanchor": "top", "thickness": 10, "title": _unit(explanation), "nticks": 5}
    second = (
        ("Baseline", explanation.baselines[0])
        if explanation.baselines is not None
        else (
            "Picture through the map",
            explanation.picture * np.clip(np.abs(heat) / peak, 0, 1),
        )
    )
    traces = [
        _photo(explanation.picture, 0),
        _photo(second[1], 1),
        heatmap(2, stops, colorbar=bar),
        _photo(explanation.picture, 3),
        heatmap(
            3, _fading(stops, explanation.signed) if over else stops, showscale=False, opacity=0.9 if over else 0.6
        ),
    ]
    titles = ("What the classifier sees", second[0], "Attribution map", "Overlay")
    return go.Figure(traces, _square_layout(titles, height, width, _slider(over)))


def answer(predictions: Sequence[Prediction], chosen: int, ink: str) -> go.Figure:
    """Bars for the likeliest classes, the chosen one in colour. Each row can be clicked on its whole length.

    ink: the page's text colour.
    """
    rows = list(reversed(predictions))
    labels = [row.label for row in rows]
    share = [row.probability for row in rows]
    text = [f"{row.label}  {row.probability:.1%}" for row in rows]
    track = go.Bar(
        x=[1.0] * len(rows),
        y=labels,
        orientation="h",
        marker_color="rgba(128,128,128,0.12)",
        hoverinfo="none",  # shows nothing but hears clicks, which "skip" doesn't
    )
    bars = go.Bar(
        x=share,
        y=labels,
        orientation="h",
        marker_color=[BLUE if row.index == chosen else GREY for row in rows],
        opacity=0.55,
        customdata=[row.logit for row in rows],
        hovertemplate="%{y}: %{x:.2%}, logit %{customdata:.2f}<extra></extra>",
    )
    words = go.Scatter(
        x=[0.015] * len(rows),
        y=labels,
        text=text,
        mode="text",
        textposition="middle right",
        hoverinfo="skip",
        textfont_color=ink,
    )
    still = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
    figure = go.Figure([track.update(still), bars.update(still), words])
    figure.update_layout(
        barmode="overlay",
        bargap=0.25,
        showlegend=False,
        height=34 * len(rows) + 10,
        margin={"l": 0, "r": 0, "t": 4, "b": 4},
        xaxis={"visible": False, "range": [0, 1], "fixedrange": True},
        yaxis={"visible": False, "fixedrange": True},
        dragmode=False,
    )
    return figure


def saturation(explanation: Explanation) -> dict[str, go.Figure]:
    """Three curves over alpha, from the baseline (0) to the picture (1), by title; none without a path.

    The score with the integral of its slope, which meets it where the map is complete; the slope; the mean gradient.
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
    traces = [
        go.Scatter(x=alphas, y=values, name=name, mode="lines", line=style, hovertemplate="%{y:.3g}")
        for (name, values), style in zip(lines, styles, strict=False)
    ]
    figure = go.Figure(traces)
    figure.update_layout(
        height=250,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        hovermode="x unified",
        showlegend=len(lines) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        xaxis={"title": "alpha", "range": [0, 1]},
        yaxis={"zeroline": True},
    )
    return figure


def _square_layout(titles: Sequence[str], height: int, width: int, slider: dict[str, Any]) -> go.Layout:
    """Four panels whose axes follow the first pair, in pixels, top down."""
    axes: dict[str, Any] = {}
    for corner, (across, down) in enumerate(CORNERS):
        number = str(corner + 1) if corner else ""
        shared = {"visible": False, "constrain": "domain"}
        axes[f"xaxis{number}"] = {**shared, "domain": across, "anchor": f"y{number}", "range": [-0.5, width - 0.5]}
        axes[f"yaxis{number}"] = {**shared, "domain": down, "anchor": f"x{number}", "range": [height - 0.5, -0.5]}
        axes[f"xaxis{number}"] |= {"matches": "x"} if corner else {}
        axes[f"yaxis{number}"] |= {"matches": "y"} if corner else {"scaleanchor": "x", "scaleratio": 1}
    notes = [
        {"text": title, "x": sum(across) / 2, "y": down[1], "xref": "paper", "yref": "paper", "yanchor": "bottom"}
        | {"xanchor": "center", "showarrow": False, "font": {"size": 13}}
        for title, (across, down) in zip(titles, CORNERS, strict=True)
    ]
    margin = {"l": 0, "r": 0, "t": 22, "b": 118}
    return go.Layout(**axes, annotations=notes, sliders=[slider], margin=margin, dragmode="zoom")


def _slider(over: bool) -> dict[str, Any]:
    """Opacity of the overlay's map, in the browser alone."""
    steps = [
        {
            "method": "restyle",
            "label": f"{share / 10:.1f}",
            "args": [{"opacity": share / 10 if over else 1 - share / 10}, [4]],
        }
        for share in range(11)
    ]
    name = "map" if over else "picture"
    return {
        "active": 9 if over else 4,
        "steps": steps,
        "currentvalue": {"prefix": f"Overlay: opacity of the {name} ", "font": {"size": 12}},
        "pad": {"t": 62},
        "ticklen": 3,
        "font": {"size": 10},
    }


def _axes(corner: int) -> dict[str, str]:
    number = str(corner + 1) if corner else ""
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def _photo(picture: Array, corner: int) -> go.Image:
    """(C, H, W) in pixel units as an image trace; PNG where single pixels are seen, JPEG for larger pictures."""
    levels = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    image, stream = Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels).convert("RGB"), io.BytesIO()
    kind = "png" if max(image.size) <= 128 else "jpeg"
    image.save(stream, kind, **({"quality": 92} if kind == "jpeg" else {}))
    source = f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"
    return go.Image(source=source, hoverinfo="skip", **_axes(corner))


def _unit(explanation: Explanation) -> dict[str, Any]:
    return {"text": explanation.facts["unit"], "side": "bottom", "font": {"size": 12}}


def _stops(colours: str) -> list[tuple[float, str]]:
    """A colour scale as 33 stops (position, rgb)."""
    places = np.linspace(0, 1, 33)
    return list(zip(places.tolist(), sample_colorscale(COLOURS[colours], places), strict=True))


def _fading(stops: list[tuple[float, str]], signed: bool) -> list[tuple[float, str]]:
    """The same colours, transparent at zero and opaque at the ends."""

    def rgba(place: float, colour: str) -> str:
        alpha = abs(2 * place - 1) if signed else place
        return f"rgba{(*unlabel_rgb(colour), round(alpha, 3))}"

    return [(place, rgba(place, colour)) for place, colour in stops]
