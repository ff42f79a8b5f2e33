"""The colours of lines and bars, and the colour scales of maps."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from plotly.colors import sample_colorscale, unlabel_rgb

from explainers.arrays import Array

# Colour-blind people can tell these apart, on white and on black.
BLUE, ORANGE, GREY, GREEN, VIOLET = "#2f86c8", "#dd7a1a", "#8a8f98", "#1b9e77", "#a864c7"
COLOURS = {
    "inferno": "Inferno",
    "viridis": "Viridis",
    "0 white, 1 black": "Greys",
    "jet": "Jet",
    "blue to red": "RdBu_r",
}
SIGNED_COLOURS = "blue to red"  # of which zero is the middle
MAX_LEVEL = 127  # the number that stands for a map's strongest colour, as int8


def peak(heat: Array, clip: float) -> float:
    """Return the magnitude that gets the strongest colour: the percentile `clip` of all magnitudes, never 0."""
    magnitudes = np.abs(heat)
    return float(np.percentile(magnitudes, clip)) or float(magnitudes.max()) or 1.0


def whole(heat: Array, strongest: float) -> Array:
    """Scale a map to int8 so that `strongest` becomes 127; that takes a quarter of the memory of float32."""
    return np.clip(np.rint(heat / strongest * MAX_LEVEL), -MAX_LEVEL, MAX_LEVEL).astype(np.int8)


def scale(colours: str, strongest: float, *, signed: bool, **bar: Any) -> dict[str, Any]:
    """Return a colour axis for maps made by `whole`, with the true numbers on its bar."""
    positions = np.linspace(-1 if signed else 0, 1, 3)
    ticks = {
        "tickvals": (positions * MAX_LEVEL).tolist(),
        "ticktext": [f"{position * strongest:.2g}" for position in positions],
    }
    return {
        "colorscale": stops(colours),
        "cmin": -MAX_LEVEL if signed else 0,
        "cmax": MAX_LEVEL,
        "colorbar": {"orientation": "h", "thickness": 8, "tickfont": {"size": 10}, **ticks, **bar},
    }


@cache
def stops(colours: str) -> list[tuple[float, str]]:
    """Return a colour scale as 33 stops (position, rgb)."""
    positions = np.linspace(0, 1, 33)
    return list(zip(positions.tolist(), sample_colorscale(COLOURS[colours], positions), strict=True))


def rgb(colours: str, count: int) -> Array:
    """Return a colour scale as `count` colours, (count, 3) uint8."""
    positions, texts = zip(*stops(colours), strict=True)
    channels = np.array([unlabel_rgb(text) for text in texts]).T
    levels = [np.interp(np.linspace(0, 1, count), positions, channel) for channel in channels]
    return np.stack(levels, 1).round().astype(np.uint8)


def fading(colours: list[tuple[float, str]], signed: bool) -> list[tuple[float, str]]:
    """Return the same colours, transparent at zero and opaque at the ends."""

    def rgba(position: float, colour: str) -> str:
        alpha = abs(2 * position - 1) if signed else position
        return f"rgba{(*unlabel_rgb(colour), round(alpha, 3))}"

    return [(position, rgba(position, colour)) for position, colour in colours]
