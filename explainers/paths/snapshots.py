"""Records what a map is made of, at some stops on the path, while the integral is summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Gradients and attributions at K stops on the path, averaged over baselines.

    alphas:     (K,) ascending from 0 (baseline) to 1 (picture); each is a point of the integral.
    gradients:  (K, C, H, W), the gradient at each stop, in score per pixel unit.
    cumulative: (K, C, H, W), the attributions of the path up to each stop, in score. Each sums to `Trace.cumulative` at
                its alpha, and the last one is the map.
    """

    alphas: Array
    gradients: Array
    cumulative: Array


def stops(alphas: Sequence[float], count: int) -> list[float]:
    """Return the `alphas` nearest to `count` even stops from 0 to 1; fewer if one alpha is nearest to several stops."""
    points = np.asarray(alphas)
    return sorted({float(points[np.abs(points - stop).argmin()]) for stop in np.linspace(0, 1, count)})


class Recorder:
    """Sums the contributions of a path between stops, which takes far less memory than to keep every gradient.

    alphas: the K stops, ascending from 0 to 1.
    paths:  the number of baselines that the mean is taken over.
    """

    def __init__(self, alphas: Sequence[float], paths: int) -> None:
        self.alphas, self.paths = torch.tensor(alphas, dtype=torch.float64), paths
        self._gradients: Any = 0.0  # (K, C, H, W)
        self._piece_sums: Any = 0.0  # (2 K - 1, C, H, W): at a stop, between it and the next, at the next, ...
        self._reached: set[int] = set()

    def take(self, alphas: Tensor, weights: Tensor, gradients: Tensor, spans: Tensor) -> None:
        """Add n points: (n,), (n,), (n, C, H, W), (n, C, H, W). If memory runs out meanwhile, nothing is changed."""
        next_stop = torch.searchsorted(self.alphas, alphas.cpu())
        at_stop = self.alphas[next_stop] == alphas.cpu()
        columns, flat_gradients = torch.arange(len(next_stop)), gradients.flatten(1)
        weights_by_piece = flat_gradients.new_zeros(2 * len(self.alphas) - 1, len(next_stop))
        weights_by_piece[2 * next_stop - 1 + at_stop.long(), columns] = weights.to(weights_by_piece) / self.paths
        stop_weights = flat_gradients.new_zeros(len(self.alphas), len(next_stop))
        stop_weights[next_stop[at_stop], columns[at_stop]] = 1 / self.paths
        reached = next_stop[at_stop].tolist()
        piece_sums = self._piece_sums + (weights_by_piece @ (gradients * spans).flatten(1)).view(
            -1, *gradients.shape[1:]
        )
        stop_gradients = self._gradients + (stop_weights @ flat_gradients).view(-1, *gradients.shape[1:])
        self._gradients, self._piece_sums = stop_gradients, piece_sums  # from here on, no memory is needed
        self._reached.update(reached)

    def snapshots(self, values: Tensor) -> Snapshots:
        """Return the snapshots of a path; `values` (C, H, W), the map, becomes the last of `cumulative`."""
        reached = sorted(self._reached)
        cumulative = self._piece_sums.cumsum(0)[::2] - self._piece_sums[::2] / 2  # half of a stop's own lies behind it
        cumulative[0], cumulative[-1] = 0.0, values
        return Snapshots(
            self.alphas[reached].numpy(),
            self._gradients[reached].float().cpu().numpy(),
            cumulative[reached].float().cpu().numpy(),
        )
