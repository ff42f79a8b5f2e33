"""Integrates gradients along straight paths: the one kernel that all path methods run on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
Alphas = Sequence[float] | Sequence[Sequence[float]]


@dataclass(frozen=True, eq=False)
class Path:
    """The result of integrating along straight paths, for N inputs and P points each.

    gradients: for each input tensor, (N, ...), the weighted mean of the gradient on the path.
    slopes, gradient_mean, gradient_size: (N, P), as in `Trace`.
    """

    gradients: tuple[Tensor, ...]
    slopes: Tensor
    gradient_mean: Tensor
    gradient_size: Tensor


def integrate(
    score: Score,
    inputs: tuple[Tensor, ...],
    baselines: tuple[Tensor, ...],
    alphas: Alphas,
    weights: Alphas,
    *,
    run: Run,
    keep: Keep | None = None,
) -> Path:
    """Integrate the gradient of `score` along the straight paths from `baselines` to `inputs`.

    score:     (points, rows) -> (n,); points are tensors (n, ...), rows (n,) the numbers of the inputs they belong to.
               It is called with the points of the first path in the order of `alphas`, then those of the second, ...
    inputs, baselines: tensors (N, ...).
    alphas, weights: (P,) each, for all inputs, or (N, P); a point of weight 0 is only recorded.
    run:       works through the points in chunks, such as `Chunks(8).run`. Only sums of a chunk are kept, so memory
               hardly grows with P.
    keep:      called with each chunk's alphas, weights, and gradients and spans of the first input tensor, such as
               `Recorder.take`. If it raises an exception, it must not have kept any of them, for they come again.

    Gradients are summed in the data type of the inputs. The function works where the caller has switched autograd off.
    """
    count, device, dtype = len(inputs[0]), inputs[0].device, inputs[0].dtype
    all_alphas, all_weights = (
        torch.tensor(values, dtype=torch.float64, device=device).expand(count, -1) for values in (alphas, weights)
    )
    points = all_alphas.shape[1]
    all_alphas, all_weights = all_alphas.reshape(-1), all_weights.reshape(-1)
    rows = torch.arange(count, device=device).repeat_interleave(points)
    point_alphas, point_weights = all_alphas.to(dtype), all_weights.to(dtype)
    spans = tuple(end - start for end, start in zip(inputs, baselines, strict=True))
    sums = tuple(torch.zeros_like(end) for end in inputs)
    # Slope, mean and mean magnitude of the gradient; allocated once, because small blocks would fragment memory.
    records = torch.zeros(3, len(rows), device=device, dtype=dtype)
    elements = sum(end[0].numel() for end in inputs)

    def work(part: slice) -> None:
        row, alpha = rows[part], point_alphas[part]

        def of_points(values: Tensor) -> Tensor:
            """Select from `values` (N, ...) those of the inputs of these points, without copies if possible."""
            if count == 1:
                return values.expand(len(row), *values.shape[1:])
            return values[part] if points == 1 else values[row]

        with torch.enable_grad():
            at = tuple(
                _points(of_points(start), of_points(span), of_points(end), _column(alpha, end)).requires_grad_()
                for start, span, end in zip(baselines, spans, inputs, strict=True)
            )
            found = torch.autograd.grad(score(at, row).sum(), at)
        gradients = tuple(gradient.contiguous() for gradient in found)  # so that views of it needn't be copies
        chunk_records = torch.zeros(3, len(row), device=device, dtype=dtype)
        for gradient, span in zip(gradients, spans, strict=True):
            flat = gradient.view(len(row), -1)
            # Each gradient times every span, because a matrix product needs no copy of a span for each point.
            slopes = flat.to(dtype) @ span.reshape(count, -1).to(dtype).T
            own_slopes = slopes.gather(1, row[:, None])[:, 0]
            if not bool(own_slopes.isfinite().all()):  # where 0 times infinity is NaN
                own_slopes = contributions(gradient, of_points(span)).flatten(1).sum(1).to(dtype)
            sizes = flat.abs().sum(1)  # which takes a third of the time of a norm
            chunk_records += torch.stack([own_slopes, flat.sum(1) / elements, sizes / elements])
        if not bool(chunk_records[2].isfinite().all()):  # then 0 times infinity would be NaN
            unused = _column(point_weights[part] == 0, gradients[0])
            gradients = tuple(gradient.masked_fill(unused, 0) for gradient in gradients)
        row_weights = torch.zeros(count, len(row), device=device, dtype=dtype)
        row_weights[row, torch.arange(len(row), device=device)] = point_weights[part]
        # A product is deterministic, index_add_ may not be.
        products = [row_weights.to(gradient) @ gradient.view(len(row), -1) for gradient in gradients]
        if keep:
            keep(all_alphas[part], all_weights[part], gradients[0], of_points(spans[0]))
        for total, product in zip(sums, products, strict=True):  # from here on, no memory is needed
            total += product.view_as(total)
        records[:, part] = chunk_records

    run(len(rows), work)
    slopes, mean, size = records.view(3, count, points)
    return Path(sums, slopes, mean, size)


def _column(values: Tensor, like: Tensor) -> Tensor:
    """Reshape (n,) to (n, 1, ...), to multiply tensors of the shape of `like`."""
    return values.view(-1, *[1] * (like.ndim - 1))


def _points(start: Tensor, span: Tensor, end: Tensor, alpha: Tensor) -> Tensor:
    """Return the points start + alpha * span; at alpha 1, exactly `end`, which rounding would miss."""
    points, last = torch.addcmul(start, alpha, span), alpha.reshape(-1) == 1
    points[last] = end[last]
    return points


def contributions(gradient: Tensor, span: Tensor) -> Tensor:
    """Return gradient * span, of the same shape: 0 where the span is, also where the gradient is infinite there."""
    product = gradient * span
    return product if bool(product.sum().isfinite()) else product.masked_fill(span == 0, 0)


def _select_rows(values: Any, rows: Tensor, count: int) -> Any:
    """Select the values of the inputs `rows` from a tensor or list with one value for each of `count` inputs.

    Anything else applies to all inputs and is returned unchanged.
    """
    if isinstance(values, Tensor) and values.ndim and len(values) == count:
        return values[rows]
    if isinstance(values, list) and len(values) == count:
        return [values[row] for row in rows.tolist()]
    return values


class PathIntegral(captum.attr.IntegratedGradients):  # type: ignore[misc]
    """Captum's Integrated Gradients on our kernel, which also serves everything that Captum builds on the class.

    It differs where Captum's is wrong or wasteful: the weights of the trapezoid rule sum to 1, chunks are not kept, and
    it works where autograd is switched off. `path` holds the records of the last call.
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
        step_sizes_and_alphas: tuple[Alphas, Alphas] | None = None,
    ) -> tuple[Tensor, ...]:
        if step_sizes_and_alphas is None:
            rule = CAPTUM_RULES[method]
            step_sizes_and_alphas = quadrature(rule, max(1, n_steps - 1) if rule == "trapezoid" else n_steps)[::-1]
        weights, alphas = step_sizes_and_alphas
        arguments, count = _format_additional_forward_args(additional_forward_args) or (), len(inputs[0])
        starts = tuple(
            torch.as_tensor(start, dtype=end.dtype, device=end.device).expand_as(end)
            for start, end in zip(baselines, inputs, strict=True)
        )

        def score(points: tuple[Tensor, ...], rows: Tensor) -> Tensor:
            row_arguments = tuple(
                _select_rows(value, rows, count) if isinstance(value, Tensor) else value for value in arguments
            )
            scores: Tensor = _run_forward(
                self.forward_func, points, _select_rows(target, rows, count), row_arguments or None
            )
            return scores.reshape(-1)

        ends = tuple(end.detach() for end in inputs)
        self.path = integrate(score, ends, starts, alphas, weights, run=self.run, keep=self.keep)
        if not self.multiplies_by_inputs:
            return self.path.gradients
        spans = (end - start for end, start in zip(ends, starts, strict=True))
        return tuple(map(contributions, self.path.gradients, spans))
