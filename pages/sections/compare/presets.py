"""Buttons that set up comparisons worth looking at."""

from __future__ import annotations

import streamlit as st

from explainers import Classifier
from explainers.classifiers import BUNDLED, sources
from explainers.comparison.presets import ComparisonPreset, comparison_presets
from pages.sections.compare.plan import (
    ACROSS_KEY,
    COLOURS_KEY,
    DOWN_KEY,
    NOTHING_ELSE,
    OWN_SCALES,
    SHARED_SCALE,
    key_of,
)
from pages.shared import state
from pages.shared.controls import set_method


def offer_presets(classifier: Classifier) -> None:
    """Draw a button for each preset."""
    with st.container(horizontal=True, gap="xsmall", key="presets"):
        for number, preset in enumerate(comparison_presets(classifier, (BUNDLED, _second_classifier()))):
            st.button(preset.name, key=f"preset-{number}", on_click=_apply, args=(preset,))


def _apply(preset: ComparisonPreset) -> None:
    """Set everything that a preset names; the question stays the same."""
    state.choose(ACROSS_KEY, preset.across[0])
    state.choose(DOWN_KEY, preset.down[0] if preset.down else NOTHING_ELSE)
    for name, values in filter(None, (preset.across, preset.down)):
        state.choose(key_of(name), list(values))
    if preset.method:
        set_method(preset.method)
    state.choose(COLOURS_KEY, SHARED_SCALE if preset.shared_colours else OWN_SCALES)


def _second_classifier() -> str:
    """The classifier to compare with the bundled one: the chosen one, else one that needs no download."""
    chosen, others = state.value("classifier", BUNDLED), [source for source in sources() if source.name != BUNDLED]
    on_disk = [source.name for source in others if source.origin != "download"]
    return chosen if chosen != BUNDLED else (on_disk or [others[0].name])[0]
