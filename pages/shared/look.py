"""Widgets that choose how a map is drawn. Nothing here computes a map."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Explanation
from explainers.explanation import REDUCTIONS
from explainers.figures import COLOURS, GRIDS, OVERLAYS, Look
from pages.shared import state

DEFAULT_CLIP = 99.0  # percentile


def last_look(explanation: Explanation) -> tuple[Explanation, Look]:
    """Return what `choose_look` returned in the last run, without drawing its widgets."""
    explanation = explanation.reduced(state.widget(_channels_key(explanation), explanation.reduction))
    colours = state.widget(_colours_key(explanation.signed), _default_colours(explanation.signed))
    clip, overlay = state.widget("clip", DEFAULT_CLIP), state.widget("overlay", OVERLAYS[0])
    return explanation, Look(colours, clip, GRIDS[0], overlay)


def choose_look(explanation: Explanation) -> tuple[Explanation, Look]:
    """Choose how a map is drawn; return the explanation with its channels combined accordingly, and the look.

    Only widgets that would change something are drawn.
    """
    channels, height, width = explanation.values.shape
    coarse = (height, width) != explanation.picture.shape[1:]
    first, second, third = st.columns(3)
    if channels > 1:
        explanation = choose_channels(explanation, first)
    grid = GRIDS[0]
    if coarse:
        grid = first.selectbox(
            "Grid", GRIDS, key="grid", persist_state="session", help="The layer's own cells, or smoothed between them."
        )
    borders = False
    if explanation.segments is not None:
        borders = first.toggle(
            "Borders of the superpixels", key="borders", persist_state="session", help="On the picture and the overlay."
        )
    overlay = second.selectbox(
        "Overlay",
        OVERLAYS,
        key="overlay",
        persist_state="session",
        help="The map over the picture, transparent where it is zero; or the picture over the map at .4.",
    )
    colours = choose_colours(third, signed=explanation.signed)
    clip = st.slider(
        "Strongest colour at percentile",
        90.0,
        100.0,
        DEFAULT_CLIP,
        0.5,
        format="%.1f",
        key="clip",
        persist_state="session",
        help="A few extreme pixels would leave the rest pale: this share of the map lies below the strongest colour.",
    )
    return explanation, Look(colours, clip, grid, overlay, borders)


def choose_channels(explanation: Explanation, place: DeltaGenerator) -> Explanation:
    """Choose how the channels are combined, and return the explanation with its channels combined so."""
    return explanation.reduced(
        place.selectbox(
            "Channels",
            REDUCTIONS,
            index=REDUCTIONS.index(explanation.reduction),
            key=_channels_key(explanation),
            persist_state="session",
            help="How the values of red, green and blue become one per pixel. Only the signed sum shows evidence "
            "against the class, and adds up.",
        )
    )


def choose_colours(place: DeltaGenerator, label: str = "Colours", *, signed: bool) -> str:
    """Choose the colour scale of maps with or without signs, and return its name."""
    return place.selectbox(
        label,
        COLOURS,
        index=list(COLOURS).index(_default_colours(signed)),
        key=_colours_key(signed),
        persist_state="session",
        help="Inferno and viridis are safe for colour-blind eyes; so is blue to red, for maps with signs.",
    )


def _channels_key(explanation: Explanation) -> str:
    return f"channels-{explanation.facts.slug}"


def _colours_key(signed: bool) -> str:
    return f"colours-{'signed' if signed else 'unsigned'}"


def _default_colours(signed: bool) -> str:
    return list(COLOURS)[-1 if signed else 0]  # the last scale diverges from zero
