"""Integrated Gradients and the one kernel that all path methods run on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import captum.attr
import torch
from captum._utils.common import _format_additional_forward_args, _run_forward
from torch import Tensor

from explainers.base import Explainer, Found
from explainers.baselines import BASELINES, baseline
from explainers.classifiers import Classifier
from explainers.engine import Passes
from explainers.explanation import Array
from explainers.knobs import choice, colour, number
from explainers.memory import Chunks, Run
from explainers.quadrature import FINEST, RULES, Rule, quadrature
from explainers.refining import Integral, Walk

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


def integrate(
    score: Score,
    inputs: tuple[Tensor, ...],
    baselines: tuple[Tensor, ...],
    alphas: list[float],
    weights: list[float],
    *,
    run: Run,
) -> Path:
    """Integrate the gradient of `score` along the straight paths from `baselines` to `inputs`.

    score:     (points, rows) -> (n,); points are tensors (n, ...), rows (n,) the number of the input each belongs to.
               It is called with the points of the first path in the order of `alphas`, then those of the second...
    inputs, baselines: tensors (N, ...).
    alphas, weights: (P,) each; a weight of 0 makes a point that is only recorded.
    run:       works through the points in chunks, such as `Chunks(8).run`. Nothing of a chunk is kept but its sums, so
               memory does not grow with P.

    Gradients are summed in the inputs' precision, float32 or better. Works with autograd switched off around it.
    """
    count, points = len(inputs[0]), len(alphas)
    device, dtype = inputs[0].device, inputs[0].dtype
    rows = torch.arange(count, device=device).repeat_interleave(points)
    where = torch.tensor(alphas, dtype=torch.float64, device=device).to(dtype).repeat(count)
    share = torch.tensor(weights, dtype=torch.float64, device=device).to(dtype).repeat(count)
    spans = tuple(end - start for end, start in zip(inputs, baselines, strict=True))
    sums = tuple(torch.zeros_like(end) for end in inputs)
    met = torch.zeros(3, len(rows), device=device, dtype=dtype)  # at once: small pieces would lie between large ones
    elements = sum(end[0].numel() for end in inputs)

    def work(part: slice) -> None:
        row, alpha = rows[part], where[part]
        with torch.enable_grad():
            at = tuple(
                _along(start[row], span[row], end[row], _column(alpha, end)).requires_grad_()
                for start, span, end in zip(baselines, spans, inputs, strict=True)
            )
            gradients = torch.autograd.grad(score(at, row).sum(), at)
        flat = torch.cat([gradient.reshape(len(row), -1) for gradient in gradients], 1)
        step = torch.cat([span[row].reshape(len(row), -1) for span in spans], 1)
        found = torch.stack([(flat * step).sum(1), flat.sum(1) / elements, flat.abs().sum(1) / elements])
        chosen = torch.zeros(count, len(row), device=device, dtype=dtype)
        chosen[row, torch.arange(len(row), device=device)] = share[part]
        for total, gradient in zip(sums, gradients, strict=True):  # a product repeats bit for bit, index_add_ may not
            total += (chosen.to(gradient) @ gradient.reshape(len(row), -1)).view_as(total)
        met[:, part] = found

    run(len(rows), work)
    slopes, mean, size = met.view(3, count, points)
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

    def __init__(
        self, forward_func: Callable[..., Any], multiply_by_inputs: bool = True, *, run: Run | None = None
    ) -> None:
        super().__init__(forward_func, multiply_by_inputs)
        self.run = run or Chunks(8).run

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
        self.path = integrate(score, ends, starts, alphas, weights, run=self.run)
        if not self.multiplies_by_inputs:
            return self.path.gradients
        spans = (end - start for end, start in zip(ends, starts, strict=True))
        return tuple(gradient * span for gradient, span in zip(self.path.gradients, spans, strict=True))


@dataclass(frozen=True)
class IntegratedGradients(Explainer):
    """How much each pixel contributes on the way from a baseline picture to this one.

    The gradient is averaged along the straight path from the baseline and multiplied by what changed: the values add up
    to the score minus the baseline's score (completeness), and a pixel equal to the baseline gets nothing, so a black
    baseline can't see black things. Automatic steps double until the map changes by less than 2 % and the values add up
    to within 5 %.
    """

    title: ClassVar[str] = "Integrated Gradients"
    paper: ClassVar[str] = "https://arxiv.org/abs/1703.01365"
    complete: ClassVar[bool] = True
    unit: ClassVar[str] = "contribution to the {scale}"

    steps: int | None = number(
        None,
        1,
        1000,
        hint="Points on the path. More is slower and closer to the exact map.",
        automatic="as many as the map needs",
        first=50,
    )
    baseline: str = choice(*BASELINES, hint="The picture that stands for nothing there, where the path starts.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.", only_if={"baseline": "random"})
    draws: int = number(4, 1, 20, hint="Random pictures averaged.", only_if={"baseline": "random"})
    blur: float = number(
        10.0, 1.0, 50.0, 1.0, hint="Blur, in per cent of the side.", only_if={"baseline": "blurred picture"}
    )
    colour: str = colour("#7f7f7f", hint="Colour of the baseline.", only_if={"baseline": "colour"})
    rule: str = choice(
        *RULES,
        hint="Where on the path the points lie and how they are weighed.",
        only_if={"steps": range(1, 1001)},  # automatic steps are the trapezoid rule's
    )

    def passes(self, classifier: Classifier) -> int:
        return self._draws * (FINEST + 1 if self.steps is None else len(self._points(self.steps)[0]))

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
        walks = [_walk(passes, *path) for path in zip(pictures, starts, passes.rows(), strict=True)]
        integrals = [Integral(walk, passes.column) for walk in walks]
        for integral in integrals:
            if self.steps is None:
                integral.refine(passes, lambda: passes.preview(_found(integrals[:1], starts[:1])))
            else:
                integral.add(*self._points(self.steps))
        return _found(integrals, starts)

    @property
    def _draws(self) -> int:
        return self.draws if self.baseline == "random" else 1

    def _points(self, steps: int) -> tuple[list[float], list[float]]:
        """The rule's alphas and weights; an end of the path that it leaves out is added at no weight, for the trace."""
        alphas, weights = quadrature(self.rule, steps)  # type: ignore[arg-type]
        start, end = [0.0] * (alphas[0] > 0), [1.0] * (alphas[-1] < 1)
        return [*start, *alphas, *end], [*(0.0 for _ in start), *weights, *(0.0 for _ in end)]


