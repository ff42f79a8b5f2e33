"""Widgets for the settings that a method or an experiment declares."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Literal, TypeVar

import streamlit as st

from explainers import Choice, Classifier, Colour, Explainer, Knob, Layer, Range, Switch
from explainers.glossary import with_terms
from explainers.images.photo import Photo
from explainers.settings import Configurable
from pages.shared import state
from pages.shared.layer_picker import choose_layer

MAX_SLIDER_POSITIONS = 1000  # a number of more values is typed
Kind = TypeVar("Kind", bound=Configurable)


def choose_settings(kind: type[Kind], classifier: Classifier, photo: Photo | None = None) -> Kind:
    """Choose the settings of a method or an experiment; they are the same on every page.

    Only the knobs that matter are drawn, in the order of their declaration. A layer is shown at work on the photo.
    """
    chosen = kind()
    for name, knob in kind.knobs().items():
        settings = asdict(chosen)
        if knob.matters(settings):
            value = _widget(f"{kind.slug()}-{name}", name, knob, settings[name], classifier, photo)
            chosen = replace(chosen, **{name: value})
    return chosen


def set_method(explainer: Explainer) -> None:
    """Select a method with these settings before its widgets are drawn again (from a callback)."""
    state.choose("method", explainer.slug())
    for name, knob in explainer.knobs().items():
        key, value = f"{explainer.slug()}-{name}", getattr(explainer, name)
        if isinstance(knob, Range) and knob.automatic:
            state.choose(_automatic_key(key), value is None)
        if value is not None:
            state.choose(key, value)


def _widget(key: str, name: str, knob: Knob, default: Any, classifier: Classifier, photo: Photo | None) -> Any:
    """Draw the widget of a knob, and return its value."""
    label, hint = knob.title(name), with_terms(knob.hint)
    match knob:
        case Range(automatic=automatic):
            if automatic and _is_automatic(key, label, knob, default, hint):
                return None
            return _number(key, label, knob, default, hint)
        case Choice(options=options):
            key = state.setting(key, default, knob.accepts)
            return st.selectbox(label, options, key=key, help=hint)
        case Switch():
            return st.toggle(label, key=state.setting(key, default), help=hint)
        case Colour():
            return st.color_picker(label, key=state.setting(key, default, knob.accepts), help=hint)
        case Layer():
            return choose_layer(key, label, hint, classifier, photo)
    raise TypeError(f"no widget for {knob!r}")


def _is_automatic(key: str, label: str, knob: Range, default: Any, hint: str) -> bool:
    """Draw the usual numbers and "automatic" to be clicked; return whether the latter is chosen."""
    start, automatic_key = _start(knob, default), _automatic_key(key)
    names_number = state.named(key, start, knob.accepts)  # then a number is wanted
    state.setting(automatic_key, default is None, first=default is None and not names_number)
    automatic: bool = state.value(automatic_key, default is None)
    numbers = {f"{number:g}": number for number in knob.usual or (start,)}
    number = None if automatic else state.value(key, start, knob.accepts)
    text = knob.automatic if automatic else f"{number:g}"
    offers = (*numbers, knob.automatic)
    chosen = text if text in offers else None
    # What shows the number in another way is a new widget for every number: with the same one, a browser that hasn't
    # heard of the last change yet would answer with what it still shows, as if the visitor had chosen that.
    usual_key = f"{key}-usual-of-{number}"
    with st.container(key=f"{key}-usual"):
        st.pills(
            label,
            offers,
            default=chosen,
            required=chosen is not None,
            key=usual_key,
            on_change=_choose_usual,
            args=(key, usual_key, numbers, knob.automatic),
            help=hint,
        )
    return automatic


def _choose_usual(key: str, usual_key: str, numbers: dict[str, float], automatic: str) -> None:
    """Take the number that was clicked, or make it automatic."""
    chosen = state.widget(usual_key)
    state.choose(_automatic_key(key), chosen == automatic)
    if chosen != automatic:
        state.choose(key, numbers[chosen])


def _number(key: str, label: str, knob: Range, default: Any, hint: str) -> Any:
    """Draw a slider, or a field where there are too many values for one; one that can be automatic has both."""
    start = _start(knob, default)
    key = state.setting(key, start, knob.accepts)
    form = f"%g{knob.unit.replace('%', '%%')}" if knob.unit else None
    span: dict[str, Any] = {"min_value": knob.low, "max_value": knob.high, "step": knob.step}
    slides = (knob.high - knob.low) / knob.step <= MAX_SLIDER_POSITIONS
    if not slides:
        # One that can be automatic has its label above the usual numbers.
        visibility: Literal["visible", "collapsed"] = "collapsed" if knob.automatic else "visible"
        return st.number_input(label, **span, key=key, help=hint, label_visibility=visibility)
    if not knob.automatic:
        return st.slider(label, **span, format=form, key=key, help=hint)
    left, right = st.columns([3, 2], vertical_alignment="center", wrap=False)
    number = state.value(key, start, knob.accepts)
    field_key = f"{key}-field-of-{number}"
    right.number_input(
        f"{label}, typed",
        **span,
        value=number,
        key=field_key,
        on_change=_take_typed,
        args=(key, field_key),
        label_visibility="collapsed",
    )
    return left.slider(f"{label}, to slide", **span, key=key, label_visibility="collapsed")


def _take_typed(key: str, field_key: str) -> None:
    state.choose(key, state.widget(field_key))


def _start(knob: Range, default: Any) -> float:
    """The number that the widget offers first."""
    return next(value for value in (default, knob.first, knob.low) if value is not None)


def _automatic_key(key: str) -> str:
    return f"{key}-automatic"
