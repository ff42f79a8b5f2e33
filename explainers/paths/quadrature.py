"""Quadrature rules: the points on a path, and their weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

Rule = Literal["midpoint", "gauss-legendre", "left", "right", "trapezoid"]
RULES: tuple[Rule, ...] = ("midpoint", "gauss-legendre", "left", "right", "trapezoid")
NESTED_STEPS = (8, 16, 32, 64, 128, 256, 512)  # of the levels of a nested grid
FINEST_STEPS = NESTED_STEPS[-1]


def quadrature(rule: Rule, steps: int) -> tuple[list[float], list[float]]:
    """Return the alphas in [0, 1] of a rule, and their weights, which sum to 1.

    The trapezoid rule has `steps` + 1 points, the others have `steps`.
    """
    match rule:
        case "midpoint":
            return [(i + 0.5) / steps for i in range(steps)], [1 / steps] * steps
        case "left":
            return [i / steps for i in range(steps)], [1 / steps] * steps
        case "right":
            return [(i + 1) / steps for i in range(steps)], [1 / steps] * steps
        case "trapezoid":
            end_weight = 0.5 / steps
            return [i / steps for i in range(steps + 1)], [end_weight, *[1 / steps] * (steps - 1), end_weight]
        case "gauss-legendre":
            nodes, weights = np.polynomial.legendre.leggauss(steps)
            return [float(node) for node in (nodes + 1) / 2], [float(weight) for weight in weights / 2]
    raise ValueError(f"no rule is called {rule!r}")


def nested_levels() -> Iterator[tuple[int, list[float], list[float]]]:
    """Yield the levels of the trapezoid rule on 8, 16, ... 512 intervals; each adds only the points that are new.

    A level is (intervals, alphas of the new points, their weights). The sum of weight * gradient over the points of all
    levels so far, divided by `intervals`, is the rule's mean gradient.
    """
    first = NESTED_STEPS[0]
    yield first, [i / first for i in range(first + 1)], [0.5, *[1.0] * (first - 1), 0.5]
    for intervals in NESTED_STEPS[1:]:
        yield intervals, [i / intervals for i in range(1, intervals, 2)], [1.0] * (intervals // 2)
