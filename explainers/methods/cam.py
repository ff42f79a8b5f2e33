"""CAM: the weights of a class in the last layer, applied to the grid that is averaged before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from explainers.classifiers.precision import widen
from explainers.classifiers.two_sides import both_sides
from explainers.declarations import Family
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction, Scale, Unit
from explainers.passes import Passes
from explainers.runtime.recording import Call, recording

AVERAGING_CALLS = ("adaptive_avg_pool2d", "avg_pool2d", "mean")


@dataclass(frozen=True, eq=False)
class Head:
    """What a map is made of, for N pictures.

    grid:    (N, K, h, w), the feature maps that are averaged.
    weights: (N, K), those of the explained class; bias: (N,).
    """

    grid: Tensor
    weights: Tensor
    bias: Tensor


@dataclass(frozen=True)
class CAM(Explainer):
    """Where the last feature maps contain what the class is made of.

    The feature maps that are averaged before the last linear layer are multiplied by the class's own weights there and
    added up, so the mean of the map plus the class's bias is exactly the logit. It exists only for networks that end in
    global average pooling and one linear layer.
    """

    title: ClassVar[str] = "CAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/1512.04150"
    formula: ClassVar[str] = (
        r"\sum_k w_k A_k, \quad S = \mathrm{mean}\Big(\sum_k w_k A_k\Big) + b,"
        r" \quad w_k, b: \text{the class's weights and bias in the last layer}"
    )
    family: ClassVar[Family] = "class activation map"
    lies_on: ClassVar[Literal["picture", "layer"]] = "layer"
    linear: ClassVar[bool] = True
    ours: ClassVar[str] = "Captum has none: the class's own weights on the pooled grid, found in a recorded pass"
    unit: ClassVar[Unit] = Unit(
        "class activation", "activation", "weighted activation: its mean plus the bias is the {scale}"
    )
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)
    reduction: ClassVar[Reduction] = "signed sum"

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        head = self.head(passes, pictures)
        return Attribution(torch.einsum("nk,nkhw->nhw", head.weights, head.grid)[:, None])

    @torch.no_grad()
    def head(self, passes: Passes, pictures: Tensor) -> Head:
        """Pass pictures (N, C, H, W), and return what the map is made of. Raises ExplanationError if it has no CAM."""
        with recording() as calls:
            passes(pictures, passes.rows())
        two_sided = passes.classifier.two_sided
        if (found := self._head(calls, 1 if two_sided else len(passes.classifier.labels))) is not None:
            rounding = _rounding(found[0].dtype)
            grid, weights, bias = map(widen, found)
            if two_sided:
                weights, bias = both_sides(weights, 0), both_sides(bias, 0)
            class_weights, class_bias = (
                rows[passes.index] - (0 if passes.versus is None else rows[passes.versus]) for rows in (weights, bias)
            )
            values = torch.einsum("nk,nkhw->nhw", class_weights, grid)
            magnitudes = torch.einsum("nk,nkhw->nhw", class_weights.abs(), grid.abs())
            tolerance = rounding * (magnitudes.mean((1, 2)) + class_bias.abs())
            if bool(((values.mean((1, 2)) + class_bias - passes.answers[:, 0]).abs() <= tolerance).all()):
                return Head(grid, class_weights, class_bias)
        raise ExplanationError(
            "CAM needs a network that ends in global average pooling and one linear layer, and "
            f"{passes.classifier.name} doesn't. Grad-CAM works on it."
        )

    def _head(self, calls: list[Call], classes: int) -> tuple[Tensor, Tensor, Tensor] | None:
        """Find the grid (N, K, h, w) that is averaged, and the linear layer's weights (classes, K) and bias (classes,).

        For a network whose averages are the logits (SqueezeNet), with one feature map per class, they are the identity.
        None is returned if the network has neither.
        """
        pools = [
            (c.argument(0, "input"), c.result)
            for c in calls
            if c.name in AVERAGING_CALLS and isinstance(c.result, Tensor)
        ]
        linear = [call for call in calls if call.name == "linear"]
        for grid, pooled in reversed(pools):
            if grid.ndim != 4 or pooled.numel() != grid.shape[0] * grid.shape[1]:
                continue
            means = grid.mean((2, 3))
            if linear and _same(linear[-1].argument(0, "input"), means):
                weights, bias = linear[-1].argument(1, "weight"), linear[-1].argument(2, "bias")
                if len(weights) == classes:
                    return grid, weights, weights.new_zeros(classes) if bias is None else bias
            if not linear and grid.shape[1] == classes:
                return grid, torch.eye(classes).to(grid), grid.new_zeros(classes)
        return None


def _same(linear_input: Tensor, means: Tensor) -> bool:
    rounding = _rounding(means.dtype)
    tolerance = rounding * float(means.abs().max())
    return linear_input.shape == means.shape and torch.allclose(linear_input, means, rtol=rounding, atol=tolerance)


def _rounding(dtype: torch.dtype) -> float:
    """Return how far two ways to compute the same numbers may be apart, as a share of their size."""
    return max(1e-4, 4 * torch.finfo(dtype).eps)
