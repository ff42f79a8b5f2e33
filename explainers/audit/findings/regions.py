"""Regions of the small map, as the numbers of its cells, and in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.arrays import Array
from explainers.audit.runs.rows import CELL_SIDE, MAP_SIDE

STRONG = 0.3  # of the largest excess: cells above it make the region of a cluster
NAMES = (
    ("in the upper left", "at the top", "in the upper right"),
    ("on the left", "in the middle", "on the right"),
    ("in the lower left", "at the bottom", "in the lower right"),
)


def excess(descriptions: Array, others: Array) -> Array:
    """Return (64,) by how much the mean share of each cell in some descriptions exceeds that in others."""
    return np.asarray(_shares(descriptions).mean(0) - _shares(others).mean(0))


def strong_cells(cells: Array) -> Array:
    """Return the numbers of the cells, of 64, whose excess is over STRONG of the largest; none if none is above 0."""
    return np.flatnonzero(cells > STRONG * cells.max()) if cells.max() > 0 else np.empty(0, np.int64)


def in_small_map(cells: Array) -> tuple[int, ...]:
    """Return the numbers of the small map's cells that lie in some cells of the description."""
    grid = np.zeros((CELL_SIDE, CELL_SIDE), bool)
    grid.flat[cells] = True
    times = MAP_SIDE // CELL_SIDE
    return tuple(np.flatnonzero(grid.repeat(times, 0).repeat(times, 1)).tolist())


def share_in(maps: Array, cells: Sequence[int]) -> Array:
    """Return (n,) the share of small maps (n, 1024) that lies in some of their cells; 0 for maps of zeros."""
    totals = maps.sum(1, dtype=np.float32)
    inside = maps[:, list(cells)].sum(1, dtype=np.float32)
    return np.asarray(np.divide(inside, totals, out=np.zeros_like(totals), where=totals > 0))


def in_words(cells: Sequence[int]) -> str:
    """Say where in the picture some cells of the small map lie: "in the lower left"."""
    rows, columns = np.divmod(np.asarray(cells), MAP_SIDE)
    row, column = (min(2, int(3 * (places.mean() + 0.5) / MAP_SIDE)) for places in (rows, columns))
    return NAMES[row][column]


def _shares(descriptions: Array) -> Array:
    totals = descriptions.sum(1, keepdims=True)
    return np.asarray(np.divide(descriptions, totals, out=np.zeros_like(descriptions), where=totals > 0))
