"""The straight paths to one picture, integrated by Captum's Integrated Gradients on our kernel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.explainer import Attribution
from explainers.passes import Passes
from explainers.paths.adaptive import AdaptiveIntegral
from explainers.paths.integral import Integral
from explainers.paths.integrate import Alphas, PathIntegral
from explainers.paths.point_recorder import PointRecorder
from explainers.paths.snapshots import Recorder, Snapshots


class PathRun:
    """One picture (C, H, W), the paths to it from each of its baselines (k, C, H, W), and the integral along them.

    row:      (), the number of the picture's target in `passes`.
    adaptive: whether points are added until the map is accurate enough.
    stops:    for points that were chosen, the alphas at which snapshots are recorded; without any, nothing is recorded.
    points:   for adaptive points, records them.
    """

    integral: Integral | AdaptiveIntegral

    def __init__(
        self,
        passes: Passes,
        picture: Tensor,
        baselines: Tensor,
        row: Tensor,
        *,
        adaptive: bool,
        stops: Sequence[float] = (),
        points: PointRecorder | None = None,
    ) -> None:
        self.passes, self.picture, self.baselines, self.row = passes, picture, baselines, row
        self.stops = Recorder(stops, len(baselines)) if stops else None
        self.points = points
        self._method = PathIntegral(passes, run=passes.run, keep=self.stops.take if self.stops else None)
        if adaptive:
            self.integral = AdaptiveIntegral(self.walk_points, len(baselines), passes.column)
        else:
            self.integral = Integral(self.walk, passes.column)

    def walk(self, alphas: list[float], weights: list[float]) -> tuple[Tensor, Array]:
        """Pass the same points on each path, and return their weighted sum and records, as `Integral` needs them."""
        values, records = self._walk(self.baselines, alphas, weights)
        return values.mean(0), records

    def walk_points(self, paths: list[int], alphas: list[float]) -> tuple[Tensor, Array]:
        """Pass points of any paths, and return their contributions and records, as `AdaptiveIntegral` needs them."""
        shape = len(paths), *self.picture.shape
        baselines = self.baselines.expand(shape) if len(self.baselines) == 1 else self.baselines[paths]
        contributions, records = self._walk(baselines, [[alpha] for alpha in alphas], [[1.0]] * len(alphas))
        if self.points:
            self.points.take(paths, alphas, self._method.path.gradients[0], contributions)
        return contributions, records[:, 0]

    def _walk(self, baselines: Tensor, alphas: Alphas, weights: Alphas) -> tuple[Tensor, Array]:
        """Return the weighted sums (n, C, H, W) of contributions from n baselines, and the records (n, P, 5)."""
        count_before, count = self.passes.count, len(baselines)
        (values,) = self._method._attribute(
            (self.picture.expand_as(baselines),),
            (baselines,),
            additional_forward_args=self.row.expand(count),
            step_sizes_and_alphas=(weights, alphas),
        )
        path, answers = self._method.path, self.passes.answers[count_before:].view(count, -1, 2)
        records = torch.cat([answers, torch.stack([path.slopes, path.gradient_mean, path.gradient_size], -1)], -1)
        return values, records.double().cpu().numpy()

    def snapshots(self) -> Snapshots:
        """Return the snapshots of the points added so far."""
        if isinstance(self.integral, AdaptiveIntegral):
            assert self.points
            return self.points.snapshots(self.integral.part_sums, self.integral.values)
        assert self.stops
        return self.stops.snapshots(self.integral.values)


def attribution(runs: Sequence[PathRun]) -> Attribution:
    """Make the attribution of the points added so far, one picture for each run."""
    integrals = [run.integral for run in runs]
    return Attribution(
        values=torch.stack([integral.values for integral in integrals]),
        scores=torch.tensor([float(integral.end_scores[0, 1]) for integral in integrals], dtype=torch.float64),
        baselines=torch.stack([run.baselines for run in runs]),
        baseline_scores=torch.tensor(np.stack([integral.end_scores[:, 0] for integral in integrals])),
        errors=[integral.error for integral in integrals],
        traces=[integral.trace() for integral in integrals],
        histories=[integral.history for integral in integrals],
    )
