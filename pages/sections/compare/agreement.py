"""How far the maps of a grid agree, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from explainers import ExplanationError
from explainers.arrays import Array
from explainers.experiments import aligned, rank_correlation, rank_correlations, ssim
from explainers.figures import Piece, matrix
from explainers.markdown import escaped
from pages.shared.tiles import BARE

MEASURES: tuple[tuple[str, str, Callable[[Array, Array], float | None]], ...] = (
    ("Rank correlation (Spearman)", "1: both put the pixels in the same order; 0: no relation.", rank_correlation),
    ("Structural similarity (SSIM)", "1: they look the same, each on its own scale.", ssim),
)


def show_matrices(pieces: Sequence[Piece]) -> None:
    """Each measure between all maps."""
    numbers = [number for number, piece in enumerate(pieces) if piece.explanation]
    titles = [pieces[number].title for number in numbers]
    heats = heats_of([pieces[number] for number in numbers])
    for place, (title, meaning, measure) in zip(st.columns(2, gap="large"), MEASURES, strict=True):
        place.markdown(f"**{title}**")
        values = rank_correlations(heats) if measure is rank_correlation else between(heats, measure)
        figure = matrix(values, titles)
        place.plotly_chart(figure, key=f"matrix-{measure.__name__}", config=BARE)
        place.caption(meaning)
    st.caption(
        f"Tiles: {escaped('; '.join(titles))}.\n\nMaps with signs are compared with their signs, others by magnitude. "
        "Choose one way of combining the channels to compare like with like."
    )


def show_pair(first: Piece, second: Piece) -> None:
    """Each measure between two maps."""
    one, other = heats_of([first, second])
    for title, meaning, measure in MEASURES:
        value = measure(one, other)
        st.metric(title, "–" if value is None else f"{value:.2f}", help=meaning)
    st.caption("What stays where it is, both maps have in common; what jumps, they don't.")


def heats_of(pieces: Sequence[Piece]) -> list[Array]:
    """Their maps on one grid. Raises ExplanationError where the classifiers see no common part of the photo."""
    try:
        return aligned([piece.explanation for piece in pieces if piece.explanation])
    except ValueError as error:
        raise ExplanationError(f"These maps can't be compared: {error}.") from error


def between(heats: Sequence[Array], measure: Callable[[Array, Array], float | None]) -> Array:
    """(n, n), symmetric; NaN where the measure knows no answer."""
    found = np.full((len(heats), len(heats)), np.nan)
    for row, one in enumerate(heats):
        for column, other in enumerate(heats[: row + 1]):
            value = measure(one, other)
            found[row, column] = found[column, row] = np.nan if value is None else value
    return found
