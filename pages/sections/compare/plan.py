"""Widgets that choose what the tiles of a comparison differ in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from explainers import Explainer, ExplanationError, Prediction
from explainers.comparison.axes import Axis
from explainers.comparison.cells import compare
from explainers.comparison.pictures import axes_with_pictures
from explainers.comparison.variants import MAX_COLUMNS, Comparison, balanced
from explainers.numbers import counted
from explainers.question import Question
from pages.shared import state
from pages.shared.picture import picture_titles
from pages.shared.question import class_is_chosen

MAX_PER_AXIS = MAX_COLUMNS  # values on an axis beside another one
NOTHING_ELSE = "nothing else"
ACROSS_KEY, DOWN_KEY = "compare-across", "compare-down"


def choose_comparison(question: Question, likely: Sequence[Prediction], explainer: Explainer) -> Comparison:
    """Choose the axes and their values; return the comparison. Raises ExplanationError where an axis has no value."""
    axes = axes_with_pictures(picture_titles(), class_is_chosen=class_is_chosen())
    across_place, down_place = st.columns(2, gap="medium")
    across: str = across_place.selectbox(
        "Across",
        axes,
        format_func=str.capitalize,
        key=state.setting(ACROSS_KEY, "method", axes.__contains__),
        help="What the maps of a row differ in.",
    )
    down_options = (NOTHING_ELSE, *(name for name in axes if name != across))
    down: str = down_place.selectbox(
        "Down",
        down_options,
        format_func=str.capitalize,
        key=state.setting(DOWN_KEY, NOTHING_ELSE, down_options.__contains__),
        on_change=_trim_choices,
        args=({name: axis.first for name, axis in axes.items()},),
        help="What the rows differ in. With nothing else, up to 25 maps fill the rows.",
    )
    if down == NOTHING_ELSE:
        values = _choose_values(axes[across], question, MAX_PER_AXIS**2)
        return compare([{across: value} for value in values], balanced(len(values)), question, likely, explainer, axes)
    with across_place:
        across_values = _choose_values(axes[across], question, MAX_PER_AXIS)
    with down_place:
        down_values = _choose_values(axes[down], question, MAX_PER_AXIS)
    cells = [{down: row, across: value} for row in down_values for value in across_values]
    return compare(cells, len(across_values), question, likely, explainer, axes)


def summary(comparison: Comparison) -> str:
    """Say in one line what is compared."""
    across, down = state.value(ACROSS_KEY, "method"), state.value(DOWN_KEY, NOTHING_ELSE)
    count = len(comparison.variants)
    maps = counted(count, "map")
    if down == NOTHING_ELSE:
        return f"{maps}, by {across}."
    return f"{maps}: {across} across ({comparison.columns}), {down} down ({count // comparison.columns})."


def _choose_values(axis: Axis, question: Question, most: int) -> list[str]:
    options = axis.options(question)
    most = min(most, len(options))

    def can_be_offered(values: list[str]) -> bool:
        return len(values) <= most and len(set(values)) == len(values) and set(values) <= set(options)

    values = st.multiselect(
        f"{axis.name.capitalize()}: up to {most}",
        options,
        format_func=_lasting_texts(axis, options).__getitem__,
        key=state.setting(key_of(axis.name), list(axis.first), can_be_offered),
        max_selections=most,
        help=axis.hint,
    )
    if not values:
        raise ExplanationError(f"Choose at least one {axis.name} to compare.")
    return values


def _lasting_texts(axis: Axis, options: Sequence[str]) -> dict[str, str]:
    """Return the options' texts as they first were: the browser answers with them, and a download would change one."""
    known: dict[str, str] = state.recall(f"texts-{axis.name}", {})
    texts = {option: known[option] if option in known else axis.text(option) for option in options}
    state.remember(f"texts-{axis.name}", known | texts)
    return texts


def key_of(axis: str) -> str:
    """Return the key of the widget that chooses the axis's values."""
    return f"compare-{axis}"


def _trim_choices(first: Mapping[str, Sequence[str]]) -> None:
    """Cut the values of every axis down to the number that fits beside another axis; `first` are its first ones."""
    for name, values in first.items():
        state.choose(key_of(name), state.value(key_of(name), list(values))[:MAX_PER_AXIS])
