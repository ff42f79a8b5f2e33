"""Widgets that choose how a map is drawn. Nothing here computes a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Explanation
from explainers.explanation import REDUCTIONS
from explainers.figures import COLOURS, OVERLAYS, SIGNED_COLOURS, Look
from explainers.glossary import with_terms
from pages.shared import state

DEFAULT_CLIP = 99.0  # percentile
AS_COMPUTED, SMOOTHED = GRAINS = "as computed", "smoothed"
CHECKS: dict[str, Callable[[Any], bool]] = {  # of the widgets' values, by the beginnings of their keys
    "grain": GRAINS.__contains__,
    "channels": REDUCTIONS.__contains__,
    "colours": lambda value: isinstance(value, str) and value in COLOURS,
    "overlay": OVERLAYS.__contains__,
    "clip": lambda value: isinstance(value, float) and 90 <= value <= 100,
    "borders": lambda value: isinstance(value, bool),
}


def last_look(explanation: Explanation) -> tuple[Explanation, Look]:
    """Return what `choose_look` returned in the last run, without drawing its widgets."""
    explanation = explanation.reduced(state.widget(_channels_key(explanation), explanation.reduction))
    colours = state.widget(_colours_key(explanation.signed), Look.first(explanation).colours)
    smooth = state.widget(_grain_key(explanation), _first_grain(explanation)) == SMOOTHED
    clip, overlay = state.widget("clip", DEFAULT_CLIP), state.widget("overlay", OVERLAYS[0])
    return explanation, Look(colours, clip, smooth, overlay)


def choose_look(explanation: Explanation) -> tuple[Explanation, Look]:
    """Choose how a map is drawn; return the explanation with its channels combined accordingly, and the look.

    Only widgets that would change something are drawn.
    """
    with st.container(horizontal=True, key="look"):
        smooth = _choose_grain(explanation) == SMOOTHED
        if explanation.values.shape[0] > 1:
            explanation = choose_channels(explanation, st.container())
        overlay = st.selectbox(
            "Overlay",
            OVERLAYS,
            key="overlay",
            persist_state="session",
            help="The map over the picture, transparent where it is zero; or the picture over the map, 40% opaque.",
        )
        colours = choose_colours(st.container(), signed=explanation.signed)
        clip = st.slider(
            "Clip at percentile",
            90.0,
            100.0,
            DEFAULT_CLIP,
            0.5,
            format="%.1f",
            key="clip",
            persist_state="session",
            help=with_terms(
                "Everything above this percentile gets the strongest colour. Otherwise a few extreme "
                "pixels would leave the rest pale."
            ),
        )
        borders = False
        if explanation.segments is not None:
            about = "Borders of the superpixels, on the picture and overlay."
            borders = st.toggle("Borders", key="borders", persist_state="session", help=about)
    return explanation, Look(colours, clip, smooth, overlay, borders)


def look_values(explanation: Explanation, look: Look) -> dict[str, Any]:
    """Return the values of the widgets that choose this look, by their keys."""
    return {
        _grain_key(explanation): SMOOTHED if look.smooth else AS_COMPUTED,
        _channels_key(explanation): explanation.reduction,
        _colours_key(explanation.signed): look.colours,
        "overlay": look.overlay,
        "clip": look.clip,
        "borders": look.borders,
    }


def restore_look(values: Mapping[str, Any]) -> None:
    """Set the widgets to values that `look_values` returned, which may have come from elsewhere since."""
    for key, value in values.items():
        accepts = CHECKS.get(key.partition("-")[0])
        if accepts and accepts(value):
            state.prefer(key, value)


def _choose_grain(explanation: Explanation) -> str:
    """Choose whether a map is drawn as it was computed."""
    how = "between the cells of the layer's grid" if explanation.coarse else "over neighbouring pixels"
    return st.segmented_control(
        "Draw the map",
        GRAINS,
        default=_first_grain(explanation),
        required=True,
        key=_grain_key(explanation),
        persist_state="session",
        help=f"Smoothing {how} changes only the drawing, nothing that was computed.",
    )


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
            "against the class, and adds up to the score.",
        )
    )


def choose_colours(place: DeltaGenerator, label: str = "Colours", *, signed: bool) -> str:
    """Choose the colour scale of maps with or without signs, and return its name."""
    return place.selectbox(
        label,
        COLOURS,
        index=list(COLOURS).index(SIGNED_COLOURS if signed else Look.colours),
        key=_colours_key(signed),
        persist_state="session",
        help="Colour-blind people can read inferno, viridis and, for maps with signs, blue to red.",
    )


def _first_grain(explanation: Explanation) -> str:
    return SMOOTHED if Look.first(explanation).smooth else AS_COMPUTED


def _grain_key(explanation: Explanation) -> str:
    return f"grain-{'layer' if explanation.coarse else 'pixels'}"


def _channels_key(explanation: Explanation) -> str:
    """A key of its own for comparisons of two classes, whose channels are combined in another way at first."""
    return f"channels-{explanation.facts.slug}" + ("-versus" if explanation.target.versus is not None else "")


def _colours_key(signed: bool) -> str:
    return f"colours-{'signed' if signed else 'unsigned'}"
