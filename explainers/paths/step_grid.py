"""Computes the maps of many step counts and of four rules from the gradients of one nested grid of uniform steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from explainers.arrays import Array, relative_l1
from explainers.paths.quadrature import Rule
from explainers.paths.trace import Level

GRID_RULES: tuple[Rule, ...] = ("midpoint", "left", "right", "trapezoid")  # the grid lacks Gauss-Legendre's points


@dataclass(frozen=True)
class GridLevel:
    """How accurate the map of so many uniform points is.

    points:   the number of points on each path.
    distance: relative L1 distance from the map of the adaptive points.
    gap:      completeness gap, or None, as in `Level`.
    """

    points: int
    distance: float
    gap: float | None


@dataclass(frozen=True, eq=False)
class StepGrid:
    """The levels of one picture's nested grid, averaged over baselines, and the map of adaptive points beside them.

    The span is the picture minus the baseline.

    steps:        (L,) intervals of the levels: 8, 16, 32, ...
    sums:         (L, C, H, W), the sum of gradient * span over all points of the level, with half weight for the two
                  ends of the path.
    ends:         (2, C, H, W), what the two ends add to these sums.
    score_change: score - baseline score.
    min_judged_change: how far the ends of the path must differ at least for a gap to be judged.
    adaptive:     (C, H, W), the map of the adaptive points.
    history:      how accurate that was, with ever more points; `Level.points` are those on each path, on average.
    """

    steps: tuple[int, ...]
    sums: Array
    ends: Array
    score_change: float
    min_judged_change: float
    adaptive: Array
    history: tuple[Level, ...]

    def up_to(self, steps: int) -> StepGrid:
        """Return the grid without the levels of more than `steps` steps."""
        kept_steps = tuple(count for count in self.steps if count <= steps)
        return replace(self, steps=kept_steps, sums=self.sums[: len(kept_steps)])

    def counts(self, rule: Rule) -> tuple[int, ...]:
        """Return the step counts for which the grid holds a rule; midpoints are the new points of the next level."""
        return self.steps[:-1] if rule == "midpoint" else self.steps

    def values(self, rule: Rule, steps: int) -> Array:
        """Return the attributions (C, H, W), float32, by `steps` steps of a rule."""
        index = self.steps.index(steps)
        total, (first, last) = self.sums[index], self.ends
        match rule:
            case "trapezoid":
                return total / steps  # type: ignore[no-any-return]
            case "left":
                return (total + first - last) / steps  # type: ignore[no-any-return]
            case "right":
                return (total - first + last) / steps  # type: ignore[no-any-return]
            case "midpoint":
                return (self.sums[index + 1] - total) / steps  # type: ignore[no-any-return]
        raise ValueError(f"the grid holds no {rule!r}")

    def levels(self, rule: Rule) -> list[GridLevel]:
        """Return how accurate the maps of a rule are; `GridLevel.points` is the number of points of that rule."""
        return [self.level(steps + (rule == "trapezoid"), self.values(rule, steps)) for steps in self.counts(rule)]

    def level(self, points: int, values: Array) -> GridLevel:
        """Return how accurate a map of so many uniform points is."""
        return GridLevel(points, relative_l1(self.adaptive, values), self.gap(values))

    def gap(self, values: Array) -> float | None:
        """Return the completeness gap of a map; None where the path's ends differ too little in score to judge it."""
        if abs(self.score_change) <= self.min_judged_change:
            return None
        return abs(float(values.sum(dtype=np.float64)) / self.score_change - 1)
