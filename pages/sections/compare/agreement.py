"""Measures of how far the maps of a comparison agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from explainers import ExplanationError
from explainers.arrays import Array
from explainers.experiments import aligned, rank_correlation, rank_correlations, ssim
from explainers.figures import Tile, matrix
from explainers.markdown import escaped
from pages.shared.tiles import NO_MODE_BAR

AGREEMENT_MEASURES: tuple[tuple[str, str, Callable[[Array, Array], float | None]], ...] = (
    ("Rank correlation (Spearman)", "1: both put the pixels in the same order; 0: no relation.", rank_correlation),
    ("Structural similarity (SSIM)", "1: they look the same, each on its own scale.", ssim),
)


def show_matrices(tiles: Sequence[Tile]) -> None:
    """Draw a matrix for each measure, between all pairs of maps."""
    with_map = [number for number, tile in enumerate(tiles) if tile.explanation]
    titles = {number + 1: tiles[number].title for number in with_map}
    heats = heats_of([tiles[number] for number in with_map])
    for place, (title, meaning, measure) in zip(st.columns(2, gap="large"), AGREEMENT_MEASURES, strict=True):
        place.markdown(f"**{title}**")
        values = rank_correlations(heats) if measure is rank_correlation else between(heats, measure)
        figure = matrix(values, titles)
        place.plotly_chart(figure, key=f"matrix-{measure.__name__}", config=NO_MODE_BAR)
        place.caption(meaning)
    st.caption(
        f"Tiles: {escaped('; '.join(titles.values()))}.\n\nMaps with signs are compared with their signs, others by "
        "magnitude. Choose one way of combining the channels to compare like with like."
    )


def show_pair(first: Tile, second: Tile) -> None:
    """Show each measure between two maps."""
    first_heat, second_heat = heats_of([first, second])
    for title, meaning, measure in AGREEMENT_MEASURES:
        value = measure(first_heat, second_heat)
        st.metric(title, "–" if value is None else f"{value:.2f}", help=meaning)
    st.caption("What stays where it is, both maps have in common; what jumps, they don't.")


def heats_of(tiles: Sequence[Tile]) -> list[Array]:
    """Resample the tiles' maps to one grid. Raises ExplanationError where the classifiers see no common part."""
    try:
        return aligned([tile.explanation for tile in tiles if tile.explanation])
    except ValueError as error:
        raise ExplanationError(f"These maps can't be compared: {error}.") from error


def between(heats: Sequence[Array], measure: Callable[[Array, Array], float | None]) -> Array:
    """Measure all pairs: (n, n), symmetric; NaN where the measure is undefined."""
    matrix_values = np.full((len(heats), len(heats)), np.nan)
    for row, row_heat in enumerate(heats):
        for column, column_heat in enumerate(heats[: row + 1]):
            value = measure(row_heat, column_heat)
            matrix_values[row, column] = matrix_values[column, row] = np.nan if value is None else value
    return matrix_values
