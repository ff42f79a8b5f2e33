"""Widgets that choose what the tiles of a comparison differ in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from explainers import Explainer, ExplanationError, Prediction
from explainers.comparison.axes import AXES, Axis, compare
from explainers.comparison.variants import Comparison
from explainers.question import Question
from pages.shared import state

MAX_PER_AXIS = 5  # values on an axis, and so tiles in a row, and rows
NOTHING_ELSE = "nothing else"
OWN_SCALES, SHARED_SCALE = "each its own", "one for all"
ACROSS_KEY, DOWN_KEY, COLOURS_KEY = "compare-across", "compare-down", "compare-colours"


def choose_comparison(question: Question, likely: Sequence[Prediction], explainer: Explainer) -> Comparison:
    """Choose the axes and their values; return the comparison. Raises ExplanationError where an axis has no value."""
    across_place, down_place = st.columns(2, gap="medium")
    across: str = across_place.selectbox(
        "Across",
        AXES,
        format_func=str.capitalize,
        key=state.setting(ACROSS_KEY, "method", AXES.__contains__),
        help="What the tiles of a row differ in.",
    )
    down_options = (NOTHING_ELSE, *(name for name in AXES if name != across))
    down: str = down_place.selectbox(
        "Down",
        down_options,
        format_func=str.capitalize,
        key=state.setting(DOWN_KEY, NOTHING_ELSE, down_options.__contains__),
        on_change=_trim_choices,
        help="What the rows differ in. With nothing else, up to 25 tiles fill the rows.",
    )
    one_axis = down == NOTHING_ELSE
    with st.container() if one_axis else across_place:
        across_values = _choose_values(AXES[across], question, MAX_PER_AXIS**2 if one_axis else MAX_PER_AXIS)
    cells: list[Mapping[str, str]] = [{across: value} for value in across_values]
    columns = -(-len(across_values) // -(-len(across_values) // MAX_PER_AXIS))
    if not one_axis:
        with down_place:
            down_values = _choose_values(AXES[down], question, MAX_PER_AXIS)
        cells, columns = (
            [{down: row, across: value} for row in down_values for value in across_values],
            len(across_values),
        )
    return compare(cells, columns, question, likely, explainer)


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


def _trim_choices() -> None:
    """Cut the values of every axis down to the number that fits beside another axis."""
    for name, axis in AXES.items():
        state.choose(key_of(name), state.value(key_of(name), list(axis.first))[:MAX_PER_AXIS])
