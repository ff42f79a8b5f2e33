"""Ablation-CAM: feature maps weighed by how far the score falls without them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import captum.attr
import torch
from torch import Tensor, nn

from explainers.classifiers.classifier import Classifier
from explainers.methods.on_layer import OnLayer
from explainers.passes import Passes


@dataclass(frozen=True)
class AblationCAM(OnLayer):
    """Where a deep layer's feature maps lie without which the score falls.

    Each feature map is set to zero in turn; how far the score falls without it is the map's weight. It needs no
    gradient and so doesn't suffer from saturation, but it takes a pass for every feature map. The paper divides the
    weights by the score, a common factor that is left out: where the score is negative, it would turn the map over.
    """

    title: ClassVar[str] = "Ablation-CAM"
    paper: ClassVar[str] = "https://doi.org/10.1109/WACV45572.2020.9093360"
    linear: ClassVar[bool] = True
    forward_only: ClassVar[bool] = True
    stands_on: ClassVar[str] = "Captum `LayerActivation`"
    ours: ClassVar[str] = "Captum has none. Feature maps are set to zero in chunks; weights are falls of the score"

    def passes(self, classifier: Classifier) -> int:
        name = self.layer or classifier.layer
        return 1 + sum(layer.channels for layer in classifier.layers() if layer.name == name)

    @torch.no_grad()
    def on(self, layer: nn.Module, passes: Passes, pictures: Tensor) -> Tensor:
        grids = captum.attr.LayerActivation(passes, layer).attribute(pictures, additional_forward_args=passes.rows())
        kept, part = ~torch.eye(grids.shape[1], dtype=torch.bool, device=grids.device), slice(0)

        def ablated(picture: Tensor, chunk: slice) -> Tensor:
            nonlocal part
            part = chunk
            return picture.expand(chunk.stop - chunk.start, -1, -1, -1)

        whole = passes.answers[:, passes.column, None]
        layer.register_forward_hook(lambda module, given, output: output.where(kept[part, :, None, None], 0))
        rows = enumerate(pictures)  # the layer is the call's own: no hook is left on the classifier's
        without = torch.stack(
            [passes.scores(row, partial(ablated, picture), len(kept), changes_network=True) for row, picture in rows]
        )
        return torch.einsum("nk,nkhw->nhw", whole - without, grids)[:, None]
