"""What only torchvision knows of its classifiers; it takes seconds to import."""

from __future__ import annotations

from functools import cache
from typing import Any

from torch import nn

from explainers.classifiers.checkpoints import EmptyOnMeta
from explainers.classifiers.published import Recipe, listing
from explainers.importing import IMPORTING


@cache
def torchvision_recipe(name: str) -> Recipe:
    """Return what the weights of a classifier of torchvision's were trained for."""
    weights = _published_weights(name)
    preset = weights.transforms()
    (size,), (resize,) = preset.crop_size, preset.resize_size
    labels = tuple(weights.meta["categories"])
    return Recipe(labels, size, resize, preset.interpolation.value, tuple(preset.mean), tuple(preset.std))


def torchvision_address(name: str) -> str:
    """Return where the weights of a classifier of torchvision's are published."""
    url: str = _published_weights(name).url
    return url


def torchvision_network(name: str, classes: int) -> nn.Module:
    """Build the network without weights, as torchvision builds it for its published weights."""
    settings: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        settings = {"aux_logits": False, "transform_input": True, "init_weights": False}
    elif name.startswith("vit_"):
        settings = {"image_size": listing(name).size}
    with IMPORTING:
        from torchvision import models
    with EmptyOnMeta():
        network: nn.Module = models.get_model(name, num_classes=classes, **settings)
        return network


def _published_weights(name: str) -> Any:
    """Return torchvision's record of the published weights."""
    with IMPORTING:
        from torchvision import models
    return models.get_model_weights(name)[listing(name).weights]
