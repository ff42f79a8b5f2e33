"""Least squares, with the standard errors of the coefficients."""

from __future__ import annotations

import numpy as np

from explainers.arrays import Array

MIN_FREEDOM = 1e-6  # of a value that a fit needn't meet exactly


def shortest_least_squares(rows: Array, values: Array) -> Array:
    """Return the least-squares solution of the smallest norm."""
    solution: Array = np.linalg.lstsq(rows, values)[0]
    return solution


def influence_of(rows: Array) -> tuple[Array, Array]:
    """Return how far each of n values moves the coefficients (M, n) of a least-squares fit, and its leverage (n,)."""
    influence = np.linalg.pinv(rows)
    return influence, (rows * influence.T).sum(1)


def standard_errors(influence: Array, residuals: Array, leverage: Array) -> Array | None:
    """Return those of coefficients (M,) fitted to n draws; None for so few draws that the fit must meet some exactly.

    It is the sandwich estimator HC2, which needs no model that holds: scores aren't linear in what is shown, so
    residuals are larger at some coalitions than at others. The residuals' variance is smaller, by the leverage, than
    that of values which the fit wasn't made of.
    """
    freedom = 1 - leverage
    if freedom.min(initial=1.0) < MIN_FREEDOM:
        return None
    errors: Array = np.sqrt((influence**2 * residuals**2 / freedom).sum(1))
    return errors
