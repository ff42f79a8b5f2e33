"""Choosing what a grid compares: two axes, and the values on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from explainers import Explainer, Explanation, ExplanationError
from pages.sections.compare.axes import AXES, Wish
from pages.shared import state
from pages.shared.question import Question

MOST = 5  # tiles in a row, and rows
NOTHING = "nothing else"
OWN, SHARED = "each its own", "one for all"
ACROSS, DOWN, COLOURS = "compare-across", "compare-down", "compare-colours"


@dataclass(frozen=True)
class Plan:
    """{axis: value} for each tile, row by row, and how many stand in a row."""

    tiles: Sequence[dict[str, str]]
    columns: int

    @property
    def rows(self) -> int:
        return -(-len(self.tiles) // self.columns)

    def title(self, number: int, found: Explanation | None = None) -> str:
        """Of a tile, with its number, by which the other views name it."""
        words = (AXES[axis].title(value, found) for axis, value in self.tiles[number].items())
        return f"{number + 1}. " + " · ".join(words)

    def wish(self, number: int, asked: Question, explainer: Explainer) -> Wish:
        """What a tile shall show. Raises ExplanationError where its values make no sense together."""
        wish, values = Wish.of(asked, explainer), self.tiles[number]
        for name, axis in AXES.items():
            if name in values:
                wish = axis.apply(wish, values[name], asked)
        return wish


def choose_plan(asked: Question) -> Plan:
    """The tiles as chosen. Raises ExplanationError where an axis has no value."""
    left, right = st.columns(2, gap="medium")
    across: str = left.selectbox(
        "Across",
        AXES,
        format_func=str.capitalize,
        key=state.setting(ACROSS, "method", AXES.__contains__),
        help="What the tiles of a row differ in.",
    )
    others = (NOTHING, *(name for name in AXES if name != across))
    down: str = right.selectbox(
        "Down",
        others,
        format_func=str.capitalize,
        key=state.setting(DOWN, NOTHING, others.__contains__),
        on_change=_trim,
        help="What the rows differ in. With nothing else, up to 25 tiles fill the rows.",
    )
    alone = down == NOTHING
    with st.container() if alone else left:
        first = _choose_values(across, asked, MOST**2 if alone else MOST)
    if alone:
        rows = -(-len(first) // MOST)
        return Plan([{across: value} for value in first], -(-len(first) // rows))
    with right:
        second = _choose_values(down, asked, MOST)
    return Plan([{down: row, across: column} for row in second for column in first], len(first))


def _choose_values(name: str, asked: Question, most: int) -> list[str]:
    axis = AXES[name]
    options = axis.options(asked)
    most = min(most, len(options))

    def offered(values: list[str]) -> bool:
        return len(values) <= most and len(set(values)) == len(values) and set(values) <= set(options)

    values = st.multiselect(
        f"{name.capitalize()}: up to {most}",
        options,
        format_func=axis.text,
        key=state.setting(key_of(name), list(axis.first), offered),
        max_selections=most,
        help=axis.hint,
    )
    if not values:
        raise ExplanationError(f"Choose at least one {name} to compare.")
    return values


def key_of(axis: str) -> str:
    return f"compare-{axis}"


def _trim() -> None:
    """Leave of each axis what fits beside another."""
    for name, axis in AXES.items():
        state.choose(key_of(name), state.value(key_of(name), list(axis.first))[:MOST])
