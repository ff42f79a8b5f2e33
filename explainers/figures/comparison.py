"""Many maps side by side with one zoom, each under its title and over its proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.explanation import Explanation
from explainers.figures.colours import peak, stops
from explainers.figures.comparison_layout import SMALL, Tiling, wrapped
from explainers.figures.parts import Span, axes, cells, encoded, square

SLIDER = 76  # room for it under the tiles


@dataclass(frozen=True, eq=False)
class Piece:
    """One tile: a map, or the reason why there is none."""

    title: str
    line: str
    explanation: Explanation | None = None


@dataclass(frozen=True)
class Tints:
    """How the maps are drawn: colours (keys of COLOURS) for those without and with signs, and one scale or many.

    clip:   percentile of a map's magnitudes that gets the strongest colour.
    shared: whether a colour means the same number in all tiles.
    """

    unsigned: str = "inferno"
    signed: str = "blue to red"
    clip: float = 99.0
    shared: bool = False


def comparison(pieces: Sequence[Piece], columns: int, tints: Tints) -> go.Figure:
    """The tiles row by row, in the photo's own pixels, so that classifiers of any size can be zoomed together.

    Their opacity over the grey photo is a slider, in the browser alone.
    """
    maps = [piece.explanation for piece in pieces if piece.explanation]
    units = [unit(maps)] if tints.shared else [unit([each]) for each in maps]
    tiling = Tiling(columns, -(-len(pieces) // columns), not tints.shared, units)
    limits, layout = ranges(maps, tints), go.Layout(width=tiling.width, height=tiling.height + SLIDER)
    layout.update(margin={"l": 0, "r": 0, "t": 0, "b": SLIDER}, dragmode="zoom", hovermode="closest")
    traces: list[go.Heatmap] = []
    notes, frames, photos = [], [], []
    for number, piece in enumerate(pieces):
        across, down = tiling.tile(number)
        notes.append(_note(f"<b>{wrapped(piece.title, tiling.side / 1.15, 2)}</b>", across, down[1], "bottom", 12))
        if (found := piece.explanation) is None:
            why = wrapped(piece.line, tiling.side - 16, tiling.side // 15)
            notes.append(_note(why, across, sum(down) / 2, "middle", SMALL))
            frames.append(_frame(across, down))
            continue
        panel = len(traces)  # the first that is drawn leads the zoom of all
        low, high = limits[panel]
        colours = tints.signed if low < 0 else tints.unsigned
        bar = None
        if not tints.shared or not panel:
            bar = tiling.bar(number, low, high, units[panel])
        traces.append(tile_trace(found, panel, colours, low, high, bar))
        photos.append(underlay(found, panel))
        notes.append(_note(wrapped(piece.line, tiling.side, 2), across, down[0], "top", SMALL))
        layout.update(square(panel, across, down, (1, 1)))
    layout.update(annotations=notes, shapes=frames, images=photos, **view(maps))
    if traces:
        layout.update(sliders=[_opacity(list(range(len(traces))))])
    return go.Figure(traces, layout)


def ranges(maps: Sequence[Explanation], tints: Tints) -> list[Span]:
    """The numbers at the ends of each map's colours: symmetric about zero with signs, else from zero.

    On one scale a single map with signs makes all symmetric, and a map of nothing doesn't count.
    """
    peaks = [peak(each.heat, tints.clip) for each in maps]
    signs = [each.signed for each in maps]
    if tints.shared:
        strongest = max((size for each, size in zip(maps, peaks, strict=True) if each.heat.any()), default=1.0)
        peaks, signs = [strongest] * len(maps), [any(signs)] * len(maps)
    return [(-size if sign else 0.0, size) for size, sign in zip(peaks, signs, strict=True)]


def tile_trace(found: Explanation, panel: int, colours: str, low: float, high: float, bar: Any = None) -> go.Heatmap:
    """A map in the photo's pixels."""
    hover = "%{z:.3g}<extra></extra>"
    scale: dict[str, Any] = {"colorscale": stops(colours), "zmin": low, "zmax": high, "showscale": bar is not None}
    scale |= {"colorbar": bar} if bar else {}
    return go.Heatmap(z=found.heat, hovertemplate=hover, **cells(found.box, found.heat), **scale, **axes(panel))


def underlay(found: Explanation, panel: int) -> dict[str, Any]:
    """What the classifier sees, in grey, under its map."""
    left, top, right, bottom = found.box
    grey = np.broadcast_to(found.picture.mean(0), (3, *found.picture.shape[1:]))
    where = axes(panel)
    return {
        "source": encoded(grey, "jpeg"),
        "xref": where["xaxis"],
        "yref": where["yaxis"],
        "x": left,
        "y": top,
        "sizex": right - left,
        "sizey": bottom - top,
        "sizing": "stretch",
        "layer": "below",
    }


def view(maps: Iterable[Explanation]) -> dict[str, Any]:
    """The ranges of all axes, by the first's: the part of the photo that any of the maps shows."""
    boxes = [each.box for each in maps]
    if not boxes:
        return {}
    left, top = (min(box[side] for box in boxes) for side in (0, 1))
    right, bottom = (max(box[side] for box in boxes) for side in (2, 3))
    found: dict[str, Any] = {}
    for panel in range(len(boxes)):
        number = str(panel + 1) if panel else ""
        found[f"xaxis{number}_range"], found[f"yaxis{number}_range"] = [left, right], [bottom, top]
    return found


def unit(maps: Iterable[Explanation]) -> str:
    """What their numbers are."""
    units = dict.fromkeys(each.facts["unit"] for each in maps)
    return next(iter(units)) if len(units) == 1 else "each in its own unit"


def _note(text: str, across: Span, y: float, anchor: str, size: int) -> dict[str, Any]:
    place = {"x": sum(across) / 2, "y": y, "xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": anchor}
    return {"text": text, **place, "showarrow": False, "font": {"size": size}, "borderpad": 2}


def _frame(across: Span, down: Span) -> dict[str, Any]:
    """The place of a tile without a map."""
    line = {"color": "rgba(128,128,128,0.6)", "width": 1, "dash": "dot"}
    place = {"xref": "paper", "yref": "paper", "x0": across[0], "x1": across[1], "y0": down[0], "y1": down[1]}
    return {"type": "rect", **place, "line": line, "fillcolor": "rgba(128,128,128,0.06)"}


def _opacity(traces: list[int]) -> dict[str, Any]:
    steps = [
        {"method": "restyle", "label": f"{share / 10:.1f}", "args": [{"opacity": share / 10}, traces]}
        for share in range(11)
    ]
    current = {"prefix": "Opacity of the maps over the picture: ", "font": {"size": 12}}
    look = {"currentvalue": current, "pad": {"t": 8, "l": 6, "r": 6}, "ticklen": 3, "font": {"size": 10}}
    return {"active": 10, "steps": steps, **look}
