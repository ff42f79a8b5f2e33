"""Measures of how alike maps are, how far they spread, and what they give to dark pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.arrays import Array, relative_l1
from explainers.explanation import Explanation
from explainers.importing import IMPORTING

DARK_BELOW = 0.1  # of full brightness, in every channel
SSIM_WINDOW = 7  # side of the square of pixels that SSIM compares at a time
SAMPLES_PER_CELL = 4  # in each direction; their mean is a cell of the map on another grid


def dark(picture: Array, values: Array) -> tuple[float, float]:
    """Return the share of dark pixels in a picture (C, H, W), and their share of its attributions (C, H, W).

    The second is a share of the sum of magnitudes, 0 for a map of zeros. Dark pixels hardly differ from a black
    baseline, so that baseline gives them little, whatever they mean to the classifier (Sturmfels et al. 2020).
    """
    is_dark, magnitudes = (picture < DARK_BELOW).all(0), np.abs(values).sum(0)
    total = float(magnitudes.sum())
    return float(is_dark.mean()), float(magnitudes[is_dark].sum()) / total if total else 0.0


def spread(draws: Sequence[Array]) -> float:
    """Return the mean distance of maps of several draws from their mean (relative L1)."""
    mean = np.mean(draws, 0)
    return float(np.mean([relative_l1(mean, draw) for draw in draws]))


def rank_correlation(first: Array, second: Array) -> float | None:
    """Return Spearman's rank correlation of two maps, from -1 to 1; None if one is constant and so has no order."""
    correlation = float(rank_correlations([first, second])[0, 1])
    return None if np.isnan(correlation) else correlation


def rank_correlations(maps: Sequence[Array]) -> Array:
    """Return Spearman's rank correlations (n, n) between n maps, each ranked once; NaN where a map is constant."""
    with IMPORTING:
        from scipy import stats
    # Since SciPy 1.18, ranks have the precision of the maps.
    ranks = np.stack([stats.rankdata(heat, axis=None).astype(np.float64) for heat in maps])
    ranks -= ranks.mean(1, keepdims=True)
    lengths = np.linalg.norm(ranks, axis=1)
    ranks /= np.where(lengths > 0, lengths, np.nan)[:, None]
    return np.clip(ranks @ ranks.T, -1, 1)  # type: ignore[no-any-return]


def ssim(first: Array, second: Array, clip: float = 99.0) -> float | None:
    """Return the structural similarity (SSIM) of two maps (H, W) as drawn, each on its own scale; 1 if they look alike.

    clip: percentile of a map's magnitudes that gets the strongest colour.
    The result is None if a map is zero everywhere or smaller than 3 pixels on a side.
    """
    with IMPORTING:
        from skimage.metrics import structural_similarity
    peaks = [float(np.percentile(np.abs(heat), clip) or np.abs(heat).max()) for heat in (first, second)]
    shortest_side = min(SSIM_WINDOW, *first.shape)
    window = shortest_side - (shortest_side + 1) % 2
    if not all(peaks) or window < 3:
        return None
    scaled = [np.clip(heat / peak, -1, 1).astype(np.float64) for heat, peak in zip((first, second), peaks, strict=True)]
    if min(heat.min() for heat in scaled) < 0:  # SSIM expects brightness, which is never negative, so zero becomes grey
        scaled = [(heat + 1) / 2 for heat in scaled]
    return float(structural_similarity(*scaled, win_size=window, data_range=1.0))  # type: ignore[no-untyped-call]


def aligned(explanations: Sequence[Explanation]) -> list[Array]:
    """Return the explanations' maps on one grid: unchanged if they share one, else cut to the part that all show.

    Classifiers may see different parts of the photo at different sizes: the result has the coarsest grid, and finer
    maps are averaged. Raises ValueError if the maps have no part of the photo in common.
    """
    views = {(explanation.box, explanation.heat.shape) for explanation in explanations}
    if len(views) <= 1:
        return [explanation.heat for explanation in explanations]
    left, top = (max(box[side] for box, _ in views) for side in (0, 1))
    right, bottom = (min(box[side] for box, _ in views) for side in (2, 3))
    if right <= left or bottom <= top:
        raise ValueError("the classifiers see no common part of the photo")
    height, width = (min(shape[side] for _, shape in views) for side in (0, 1))
    across = left + (np.arange(width * SAMPLES_PER_CELL) + 0.5) * (right - left) / (width * SAMPLES_PER_CELL)
    down = top + (np.arange(height * SAMPLES_PER_CELL) + 0.5) * (bottom - top) / (height * SAMPLES_PER_CELL)
    blocks = height, SAMPLES_PER_CELL, width, SAMPLES_PER_CELL
    return [_sampled(explanation, across, down).reshape(blocks).mean((1, 3)) for explanation in explanations]


def _sampled(explanation: Explanation, across: Array, down: Array) -> Array:
    """Sample the map bilinearly at points of the photo."""
    with IMPORTING:
        from scipy import ndimage
    left, top, right, bottom = explanation.box
    height, width = explanation.heat.shape
    columns = (across - left) / (right - left) * width - 0.5
    rows = (down - top) / (bottom - top) * height - 0.5
    positions = np.meshgrid(rows, columns, indexing="ij")
    return ndimage.map_coordinates(explanation.heat, positions, order=1, mode="nearest")  # type: ignore[no-any-return]