def _walk(passes: Passes, picture: Tensor, starts: Tensor, row: Tensor) -> Walk:
    """The way of one picture (C, H, W) from each of its baselines (k, C, H, W), as an `Integral` asks for it."""
    integral = PathIntegral(passes, run=passes.run)

    def walk(alphas: list[float], weights: list[float]) -> tuple[Tensor, Array]:
        known = passes.count
        (values,) = integral._attribute(
            (picture.expand_as(starts),),
            (starts,),
            additional_forward_args=row.expand(len(starts)),
            step_sizes_and_alphas=(weights, alphas),
        )
        path, answers = integral.path, passes.answers[known:].view(len(starts), len(alphas), 2)
        met = torch.cat([answers, torch.stack([path.slopes, path.gradient_mean, path.gradient_size], -1)], -1)
        return values.mean(0), met.double().cpu().numpy()

    return walk


def _found(integrals: list[Integral], starts: Tensor) -> Found:
    return Found(
        values=torch.stack([integral.values for integral in integrals]),
        scores=torch.tensor([float(integral.scores[0, -1]) for integral in integrals], dtype=torch.float64),
        baselines=starts,
        baseline_scores=torch.tensor([integral.scores[:, 0].tolist() for integral in integrals], dtype=torch.float64),
        traces=[integral.trace() for integral in integrals],
        histories=[tuple(integral.history) for integral in integrals],
    )
