"""Maps of many step counts and four rules, out of the gradients of one nested grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from explainers.arrays import Array, relative_l1
from explainers.paths.quadrature import Rule
from explainers.paths.trace import MIN_SCORE_CHANGE, Level

GRID_RULES: tuple[Rule, ...] = ("midpoint", "left", "right", "trapezoid")  # Gauss-Legendre's points lie elsewhere


@dataclass(frozen=True, eq=False)
class StepGrid:
    """One picture's nested grid, level by level; averaged over baselines.

    steps: (L,) intervals of the levels: 8, 16, 32, ...
    sums:  (L, C, H, W), of gradient times span over all points of the level, the path's two ends at half weight.
    ends:  (2, C, H, W), what those halves of the ends are.
    rise:  score - baseline score; span: how far the score goes up and down on the path.
    """

    steps: tuple[int, ...]
    sums: Array
    ends: Array
    rise: float
    span: float

    def up_to(self, steps: int) -> StepGrid:
        """Its coarser levels, those of so many steps at most."""
        kept = tuple(count for count in self.steps if count <= steps)
        return replace(self, steps=kept, sums=self.sums[: len(kept)])

    def counts(self, rule: Rule) -> tuple[int, ...]:
        """The steps for which the grid holds this rule: midpoints are the next level's new points."""
        return self.steps[:-1] if rule == "midpoint" else self.steps

    def values(self, rule: Rule, steps: int) -> Array:
        """(C, H, W) float32, the attributions by so many steps of that rule."""
        level = self.steps.index(steps)
        total, (first, last) = self.sums[level], self.ends
        match rule:
            case "trapezoid":
                return total / steps  # type: ignore[no-any-return]
            case "left":
                return (total + first - last) / steps  # type: ignore[no-any-return]
            case "right":
                return (total - first + last) / steps  # type: ignore[no-any-return]
            case "midpoint":
                return (self.sums[level + 1] - total) / steps  # type: ignore[no-any-return]
        raise ValueError(f"the grid holds no {rule!r}")

    def levels(self, rule: Rule) -> list[Level]:
        """What the maps of that rule are worth, `points` being the rule's own number of them."""
        found: list[Level] = []
        before: Array | None = None
        for steps in self.counts(rule):
            values = self.values(rule, steps)
            change = None if before is None else relative_l1(values, before)
            found.append(Level(steps + (rule == "trapezoid"), change, self.gap(values)))
            before = values
        return found

    def gap(self, values: Array) -> float | None:
        """The completeness gap of a map; None where the score's ends differ by too little to judge it."""
        if abs(self.rise) <= MIN_SCORE_CHANGE * self.span:
            return None
        return abs(float(values.sum(dtype=np.float64)) / self.rise - 1)
