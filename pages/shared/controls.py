"""Widgets for a method and for the settings that a method or an experiment declares."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, TypeVar

import streamlit as st

from explainers import EXPLAINERS, Choice, Classifier, Colour, Explainer, Knob, Layer, Range, Switch
from explainers.settings import Configurable
from pages.shared import state

MAX_SLIDER_POSITIONS = 1000  # a number of more values is typed
Kind = TypeVar("Kind", bound=Configurable)
AUTOMATIC_LAYER = ""  # stands for None in the select box


def choose_explainer(classifier: Classifier) -> Explainer:
    """Choose a method and its settings."""
    kinds = {kind.slug(): kind for kind in EXPLAINERS}
    slug: str = st.selectbox(
        "Method",
        kinds,
        format_func=lambda slug: kinds[slug].title,
        key=state.setting("method", next(iter(kinds)), kinds.__contains__),
        help="How the classifier is asked. Every method answers another question.",
    )
    st.caption(f"{kinds[slug].summary()} [Paper]({kinds[slug].paper})")
    return choose_settings(kinds[slug], classifier)


def choose_settings(kind: type[Kind], classifier: Classifier) -> Kind:
    """Choose the settings of a method or an experiment; they are the same on every page.

    Only the knobs that matter are drawn, in the order of their declaration.
    """
    chosen = kind()
    for name, knob in kind.knobs().items():
        settings = asdict(chosen)
        if knob.matters(settings):
            value = _widget(f"{kind.slug()}-{name}", name, knob, settings[name], classifier)
            chosen = replace(chosen, **{name: value})
    return chosen


def set_method(explainer: Explainer) -> None:
    """Select a method with these settings before its widgets are drawn again (from a callback)."""
    state.choose("method", explainer.slug())
    for name, knob in explainer.knobs().items():
        key, value = f"{explainer.slug()}-{name}", getattr(explainer, name)
        if isinstance(knob, Range) and knob.automatic:
            state.choose(f"{key}-automatic", value is None)
        if value is not None:
            state.choose(key, value)


def _widget(key: str, name: str, knob: Knob, default: Any, classifier: Classifier) -> Any:
    """Draw the widget of a knob, and return its value."""
    label = knob.label or name.replace("_", " ").capitalize()
    match knob:
        case Range(low=low, high=high, step=step, automatic=automatic, first=first):
            start = next(value for value in (default, first, low) if value is not None)
            if automatic:
                automatic_at_first = default is None and not state.named(
                    key, start, knob.accepts
                )  # a number there is wanted
                switch_key = state.setting(f"{key}-automatic", default is None, first=automatic_at_first)
                if st.toggle(f"{label}: {automatic}", key=switch_key, help=knob.hint):
                    return None
            key = state.setting(key, start, knob.accepts)
            draw = st.slider if (high - low) / step <= MAX_SLIDER_POSITIONS else st.number_input
            return draw(label, low, high, step=step, key=key, help=knob.hint)
        case Choice(options=options):
            key = state.setting(key, default, knob.accepts)
            return st.selectbox(label, options, key=key, help=knob.hint)
        case Switch():
            return st.toggle(label, key=state.setting(key, default), help=knob.hint)
        case Colour():
            return st.color_picker(label, key=state.setting(key, default, knob.accepts), help=knob.hint)
        case Layer():
            layers = {layer.name: str(layer) for layer in reversed(classifier.layers())}
            layers = {AUTOMATIC_LAYER: "the deepest", **layers}
            key = state.setting(key, AUTOMATIC_LAYER, layers.__contains__)
            chosen = st.selectbox(label, layers, format_func=layers.__getitem__, key=key, help=knob.hint)
            if chosen == AUTOMATIC_LAYER:  # its text can't name the layer: the browser would show the last classifier's
                st.caption(f"Here: {layers.get(classifier.layer or '', 'none')}.")
            return chosen or None
    raise TypeError(f"no widget for {knob!r}")
