"""Looking into an integral while it is summed: what the map is made of at some stops on the path."""

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
    """The path at K stops, in score; averaged over baselines.

    alphas:     (K,) ascending from 0 (baseline) to 1 (picture); each is a point that was passed.
    gradients:  (K, C, H, W), the gradient there, in score per pixel unit.
    cumulative: (K, C, H, W), the attributions of the path up to there. Each sums to `Trace.cumulative` at its alpha,
                and the last one is the map.
    """

    alphas: Array
    gradients: Array
    cumulative: Array


def stops(alphas: Sequence[float], count: int) -> list[float]:
    """Those of `alphas` that lie nearest to `count` even stops from 0 to 1; fewer where several stops share one."""
    points = np.asarray(alphas)
    return sorted({float(points[np.abs(points - place).argmin()]) for place in np.linspace(0, 1, count)})


class Recorder:
    """Sums the points of a path between stops; the work of keeping every gradient, without the memory.

    alphas: of the K stops, ascending from 0 to 1.
    paths:  over how many baselines the mean is taken.
    """

    def __init__(self, alphas: Sequence[float], paths: int) -> None:
        self.alphas, self.paths = torch.tensor(alphas, dtype=torch.float64), paths
        self._gradients: Any = 0.0  # (K, C, H, W)
        self._added: Any = 0.0  # (2 K - 1, C, H, W): at a stop, between it and the next, at the next...
        self._met: set[int] = set()

    def take(self, alphas: Tensor, weights: Tensor, gradients: Tensor, spans: Tensor) -> None:
        """Add points: (n,), (n,), (n, C, H, W), (n, C, H, W). Changes nothing if memory runs out on the way."""
        place = torch.searchsorted(self.alphas, alphas.cpu())
        at = self.alphas[place] == alphas.cpu()
        here, points = torch.arange(len(place)), gradients.flatten(1)
        spread = points.new_zeros(2 * len(self.alphas) - 1, len(place))
        spread[2 * place - 1 + at.long(), here] = weights.to(spread) / self.paths
        chosen = points.new_zeros(len(self.alphas), len(place))
        chosen[place[at], here[at]] = 1 / self.paths
        added = self._added + (spread @ (gradients * spans).flatten(1)).view(-1, *gradients.shape[1:])
        self._gradients = self._gradients + (chosen @ points).view(-1, *gradients.shape[1:])
        self._added = added
        self._met.update(place[at].tolist())

    @property
    def ends(self) -> tuple[Tensor, Tensor]:
        """(C, H, W) each: what the path's ends add to a sum in which they have half a point's weight."""
        return self._added[0], self._added[-1]

    def slices(self, values: Tensor, intervals: int) -> Snapshots:
        """What was kept of a path whose weights sum to `intervals`; its map, (C, H, W), is the last of `cumulative`."""
        met = sorted(self._met)
        cumulative = (
            self._added.cumsum(0)[::2] - self._added[::2] / 2
        ) / intervals  # a stop stands for both of its sides
        cumulative[0], cumulative[-1] = 0.0, values
        return Snapshots(
            self.alphas[met].numpy(), self._gradients[met].float().cpu().numpy(), cumulative[met].float().cpu().numpy()
        )
