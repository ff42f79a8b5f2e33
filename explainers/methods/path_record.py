"""Records the path of an explanation, which shows how the map comes about."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from explainers.explainer import Attribution
from explainers.explanation import Explanation
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.methods.path_run import PathRun
from explainers.passes import OnProgress, Passes, Progress
from explainers.paths.quadrature import NESTED_STEPS, nested_levels, quadrature
from explainers.paths.snapshots import Snapshots, stops
from explainers.paths.step_grid import StepGrid
from explainers.question import Question

PathMethod = IntegratedGradients  # the only method whose path can be recorded
RECORDED_STEPS = 32  # the grid of stops for automatic steps, whose final number isn't known beforehand


@dataclass(frozen=True, eq=False)
class PathRecord:
    """An explanation, the snapshots of its path, and the nested grid of its steps (None in a preview)."""

    explanation: Explanation
    snapshots: Snapshots
    grid: StepGrid | None


def record_passes(explainer: PathMethod, map_passes: int, steps: int) -> int:
    """Return the cost, in passes, of a record whose nested grid has `steps` steps.

    map_passes: the largest number of passes that the method takes for the map.
    """
    return map_passes if explainer.steps is None else map_passes + explainer.paths * (steps + 1)


def record_path(
    explainer: PathMethod,
    question: Question,
    *,
    stops_kept: int,
    steps: int,
    on_progress: OnProgress | None = None,
) -> PathRecord:
    """Explain the answer to a question, and record the path. The map is the same as without a record.

    stops_kept:  the number of stops at which snapshots are taken.
    steps:       the steps of the nested grid, one of NESTED_STEPS.
    on_progress: as for a call; previews are records without a grid.
    Raises ExplanationError as a call does.
    """
    if stops_kept < 2 or steps not in NESTED_STEPS:
        raise ValueError(f"stops_kept must be 2 or more, and steps one of {NESTED_STEPS}, not {stops_kept}, {steps}")
    stop_alphas = stops(
        quadrature("trapezoid", RECORDED_STEPS)[0] if explainer.steps is None else explainer.points(explainer.steps)[0],
        stops_kept,
    )
    runs: list[PathRun] = []
    snapshots: list[Snapshots] = []
    grids: list[StepGrid] = []

    def attribute(passes: Passes, pictures: Tensor) -> Attribution:
        for records in (runs, snapshots, grids):  # it is called again where its passes are refuted
            records.clear()
        if explainer.steps is not None:
            passes.total = record_passes(explainer, explainer.passes(passes.classifier), steps)
        runs.extend(explainer.runs(passes, pictures, stop_alphas))
        attribution = explainer.integrate(passes, runs, steps)
        snapshots.append(runs[0].snapshots())  # before the grid is extended, because the last snapshot is the map
        grids.extend(_nested_grid(explainer, run, steps) for run in runs)
        return attribution

    def report(progress: Progress) -> None:
        if on_progress:
            preview = progress.preview and PathRecord(progress.preview, runs[0].snapshots(), None)
            on_progress(replace(progress, preview=preview))

    explanation = explainer.explain_by(attribute, question.classifier, question.photo.image, question.target, report)
    return PathRecord(explanation, snapshots[0], grids[0])


def _nested_grid(explainer: PathMethod, run: PathRun, steps: int) -> StepGrid:
    """Extend the nested grid of automatic steps to `steps`, or pass one of its own for a chosen number of steps."""
    if explainer.steps is not None:
        run = run.restarted([0.0, 1.0])
    run.integral.extend_to(steps)
    return run.step_grid()


def extend(
    explainer: PathMethod, question: Question, grid: StepGrid, steps: int, *, on_progress: OnProgress | None = None
) -> StepGrid:
    """Return `grid`, which is from a record of the same question, extended to `steps`; only new points are passed.

    Raises ExplanationError as a call does.
    """
    total = explainer.paths * max(0, steps - grid.steps[-1])

    def work(passes: Passes, picture: Tensor) -> StepGrid:
        (run,) = explainer.runs(passes, picture[None])
        step_counts, sums = list(grid.steps), list(grid.sums)
        for intervals, alphas, weights in nested_levels():
            if step_counts[-1] < intervals <= steps:
                step_counts.append(intervals)
                sums.append(sums[-1] + run.walk(alphas, weights)[0].float().cpu().numpy())
        return replace(grid, steps=tuple(step_counts), sums=np.stack(sums))

    return explainer.pass_pictures(question, work, total=total, on_progress=on_progress)
