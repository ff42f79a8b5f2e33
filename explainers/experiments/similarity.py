"""Numbers that say something about maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage, stats
from skimage.metrics import structural_similarity

from explainers.arrays import Array, relative_l1
from explainers.explanation import Explanation

DARK = 0.1  # of full brightness, in every channel
WINDOW = 7  # pixels that SSIM looks at together, on each side
SHARE = 4  # points in each direction whose mean is a cell of a map on another grid


def dark(picture: Array, values: Array) -> tuple[float, float]:
    """Of a picture (C, H, W) and its attributions (C, H, W): the share of dark pixels, and what they get.

    What they get is their share of the sum of magnitudes, 0 for a map of nothing. A black baseline differs little from
    them, so it gives them little, whatever they mean to the classifier (Sturmfels et al. 2020).
    """
    where, sizes = (picture < DARK).all(0), np.abs(values).sum(0)
    total = float(sizes.sum())
    return float(where.mean()), float(sizes[where].sum()) / total if total else 0.0


def spread(draws: Sequence[Array]) -> float:
    """How far maps of several draws lie from their mean, on average (relative L1)."""
    mean = np.mean(draws, 0)
    return float(np.mean([relative_l1(mean, draw) for draw in draws]))


def rank_correlation(first: Array, second: Array) -> float | None:
    """Spearman's: whether two maps put the pixels in the same order, from -1 to 1; None where one knows no order."""
    found = float(rank_correlations([first, second])[0, 1])
    return None if np.isnan(found) else found


def rank_correlations(maps: Sequence[Array]) -> Array:
    """(n, n): Spearman's between all maps, each put in order once; NaN where one knows no order."""
    ranks = np.stack([stats.rankdata(heat, axis=None) for heat in maps])
    ranks -= ranks.mean(1, keepdims=True)
    sizes = np.linalg.norm(ranks, axis=1)
    ranks /= np.where(sizes > 0, sizes, np.nan)[:, None]
    return np.clip(ranks @ ranks.T, -1, 1)  # type: ignore[no-any-return]


def ssim(first: Array, second: Array, clip: float = 99.0) -> float | None:
    """Structural similarity of two maps (H, W) as they are drawn, each on its own scale; 1 where they look the same.

    clip: percentile of a map's magnitudes that gets the strongest colour. None for a map of nothing, or one too small.
    """
    sizes = [float(np.percentile(np.abs(heat), clip) or np.abs(heat).max()) for heat in (first, second)]
    side = min(WINDOW, *first.shape)
    window = side - (side + 1) % 2
    if not all(sizes) or window < 3:
        return None
    drawn = [np.clip(heat / size, -1, 1).astype(np.float64) for heat, size in zip((first, second), sizes, strict=True)]
    if min(heat.min() for heat in drawn) < 0:  # grey is zero: SSIM takes brightness for what can't be negative
        drawn = [(heat + 1) / 2 for heat in drawn]
    return float(structural_similarity(*drawn, win_size=window, data_range=1.0))  # type: ignore[no-untyped-call]


def aligned(explanations: Sequence[Explanation]) -> list[Array]:
    """Their maps on one grid: as they are where they share it, else the part of the photo that all of them show.

    Classifiers see another part of the photo at another size: the coarsest grid is taken, and finer maps are averaged.
    Raises ValueError where they have no part in common.
    """
    views = {(each.box, each.heat.shape) for each in explanations}
    if len(views) <= 1:
        return [each.heat for each in explanations]
    left, top = (max(box[side] for box, _ in views) for side in (0, 1))
    right, bottom = (min(box[side] for box, _ in views) for side in (2, 3))
    if right <= left or bottom <= top:
        raise ValueError("the classifiers see no common part of the photo")
    height, width = (min(shape[side] for _, shape in views) for side in (0, 1))
    across = left + (np.arange(width * SHARE) + 0.5) * (right - left) / (width * SHARE)
    down = top + (np.arange(height * SHARE) + 0.5) * (bottom - top) / (height * SHARE)
    return [_sampled(each, across, down).reshape(height, SHARE, width, SHARE).mean((1, 3)) for each in explanations]


def _sampled(explanation: Explanation, across: Array, down: Array) -> Array:
    """The map at points of the photo, bilinearly."""
    left, top, right, bottom = explanation.box
    height, width = explanation.heat.shape
    columns = (across - left) / (right - left) * width - 0.5
    rows = (down - top) / (bottom - top) * height - 0.5
    places = np.meshgrid(rows, columns, indexing="ij")
    return ndimage.map_coordinates(explanation.heat, places, order=1, mode="nearest")  # type: ignore[no-any-return]
