"""Measures of how far the maps of a comparison agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from explainers import ExplanationError
from explainers.arrays import Array
from explainers.experiments import aligned, rank_correlation, rank_correlations, ssim
from explainers.figures import Tile, matrix
from pages.shared.tiles import NO_MODE_BAR

OF_DIFFERENT_PICTURES = (
    "These maps are of different pictures, so comparing them pixel by pixel would say nothing. Choose maps of one "
    "picture here."
)
NO_MATRICES = "Only maps of one picture can be compared pixel by pixel, so there is no table of all these maps."
AGREEMENT_MEASURES: tuple[tuple[str, str, Callable[[Array, Array], float | None]], ...] = (
    (
        "Rank correlation (Spearman)",
        "1: both maps put the pixels in the same order. 0: the orders have nothing in common.",
        rank_correlation,
    ),
    ("Structural similarity (SSIM)", "1: both maps look the same, each on its own scale. 0: they don't.", ssim),
)


def show_matrices(tiles: Sequence[Tile]) -> None:
    """Draw a matrix for each measure, between all pairs of maps; none where the maps are of several pictures."""
    with_map = [tile for tile in tiles if tile.explanation]
    if not are_of_one_picture(with_map):
        st.caption(NO_MATRICES)
        return
    heats = heats_of(with_map)
    for place, (title, meaning, measure) in zip(st.columns(2, gap="large"), AGREEMENT_MEASURES, strict=True):
        place.markdown(f"**{title}**")
        figure = matrix(agreement(heats, measure), [tile.title for tile in with_map])
        about = f"{title} between all pairs of maps"
        place.plotly_chart(figure, key=f"matrix-{measure.__name__}", config=NO_MODE_BAR, alt=about)
        place.caption(meaning)
    st.caption(
        "Maps are compared with their signs if all of them have signs, else by magnitude. To compare like with like, "
        "choose one way of combining the channels for all maps, under **Edit**."
    )


def show_pair(first: Tile, second: Tile) -> None:
    """Show each measure between two maps."""
    first_heat, second_heat = heats_of([first, second])
    for title, meaning, measure in AGREEMENT_MEASURES:
        value = measure(first_heat, second_heat)
        st.metric(title, "–" if value is None else f"{value:.2f}", help=meaning)
    st.caption("What stays in place is in both maps. What jumps is in only one of them.")


def heats_of(tiles: Sequence[Tile]) -> list[Array]:
    """Resample the tiles' maps to one grid, by magnitude where only some of them have signs.

    Raises ExplanationError for maps of different pictures, and where the classifiers see no common part.
    """
    check_picture(tiles)
    maps = [tile.explanation for tile in tiles if tile.explanation]
    if not all(explanation.signed for explanation in maps):
        maps = [explanation.reduced("sum of magnitudes") if explanation.signed else explanation for explanation in maps]
    try:
        return aligned(maps)
    except ValueError as error:
        raise ExplanationError(f"These maps can't be compared: {error}.") from error


def check_picture(tiles: Sequence[Tile]) -> None:
    """Raise ExplanationError for maps of different pictures."""
    if not are_of_one_picture(tiles):
        raise ExplanationError(OF_DIFFERENT_PICTURES)


def are_of_one_picture(tiles: Sequence[Tile]) -> bool:
    """Whether all maps are of the same picture."""
    return len({tile.photo for tile in tiles if tile.explanation}) < 2


def agreement(heats: Sequence[Array], measure: Callable[[Array, Array], float | None]) -> Array:
    """Measure all pairs of maps: (n, n), symmetric; NaN where the measure is undefined."""
    return rank_correlations(heats) if measure is rank_correlation else between(heats, measure)


def between(heats: Sequence[Array], measure: Callable[[Array, Array], float | None]) -> Array:
    """Measure all pairs: (n, n), symmetric; NaN where the measure is undefined."""
    matrix_values = np.full((len(heats), len(heats)), np.nan)
    for row, row_heat in enumerate(heats):
        for column, column_heat in enumerate(heats[: row + 1]):
            value = measure(row_heat, column_heat)
            matrix_values[row, column] = matrix_values[column, row] = np.nan if value is None else value
    return matrix_values
