"""Many maps side by side with a common zoom, each with its title above and its proof below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.explanation import Explanation
from explainers.figures.colours import peak, stops
from explainers.figures.comparison_layout import SMALL_FONT, Tiling, wrapped
from explainers.figures.parts import Span, axes, cells, encoded, square

SLIDER_HEIGHT = 76  # room for the slider under the tiles


@dataclass(frozen=True, eq=False)
class Tile:
    """One tile: a map, or the reason why there is none.

    line: the proof under the map; without a map, the reason.
    """

    title: str
    line: str
    explanation: Explanation | None = None


@dataclass(frozen=True)
class Tints:
    """How the maps are drawn: colours (keys of COLOURS) for unsigned and for signed maps, and one scale or many.

    clip:   percentile of a map's magnitudes that gets the strongest colour.
    shared: whether a colour means the same number in all tiles.
    """

    unsigned: str = "inferno"
    signed: str = "blue to red"
    clip: float = 99.0
    shared: bool = False


def comparison(tiles: Sequence[Tile], columns: int, tints: Tints) -> go.Figure:
    """Draw the tiles row by row, in the photo's own pixels, so that classifiers of any size can be zoomed together.

    A slider sets the maps' opacity over the grey photo, in the browser, without the server.
    """
    maps = [tile.explanation for tile in tiles if tile.explanation]
    units = [unit(maps)] if tints.shared else [unit([explanation]) for explanation in maps]
    tiling = Tiling(columns, -(-len(tiles) // columns), not tints.shared, units)
    limits, layout = ranges(maps, tints), go.Layout(width=tiling.width, height=tiling.height + SLIDER_HEIGHT)
    layout.update(margin={"l": 0, "r": 0, "t": 0, "b": SLIDER_HEIGHT}, dragmode="zoom", hovermode="closest")
    traces: list[go.Heatmap] = []
    notes, frames, photos = [], [], []
    for number, tile in enumerate(tiles):
        across, down = tiling.tile(number)
        notes.append(_note(f"<b>{wrapped(tile.title, tiling.side / 1.15, 2)}</b>", across, down[1], "bottom", 12))
        if (shown := tile.explanation) is None:
            reason = wrapped(tile.line, tiling.side - 16, tiling.side // 15)
            notes.append(_note(reason, across, sum(down) / 2, "middle", SMALL_FONT))
            frames.append(_frame(across, down))
            continue
        panel = len(traces)  # the other panels follow the zoom of the first one drawn
        low, high = limits[panel]
        colours = tints.signed if low < 0 else tints.unsigned
        bar = None
        if not tints.shared or not panel:
            bar = tiling.bar(number, low, high, units[panel])
        traces.append(tile_trace(shown, panel, colours, low, high, bar))
        photos.append(underlay(shown, panel))
        notes.append(_note(wrapped(tile.line, tiling.side, 2), across, down[0], "top", SMALL_FONT))
        layout.update(square(panel, across, down, (1, 1)))
    layout.update(annotations=notes, shapes=frames, images=photos, **view(maps))
    if traces:
        layout.update(sliders=[_opacity(list(range(len(traces))))])
    return go.Figure(traces, layout)


def ranges(maps: Sequence[Explanation], tints: Tints) -> list[Span]:
    """Return the numbers at the ends of each map's colours: symmetric about zero for signed maps, else from zero.

    On a shared scale, one signed map makes the range of all symmetric, and maps of zeros are left out.
    """
    peaks = [peak(explanation.heat, tints.clip) for explanation in maps]
    signed = [explanation.signed for explanation in maps]
    if tints.shared:
        strongest = max(
            (size for explanation, size in zip(maps, peaks, strict=True) if explanation.heat.any()), default=1.0
        )
        peaks, signed = [strongest] * len(maps), [any(signed)] * len(maps)
    return [(-size if is_signed else 0.0, size) for size, is_signed in zip(peaks, signed, strict=True)]


def tile_trace(
    explanation: Explanation, panel: int, colours: str, low: float, high: float, bar: Any = None
) -> go.Heatmap:
    """Draw a map in the photo's pixels; `bar` is its colour bar, if it has one."""
    hover = "%{z:.3g}<extra></extra>"
    scale: dict[str, Any] = {"colorscale": stops(colours), "zmin": low, "zmax": high, "showscale": bar is not None}
    scale |= {"colorbar": bar} if bar else {}
    return go.Heatmap(
        z=explanation.heat, hovertemplate=hover, **cells(explanation.box, explanation.heat), **scale, **axes(panel)
    )


def underlay(explanation: Explanation, panel: int) -> dict[str, Any]:
    """Return the image under a map: what the classifier sees, in grey."""
    left, top, right, bottom = explanation.box
    grey = np.broadcast_to(explanation.picture.mean(0), (3, *explanation.picture.shape[1:]))
    panel_axes = axes(panel)
    return {
        "source": encoded(grey, "jpeg"),
        "xref": panel_axes["xaxis"],
        "yref": panel_axes["yaxis"],
        "x": left,
        "y": top,
        "sizex": right - left,
        "sizey": bottom - top,
        "sizing": "stretch",
        "layer": "below",
    }


def view(maps: Iterable[Explanation]) -> dict[str, Any]:
    """Return the ranges of all panels' axes: the part of the photo that at least one of the maps shows."""
    boxes = [explanation.box for explanation in maps]
    if not boxes:
        return {}
    left, top = (min(box[side] for box in boxes) for side in (0, 1))
    right, bottom = (max(box[side] for box in boxes) for side in (2, 3))
    axis_ranges: dict[str, Any] = {}
    for panel in range(len(boxes)):
        number = str(panel + 1) if panel else ""
        axis_ranges[f"xaxis{number}_range"], axis_ranges[f"yaxis{number}_range"] = [left, right], [bottom, top]
    return axis_ranges


def unit(maps: Iterable[Explanation]) -> str:
    """Return the unit of the maps' numbers in words."""
    units = dict.fromkeys(explanation.facts.unit for explanation in maps)
    return next(iter(units)).text if len(units) == 1 else "each in its own unit"


def _note(text: str, across: Span, y: float, anchor: str, size: int) -> dict[str, Any]:
    place = {"x": sum(across) / 2, "y": y, "xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": anchor}
    return {"text": text, **place, "showarrow": False, "font": {"size": size}, "borderpad": 2}


def _frame(across: Span, down: Span) -> dict[str, Any]:
    """Return the dotted frame of a tile without a map."""
    line = {"color": "rgba(128,128,128,0.6)", "width": 1, "dash": "dot"}
    place = {"xref": "paper", "yref": "paper", "x0": across[0], "x1": across[1], "y0": down[0], "y1": down[1]}
    return {"type": "rect", **place, "line": line, "fillcolor": "rgba(128,128,128,0.06)"}


def _opacity(traces: list[int]) -> dict[str, Any]:
    """Return the slider for the maps' opacity."""
    steps = [
        {"method": "restyle", "label": f"{share / 10:.1f}", "args": [{"opacity": share / 10}, traces]}
        for share in range(11)
    ]
    current = {"prefix": "Opacity of the maps over the picture: ", "font": {"size": 12}}
    look = {"currentvalue": current, "pad": {"t": 8, "l": 6, "r": 6}, "ticklen": 3, "font": {"size": 10}}
    return {"active": 10, "steps": steps, **look}
