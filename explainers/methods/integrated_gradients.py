"""Integrated Gradients: the gradients on the way from a baseline to the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Target
from explainers.images.baselines import BASELINES, DISTANCE, baseline
from explainers.passes import OnProgress, Passes
from explainers.paths.adaptive import Integral
from explainers.paths.integrate import PathIntegral, integrate
from explainers.paths.quadrature import FINEST, GRIDS, RULES, nested, quadrature
from explainers.paths.snapshots import Recorder, stops
from explainers.paths.step_grid import StepGrid
from explainers.paths.trace import Level
from explainers.settings import choice, colour, number

__all__ = ["IntegratedGradients", "integrate"]

SLICED = 32  # automatic steps are sliced at points of this grid, for nobody knows how far they will go
REPEATED = 32  # steps where a map is made dozens of times: it is right to a few per cent
GLIMPSED = 8  # steps of a first look, as of automatic steps' preview


@dataclass(frozen=True)
class IntegratedGradients(Explainer):
    """How much each pixel contributes on the way from a baseline picture to this one.

    The gradient is averaged along the straight path from the baseline and multiplied by what changed: the values add up
    to the score minus the baseline's score (completeness), and a pixel equal to the baseline gets nothing, so a black
    baseline can't see black things. Automatic steps double until the map changes by less than 2 % and the values add up
    to within 5 %.
    """

    title: ClassVar[str] = "Integrated Gradients"
    paper: ClassVar[str] = "https://arxiv.org/abs/1703.01365"
    complete: ClassVar[bool] = True
    keeps: ClassVar[str] = DISTANCE
    unit: ClassVar[str] = "contribution to the {scale}"

    steps: int | None = number(
        None,
        1,
        1000,
        hint="Points on the path. More is slower and closer to the exact map.",
        automatic="as many as the map needs",
        first=50,
    )
    baseline: str = choice(*BASELINES, hint="The picture that stands for nothing there, where the path starts.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.", only_if={"baseline": "random"})
    draws: int = number(4, 1, 20, hint="Random pictures averaged.", only_if={"baseline": "random"})
    blur: float = number(
        10.0, 1.0, 50.0, 1.0, hint="Blur, in per cent of the side.", only_if={"baseline": "blurred picture"}
    )
    colour: str = colour("#7f7f7f", hint="Colour of the baseline.", only_if={"baseline": "colour"})
    rule: str = choice(
        *RULES,
        hint="Where on the path the points lie and how they are weighed.",
        only_if={"steps": range(1, 1001)},  # automatic steps are the trapezoid rule's
    )

    keep: int = 0  # slices of the path, and the nested grid up to so many steps: for who wants to look inside.
    grid: int = 0  # They change nothing of the map

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.keep < 0 or self.keep == 1 or self.grid not in (0, *GRIDS):
            raise ValueError(f"keep must be 0, 2 or more, and grid one of {(0, *GRIDS)}, not {self.keep}, {self.grid}")

    @property
    def repeated(self) -> IntegratedGradients:
        return replace(self, steps=REPEATED) if self.steps is None else self

    @property
    def glimpse(self) -> IntegratedGradients:
        return replace(self, steps=GLIMPSED, rule="trapezoid", draws=1, keep=0, grid=0)

    def passes(self, classifier: Classifier) -> int:
        if self.steps is None:
            return self.paths * (FINEST + 1)
        return self.paths * (len(self._points(self.steps)[0]) + (self.grid and self.grid + 1))

    def starts(self, classifier: Classifier, pictures: Tensor) -> Tensor:
        """The baselines (N, k, C, H, W) of pictures (N, C, H, W)."""
        return baseline(
            self.baseline,
            pictures,
            mean=classifier.mean,
            seed=self.seed,
            draws=self.paths,
            blur=self.blur,
            colour=self.colour,
        )

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        starts = self.starts(passes.classifier, pictures)
        ways = [_PathRun(passes, *path, self._stops()) for path in zip(pictures, starts, passes.rows(), strict=True)]

        def on_level(level: Level, left: int) -> None:
            if level.change is None:
                passes.preview(_found(ways[:1], starts[:1]))
            passes.total = passes.count + left

        for way in ways:
            if self.steps is None:
                passes.total = None
                way.integral.refine(on_level, self.grid)
            else:
                way.integral.add(*self._points(self.steps))
        found = _found(ways, starts)
        if self.grid:
            found = replace(found, grids=[self._grid(way) for way in ways])
        return found

    def further(
        self,
        classifier: Classifier,
        image: Image.Image | Tensor,
        target: Target,
        grid: StepGrid,
        steps: int,
        *,
        on_progress: OnProgress | None = None,
    ) -> StepGrid:
        """`grid`, as an explanation of the same question kept it, up to so many steps: only new points are passed.

        Raises ExplanationError as a call does.
        """
        added = max(0, steps - grid.steps[-1])
        with self.passing(classifier, image, target, total=self.paths * added, on_progress=on_progress) as (
            passes,
            picture,
        ):
            way = _PathRun(passes, picture, self.starts(classifier, picture[None])[0], passes.rows()[0], [])
            known, sums = list(grid.steps), list(grid.sums)
            for intervals, alphas, weights in nested():
                if known[-1] < intervals <= steps:
                    known.append(intervals)
                    sums.append(sums[-1] + way.walk(alphas, weights)[0].float().cpu().numpy())
            return replace(grid, steps=tuple(known), sums=np.stack(sums))

    def _grid(self, way: _PathRun) -> StepGrid:
        """The nested grid: that of automatic steps, carried on, or one of its own."""
        if self.steps is not None:
            way = way.again([0.0, 1.0])
        way.integral.go_on(self.grid)
        return way.grid()

    @property
    def paths(self) -> int:
        """How many baselines there are, each with a path of its own."""
        return self.draws if self.baseline == "random" else 1

    def _points(self, steps: int) -> tuple[list[float], list[float]]:
        """The rule's alphas and weights; an end of the path that it leaves out is added at no weight, for the trace."""
        alphas, weights = quadrature(self.rule, steps)  # type: ignore[arg-type]
        start, end = [0.0] * (alphas[0] > 0), [1.0] * (alphas[-1] < 1)
        return [*start, *alphas, *end], [*(0.0 for _ in start), *weights, *(0.0 for _ in end)]

    def _stops(self) -> list[float]:
        """Where slices are kept."""
        if not self.keep:
            return [0.0, 1.0] if self.grid else []
        return stops(
            quadrature("trapezoid", SLICED)[0] if self.steps is None else self._points(self.steps)[0], self.keep
        )


