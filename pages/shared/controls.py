"""Widgets drawn from declarations: a method and its knobs."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, TypeVar

import streamlit as st

from explainers import EXPLAINERS, Choice, Classifier, Colour, Explainer, Knob, Layer, Range, Switch
from explainers.settings import Declared
from pages.shared import state

SLIDER = 1000  # positions at most; more are typed
Kind = TypeVar("Kind", bound=Declared)
AUTOMATIC = ""  # stands for None in a select box


def choose_explainer(classifier: Classifier) -> Explainer:
    """A method with its settings."""
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
    """The settings of a method or an experiment, the same on every page.

    The knobs that matter are drawn, in the order they are declared.
    """
    chosen = kind()
    for name, knob in kind.knobs().items():
        settings = asdict(chosen)
        if knob.matters(settings):
            value = _widget(f"{kind.slug()}-{name}", name, knob, settings[name], classifier)
            chosen = replace(chosen, **{name: value})
    return chosen


def set_method(explainer: Explainer) -> None:
    """Choose a method with these settings before its widgets are drawn again (from a callback)."""
    state.choose("method", explainer.slug())
    for name, knob in explainer.knobs().items():
        key, value = f"{explainer.slug()}-{name}", getattr(explainer, name)
        if isinstance(knob, Range) and knob.automatic:
            state.choose(f"{key}-automatic", value is None)
        if value is not None:
            state.choose(key, value)


def _widget(key: str, name: str, knob: Knob, default: Any, classifier: Classifier) -> Any:
    """The widget of one knob, and what it says."""
    label = knob.label or name.replace("_", " ").capitalize()
    match knob:
        case Range(low=low, high=high, step=step, automatic=automatic, first=first):
            start = next(value for value in (default, first, low) if value is not None)
            if automatic:
                free = default is None and not state.named(key, start, knob.accepts)  # a number there is wanted
                switch = state.setting(f"{key}-automatic", default is None, first=free)
                if st.toggle(f"{label}: {automatic}", key=switch, help=knob.hint):
                    return None
            key = state.setting(key, start, knob.accepts)
            draw = st.slider if (high - low) / step <= SLIDER else st.number_input
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
            layers = {AUTOMATIC: "the deepest", **layers}
            key = state.setting(key, AUTOMATIC, layers.__contains__)
            chosen = st.selectbox(label, layers, format_func=layers.__getitem__, key=key, help=knob.hint)
            if chosen == AUTOMATIC:  # its text can't name the layer: the browser would show the last classifier's
                st.caption(f"Here: {layers.get(classifier.layer or '', 'none')}.")
            return chosen or None
    raise TypeError(f"no widget for {knob!r}")
