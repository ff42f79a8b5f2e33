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
from explainers.paths.integrate import Alphas, PathIntegral, contributions
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
        self._kept: list[tuple[Tensor, Tensor]] = []  # gradient and contributions (C, H, W) of each point of a walk
        keep = self._keep if adaptive else self.stops.take if self.stops else None
        self._method = PathIntegral(passes, run=passes.run, keep=keep)
        if adaptive:
            self.integral = AdaptiveIntegral(self.walk_points, len(baselines), passes.column)
        else:
            self.integral = Integral(self.walk, passes.column)

    def walk(self, alphas: list[float], weights: list[float]) -> tuple[Tensor, Array]:
        """Pass the same points on each path, and return their weighted sum and records, as `Integral` needs them."""
        values, records = self._walk(self.baselines, alphas, weights)
        return values.mean(0), records

    def walk_points(self, paths: list[int], alphas: list[float]) -> tuple[Sequence[Tensor], Array]:
        """Pass points of any paths, and return their contributions and records, as `AdaptiveIntegral` needs them."""
        self._kept = []
        if len(self.baselines) == 1:
            _, records = self._walk(self.baselines, alphas, [1.0] * len(alphas))
        else:
            _, records = self._walk(self.baselines[paths], [[alpha] for alpha in alphas], [[1.0]] * len(alphas))
        gradients, own_contributions = zip(*self._kept, strict=True)
        self._kept = []
        if self.points:
            self.points.take(paths, alphas, gradients, own_contributions)
        return own_contributions, records.reshape(len(alphas), -1)

    def _keep(self, alphas: Tensor, weights: Tensor, gradients: Tensor, spans: Tensor) -> None:
        # Each by itself, so that a point's contributions can be dropped without those of the others
        self._kept += [
            (gradient, contributions(gradient, span)) for gradient, span in zip(gradients, spans, strict=True)
        ]

    def _walk(self, baselines: Tensor, alphas: Alphas, weights: Alphas) -> tuple[Tensor, Array]:
        """Return the weighted sums (n, C, H, W) of contributions from n baselines, and the records (n, P, 5)."""
        pictures, rows = self.picture.expand_as(baselines), self.row.expand(len(baselines))
        return _walk(self.passes, self._method, pictures, baselines, rows, alphas, weights)

    def snapshots(self) -> Snapshots:
        """Return the snapshots of the points added so far."""
        if isinstance(self.integral, AdaptiveIntegral):
            assert self.points
            return self.points.snapshots(self.integral.part_sums, self.integral.values)
        assert self.stops
        return self.stops.snapshots(self.integral.values)


def integrate_together(runs: Sequence[PathRun], alphas: list[float], weights: list[float]) -> None:
    """Integrate over the same points on the paths to several pictures, which share chunks; nothing is recorded."""
    passes, baselines = runs[0].passes, torch.cat([run.baselines for run in runs])
    pictures = torch.cat([run.picture.expand_as(run.baselines) for run in runs])
    rows = torch.cat([run.row.expand(len(run.baselines)) for run in runs])
    values, records = _walk(passes, PathIntegral(passes, run=passes.run), pictures, baselines, rows, alphas, weights)
    by_run = zip(runs, values.chunk(len(runs)), np.split(records, len(runs)), strict=True)
    for run, own_values, own_records in by_run:
        assert isinstance(run.integral, Integral)
        run.integral.take(alphas, weights, own_values.mean(0), own_records)


def _walk(
    passes: Passes,
    method: PathIntegral,
    pictures: Tensor,
    baselines: Tensor,
    rows: Tensor,
    alphas: Alphas,
    weights: Alphas,
) -> tuple[Tensor, Array]:
    """Return the weighted sums (n, C, H, W) of contributions on n paths, and the records (n, P, 5) of their points.

    pictures, baselines: (n, C, H, W), the ends of the paths; rows: (n,) the numbers of the pictures' targets.
    """
    count_before, count = passes.count, len(baselines)
    (values,) = method._attribute(
        (pictures,), (baselines,), additional_forward_args=rows, step_sizes_and_alphas=(weights, alphas)
    )
    path, answers = method.path, passes.answers[count_before:].view(count, -1, 2)
    records = torch.cat([answers, torch.stack([path.slopes, path.gradient_mean, path.gradient_size], -1)], -1)
    return values, records.double().cpu().numpy()


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
