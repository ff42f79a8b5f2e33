"""Widgets that choose how the maps of a comparison are drawn. Nothing here computes a map."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from explainers.explanation import REDUCTIONS, Reduction
from explainers.figures import Tile, Tints
from pages.shared import state
from pages.shared.look import DEFAULT_CLIP, choose_colours

OWN_SCALES, SHARED_SCALE = "each its own", "one for all"
OWN_CHANNELS = "each method's own"
SCALES_KEY = "compare-colours"


@dataclass(frozen=True)
class Drawing:
    """How the maps are drawn.

    reduction: how their channels are combined; None: as each method does.
    """

    tints: Tints
    reduction: Reduction | None

    def of(self, tile: Tile) -> Tile:
        """Return a tile with its channels combined so."""
        if self.reduction is None or tile.explanation is None:
            return tile
        return replace(tile, explanation=tile.explanation.reduced(self.reduction))


def choose_drawing() -> Drawing:
    """Choose the colours and the channels."""
    left, right = st.columns(2, gap="medium")
    scales = left.segmented_control(
        "Colour scale",
        (OWN_SCALES, SHARED_SCALE),
        required=True,
        key=state.setting(SCALES_KEY, OWN_SCALES, (OWN_SCALES, SHARED_SCALE).__contains__),
        help="One for all: a colour means the same number in every tile. That says little where units differ.",
    )
    channels = (OWN_CHANNELS, *REDUCTIONS)
    chosen = right.selectbox(
        "Channels",
        channels,
        key=state.setting("compare-channels", OWN_CHANNELS, channels.__contains__),
        help="How red, green and blue become one number per pixel. Only the signed sum shows evidence against the "
        "class.",
    )
    unsigned = choose_colours(left, "Colours (unsigned maps)", signed=False)
    signed = choose_colours(right, "Colours (signed maps)", signed=True)
    tints = Tints(unsigned, signed, DEFAULT_CLIP, shared=scales == SHARED_SCALE)
    return Drawing(tints, next((reduction for reduction in REDUCTIONS if reduction == chosen), None))
