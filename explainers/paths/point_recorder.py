"""Records what the points of an adaptive integral are worth for the Path page: snapshots, and a nested grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.paths.quadrature import NESTED_STEPS, nested_levels
from explainers.paths.refinement import FIRST_INTERVALS
from explainers.paths.snapshots import Snapshots


class PointRecorder:
    """Keeps the gradients at the first points, and sums the contributions of each level of a nested uniform grid.

    An adaptive integral's points lie on such a grid, so to complete the grid, only those that it left out must pass.

    paths: the number of baselines that means are taken over.
    """

    def __init__(self, paths: int) -> None:
        self.paths = paths
        self._passed: list[set[float]] = [set() for _ in range(paths)]
        self._gradients: dict[float, Any] = {}  # by alpha, (C, H, W)
        self._ends: list[Any] = [0.0, 0.0]  # contributions at the baseline and at the picture, (C, H, W)
        self._new_sums: list[Any] = [0.0] * len(NESTED_STEPS)  # of the points that each level adds, (C, H, W)

    def take(
        self,
        paths: Sequence[int],
        alphas: Sequence[float],
        gradients: Sequence[Tensor],
        contributions: Sequence[Tensor],
    ) -> None:
        """Add points, whose gradients and contributions are (C, H, W) each. Points that pass again are left out."""
        for path, alpha, gradient, contribution in zip(paths, alphas, gradients, contributions, strict=True):
            if alpha in self._passed[path]:
                continue
            self._passed[path].add(alpha)
            if (alpha * FIRST_INTERVALS).is_integer():
                self._gradients[alpha] = self._gradients.get(alpha, 0.0) + gradient / self.paths
            level = next((level for level, steps in enumerate(NESTED_STEPS) if (alpha * steps).is_integer()), None)
            if alpha in (0.0, 1.0):
                self._ends[int(alpha)] = self._ends[int(alpha)] + contribution / self.paths
            elif level is not None:
                self._new_sums[level] = self._new_sums[level] + contribution / self.paths

    def snapshots(self, part_sums: Tensor, values: Tensor) -> Snapshots:
        """Return the snapshots at the first points.

        part_sums: (FIRST_INTERVALS, C, H, W), the attributions between these points; values: (C, H, W), all of them.
        """
        alphas = sorted(self._gradients)
        cumulative = torch.cat([torch.zeros_like(part_sums[:1]), part_sums.cumsum(0)])
        cumulative[-1] = values  # which are summed in another order
        gradients = torch.stack([self._gradients[alpha] for alpha in alphas])
        return Snapshots(torch.tensor(alphas).double().numpy(), _as_array(gradients), _as_array(cumulative))

    def missing(self, steps: int) -> list[tuple[int, float]]:
        """Return the points (path, alpha) that the nested grid of `steps` steps still lacks."""
        alphas = [alpha for intervals, new_alphas, _ in nested_levels() if intervals <= steps for alpha in new_alphas]
        return [(path, alpha) for path, passed in enumerate(self._passed) for alpha in alphas if alpha not in passed]

    def grid_sums(self, steps: int) -> tuple[Array, Array]:
        """Return the sums (L, C, H, W) of the levels up to `steps` steps, and what the two ends (2, C, H, W) add."""
        assert not self.missing(steps)
        ends = torch.stack(self._ends) / 2  # the ends of a path have half the weight of other points
        levels = sum(count <= steps for count in NESTED_STEPS)
        sums = torch.stack([ends.sum(0) + self._new_sums[0], *self._new_sums[1:levels]]).cumsum(0)
        return _as_array(sums), _as_array(ends)


def _as_array(values: Tensor) -> Array:
    array: Array = values.float().cpu().numpy()
    return array
