"""Eigen-CAM and Score-CAM: class activation maps without gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import captum.attr
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explainers.classifiers import Classifier
from explainers.classifiers.precision import widen
from explainers.explanation import Scale, Unit
from explainers.methods.on_layer import OnLayer
from explainers.passes import Passes
from explainers.settings import switch


@dataclass(frozen=True)
class _ForwardOnly(OnLayer):
    """The base class of maps that need only forward passes and the feature maps of a layer."""

    forward_only: ClassVar[bool] = True

    @torch.no_grad()
    def on(self, layer: nn.Module, passes: Passes, pictures: Tensor) -> Tensor:
        grids = captum.attr.LayerActivation(passes, layer).attribute(pictures, additional_forward_args=passes.rows())
        return self.map(widen(grids), passes, pictures)[:, None]

    def map(self, grids: Tensor, passes: Passes, pictures: Tensor) -> Tensor:
        """Return the maps (N, h, w) of pictures (N, C, H, W) whose feature maps are `grids` (N, K, h, w)."""
        raise NotImplementedError


@dataclass(frozen=True)
class EigenCAM(_ForwardOnly):
    """Where a deep layer reacts most strongly, whatever the class.

    The projection of the layer's feature maps onto their first principal direction (not centred, as in the paper), with
    the sign that makes its sum positive. No score is involved, so the map is the same for every class: it shows what
    stands out to the network, not what speaks for an answer.
    """

    title: ClassVar[str] = "Eigen-CAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/2008.00299"
    formula: ClassVar[str] = (
        r"\sum_k u_k A_k, \quad u: \text{first left singular vector} \; \text{of the matrix of rows } A_k"
    )
    asks_score: ClassVar[bool] = False
    stands_on: ClassVar[str] = "Captum `LayerActivation`"
    ours: ClassVar[str] = "Captum has none. Its sign is fixed"
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)
    unit: ClassVar[Unit] = Unit("main direction", "activation", "activation of the layer in its main direction")

    def map(self, grids: Tensor, passes: Passes, pictures: Tensor) -> Tensor:
        direction = torch.linalg.svd(grids.flatten(2), full_matrices=False).U[:, :, 0]
        projection = torch.einsum("nk,nkhw->nhw", direction, grids)
        return torch.where(projection.sum((1, 2), keepdim=True) < 0, -projection, projection)


@dataclass(frozen=True)
class ScoreCAM(_ForwardOnly):
    """Where a deep layer's feature maps respond, weighted by how far the score rises where only they show through.

    Each feature map, scaled up and stretched to the range 0 to 1, masks the picture, and its weight is how much higher
    the masked picture scores than a black one. No gradient is needed, so saturation does no harm. But every feature map
    that isn't constant costs a pass, and masked pictures are not what the classifier was trained on.
    """

    title: ClassVar[str] = "Score-CAM"
    paper: ClassVar[str] = "https://arxiv.org/abs/1910.01279"
    formula: ClassVar[str] = (
        r"\mathrm{ReLU}\Big(\sum_k a_k A_k\Big),"
        r" \quad a_k = S(x \odot H_k) - S(0), \; H_k: A_k \text{ enlarged, stretched to 0 to 1}, \; 0: \text{black}"
    )
    stands_on: ClassVar[str] = "Captum `LayerActivation`"
    ours: ClassVar[str] = (
        "Captum has none. It masks the picture in pixel space (hidden is black), in chunks, weighed by the rise of the"
        " score or its softmax. Constant feature maps, which hide all, cost no pass"
    )

    softmax: bool = switch(
        False,
        label="Softmax of the weights",
        hint="As in the paper's algorithm: weights are positive and add up to 1.",
    )

    @property
    def passes_vary(self) -> bool:
        return True  # feature maps that are constant cost none

    def passes(self, classifier: Classifier) -> int:
        name = self.layer or classifier.layer
        return 2 + sum(layer.channels for layer in classifier.layers() if layer.name == name)

    def map(self, grids: Tensor, passes: Passes, pictures: Tensor) -> Tensor:
        black = passes.in_chunks(torch.zeros_like(pictures), passes.rows())
        rises = torch.stack(
            [self._rises(passes, row, *of) for row, of in enumerate(zip(pictures, grids, black, strict=True))]
        )
        return torch.einsum("nk,nkhw->nhw", rises.softmax(1) if self.softmax else rises, grids)

    def _rises(self, passes: Passes, row: int, picture: Tensor, grid: Tensor, black: Tensor) -> Tensor:
        """Return (K,), how far the picture behind each of its feature maps (K, h, w) scores above a black one."""
        # A constant map hides all; scaling it up would leave only rounding.
        numbers = (grid.amax((1, 2)) > grid.amin((1, 2))).nonzero()[:, 0]

        def masked(part: slice) -> Tensor:
            maps = grid[numbers[part], None]
            masks = F.interpolate(maps, size=picture.shape[1:], mode="bilinear", align_corners=False)
            masks = masks - masks.amin((2, 3), keepdim=True)
            return picture * (masks / masks.amax((2, 3), keepdim=True).clamp(min=torch.finfo(masks.dtype).tiny))

        passes.leave_out(len(grid) - len(numbers))
        rises = black.new_zeros(len(grid))
        rises[numbers] = passes.scores(row, masked, len(numbers)) - black
        return rises
