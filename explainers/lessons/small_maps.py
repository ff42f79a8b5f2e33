"""Small maps and pictures, so that four stand in a row beside what can be moved."""

from __future__ import annotations

import numpy as np
from PIL import Image

from explainers.arrays import Array
from explainers.explanation import Explanation
from explainers.figures import Look, peak, picture_tile, tile
from explainers.figures.colours import SIGNED_COLOURS
from explainers.figures.panel import Panel
from explainers.question import Question
from explainers.report.pictures import overlay_picture

SIDE = 150  # pixels on the screen, the least that Streamlit gives a figure
CLIP = 99.0  # percentile of a map's magnitudes that gets the strongest colour
UNSIGNED_COLOURS = "inferno"


def picture_panel(title: str, picture: Array, below: str = "") -> Panel:
    """Return the panel of a picture (C, H, W)."""
    return Panel(title, picture_tile(picture, SIDE), f"A picture: {title}", below)


def map_panel(title: str, explanation: Explanation, below: str = "", strongest: float | None = None) -> Panel:
    """Return the panel of a map.

    strongest: the value that gets the strongest colour; None: the map's own.
    """
    colours = SIGNED_COLOURS if explanation.signed else UNSIGNED_COLOURS
    return values_panel(title, explanation.heat, colours, below, strongest, signed=explanation.signed)


def values_panel(
    title: str, values: Array, colours: str, below: str = "", strongest: float | None = None, *, signed: bool = False
) -> Panel:
    """Return the panel of values (h, w) in these colours."""
    strongest = peak(values, CLIP) if strongest is None else strongest
    return Panel(title, tile(values, colours, strongest, signed=signed, side=SIDE), f"A map: {title}", below)


def overlay_panel(explanation: Explanation, question: Question, colours: str, side: int = SIDE) -> Panel:
    """Return the panel of a map over its photo."""
    photo, look = question.photo.image, Look(colours, 100.0, True)
    drawn = overlay_picture(explanation, look, photo if isinstance(photo, Image.Image) else None)
    figure = picture_tile(np.asarray(drawn).transpose(2, 0, 1) / 255, side)
    return Panel("Over the photo", figure, "The map over the photo")


def common_peak(*explanations: Explanation) -> float:
    """Return the value that gets the strongest colour in all of these maps."""
    return peak(np.stack([each.heat for each in explanations]), CLIP)
