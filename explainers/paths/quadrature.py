"""Where on a path the points lie, and how much each counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

Rule = Literal["midpoint", "gauss-legendre", "left", "right", "trapezoid"]
RULES: tuple[Rule, ...] = ("midpoint", "gauss-legendre", "left", "right", "trapezoid")
GRIDS = (8, 16, 32, 64, 128, 256, 512)  # intervals of the nested grids
FINEST = GRIDS[-1]


def quadrature(rule: Rule, steps: int) -> tuple[list[float], list[float]]:
    """Alphas in [0, 1] and weights that sum to 1; `trapezoid` has steps + 1 points, the others `steps`."""
    match rule:
        case "midpoint":
            return [(i + 0.5) / steps for i in range(steps)], [1 / steps] * steps
        case "left":
            return [i / steps for i in range(steps)], [1 / steps] * steps
        case "right":
            return [(i + 1) / steps for i in range(steps)], [1 / steps] * steps
        case "trapezoid":
            ends = 0.5 / steps
            return [i / steps for i in range(steps + 1)], [ends, *[1 / steps] * (steps - 1), ends]
        case "gauss-legendre":
            nodes, weights = np.polynomial.legendre.leggauss(steps)
            return [float(x) for x in (nodes + 1) / 2], [float(w) for w in weights / 2]
    raise ValueError(f"no rule is called {rule!r}")


def nested() -> Iterator[tuple[int, list[float], list[float]]]:
    """The trapezoid rule on 8, 16, ... 512 intervals, each level adding only the points that the last one lacks.

    Gives (intervals, alphas of the new points, weights); the sum of weight * gradient over all points so far, divided
    by `intervals`, is the rule's mean.
    """
    first = GRIDS[0]
    yield first, [i / first for i in range(first + 1)], [0.5, *[1.0] * (first - 1), 0.5]
    for intervals in GRIDS[1:]:
        yield intervals, [i / intervals for i in range(1, intervals, 2)], [1.0] * (intervals // 2)
