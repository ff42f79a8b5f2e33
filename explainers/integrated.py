"""Integrated Gradients and the one kernel that all path methods run on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import captum.attr
import numpy as np
import torch
from captum._utils.common import _format_additional_forward_args, _run_forward
from torch import Tensor

from explainers.base import Explainer, Found
from explainers.baselines import BASELINES, baseline
from explainers.classifiers import Classifier
from explainers.engine import Passes
from explainers.explanation import Trace
from explainers.knobs import choice, colour, number

Rule = Literal["midpoint", "gauss-legendre", "left", "right", "trapezoid"]
RULES: tuple[Rule, ...] = ("midpoint", "gauss-legendre", "left", "right", "trapezoid")
CAPTUM_RULES: dict[str, Rule] = {
    "riemann_middle": "midpoint",
    "gausslegendre": "gauss-legendre",
    "riemann_left": "left",
    "riemann_right": "right",
    "riemann_trapezoid": "trapezoid",
}
Score = Callable[[tuple[Tensor, ...], Tensor], Tensor]


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


def integrate(
    score: Score,
    inputs: tuple[Tensor, ...],
    baselines: tuple[Tensor, ...],
    alphas: list[float],
    weights: list[float],
    *,
    chunk: int,
) -> Path:
    """Integrate the gradient of `score` along the straight paths from `baselines` to `inputs`.

    score:     (points, rows) -> (n,); points are tensors (n, ...), rows (n,) the number of the input each belongs to.
               It is called with the points of the first path in the order of `alphas`, then those of the second...
    inputs, baselines: tensors (N, ...).
    alphas, weights: (P,) each; a weight of 0 makes a point that is only recorded.
    chunk:     points per pass. Nothing of a chunk is kept but its sums, so memory does not grow with P.

    Gradients are summed in the inputs' precision, float32 or better. Works with autograd switched off around it.
    """
    count, points = len(inputs[0]), len(alphas)
    device, dtype = inputs[0].device, inputs[0].dtype
    rows = torch.arange(count, device=device).repeat_interleave(points)
    where = torch.tensor(alphas, dtype=torch.float64, device=device).to(dtype).repeat(count)
    share = torch.tensor(weights, dtype=torch.float64, device=device).to(dtype).repeat(count)
    spans = tuple(end - start for end, start in zip(inputs, baselines, strict=True))
    sums = tuple(torch.zeros_like(end) for end in inputs)
    met: list[Tensor] = []
    elements = sum(end[0].numel() for end in inputs)
    for part in torch.split(torch.arange(len(rows), device=device), chunk):
        row, alpha = rows[part], where[part]
        with torch.enable_grad():
            at = tuple(
                _along(start[row], span[row], end[row], _column(alpha, end)).requires_grad_()
                for start, span, end in zip(baselines, spans, inputs, strict=True)
            )
            gradients = torch.autograd.grad(score(at, row).sum(), at)
        for total, gradient in zip(sums, gradients, strict=True):
            total.index_add_(0, row, gradient * _column(share[part], gradient))
        flat = torch.cat([gradient.reshape(len(part), -1) for gradient in gradients], 1)
        step = torch.cat([span[row].reshape(len(part), -1) for span in spans], 1)
        met.append(torch.stack([(flat * step).sum(1), flat.sum(1) / elements, flat.abs().sum(1) / elements]))
    slopes, mean, size = torch.cat(met, 1).view(3, count, points)
    return Path(sums, slopes, mean, size)


def _column(values: Tensor, like: Tensor) -> Tensor:
    """(n,) -> (n, 1, ...), to multiply tensors shaped as `like`."""
    return values.view(-1, *[1] * (like.ndim - 1))


def _along(start: Tensor, span: Tensor, end: Tensor, alpha: Tensor) -> Tensor:
    """Points start + alpha * span; the last is the very end, which rounding would miss."""
    return torch.where(alpha == 1, end, torch.addcmul(start, alpha, span))


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

    def __init__(self, forward_func: Callable[..., Any], multiply_by_inputs: bool = True, *, chunk: int = 8) -> None:
        super().__init__(forward_func, multiply_by_inputs)
        self.chunk = chunk

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
        self.path = integrate(score, ends, starts, alphas, weights, chunk=self.chunk)
        if not self.multiplies_by_inputs:
            return self.path.gradients
        spans = (end - start for end, start in zip(ends, starts, strict=True))
        return tuple(gradient * span for gradient, span in zip(self.path.gradients, spans, strict=True))


@dataclass(frozen=True)
class IntegratedGradients(Explainer):
    """How much each pixel contributes on the way from a baseline picture to this one.

    The gradient is averaged along the straight path from the baseline and multiplied by what changed: the values add up
    to the score minus the baseline's score (completeness), and a pixel equal to the baseline gets nothing, so a black
    baseline can't see black things.
    """

    title: ClassVar[str] = "Integrated Gradients"
    paper: ClassVar[str] = "https://arxiv.org/abs/1703.01365"
    complete: ClassVar[bool] = True
    unit: ClassVar[str] = "contribution to the {scale}"

    steps: int = number(50, 1, 1000, hint="Points on the path. More is slower and closer to the exact map.")
    baseline: str = choice(*BASELINES, hint="The picture that stands for nothing there, where the path starts.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.", only_if={"baseline": "random"})
    draws: int = number(4, 1, 20, hint="Random pictures averaged.", only_if={"baseline": "random"})
    blur: float = number(
        10.0, 1.0, 50.0, 1.0, hint="Blur, in per cent of the side.", only_if={"baseline": "blurred picture"}
    )
    colour: str = colour("#7f7f7f", hint="Colour of the baseline.", only_if={"baseline": "colour"})
    rule: str = choice(*RULES, hint="Where on the path the points lie and how they are weighed.")

    def passes(self, classifier: Classifier) -> int:
        return self._draws * len(self._points()[0])

    def attribute(self, passes: Passes, pictures: Tensor) -> Found:
        starts = baseline(
            self.baseline,
            pictures,
            mean=passes.classifier.mean,
            seed=self.seed,
            draws=self._draws,
            blur=self.blur,
            colour=self.colour,
        )
        count, draws = starts.shape[:2]
        alphas, weights = self._points()
        integral = PathIntegral(passes, chunk=passes.chunk)
        (values,) = integral._attribute(
            (pictures.repeat_interleave(draws, 0),),
            (starts.flatten(0, 1),),
            additional_forward_args=passes.rows().repeat_interleave(draws),
            step_sizes_and_alphas=(weights, alphas),
        )
        answers = passes.answers.view(count, draws, len(alphas), 2)
        path = integral.path
        added = path.slopes * path.slopes.new_tensor(weights)
        so_far = added.cumsum(1) - added / 2  # a point stands for the stretch of path around it
        so_far[:, -1] += added[:, -1] / 2
        met = torch.stack([path.slopes, so_far, path.gradient_mean, path.gradient_size], -1)
        curves = torch.cat([answers, met.view(count, draws, len(alphas), 4)], -1).double().mean(1).cpu().numpy()
        return Found(
            values=values.view(count, draws, *values.shape[1:]).mean(1),
            scores=answers[:, 0, -1, passes.column],
            baselines=starts,
            baseline_scores=answers[:, :, 0, passes.column],
            traces=[Trace(np.array(alphas), *curve.T) for curve in curves],
        )

    @property
    def _draws(self) -> int:
        return self.draws if self.baseline == "random" else 1

    def _points(self) -> tuple[list[float], list[float]]:
        """The rule's alphas and weights; an end of the path that it leaves out is added at no weight, for the trace."""
        alphas, weights = quadrature(self.rule, self.steps)  # type: ignore[arg-type]
        start, end = [0.0] * (alphas[0] > 0), [1.0] * (alphas[-1] < 1)
        return [*start, *alphas, *end], [*(0.0 for _ in start), *weights, *(0.0 for _ in end)]
