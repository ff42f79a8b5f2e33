"""Computes the maps of many step counts and of four rules from the gradients of one nested grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from explainers.arrays import Array, relative_l1
from explainers.paths.quadrature import Rule
from explainers.paths.trace import MIN_SCORE_CHANGE, Level

GRID_RULES: tuple[Rule, ...] = ("midpoint", "left", "right", "trapezoid")  # the grid lacks Gauss-Legendre's points


@dataclass(frozen=True, eq=False)
class StepGrid:
    """The levels of one picture's nested grid, averaged over baselines.

    The span is the picture minus the baseline.

    steps:        (L,) intervals of the levels: 8, 16, 32, ...
    sums:         (L, C, H, W), the sum of gradient * span over all points of the level, with half weight for the two
                  ends of the path.
    ends:         (2, C, H, W), what the two ends add to these sums.
    score_change: score - baseline score.
    score_range:  the largest minus the smallest score on the path.
    """

    steps: tuple[int, ...]
    sums: Array
    ends: Array
    score_change: float
    score_range: float

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

    def levels(self, rule: Rule) -> list[Level]:
        """Return how accurate the maps of a rule are; `Level.points` is the number of points of that rule."""
        levels: list[Level] = []
        previous: Array | None = None
        for steps in self.counts(rule):
            values = self.values(rule, steps)
            change = None if previous is None else relative_l1(values, previous)
            levels.append(Level(steps + (rule == "trapezoid"), change, self.gap(values)))
            previous = values
        return levels

    def gap(self, values: Array) -> float | None:
        """Return the completeness gap of a map; None where the path's ends differ too little in score to judge it."""
        if abs(self.score_change) <= MIN_SCORE_CHANGE * self.score_range:
            return None
        return abs(float(values.sum(dtype=np.float64)) / self.score_change - 1)