class _PathRun:
    """One picture (C, H, W), the paths to it from each of its baselines (k, C, H, W), and what is kept of them."""

    def __init__(self, passes: Passes, picture: Tensor, starts: Tensor, row: Tensor, stops: Sequence[float]) -> None:
        self.passes, self.picture, self.starts, self.row = passes, picture, starts, row
        self.slicer = Recorder(stops, len(starts)) if stops else None
        self._method = PathIntegral(passes, run=passes.run, keep=self.slicer.take if self.slicer else None)
        self.integral = Integral(self.walk, passes.column)

    def again(self, stops: Sequence[float]) -> _PathRun:
        """The same way, from the beginning."""
        return _PathRun(self.passes, self.picture, self.starts, self.row, stops)

    def walk(self, alphas: list[float], weights: list[float]) -> tuple[Tensor, Array]:
        known, (paths, points) = self.passes.count, (len(self.starts), len(alphas))
        (values,) = self._method._attribute(
            (self.picture.expand_as(self.starts),),
            (self.starts,),
            additional_forward_args=self.row.expand(paths),
            step_sizes_and_alphas=(weights, alphas),
        )
        path, answers = self._method.path, self.passes.answers[known:].view(paths, points, 2)
        met = torch.cat([answers, torch.stack([path.slopes, path.gradient_mean, path.gradient_size], -1)], -1)
        return values.mean(0), met.double().cpu().numpy()

    def grid(self) -> StepGrid:
        """The nested grid that was passed."""
        assert self.slicer
        score = self.integral.scores.mean(0)
        return StepGrid(
            tuple(level.points - 1 for level in self.integral.history),
            torch.stack(self.integral.sums).float().cpu().numpy(),
            torch.stack(self.slicer.ends).float().cpu().numpy(),
            float(score[-1] - score[0]),
            float(np.ptp(score)),
        )


def _found(ways: list[_PathRun], starts: Tensor) -> Attribution:
    integrals = [way.integral for way in ways]
    return Attribution(
        values=torch.stack([integral.values for integral in integrals]),
        scores=torch.tensor([float(integral.scores[0, -1]) for integral in integrals], dtype=torch.float64),
        baselines=starts,
        baseline_scores=torch.tensor([integral.scores[:, 0].tolist() for integral in integrals], dtype=torch.float64),
        traces=[integral.trace() for integral in integrals],
        histories=[tuple(integral.history) for integral in integrals],
        slices=[way.slicer.slices(way.integral.values, way.integral.intervals) for way in ways if way.slicer],
    )
