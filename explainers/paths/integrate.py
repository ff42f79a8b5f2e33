"""Integrating gradients along straight paths: the one kernel that all path methods run on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import captum.attr
import torch
from captum._utils.common import _format_additional_forward_args, _run_forward
from torch import Tensor

from explainers.paths.quadrature import Rule, quadrature
from explainers.runtime.chunks import Chunks, Run

CAPTUM_RULES: dict[str, Rule] = {
    "riemann_middle": "midpoint",
    "gausslegendre": "gauss-legendre",
    "riemann_left": "left",
    "riemann_right": "right",
    "riemann_trapezoid": "trapezoid",
}
Score = Callable[[tuple[Tensor, ...], Tensor], Tensor]
Keep = Callable[[Tensor, Tensor, Tensor, Tensor], None]


@dataclass(frozen=True, eq=False)
class Path:
    """What integrating along straight paths gave, for N inputs and P points each.

    gradients: per input tensor (N, ...), the weighted mean of the gradient on the path.
    slopes, gradient_mean, gradient_size: (N, P), see `Trace`.
    """

    gradients: tuple[Tensor, ...]
    slopes: Tensor
    gradient_mean: Tensor
    gradient_size: Tensor


def integrate(
    score: Score,
    inputs: tuple[Tensor, ...],
    baselines: tuple[Tensor, ...],
    alphas: list[float],
    weights: list[float],
    *,
    run: Run,
    keep: Keep | None = None,
) -> Path:
    """Integrate the gradient of `score` along the straight paths from `baselines` to `inputs`.

    score:     (points, rows) -> (n,); points are tensors (n, ...), rows (n,) the number of the input each belongs to.
               It is called with the points of the first path in the order of `alphas`, then those of the second...
    inputs, baselines: tensors (N, ...).
    alphas, weights: (P,) each; a weight of 0 makes a point that is only recorded.
    run:       works through the points in chunks, such as `Chunks(8).run`. Nothing of a chunk is kept but its sums, so
               memory does not grow with P.
    keep:      called with each chunk's alphas, weights, gradients and spans of the first input (`Recorder.take`).

    Gradients are summed in the inputs' precision, float32 or better. Works with autograd switched off around it.
    """
    count, points = len(inputs[0]), len(alphas)
    device, dtype = inputs[0].device, inputs[0].dtype
    rows = torch.arange(count, device=device).repeat_interleave(points)
    places, shares = (
        torch.tensor(each, dtype=torch.float64, device=device).repeat(count) for each in (alphas, weights)
    )
    where, share = places.to(dtype), shares.to(dtype)
    spans = tuple(end - start for end, start in zip(inputs, baselines, strict=True))
    sums = tuple(torch.zeros_like(end) for end in inputs)
    met = torch.zeros(3, len(rows), device=device, dtype=dtype)  # at once: small pieces would lie between large ones
    elements = sum(end[0].numel() for end in inputs)

    def work(part: slice) -> None:
        row, alpha = rows[part], where[part]
        with torch.enable_grad():
            at = tuple(
                _along(_of(start, row), _of(span, row), _of(end, row), _column(alpha, end)).requires_grad_()
                for start, span, end in zip(baselines, spans, inputs, strict=True)
            )
            gradients = torch.autograd.grad(score(at, row).sum(), at)
        found = torch.zeros(3, len(row), device=device, dtype=dtype)
        for gradient, span in zip(gradients, spans, strict=True):
            flat = gradient.reshape(len(row), -1)
            slopes = flat.to(dtype) @ span.reshape(count, -1).to(dtype).T  # with every span: a product makes no copies
            sizes = torch.linalg.vector_norm(flat, 1, dim=1)
            found += torch.stack([slopes.gather(1, row[:, None])[:, 0], flat.sum(1) / elements, sizes / elements])
        chosen = torch.zeros(count, len(row), device=device, dtype=dtype)
        chosen[row, torch.arange(len(row), device=device)] = share[part]
        if keep:
            keep(places[part], shares[part], gradients[0], _of(spans[0], row))
        for total, gradient in zip(sums, gradients, strict=True):  # a product repeats bit for bit, index_add_ may not
            total += (chosen.to(gradient) @ gradient.reshape(len(row), -1)).view_as(total)
        met[:, part] = found

    run(len(rows), work)
    slopes, mean, size = met.view(3, count, points)
    return Path(sums, slopes, mean, size)


def _column(values: Tensor, like: Tensor) -> Tensor:
    """(n,) -> (n, 1, ...), to multiply tensors shaped as `like`."""
    return values.view(-1, *[1] * (like.ndim - 1))


def _of(values: Tensor, row: Tensor) -> Tensor:
    """Of tensors (N, ...) those of the inputs `row` (n,); of one input, without copies."""
    return values.expand(len(row), *values.shape[1:]) if len(values) == 1 else values[row]


def _along(start: Tensor, span: Tensor, end: Tensor, alpha: Tensor) -> Tensor:
    """Points start + alpha * span; the last is the very end, which rounding would miss."""
    points, last = torch.addcmul(start, alpha, span), alpha.reshape(-1) == 1
    points[last] = end[last]
    return points


def _of_rows(values: Any, rows: Tensor, count: int) -> Any:
    """What belongs to one input each (tensors, lists of length `count`) for the inputs `rows`; the rest as it is."""
    if isinstance(values, Tensor) and values.ndim and len(values) == count:
        return values[rows]
    if isinstance(values, list) and len(values) == count:
        return [values[row] for row in rows.tolist()]
    return values


class PathIntegral(captum.attr.IntegratedGradients):  # type: ignore[misc]
    """Captum's Integrated Gradients on our kernel, for everything that Captum builds on the class.

    Differs where Captum's is wrong or wasteful: the trapezoid rule's weights sum to 1, chunks are not kept, it works
    with autograd switched off around it, and the path is traced (`path`, of the last call).
    """

    path: Path

    def __init__(
        self,
        forward_func: Callable[..., Any],
        multiply_by_inputs: bool = True,
        *,
        run: Run | None = None,
        keep: Keep | None = None,
    ) -> None:
        super().__init__(forward_func, multiply_by_inputs)
        self.run, self.keep = run or Chunks(8).run, keep

    def _attribute(
        self,
        inputs: tuple[Tensor, ...],
        baselines: tuple[Any, ...],
        target: Any = None,
        additional_forward_args: Any = None,
        n_steps: int = 50,
        method: str = "gausslegendre",
        step_sizes_and_alphas: tuple[list[float], list[float]] | None = None,
    ) -> tuple[Tensor, ...]:
        if step_sizes_and_alphas is None:
            rule = CAPTUM_RULES[method]
            alphas, weights = quadrature(rule, max(1, n_steps - 1) if rule == "trapezoid" else n_steps)
        else:
            weights, alphas = step_sizes_and_alphas
        extra, count = _format_additional_forward_args(additional_forward_args) or (), len(inputs[0])
        starts = tuple(
            torch.as_tensor(start, dtype=end.dtype, device=end.device).expand_as(end)
            for start, end in zip(baselines, inputs, strict=True)
        )

        def score(points: tuple[Tensor, ...], rows: Tensor) -> Tensor:
            own = tuple(_of_rows(value, rows, count) if isinstance(value, Tensor) else value for value in extra)
            found: Tensor = _run_forward(self.forward_func, points, _of_rows(target, rows, count), own or None)
            return found.reshape(-1)

        ends = tuple(end.detach() for end in inputs)
        self.path = integrate(score, ends, starts, alphas, weights, run=self.run, keep=self.keep)
        if not self.multiplies_by_inputs:
            return self.path.gradients
        spans = (end - start for end, start in zip(ends, starts, strict=True))
        return tuple(gradient * span for gradient, span in zip(self.path.gradients, spans, strict=True))
