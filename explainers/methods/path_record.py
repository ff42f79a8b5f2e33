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
from explainers.paths.adaptive import AdaptiveIntegral
from explainers.paths.quadrature import NESTED_STEPS, nested_levels
from explainers.paths.refinement import FIRST_INTERVALS, MAX_POINTS
from explainers.paths.snapshots import Snapshots, stops
from explainers.paths.step_grid import StepGrid
from explainers.paths.trace import min_judged_change
from explainers.question import Question
from explainers.runtime.chunks import enough_memory

PathMethod = IntegratedGradients  # the only method whose path can be recorded
COMPLETED_AT_ONCE = 16  # points of the nested grid, so that memory doesn't grow with their number


@dataclass(frozen=True, eq=False)
class PathRecord:
    """An explanation, the snapshots of its path, and uniform steps beside adaptive points (None in a preview)."""

    explanation: Explanation
    snapshots: Snapshots
    grid: StepGrid | None


def record_passes(explainer: PathMethod, map_passes: int, steps: int) -> int:
    """Return the largest cost, in passes, of a record whose nested grid has `steps` steps.

    map_passes: the largest number of passes that the method takes for the map.
    """
    adaptive_passes = map_passes if explainer.steps is None else map_passes + MAX_POINTS
    return adaptive_passes + _grid_passes(explainer, steps)


def record_path(
    explainer: PathMethod,
    question: Question,
    *,
    stops_kept: int,
    steps: int,
    on_progress: OnProgress | None = None,
) -> PathRecord:
    """Explain the answer to a question, and record the path. The map is the same as without a record.

    stops_kept:  the number of stops at which snapshots of chosen steps are taken; those of automatic steps are taken at
                 the first points.
    steps:       the steps of the nested grid, one of NESTED_STEPS.
    on_progress: as for a call; previews are records without a grid.
    Raises ExplanationError as a call does.
    """
    if stops_kept < 2 or steps not in NESTED_STEPS:
        raise ValueError(f"stops_kept must be 2 or more, and steps one of {NESTED_STEPS}, not {stops_kept}, {steps}")
    map_stops = () if explainer.steps is None else stops(explainer.points(explainer.steps)[0], stops_kept)
    runs: list[PathRun] = []
    grids: list[StepGrid] = []

    def attribute(passes: Passes, pictures: Tensor) -> Attribution:
        for records in (runs, grids):  # it is called again where its passes are refuted
            records.clear()
        if explainer.steps is not None:
            passes.total = None  # because adaptive points follow
        baselines = explainer.baselines(passes.classifier, pictures)
        runs.extend(explainer.runs(passes, pictures, baselines, stops=map_stops, recorded=True))
        later_passes = _grid_passes(explainer, steps)
        found = explainer.integrate(passes, runs, later_passes)
        adaptive_runs = runs
        if explainer.steps is not None:
            automatic = replace(explainer, steps=None)
            adaptive_runs = automatic.runs(passes, pictures, baselines, recorded=True)
            automatic.integrate(passes, adaptive_runs, later_passes, preview=False)
        grids.extend(_completed_grid(passes, run, steps) for run in adaptive_runs)
        return found

    def report(progress: Progress) -> None:
        if on_progress:
            preview = progress.preview and PathRecord(progress.preview, runs[0].snapshots(), None)
            on_progress(replace(progress, preview=preview))

    explanation = explainer.explain_by(attribute, question.classifier, question.photo.image, question.target, report)
    with enough_memory():
        return PathRecord(explanation, runs[0].snapshots(), grids[0])


def _grid_passes(explainer: PathMethod, steps: int) -> int:
    """Return the largest number of passes that complete the nested grid after the first adaptive points."""
    return explainer.paths * max(0, steps - FIRST_INTERVALS)


def _completed_grid(passes: Passes, run: PathRun, steps: int) -> StepGrid:
    """Pass the points of the nested grid that an adaptive integral left out, and return the grid."""
    integral, points = run.integral, run.points
    assert isinstance(integral, AdaptiveIntegral)
    assert points
    missing = points.missing(steps)
    passes.total = passes.count + len(missing)
    for start in range(0, len(missing), COMPLETED_AT_ONCE):
        paths, alphas = zip(*missing[start : start + COMPLETED_AT_ONCE], strict=True)
        run.walk_points(list(paths), list(alphas))
    sums, ends = points.grid_sums(steps)
    trace, paths_count = integral.trace(), len(run.baselines)
    score = trace.logits if passes.column == 0 else trace.probabilities
    return StepGrid(
        tuple(count for count in NESTED_STEPS if count <= steps),
        sums,
        ends,
        score_change=float(score[-1] - score[0]),
        min_judged_change=min_judged_change(score),
        adaptive=integral.values.float().cpu().numpy(),
        history=tuple(replace(level, points=round(level.points / paths_count)) for level in integral.history),
    )


def extend(
    explainer: PathMethod, question: Question, grid: StepGrid, steps: int, *, on_progress: OnProgress | None = None
) -> StepGrid:
    """Return `grid`, which is from a record of the same question, extended to `steps`; only new levels are passed.

    Raises ExplanationError as a call does.
    """
    total = explainer.paths * max(0, steps - grid.steps[-1])

    def work(passes: Passes, picture: Tensor) -> StepGrid:
        baselines = explainer.baselines(passes.classifier, picture[None])
        (run,) = replace(explainer, steps=steps).runs(passes, picture[None], baselines)
        step_counts, sums = list(grid.steps), list(grid.sums)
        for intervals, alphas, weights in nested_levels():
            if step_counts[-1] < intervals <= steps:
                step_counts.append(intervals)
                sums.append(sums[-1] + run.walk(alphas, weights)[0].float().cpu().numpy())
        return replace(grid, steps=tuple(step_counts), sums=np.stack(sums))

    return explainer.pass_pictures(question, work, total=total, on_progress=on_progress)
