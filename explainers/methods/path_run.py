"""The straight paths to one picture, integrated by Captum's Integrated Gradients on our kernel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.explainer import Attribution
from explainers.passes import Passes
from explainers.paths.adaptive import Integral
from explainers.paths.integrate import PathIntegral
from explainers.paths.snapshots import Recorder, Snapshots
from explainers.paths.step_grid import StepGrid


class PathRun:
    """One picture (C, H, W), the paths to it from each of its baselines (k, C, H, W), and the integral along them.

    row:   (), the number of the picture's target in `passes`.
    stops: the alphas at which snapshots are recorded; without any, nothing is recorded.
    """

    def __init__(
        self, passes: Passes, picture: Tensor, baselines: Tensor, row: Tensor, stops: Sequence[float] = ()
    ) -> None:
        self.passes, self.picture, self.baselines, self.row = passes, picture, baselines, row
        self.recorder = Recorder(stops, len(baselines)) if stops else None
        self._method = PathIntegral(passes, run=passes.run, keep=self.recorder.take if self.recorder else None)
        self.integral = Integral(self.walk, passes.column)

    def restarted(self, stops: Sequence[float]) -> PathRun:
        """Return the same paths with an empty integral, recorded at `stops`."""
        return PathRun(self.passes, self.picture, self.baselines, self.row, stops)

    def walk(self, alphas: list[float], weights: list[float]) -> tuple[Tensor, Array]:
        """Return the weighted sum of contributions and the records of points, as `Integral` needs them."""
        count_before, (paths, points) = self.passes.count, (len(self.baselines), len(alphas))
        (values,) = self._method._attribute(
            (self.picture.expand_as(self.baselines),),
            (self.baselines,),
            additional_forward_args=self.row.expand(paths),
            step_sizes_and_alphas=(weights, alphas),
        )
        path, answers = self._method.path, self.passes.answers[count_before:].view(paths, points, 2)
        records = torch.cat([answers, torch.stack([path.slopes, path.gradient_mean, path.gradient_size], -1)], -1)
        return values.mean(0), records.double().cpu().numpy()

    def snapshots(self) -> Snapshots:
        """Return the snapshots of the points added so far."""
        assert self.recorder
        return self.recorder.snapshots(self.integral.values, self.integral.intervals)

    def step_grid(self) -> StepGrid:
        """Return the nested grid of the levels added so far."""
        assert self.recorder
        score = self.integral.scores.mean(0)
        return StepGrid(
            tuple(level.points - 1 for level in self.integral.history),
            torch.stack(self.integral.sums).float().cpu().numpy(),
            torch.stack(self.recorder.ends).float().cpu().numpy(),
            score_change=float(score[-1] - score[0]),
            score_range=float(np.ptp(score)),
        )


def attribution(runs: Sequence[PathRun]) -> Attribution:
    """Make the attribution of the points added so far, one picture for each run."""
    integrals = [run.integral for run in runs]
    return Attribution(
        values=torch.stack([integral.values for integral in integrals]),
        scores=torch.tensor([float(integral.scores[0, -1]) for integral in integrals], dtype=torch.float64),
        baselines=torch.stack([run.baselines for run in runs]),
        baseline_scores=torch.tensor([integral.scores[:, 0].tolist() for integral in integrals], dtype=torch.float64),
        traces=[integral.trace() for integral in integrals],
        histories=[tuple(integral.history) for integral in integrals],
    )
