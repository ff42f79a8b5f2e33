"""The maps of a comparison: each its own figure, in the photo's pixels, on a colour scale that others may share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.classifiers.view import Box
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.figures.colours import peak, stops
from explainers.figures.parts import FULL_SPAN, Span, axes, cells, encoded, square, unchecked
from explainers.numbers import significant
from explainers.question import Question


@dataclass(frozen=True, eq=False)
class Tile:
    """One tile: a map, or the reason why there is none.

    line:      the proof under the map; without a map, the reason.
    explainer: the method of the map, and question: what it answers.
    """

    title: str
    line: str
    explanation: Explanation | None = None
    explainer: Explainer | None = None
    question: Question | None = None

    @property
    def photo(self) -> str:
        """The hash of the photo; empty where there is no map."""
        return self.question.photo.digest if self.question else ""


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

    def colours(self, span: Span) -> str:
        """Return the colours of a map whose scale has these ends."""
        return self.signed if span[0] < 0 else self.unsigned


def map_in_photo(explanation: Explanation, view: Box, span: Span, colours: str) -> go.Figure:
    """Draw a map over the grey picture, in the photo's own pixels, so that classifiers of any size zoom together.

    view: the part of the photo that is shown: (left, top, right, bottom).
    span: the numbers that get the colours at the ends of the scale.
    """
    left, top, right, bottom = view
    heatmap = {
        "type": "heatmap",
        "z": explanation.heat,
        "colorscale": stops(colours),
        "zmin": span[0],
        "zmax": span[1],
        "showscale": False,
        "hovertemplate": "%{z:.3g}<extra></extra>",
        **cells(explanation.box, explanation.heat),
        **axes(0),
    }
    layout = square(0, FULL_SPAN, FULL_SPAN, (1, 1)) | {"images": [_underlay(explanation)]}
    layout["xaxis"] |= {"range": [left, right]}
    layout["yaxis"] |= {"range": [bottom, top]}
    margin = {"l": 0, "r": 0, "t": 0, "b": 0}
    return unchecked([heatmap], {**layout, "margin": margin, "dragmode": "zoom", "hovermode": "closest"})


def spans(maps: Sequence[Explanation], tints: Tints) -> list[Span]:
    """Return the numbers at the ends of each map's colours: symmetric about zero for signed maps, else from zero.

    On a shared scale, one signed map makes the span of all symmetric, and maps of zeros are left out.
    """
    peaks = [peak(explanation.heat, tints.clip) for explanation in maps]
    signed = [explanation.signed for explanation in maps]
    if tints.shared:
        strongest = max(
            (size for explanation, size in zip(maps, peaks, strict=True) if explanation.heat.any()), default=1.0
        )
        peaks, signed = [strongest] * len(maps), [any(signed)] * len(maps)
    return [(-size if is_signed else 0.0, size) for size, is_signed in zip(peaks, signed, strict=True)]


def common_view(maps: Iterable[Explanation]) -> Box:
    """Return the part of the photo that at least one of the maps shows."""
    boxes = [explanation.box for explanation in maps]
    left, top = (min(box[side] for box in boxes) for side in (0, 1))
    right, bottom = (max(box[side] for box in boxes) for side in (2, 3))
    return left, top, right, bottom


def scale_texts(explanation: Explanation, span: Span) -> tuple[str, str, str]:
    """Return the numbers on the left, in the middle and on the right of a map's colours, and what they speak for.

    span: the numbers at the ends.
    """
    low, middle, high = significant(span[0]), significant(sum(span) / 2), significant(span[1])
    return (f"{low} against", middle, f"for {high}") if explanation.takes_sides else (low, middle, high)


def gradient(colours: str) -> str:
    """Return a colour scale as CSS."""
    return f"linear-gradient(to right, {', '.join(colour for _, colour in stops(colours)[::4])})"


def _underlay(explanation: Explanation) -> dict[str, Any]:
    """Return the image under a map: what the classifier sees, in grey."""
    left, top, right, bottom = explanation.box
    grey = np.broadcast_to(explanation.picture.mean(0), (3, *explanation.picture.shape[1:]))
    return {
        "source": encoded(grey, "jpeg"),
        "xref": "x",
        "yref": "y",
        "x": left,
        "y": top,
        "sizex": right - left,
        "sizey": bottom - top,
        "sizing": "stretch",
        "layer": "below",
    }
