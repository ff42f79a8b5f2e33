"""Colours: of lines and bars, and the scales that maps are drawn on."""

from __future__ import annotations

from typing import Any

import numpy as np
from plotly.colors import sample_colorscale, unlabel_rgb

from explainers.arrays import Array

BLUE, ORANGE, GREY, GREEN, VIOLET = (
    "#2f86c8",
    "#dd7a1a",
    "#8a8f98",
    "#1b9e77",
    "#a864c7",
)  # told apart by colour-blind eyes, on white and on black
COLOURS = {
    "inferno": "Inferno",
    "viridis": "Viridis",
    "0 white, 1 black": "Greys",
    "jet": "Jet",
    "blue to red": "RdBu_r",
}
LEVELS = 127  # a map's strongest colour as a whole number


def peak(heat: Array, clip: float) -> float:
    """The magnitude that gets the strongest colour: a percentile of them all, and never 0."""
    sizes = np.abs(heat)
    return float(np.percentile(sizes, clip)) or float(sizes.max()) or 1.0


def whole(heat: Array, strongest: float) -> Array:
    """A map as int8, `strongest` being 127: a quarter of float32's size."""
    return np.clip(np.rint(heat / strongest * LEVELS), -LEVELS, LEVELS).astype(np.int8)


def scale(colours: str, strongest: float, *, signed: bool, **bar: Any) -> dict[str, Any]:
    """A colour axis for maps made by `whole`, with the true numbers on its bar."""
    places = np.linspace(-1 if signed else 0, 1, 3)
    ticks = {"tickvals": (places * LEVELS).tolist(), "ticktext": [f"{place * strongest:.2g}" for place in places]}
    return {
        "colorscale": stops(colours),
        "cmin": -LEVELS if signed else 0,
        "cmax": LEVELS,
        "colorbar": {"orientation": "h", "thickness": 8, "tickfont": {"size": 10}, **ticks, **bar},
    }


def stops(colours: str) -> list[tuple[float, str]]:
    """A colour scale as 33 stops (position, rgb)."""
    places = np.linspace(0, 1, 33)
    return list(zip(places.tolist(), sample_colorscale(COLOURS[colours], places), strict=True))


def fading(colours: list[tuple[float, str]], signed: bool) -> list[tuple[float, str]]:
    """The same colours, transparent at zero and opaque at the ends."""

    def rgba(place: float, colour: str) -> str:
        alpha = abs(2 * place - 1) if signed else place
        return f"rgba{(*unlabel_rgb(colour), round(alpha, 3))}"

    return [(place, rgba(place, colour)) for place, colour in colours]
