"""Ablation-CAM: feature maps weighed by how far the score falls without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import captum.attr
import torch
from torch import Tensor, nn

from explainers.classifiers.classifier import Classifier
from explainers.classifiers.precision import widen
from explainers.methods.on_layer import OnLayer
from explainers.passes import Passes


@dataclass(frozen=True)
class AblationCAM(OnLayer):
    """Where a deep layer's feature maps respond, weighted by how far the score falls without them.

    Each feature map is set to zero in turn, and its weight is how far the score falls without it. No gradient is
    needed, so saturation does no harm, but every feature map that isn't zero already costs a pass. The paper also
    divides all weights by the score. That common factor is left out, because a negative score would reverse the map.
    """

    title: ClassVar[str] = "Ablation-CAM"
    paper: ClassVar[str] = "https://doi.org/10.1109/WACV45572.2020.9093360"
    formula: ClassVar[str] = r"\mathrm{ReLU}\Big(\sum_k a_k A_k\Big), \quad a_k = S - S_{A_k = 0}"
    linear: ClassVar[bool] = True
    forward_only: ClassVar[bool] = True
    stands_on: ClassVar[str] = "Captum `LayerActivation`"
    ours: ClassVar[str] = (
        "Captum has none. Feature maps are set to zero in chunks, those of zeros without a pass; weights are falls of "
        "the score"
    )

    @property
    def passes_vary(self) -> bool:
        return True  # feature maps that are zero cost none

    def passes(self, classifier: Classifier) -> int:
        name = self.layer or classifier.layer
        return 1 + sum(layer.channels for layer in classifier.layers() if layer.name == name)

    @torch.no_grad()
    def on(self, layer: nn.Module, passes: Passes, pictures: Tensor) -> Tensor:
        grids = captum.attr.LayerActivation(passes, layer).attribute(pictures, additional_forward_args=passes.rows())
        grids = widen(grids)
        kept = ~torch.eye(grids.shape[1], dtype=torch.bool, device=grids.device)
        falls, shown = grids.new_zeros(grids.shape[:2]), kept
        layer.register_forward_hook(lambda module, given, output: output.where(shown[:, :, None, None], 0))
        # The layer is the call's own: no hook is left on the classifier's.
        for row, (whole, picture, grid) in enumerate(
            zip(passes.answers[:, passes.column], pictures, grids, strict=True)
        ):
            numbers = grid.flatten(1).any(1).nonzero()[:, 0]  # without the others, the score is the same
            passes.leave_out(len(grid) - len(numbers))

            def ablated(part: slice, picture: Tensor = picture, numbers: Tensor = numbers) -> Tensor:
                nonlocal shown
                shown = kept[numbers[part]]
                return picture.expand(len(shown), -1, -1, -1)

            without = passes.scores(row, ablated, len(numbers), changes_network=True)
            falls[row, numbers] = (whole - without).to(falls)
        return torch.einsum("nk,nkhw->nhw", falls, grids)[:, None]
