"""Numbers that say something about maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.explanation import Array, apart

DARK = 0.1  # of full brightness, in every channel


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
    return float(np.mean([apart(mean, draw) for draw in draws]))
