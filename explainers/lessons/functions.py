"""Functions of one or two numbers, small enough to check by hand: their values, slopes and attributions.

Slopes are autograd's. Integrals run on the same kernel as those of pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.paths.integrate import integrate
from explainers.paths.quadrature import Rule, quadrature
from explainers.runtime.chunks import Chunks

Function = Callable[[Tensor], Tensor]  # inputs (n, k) -> values (n,)
CHUNK = 256  # points at a time
FINE = 1000  # steps after which such an integral is right to three digits


def value(function: Function, *inputs: float) -> float:
    """Return the value of a function."""
    return float(function(_point(inputs))[0])


def values(function: Function, inputs: Array) -> Array:
    """Return the values of a function of one number at many places (n,)."""
    return function(torch.from_numpy(inputs)[:, None]).numpy()


def slopes(function: Function, *inputs: float) -> tuple[float, ...]:
    """Return the partial derivatives of a function."""
    point = _point(inputs).requires_grad_()
    (gradient,) = torch.autograd.grad(function(point).sum(), point)
    return tuple(gradient[0].tolist())


def attributions(
    function: Function,
    inputs: Sequence[float],
    baseline: Sequence[float],
    *,
    rule: Rule = "midpoint",
    steps: int = FINE,
) -> tuple[float, ...]:
    """Return the Integrated Gradients of the inputs of a function, from a baseline."""
    end, start = _point(inputs), _point(baseline)
    path = integrate(
        lambda points, rows: function(points[0]), (end,), (start,), *quadrature(rule, steps), run=Chunks(CHUNK).run
    )
    return tuple((path.gradients[0] * (end - start))[0].tolist())


def _point(inputs: Sequence[float]) -> Tensor:
    return torch.tensor([inputs], dtype=torch.float64)
