"""CAM: the class's own weights on the grid that is averaged before the last layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction, Scale
from explainers.passes import Passes
from explainers.runtime.recording import Call, recording

POOLING = ("adaptive_avg_pool2d", "avg_pool2d", "mean")


@dataclass(frozen=True)
class CAM(Explainer):
    """Where the last feature maps hold what the class is made of.

    The class's own weights weigh the feature maps that are averaged before the last linear layer, so the map's mean
    plus the class's bias is the logit. Only networks that end in global average pooling and one linear layer have it.
    """

    title: ClassVar[str] = "CAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/1512.04150"
    unit: ClassVar[str] = "weighted activation: its mean plus the bias is the {scale}"
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)
    reduction: ClassVar[Reduction] = "signed sum"

    @torch.no_grad()
    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        with recording() as calls:
            passes(pictures, passes.rows())
        if (head := self._head(calls, len(passes.classifier.labels))) is not None:
            grid, weights, bias = head
            chosen, shift = (
                rows[passes.index] - (0 if passes.versus is None else rows[passes.versus]) for rows in (weights, bias)
            )
            values = torch.einsum("nk,nkhw->nhw", chosen, grid)
            rounding = 1e-4 * (torch.einsum("nk,nkhw->nhw", chosen.abs(), grid.abs()).mean((1, 2)) + shift.abs())
            if bool(((values.mean((1, 2)) + shift - passes.answers[:, 0]).abs() <= rounding).all()):
                return Attribution(values[:, None])
        raise ExplanationError(
            "CAM needs a network that ends in global average pooling and one linear layer, and "
            f"{passes.classifier.name} doesn't. Grad-CAM works on it."
        )

    def _head(self, calls: list[Call], classes: int) -> tuple[Tensor, Tensor, Tensor] | None:
        """The grid (N, K, h, w) that is averaged, and the linear layer's weights (classes, K) and bias (classes,).

        A network whose averages are the logits themselves (SqueezeNet) has one feature map per class: the identity.
        """
        pools = [
            (c.argument(0, "input"), c.result) for c in calls if c.name in POOLING and isinstance(c.result, Tensor)
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


def _same(given: Tensor, means: Tensor) -> bool:
    return given.shape == means.shape and torch.allclose(given, means, rtol=1e-4, atol=1e-4 * float(means.abs().max()))
