"""Comparisons worth looking at, one click away."""

from __future__ import annotations

import streamlit as st

from explainers import Classifier, Explainer
from explainers.classifiers.catalogue import default
from explainers.comparison.axes import AXES, at_hand
from explainers.comparison.presets import ComparisonPreset, comparison_presets
from pages.sections.compare.drawing import OWN_SCALES, SCALES_KEY, SHARED_SCALE
from pages.sections.compare.plan import ACROSS_KEY, DOWN_KEY, NOTHING_ELSE, key_of
from pages.shared import state
from pages.shared.controls import set_method
from pages.shared.tray import kept_tray

PRESET_KEY = "preset"  # of the widget


def offer_presets(classifier: Classifier, explainer: Explainer) -> None:
    """Draw the names of all presets; the one that the settings come to is marked."""
    pictures = tuple(photo.fingerprint for photo in kept_tray())
    presets = {preset.name: preset for preset in comparison_presets(classifier, _two_classifiers(), pictures)}
    chosen = next((name for name, each in presets.items() if _is_chosen(each, explainer)), None)
    state.choose(PRESET_KEY, chosen)
    st.pills(
        "Preset",
        presets,
        required=chosen is not None,
        key=PRESET_KEY,
        on_change=_apply,
        args=(presets,),
        label_visibility="collapsed",
        wrap=False,
    )


def _apply(presets: dict[str, ComparisonPreset]) -> None:
    """Set everything that the clicked preset names; the question stays the same."""
    if (preset := presets.get(state.widget(PRESET_KEY))) is None:
        return  # it was the one that is marked
    state.choose(ACROSS_KEY, preset.across[0])
    state.choose(DOWN_KEY, preset.down[0] if preset.down else NOTHING_ELSE)
    for name, values in filter(None, (preset.across, preset.down)):
        state.choose(key_of(name), list(values))
    if preset.method:
        set_method(preset.method)
    state.choose(SCALES_KEY, SHARED_SCALE if preset.shared_colours else OWN_SCALES)


def _is_chosen(preset: ComparisonPreset, explainer: Explainer) -> bool:
    """Whether the settings are those of a preset, whatever the colours."""
    axes = tuple(name for name, _ in filter(None, (preset.across, preset.down)))
    chosen = state.value(ACROSS_KEY, "method"), state.value(DOWN_KEY, NOTHING_ELSE)
    return (
        chosen == (*axes, NOTHING_ELSE)[:2]
        and all(
            state.value(key_of(name), list(AXES[name].first if name in AXES else ())) == list(values)
            for name, values in filter(None, (preset.across, preset.down))
        )
        and preset.method in (None, explainer)
    )


def _two_classifiers() -> tuple[str, str]:
    """The chosen classifier, and another that needs no download if there is one."""
    chosen = state.value("classifier", default().name)
    return chosen, next(name for name in at_hand() if name != chosen)
