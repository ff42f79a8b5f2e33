"""The layers of a network as people look for them: in its own order, as a tree, and with what each does on a photo."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from explainers.arrays import Array
from explainers.classifiers.classifier import Classifier
from explainers.classifiers.layers import GridLayer
from explainers.runtime.chunks import enough_memory
from explainers.runtime.cloning import clone
from explainers.runtime.turns import turns

INDENT = "\u2003"  # an em space, which no browser drops at the beginning of a line


def layer_tree(classifier: Classifier) -> Mapping[str, str]:
    """Return the layers that give a grid, in the order of the network's own modules, with a line of text for each.

    A line is indented by how deep the layer lies in the network, and says its grid and how many channels it has.
    """
    layers = {layer.name: layer for layer in classifier.layers()}
    names = [name for name, _ in classifier.network.named_modules() if name in layers]
    shallowest = min((name.count(".") for name in names), default=0)
    return {name: INDENT * (name.count(".") - shallowest) + str(layers[name]) for name in names}


@torch.no_grad()
def layer_maps(classifier: Classifier, photo: Image.Image | Tensor) -> Mapping[str, Array]:
    """Return the mean activation of every layer on a photo, (h, w) each on its own grid, by the layer's name.

    It is the mean over channels of the magnitudes, because what a norm puts out adds up to nothing. One pass finds all.
    """
    picture = classifier.normalise(classifier.see(photo)[0][None])
    copy, found = clone(classifier.network), dict[str, Array]()

    def keep(layer: GridLayer, module: Any, inputs: Any, output: Tensor) -> None:
        found[layer.name] = layer.layout.grid(output)[0].abs().mean(0).float().cpu().numpy()

    modules = dict(copy.named_modules())
    for layer in classifier.layers():
        modules[layer.name].register_forward_hook(partial(keep, layer))
    device = classifier.device
    with turns(device), enough_memory(), classifier.traits.observed(copy, classifier.network, device):
        copy(picture)
    return found
